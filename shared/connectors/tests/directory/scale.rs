//! More people than a server lists at once.

use connectors::ldap::{Changes, LdapConfig};
use testkit::servers::slapd::{self, Slapd};

use super::view::{Told, View, says};

const MANY: usize = 1202;

fn config(server: &Slapd, changes: Changes) -> LdapConfig {
    let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
    config.changes = changes;
    config
}

#[tokio::test]
async fn everyone_is_listed_past_the_size_limit() {
    let options = slapd::Options { people: MANY, sync: Some(100), ..slapd::Options::default() };
    let server = Slapd::start(&options).unwrap();
    for changes in [Changes::None, Changes::ModifyTimestamp, Changes::Auto] {
        let mut view = View::new(config(&server, changes), slapd::SERVICE_PASSWORD, &["uid"]);
        assert_eq!(view.told().await, Told::Full);
        let names: Vec<String> = (0..MANY).map(|number| format!("p{number:04}")).collect();
        assert_eq!(view.all("uid"), names, "{changes:?}");
        server.directory().set(&slapd::person("p0700"), "title", &["Head"]).unwrap();
        view.told().await;
        assert_eq!(view.objects.len(), MANY, "{changes:?}");
    }
}

#[tokio::test]
async fn a_size_limit_that_pages_do_not_lift_refuses_and_removes_nobody() {
    let options = slapd::Options { people: 40, size_limit: None, ..slapd::Options::default() };
    let mut server = Slapd::start(&options).unwrap();
    let mut view = View::new(config(&server, Changes::None), slapd::SERVICE_PASSWORD, &["uid"]);
    view.told().await;
    server.reconfigure(&slapd::Options { size_limit: Some(10), no_pages: true, ..options }).unwrap();
    let error = view.failure().await;
    says(&error, &["source.ldap", "limit"]);
    assert_eq!(view.objects.len(), 40);
}

//! Groups and their members.

use connectors::ldap::{Changes, LdapConfig, Selection};
use engine::model::{ObjectType, SourceObject, Value};
use engine::ports::Source;
use testkit::servers::slapd::{self, Slapd, person};

use super::view::{Told, View};

const BOTH: [ObjectType; 2] = [ObjectType::User, ObjectType::Group];

/// The anchors of a group's members, sorted.
pub(crate) fn members(group: &SourceObject) -> Vec<String> {
    let mut ids = match group.attributes.get("members") {
        None => Vec::new(),
        Some(Value::List(values)) => values.iter().map(Value::to_string).collect(),
        Some(one) => vec![one.to_string()],
    };
    ids.sort_unstable();
    ids
}

/// The anchors of people by name, sorted.
pub(crate) fn ids(view: &View, naming: &str, names: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = names.iter().map(|name| view.one(naming, name).id.to_string()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn members_are_told_by_anchor_and_followed_with_every_way() {
    for changes in [Changes::None, Changes::ModifyTimestamp, Changes::Sync] {
        let options =
            slapd::Options { people: 5, sync: Some(100), size_limit: None, ..slapd::Options::default() };
        let server = Slapd::start(&options).unwrap();
        let directory = server.directory();
        let everyone = format!("cn=everyone,{}", slapd::GROUPS);
        let (first, second) = (person("p0001"), person("p0002"));
        let group = [
            ("objectClass", "groupOfNames"),
            ("cn", "everyone"),
            ("member", &first),
            ("member", &second),
            ("member", "uid=nobody,dc=tessera,dc=example"),
        ];
        directory.add(&everyone, &group).unwrap();
        let nis =
            [("objectClass", "posixGroup"), ("cn", "login"), ("gidNumber", "7"), ("memberUid", "p0003")];
        directory.add(&format!("cn=login,{}", slapd::GROUPS), &nis).unwrap();
        let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
        config.groups = Some(Selection { base: slapd::GROUPS.to_owned(), filter: None });
        config.changes = changes;
        let mut view = View::of(config, slapd::SERVICE_PASSWORD, &["uid"], &BOTH);
        assert_eq!(view.told().await, Told::Full);
        let group = |view: &View, name: &str| members(view.one("cn", name));
        assert_eq!(view.objects.len(), 7);
        assert_eq!(view.one("cn", "everyone").object_type, ObjectType::Group);
        assert_eq!(group(&view, "everyone"), ids(&view, "uid", &["p0001", "p0002"]), "{changes:?}");
        assert_eq!(group(&view, "login"), ids(&view, "uid", &["p0003"]), "{changes:?}");

        directory.add_values(&everyone, "member", &[&person("p0004")]).unwrap();
        directory.remove_values(&everyone, "member", &[&first]).unwrap();
        view.told().await;
        assert_eq!(group(&view, "everyone"), ids(&view, "uid", &["p0002", "p0004"]), "{changes:?}");

        directory.delete(&everyone).unwrap();
        view.told().await;
        assert_eq!(view.objects.len(), 6, "{changes:?}");
    }
}

#[tokio::test]
async fn a_group_of_two_thousand_has_two_thousand_members() {
    let many = 2000;
    let list: String =
        (0..many).map(|number| format!("member: {}\n", person(&format!("p{number:04}")))).collect();
    let ldif = format!("dn: cn=all,{}\nobjectClass: groupOfNames\ncn: all\n{list}\n", slapd::GROUPS);
    let options = slapd::Options { people: many, ldif, ..slapd::Options::default() };
    let server = Slapd::start(&options).unwrap();
    let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
    config.groups = Some(Selection { base: slapd::GROUPS.to_owned(), filter: None });
    config.changes = Changes::None;
    let mut view = View::of(config, slapd::SERVICE_PASSWORD, &["uid"], &BOTH);
    view.told().await;
    assert_eq!(members(view.one("cn", "all")).len(), many);
    let calls = view.source.calls();
    assert!(calls < 20, "names among those listed are not looked up: {calls} operations");
}

//! What may go wrong with a directory: a message that names the cure, and nobody gone.

use std::time::{Duration, Instant};

use connectors::ldap::{Changes, LdapConfig, Selection};
use engine::model::Value;
use engine::ports::SourceError;
use testkit::servers::slapd::{self, Slapd, person};
use testkit::servers::{Fault, Proxy, line};

use super::view::{Told, View, says};

fn started(options: &slapd::Options) -> Slapd {
    Slapd::start(options).expect("slapd starts")
}

fn people(people: usize) -> slapd::Options {
    slapd::Options { people, size_limit: None, sync: Some(100), ..slapd::Options::default() }
}

fn config(server: &Slapd) -> LdapConfig {
    let mut config = LdapConfig::new(server.url(), slapd::SERVICE_DN, "env:LDAP", slapd::PEOPLE);
    config.changes = Changes::None;
    config
}

fn view(config: LdapConfig) -> View {
    View::new(config, slapd::SERVICE_PASSWORD, &["uid", "mail"])
}

fn refused(error: &SourceError, words: &[&str]) {
    assert!(matches!(error, SourceError::Refused(_)), "{error:?}");
    says(error, words);
}

fn unavailable(error: &SourceError, words: &[&str]) {
    assert!(matches!(error, SourceError::Unavailable(_)), "{error:?}");
    says(error, words);
}

#[tokio::test]
async fn a_wrong_password_says_which_field_to_correct() {
    let server = started(&people(1));
    let mut view = View::new(config(&server), "not-the-password", &["uid"]);
    let error = view.failure().await;
    assert!(matches!(error, SourceError::Credentials(_)), "{error:?}");
    says(&error, &["source.ldap.bindDn", "source.ldap.password"]);
    assert!(!error.to_string().contains("not-the-password"));
}

#[tokio::test]
async fn an_account_that_does_not_exist_says_which_field_to_correct() {
    let server = started(&people(1));
    let mut config = config(&server);
    config.bind_dn = "cn=nobody,dc=tessera,dc=example".to_owned();
    let error = view(config).failure().await;
    assert!(matches!(error, SourceError::Credentials(_)), "{error:?}");
    says(&error, &["source.ldap.bindDn"]);
}

#[tokio::test]
async fn an_expired_password_says_that_it_expired() {
    let server = started(&slapd::Options { expired_password: true, ..people(3) });
    let error = view(config(&server)).failure().await;
    assert!(matches!(error, SourceError::Credentials(_)), "{error:?}");
    says(&error, &["expired", "source.ldap.password"]);
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_again_and_removes_nobody() {
    let mut server = started(&people(3));
    let mut view = view(config(&server));
    view.told().await;
    server.stop().unwrap();
    unavailable(&view.failure().await, &[&server.url(), "next cycle"]);
    server.restart().unwrap();
    view.told().await;
    assert_eq!(view.objects.len(), 3);
}

#[tokio::test]
async fn a_connection_cut_anywhere_fails_and_removes_nobody() {
    for changes in [Changes::None, Changes::ModifyTimestamp, Changes::Sync] {
        let server = started(&people(30));
        let proxy = Proxy::to(server.address()).await.unwrap();
        let mut config = config(&server);
        config.url = format!("ldap://{}", proxy.address());
        config.changes = changes;
        config.page_size = 7;
        let mut view = view(config);
        view.told().await;
        // From now on everyone is read, or what changed: at any byte of it the connection may break.
        view.watermark = None;
        let before = proxy.passed();
        view.told().await;
        let whole = proxy.passed() - before;
        // The last bytes are read by nobody: the client has said good-bye.
        for at in (0..whole - 20).step_by(usize::try_from(whole / 40).unwrap()) {
            view.watermark = None;
            proxy.set(Fault::CutAfter(at));
            unavailable(&view.failure().await, &["next cycle"]);
        }
        proxy.set(Fault::None);
        view.told().await;
        assert_eq!(view.objects.len(), 30);
    }
}

#[tokio::test]
async fn a_connection_cut_while_changes_are_asked_for_loses_none_of_them() {
    for changes in [Changes::ModifyTimestamp, Changes::Sync] {
        let server = started(&people(30));
        let proxy = Proxy::to(server.address()).await.unwrap();
        let mut config = config(&server);
        config.url = format!("ldap://{}", proxy.address());
        config.changes = changes;
        let mut view = View::new(config, slapd::SERVICE_PASSWORD, &["uid", "title"]);
        view.told().await;
        server.directory().set(&person("p0004"), "title", &["Head"]).unwrap();
        server.directory().delete(&person("p0005")).unwrap();
        let mut failures = 0;
        for at in (0..).step_by(100) {
            proxy.set(Fault::CutAfter(at));
            if view.cycle().await.is_ok() {
                break;
            }
            assert_eq!(view.objects.len(), 30, "nobody is gone yet");
            failures += 1;
        }
        assert!(failures > 3, "the connection was cut {failures} times");
        assert_eq!(view.objects.len(), 29);
        assert_eq!(view.one("uid", "p0004").attributes["title"], Value::text("Head"));
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let server = started(&people(30));
    let proxy = Proxy::to(server.address()).await.unwrap();
    let mut config = config(&server);
    config.url = format!("ldap://{}", proxy.address());
    let mut view = view(config);
    view.told().await;
    view.source = view.source.with_patience(Duration::from_millis(200));
    for at in [0, 20, 2000] {
        proxy.set(Fault::HangAfter(at));
        view.watermark = None;
        let began = Instant::now();
        unavailable(&view.failure().await, &["no answer", "next cycle"]);
        assert!(began.elapsed() < Duration::from_secs(20), "it waits as long as it was told to");
    }
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_unavailable() {
    let server = started(&people(1));
    let proxy = Proxy::to(server.address()).await.unwrap();
    proxy.set(Fault::Refuse);
    let mut config = config(&server);
    config.url = format!("ldap://{}", proxy.address());
    unavailable(&view(config).failure().await, &["next cycle"]);
}

#[tokio::test]
async fn a_base_that_does_not_exist_says_which_field_to_correct() {
    let server = started(&people(1));
    let mut config = config(&server);
    config.users.base = "ou=nowhere,dc=tessera,dc=example".to_owned();
    refused(&view(config).failure().await, &["ou=nowhere,dc=tessera,dc=example", "source.ldap.users.base"]);
}

#[tokio::test]
async fn a_base_that_disappears_removes_nobody() {
    for changes in [Changes::None, Changes::ModifyTimestamp, Changes::Sync] {
        let mut server = started(&people(3));
        let mut config = config(&server);
        config.changes = changes;
        let mut view = view(config);
        view.told().await;
        let hidden = format!("to dn.subtree=\"{}\" by * none", slapd::PEOPLE);
        server.reconfigure(&slapd::Options { access: vec![hidden], ..people(3) }).unwrap();
        view.watermark = None;
        refused(&view.failure().await, &["source.ldap.users.base", "read access"]);
    }
}

#[tokio::test]
async fn a_base_on_another_server_is_no_empty_directory() {
    let server = started(&slapd::Options {
        global: vec!["referral ldap://elsewhere.example".to_owned()],
        ..people(1)
    });
    let mut config = config(&server);
    config.users.base = "ou=people,dc=other,dc=example".to_owned();
    let error = view(config).failure().await;
    refused(&error, &["another server", "elsewhere.example", "source.ldap.url"]);
}

#[tokio::test]
async fn a_part_of_the_subtree_on_another_server_is_no_complete_list() {
    let ldif = format!(
        "dn: ou=branch,{}\nobjectClass: referral\nobjectClass: extensibleObject\nou: branch\n\
         ref: ldap://elsewhere.example/ou=branch,{}\n\n",
        slapd::PEOPLE,
        slapd::PEOPLE
    );
    let server = started(&slapd::Options { ldif, ..people(3) });
    for changes in [Changes::None, Changes::ModifyTimestamp, Changes::Sync] {
        let mut config = config(&server);
        config.changes = changes;
        refused(&view(config).failure().await, &["another server", "incomplete", "source.ldap.users.base"]);
    }
}

#[tokio::test]
async fn entries_without_a_readable_anchor_fail_alone_and_nobody_counts_as_gone() {
    for changes in [Changes::None, Changes::ModifyTimestamp] {
        let mut server = started(&people(3));
        let mut config = config(&server);
        config.changes = changes;
        let mut view = view(config);
        view.told().await;
        assert_eq!(view.objects.len(), 3);
        let hidden = format!("to dn.exact=\"{}\" attrs=entryUUID by * none", person("p0001"));
        server.reconfigure(&slapd::Options { access: vec![hidden], ..people(3) }).unwrap();
        assert_eq!(view.told().await, Told::Full);
        assert_eq!(view.objects.len(), 3, "nobody is inferred gone");
        assert!(!view.unreadable.is_empty(), "{changes:?}");
        let reasons: Vec<&str> = view.unreadable.iter().map(|row| row.reason.as_str()).collect();
        assert!(reasons.iter().all(|reason| reason.contains("read access to entryUUID")), "{reasons:?}");
    }
}

#[tokio::test]
async fn a_directory_that_hides_every_anchor_is_no_empty_directory() {
    let hidden = "to attrs=entryUUID by * none".to_owned();
    let server = started(&slapd::Options { access: vec![hidden], ..people(3) });
    let mut view = view(config(&server));
    view.told().await;
    assert_eq!(view.unreadable.len(), 3);
}

#[tokio::test]
async fn bytes_that_are_no_text_fail_alone_and_name_the_attribute() {
    let server = started(&people(3));
    let photo = line("jpegPhoto", [0xff, 0xd8, 0xff, 0xe0, 0x00]);
    let change = format!("dn: {}\nchangetype: modify\nreplace: jpegPhoto\n{photo}-\n", person("p0001"));
    server.directory().apply(&change).unwrap();
    let mut view = View::new(config(&server), slapd::SERVICE_PASSWORD, &["uid", "jpegPhoto"]);
    match view.cycle().await {
        Ok(_) => {
            assert_eq!(view.objects.len(), 2);
            assert!(view.unreadable[0].reason.contains("'jpegPhoto'"), "{}", view.unreadable[0].reason);
            assert!(view.unreadable[0].id.is_some());
        }
        Err(error) => refused(&error, &["jpegPhoto"]),
    }
}

#[tokio::test]
async fn an_attribute_nobody_knows_is_refused_with_the_nearest_one() {
    let server = started(&people(1));
    let mut view = View::new(config(&server), slapd::SERVICE_PASSWORD, &["uid", "givenNmae"]);
    refused(&view.failure().await, &["givenNmae", "givenName"]);
}

#[tokio::test]
async fn a_filter_that_matches_nobody_tells_an_empty_directory_as_such() {
    let server = started(&people(3));
    let mut config = config(&server);
    config.users.filter = Some("(employeeType=nobody)".to_owned());
    let mut view = view(config);
    assert_eq!(view.told().await, Told::Full);
    assert!(view.objects.is_empty());
}

#[tokio::test]
async fn selections_that_overlap_are_refused() {
    let server = started(&people(3));
    let mut config = config(&server);
    let all = Selection { base: slapd::PEOPLE.to_owned(), filter: Some("(objectClass=person)".to_owned()) };
    config.groups = Some(all);
    let mut view = View::with_groups(config, slapd::SERVICE_PASSWORD, &["uid"]);
    refused(&view.failure().await, &["listed twice", "filters exclude each other"]);
}

#[tokio::test]
async fn a_password_is_not_sent_in_clear_text() {
    let config = LdapConfig::new("ldap://ldap.tessera.example", "cn=x", "env:LDAP", "dc=example");
    let Err(error) = View::try_of(config, "secret", &["uid"], None) else {
        panic!("clear text is accepted");
    };
    refused(&error, &["source.ldap.url", "clear text", "ldaps://", "startTls"]);
}

#[tokio::test]
async fn ldaps_and_start_tls_read_everyone_when_the_authority_is_trusted() {
    let server = started(&slapd::Options { tls: true, ..people(3) });
    let mut ldaps = config(&server);
    ldaps.url = server.ldaps_url().unwrap();
    let mut start_tls = config(&server);
    start_tls.start_tls = true;
    for mut config in [ldaps, start_tls] {
        config.ca_file = server.authority().map(Into::into);
        let mut view = view(config);
        view.told().await;
        assert_eq!(view.objects.len(), 3);
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let server = started(&slapd::Options { tls: true, ..people(3) });
    let other = started(&slapd::Options { tls: true, ..people(0) });
    let mut ldaps = config(&server);
    ldaps.url = server.ldaps_url().unwrap();
    let mut start_tls = config(&server);
    start_tls.start_tls = true;
    for config in [ldaps, start_tls] {
        for authority in [None, other.authority()] {
            let mut config = config.clone();
            config.ca_file = authority.map(Into::into);
            unavailable(&view(config).failure().await, &["trusted", "source.ldap.caFile"]);
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let server = started(&slapd::Options { tls: true, ..people(1) });
    let mut config = config(&server);
    // The same machine, by an address that the certificate does not name.
    config.url = server.ldaps_url().unwrap().replace("127.0.0.1", "[::ffff:127.0.0.1]");
    config.ca_file = server.authority().map(Into::into);
    unavailable(&view(config).failure().await, &["trusted"]);
}

#[tokio::test]
async fn start_tls_that_the_server_does_not_offer_sends_no_password() {
    let server = started(&people(1));
    let mut config = config(&server);
    config.start_tls = true;
    unavailable(&view(config).failure().await, &["ldap://"]);
}

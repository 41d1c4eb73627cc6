//! The `ldap:` section: what is accepted, and what is refused with which cure.

use std::time::Duration;

use super::super::config::{Anchor, Changes, EnabledRule, LdapConfig, Selection};
use super::config;

type Change = Box<dyn FnOnce(&mut LdapConfig)>;

fn problems(change: impl FnOnce(&mut LdapConfig)) -> Vec<(String, String)> {
    let mut changed = config();
    change(&mut changed);
    changed.problems()
}

#[test]
fn a_sound_section_has_no_problem() {
    assert_eq!(problems(|_| ()), []);
    let sound: [fn(&mut LdapConfig); 6] = [
        |c| c.url = "ldap://127.0.0.1:3890".into(),
        |c| c.url = "ldap://localhost/".into(),
        |c| c.url = "ldap://[::1]:389".into(),
        |c| (c.url, c.start_tls) = ("ldap://dc1.tessera.example".into(), true),
        |c| c.groups = Some(Selection { base: "ou=groups".into(), filter: Some("objectClass=*".into()) }),
        |c| c.password = "file:/run/secrets/ldap".into(),
    ];
    for change in sound {
        assert_eq!(problems(change), []);
    }
}

#[test]
fn every_problem_names_its_field_and_the_cure() {
    let rule = |attribute: &str| EnabledRule {
        attribute: attribute.into(),
        is: vec!["active".into()],
        is_not: Vec::new(),
        absent: true,
    };
    let cases: Vec<(Change, &str, &str)> = vec![
        (Box::new(|c| c.url = "ldap://dc1.tessera.example".into()), "url", "startTls: true"),
        (Box::new(|c| c.url = "ldap://127.0.0.1.evil.example".into()), "url", "startTls: true"),
        (Box::new(|c| c.url = "https://dc1.tessera.example".into()), "url", "write ldaps://host"),
        (Box::new(|c| c.url = "dc1.tessera.example".into()), "url", "write ldaps://host"),
        (Box::new(|c| c.url = "ldaps://".into()), "url", "ldaps://host"),
        (Box::new(|c| c.url = "ldaps://dc1/dc=example".into()), "url", "users.base"),
        (Box::new(|c| c.url = "ldaps://me:pw@dc1".into()), "url", "bindDn and password"),
        (Box::new(|c| c.start_tls = true), "url", "remove startTls"),
        (Box::new(|c| c.bind_dn = " ".into()), "bindDn", "without signing in"),
        (Box::new(|c| c.password = "hunter2".into()), "password", "env:NAME"),
        (Box::new(|c| c.users.base = String::new()), "users.base", "ou=people"),
        (Box::new(|c| c.users.base = "people".into()), "users.base", "ou=people"),
        (Box::new(|c| c.users.filter = Some("(a=b".into())), "users.filter", "parentheses"),
        (
            Box::new(|c| c.groups = Some(Selection { base: "x".into(), filter: None })),
            "groups.base",
            "distinguished name",
        ),
        (Box::new(move |c| c.enabled = Some(rule("a"))), "enabled", "keep one"),
        (Box::new(move |c| c.enabled = Some(rule("a b"))), "enabled.attribute", "employeeStatus"),
        (
            Box::new(|c| (c.changes, c.anchor) = (Changes::Sync, Some(Anchor::ObjectGuid))),
            "changes",
            "anchor",
        ),
        (Box::new(|c| c.full_every = Duration::from_secs(60)), "fullEvery", "24h"),
        (Box::new(|c| c.page_size = 0), "pageSize", "1 to 1000"),
        (Box::new(|c| c.page_size = 1001), "pageSize", "1 to 1000"),
    ];
    for (change, field, cure) in cases {
        let found = problems(change);
        assert!(
            found.iter().any(|(at, problem)| at == field && problem.contains(cure)),
            "{field}: {found:?}"
        );
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}

#[test]
fn a_password_pasted_into_the_document_shows_nowhere() {
    let mut pasted = config();
    pasted.password = "hunter2".into();
    assert!(!format!("{pasted:?}").contains("hunter2"));
}

#[test]
fn a_section_survives_its_stored_form_and_names_its_values_as_documented() {
    let text = r#"{"url":"ldaps://dc1","bindDn":"cn=x","password":"env:P","caFile":"ca.pem",
        "users":{"base":"ou=people","filter":"(uid=*)"},"groups":{"base":"ou=groups"},"anchor":"entryUUID",
        "enabled":{"attribute":"pwdAccountLockedTime","absent":true},"changes":"modifyTimestamp",
        "fullEvery":"12h","pageSize":100}"#;
    let parsed: LdapConfig = serde_json::from_str(text).unwrap();
    assert_eq!(parsed.problems(), []);
    assert_eq!((parsed.changes, parsed.full_every.as_secs()), (Changes::ModifyTimestamp, 43_200));
    let stored = serde_json::to_string(&parsed).unwrap();
    assert_eq!(serde_json::from_str::<LdapConfig>(&stored).unwrap(), parsed);
    for way in ["auto", "sync", "modifyTimestamp", "dirSync", "usnChanged", "none"] {
        serde_json::from_str::<Changes>(&format!("\"{way}\"")).unwrap();
    }
    let wrong = text.replace("12h", "soon");
    assert!(serde_json::from_str::<LdapConfig>(&wrong).unwrap_err().to_string().contains("24h or 168h"));
    assert_eq!(config().host(), "dc1.tessera.example");
}

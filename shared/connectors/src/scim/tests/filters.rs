//! Queries: whatever the value contains, the target reads that value.

use engine::model::{Secret, Value};
use proptest::prelude::*;
use serde_json::json;

use super::super::convert::filter::{self, Verdict};
use super::super::path::ScimPath;
use super::{ENTERPRISE, text};

fn path(text: &str) -> ScimPath {
    text.parse().unwrap()
}

#[test]
fn a_filter_is_written_in_the_rfcs_grammar() {
    let department = format!("{ENTERPRISE}:department");
    let cases = [
        ("userName", text("a@b.c"), r#"userName eq "a@b.c""#.to_owned()),
        ("userName", text(r#"o"br\ien"#), r#"userName eq "o\"br\\ien""#.into()),
        ("name.givenName", text("Zoë"), r#"name.givenName eq "Zoë""#.into()),
        ("active", Value::Boolean(true), "active eq true".into()),
        ("urn:contoso:2.0:User:size", Value::Integer(38), "urn:contoso:2.0:User:size eq 38".into()),
        (r#"roles[primary eq "True"].value"#, text("a"), r#"roles[primary eq true and value eq "a"]"#.into()),
        (r#"emails[type eq "work"].value"#, text("x"), r#"emails[type eq "work" and value eq "x"]"#.into()),
        (department.as_str(), text("R&D"), format!(r#"{department} eq "R&D""#)),
    ];
    for (at, value, expected) in cases {
        assert_eq!(filter::text(&path(at), &value), Ok(expected));
    }
    assert!(filter::text(&path("title"), &Value::List(vec![])).unwrap_err().contains("single"));
    let hidden = Value::Secret(Secret::new("hunter2", &engine::ids::Key::new([7; 32])));
    let refusal = filter::text(&path("title"), &hidden).unwrap_err();
    assert!(refusal.contains("hidden") && !refusal.contains("hunter2"), "{refusal}");
}

#[test]
fn a_plus_and_a_space_reach_the_server_as_themselves() {
    assert_eq!(filter::percent_encoded("a+b c\"ü"), "a%2Bb%20c%22%C3%BC");
}

#[test]
fn what_a_fuzzy_server_returned_is_compared_again() {
    let cases = [
        // (resource, path, wanted, verdict)
        (json!({ "userName": "ANNA" }), "userName", "anna", Verdict::Same),
        (json!({ "userName": "ÄNNE" }), "userName", "änne", Verdict::Same),
        (json!({ "userName": "annabel" }), "userName", "anna", Verdict::Different),
        (json!({ "externalId": "A1" }), "externalId", "a1", Verdict::Different),
        (json!({ "id": "A1" }), "id", "A1", Verdict::Same),
        (json!({}), "externalId", "a1", Verdict::NotShown),
        (json!({ "urn:contoso:2.0:User": { "size": 38 } }), "urn:contoso:2.0:User:size", "38", Verdict::Same),
        (
            json!({ "roles": [{ "value": "A", "primary": "True" }] }),
            r#"roles[primary eq "True"].value"#,
            "a",
            Verdict::Same,
        ),
        (
            json!({ "emails": [{ "type": "work", "value": "a" }, { "type": "work", "value": "b" }] }),
            r#"emails[type eq "work"].value"#,
            "B",
            Verdict::Same,
        ),
        (
            json!({ "emails": [{ "type": "home", "value": "b" }] }),
            r#"emails[type eq "work"].value"#,
            "b",
            Verdict::NotShown,
        ),
    ];
    for (resource, at, wanted, verdict) in cases {
        let judged = filter::judge(resource.as_object().unwrap(), &path(at), &text(wanted));
        assert_eq!(judged, verdict, "{at} eq {wanted} in {resource}");
    }
}

/// What a server does to a query before it reads the literal.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        assert_ne!(byte, b'+', "a plus is read as a space by many servers");
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn any_value_survives_escaping_and_encoding(value in any::<String>()) {
        let encoded = filter::percent_encoded(&filter::text(&path("userName"), &text(&value)).unwrap());
        prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'&' && byte != b'#'));
        let decoded = percent_decoded(&encoded);
        let literal = decoded.strip_prefix("userName eq ").unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(literal).unwrap(), value);
    }
}

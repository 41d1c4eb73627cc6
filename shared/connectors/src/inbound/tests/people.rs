//! How a SCIM user becomes an object of the source.

use engine::model::{SourceObject, Value};
use serde_json::json;

use super::*;

fn read(more: &serde_json::Value) -> SourceObject {
    let people = taken(&request(&json!([post("a", &person("E0017", more))]))).unwrap().people;
    people.into_values().next().unwrap().unwrap()
}

/// Names and values, lists aside.
fn single(person: &SourceObject) -> Vec<(String, String)> {
    let singles = person.attributes.iter().filter(|(_, value)| !matches!(value, Value::List(_)));
    singles.map(|(name, value)| (name.clone(), value.to_string())).collect()
}

#[test]
fn attributes_are_named_as_mappings_name_them() {
    let kim = read(&json!({
        "userName": "kim.ng@acme.example", "displayName": "Kim Ng",
        "name": { "givenName": "Kim", "familyName": "Ng", "middleName": null },
        "emails": [
            { "type": "home", "value": "kim@home.example" },
            { "type": "Work", "primary": true, "value": "kim.ng@acme.example" },
        ],
        "roles": [],
        ENTERPRISE: { "department": "Ops", "manager": { "value": "E0002" } },
        "urn:acme:hr": { "BadgeCode": "77A", "grade": 7, "fte": 0.8 },
    }));
    let expected = [
        ("active", "True"),
        ("displayName", "Kim Ng"),
        ("emails[primary eq true].value", "kim.ng@acme.example"),
        (r#"emails[type eq "home"].value"#, "kim@home.example"),
        (r#"emails[type eq "work"].value"#, "kim.ng@acme.example"),
        ("externalId", "E0017"),
        ("name.familyName", "Ng"),
        ("name.givenName", "Kim"),
        ("urn:acme:hr:BadgeCode", "77A"),
        ("urn:acme:hr:fte", "0.8"),
        ("urn:acme:hr:grade", "7"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "Ops"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "E0002"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "E0002"),
        ("userName", "kim.ng@acme.example"),
    ];
    assert_eq!(single(&kim), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((kim.id.as_str(), kim.display_name.as_deref(), kim.enabled), ("E0017", Some("Kim Ng"), true));
    let Value::List(emails) = &kim.attributes["emails"] else { panic!("{:?}", kim.attributes) };
    assert_eq!(emails.len(), 2, "the list is there as a whole too");
}

#[test]
fn of_two_values_of_one_type_the_primary_one_counts_or_else_the_first() {
    let email = |value: &str, primary: bool| json!({ "type": "work", "value": value, "primary": primary });
    for (emails, expected) in [
        (json!([email("a", false), email("b", true)]), "b"),
        (json!([email("a", false), email("b", false)]), "a"),
    ] {
        let person = read(&json!({ "emails": emails }));
        assert_eq!(person.attributes[r#"emails[type eq "work"].value"#], Value::text(expected));
    }
}

#[test]
fn a_manager_may_be_written_as_the_bare_id() {
    let person = read(&json!({ ENTERPRISE: { "manager": "E0002" } }));
    assert_eq!(person.attributes[&format!("{ENTERPRISE}:manager")], Value::text("E0002"));
}

#[test]
fn whoever_is_not_active_is_switched_off_however_that_is_written() {
    let cases = [(json!(true), true), (json!(false), false), (json!("True"), true), (json!("false"), false)];
    for (active, expected) in cases {
        let person = read(&json!({ "active": active }));
        assert_eq!(person.enabled, expected, "{active}");
        assert_eq!(person.attributes["active"], Value::Boolean(expected));
    }
}

#[test]
fn what_the_service_fills_is_passed_over() {
    let more = json!({ "id": "7", "meta": { "resourceType": "User" }, "groups": [{ "value": "1" }] });
    assert_eq!(read(&more), read(&json!({})));
}

#[test]
fn every_name_is_one_that_an_expression_can_read() {
    let person = read(&json!({ "emails": [{ "type": "a \"b] [c", "value": "x" }] }));
    for name in person.attributes.keys() {
        let read: Result<engine::expression::Expression, _> = format!("ToUpper([{name}])").parse();
        assert!(read.is_ok(), "{name}: {read:?}");
    }
}

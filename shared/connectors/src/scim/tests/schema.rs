//! Which attributes a mapping may write, and what it is told otherwise.

use engine::mapping::{AttributeDefinition, TargetSchema, ValueType};

use super::super::ScimSchema;
use super::ENTERPRISE;

fn define(path: &str) -> Result<AttributeDefinition, String> {
    ScimSchema.attribute(path)
}

#[test]
fn the_rfcs_attributes_are_known_with_type_and_mutability() {
    let cases = [
        // (path, type, writable, matchable)
        ("userName".to_owned(), ValueType::Text, true, true),
        ("externalId".into(), ValueType::Text, true, true),
        ("active".into(), ValueType::Boolean, true, false),
        ("id".into(), ValueType::Text, false, true),
        ("meta.created".into(), ValueType::DateTime, false, false),
        ("name.familyName".into(), ValueType::Text, true, true),
        (r#"emails[type eq "work"].value"#.into(), ValueType::Text, true, true),
        (r#"emails[type eq "work"].primary"#.into(), ValueType::Boolean, true, false),
        (r#"addresses[type eq "work"].locality"#.into(), ValueType::Text, true, true),
        ("roles[primary eq true].value".into(), ValueType::Text, true, true),
        (r#"roles[primary eq "True"].value"#.into(), ValueType::Text, true, true),
        (r#"roles[primary eq "True"].display"#.into(), ValueType::Text, true, true),
        (r#"roles[primary eq "False"].type"#.into(), ValueType::Text, true, true),
        (r#"x509Certificates[type eq "work"].value"#.into(), ValueType::Binary, true, false),
        (r#"groups[type eq "direct"].value"#.into(), ValueType::Text, false, true),
        (format!("{ENTERPRISE}:department"), ValueType::Text, true, true),
        (format!("{ENTERPRISE}:manager"), ValueType::Reference, true, false),
        (format!("{ENTERPRISE}:manager.value"), ValueType::Reference, true, false),
        (format!("{ENTERPRISE}:manager.displayName"), ValueType::Text, false, false),
    ];
    for (path, value_type, writable, matchable) in cases {
        let refers = value_type == ValueType::Reference;
        let expected = AttributeDefinition { value_type, writable, matchable, refers, ..plain() };
        assert_eq!(define(&path), Ok(expected), "{path}");
    }
    assert_eq!(ScimSchema.required(), ["userName"]);
    assert_eq!(ScimSchema.enabled_attribute(), Some("active"));
}

fn plain() -> AttributeDefinition {
    AttributeDefinition {
        value_type: ValueType::Text,
        writable: true,
        matchable: true,
        multivalued: false,
        write_only: false,
        custom: false,
        refers: false,
    }
}

#[test]
fn lists_passwords_and_custom_attributes_are_known_for_what_they_are() {
    let list = AttributeDefinition {
        value_type: ValueType::Complex,
        matchable: false,
        multivalued: true,
        ..plain()
    };
    for path in ["roles", "emails", "entitlements", "phoneNumbers", "addresses", "x509Certificates"] {
        assert_eq!(define(path), Ok(list), "{path}");
    }
    assert_eq!(define("groups"), Ok(AttributeDefinition { writable: false, ..list }));
    let password = AttributeDefinition { matchable: false, write_only: true, ..plain() };
    assert_eq!(define("password"), Ok(password));
    for path in ["urn:contoso:2.0:User:shoeSize", "urn:contoso:2.0:User:badge.number"] {
        assert_eq!(define(path), Ok(AttributeDefinition { custom: true, ..plain() }), "{path}");
    }
}

#[test]
fn two_paths_that_write_the_same_values_are_found_out() {
    let work = r#"emails[type eq "work"].value"#;
    let manager = format!("{ENTERPRISE}:manager");
    let id = format!("{manager}.value");
    let reference = format!("{manager}.$ref");
    let cases = [
        ("emails", work, Some("as a whole")),
        (work, "emails", Some("as a whole")),
        ("urn:contoso:2.0:User:badge", "urn:contoso:2.0:User:badge.number", Some("as a whole")),
        ("roles[primary eq true].value", r#"roles[primary eq "True"].value"#, Some("two ways")),
        (&manager, &id, Some("two ways")),
        (&manager, &reference, None),
        ("emails", r#"phoneNumbers[type eq "work"].value"#, None),
        (work, r#"emails[type eq "home"].value"#, None),
        (work, r#"emails[type eq "work"].display"#, None),
        ("name.givenName", "name.familyName", None),
        // The same path twice is told without the target's help.
        ("title", "title", None),
        ("urn:contoso:2.0:User:title", "title", None),
        ("what is this", "title", None),
    ];
    for (path, other, expected) in cases {
        let conflict = ScimSchema.conflict(path, other);
        assert_eq!(conflict.is_some(), expected.is_some(), "{path} and {other}: {conflict:?}");
        assert!(conflict.unwrap_or_default().contains(expected.unwrap_or_default()), "{path} and {other}");
    }
}

#[test]
fn every_refusal_says_what_to_write_instead() {
    let cases = [
        ("username".to_owned(), "write 'userName'"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:title".into(), "write 'title'"),
        (r#"emails[TYPE EQ "work"].Value"#.into(), r#"write 'emails[type eq "work"].value'"#),
        ("Emails".into(), "write 'emails'"),
        (r#"roles[primary eq "true"].value"#.into(), "write 'roles[primary eq true].value'"),
        (r#"roles[primary eq "yes"].value"#.into(), "[primary eq true]"),
        ("emails[type eq true].value".into(), r#"[type eq "true"]"#),
        ("emails.value".into(), r#"emails[type eq "work"].value"#),
        ("phoneNumbers.value".into(), r#"phoneNumbers[type eq "mobile"].value"#),
        (r#"emails[type eq "work"]"#.into(), "map a list to 'emails'"),
        (r#"emails[type eq "work"]"#.into(), r#"emails[type eq "work"].value"#),
        (r#"emails[type eq "work"].type"#.into(), "end the path with .value"),
        (r#"emails[colour eq "red"].value"#.into(), "use type"),
        (r#"addresses[type eq "work"].city"#.into(), "locality"),
        ("name".into(), "'name.familyName'"),
        ("name.nickName".into(), "givenName"),
        ("title.value".into(), "write 'title'"),
        (r#"name[type eq "x"].givenName"#.into(), "leave the bracket out"),
        ("password.value".into(), "write 'password'"),
        ("schemas".into(), "remove this mapping"),
        ("givenName".into(), "'name.givenName'"),
        ("departmnt".into(), "enterprise:2.0:User:department'"),
        ("usrName".into(), "'userName'"),
        ("mail".into(), "'emails[type eq \"work\"].value'"),
        ("shoeSize".into(), "extension:<Name>:2.0:User:shoeSize"),
        (format!("{ENTERPRISE}:title"), "'title'"),
        (r#"urn:contoso:2.0:User:sizes[type eq "shoe"].value"#.into(), "map a single value"),
        (r#"urn:contoso:2.0:User:sizes[type eq "shoe"].value"#.into(), "multivalued: true"),
        ("what is this".into(), "not an attribute path"),
    ];
    for (path, cure) in cases {
        let problem = define(&path).unwrap_err();
        assert!(problem.contains(cure), "'{path}': {problem} should name {cure}");
    }
}

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
        ("meta.created".into(), ValueType::Text, false, true),
        ("name.familyName".into(), ValueType::Text, true, true),
        (r#"emails[type eq "work"].value"#.into(), ValueType::Text, true, true),
        (r#"emails[type eq "work"].primary"#.into(), ValueType::Boolean, true, false),
        (r#"addresses[type eq "work"].locality"#.into(), ValueType::Text, true, true),
        ("roles[primary eq true].value".into(), ValueType::Text, true, true),
        (r#"groups[type eq "direct"].value"#.into(), ValueType::Text, false, true),
        (format!("{ENTERPRISE}:department"), ValueType::Text, true, true),
        (format!("{ENTERPRISE}:manager"), ValueType::Text, true, false),
        (format!("{ENTERPRISE}:manager.value"), ValueType::Text, true, false),
        (format!("{ENTERPRISE}:manager.displayName"), ValueType::Text, false, false),
        ("urn:contoso:2.0:User:shoeSize".into(), ValueType::Text, true, true),
    ];
    for (path, value_type, writable, matchable) in cases {
        assert_eq!(define(&path), Ok(AttributeDefinition { value_type, writable, matchable }), "{path}");
    }
    assert_eq!(ScimSchema.required(), ["userName"]);
    assert_eq!(ScimSchema.enabled_attribute(), Some("active"));
}

#[test]
fn every_refusal_says_what_to_write_instead() {
    let cases = [
        ("username".to_owned(), "write 'userName'"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:title".into(), "write 'title'"),
        (r#"emails[TYPE EQ "work"].Value"#.into(), r#"write 'emails[type eq "work"].value'"#),
        ("emails".into(), r#"emails[type eq "work"].value"#),
        ("emails.value".into(), r#"emails[type eq "work"].value"#),
        ("phoneNumbers".into(), r#"phoneNumbers[type eq "mobile"].value"#),
        (r#"emails[type eq "work"]"#.into(), r#"emails[type eq "work"].value"#),
        (r#"emails[type eq "work"].type"#.into(), "end the path with .value"),
        (r#"emails[colour eq "red"].value"#.into(), "use type"),
        (r#"addresses[type eq "work"].city"#.into(), "locality"),
        ("name".into(), "'name.familyName'"),
        ("name.nickName".into(), "givenName"),
        ("title.value".into(), "write 'title'"),
        (r#"name[type eq "x"].givenName"#.into(), "leave the bracket out"),
        ("password".into(), "single sign-on"),
        ("schemas".into(), "remove this mapping"),
        ("givenName".into(), "'name.givenName'"),
        ("departmnt".into(), "enterprise:2.0:User:department'"),
        ("usrName".into(), "'userName'"),
        ("mail".into(), "'emails[type eq \"work\"].value'"),
        ("shoeSize".into(), "extension:<Name>:2.0:User:shoeSize"),
        (format!("{ENTERPRISE}:title"), "'title'"),
        (r#"urn:contoso:2.0:User:sizes[type eq "shoe"].value"#.into(), "map a single value"),
        ("what is this".into(), "not an attribute path"),
    ];
    for (path, cure) in cases {
        let problem = define(&path).unwrap_err();
        assert!(problem.contains(cure), "'{path}': {problem} should name {cure}");
    }
}

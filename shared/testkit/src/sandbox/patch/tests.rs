//! What each operation does to each kind of attribute, as tables.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::schema::{ENTERPRISE_URN, USER_URN};
use super::*;

fn alex() -> Members {
    let user = json!({
        "schemas": [USER_URN, ENTERPRISE_URN],
        "id": "1",
        "userName": "alex@example.com",
        "active": true,
        "name": { "familyName": "Novak", "givenName": "Alex" },
        "emails": [
            { "type": "work", "value": "alex@example.com", "primary": true },
            { "type": "home", "value": "alex@home.example" },
        ],
        ENTERPRISE_URN: { "department": "Sales" },
        "meta": { "version": "W/\"1\"" },
    });
    user.as_object().cloned().expect("an object")
}

fn patched(operations: &Value) -> Result<Members, ScimError> {
    patched_with(&Quirks::default(), operations)
}

fn patched_with(quirks: &Quirks, operations: &Value) -> Result<Members, ScimError> {
    let body = json!({ "schemas": [PATCH_URN], "Operations": operations });
    apply(ResourceType::User, &alex(), &super::operations(&body)?, quirks)
}

/// Runs one operation and looks at one place, given as a JSON pointer.
fn check(operation: &Value, pointer: &str, expected: &Value) {
    let outcome = patched(&json!([operation])).unwrap_or_else(|error| panic!("{operation}: {error:?}"));
    let found = Value::Object(outcome).pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(&found, expected, "{operation}");
}

#[test]
fn add_and_replace_set_what_the_path_names() {
    let department = format!("{ENTERPRISE_URN}:department");
    let manager = format!("{ENTERPRISE_URN}:manager");
    let enterprise = format!("/{ENTERPRISE_URN}");
    for op in ["add", "Replace"] {
        let cases = [
            (json!({ "op": op, "path": "title", "value": "Chef" }), "/title", json!("Chef")),
            (json!({ "op": op, "path": "TITLE", "value": "Chef" }), "/title", json!("Chef")),
            (json!({ "op": op, "path": "active", "value": false }), "/active", json!(false)),
            (
                json!({ "op": op, "path": "name.givenName", "value": "Sasha" }),
                "/name/givenName",
                json!("Sasha"),
            ),
            (
                json!({ "op": op, "path": "name", "value": { "givenName": "Sasha" } }),
                "/name",
                json!({ "familyName": "Novak", "givenName": "Sasha" }),
            ),
            (
                json!({ "op": op, "path": "emails[type eq \"work\"].value", "value": "a@x" }),
                "/emails/0",
                json!({ "type": "work", "value": "a@x", "primary": true }),
            ),
            (
                json!({ "op": op, "path": "emails.display", "value": "Alex" }),
                "/emails/1",
                json!({ "type": "home", "value": "alex@home.example", "display": "Alex" }),
            ),
            (
                json!({ "op": op, "path": department, "value": "R&D" }),
                &enterprise,
                json!({ "department": "R&D" }),
            ),
            (
                json!({ "op": op, "path": manager, "value": { "value": "9" } }),
                &enterprise,
                json!({ "department": "Sales", "manager": { "value": "9" } }),
            ),
            (
                json!({ "op": op, "path": ENTERPRISE_URN, "value": { "division": "EU" } }),
                &enterprise,
                json!({ "department": "Sales", "division": "EU" }),
            ),
            (
                json!({ "op": op, "value": { "title": "Chef", "name": { "givenName": "Sasha" } } }),
                "/name",
                json!({ "familyName": "Novak", "givenName": "Sasha" }),
            ),
            (
                json!({ "op": op, "value": { ENTERPRISE_URN: { "division": "EU" } } }),
                &enterprise,
                json!({ "department": "Sales", "division": "EU" }),
            ),
            (json!({ "op": op, "value": { "name.givenName": "Sasha" } }), "/name/givenName", json!("Sasha")),
            (
                json!({ "op": op, "path": "urn:example:hr:2.0:User:badge", "value": 7 }),
                "/urn:example:hr:2.0:User",
                json!({ "badge": 7 }),
            ),
            (json!({ "op": op, "path": "shoeSize", "value": 43 }), "/shoeSize", json!(43)),
        ];
        for (operation, pointer, expected) in cases {
            check(&operation, pointer, &expected);
        }
    }
}

#[test]
fn add_appends_to_a_multi_valued_attribute_and_replace_takes_its_place() {
    let other = json!([{ "type": "other", "value": "o@x" }]);
    let home = json!({ "type": "home", "value": "alex@home.example" });
    let added = patched(&json!([{ "op": "add", "path": "emails", "value": other }])).expect("added");
    assert_eq!(added["emails"].as_array().map(Vec::len), Some(3));
    check(&json!({ "op": "replace", "path": "emails", "value": other }), "/emails", &other);
    let again =
        patched(&json!([{ "op": "add", "path": "emails", "value": [home] }])).expect("nothing to add");
    assert_eq!(again, alex(), "a value that is there already is not added again");
}

#[test]
fn remove_unassigns_what_the_path_names() {
    let work = json!([{ "type": "work", "value": "alex@example.com", "primary": true }]);
    let cases = [
        (json!({ "op": "remove", "path": "emails" }), "/emails", Value::Null),
        (json!({ "op": "Remove", "path": "emails[type eq \"home\"]" }), "/emails", work),
        (json!({ "op": "remove", "path": "emails[value pr]" }), "/emails", Value::Null),
        (
            json!({ "op": "remove", "path": "emails[type eq \"work\"].primary" }),
            "/emails/0/primary",
            Value::Null,
        ),
        (json!({ "op": "remove", "path": "name.givenName" }), "/name", json!({ "familyName": "Novak" })),
        (json!({ "op": "remove", "path": "active" }), "/active", Value::Null),
        (
            json!({ "op": "remove", "path": format!("{ENTERPRISE_URN}:department") }),
            "/schemas",
            json!([USER_URN]),
        ),
        (json!({ "op": "remove", "path": ENTERPRISE_URN }), "/schemas", json!([USER_URN])),
        (json!({ "op": "replace", "path": "name", "value": null }), "/name", Value::Null),
        (json!({ "op": "replace", "path": "emails", "value": [] }), "/emails", Value::Null),
    ];
    for (operation, pointer, expected) in cases {
        check(&operation, pointer, &expected);
    }
    let nobody = patched(&json!([{ "op": "remove", "path": "emails[type eq \"fax\"]" }]));
    assert_eq!(nobody, Ok(alex()), "removing what is not there changes nothing");
}

#[test]
fn an_add_whose_filter_selects_nothing_creates_the_element_it_describes() {
    let path = "phoneNumbers[type eq \"mobile\"].value";
    check(
        &json!({ "op": "add", "path": path, "value": "+420 1" }),
        "/phoneNumbers",
        &json!([{ "type": "mobile", "value": "+420 1" }]),
    );
    check(
        &json!({ "op": "add", "path": "emails[type eq \"other\" and primary eq true]", "value": { "value": "o@x" } }),
        "/emails",
        &json!([
            { "type": "work", "value": "alex@example.com", "primary": false },
            { "type": "home", "value": "alex@home.example" },
            { "type": "other", "value": "o@x", "primary": true },
        ]),
    );
}

#[test]
fn a_replace_whose_filter_selects_nothing_answers_no_target() {
    let operation = json!([{ "op": "replace", "path": "emails[type eq \"fax\"].value", "value": "x" }]);
    assert_eq!(patched(&operation).expect_err("nothing selected").scim_type, Some("noTarget"));
}

#[test]
fn an_element_that_becomes_primary_takes_it_from_the_others() {
    let path = "emails[type eq \"home\"].primary";
    let outcome = patched(&json!([{ "op": "add", "path": path, "value": true }])).expect("patched");
    let primary: Vec<&Value> =
        outcome["emails"].as_array().expect("emails").iter().map(|email| &email["primary"]).collect();
    assert_eq!(primary, [&json!(false), &json!(true)]);
}

#[test]
fn a_refused_operation_names_the_kind_of_mistake() {
    let cases = [
        (json!({ "op": "move", "path": "title", "value": "x" }), "invalidSyntax"),
        (json!({ "op": "add", "path": "title" }), "invalidValue"),
        (json!({ "op": "add", "path": "a..b", "value": 1 }), "invalidPath"),
        (json!({ "op": "add", "path": "emails[type eq", "value": 1 }), "invalidPath"),
        (json!({ "op": "add", "path": "name[givenName pr].familyName", "value": "x" }), "invalidPath"),
        (json!({ "op": "add", "path": "title.sub", "value": "x" }), "invalidValue"),
        (json!({ "op": "add", "value": "x" }), "invalidValue"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "replace", "path": "id", "value": "2" }), "mutability"),
        (json!({ "op": "replace", "value": { "id": "2" } }), "mutability"),
        (json!({ "op": "remove", "path": "userName" }), "mutability"),
        (json!({ "op": "replace", "path": "userName", "value": "" }), "invalidValue"),
        (json!({ "op": "replace", "path": "active", "value": "False" }), "invalidValue"),
        (json!({ "op": "replace", "path": "title", "value": 7 }), "invalidValue"),
        (
            json!({ "op": "replace", "path": format!("{ENTERPRISE_URN}:manager"), "value": "9" }),
            "invalidValue",
        ),
        (json!({ "op": "add", "path": "emails[type eq \"work\"]", "value": 1 }), "invalidValue"),
        (
            json!({ "op": "add", "path": "emails[type eq \"fax\" or value eq \"x\"].value", "value": "x" }),
            "noTarget",
        ),
        (
            json!({ "op": "add", "path": "emails[type ne \"work\" and type ne \"home\"]", "value": {} }),
            "noTarget",
        ),
    ];
    for (operation, expected) in cases {
        let error = patched(&json!([operation])).expect_err(&operation.to_string());
        assert_eq!(error.scim_type, Some(expected), "{operation}: {}", error.detail);
    }
}

#[test]
fn quirks_refuse_forms_that_the_rfc_allows() {
    let value_path = json!([{ "op": "add", "path": "emails[type eq \"work\"].value", "value": "x" }]);
    let no_path = json!([{ "op": "add", "value": { "title": "x" } }]);
    let text = json!([{ "op": "replace", "path": "active", "value": "False" }]);
    let refused = |quirks, operations| patched_with(&quirks, &operations).map_err(|error| error.scim_type);
    assert_eq!(
        refused(Quirks { no_value_path: true, ..Quirks::default() }, value_path),
        Err(Some("invalidPath"))
    );
    assert_eq!(
        refused(Quirks { no_pathless_patch: true, ..Quirks::default() }, no_path),
        Err(Some("invalidSyntax"))
    );
    let lenient = refused(Quirks { refuse_text_booleans: false, ..Quirks::default() }, text);
    assert_eq!(lenient.expect("read as a boolean")["active"], json!(false));
}

#[test]
fn a_member_that_is_there_already_is_not_added_again() {
    let group = json!({ "displayName": "Chefs", "members": [{ "value": "1", "display": "Alex" }] });
    let body = json!({
        "schemas": [PATCH_URN],
        "Operations": [
            { "op": "Add", "path": "members", "value": [{ "value": "1", "$ref": null }, { "value": "2" }] },
            { "op": "Remove", "path": "members[value eq \"1\"]" },
        ],
    });
    let operations = operations(&body).expect("operations");
    let group = group.as_object().expect("a group");
    let apply_with = |quirks: &Quirks| apply(ResourceType::Group, group, &operations, quirks);
    assert_eq!(apply_with(&Quirks::default()).expect("applied")["members"], json!([{ "value": "2" }]));
    let capped = Quirks { member_cap: Some(2), ..Quirks::default() };
    assert_eq!(apply_with(&capped).expect_err("three members named").scim_type, Some("invalidValue"));
}

fn operation_values() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "replace", "remove"]);
    let target = prop::sample::select(vec![
        ("title", json!("Chef")),
        ("active", json!(false)),
        ("name.givenName", json!("Sasha")),
        ("name", json!({ "middleName": "M" })),
        ("emails", json!([{ "type": "other", "value": "o@x" }])),
        ("emails[type eq \"work\"].value", json!("w@x")),
        ("emails[type eq \"home\"]", json!({ "type": "home", "value": "h@x", "primary": true })),
        ("phoneNumbers[type eq \"mobile\"].value", json!("+1")),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", json!("R&D")),
    ]);
    (op, target).prop_map(|(op, (path, value))| match op {
        "remove" => json!({ "op": op, "path": path }),
        _ => json!({ "op": op, "path": path, "value": value }),
    })
}

proptest! {
    /// What a client repeats after a lost answer must not change anything a second time.
    #[test]
    fn an_operation_carried_out_twice_changes_nothing_the_second_time(operation in operation_values()) {
        let body = json!({ "schemas": [PATCH_URN], "Operations": [operation] });
        let operations = operations(&body).expect("operations");
        let quirks = Quirks::default();
        if let Ok(once) = apply(ResourceType::User, &alex(), &operations, &quirks) {
            prop_assert_eq!(apply(ResourceType::User, &once, &operations, &quirks), Ok(once));
        }
    }

    #[test]
    fn the_outcome_of_a_patch_is_itself_acceptable(steps in prop::collection::vec(operation_values(), 1..6)) {
        if let Ok(outcome) = patched(&Value::Array(steps)) {
            let again = checked(ResourceType::User, outcome.clone(), &Quirks::default());
            let mut bare = outcome;
            bare.remove("id");
            bare.remove("meta");
            prop_assert_eq!(again, Ok(bare));
        }
    }
}

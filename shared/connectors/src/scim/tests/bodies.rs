//! Bodies of creates and changes, and reading them back.

use std::collections::BTreeMap;

use engine::model::{AttributeChange, Attributes, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::convert::write::Lists;
use super::super::convert::{Object, read};
use super::{ENTERPRISE, attributes, change, create_body, patch_body, paths, put_body, text};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const CUSTOM: &str = "urn:contoso:2.0:User";

fn patch(changes: &[AttributeChange], lists: Lists<'_>) -> Json {
    patch_body(changes, lists).unwrap().unwrap()["Operations"].clone()
}

fn object(mut json: Json) -> Object {
    std::mem::take(json.as_object_mut().unwrap())
}

#[test]
fn a_create_nests_names_groups_elements_and_names_its_extensions() {
    let manager = format!("{ENTERPRISE}:manager");
    let department = format!("{ENTERPRISE}:department");
    let size = format!("{CUSTOM}:shoeSize");
    let body = create_body(&attributes([
        ("userName", text("lena@fabrikam.example")),
        ("active", Value::Boolean(true)),
        ("name.givenName", text("Lena")),
        ("name.familyName", text("Moreau")),
        (r#"emails[type eq "home"].value"#, text("lena@home.example")),
        (r#"emails[type eq "work"].value"#, text("lena@fabrikam.example")),
        (r#"emails[type eq "work"].display"#, text("Office")),
        (r#"addresses[type eq "other"].locality"#, text("Lyon")),
        ("roles[primary eq true].value", text("analyst")),
        (department.as_str(), text("R&D")),
        (manager.as_str(), text("17")),
        (size.as_str(), text("38")),
    ]))
    .unwrap();
    assert_eq!(
        body,
        json!({
            "schemas": [CORE, CUSTOM, ENTERPRISE],
            "userName": "lena@fabrikam.example",
            "active": true,
            "name": { "givenName": "Lena", "familyName": "Moreau" },
            "emails": [
                { "type": "home", "value": "lena@home.example" },
                { "type": "work", "value": "lena@fabrikam.example", "display": "Office", "primary": true },
            ],
            "addresses": [{ "type": "other", "locality": "Lyon", "primary": true }],
            "roles": [{ "primary": true, "value": "analyst" }],
            ENTERPRISE: { "department": "R&D", "manager": { "value": "17" } },
            CUSTOM: { "shoeSize": "38" },
        })
    );
}

#[test]
fn a_mapping_that_says_primary_itself_is_left_alone() {
    let body = create_body(&attributes([
        (r#"emails[type eq "home"].primary"#, Value::Boolean(true)),
        (r#"emails[type eq "home"].value"#, text("a@home")),
        (r#"emails[type eq "work"].value"#, text("a@work")),
    ]))
    .unwrap();
    let expected = json!([{ "type": "home", "primary": true, "value": "a@home" }, { "type": "work", "value": "a@work" }]);
    assert_eq!(body["emails"], expected);
}

#[test]
fn a_change_is_an_add_where_nothing_was_and_a_replace_where_something_was() {
    let department = format!("{ENTERPRISE}:department");
    let manager = format!("{ENTERPRISE}:manager");
    let work = r#"emails[type eq "work"].value"#;
    let city = r#"addresses[type eq "work"].locality"#;
    let disable = AttributeChange {
        path: "active".into(),
        old: Some(Value::Boolean(true)),
        new: Some(Value::Boolean(false)),
        adds: false,
    };
    let cases = [
        (change("title", None, "Boss"), json!([{ "op": "add", "path": "title", "value": "Boss" }])),
        (
            change("title", Some("Hand"), "Boss"),
            json!([{ "op": "replace", "path": "title", "value": "Boss" }]),
        ),
        (disable, json!([{ "op": "replace", "path": "active", "value": false }])),
        (
            change("name.givenName", None, "Bo"),
            json!([{ "op": "add", "path": "name.givenName", "value": "Bo" }]),
        ),
        (
            change(&department, Some("IT"), "R&D"),
            json!([{ "op": "replace", "path": department, "value": "R&D" }]),
        ),
        (change(&manager, None, "17"), json!([{ "op": "add", "path": manager, "value": { "value": "17" } }])),
        (
            change(&format!("{manager}.value"), Some("16"), "17"),
            json!([{ "op": "replace", "path": manager, "value": { "value": "17" } }]),
        ),
        (change(work, Some("a"), "b"), json!([{ "op": "replace", "path": work, "value": "b" }])),
        (
            change(work, None, "b"),
            json!([{ "op": "add", "path": "emails", "value": [{ "type": "work", "value": "b" }] }]),
        ),
        // Another part of this address may be there: adding an element could make a second one.
        (change(city, None, "Lyon"), json!([{ "op": "replace", "path": city, "value": "Lyon" }])),
    ];
    for (change, operations) in cases {
        assert_eq!(patch(std::slice::from_ref(&change), Lists::ByPath), operations, "{change:?}");
    }
}

#[test]
fn parts_of_one_new_element_travel_together_and_parts_of_an_old_one_do_not_add_it_again() {
    let value = r#"emails[type eq "work"].value"#;
    let display = r#"emails[type eq "work"].display"#;
    let new = patch(&[change(value, None, "b"), change(display, None, "Office")], Lists::ByPath);
    let element = json!([{ "type": "work", "value": "b", "display": "Office" }]);
    assert_eq!(new, json!([{ "op": "add", "path": "emails", "value": element }]));
    let old = patch(&[change(value, None, "b"), change(display, Some("Home"), "Office")], Lists::ByPath);
    let expected = json!([
        { "op": "replace", "path": value, "value": "b" },
        { "op": "replace", "path": display, "value": "Office" },
    ]);
    assert_eq!(old, expected);
}

#[test]
fn without_changes_there_is_no_body() {
    assert_eq!(patch_body(&[], Lists::ByPath), Ok(None));
}

#[test]
fn the_fallbacks_add_the_element_or_replace_the_whole_list() {
    let changes =
        [change("title", Some("a"), "b"), change(r#"emails[type eq "work"].value"#, Some("old"), "new")];
    let title = json!({ "op": "replace", "path": "title", "value": "b" });
    let added = json!({ "op": "add", "path": "emails", "value": [{ "type": "work", "value": "new" }] });
    assert_eq!(patch(&changes, Lists::Added), json!([title, added]));
    let resource = object(json!({
        "id": "1",
        "Emails": [{ "type": "Work", "value": "old", "primary": true }, { "type": "home", "value": "h" }],
    }));
    let whole = json!({ "op": "replace", "path": "emails", "value": [
        { "type": "Work", "value": "new", "primary": true }, { "type": "home", "value": "h" },
    ]});
    assert_eq!(patch(&changes, Lists::Whole(&resource)), json!([title, whole]));
}

#[test]
fn a_put_is_the_resource_just_read_with_the_changes_and_without_meta() {
    let resource = object(json!({
        "schemas": [CORE], "id": "1", "meta": { "version": "W/1" }, "userName": "bo", "nickName": "kept",
        "emails": [{ "type": "work", "value": "old" }],
    }));
    let department = format!("{ENTERPRISE}:department");
    let changes =
        [change(&department, None, "R&D"), change(r#"emails[type eq "work"].value"#, Some("old"), "new")];
    let expected = json!({
        "schemas": [CORE, ENTERPRISE], "id": "1", "userName": "bo", "nickName": "kept",
        "emails": [{ "type": "work", "value": "new" }], ENTERPRISE: { "department": "R&D" },
    });
    assert_eq!(put_body(&resource, &changes), Ok(expected));
}

#[test]
fn what_was_read_in_odd_spelling_is_written_back_in_the_rfcs() {
    let resource = object(json!({
        "id": "1", "active": "True", "emails": [{ "type": "work", "value": "a", "primary": "False" }],
        ENTERPRISE: { "manager": "17" },
    }));
    let body = put_body(&resource, &[change("title", None, "Boss")]).unwrap();
    assert_eq!(body["active"], json!(true));
    assert_eq!(body["emails"][0]["primary"], json!(false));
    assert_eq!(body[ENTERPRISE]["manager"], json!({ "value": "17" }));
}

/// What django-scim2 0.23 keeps of a user: one address, without its type.
#[test]
fn a_put_changes_the_address_whose_type_the_server_forgot_and_adds_none() {
    let path = r#"emails[type eq "work"].value"#;
    let put = |resource: Json, old| {
        let body = put_body(&object(resource), &[change(path, old, "new")]).unwrap();
        object(body)["emails"].clone()
    };
    let forgetful = json!({ "id": "1", "emails": [{ "value": "old", "primary": true }] });
    let renamed = json!([{ "value": "new", "primary": true, "type": "work" }]);
    assert_eq!(put(forgetful.clone(), Some("old")), renamed);
    // An address that nobody here sent is not ours to change.
    let second = json!([{ "value": "old", "primary": true }, { "type": "work", "value": "new" }]);
    assert_eq!(put(forgetful.clone(), Some("older")), second);
    assert_eq!(put(forgetful, None), second);
    // Neither is one beside an element that says its type.
    let both = json!([{ "value": "old" }, { "type": "work", "value": "old" }]);
    let expected = json!([{ "value": "old" }, { "type": "work", "value": "new" }]);
    assert_eq!(put(json!({ "id": "1", "emails": both }), Some("old")), expected);
}

#[test]
fn a_resource_is_read_however_the_server_spells_it() {
    let manager = format!("{ENTERPRISE}:manager");
    let number = format!("{ENTERPRISE}:employeeNumber");
    let cases = [
        // (resource, path, value)
        (json!({ "USERNAME": "bo" }), "userName", Some(text("bo"))),
        (json!({ "active": true }), "active", Some(Value::Boolean(true))),
        (json!({ "active": "True" }), "active", Some(Value::Boolean(true))),
        (json!({ "active": "false" }), "active", Some(Value::Boolean(false))),
        (json!({ "active": 1 }), "active", Some(Value::Boolean(true))),
        (json!({ "active": "perhaps" }), "active", None),
        (json!({ "title": null }), "title", None),
        (json!({ "emails": [] }), r#"emails[type eq "work"].value"#, None),
        (
            json!({ "emails": [{ "type": "home", "value": "h" }, { "Type": "WORK", "Value": "w" }] }),
            r#"emails[type eq "work"].value"#,
            Some(text("w")),
        ),
        (
            json!({ "emails": { "type": "work", "value": "w" } }),
            r#"emails[type eq "work"].value"#,
            Some(text("w")),
        ),
        (json!({ "emails": [{ "value": "w" }] }), r#"emails[type eq "work"].value"#, None),
        (
            json!({ "roles": [{ "primary": "True", "value": "a" }] }),
            "roles[primary eq true].value",
            Some(text("a")),
        ),
        (json!({ ENTERPRISE: { "manager": { "value": "17" } } }), manager.as_str(), Some(text("17"))),
        (json!({ ENTERPRISE: { "manager": "17" } }), manager.as_str(), Some(text("17"))),
        (json!({ ENTERPRISE: { "manager": [{ "value": "17" }] } }), manager.as_str(), Some(text("17"))),
        (json!({ ENTERPRISE.to_lowercase(): { "manager": {} } }), manager.as_str(), None),
        (
            json!({ ENTERPRISE.to_lowercase(): { "employeeNumber": 4711 } }),
            number.as_str(),
            Some(text("4711")),
        ),
    ];
    for (mut resource, path, value) in cases {
        resource["id"] = json!("1");
        let wanted = read::paths(&paths([path])).unwrap();
        let held = read::target_object(&object(resource.clone()), &wanted).unwrap();
        assert_eq!(held.attributes.get(path), value.as_ref(), "{path} of {resource}");
    }
}

#[test]
fn a_resource_without_an_id_is_no_account() {
    for (resource, id) in [(json!({}), None), (json!({ "id": "" }), None), (json!({ "ID": 7 }), Some("7"))] {
        let id_read = read::target_object(&object(resource), &[]).map(|object| object.id.to_string());
        assert_eq!(id_read.as_deref(), id);
    }
}

/// Any attributes of a user that a mapping could produce, at most one type of element per list.
fn any_user() -> impl Strategy<Value = Attributes> {
    let simple = prop_oneof![
        Just("userName".to_owned()),
        Just("title".to_owned()),
        Just("name.givenName".to_owned()),
        Just("name.familyName".to_owned()),
        Just(format!("{ENTERPRISE}:department")),
        Just(format!("{ENTERPRISE}:manager")),
        "[a-z]{1,6}".prop_map(|name| format!("{CUSTOM}:{name}")),
        ("[a-z]{1,5}", "value|display").prop_map(|(kind, sub)| format!(r#"emails[type eq "{kind}"].{sub}"#)),
        "[a-z]{1,5}".prop_map(|kind| format!(r#"addresses[type eq "{kind}"].locality"#)),
    ];
    let texts = proptest::collection::btree_map(simple, any::<String>().prop_map(Value::Text), 0..8);
    (texts, proptest::option::of(any::<bool>())).prop_map(|(mut user, active): (BTreeMap<_, _>, _)| {
        user.extend(active.map(|active| ("active".to_owned(), Value::Boolean(active))));
        user
    })
}

proptest! {
    #[test]
    fn what_is_created_reads_back_as_the_same_attributes(user in any_user()) {
        let mut body = object(create_body(&user).unwrap());
        body.insert("id".into(), json!("1"));
        let wanted: Vec<String> = user.keys().cloned().collect();
        let held = read::target_object(&body, &read::paths(&wanted).unwrap()).unwrap();
        prop_assert_eq!(held.attributes, user);
    }

    #[test]
    fn a_put_reads_back_as_old_attributes_and_changes(user in any_user(), wanted in any_user()) {
        let mut resource = object(create_body(&user).unwrap());
        resource.insert("id".into(), json!("1"));
        let changes: Vec<AttributeChange> = wanted
            .iter()
            .map(|(path, new)| AttributeChange {
                path: path.clone(),
                old: user.get(path).cloned(),
                new: Some(new.clone()),
                adds: false,
            })
            .collect();
        let body = object(put_body(&resource, &changes).unwrap());
        let mut expected = user;
        expected.extend(wanted);
        let all: Vec<String> = expected.keys().cloned().collect();
        let held = read::target_object(&body, &read::paths(&all).unwrap()).unwrap();
        prop_assert_eq!(held.attributes, expected);
    }
}

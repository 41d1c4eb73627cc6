//! Lists as a whole: written, joined, and read back so that the same list is found the same.

use engine::model::{AttributeChange, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::convert::write::Lists;
use super::super::convert::{Object, read};
use super::{attributes, change, create_body, joined, listed, parts, patch_body, paths, put_body, text};

const CUSTOM: &str = "urn:contoso:2.0:User:sites";

fn object(json: Json) -> Object {
    serde_json::from_value(json).unwrap()
}

fn operations(changes: &[AttributeChange]) -> Json {
    patch_body(changes, Lists::ByPath).unwrap().unwrap()["Operations"].clone()
}

/// What is read at a path of a user.
fn held(mut user: Json, path: &str) -> Option<Value> {
    user["id"] = json!("1");
    let asked = read::paths(&paths([path])).unwrap();
    read::target_object(&object(user), &asked).unwrap().attributes.remove(path)
}

fn role(value: &str, primary: bool) -> Value {
    parts([
        ("value", text(value)),
        ("display", text("Reader")),
        ("type", text("WindowsAzureActiveDirectoryRole")),
        ("primary", Value::Boolean(primary)),
    ])
}

#[test]
fn plain_texts_become_elements_and_parts_get_the_schemas_types() {
    let kind = "WindowsAzureActiveDirectoryRole";
    let cases = [
        ("roles", vec![text("a"), text("b")], json!([{ "value": "a" }, { "value": "b" }])),
        ("roles", vec![Value::Integer(7)], json!([{ "value": "7" }])),
        ("addresses", vec![text("Rue 1, Lyon")], json!([{ "formatted": "Rue 1, Lyon" }])),
        (
            "roles",
            // Not to be the primary one is what saying nothing means.
            vec![role("a", false), role("b", true)],
            json!([
                { "value": "a", "display": "Reader", "type": kind },
                { "value": "b", "display": "Reader", "type": kind, "primary": true },
            ]),
        ),
        (
            "entitlements",
            vec![parts([
                ("VALUE", Value::Integer(7)),
                ("Primary", text("True")),
                ("seat", Value::Integer(3)),
            ])],
            json!([{ "value": "7", "primary": true, "seat": 3 }]),
        ),
        (CUSTOM, vec![text("a"), Value::Integer(7)], json!(["a", 7])),
        (
            CUSTOM,
            vec![parts([("value", text("a")), ("primary", Value::Boolean(false))])],
            json!([{ "value": "a" }]),
        ),
    ];
    for (path, values, expected) in cases {
        let changed = operations(&[listed(path, None, values.clone())]);
        assert_eq!(changed, json!([{ "op": "replace", "path": path, "value": expected }]), "{values:?}");
        let body = create_body(&attributes([(path, Value::List(values))])).unwrap();
        let created = body.get(path).or_else(|| body.pointer("/urn:contoso:2.0:User/sites"));
        assert_eq!(created, Some(&expected));
    }
    let body = create_body(&attributes([("roles", Value::List(vec![]))])).unwrap();
    assert_eq!(body.get("roles"), None);
    assert_eq!(create_body(&attributes([("roles", text("a"))])).unwrap()["roles"], json!([{ "value": "a" }]));
}

#[test]
fn a_list_takes_the_place_of_the_one_before_and_additions_join_it() {
    let replaced = listed("roles", Some(vec![text("a")]), vec![text("b")]);
    assert_eq!(
        operations(&[replaced]),
        json!([{ "op": "replace", "path": "roles", "value": [{ "value": "b" }] }])
    );
    let known =
        AttributeChange { old: Some(Value::List(vec![text("a")])), ..joined("roles", vec![text("b")]) };
    for change in [known, joined("roles", vec![text("b")])] {
        let expected = json!([{ "op": "add", "path": "roles", "value": [{ "value": "b" }] }]);
        assert_eq!(operations(&[change]), expected);
    }
    let expected = json!([{ "op": "add", "path": CUSTOM, "value": ["b"] }]);
    assert_eq!(operations(&[joined(CUSTOM, vec![text("b")])]), expected);
}

#[test]
fn a_put_joins_what_is_added_with_what_is_there() {
    let put = |roles: Json, new: Vec<Value>| {
        put_body(&object(json!({ "id": "1", "Roles": roles })), &[joined("roles", new)]).unwrap()["Roles"]
            .clone()
    };
    let cases = [
        (json!([]), vec![text("a")], json!([{ "value": "a" }])),
        (json!([{ "value": "a" }]), vec![text("b")], json!([{ "value": "a" }, { "value": "b" }])),
        (json!([{ "value": "a" }]), vec![text("a"), text("a")], json!([{ "value": "a" }])),
        // What the server says of it beyond stays, what it does not say yet is added.
        (
            json!([{ "value": "a", "$ref": "…/a" }]),
            vec![parts([("value", text("a")), ("display", text("A"))])],
            json!([{ "value": "a", "$ref": "…/a", "display": "A" }]),
        ),
        // Of another type it is another one.
        (
            json!([{ "value": "a", "type": "x" }]),
            vec![parts([("value", text("a")), ("type", text("y"))])],
            json!([{ "value": "a", "type": "x" }, { "value": "a", "type": "y" }]),
        ),
        // At most one is the primary one.
        (
            json!([{ "value": "a", "primary": "True" }]),
            vec![parts([("value", text("b")), ("primary", Value::Boolean(true))])],
            json!([{ "value": "a", "primary": false }, { "value": "b", "primary": true }]),
        ),
    ];
    for (roles, new, expected) in cases {
        assert_eq!(put(roles.clone(), new), expected, "{roles}");
    }
    let user = object(json!({ "id": "1", "urn:contoso:2.0:User": { "sites": ["a"] } }));
    let body = put_body(&user, &[joined(CUSTOM, vec![text("b"), text("a")])]).unwrap();
    assert_eq!(body["urn:contoso:2.0:User"]["sites"], json!(["a", "b"]));
}

#[test]
fn a_list_is_read_as_what_a_mapping_can_write() {
    let cases = [
        (json!({ "roles": [{ "value": "a" }, { "value": "b" }] }), "roles", vec![text("a"), text("b")]),
        (json!({ "Roles": { "Value": "a" } }), "roles", vec![text("a")]),
        (json!({ "roles": ["a", 7] }), "roles", vec![text("a"), text("7")]),
        // What the server adds of its own says nothing about the mapping.
        (
            json!({ "roles": [{ "value": "a", "$ref": "…", "primary": "False", "since": "2026", "type": null }] }),
            "roles",
            vec![text("a")],
        ),
        (
            json!({ "roles": [{ "value": "a", "display": "A", "primary": "True" }] }),
            "roles",
            vec![parts([("value", text("a")), ("display", text("A")), ("primary", Value::Boolean(true))])],
        ),
        (json!({ "addresses": [{ "formatted": "Lyon" }] }), "addresses", vec![text("Lyon")]),
        (
            json!({ "addresses": [{ "locality": "Lyon", "type": "work" }] }),
            "addresses",
            vec![parts([("locality", text("Lyon")), ("type", text("work"))])],
        ),
    ];
    for (user, path, expected) in cases {
        assert_eq!(held(user.clone(), path), Some(Value::List(expected)), "{user}");
    }
    for nothing in
        [json!({}), json!({ "roles": null }), json!({ "roles": [] }), json!({ "roles": [{ "$ref": "x" }] })]
    {
        assert_eq!(held(nothing.clone(), "roles"), None, "{nothing}");
    }
}

#[test]
fn what_is_asked_for_in_entras_spelling_is_answered_in_it() {
    let user = || json!({ "roles": [{ "value": "a" }, { "value": "b", "primary": true }] });
    let entras = r#"roles[primary eq "True"].value"#;
    assert_eq!(held(user(), entras), Some(text("b")));
    assert_eq!(held(user(), "roles[primary eq true].value"), Some(text("b")));
    let body =
        create_body(&attributes([(entras, text("b")), (r#"roles[primary eq "True"].display"#, text("B"))]));
    assert_eq!(body.unwrap()["roles"], json!([{ "primary": true, "value": "b", "display": "B" }]));
    let renamed = operations(&[change(entras, Some("a"), "b")]);
    assert_eq!(renamed, json!([{ "op": "replace", "path": "roles[primary eq true].value", "value": "b" }]));
}

/// An element as expressions make them, in the form that is read back.
fn any_element() -> impl Strategy<Value = Value> {
    let label = proptest::option::of("[a-z]{1,4}".prop_map(Value::Text));
    let plain = any::<String>().prop_map(Value::Text);
    let role =
        (any::<String>(), label.clone(), label, any::<bool>()).prop_map(|(value, display, kind, primary)| {
            let labels =
                [("display", display), ("type", kind), ("primary", primary.then_some(Value::Boolean(true)))];
            let labels: Vec<_> =
                labels.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
            match labels.is_empty() {
                true => Value::Text(value),
                false => {
                    Value::Complex([("value".to_owned(), text(&value))].into_iter().chain(labels).collect())
                }
            }
        });
    prop_oneof![plain, role]
}

proptest! {
    #[test]
    fn a_list_reads_back_as_it_was_written(values in proptest::collection::vec(any_element(), 1..5)) {
        for path in ["roles", "emails", CUSTOM] {
            let list = Value::List(values.clone());
            let body = create_body(&attributes([(path, list.clone())])).unwrap();
            prop_assert_eq!(held(body, path), Some(list));
        }
    }

    #[test]
    fn what_was_added_once_is_not_added_again(
        before in proptest::collection::vec(any_element(), 0..4),
        added in proptest::collection::vec(any_element(), 1..4),
    ) {
        let user = object(create_body(&attributes([("roles", Value::List(before))])).unwrap());
        let changes = [joined("roles", added)];
        let once = object(put_body(&user, &changes).unwrap());
        let count = |user: &Object| user["roles"].as_array().map_or(0, Vec::len);
        let twice = object(put_body(&once, &changes).unwrap());
        prop_assert_eq!(count(&twice), count(&once));
        prop_assert!(count(&once) >= count(&user_with_roles(user)));
    }
}

fn user_with_roles(mut user: Object) -> Object {
    user.entry("roles").or_insert_with(|| json!([]));
    user
}

//! Clearing values: what is removed, and what stays.

use engine::model::{AttributeChange, TargetId, Value};
use engine::ports::{TargetErrorKind as Kind, TargetOperation};
use serde_json::{Value as Json, json};

use super::super::convert::Object;
use super::super::convert::write::Lists;
use super::server::{Reply, Server};
use super::{ENTERPRISE, TOKEN, USER, change, cleared, execute, patch_body, put_body, target_at};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const WORK: &str = r#"emails[type eq "work"].value"#;
const OFFICE: &str = r#"emails[type eq "work"].display"#;
const CITY: &str = r#"addresses[type eq "work"].locality"#;

fn object(json: Json) -> Object {
    serde_json::from_value(json).unwrap()
}

fn operations(changes: &[AttributeChange], lists: Lists<'_>) -> Json {
    patch_body(changes, lists).unwrap().map_or(json!([]), |body| body["Operations"].clone())
}

/// What a PUT makes of a user, without what is beside the point.
fn put(user: Json, changes: &[AttributeChange]) -> Json {
    let mut body = put_body(&object(user), changes).unwrap();
    let schemas = body.as_object_mut().unwrap().remove("schemas").unwrap();
    if schemas != json!([CORE]) {
        body["schemas"] = schemas;
    }
    body
}

fn remove(path: &str) -> Json {
    json!({ "op": "remove", "path": path })
}

#[test]
fn what_the_source_no_longer_has_is_removed_by_its_path() {
    let department = format!("{ENTERPRISE}:department");
    let manager = format!("{ENTERPRISE}:manager");
    let id = format!("{manager}.value");
    let cases = [
        ("title", "title"),
        ("name.givenName", "name.givenName"),
        (&department, &department),
        ("urn:contoso:2.0:User:badge", "urn:contoso:2.0:User:badge"),
        // The manager is one object: without its id it says nothing.
        (&manager, &manager),
        (&id, &manager),
        // So is an element of a list without its value.
        (WORK, r#"emails[type eq "work"]"#),
        ("roles[primary eq true].value", "roles[primary eq true]"),
        (r#"roles[primary eq "True"].value"#, "roles[primary eq true]"),
        (OFFICE, OFFICE),
        // An address has no part that makes it one.
        (CITY, CITY),
        ("roles", "roles"),
        ("password", "password"),
    ];
    for (path, removed) in cases {
        assert_eq!(operations(&[cleared(path, "old")], Lists::ByPath), json!([remove(removed)]), "{path}");
    }
}

#[test]
fn an_element_goes_with_its_value_unless_another_part_of_it_is_given_one() {
    let both = [cleared(WORK, "a"), cleared(OFFICE, "Office")];
    assert_eq!(operations(&both, Lists::ByPath), json!([remove(r#"emails[type eq "work"]"#)]));
    let renamed = [cleared(WORK, "a"), change(OFFICE, Some("Office"), "Desk")];
    let expected = json!([remove(WORK), { "op": "replace", "path": OFFICE, "value": "Desk" }]);
    assert_eq!(operations(&renamed, Lists::ByPath), expected);
}

#[test]
fn an_empty_list_is_removed_and_nothing_to_add_is_nothing_to_do() {
    let empty =
        |adds| AttributeChange { path: "roles".into(), old: None, new: Some(Value::List(vec![])), adds };
    assert_eq!(operations(&[empty(false)], Lists::ByPath), json!([remove("roles")]));
    assert_eq!(operations(&[empty(true)], Lists::ByPath), json!([]));
    let nothing = AttributeChange { new: None, ..empty(true) };
    assert_eq!(operations(&[nothing], Lists::ByPath), json!([]));
}

#[test]
fn a_put_leaves_out_what_was_removed_and_what_is_empty_without_it() {
    let department = format!("{ENTERPRISE}:department");
    let manager = format!("{ENTERPRISE}:manager");
    let two = json!([{ "type": "home", "value": "h" }, { "type": "work", "value": "w" }]);
    let cases = [
        (json!({ "id": "1", "TITLE": "x" }), vec![cleared("title", "x")], json!({ "id": "1" })),
        (json!({ "name": { "givenName": "Bo" } }), vec![cleared("name.givenName", "Bo")], json!({})),
        (
            json!({ "name": { "givenName": "Bo", "familyName": "Li" } }),
            vec![cleared("name.givenName", "Bo")],
            json!({ "name": { "familyName": "Li" } }),
        ),
        (
            json!({ "schemas": [CORE, ENTERPRISE], ENTERPRISE: { "department": "IT" } }),
            vec![cleared(&department, "IT")],
            json!({}),
        ),
        (
            json!({ "schemas": [CORE, ENTERPRISE], ENTERPRISE: { "department": "IT", "manager": "17" } }),
            vec![cleared(&manager, "17")],
            json!({ "schemas": [CORE, ENTERPRISE], ENTERPRISE: { "department": "IT" } }),
        ),
        (
            json!({ "emails": two }),
            vec![cleared(WORK, "w")],
            json!({ "emails": [{ "type": "home", "value": "h" }] }),
        ),
        (json!({ "emails": [{ "type": "work", "value": "w" }] }), vec![cleared(WORK, "w")], json!({})),
        // The one address of a server that forgets types is ours if it has the value last sent.
        (json!({ "emails": [{ "value": "w" }] }), vec![cleared(WORK, "w")], json!({})),
        (
            json!({ "emails": [{ "value": "other" }] }),
            vec![cleared(WORK, "w")],
            json!({ "emails": [{ "value": "other" }] }),
        ),
        (
            json!({ "addresses": [{ "type": "work", "locality": "Lyon", "country": "FR" }] }),
            vec![cleared(CITY, "Lyon")],
            json!({ "addresses": [{ "type": "work", "country": "FR" }] }),
        ),
        // What is left of an address is only what it is selected by.
        (
            json!({ "addresses": [{ "type": "work", "locality": "Lyon", "primary": true }] }),
            vec![cleared(CITY, "Lyon")],
            json!({}),
        ),
        (
            json!({ "emails": [{ "type": "work", "value": "w", "display": "Office" }] }),
            vec![cleared(WORK, "w"), change(OFFICE, Some("Office"), "Desk")],
            json!({ "emails": [{ "type": "work", "display": "Desk" }] }),
        ),
        (
            json!({ "title": "x" }),
            vec![cleared(WORK, "w"), cleared(&department, "IT")],
            json!({ "title": "x" }),
        ),
    ];
    for (user, changes, expected) in cases {
        assert_eq!(put(user.clone(), &changes), expected, "{user}");
    }
}

#[test]
fn of_a_list_as_it_is_read_only_what_is_there_is_removed() {
    let resource = object(json!({ "id": "1", "title": "x", "emails": [{ "type": "work", "value": "w" }] }));
    let changes = [
        cleared("title", "x"),
        cleared("nickName", "n"),
        cleared("name.givenName", "Bo"),
        cleared(WORK, "w"),
        cleared(CITY, "Lyon"),
    ];
    let expected = json!([remove("title"), remove("emails")]);
    assert_eq!(operations(&changes, Lists::Whole(&resource)), expected);
}

fn update(changes: Vec<AttributeChange>) -> TargetOperation {
    TargetOperation::Update(USER, TargetId::new("1"), changes)
}

#[tokio::test]
async fn a_removal_that_finds_nothing_is_looked_into_and_done_where_there_is_something() {
    let no_target = || Reply::json(400, &json!({ "scimType": "noTarget" }));
    let held = json!({ "id": "1", "nickName": "n", "emails": [{ "type": "home", "value": "h" }] });
    let server = Server::start([
        no_target(),
        Reply::json(200, &held),
        Reply::raw(204, ""),
        no_target(),
        Reply::json(200, &held),
    ])
    .await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let changes = vec![cleared("title", "x"), cleared("nickName", "n"), cleared(WORK, "w")];
    execute(&target, update(changes)).await.unwrap();
    assert_eq!(server.arrived()[2].json()["Operations"], json!([remove("nickName")]));
    // Nothing of it is there: nothing is left to send.
    execute(&target, update(vec![cleared(WORK, "w")])).await.unwrap();
    let lines = ["PATCH /scim/Users/1", "GET /scim/Users/1", "PATCH /scim/Users/1"];
    assert_eq!(server.lines(), [&lines[..], &lines[..2]].concat());
}

#[tokio::test]
async fn a_removal_that_is_not_allowed_is_not_tried_otherwise() {
    let server = Server::start([Reply::json(400, &json!({ "scimType": "mutability" }))]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let refused = execute(&target, update(vec![cleared("userName", "bo")])).await.unwrap_err();
    assert_eq!((refused.kind, server.lines().len()), (Kind::InvalidValue, 1));
}

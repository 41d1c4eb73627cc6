//! The second spellings of a change that the target did not understand.

use engine::model::{AttributeChange, TargetId};
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::json;

use super::server::{Reply, Server};
use super::{TOKEN, USER, change, execute, target_at};

fn update(changes: Vec<AttributeChange>) -> TargetOperation {
    TargetOperation::Update(USER, TargetId::new("1"), changes)
}

fn no_target() -> Reply {
    Reply::json(400, &json!({ "scimType": "noTarget", "detail": "nothing there" }))
}

#[tokio::test]
async fn a_missing_element_is_added_whole_after_no_target() {
    let server = Server::start([no_target(), Reply::raw(204, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let city = r#"addresses[type eq "work"].locality"#;
    execute(&target, update(vec![change(city, None, "Lyon")])).await.unwrap();
    let bodies: Vec<_> =
        server.arrived().iter().map(|arrived| arrived.json()["Operations"].clone()).collect();
    assert_eq!(bodies[0], json!([{ "op": "replace", "path": city, "value": "Lyon" }]));
    let element = json!([{ "type": "work", "locality": "Lyon" }]);
    assert_eq!(bodies[1], json!([{ "op": "add", "path": "addresses", "value": element }]));
}

#[tokio::test]
async fn where_value_paths_are_not_understood_the_list_is_read_and_replaced_whole() {
    let refused = Reply::json(400, &json!({ "scimType": "invalidPath" }));
    let held =
        json!({ "id": "1", "emails": [{ "type": "home", "value": "h" }, { "type": "work", "value": "a" }] });
    let server = Server::start([refused, Reply::json(200, &held), Reply::raw(204, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let changes = vec![change(r#"emails[type eq "work"].value"#, Some("a"), "b")];
    execute(&target, update(changes)).await.unwrap();
    assert_eq!(server.lines(), ["PATCH /scim/Users/1", "GET /scim/Users/1", "PATCH /scim/Users/1"]);
    let whole = json!([{ "type": "home", "value": "h" }, { "type": "work", "value": "b" }]);
    let expected = json!([{ "op": "replace", "path": "emails", "value": whole }]);
    assert_eq!(server.arrived()[2].json()["Operations"], expected);
}

#[tokio::test]
async fn a_refused_change_outside_lists_has_no_second_spelling() {
    let server = Server::start([no_target()]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    assert_eq!(
        execute(&target, update(vec![change("title", Some("a"), "b")])).await.unwrap_err().kind,
        Kind::InvalidValue
    );
    assert_eq!(target.calls(), 1);
}

#[tokio::test]
async fn an_element_that_cannot_be_added_either_ends_in_the_whole_list() {
    let held = json!({ "id": "1", "addresses": [{ "type": "home", "locality": "Nice" }] });
    let server =
        Server::start([no_target(), no_target(), Reply::json(200, &held), Reply::raw(200, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let city = r#"addresses[type eq "work"].locality"#;
    execute(&target, update(vec![change(city, None, "Lyon")])).await.unwrap();
    let whole = json!([{ "type": "home", "locality": "Nice" }, { "type": "work", "locality": "Lyon" }]);
    let expected = json!([{ "op": "replace", "path": "addresses", "value": whole }]);
    assert_eq!(server.arrived()[3].json()["Operations"], expected);
}

#[tokio::test]
async fn an_account_that_vanished_between_two_spellings_is_gone() {
    let server =
        Server::start([Reply::json(400, &json!({ "scimType": "invalidPath" })), Reply::raw(404, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let changes = vec![change(r#"emails[type eq "work"].value"#, Some("a"), "b")];
    assert_eq!(execute(&target, update(changes)).await.unwrap_err().kind, Kind::NotFound);
}

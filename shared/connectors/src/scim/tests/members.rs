//! Who joins a group and who leaves it: the bodies, and the ways round what servers refuse.

use std::collections::BTreeSet;

use engine::model::TargetId;
use engine::ports::{Target, TargetError, TargetErrorKind as Kind, TargetOperation};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::convert::write::members::{Movement, patch_body};
use super::super::{MemberRemoval, ScimConfig};
use super::server::{Reply, Server};
use super::{GROUP, TOKEN, attributes, config, execute, target_at, target_with, text};

fn ids<const N: usize>(ids: [&str; N]) -> Vec<TargetId> {
    ids.map(TargetId::new).to_vec()
}

fn group() -> TargetId {
    TargetId::new("g")
}

fn add<const N: usize>(members: [&str; N]) -> TargetOperation {
    TargetOperation::AddMembers(group(), ids(members))
}

fn remove<const N: usize>(members: [&str; N]) -> TargetOperation {
    TargetOperation::RemoveMembers(group(), ids(members))
}

fn operations(server: &Server, request: usize) -> Json {
    server.arrived()[request].json()["Operations"].clone()
}

fn refusal(status: u16, scim_type: &str, detail: &str) -> Reply {
    let mut body = json!({ "status": status.to_string(), "detail": detail });
    if !scim_type.is_empty() {
        body["scimType"] = scim_type.into();
    }
    Reply::json(status, &body)
}

fn done() -> Reply {
    Reply::raw(204, "")
}

/// A group as it is read.
fn read(members: &Json) -> Reply {
    Reply::json(200, &json!({ "id": "g", "displayName": "Chefs", "members": members }))
}

fn hidden() -> Reply {
    Reply::json(200, &json!({ "id": "g", "displayName": "Chefs" }))
}

/// What becomes of an operation when the server answers by script, and what arrived there.
async fn against<const N: usize>(
    operation: TargetOperation,
    replies: [Reply; N],
) -> (Result<TargetId, TargetError>, Server) {
    let server = Server::start(replies).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    (execute(&target, operation).await, server)
}

// -------------------------------------------------------------------------------------------------- bodies

#[tokio::test]
async fn members_join_by_their_bare_ids_each_once() {
    let (outcome, server) = against(add(["1", "2", "1"]), [done()]).await;
    outcome.unwrap();
    assert_eq!(server.lines(), ["PATCH /scim/Groups/g"]);
    let expected = json!([{ "op": "add", "path": "members", "value": [{ "value": "1" }, { "value": "2" }] }]);
    assert_eq!(operations(&server, 0), expected);
}

#[tokio::test]
async fn members_leave_by_a_filter_each_in_one_request() {
    let (outcome, server) = against(remove(["1", r#"a"b\c"#]), [done()]).await;
    outcome.unwrap();
    let expected = json!([
        { "op": "remove", "path": r#"members[value eq "1"]"# },
        { "op": "remove", "path": r#"members[value eq "a\"b\\c"]"# },
    ]);
    assert_eq!(operations(&server, 0), expected);
}

#[tokio::test]
async fn the_listed_form_of_a_removal_is_used_where_it_is_asked_for() {
    let server = Server::start([done()]).await;
    let config = ScimConfig { member_removal: MemberRemoval::Value, ..config(&server.url()) };
    let (target, _) = target_with(&config, TOKEN);
    execute(&target, remove(["1", "2"])).await.unwrap();
    let expected =
        json!([{ "op": "remove", "path": "members", "value": [{ "value": "1" }, { "value": "2" }] }]);
    assert_eq!(operations(&server, 0), expected);
}

#[tokio::test]
async fn nobody_to_move_is_no_request() {
    for operation in [add([]), remove([])] {
        let (outcome, server) = against(operation, []).await;
        assert_eq!((outcome, server.lines()), (Ok(group()), vec![]));
    }
}

proptest! {
    /// Whatever an id holds, a removal names one member and cannot be read as naming more.
    #[test]
    fn a_removal_always_says_whom(id in "\\PC{1,12}") {
        let body = patch_body(Movement::Out, &[TargetId::new(id.as_str())], MemberRemoval::Filtered);
        let path = body["Operations"][0]["path"].as_str().unwrap();
        let literal = path.strip_prefix("members[value eq ").unwrap().strip_suffix(']').unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(literal).unwrap(), id);
    }
}

// ------------------------------------------------------------------------------------------------- reading

#[tokio::test]
async fn members_are_read_in_every_spelling_and_hidden_ones_are_not_taken_for_none() {
    let some = |ids: &[&str]| Some(ids.iter().map(|id| TargetId::new(*id)).collect::<BTreeSet<_>>());
    let group = |members: Json| json!({ "id": "g", "members": members });
    let cases = [
        (group(json!([{ "value": "1", "$ref": "x", "type": "User" }, { "value": "2" }])), some(&["1", "2"])),
        (group(json!(["1", "2", "1"])), some(&["1", "2"])),
        (group(json!([{ "value": 7 }, 8])), some(&["7", "8"])),
        (group(json!({ "value": "1" })), some(&["1"])),
        (json!({ "id": "g", "Members": [{ "Value": "1" }] }), some(&["1"])),
        (group(json!([])), some(&[])),
        (group(Json::Null), None),
        (json!({ "id": "g" }), None),
    ];
    for (body, expected) in cases {
        let server = Server::start([Reply::json(200, &body)]).await;
        let (target, _) = target_at(&server.url(), TOKEN);
        assert_eq!(target.members(&TargetId::new("g")).await, Ok(expected), "{body}");
        assert_eq!(server.lines(), ["GET /scim/Groups/g"]);
    }
}

#[tokio::test]
async fn the_members_of_a_group_that_is_gone_are_an_error() {
    let server = Server::start([Reply::raw(404, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    assert_eq!(target.members(&group()).await.unwrap_err().kind, Kind::NotFound);
}

// --------------------------------------------------------------------------------------- refused removals

#[tokio::test]
async fn who_is_not_in_the_group_need_not_leave_it() {
    for refused in [refusal(400, "noTarget", ""), refusal(404, "", "no member 2"), refusal(409, "", "")] {
        let replies = [refused, read(&json!([{ "value": "1" }, { "value": "9" }])), done()];
        let (outcome, server) = against(remove(["1", "2"]), replies).await;
        outcome.unwrap();
        let expected = json!([{ "op": "remove", "path": r#"members[value eq "1"]"# }]);
        assert_eq!(operations(&server, 2), expected);
    }
    let (outcome, server) = against(remove(["2"]), [refusal(400, "noTarget", ""), read(&json!([]))]).await;
    assert_eq!(outcome, Ok(group()));
    assert_eq!(server.lines(), ["PATCH /scim/Groups/g", "GET /scim/Groups/g"]);
}

#[tokio::test]
async fn a_removal_that_is_refused_although_all_are_there_failed() {
    let replies = [refusal(400, "invalidValue", "ada is locked"), read(&json!([{ "value": "1" }]))];
    let (outcome, server) = against(remove(["1"]), replies).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, Kind::InvalidValue);
    assert!(error.summary.contains("ada is locked"), "{error}");
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn where_members_are_hidden_one_who_is_not_found_is_out_and_several_are_told_apart_by_the_engine() {
    let (outcome, _) = against(remove(["1"]), [refusal(400, "noTarget", ""), hidden()]).await;
    assert_eq!(outcome, Ok(group()));
    let (outcome, _) = against(remove(["1", "2"]), [refusal(404, "", "no such member"), hidden()]).await;
    assert_eq!(outcome.unwrap_err().kind, Kind::InvalidValue, "NotFound would mean the group");
    let (outcome, _) = against(remove(["1"]), [refusal(400, "invalidValue", "locked"), hidden()]).await;
    assert_eq!(outcome.unwrap_err().kind, Kind::InvalidValue);
}

#[tokio::test]
async fn where_filters_in_paths_are_not_understood_the_list_is_replaced_and_that_is_remembered() {
    let held = || read(&json!([{ "value": "1", "display": "Ada" }, "2", { "value": "9", "type": "Group" }]));
    let server = Server::start([refusal(400, "invalidPath", ""), held(), done(), held(), done()]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    execute(&target, remove(["2", "5"])).await.unwrap();
    let kept = json!([{ "value": "1", "display": "Ada" }, { "value": "9", "type": "Group" }]);
    assert_eq!(operations(&server, 2), json!([{ "op": "replace", "path": "members", "value": kept }]));
    execute(&target, remove(["1", "2", "9"])).await.unwrap();
    assert_eq!(operations(&server, 4), json!([{ "op": "replace", "path": "members", "value": [] }]));
    assert_eq!(server.lines().len(), 5);
}

#[tokio::test]
async fn a_list_that_cannot_be_seen_is_never_replaced() {
    let (outcome, server) = against(remove(["1"]), [refusal(400, "invalidPath", ""), hidden()]).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, Kind::NotSupported);
    assert!(error.summary.contains("does not show who is in the group"), "{error}");
    assert_eq!(server.lines(), ["PATCH /scim/Groups/g", "GET /scim/Groups/g"]);
}

// --------------------------------------------------------------------------------------- refused additions

#[tokio::test]
async fn a_member_that_nobody_knows_is_not_taken_for_a_missing_group() {
    let (outcome, _) = against(add(["1", "2"]), [refusal(404, "", "2 not found"), hidden()]).await;
    assert_eq!(outcome.unwrap_err().kind, Kind::InvalidValue);
    let (outcome, _) = against(add(["1"]), [refusal(404, "", ""), Reply::raw(404, "")]).await;
    assert_eq!(outcome.unwrap_err().kind, Kind::NotFound);
    let (outcome, _) = against(add(["1", "2"]), [refusal(400, "invalidValue", "2 is nobody")]).await;
    assert_eq!(outcome.unwrap_err().kind, Kind::InvalidValue);
}

#[tokio::test]
async fn who_is_in_the_group_already_need_not_join_it() {
    let replies = [refusal(409, "uniqueness", "1 is a member"), read(&json!([{ "value": "1" }])), done()];
    let (outcome, server) = against(add(["1", "2"]), replies).await;
    outcome.unwrap();
    assert_eq!(operations(&server, 2)[0]["value"], json!([{ "value": "2" }]));
    let replies = [refusal(409, "", ""), read(&json!([{ "value": "1" }]))];
    assert_eq!(against(add(["1"]), replies).await.0, Ok(group()));
}

#[tokio::test]
async fn too_many_for_one_request_is_told_as_such_and_one_is_never_too_many() {
    let cases = [
        (413, "", "", Kind::TooLarge),
        (400, "tooMany", "", Kind::TooLarge),
        (400, "invalidValue", "101 members in one request; at most 100 are taken", Kind::TooLarge),
        (422, "", "The number of members exceeds the maximum", Kind::TooLarge),
        (400, "invalidValue", "2 is nobody", Kind::InvalidValue),
    ];
    for (status, scim_type, detail, kind) in cases {
        let (outcome, server) = against(add(["1", "2"]), [refusal(status, scim_type, detail)]).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {detail}");
        assert_eq!(error.summary.contains("membersPerCall"), kind == Kind::TooLarge, "{error}");
        assert_eq!(server.lines().len(), 1);
    }
    let detail = "the value exceeds the maximum of 20 characters";
    let (outcome, _) = against(add(["1"]), [refusal(400, "invalidValue", detail)]).await;
    assert_eq!(outcome.unwrap_err().kind, Kind::InvalidValue);
}

// ------------------------------------------------------------------------------------------- without PATCH

fn no_patch() -> Reply {
    Reply::raw(405, "")
}

#[tokio::test]
async fn without_patch_the_group_is_put_back_with_everyone_else_in_it() {
    let held = || {
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g", "displayName": "Chefs",
            "members": [{ "value": "1", "display": "Ada" }, { "value": "2" }], "meta": { "version": "1" },
        });
        Reply::json(200, &group)
    };
    let server = Server::start([no_patch(), held(), done(), held(), done(), held()]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    execute(&target, add(["2", "3"])).await.unwrap();
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g", "displayName": "Chefs",
        "members": [{ "value": "1", "display": "Ada" }, { "value": "2" }, { "value": "3" }],
    });
    assert_eq!(server.arrived()[2].json(), expected);
    execute(&target, remove(["2"])).await.unwrap();
    assert_eq!(server.arrived()[4].json()["members"], json!([{ "value": "1", "display": "Ada" }]));
    execute(&target, add(["1", "2"])).await.unwrap();
    let expected = ["PATCH", "GET", "PUT", "GET", "PUT", "GET"].map(|verb| format!("{verb} /scim/Groups/g"));
    assert_eq!(server.lines(), expected, "who is in it already costs no request");
}

#[tokio::test]
async fn without_patch_a_list_that_does_not_come_is_empty_only_if_others_come() {
    let few = |members: Json| {
        let group = json!({ "id": "h", "members": members });
        Reply::json(200, &json!({ "totalResults": 1, "Resources": [group] }))
    };
    let (outcome, server) = against(add(["1"]), [no_patch(), hidden(), few(json!(["7"])), done()]).await;
    outcome.unwrap();
    assert_eq!(server.lines()[2], "GET /scim/Groups?startIndex=1&count=20");
    assert_eq!(server.arrived()[3].json()["members"], json!([{ "value": "1" }]));

    for operation in [
        add(["1"]),
        remove(["1"]),
        TargetOperation::Update(GROUP, group(), vec![super::change("displayName", None, "Cooks")]),
    ] {
        let (outcome, server) = against(operation, [no_patch(), hidden(), few(Json::Null)]).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind, Kind::NotSupported);
        assert!(error.summary.contains("throw others out"), "{error}");
        assert_eq!(server.lines().len(), 3, "nothing was written");
    }
}

#[tokio::test]
async fn a_group_just_made_is_empty_until_somebody_was_put_into_it() {
    let created = Reply::json(201, &json!({ "id": "g" }));
    let none = Reply::json(200, &json!({ "totalResults": 0 }));
    let server = Server::start([created, no_patch(), hidden(), done(), hidden(), none]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let chefs = attributes([("displayName", text("Chefs"))]);
    execute(&target, TargetOperation::Create(GROUP, chefs)).await.unwrap();
    execute(&target, add(["1"])).await.unwrap();
    assert_eq!(server.arrived()[3].json()["members"], json!([{ "value": "1" }]));
    let error = execute(&target, add(["2"])).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotSupported, "the first member may be hidden");
}

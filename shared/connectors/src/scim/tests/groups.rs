//! Groups as resources of their own: found, made, renamed, removed, one by one and in bulk.

use engine::mapping::{AttributeDefinition, Mapping, ObjectMapping, TargetSchema, ValueType};
use engine::model::{AttributeChange, TargetId, Value};
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::json;
use testkit::sandbox::{Quirks, Sandbox, Settings};

use super::super::convert::write::{self, Style};
use super::super::{ManagerForm, ScimGroupSchema, ScimTarget};
use super::server::{Reply, Server};
use super::{GROUP, TOKEN, USER, attributes, bulk_target_at, change, execute, paths, target_at, text, user};

const BADGE: &str = "urn:contoso:2.0:Group:badge";

const TEXT: AttributeDefinition = AttributeDefinition {
    value_type: ValueType::Text,
    writable: true,
    matchable: true,
    multivalued: false,
    write_only: false,
    custom: false,
    refers: false,
};

async fn with(quirks: Quirks) -> (Sandbox, ScimTarget) {
    let sandbox = Sandbox::start(Settings { quirks, ..Settings::default() }).await.unwrap();
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    (sandbox, target)
}

fn chefs() -> engine::model::Attributes {
    attributes([("displayName", text("Chefs")), ("externalId", text("G-1")), (BADGE, text("red"))])
}

async fn made(target: &ScimTarget) -> TargetId {
    execute(target, TargetOperation::Create(GROUP, chefs())).await.unwrap()
}

// ------------------------------------------------------------------------------------------------- schema

#[test]
fn a_group_has_a_name_an_external_id_members_and_what_extensions_add() {
    let members = AttributeDefinition {
        value_type: ValueType::Reference,
        matchable: false,
        multivalued: true,
        refers: true,
        ..TEXT
    };
    let cases = [
        ("displayName", TEXT),
        ("externalId", TEXT),
        ("members", members),
        ("id", AttributeDefinition { writable: false, ..TEXT }),
        (BADGE, AttributeDefinition { custom: true, ..TEXT }),
    ];
    for (path, expected) in cases {
        assert_eq!(ScimGroupSchema.attribute(path), Ok(expected), "{path}");
    }
    assert_eq!(ScimGroupSchema.required(), ["displayName"]);
    assert_eq!(ScimGroupSchema.enabled_attribute(), None);
}

#[test]
fn every_refusal_of_a_groups_attribute_says_what_to_write_instead() {
    let cases = [
        ("displayname", "write 'displayName'"),
        ("urn:ietf:params:scim:schemas:core:2.0:Group:members", "write 'members'"),
        ("members.value", "write 'members'"),
        (r#"members[type eq "User"].value"#, "write 'members'"),
        ("displayName.value", "write 'displayName'"),
        ("userName", "displayName, externalId and members"),
        ("colour", "extension:<Name>:2.0:Group:colour"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "an attribute of users"),
        ("schemas", "remove this mapping"),
        (r#"urn:contoso:2.0:Group:sizes[type eq "x"].value"#, "map a single value"),
        ("what is this", "not an attribute path"),
    ];
    for (path, cure) in cases {
        let problem = ScimGroupSchema.attribute(path).unwrap_err();
        assert!(problem.contains(cure), "'{path}': {problem} should name {cure}");
    }
    assert!(ScimGroupSchema.conflict(BADGE, "urn:contoso:2.0:Group:badge.number").is_some());
}

#[test]
fn the_default_mapping_of_groups_is_one_the_schema_accepts() {
    let mapping = Mapping::check(&ObjectMapping::default(), &ScimGroupSchema).unwrap();
    assert_eq!(mapping.matching(), ["displayName"]);
}

// -------------------------------------------------------------------------------------------------- bodies

#[test]
fn a_group_is_written_without_members_whatever_is_mapped() {
    let style = Style { kind: GROUP, manager: ManagerForm::Object };
    let members = Value::List(vec![text("1")]);
    let mut attributes = chefs();
    attributes.insert("members".into(), members.clone());
    let body = write::create_body(style, &attributes).unwrap();
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "urn:contoso:2.0:Group"],
        "displayName": "Chefs", "externalId": "G-1", "urn:contoso:2.0:Group": { "badge": "red" },
    });
    assert_eq!(body, expected);
    let all = AttributeChange { path: "members".into(), old: None, new: Some(members), adds: false };
    let gone = AttributeChange { new: None, ..all.clone() };
    for change in [all, gone] {
        assert_eq!(write::patch_body(style, &[change], write::Lists::ByPath), Ok(None));
    }
}

// --------------------------------------------------------------------------------------------------- calls

#[tokio::test]
async fn groups_are_asked_for_without_their_members() {
    let group = json!({ "id": "g/1", "displayName": "Chefs", "members": [{ "value": "1" }] });
    let list = || Reply::json(200, &json!({ "totalResults": 1, "Resources": [group] }));
    let server = Server::start([list(), list(), Reply::json(200, &group)]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let wanted = paths(["displayName", "members"]);
    let listed = target.list(GROUP, &wanted, None).await.unwrap().objects;
    let found = target.find(GROUP, "displayName", &text("chefs"), &wanted).await.unwrap();
    let read = target.get(GROUP, &TargetId::new("g/1"), &wanted).await.unwrap();
    for held in [&listed[0], &found[0], &read.unwrap()] {
        assert_eq!(held.attributes, attributes([("displayName", text("Chefs"))]), "members are no attribute");
    }
    let expected = [
        "GET /scim/Groups?startIndex=1&count=100&excludedAttributes=members",
        "GET /scim/Groups?filter=displayName%20eq%20%22chefs%22&startIndex=1&count=100&excludedAttributes=members",
        "GET /scim/Groups/g%2F1?excludedAttributes=members",
    ];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn a_probe_proves_groups_where_they_are_provisioned_and_counts_as_no_work() {
    let empty = || Reply::json(200, &json!({ "totalResults": 0 }));
    let server = Server::start([empty(), empty(), Reply::raw(404, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    target.probe().await.unwrap();
    let target = target.with_groups();
    let error = target.probe().await.unwrap_err();
    assert_eq!((error.kind, error.request.as_str()), (Kind::CollectionMissing, "GET /Groups"));
    assert!(error.summary.contains("There are no groups"), "{error}");
    assert_eq!((target.calls(), target.discovery_calls()), (0, 3));
    let nobody = "%226d0b3f8e-5c1a-4f27-9b64-0e9d7a2c81f3%22";
    let expected = [
        format!("GET /scim/Users?filter=userName%20eq%20{nobody}&count=1"),
        format!("GET /scim/Users?filter=userName%20eq%20{nobody}&count=1"),
        format!("GET /scim/Groups?filter=displayName%20eq%20{nobody}&count=1&excludedAttributes=members"),
    ];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn a_group_that_is_gone_is_called_a_group() {
    let server = Server::start([Reply::raw(404, ""), Reply::raw(410, ""), Reply::raw(404, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let id = TargetId::new("g");
    let rename = TargetOperation::Update(GROUP, id.clone(), vec![change("displayName", None, "x")]);
    let error = execute(&target, rename).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert!(error.summary.starts_with("The group is gone"), "{error}");
    for _ in 0..2 {
        assert_eq!(execute(&target, TargetOperation::Delete(GROUP, id.clone())).await, Ok(id.clone()));
    }
}

#[tokio::test]
async fn a_group_lives_and_keeps_its_members_through_every_change() {
    let plain = Quirks::default;
    let quirks = [
        plain(),
        Quirks { no_patch: true, ..plain() },
        Quirks { no_location: true, no_etag: true, patch_answers204: true, ..plain() },
        Quirks { lowercase_resources: true, total_results_as_text: true, ..plain() },
        Quirks { hide_members: true, ..plain() },
    ];
    for quirks in quirks {
        let (sandbox, target) = with(quirks.clone()).await;
        let anna = execute(&target, TargetOperation::Create(USER, user("anna"))).await.unwrap();
        let id = made(&target).await;
        execute(&target, TargetOperation::AddMembers(id.clone(), vec![anna])).await.unwrap();
        let changes = vec![
            change("displayName", Some("Chefs"), "Cooks"),
            super::cleared(BADGE, "red"),
            change("externalId", Some("G-1"), "G-2"),
        ];
        execute(&target, TargetOperation::Update(GROUP, id.clone(), changes)).await.unwrap();
        let wanted = paths(["displayName", "externalId", BADGE]);
        let held = target.get(GROUP, &id, &wanted).await.unwrap().unwrap();
        let expected = attributes([("displayName", text("Cooks")), ("externalId", text("G-2"))]);
        assert_eq!(held.attributes, expected, "{quirks:?}");
        assert_eq!(sandbox.memberships()["Cooks"].len(), 1, "{quirks:?}");
        let found = target.find(GROUP, "displayName", &text("cooks"), &[]).await.unwrap();
        assert_eq!(found.len(), 1, "{quirks:?}");
        execute(&target, TargetOperation::Delete(GROUP, id.clone())).await.unwrap();
        assert_eq!(target.get(GROUP, &id, &[]).await, Ok(None), "{quirks:?}");
    }
}

#[tokio::test]
async fn bulk_carries_groups_beside_users() {
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    let (target, _) = bulk_target_at(&sandbox.base_url(), sandbox.token());
    let made = target
        .execute(&[
            TargetOperation::Create(USER, user("anna")),
            TargetOperation::Create(GROUP, chefs()),
            TargetOperation::Create(GROUP, attributes([("displayName", text("Bakers"))])),
        ])
        .await;
    let ids: Vec<TargetId> = made.into_iter().map(Result::unwrap).collect();
    let changed = target
        .execute(&[
            TargetOperation::Update(
                GROUP,
                ids[1].clone(),
                vec![change("displayName", Some("Chefs"), "Cooks")],
            ),
            TargetOperation::Delete(GROUP, ids[2].clone()),
            TargetOperation::AddMembers(ids[1].clone(), vec![ids[0].clone()]),
        ])
        .await;
    assert_eq!(changed, [Ok(ids[1].clone()), Ok(ids[2].clone()), Ok(ids[1].clone())]);
    let memberships = sandbox.memberships();
    assert_eq!(memberships.len(), 1);
    assert_eq!(memberships["Cooks"].iter().collect::<Vec<_>>(), ["anna"]);
    let counters = sandbox.counters();
    assert_eq!((counters.bulk, counters.bulk_operations, counters.patch), (2, 5, 1));
}

#[tokio::test]
async fn a_group_and_an_account_of_one_id_are_told_apart_in_a_bulk_answer() {
    let entry =
        |kind: &str, status: &str| json!({ "location": format!("https://a/{kind}/7"), "status": status });
    let entries =
        json!({ "Operations": [entry("Groups", "204"), entry("Users", "409"), entry("Users", "204")] });
    let config = json!({ "bulk": { "supported": true, "maxOperations": 10 } });
    let server = Server::offering(config, [Reply::json(200, &entries)]).await;
    let (target, _) = bulk_target_at(&server.url(), TOKEN);
    let id = TargetId::new("7");
    let outcomes = target
        .execute(&[
            TargetOperation::Update(USER, id.clone(), vec![change("title", None, "x")]),
            TargetOperation::Delete(GROUP, id.clone()),
        ])
        .await;
    assert_eq!(outcomes[0].as_ref().unwrap_err().kind, Kind::Conflict);
    assert_eq!(outcomes[1], Ok(id));
}

//! Which account belongs to whom.

use std::collections::BTreeMap;

use engine::model::{JobId, Link, ObjectType, SourceId, TargetId};
use engine::ports::{Lease, Store};
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;

use crate::stage::{APPLICATION, JOB, Stage, noon};

fn path(of: &str) -> String {
    format!("/v1.0/servicePrincipals/{APPLICATION}/synchronization/jobs/{JOB}/objectConnections{of}")
}

async fn linked(stage: &Stage, lease: &Lease, kind: ObjectType, source: &str, target: Option<&str>) {
    let source_id = SourceId::new(source);
    let target_id = target.map(TargetId::new);
    if let Some(target) = &target_id {
        stage.store.claim(lease, kind, target, &source_id).await.unwrap();
    }
    let link = Link {
        source_id,
        object_type: kind,
        target_id,
        shadow: BTreeMap::new(),
        in_scope: true,
        unmanaged: false,
        skipped: None,
        display_name: Some(format!("Name of {source}")),
        change_id: Uuid::nil(),
        linked_at: None,
        pending: BTreeMap::new(),
        object: None,
    };
    stage.store.put_link(lease, &link).await.unwrap();
}

async fn with_links() -> Stage {
    let stage = Stage::new().await;
    let until = noon() + SignedDuration::from_mins(1);
    let (lease, _) = stage.store.acquire(&JobId::new(JOB), noon(), until).await.unwrap();
    linked(&stage, &lease, ObjectType::User, "E1", Some("a-1")).await;
    linked(&stage, &lease, ObjectType::Group, "cn=Sales,dc=a/b (x)", Some("g-1")).await;
    linked(&stage, &lease, ObjectType::User, "o'neil", Some("E1 in the app")).await;
    linked(&stage, &lease, ObjectType::User, "skipped", None).await;
    // An account that is called like somebody in the source.
    linked(&stage, &lease, ObjectType::User, "E9", Some("E1")).await;
    stage
}

#[tokio::test]
async fn a_connection_is_found_from_either_side_and_from_the_source_first() {
    let stage = with_links().await;
    let group = "cn=Sales,dc=a/b (x)";
    let cases = [
        ("('E1')", "E1", "E1", "a-1", "user"),
        ("/E1", "E1", "E1", "a-1", "user"),
        ("/a-1", "a-1", "E1", "a-1", "user"),
        ("('g-1')", "g-1", group, "g-1", "group"),
        ("('cn=Sales,dc=a%2Fb (x)')", group, group, "g-1", "group"),
        ("('o''neil')", "o'neil", "o'neil", "E1 in the app", "user"),
        ("/E9", "E9", "E9", "E1", "user"),
    ];
    for (asked, id, source, target, kind) in cases {
        let connection = stage.get(&path(asked)).await.good();
        assert!(connection["@odata.context"].as_str().unwrap().ends_with("objectConnections/$entity"));
        let expected = json!({
            "@odata.context": connection["@odata.context"], "objectId": id, "sourceAnchor": source,
            "targetAnchor": target, "displayName": format!("Name of {source}"), "objectTypeName": kind,
        });
        assert_eq!(connection, expected, "{asked}");
    }
}

#[tokio::test]
async fn who_is_not_linked_has_no_connection() {
    let stage = with_links().await;
    for asked in ["/nobody", "('skipped')", "('e1')"] {
        let answer = stage.get(&path(asked)).await;
        assert!(answer.refused(404, "Request_ResourceNotFound").contains("is linked"), "{asked}");
    }
    let other = path("/E1").replace(JOB, "scim.other");
    assert!(stage.get(&other).await.refused(404, "Request_ResourceNotFound").contains("scim.other"));
}

#[tokio::test]
async fn connections_are_not_listed() {
    let stage = with_links().await;
    for of in ["", "/"] {
        let answer = stage.get(&path(of)).await;
        assert!(answer.refused(400, "Request_BadRequest").contains("objectConnections('ID')"));
    }
}

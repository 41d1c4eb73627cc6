//! Switching an account on and changing it: in one request, or in two where the target wants that.

use engine::model::{AttributeChange, TargetId, Value};
use engine::ports::{Target, TargetErrorKind as Kind, TargetOperation};
use serde_json::{Value as Json, json};
use testkit::sandbox::{Quirks, Sandbox, Settings};

use super::super::ScimTarget;
use super::server::{Reply, Server};
use super::{TOKEN, USER, bulk_target_at, change, execute, target_at};

fn on() -> AttributeChange {
    let old = Some(Value::Boolean(false));
    AttributeChange { path: "active".into(), old, new: Some(Value::Boolean(true)), adds: false }
}

fn returning(id: &str) -> TargetOperation {
    TargetOperation::Update(USER, TargetId::new(id), vec![on(), change("title", Some("old"), "new")])
}

fn refused(status: u16) -> Reply {
    Reply::json(status, &json!({ "detail": "not in this state" }))
}

fn done() -> Reply {
    Reply::raw(204, "")
}

/// The paths that each PATCH changed.
fn changed(server: &Server) -> Vec<Vec<String>> {
    let paths = |body: Json| {
        let operations = body["Operations"].as_array().unwrap().clone();
        operations.iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect()
    };
    server.arrived().iter().map(|arrived| paths(arrived.json())).collect()
}

#[tokio::test]
async fn a_refused_reactivation_is_tried_active_first_and_that_is_remembered() {
    for status in [400, 409, 422] {
        let server = Server::start([refused(status), done(), done(), done(), done()]).await;
        let (target, _) = target_at(&server.url(), TOKEN);
        for id in ["1", "2"] {
            execute(&target, returning(id)).await.unwrap();
        }
        let expected =
            [vec!["active", "title"], vec!["active"], vec!["title"], vec!["active"], vec!["title"]];
        assert_eq!(changed(&server), expected, "{status}");
    }
}

#[tokio::test]
async fn active_first_is_tried_once_a_connection_while_it_does_not_help() {
    // Refused as it is, and when switched on alone, too.
    let server = Server::start([refused(400), refused(403), refused(400)]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    for id in ["1", "2"] {
        assert_eq!(execute(&target, returning(id)).await.unwrap_err().status, Some(400));
    }
    assert_eq!(changed(&server), [vec!["active", "title"], vec!["active"], vec!["active", "title"]]);

    // Switched on alone, and the rest refused nevertheless: its own fault.
    let server = Server::start([refused(400), done(), refused(422), refused(400)]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let statuses = [execute(&target, returning("1")).await, execute(&target, returning("2")).await];
    assert_eq!(statuses.map(|outcome| outcome.unwrap_err().status), [Some(422), Some(400)]);
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn what_has_another_reason_is_not_tried_in_two_parts() {
    let taken = Reply::json(409, &json!({ "scimType": "uniqueness" }));
    let off = AttributeChange { new: Some(Value::Boolean(false)), ..on() };
    let title = || change("title", None, "new");
    let cases = [
        (vec![on(), title()], taken, Kind::Conflict),
        (vec![on(), title()], Reply::raw(404, ""), Kind::NotFound),
        (vec![on()], refused(400), Kind::InvalidValue),
        (vec![title()], refused(400), Kind::InvalidValue),
        (vec![off, title()], refused(400), Kind::InvalidValue),
        (
            vec![change("urn:contoso:2.0:User:active", None, "True"), title()],
            refused(400),
            Kind::InvalidValue,
        ),
    ];
    for (changes, reply, kind) in cases {
        let server = Server::start([reply]).await;
        let (target, _) = target_at(&server.url(), TOKEN);
        let update = TargetOperation::Update(USER, TargetId::new("1"), changes.clone());
        assert_eq!(execute(&target, update).await.unwrap_err().kind, kind, "{changes:?}");
        assert_eq!(server.lines().len(), 1, "{changes:?}");
    }
}

async fn leavers(quirks: Quirks) -> (Sandbox, Vec<TargetOperation>) {
    let sandbox = Sandbox::start(Settings { quirks, ..Settings::default() }).await.unwrap();
    let leaver = |name: &str| json!({ "userName": name, "active": false, "title": "old" });
    sandbox.seed(["ada", "ben", "cem"].map(leaver).to_vec()).unwrap();
    let returning = |user: &Json| returning(user["id"].as_str().unwrap());
    let operations = sandbox.users().iter().map(returning).collect();
    (sandbox, operations)
}

async fn all_return(sandbox: &Sandbox, target: &ScimTarget, operations: &[TargetOperation]) {
    let outcomes = target.execute(operations).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    for user in sandbox.users() {
        assert_eq!((&user["active"], &user["title"]), (&json!(true), &json!("new")));
    }
}

#[tokio::test]
async fn everyone_returns_to_a_server_that_refuses_both_at_once() {
    let quirks = Quirks { refuse_reactivation_with_changes: true, ..Quirks::default() };
    let (sandbox, operations) = leavers(quirks.clone()).await;
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    for operation in &operations {
        execute(&target, operation.clone()).await.unwrap();
    }
    assert_eq!(sandbox.counters().patch, 1 + 2 * 3);
    all_return(&sandbox, &target, &[]).await;

    let (sandbox, operations) = leavers(quirks).await;
    let (target, _) = bulk_target_at(&sandbox.base_url(), sandbox.token());
    all_return(&sandbox, &target, &operations).await;
    assert_eq!(sandbox.counters().bulk, 1);
}

#[tokio::test]
async fn a_correct_server_gets_both_at_once() {
    let (sandbox, operations) = leavers(Quirks::default()).await;
    let (target, _) = target_at(&sandbox.base_url(), sandbox.token());
    all_return(&sandbox, &target, &operations).await;
    assert_eq!(sandbox.counters().patch, 3);
}

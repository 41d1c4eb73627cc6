//! What a person does to a job.

use axum::http::Method;
use engine::job::StatusCode as Health;
use engine::model::SourceId;
use engine::ports::Store as _;
use serde_json::{Value, json};

use crate::stage::{Stage, noon};

impl Stage {
    async fn health(&self) -> Health {
        let stored = self.stored("Ledgerly").await;
        self.context.store.job(&stored.job).await.unwrap().state.code
    }
}

#[tokio::test]
async fn a_job_is_paused_started_and_restarted() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    stage.post(&format!("{job}/pause"), &Value::Null).await.is(204);
    assert_eq!(stage.health().await, Health::Paused);
    // Twice is once.
    stage.post(&format!("{job}/pause"), &Value::Null).await.is(204);
    stage.post(&format!("{job}/start"), &json!({})).await.is(204);
    assert_eq!(stage.health().await, Health::Active);
    let scope = json!({ "criteria": { "resetScope": "Watermark, Escrows, QuarantineState" } });
    stage.post(&format!("{job}/restart"), &scope).await.is(204);
    assert_eq!(stage.health().await, Health::NotRun);
    stage.post(&format!("{job}/restart"), &Value::Null).await.is(204);
    let why =
        stage.post(&format!("{job}/restart"), &json!({ "criteria": { "resetScope": "Everything" } })).await;
    let why = why.refused(400);
    assert!(why.contains("criteria.resetScope") && why.contains("ForceDeletes"), "{why}");
    let activities: Vec<String> = stage.audits().await.into_iter().map(|entry| entry.activity).collect();
    assert_eq!(
        activities,
        ["Restart job", "Restart job", "Start job", "Pause job", "Pause job", "Add application"]
    );
}

#[tokio::test]
async fn somebody_is_provisioned_now_with_graphs_pair() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let path = format!("{job}/provisionOnDemand");
    let about = |id: &str| json!({ "parameters": [{ "ruleId": "r", "subjects": [{ "objectId": id, "objectTypeName": "User" }] }] });
    let pair = stage.post(&path, &about("1")).await.is(200);
    let read = |name: &str| serde_json::from_str::<Value>(pair[name].as_str().unwrap()).unwrap();
    assert_eq!(read("key")["result"], "Success");
    let value = read("value");
    assert_eq!(
        (&value["action"], &value["sourceIdentity"]["displayName"]),
        (&json!("Create"), &json!("Nadia Okoye"))
    );
    assert!(value["provisioningSteps"].as_array().is_some_and(|steps| !steps.is_empty()));
    assert_eq!(stage.app.users().len(), 1);

    let pair = stage.post(&path, &about("1")).await.is(200);
    assert!(pair["key"].as_str().unwrap().contains("Skipped"), "{pair}");
    stage.post(&path, &about("nobody")).await.refused(404);
    stage.post(&path, &json!({ "parameters": [] })).await.refused(400);
    let members: Vec<Value> = (0..6).map(|id| json!({ "objectId": id.to_string() })).collect();
    let many =
        json!({ "parameters": [{ "subjects": [{ "objectId": "g", "links": { "members": members } }] }] });
    assert!(stage.post(&path, &many).await.refused(400).contains("5 members"));
}

#[tokio::test]
async fn what_waits_is_decided_by_name_or_all_of_it() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    let never = json!({ "removals": { "maximum": 0 } });
    stage.ask(Method::PATCH, "/v1.0/applications/Ledgerly", &never).await.is(204);
    std::fs::write(
        stage.people(),
        "employeeId,userPrincipalName,displayName,accountEnabled\n2,ivo@x.example,Ivo,true\n",
    )
    .unwrap();
    let report = stage.cycle("Ledgerly").await;
    assert_eq!(report.figures.held, 1, "{report:?}");

    let held = |decision: &str| format!("{job}/heldRemovals/{decision}");
    stage.post(&held("approve"), &json!({ "sourceIds": ["2"] })).await.refused(404);
    stage.post(&held("approve"), &json!({})).await.refused(400);
    stage.post(&held("approve"), &json!({ "all": true, "sourceIds": ["1"] })).await.refused(400);
    stage.post(&held("forget"), &json!({ "all": true })).await.refused(404);
    stage.post(&held("approve"), &json!({ "sourceIds": ["1"], "stagedBefore": noon() })).await.refused(400);
    for (decision, given, decided) in [
        // It came after somebody looked.
        ("approve", json!({ "all": true, "stagedBefore": noon() }), 0),
        ("reconsider", json!({ "all": true }), 0),
        ("reject", json!({ "all": true, "stagedBefore": stage.context.clock.now() }), 1),
        // What somebody decided stays so until they take it back.
        ("approve", json!({ "all": true }), 0),
        ("reconsider", json!({ "all": true }), 1),
    ] {
        let told = stage.post(&held(decision), &given).await.is(200);
        assert_eq!(told["decided"], decided, "{decision} {given}");
    }
    for (decision, expected) in [("reject", Some(false)), ("reconsider", None), ("approve", Some(true))] {
        assert_eq!(stage.post(&held(decision), &json!({ "sourceIds": ["1"] })).await.is(200)["decided"], 1);
        let stored = stage.stored("Ledgerly").await;
        let [waiting] = &stage.context.store.staged(&stored.job).await.unwrap()[..] else { panic!() };
        assert_eq!(waiting.decision.as_ref().map(|decision| decision.approved), expected, "{decision}");
    }
    stage.cycle("Ledgerly").await;
    assert_eq!(stage.app.user_by_name("nadia@x.example").map(|user| user["active"].clone()), None);
    let escrow = stage.post(&format!("{job}/escrows/retry"), &json!({ "sourceIds": ["2"] })).await;
    assert!(escrow.refused(404).contains("escrow"));
    assert_eq!(
        stage.post(&format!("{job}/escrows/ignore"), &json!({ "all": true })).await.is(200)["decided"],
        0
    );
}

#[tokio::test]
async fn a_link_is_deleted_while_the_job_rests_and_found_again() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    let link = format!("{job}/objectConnections/1");
    assert!(stage.ask(Method::DELETE, &link, &Value::Null).await.refused(409).contains("pause"));
    stage.post(&format!("{job}/pause"), &Value::Null).await.is(204);
    for _ in 0..2 {
        stage.ask(Method::DELETE, &link, &Value::Null).await.is(204);
    }
    let stored = stage.stored("Ledgerly").await;
    let links = stage.context.store.all_links(&stored.job).await.unwrap();
    assert_eq!(links.iter().map(|link| &link.source_id).collect::<Vec<_>>(), [&SourceId::new("2")]);
    stage.post(&format!("{job}/start"), &Value::Null).await.is(204);
    // A person whom nothing changed about is looked at once the file is read again.
    let people = std::fs::read_to_string(stage.people()).unwrap();
    std::fs::write(stage.people(), format!("{people}3,may@x.example,May Lind,true\n")).unwrap();
    let report = stage.cycle("Ledgerly").await;
    assert_eq!((report.figures.created, stage.app.users().len()), (1, 3), "{report:?}");
    assert_eq!(stage.context.store.all_links(&stored.job).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_plan_is_made_and_executed_as_it_is() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let made = stage.post(&format!("{job}/plans"), &Value::Null).await;
    let place = made.headers["location"].to_str().unwrap().to_owned();
    let plan = made.is(201)["id"].as_str().unwrap().to_owned();
    assert!(place.ends_with(&plan) && place.contains("/plans/"), "{place}");
    assert_eq!(stage.app.users().len(), 0);
    let told = stage.post(&format!("{job}/plans/{plan}/apply"), &Value::Null).await.is(200);
    assert_eq!((told["ended"].as_str(), stage.app.users().len()), (Some("completed"), 2));
    for unknown in ["7", "00000000-0000-0000-0000-000000000000"] {
        stage.post(&format!("{job}/plans/{unknown}/apply"), &Value::Null).await.refused(404);
    }
}

#[tokio::test]
async fn an_expression_is_parsed_and_tried() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let path = format!("{job}/schema/parseExpression");
    let properties = json!([{ "key": "costCentre", "value": "EU/4410" }]);
    let body = json!({
        "expression": r#"Replace([costCentre], "/", , , ".", , )"#,
        "testInputObject": { "definition": null, "properties": properties },
    });
    let told = stage.post(&path, &body).await.is(200);
    assert_eq!(told["evaluationResult"], json!(["EU.4410"]));
    let told = stage.post(&path, &json!({ "expression": "Replace(" })).await.is(200);
    assert_eq!((&told["parsingSucceeded"], told["error"].is_null()), (&json!(false), false));
}

//! Another document is looked at before it is saved.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use store::OperationStatus;

use crate::stage::{Answer, Stage};

/// Ledgerly with its two people, and its document for those who are called Ivo.
async fn narrowed(stage: &Stage) -> (String, Value) {
    stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    let mut document = stage.stored("Ledgerly").await.document;
    let clause = json!({ "attribute": "displayName", "operator": "EQUALS", "value": "Ivo Brandt" });
    document["users"]["scope"] = json!({ "filter": [{ "clauses": [clause] }] });
    ("/v1.0/applications/Ledgerly/preview".to_owned(), document)
}

/// Sends a file.
async fn send(stage: &Stage, method: Method, path: &str, yaml: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", "rollcall.example");
    let request = request.header("authorization", "Bearer s3cret").header("content-type", "application/yaml");
    stage.answer(request.body(Body::from(yaml.to_owned())).unwrap()).await
}

#[tokio::test]
async fn what_a_narrower_filter_would_do_is_told_and_nothing_is_done() {
    let stage = Stage::new().await;
    let (path, document) = narrowed(&stage).await;
    let before = stage.stored("Ledgerly").await;
    stage.app.reset_counters();
    let answer = stage.post(&path, &document).await;
    let place = answer.headers["operation-location"].to_str().unwrap().to_owned();
    let told = answer.is(200);
    assert_eq!(told["differences"][0]["field"], "users.scope");
    assert_eq!(told["version"], 1);
    let found = &told["consequences"];
    assert_eq!((&found["switchedOff"], &found["inScope"]), (&json!(1), &json!(1)), "{found:#}");
    assert_eq!(found["samples"]["switchedOff"], json!(["Nadia Okoye"]));
    assert_eq!(told["document"]["users"]["scope"], document["users"]["scope"]);

    assert_eq!(stage.stored("Ledgerly").await, before, "nothing is saved");
    assert_eq!(stage.app.user_by_name("nadia@x.example").unwrap()["active"], true);
    let id = place.rsplit('/').next().unwrap().parse().unwrap();
    let now = stage.context.clock.now();
    let operation = stage.context.store.operation(id, now).await.unwrap().unwrap();
    assert_eq!((operation.status, operation.answer), (OperationStatus::Succeeded, Some(told)));
}

#[tokio::test]
async fn what_concerns_nobodys_account_is_looked_at_without_source_and_target() {
    let stage = Stage::new().await;
    let (path, _) = narrowed(&stage).await;
    let mut document = stage.stored("Ledgerly").await.document;
    document["schedule"] = json!({ "interval": "2h" });
    std::fs::remove_file(stage.people()).unwrap();
    stage.app.reset_counters();
    let told = stage.post(&path, &document).await.is(200);
    assert_eq!(told["consequences"], Value::Null);
    assert_eq!(told["differences"], json!([{ "field": "schedule.interval", "new": "2h" }]));
    assert_eq!(stage.app.counters().total, 0);
}

#[tokio::test]
async fn a_file_is_taken_as_it_is_and_its_problem_named_by_line() {
    let stage = Stage::new().await;
    let (path, document) = narrowed(&stage).await;
    let file = connectors::application::as_yaml(&document).unwrap();
    let told = send(&stage, Method::POST, &path, &file).await.is(200);
    assert_eq!(told["document"], document);
    let one = "/v1.0/applications/Ledgerly";
    send(&stage, Method::PUT, one, &file).await.is(204);
    assert_eq!(stage.stored("Ledgerly").await.document, document);

    let problem =
        send(&stage, Method::POST, &path, &file.replacen("source:", "sauce:", 1)).await.refused(400);
    assert!(problem.contains("line") && problem.contains("sauce"), "{problem}");
    let latin =
        Request::post(&path).header("host", "rollcall.example").header("authorization", "Bearer s3cret");
    let latin = latin.header("content-type", "application/yaml; charset=utf-8").body(Body::from(vec![0xE9]));
    assert!(stage.answer(latin.unwrap()).await.refused(400).contains("UTF-8"));
}

#[tokio::test]
async fn what_could_not_be_saved_is_not_looked_at() {
    let stage = Stage::new().await;
    let (path, document) = narrowed(&stage).await;
    let other = stage.ask_if(Method::POST, &path, &document, Some("\"7\"")).await;
    assert!(other.refused(412).contains("version 1 is the present one"));
    let mut foreign = document.clone();
    foreign["target"]["scim"]["token"] = json!("env:AWS_SECRET_ACCESS_KEY");
    let mut large = document.clone();
    let attributes = large["users"]["attributes"].as_array_mut().unwrap();
    attributes.extend(
        (0..60).map(
            |turn| json!({ "target": format!("urn:x:2.0:User:n{turn}"), "constant": "x".repeat(2_000) }),
        ),
    );
    assert!(stage.post(&path, &large).await.refused(413).contains("larger than"));
    let stage = stage.managed();
    assert!(stage.post(&path, &foreign).await.refused(400).contains("target.scim.token"));
}

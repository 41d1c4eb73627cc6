//! What a target says it can hold, and what its schema shows of that.

use axum::http::Method;
use connectors::application::exchange;
use serde_json::{Value, json};

use crate::stage::{Answer, Stage, noon};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The names of the attributes of a directory's first type of objects.
fn names(directory: &Value) -> Vec<&str> {
    let attributes = directory["objects"][0]["attributes"].as_array().unwrap();
    attributes.iter().map(|one| one["name"].as_str().unwrap()).collect()
}

async fn discover(stage: &Stage, job: &str, directory: &str) -> Answer {
    stage.post(&format!("{job}/schema/directories/{directory}/discover"), &Value::Null).await
}

/// The schema as it is shown now.
async fn shown(stage: &Stage) -> Value {
    let stored = stage.stored("Ledgerly").await;
    let found = stage.context.store.discovered(&stored.id).await.unwrap();
    let whole = serde_json::from_value(stored.document).unwrap();
    json!(exchange::schema_with(&whole, stored.job.as_str(), stored.version, found))
}

#[tokio::test]
async fn what_the_app_says_it_can_hold_shows_in_the_schema_from_then_on() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let before = shown(&stage).await;
    assert_eq!(names(&before["directories"][1]), ["active", "displayName", "id", "userName"]);
    assert_eq!(before["directories"][1]["version"], Value::Null);

    let mut told = discover(&stage, &job, "target").await.is(200);
    let context = told.as_object_mut().unwrap().remove("@odata.context").unwrap();
    assert!(
        context.as_str().unwrap().ends_with("$metadata#microsoft.graph.directoryDefinition"),
        "{context}"
    );
    assert_eq!(
        [&told["id"], &told["name"], &told["readOnly"]],
        [&json!("target"), &json!("Ledgerly"), &json!(false)]
    );
    assert_eq!(told["discoverabilities"], "AttributeNames, AttributeDataTypes, AttributeReadOnly");
    assert!(told["discoveryDateTime"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() > noon());
    let department = format!("{ENTERPRISE}:department");
    for name in ["userName", "name.givenName", r#"emails[type eq "work"].value"#, &department] {
        assert!(names(&told).contains(&name), "{name}: {told:#}");
    }

    let after = shown(&stage).await;
    assert_eq!(after["directories"][1], told);
    assert_eq!(after["directories"][0], before["directories"][0]);
    assert_eq!(after["synchronizationRules"], before["synchronizationRules"]);
    assert_eq!(stage.audits().await[0].activity, "Discover schema");

    // Its version leads to whoever asked; the name leads to the directory, too; and each discovery is a new one.
    let operation = told["version"].as_str().unwrap().parse().unwrap();
    let kept = stage.context.store.operation(operation, stage.context.clock.now()).await.unwrap().unwrap();
    assert!(kept.answer.unwrap()["attributes"].as_u64().unwrap() > 50);
    let again = discover(&stage, &job, "Ledgerly").await.is(200);
    assert_ne!(again["version"], told["version"]);
    assert_eq!(again["objects"], told["objects"]);

    // Whoever sends back what they read changes nothing.
    let stored = stage.stored("Ledgerly").await;
    stage.ask(Method::PUT, &format!("{job}/schema"), &after).await.is(204);
    assert_eq!(stage.stored("Ledgerly").await.document, stored.document);
}

#[tokio::test]
async fn an_app_that_does_not_say_it_is_refused_with_the_cure_and_what_was_found_stays() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let told = discover(&stage, &job, "target").await.is(200);
    let (principal, _) = stage.paths(&stage.stored("Ledgerly").await.id).await;
    let moved = |url: &str| json!({ "target": { "scim": { "url": url } } });
    let application = principal.replace("servicePrincipals", "applications");
    let nowhere = stage.app.base_url().replace("/scim/v2", "/nowhere");
    let cases = [
        (stage.app.base_url(), "another", 400, "renew it"),
        (nowhere, stage.app.token(), 502, "names that the app documents"),
        ("http://127.0.0.1:1/scim".to_owned(), "", 400, "it is empty"),
        ("http://127.0.0.1:1/scim".to_owned(), stage.app.token(), 502, "cannot be reached"),
    ];
    for (url, token, status, cure) in cases {
        std::fs::write(stage.folder.path().join("token"), token).unwrap();
        stage.ask(Method::PATCH, &application, &moved(&url)).await.is(204);
        let why = discover(&stage, &job, "target").await.refused(status);
        assert!(why.contains(cure), "{why}");
    }
    let (directory, found) = (&shown(&stage).await["directories"][1], &told["version"]);
    assert_eq!(directory["version"], Value::Null, "another address is another app");
    stage.ask(Method::PATCH, &application, &moved(&stage.app.base_url())).await.is(204);
    assert_eq!(shown(&stage).await["directories"][1]["version"], *found);
}

#[tokio::test]
async fn the_sources_directory_is_not_discovered_and_a_draft_has_no_target_yet() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let why = discover(&stage, &job, "source").await.refused(400);
    assert!(why.contains("not discovered"), "{why}");
    let made = json!({ "displayName": "Draft" });
    let made = stage.post("/v1.0/applicationTemplates/scim/instantiate", &made).await.is(201);
    let (_, job) = stage.paths(made["application"]["id"].as_str().unwrap()).await;
    let why = discover(&stage, &job, "target").await.refused(400);
    assert!(why.contains("not configured yet"), "{why}");
}

//! A script as the source of a job.

use axum::http::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

impl Stage {
    /// The document of an application whose people are uploaded.
    fn uploaded(&self) -> Value {
        let mut document = self.document();
        document["source"] = json!({ "inbound": { "uploadsPerDay": 3 } });
        document["users"]["attributes"] = json!([
            { "target": "userName", "source": "userName", "matchingPriority": 1 },
            { "target": "displayName", "source": "displayName" },
            { "target": "active", "expression": "Not([IsSoftDeleted])" },
        ]);
        document
    }
}

fn bulk(operations: &[Value]) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations })
}

fn person(id: &str, name: &str) -> Value {
    json!({ "method": "POST", "path": "/Users", "bulkId": id, "data": {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "externalId": id, "userName": format!("{id}@x.example"), "displayName": name, "active": true,
    } })
}

#[tokio::test]
async fn people_who_are_uploaded_get_accounts_and_lose_them_when_they_are_said_to_be_gone() {
    let stage = Stage::new().await;
    stage.post("/v1.0/applications", &stage.uploaded()).await.is(201);
    let (_, job) = stage.paths(&stage.stored("Ledgerly").await.id).await;
    let path = format!("{job}/bulkUpload");
    let told =
        stage.post(&path, &bulk(&[person("1", "Nadia Okoye"), person("2", "Ivo Brandt")])).await.is(202);
    assert_eq!(told["people"], 2);
    assert_eq!(stage.cycle("Ledgerly").await.figures.created, 2);
    assert_eq!(stage.app.user_by_name("1@x.example").unwrap()["displayName"], "Nadia Okoye");

    let gone = json!({ "method": "DELETE", "path": "/Users/2", "bulkId": "gone" });
    stage.post(&path, &bulk(&[person("1", "Nadia Brandt"), gone])).await.is(202);
    let report = stage.cycle("Ledgerly").await;
    assert_eq!((report.figures.updated, report.figures.deleted), (1, 1), "{report:?}");
    assert_eq!(stage.app.user_by_name("1@x.example").unwrap()["displayName"], "Nadia Brandt");
    assert!(stage.app.user_by_name("2@x.example").is_none());
    assert_eq!(stage.audits().await[0].activity, "Upload people");

    // The day's last one, and one more.
    stage.post(&path, &bulk(&[person("1", "Nadia Brandt")])).await.is(202);
    let answer = stage.post(&path, &bulk(&[person("1", "Nadia")])).await;
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((11 * 3600..=12 * 3600).contains(&wait), "{wait}");
    assert!(answer.refused(429).contains("uploadsPerDay"));
}

#[tokio::test]
async fn an_upload_that_is_not_understood_stages_nobody() {
    let stage = Stage::new().await;
    stage.post("/v1.0/applications", &stage.uploaded()).await.is(201);
    let (_, job) = stage.paths(&stage.stored("Ledgerly").await.id).await;
    let path = format!("{job}/bulkUpload");
    let mut nameless = person("3", "May");
    nameless["data"].as_object_mut().unwrap().remove("externalId");
    let why = stage.post(&path, &bulk(&[person("1", "Nadia"), nameless])).await.refused(400);
    assert!(why.contains("Operations[1]") && why.contains("externalId"), "{why}");
    assert_eq!(stage.cycle("Ledgerly").await.figures.imported, 0);

    let elsewhere = stage.document();
    stage.ask(Method::PUT, "/v1.0/applications/Ledgerly", &elsewhere).await.is(204);
    let why = stage.post(&path, &bulk(&[person("1", "Nadia")])).await.refused(409);
    assert!(why.contains("inbound"), "{why}");
}

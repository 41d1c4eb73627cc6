//! Applications, from nothing to accounts in the app.

use axum::http::Method;
use connectors::application::exchange;
use serde_json::{Value, json};

use crate::stage::Stage;

#[tokio::test]
async fn an_application_is_made_configured_and_started_as_graphs_own_steps_have_it() {
    let stage = Stage::new().await;
    let source =
        json!({ "file": { "path": stage.people(), "id": "employeeId", "enabled": "accountEnabled" } });
    let body = json!({ "displayName": "Ledgerly", "source": source });
    let made = stage.post("/v1.0/applicationTemplates/scim/instantiate", &body).await.is(201);
    let (principal, job) = stage.paths(made["servicePrincipal"]["id"].as_str().unwrap()).await;
    let jobs = format!("{principal}/synchronization/jobs");

    let told = stage.post(&jobs, &json!({ "templateId": "scim" })).await.is(201);
    assert_eq!(told["status"]["code"], "NotConfigured");
    assert_eq!(told["schedule"]["state"], "Disabled");

    // What is not configured does not start, and says what it lacks.
    let why = stage.post(&format!("{job}/start"), &Value::Null).await.refused(400);
    assert!(why.contains("url"), "{why}");

    let given = |token: &str| {
        json!({ "useSavedCredentials": false, "credentials": [
            { "key": "BaseAddress", "value": stage.app.base_url() }, { "key": "SecretToken", "value": token },
        ] })
    };
    let validate = format!("{job}/validateCredentials");
    let why = stage.post(&validate, &given("wrong")).await.refused(400);
    assert!(why.contains("401") && !why.contains("wrong"), "{why}");
    stage.post(&validate, &given(stage.app.token())).await.is(204);

    let secrets = json!({ "value": given(stage.app.token())["credentials"] });
    stage.ask(Method::PUT, &format!("{principal}/synchronization/secrets"), &secrets).await.is(204);
    stage.post(&validate, &json!({ "useSavedCredentials": true })).await.is(204);

    // The file has three of the attributes that the template maps.
    let stored = stage.stored("Ledgerly").await;
    let whole = serde_json::from_value(stored.document).unwrap();
    let mut schema = json!(exchange::schema_of(&whole, stored.job.as_str(), stored.version));
    let mappings = &mut schema["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"];
    let has = ["userName", "displayName", "active"];
    mappings.as_array_mut().unwrap().retain(|one| has.iter().any(|name| one["targetAttributeName"] == *name));
    stage.ask(Method::PUT, &format!("{job}/schema"), &schema).await.is(204);

    stage.post(&format!("{job}/start"), &Value::Null).await.is(204);
    let report = stage.cycle("Ledgerly").await;
    assert_eq!(report.figures.created, 2, "{report:?}");
    assert!(stage.app.user_by_name("nadia@x.example").is_some());

    // An application has one job.
    stage.post(&jobs, &json!({ "templateId": "scim" })).await.refused(409);
    let stored = stage.stored("Ledgerly").await;
    assert!(!stored.document.to_string().contains(stage.app.token()), "the token is in the document");
    for entry in stage.audits().await {
        let text = serde_json::to_string(&entry).unwrap();
        assert!(!text.contains(stage.app.token()), "the token is in the audit: {text}");
    }
}

#[tokio::test]
async fn a_change_names_the_version_it_was_made_from_and_leaves_an_entry() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let path = "/v1.0/applications/Ledgerly";
    let change = json!({ "schedule": { "interval": "2h" } });
    let answer = stage.ask_if(Method::PATCH, path, &change, Some("\"1\"")).await;
    assert_eq!(answer.headers["etag"], "\"2\"");
    answer.is(204);
    let why = stage.ask_if(Method::PATCH, path, &change, Some("\"1\"")).await.refused(412);
    assert!(why.contains("version 2"), "{why}");
    let stored = stage.stored("Ledgerly").await;
    assert_eq!((stored.version, &stored.document["schedule"]["interval"]), (2, &json!("2h")));

    let [entry, added] = &stage.audits().await[..] else { panic!() };
    assert_eq!((entry.activity.as_str(), added.activity.as_str()), ("Update application", "Add application"));
    let [change] = &entry.changes[..] else { panic!("{entry:?}") };
    assert_eq!(change.field, "schedule.interval");
    assert_eq!((change.old.clone(), change.new.clone()), (None, Some(json!("2h"))));

    // The same once more changes nothing, and says nothing.
    stage.ask(Method::PATCH, path, &json!({ "schedule": { "interval": "2h" } })).await.is(204);
    assert_eq!(stage.stored("Ledgerly").await.version, 2);
    assert_eq!(stage.audits().await.len(), 2);
    stage.ask(Method::PUT, path, &stage.document()).await.is(204);
    assert_eq!(stage.stored("Ledgerly").await.document["schedule"].get("interval"), None);
}

#[tokio::test]
async fn an_application_that_is_deleted_is_gone_and_its_accounts_stay() {
    let stage = Stage::new().await;
    let (principal, job) = stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    stage.ask(Method::DELETE, &job, &Value::Null).await.is(204);
    let stored = stage.stored("Ledgerly").await;
    let view = stage.context.store.job(&stored.job).await.unwrap();
    assert_eq!((view.state.code, view.state.counts.linked), (engine::job::StatusCode::NotConfigured, 0));
    stage.ask(Method::DELETE, &principal, &Value::Null).await.is(204);
    assert_eq!(stage.context.store.applications().await.unwrap(), []);
    assert_eq!(stage.app.users().len(), 2);
    stage.ask(Method::DELETE, &principal, &Value::Null).await.refused(404);
}

#[tokio::test]
async fn credentials_that_were_put_away_go_with_their_application() {
    let stage = Stage::new().await;
    let (principal, _) = stage.ledgerly().await;
    let given = json!({ "value": [{ "key": "SecretToken", "value": stage.app.token() }] });
    stage.ask(Method::PUT, &format!("{principal}/synchronization/secrets"), &given).await.is(204);
    let put_away = || std::fs::read_dir(stage.folder.path().join("vault")).unwrap().count();
    assert_eq!(put_away(), 1);
    stage.ask(Method::DELETE, &principal, &Value::Null).await.is(204);
    assert_eq!(put_away(), 0);
}

#[tokio::test]
async fn a_schema_is_replaced_and_brought_back_to_the_default() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let path = format!("{job}/schema");
    let stored = stage.stored("Ledgerly").await;
    let read = |document: &Value| serde_json::from_value(document.clone()).unwrap();
    let schema = exchange::schema_of(&read(&stored.document), stored.job.as_str(), 1);
    let mut schema = serde_json::to_value(&schema).unwrap();

    // Whoever sends back what they read changes nothing.
    stage.ask(Method::PUT, &path, &schema).await.is(204);
    assert_eq!(stage.stored("Ledgerly").await.version, 1);

    let mappings = &mut schema["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"];
    mappings.as_array_mut().unwrap().retain(|mapping| mapping["targetAttributeName"] != "displayName");
    stage.ask_if(Method::PUT, &path, &schema, Some("W/\"v7\"")).await.refused(412);
    stage.ask_if(Method::PUT, &path, &schema, Some("\"1\"")).await.is(204);
    let after = stage.stored("Ledgerly").await;
    assert_eq!(after.document["users"]["attributes"].as_array().unwrap().len(), 2);
    assert_eq!(after.document["source"], stored.document["source"]);

    schema["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][0]["targetAttributeName"] =
        json!("no such");
    let why = stage.ask(Method::PUT, &path, &schema).await.refused(400);
    assert!(why.contains("attributeMappings[0]"), "{why}");
    stage.ask(Method::PUT, &path, &json!({ "directories": [] })).await.refused(400);
    assert_eq!(stage.stored("Ledgerly").await.version, 2);

    stage.ask(Method::DELETE, &path, &Value::Null).await.is(204);
    let default = stage.stored("Ledgerly").await;
    assert_eq!(default.version, 3);
    assert_ne!(default.document["users"], after.document["users"]);
}

#[tokio::test]
async fn a_schema_that_says_nothing_of_flow_types_keeps_them_when_it_is_patched_and_not_when_it_is_put() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let path = format!("{job}/schema");
    let stored = stage.stored("Ledgerly").await;
    let whole = serde_json::from_value(stored.document.clone()).unwrap();
    let mut schema = serde_json::to_value(exchange::schema_of(&whole, stored.job.as_str(), 1)).unwrap();
    let mapping = "/synchronizationRules/0/objectMappings/0";
    let flow_types = &mut schema.pointer_mut(mapping).unwrap()["flowTypes"];
    *flow_types = json!("Add, Update");
    stage.ask(Method::PATCH, &path, &schema).await.is(204);
    let actions = |document: &Value| document["users"]["actions"].clone();
    assert_eq!(actions(&stage.stored("Ledgerly").await.document), json!(["create", "update"]));

    schema.pointer_mut(mapping).unwrap().as_object_mut().unwrap().remove("flowTypes");
    stage.ask(Method::PATCH, &path, &schema).await.is(204);
    assert_eq!(actions(&stage.stored("Ledgerly").await.document), json!(["create", "update"]));
    stage.ask_if(Method::PATCH, &path, &schema, Some("\"1\"")).await.refused(412);

    stage.ask(Method::PUT, &path, &schema).await.is(204);
    assert_eq!(actions(&stage.stored("Ledgerly").await.document), json!(["create", "update", "delete"]));
}

#[tokio::test]
async fn who_is_assigned_is_who_is_provisioned() {
    let stage = Stage::new().await;
    let (principal, _) = stage.ledgerly().await;
    let path = format!("{principal}/appRoleAssignedTo");
    let made = stage.post(&path, &json!({ "principalId": "2", "principalType": "User" })).await.is(201);
    assert_eq!(made["principalId"], "2");
    assert_eq!(stage.cycle("Ledgerly").await.figures.created, 1);
    assert!(stage.app.user_by_name("ivo@x.example").is_some());
    let assignment = format!("{path}/{}", made["id"].as_str().unwrap());
    stage.ask(Method::DELETE, &assignment, &Value::Null).await.is(204);
    stage.ask(Method::DELETE, &assignment, &Value::Null).await.refused(404);
    let stored = stage.stored("Ledgerly").await;
    assert_eq!(stored.document["users"]["scope"]["assigned"], json!({}), "the last who goes leaves nobody");
}

//! The description says what is there, and what is there is described.

use std::path::Path;
use std::sync::Arc;

use api::Access;
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use control::http::References;
use control::vault::Folder;
use runtime::ask::{Answer, AskError, Asked, Worker};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use crate::stage::{APPLICATION, JOB, Stage, TOKEN};

/// Nobody is asked for a description.
struct Nobody;

#[async_trait]
impl Worker for Nobody {
    async fn ask(&self, _: Asked) -> Result<Answer, AskError> {
        Err(AskError::Failed("nobody works here".to_owned()))
    }
}

async fn description(router: Router) -> String {
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    String::from_utf8(to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_function_describes_the_whole_api_as_the_two_sides_together_do() {
    let stage = Stage::new().await;
    let access = || Access::local(TOKEN.into(), "nadia");
    let reading = || stage.settings(access());
    let writing = control::http::Settings {
        store: stage.store.clone(),
        worker: Arc::new(Nobody),
        notifier: Arc::new(Nobody),
        vault: Arc::new(Folder("nowhere".into())),
        clock: reading().clock,
        tenant: Uuid::nil(),
        references: References::Managed,
    };
    let both = query::http::routes(stage.store.clone(), reading());
    let both = description(both.merge(control::http::routes(writing, access())).served()).await;
    let both: Value = serde_json::from_str(&both).unwrap();
    assert!(both["paths"]["/v1.0/applications"]["post"].is_object());
    let pretty = format!("{both:#}\n");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("WRITE_FIXTURE").is_some() {
        std::fs::write(&kept, &pretty).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(kept).unwrap_or_default();
    assert!(
        kept == pretty,
        "renew docs/openapi.json: WRITE_FIXTURE=1 cargo test -p query --features store/embedded --test http the_function_describes"
    );
    let told = description(query::http::function(stage.store.clone(), reading())).await;
    assert!(told == kept, "the function was built from another docs/openapi.json; build it again");
}

/// A path with keys in it: those of the stage, and examples.
fn filled(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.fold(path.to_owned(), |path, one| {
        let name = one["name"].as_str().unwrap();
        let value = match name {
            "application" => APPLICATION,
            "job" => JOB,
            _ => one["example"].as_str().unwrap_or_default(),
        };
        path.replace(&format!("{{{name}}}"), value)
    })
}

#[tokio::test]
async fn every_route_answers_as_it_is_described() {
    let stage = Stage::new().await;
    let document = stage.ask(Request::get("/openapi.json")).await.good();
    assert_eq!(document["openapi"], "3.1.0");
    for (path, methods) in document["paths"].as_object().unwrap() {
        let operation = &methods["get"];
        let path = filled(path, operation);
        let answer = stage.get(&path).await;
        let status = answer.status.as_u16().to_string();
        assert!(!operation["responses"][&status].is_null(), "{path}: {status} is not described");
        assert_ne!(answer.body["error"]["message"], "there is nothing at this path", "{path}");
        let other = Request::trace(&path).header("authorization", format!("Bearer {TOKEN}"));
        assert_eq!(stage.ask(other).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn every_operation_says_what_it_does_and_shows_how() {
    let document = Stage::new().await.ask(Request::get("/openapi.json")).await.good();
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let operation = &methods["get"];
        assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{path}: an id is there twice");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let complete = parameter["description"].is_string() && !parameter["example"].is_null();
            assert!(complete && parameter["description"] != "A key.", "{path}: {parameter}");
        }
    }
}

#[tokio::test]
async fn what_the_description_refers_to_is_in_it() {
    let document = Stage::new().await.ask(Request::get("/openapi.json")).await.good();
    let text = document.to_string();
    let referred = text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut count = 0;
    for pointer in referred {
        assert!(document.pointer(pointer).is_some(), "{pointer} is nowhere");
        count += 1;
    }
    assert!(count > 100, "{count}");
}

//! The description says what is there, and what is there is described.

use axum::http::{Request, StatusCode};
use serde_json::Value;

use crate::stage::{APPLICATION, JOB, Stage, TOKEN};

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

//! The description says what is there, and what is there is described.

use axum::http::Method;
use serde_json::Value;

use crate::stage::Stage;

#[tokio::test]
async fn every_route_is_there_and_shows_what_it_reads() {
    let stage = Stage::new().await;
    let document = stage.ask(Method::GET, "/openapi.json", &Value::Null).await.is(200);
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        // No application is there, and nothing is done to one: 404 tells of it, or 400 of the body.
        let at = path.replace(['{', '}'], "");
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = stage.ask(method, &at, &Value::Null).await;
            let status = answer.status.as_u16().to_string();
            assert!(!operation["responses"][&status].is_null(), "{path}: {status} is not described");
            assert_ne!(answer.body["error"]["message"], "there is nothing at this path", "{path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{path}: an id is there twice");
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let complete = parameter["description"].is_string() && !parameter["example"].is_null();
                assert!(complete && parameter["description"] != "A key.", "{path}: {parameter}");
            }
            if let Some(body) = operation["requestBody"]["content"].as_object() {
                assert!(body.values().all(|kind| !kind["example"].is_null()), "{path}");
            }
        }
        assert_eq!(stage.ask(Method::TRACE, &at, &Value::Null).await.status.as_u16(), 405, "{path}");
    }
}

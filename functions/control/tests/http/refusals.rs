//! What is refused changes nothing.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::stage::Stage;

#[tokio::test]
async fn bad_input_is_refused_with_its_field_and_changes_nothing() {
    let stage = Stage::new().await;
    let (principal, job) = stage.ledgerly().await;
    let before = (stage.stored("Ledgerly").await, stage.audits().await.len());
    let document = stage.document();
    let with = |change: fn(&mut Value)| {
        let mut document = document.clone();
        change(&mut document);
        document
    };
    let application = "/v1.0/applications/Ledgerly".to_owned();
    let secrets = format!("{principal}/synchronization/secrets");
    let pair = |key: &str, value: &str| json!({ "value": [{ "key": key, "value": value }] });
    let cases = [
        (
            Method::POST,
            "/v1.0/applications".to_owned(),
            document.clone(),
            409,
            "another application is called",
        ),
        (Method::POST, "/v1.0/applications".to_owned(), json!({}), 400, "missing field"),
        (Method::POST, "/v1.0/applications".to_owned(), Value::Null, 400, "body is empty"),
        (Method::PUT, application.clone(), with(|it| it["colour"] = json!("red")), 400, "colour"),
        (
            Method::PUT,
            application.clone(),
            with(|it| it["target"]["scim"]["token"] = json!("ey.raw.token")),
            400,
            "target.scim.token",
        ),
        (Method::PATCH, application.clone(), json!([]), 400, "no JSON object"),
        (
            Method::PATCH,
            application.clone(),
            json!({ "removals": { "percent": 0 } }),
            400,
            "removals.percent",
        ),
        (Method::PATCH, application.clone(), json!({ "application": "no blanks" }), 400, "application"),
        (Method::PUT, secrets.clone(), json!({}), 400, "missing field"),
        (Method::PUT, secrets.clone(), pair("Sandbox", "x"), 400, "Sandbox"),
        (
            Method::PUT,
            secrets.clone(),
            pair("BaseAddress", "http://elsewhere.example"),
            400,
            "target.scim.url",
        ),
        (Method::PUT, secrets.clone(), pair("SecretToken", " "), 400, "SecretToken"),
        (
            Method::POST,
            format!("{principal}/synchronization/jobs"),
            json!({ "templateId": "paper" }),
            400,
            "templateId",
        ),
        (
            Method::POST,
            format!("{job}/validateCredentials"),
            json!({ "credentials": [] }),
            400,
            "useSavedCredentials",
        ),
        (Method::POST, format!("{job}/schema/parseExpression"), json!({ "expression": 7 }), 400, "body"),
        (
            Method::POST,
            format!("{job}/schema/directories/none/discover"),
            Value::Null,
            404,
            "directory 'none'",
        ),
        (
            Method::POST,
            format!("{principal}/appRoleAssignedTo"),
            json!({ "principalId": "" }),
            400,
            "principalId",
        ),
        (
            Method::POST,
            "/v1.0/applicationTemplates/paper/instantiate".to_owned(),
            json!({ "displayName": "a" }),
            400,
            "template 'paper'",
        ),
        (
            Method::POST,
            "/v1.0/servicePrincipals/none/synchronization/jobs/x/start".to_owned(),
            Value::Null,
            404,
            "'none'",
        ),
        (
            Method::POST,
            format!("{principal}/synchronization/jobs/other/start"),
            Value::Null,
            404,
            "no job 'other'",
        ),
        (Method::GET, format!("{job}/start"), Value::Null, 405, "method"),
        (Method::POST, "/v1.0/nowhere".to_owned(), Value::Null, 404, "nothing at this path"),
    ];
    for (method, path, body, status, expected) in cases {
        let why = stage.ask(method.clone(), &path, &body).await.refused(status);
        assert!(why.contains(expected), "{method} {path}: {why}");
        assert!(!why.contains("ey.raw.token"), "{why}");
    }
    assert_eq!(stage.stored("Ledgerly").await, before.0);
    assert_eq!(stage.audits().await.len(), before.1);
}

#[tokio::test]
async fn a_body_that_is_no_json_and_one_that_is_too_large_are_refused() {
    let stage = Stage::new().await;
    let send = |body: Vec<u8>, length: Option<usize>| {
        let mut request = Request::post("/v1.0/applications").header("authorization", "Bearer s3cret");
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        request.body(Body::from(body)).unwrap()
    };
    assert!(stage.answer(send(b"{\"a".to_vec(), None)).await.refused(400).contains("line 1 column"));
    let large = vec![b' '; 3 << 20];
    let length = Some(large.len());
    assert!(stage.answer(send(large.clone(), length)).await.refused(413).contains("2097152"));
    // One that does not say how long it is.
    stage.answer(send(large, None)).await.refused(413);
}

#[tokio::test]
async fn nobody_changes_anything_without_a_token() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    for header in [None, Some("Bearer wrong")] {
        let mut request = Request::post(format!("{job}/pause"));
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        stage.answer(request.body(Body::empty()).unwrap()).await.refused(401);
    }
}

#[tokio::test]
async fn over_https_a_document_cannot_name_what_lies_around_the_function() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    let stage = stage.managed();
    let path = "/v1.0/applications/Ledgerly";
    for stolen in ["env:AWS_SECRET_ACCESS_KEY", "file:/proc/self/environ"] {
        let change = json!({ "target": { "scim": { "token": stolen } } });
        let why = stage.ask(Method::PATCH, path, &change).await.refused(400);
        assert!(why.contains("target.scim.token") && why.contains("synchronization/secrets"), "{why}");
    }
    // What it held before, it may hold.
    stage.ask(Method::PATCH, path, &json!({ "schedule": { "interval": "1h" } })).await.is(204);
}

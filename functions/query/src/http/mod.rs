//! The HTTPS API, reading side: Microsoft Graph's paths, JSON and errors, so that its scripts and SDKs work when
//! pointed here.
//!
//! ```text
//! GET /healthz
//! GET /v1.0/servicePrincipals               all applications, each with its job          $top, $skiptoken
//! GET /v1.0/servicePrincipals/{application}
//! GET /v1.0/servicePrincipals/{application}/synchronization/jobs
//! GET /v1.0/servicePrincipals/{application}/synchronization/jobs/{job}
//! GET …/jobs/{job}/cycles                   finished ones, the newest first              $top
//! GET …/jobs/{job}/escrows                  what failed and is tried again               $top, $skiptoken
//! GET …/jobs/{job}/heldRemovals             removals that wait for the guard or a person $top, $skiptoken
//! GET /v1.0/auditLogs/provisioning          $filter, $search, $top, $orderby, $select, $count, $skiptoken
//! GET /v1.0/auditLogs/provisioning/{record}
//! ```
//!
//! In: a request, and who may ask ([`Access`]). Out: an answer that carries a `request-id`. `{application}` is an
//! application's id or its name. One router for both: behind API Gateway in the function, on loopback in `rollcall`.
//!
//! # Errors
//! Every refusal is Graph's error envelope, and says what to write instead. What the store said goes to the log, not
//! to the caller.

mod access;
mod applications;
mod error;
mod jobs;
mod logs;
mod pages;
mod waiting;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use engine::ports::Clock;
use serde::Serialize;
use serde_json::{Value, json};
use store::DynamoStore;

pub use self::access::{Access, Claims};
pub use self::error::ApiError;

/// The largest body a caller may send along. Reading needs none; some clients send an empty JSON object.
const LARGEST_BODY: u64 = 8 * 1024;

const REQUEST_ID: &str = "request-id";
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// What the routes need.
#[derive(Clone)]
struct Api {
    store: DynamoStore,
    clock: Arc<dyn Clock>,
}

/// The routes that read.
pub fn router(store: DynamoStore, access: Access, clock: Arc<dyn Clock>) -> Router {
    let api = Api { store, clock: clock.clone() };
    let access = Arc::new(access);
    let may = |permissions| from_fn_with_state((access.clone(), permissions), access::check);
    let all = "/v1.0/servicePrincipals";
    let application = format!("{all}/{{application}}");
    let jobs = format!("{application}/synchronization/jobs");
    let job = format!("{jobs}/{{job}}");
    let jobs = either(all, &get(applications::list))
        .merge(either(&application, &get(applications::one)))
        .merge(either(&jobs, &get(jobs::list)))
        .merge(either(&job, &get(jobs::one)))
        .merge(either(&format!("{job}/cycles"), &get(waiting::cycles)))
        .merge(either(&format!("{job}/escrows"), &get(waiting::escrows)))
        .merge(either(&format!("{job}/heldRemovals"), &get(waiting::removals)));
    let logs = "/v1.0/auditLogs/provisioning";
    let logs = either(logs, &get(logs::list)).merge(either(&format!("{logs}/{{record}}"), &get(logs::one)));
    Router::new()
        .merge(jobs.route_layer(may(access::READ_JOBS)))
        .merge(logs.route_layer(may(access::READ_LOGS)))
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .fallback(async || ApiError::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(from_fn_with_state(clock, identified))
        .with_state(api)
}

/// A path with and without a slash at its end: Graph's own samples have both.
fn either(path: &str, method: &MethodRouter<Api>) -> Router<Api> {
    Router::new().route(path, method.clone()).route(&format!("{path}/"), method.clone())
}

/// Gives request and answer their ids, and every refusal the one envelope.
async fn identified(State(clock): State<Arc<dyn Clock>>, request: Request, next: Next) -> Response {
    let id = runtime::clock::new_id().to_string();
    let clients = request.headers().get(CLIENT_REQUEST_ID).filter(|id| id.len() <= 128).cloned();
    let mut response = match declared_length(request.headers()) {
        Some(length) if length > LARGEST_BODY => ApiError::too_large(LARGEST_BODY).into_response(),
        _ => next.run(request).await,
    };
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let error = response.extensions_mut().remove().unwrap_or_else(|| ApiError::of_status(status));
        let headers = std::mem::take(response.headers_mut());
        let clients = clients.as_ref().and_then(|id| id.to_str().ok());
        response = (status, Json(error.envelope(&id, clients, clock.now()))).into_response();
        response.headers_mut().extend(headers.into_iter().filter(|(name, _)| {
            name.as_ref()
                .is_some_and(|name| ["allow", "www-authenticate", "retry-after"].contains(&name.as_str()))
        }));
    }
    let headers = response.headers_mut();
    // Answers hold names of people.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(id) = clients {
        headers.insert(CLIENT_REQUEST_ID, id);
    }
    response
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Where this API is, as the caller wrote it. The gateway ends TLS and says so.
fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    text(HOST.as_str()).map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

/// The answer about one thing.
fn entity(headers: &HeaderMap, of: &str, thing: impl Serialize) -> Json<Value> {
    let mut answer = serde_json::Map::from_iter([("@odata.context".to_owned(), context(headers, of))]);
    if let Ok(Value::Object(members)) = serde_json::to_value(thing) {
        answer.extend(members);
    }
    Json(Value::Object(answer))
}

/// What an answer is about, in OData's words.
fn context(headers: &HeaderMap, of: &str) -> Value {
    Value::String(format!("{}/v1.0/$metadata#{of}", origin(headers)))
}

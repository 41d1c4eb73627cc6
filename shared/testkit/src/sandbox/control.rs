//! `/_sandbox`: what a person may look at and switch while the sandbox runs. No token; loopback only.
//!
//! In: JSON documents in the shapes of [`Faults`] and [`Quirks`]; what they leave out takes its default. Out: the
//! state as JSON, or an error that names the key that is wrong and those that are accepted. Promise: none of these
//! requests is counted, delayed, or struck by a fault, and a web page that was lured to this port gets nothing.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::faults::Faults;
use super::quirks::Quirks;
use super::routes::Here;
use super::schema::ResourceType;
use super::shared::Shared;

/// The control surface.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_sandbox", get(overview))
        .route("/_sandbox/faults", get(faults).put(set_faults))
        .route("/_sandbox/quirks", put(set_quirks))
        .route("/_sandbox/reset", post(reset))
        .layer(from_fn(only_local_names))
        .with_state(shared)
}

/// Refuses a `Host` other than this machine's: a foreign name that resolves to 127.0.0.1 is a web page's trick.
async fn only_local_names(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        refusal(StatusCode::FORBIDDEN, "ask for 127.0.0.1 or localhost")
    }
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let local = |name: &str| matches!(name, "127.0.0.1" | "localhost" | "[::1]");
    let from_elsewhere = headers.get(header::ORIGIN).is_some_and(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        !origin.is_some_and(|origin| origin.host().is_some_and(local))
    });
    host.parse::<Uri>().is_ok_and(|host| host.host().is_some_and(local)) && !from_elsewhere
}

fn refusal(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({ "error": reason }))).into_response()
}

fn state(shared: &Shared) -> Value {
    let settings = &shared.settings;
    let (users, groups) = {
        let directory = shared.directory();
        (directory.of(ResourceType::User).len(), directory.of(ResourceType::Group).len())
    };
    json!({
        "baseUrl": shared.base_url,
        "latencyMillis": u64::try_from(settings.latency.as_millis()).unwrap_or(u64::MAX),
        "pageCap": settings.page_cap,
        "rate": settings.rate,
        "quirks": *shared.quirks(),
        "faults": shared.faults().faults(),
        "counters": shared.tally.snapshot(),
        "users": users,
        "groups": groups,
    })
}

async fn overview(State(shared): Here) -> Json<Value> {
    Json(state(&shared))
}

async fn faults(State(shared): Here) -> Json<Faults> {
    Json(shared.faults().faults().clone())
}

async fn set_faults(State(shared): Here, body: Bytes) -> Response {
    match read::<Faults>(&body) {
        Ok(faults) => {
            shared.set_faults(faults.clone());
            Json(faults).into_response()
        }
        Err(reason) => refusal(StatusCode::BAD_REQUEST, &reason),
    }
}

async fn set_quirks(State(shared): Here, body: Bytes) -> Response {
    match read::<Quirks>(&body) {
        Ok(quirks) => {
            shared.set_quirks(quirks.clone());
            Json(quirks).into_response()
        }
        Err(reason) => refusal(StatusCode::BAD_REQUEST, &reason),
    }
}

async fn reset(State(shared): Here) -> Json<Value> {
    shared.reset();
    Json(state(&shared))
}

/// An unknown key comes back by name, with the keys there are; that is how serde words it.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

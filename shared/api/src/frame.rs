//! What every request and every answer gets, whatever the route: ids, a limit of size, headers, the one envelope of refusals.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use engine::ports::Clock;
use serde_json::json;

use crate::ApiError;

const REQUEST_ID: &str = "request-id";
const CLIENT_REQUEST_ID: &str = "client-request-id";

/// Headers of a refusal that its envelope does not replace.
const KEPT: [&str; 4] = ["allow", "www-authenticate", "retry-after", "location"];

/// What the frame needs.
#[derive(Clone)]
struct Frame {
    clock: Arc<dyn Clock>,
    /// The largest body a caller may send along, in bytes.
    largest: u64,
}

/// The id of a request, as its answer carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Puts routes into the frame: health check, answers to paths and methods that are not there, ids and envelope.
pub fn framed(routes: Router, clock: Arc<dyn Clock>, largest: u64) -> Router {
    routes
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .fallback(async || ApiError::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(axum::extract::DefaultBodyLimit::max(usize::try_from(largest).unwrap_or(usize::MAX)))
        .layer(from_fn_with_state(Frame { clock, largest }, identified))
}

/// Gives request and answer their ids, and every refusal the one envelope.
async fn identified(State(frame): State<Frame>, mut request: Request, next: Next) -> Response {
    let id = runtime::clock::new_id().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let clients = request.headers().get(CLIENT_REQUEST_ID).filter(|id| id.len() <= 128).cloned();
    let mut response = match declared_length(request.headers()) {
        Some(length) if length > frame.largest => ApiError::too_large(frame.largest).into_response(),
        _ => next.run(request).await,
    };
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let error = response.extensions_mut().remove().unwrap_or_else(|| ApiError::of_status(status));
        let headers = std::mem::take(response.headers_mut());
        let clients = clients.as_ref().and_then(|id| id.to_str().ok());
        response = (status, Json(error.envelope(&id, clients, frame.clock.now()))).into_response();
        let kept = |name: &axum::http::HeaderName| KEPT.contains(&name.as_str());
        response
            .headers_mut()
            .extend(headers.into_iter().filter(|(name, _)| name.as_ref().is_some_and(kept)));
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

//! What an answer says about itself: its context, and where more of it is.

use axum::Json;
use axum::Router;
use axum::http::header::{ETAG, HOST, HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::MethodRouter;
use serde::Serialize;
use serde_json::{Map, Value};

/// The media type of a document's file (RFC 9512).
pub const YAML: &str = "application/yaml";

/// A path with and without a slash at its end: Graph's own samples have both.
pub fn either<S: Clone + Send + Sync + 'static>(path: &str, method: &MethodRouter<S>) -> Router<S> {
    Router::new().route(path, method.clone()).route(&format!("{path}/"), method.clone())
}

/// Where this API is, as the caller wrote it. The gateway ends TLS and says so.
#[must_use]
pub fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    text(HOST.as_str()).map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

/// What an answer is about, in OData's words.
#[must_use]
pub fn context(headers: &HeaderMap, of: &str) -> Value {
    Value::String(format!("{}/v1.0/$metadata#{of}", origin(headers)))
}

/// An answer about a version of a document: its `ETag`, by which a change says what it was made from.
#[must_use]
pub fn tagged(mut response: Response, version: u32) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The answer about one thing.
pub fn entity(headers: &HeaderMap, of: &str, thing: impl Serialize) -> Json<Value> {
    let mut answer = Map::from_iter([("@odata.context".to_owned(), context(headers, of))]);
    if let Ok(Value::Object(members)) = serde_json::to_value(thing) {
        answer.extend(members);
    }
    Json(Value::Object(answer))
}

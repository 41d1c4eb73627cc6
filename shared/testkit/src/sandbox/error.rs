//! The errors a SCIM client sees (RFC 7644 section 3.12).
//!
//! In: a status, a `scimType` where the RFC has one, and a sentence. Out: the error body, with its content type.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The `schemas` entry of every error body.
const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The content type of every SCIM answer (RFC 7644 section 8.1).
pub(crate) const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json");

/// A refusal, as the client is told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScimError {
    pub(crate) status: StatusCode,
    /// Detail keyword of RFC 7644 table 9.
    pub(crate) scim_type: Option<&'static str>,
    pub(crate) detail: String,
    /// Whether a fault that was switched on asked for it, rather than the request deserving it.
    pub(crate) injected: bool,
}

impl ScimError {
    /// A refusal with a status and no keyword.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into(), injected: false }
    }

    fn bad(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { scim_type: Some(scim_type), ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    pub(crate) fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::bad("invalidFilter", detail)
    }

    pub(crate) fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::bad("invalidSyntax", detail)
    }

    pub(crate) fn invalid_path(detail: impl Into<String>) -> Self {
        Self::bad("invalidPath", detail)
    }

    pub(crate) fn invalid_value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    pub(crate) fn no_target(detail: impl Into<String>) -> Self {
        Self::bad("noTarget", detail)
    }

    pub(crate) fn mutability(detail: impl Into<String>) -> Self {
        Self::bad("mutability", detail)
    }

    pub(crate) fn uniqueness(detail: impl Into<String>) -> Self {
        Self { scim_type: Some("uniqueness"), ..Self::new(StatusCode::CONFLICT, detail) }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} is not here"))
    }

    pub(crate) fn version_mismatch(current: &str) -> Self {
        let detail = format!("the resource has changed; its version is {current}");
        Self::new(StatusCode::PRECONDITION_FAILED, detail)
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    pub(crate) fn not_implemented(what: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, format!("{what} is not supported here"))
    }

    /// The error body. `status` is a string there, as the RFC has it.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "schemas": [ERROR_URN],
            "status": self.status.as_str(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.into();
        }
        body
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, SCIM_JSON)], self.body().to_string()).into_response()
    }
}

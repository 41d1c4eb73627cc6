//! Refusals in Microsoft Graph's error envelope.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use engine::ports::StoreError;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::QueryError;

/// A request that is not answered as asked. The router renders it, with the ids of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: Cow<'static, str>,
    message: String,
    /// Seconds after which it may be tried again.
    retry_after: Option<u64>,
}

impl ApiError {
    /// A refusal with a code of its own.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), retry_after: None }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, and the cure.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// 503: what does it does not answer.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "serviceNotAvailable", message)
    }

    /// 400: the request cannot be understood; the message says what can.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    /// 401: nobody knows who asks.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
    }

    /// 403: who asks may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", message)
    }

    /// 404: there is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    /// 405: there is, and it takes another method.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "notAllowed",
            "this path does not take this method; the header Allow names those it takes",
        )
    }

    /// 413: a body that nothing here reads.
    pub fn too_large(largest: u64) -> Self {
        let message = format!("the request's body is larger than {largest} bytes; send less of it");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "invalidRequest", message)
    }

    /// 409: it cannot be done as things stand.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Request_Conflict", message)
    }

    /// 412: it was changed since the caller read it.
    pub fn changed_meanwhile(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "resourceModified", message)
    }

    /// 429: they asked too often.
    #[must_use]
    pub fn too_many_requests(wait: Duration) -> Self {
        // A header has whole seconds, and whoever waits for them must not come too early.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message = format!("these are more requests than one caller may make; go on in {seconds} s");
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message);
        Self { retry_after: Some(seconds), ..refusal }
    }

    /// The same refusal in other words.
    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// 504: the answer was not there in time.
    #[must_use]
    pub fn timeout(limit: Duration) -> Self {
        let message = format!(
            "this was not answered within {} s; ask for less, or try again in a moment",
            limit.as_secs()
        );
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", message)
    }

    /// A status without words of its own.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let code = if status.is_client_error() { "Request_BadRequest" } else { "generalException" };
        Self::new(status, code, status.canonical_reason().unwrap_or("the request failed"))
    }

    /// The same refusal with more to say.
    #[must_use]
    pub fn adding(mut self, more: &str) -> Self {
        self.message.push_str(more);
        self
    }

    /// The error as callers read it.
    #[must_use]
    pub fn envelope(&self, request: &str, clients: Option<&str>, now: Timestamp) -> Value {
        json!({ "error": {
            "code": self.code,
            "message": self.message,
            "target": null,
            "details": [],
            "innerError": {
                "date": now.strftime("%FT%T").to_string(),
                "request-id": request,
                "client-request-id": clients.unwrap_or(request),
            },
        } })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = status.into_response();
        let header = match (status, self.retry_after) {
            (StatusCode::UNAUTHORIZED, _) => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            (_, Some(seconds)) => Some((RETRY_AFTER, HeaderValue::from(seconds))),
            (StatusCode::SERVICE_UNAVAILABLE, None) => Some((RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(job) => Self::not_found(format!("there is no job '{job}'")),
            StoreError::Unavailable { .. } => {
                tracing::error!(cause = %chain(&error), "a request could not be answered");
                let message = "the store did not answer; try again in a moment";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "serviceNotAvailable", message)
            }
            other => {
                tracing::error!(cause = %chain(&other), "a request could not be answered");
                let message =
                    "what is stored could not be read; the function's log says more under the request's time";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "generalException", message)
            }
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Store(error) => error.into(),
            QueryError::ForeignToken => Self::bad_request(
                "$skiptoken does not belong to this search; use @odata.nextLink as it was given, or begin again",
            ),
            QueryError::ShortName(_) | QueryError::ManyPeople { .. } => Self::bad_request(error.to_string()),
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

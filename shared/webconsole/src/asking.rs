//! Asking the API, within this process.
//!
//! In: who asks, a path, perhaps a body. Out: what the API answers, or its refusal in its own words. The router is the one
//! that answers scripts; only the token is missing, because whoever signed in showed one already.

use api::access::SignedIn;
use api::answer::YAML;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::response::Parts;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;

/// The largest answer that becomes a page, in bytes: a thousand provisioning records are some 3 MB.
const LARGEST: usize = 32 * 1024 * 1024;

/// The API's routes.
#[derive(Clone)]
pub(crate) struct Api(pub(crate) Router);

/// One request.
pub(crate) struct Wish<'a> {
    method: Method,
    /// Below `/v1.0/`.
    path: &'a str,
    content_type: &'static str,
    body: String,
    version: Option<&'a str>,
}

impl<'a> Wish<'a> {
    pub(crate) fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, content_type: JSON, body: String::new(), version: None }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        Self { body: body.to_string(), ..self }
    }

    /// A document's file.
    pub(crate) fn file(self, text: &str) -> Self {
        Self { content_type: YAML, body: text.to_owned(), ..self }
    }

    /// Only if the document is still the one it was made from: its version, as an `ETag`.
    pub(crate) fn made_from(self, version: &'a str) -> Self {
        Self { version: Some(version), ..self }
    }
}

const JSON: &str = "application/json";

/// What came of a change.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    /// [`Value::Null`] where nothing is told.
    pub(crate) told: Value,
    /// Under which id it can be read again, where that is worth it.
    pub(crate) operation: Option<String>,
}

const OPERATION_LOCATION: &str = "operation-location";

/// A page of one of the API's lists.
#[derive(Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(crate) next: Option<String>,
}

impl<T> Listed<T> {
    /// Where the next page begins, as the API's link has it.
    pub(crate) fn token(&self) -> Option<String> {
        let link = Url::parse("http://rollcall.invalid").ok()?.join(self.next.as_deref()?).ok()?;
        let token = link.query_pairs().find(|(name, _)| name == "$skiptoken")?;
        Some(token.1.into_owned())
    }
}

/// Why the API did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// For people: what is wrong, and the cure.
    pub(crate) message: String,
    /// What the function's log has it under.
    pub(crate) request_id: Option<String>,
}

/// Graph's error envelope.
#[derive(Deserialize)]
struct Envelope {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    message: String,
    #[serde(rename = "innerError")]
    inner: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "request-id")]
    request_id: Option<String>,
}

impl Api {
    /// Reads what is at a path below `/v1.0/`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, person: &SignedIn, path: &str) -> Result<T, Refusal> {
        let (_, body) = self.ask(person, Wish::new(Method::GET, path)).await?;
        serde_json::from_slice(&body).map_err(Refusal::unreadable)
    }

    /// Asks for a change.
    pub(crate) async fn send(&self, person: &SignedIn, wish: Wish<'_>) -> Result<Answered, Refusal> {
        let (head, body) = self.ask(person, wish).await?;
        let told = match body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&body).map_err(Refusal::unreadable)?,
        };
        let place = head.headers.get(OPERATION_LOCATION).and_then(|place| place.to_str().ok());
        let operation = place.and_then(|place| place.rsplit('/').next()).map(ToOwned::to_owned);
        Ok(Answered { status: head.status, told, operation })
    }

    /// Passes on what is at a path, as it comes.
    pub(crate) async fn stream(&self, person: &SignedIn, path: &str) -> Result<Response, Refusal> {
        let response = self.answer(person, Wish::new(Method::GET, path)).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = to_bytes(response.into_body(), LARGEST).await.map_err(Refusal::unreadable)?;
        Err(Refusal::read(status, &body))
    }

    async fn answer(&self, person: &SignedIn, wish: Wish<'_>) -> Result<Response, Refusal> {
        let mut request = Request::builder().method(wish.method).uri(format!("/v1.0/{}", wish.path));
        request = request.header(CONTENT_TYPE, wish.content_type);
        if let Some(version) = wish.version {
            request = request.header(IF_MATCH, version);
        }
        let mut request = request.body(Body::from(wish.body)).map_err(Refusal::unreadable)?;
        request.extensions_mut().insert(person.clone());
        // A router answers; it does not fail.
        let Ok(response) = self.0.clone().oneshot(request).await;
        Ok(response)
    }

    async fn ask(&self, person: &SignedIn, wish: Wish<'_>) -> Result<(Parts, Vec<u8>), Refusal> {
        let (head, body) = self.answer(person, wish).await?.into_parts();
        let body = to_bytes(body, LARGEST).await.map_err(Refusal::unreadable)?;
        if head.status.is_success() {
            return Ok((head, body.to_vec()));
        }
        Err(Refusal::read(head.status, &body))
    }
}

impl Refusal {
    /// Of what was asked of the console itself.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into(), request_id: None }
    }

    /// Of an answer that is none.
    pub(crate) fn unreadable(error: impl std::fmt::Display) -> Self {
        tracing::error!("the API's answer cannot be shown: {error}");
        let message = "the answer cannot be shown; the function's log has the reason".to_owned();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message, request_id: None }
    }

    fn read(status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(Envelope { error: ErrorBody { message, inner } }) => {
                Self { status, message, request_id: inner.and_then(|inner| inner.request_id) }
            }
            Err(_) => Self { status, message: "there is no explanation".to_owned(), request_id: None },
        }
    }
}

/// Where the API has a job of an application, below `/v1.0/`.
pub(crate) fn job_path(application: &str, job: &str) -> String {
    format!("servicePrincipals/{}/synchronization/jobs/{}", step(application), step(job))
}

/// One step of a path, or a value in a question: everything that could end it is written as `%XX`.
pub(crate) fn step(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let written = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_step_of_a_path_ends_neither_step_nor_path() {
        let cases = [
            ("scim.7-a_b~", "scim.7-a_b~"),
            ("a/b?c#d&e=f", "a%2Fb%3Fc%23d%26e%3Df"),
            ("é 李", "%C3%A9%20%E6%9D%8E"),
        ];
        for (text, expected) in cases {
            assert_eq!(step(text), expected);
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_apis_words() {
        let body =
            br#"{"error":{"code":"notFound","message":"there is no job","innerError":{"request-id":"7"}}}"#;
        let read = Refusal::read(StatusCode::NOT_FOUND, body);
        assert_eq!((read.message.as_str(), read.request_id.as_deref()), ("there is no job", Some("7")));
        let other = Refusal::read(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!((other.message.as_str(), other.request_id), ("there is no explanation", None));
    }
}

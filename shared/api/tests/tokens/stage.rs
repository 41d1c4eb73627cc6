//! An issuer, an API that takes its tokens, and a clock that stands still.

use std::sync::Arc;

use api::access::{Permission, Roles, Verifier, check};
use api::frame::framed;
use api::{Access, Caller};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};
use testkit::time::TestClock;
use tower::ServiceExt;

pub(crate) const AUDIENCE: &str = "api://rollcall";

pub(crate) struct Stage {
    pub(crate) issuer: Issuer,
    pub(crate) clock: Arc<TestClock>,
    app: Router,
}

/// An answer: its status, the header `WWW-Authenticate`, its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) challenge: String,
    pub(crate) body: Value,
}

impl Stage {
    /// An issuer that publishes these keys, and an API whose one route asks for `ProvisioningLog.Read.All`.
    pub(crate) async fn new(keys: &[&SigningKey]) -> Self {
        let issuer = Issuer::start(keys).await.unwrap();
        let clock = Arc::new(TestClock::at(noon()));
        let audiences = vec!["another".to_owned(), AUDIENCE.to_owned()];
        let verifier = Verifier::new(issuer.url(), audiences, Roles::default(), clock.clone()).unwrap();
        let state = (Arc::new(Access::tokens(verifier)), Permission::ReadLogs);
        let who = get(async |Extension(caller): Extension<Caller>| {
            Json(json!({ "id": caller.id, "name": caller.name, "ownerOnly": caller.owner_only }))
        });
        let routes = Router::new().route("/", who).route_layer(from_fn_with_state(state, check));
        Self { issuer, app: framed(routes, clock.clone(), 1024), clock }
    }

    /// Claims of a good token.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.issuer.url(), "aud": AUDIENCE, "sub": "nadia-1", "scp": "ProvisioningLog.Read.All",
            "exp": noon().as_second() + 3600, "nbf": noon().as_second() - 5,
        })
    }

    /// The same with one claim changed, or taken away by `null`.
    pub(crate) fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        claims
    }

    pub(crate) async fn ask(&self, token: &str) -> Answer {
        self.ask_bytes(token.as_bytes()).await.expect("a token of printable characters")
    }

    /// Asks with whatever bytes a header can hold.
    pub(crate) async fn ask_bytes(&self, token: &[u8]) -> Option<Answer> {
        let value = HeaderValue::from_bytes(&[b"Bearer ", token].concat()).ok()?;
        let request = Request::get("/").header("authorization", value).body(Body::empty()).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let challenge = response.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Some(Answer { status, challenge, body: serde_json::from_slice(&body).unwrap() })
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }
}

impl Answer {
    /// Ends the test unless this is a refusal of the token that says so everywhere; its message.
    #[track_caller]
    pub(crate) fn refused(&self) -> &str {
        assert_eq!(self.status, 401, "{self:?}");
        assert_eq!(self.body["error"]["code"], "InvalidAuthenticationToken");
        let message = self.body["error"]["message"].as_str().unwrap();
        let challenge = format!(r#"Bearer error="invalid_token", error_description="{message}""#);
        assert_eq!(self.challenge, challenge);
        message
    }

    /// Ends the test unless the token opened.
    #[track_caller]
    pub(crate) fn opened(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.body
    }
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

pub(crate) fn key(algorithm: &str, id: &str) -> SigningKey {
    SigningKey::new(algorithm, id).unwrap()
}

//! The API in this process: the routes of `serve`, asked without a socket between.

use std::sync::Arc;

use ::api::Access;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tower::ServiceExt as _;

use super::ClientError;
use crate::cli::Cli;
use crate::home::Home;
use ::api::web::{Answered, LARGEST_ANSWER};

/// What links name. Nobody is there: whoever follows them asks in this process.
const NAME: &str = "rollcall.invalid";

/// The data folder's API.
pub(super) struct Here {
    router: Router,
    token: SecretString,
    /// Keeps the engine running.
    _home: Arc<Home>,
}

impl Here {
    /// Opens the store that the command line names.
    pub(super) async fn open(cli: &Cli) -> anyhow::Result<Self> {
        Self::over(Arc::new(Home::open(cli).await?))
    }

    fn over(home: Arc<Home>) -> anyhow::Result<Self> {
        let token = SecretString::from(runtime::clock::new_id().simple().to_string());
        let access = Access::local(token.clone(), crate::commands::control::person());
        Ok(Self { router: crate::api::routes(&home, access)?, token, _home: home })
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answered, ClientError> {
        let strange = |what: String| ClientError::Strange(format!("what was asked could not be put: {what}"));
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1.0{path}"))
            .header(HOST, NAME)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.token.expose_secret()))
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .map_err(|error| strange(error.to_string()))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, LARGEST_ANSWER).await.map_err(|error| strange(error.to_string()))?;
        Ok(Answered { status: parts.status, headers: parts.headers, body: body.to_vec() })
    }
}

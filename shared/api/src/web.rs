//! HTTP to somebody else's address, with the bounds that every such request has.
//!
//! In: an address and a request. Out: the answer's status, headers and body. Promised: a token never travels unencrypted
//! to another machine, a redirect is not followed (it would take the token along), an answer ends after its time and at
//! its size.

use std::time::Duration;

use axum::http::Request;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::{Host, Url};

/// For one answer. The API answers within 28 seconds, and the gateway before it gives up after 30.
const PATIENCE: Duration = Duration::from_secs(40);

/// For a connection.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(10);

/// An answer that is read to its end: Lambda gives 6 MB at the most, and a page of the log ends soon after 3 MB.
pub const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Speaks to one address.
#[derive(Clone)]
pub struct Web {
    http: reqwest::Client,
}

/// What was answered, whatever its status.
pub struct Answered {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Vec<u8>,
}

/// Nothing was answered that could be read.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// No connection, or one that broke.
    #[error("{0} could not be reached: {1}; check the address, and that the service runs")]
    Unreachable(String, String),
    /// It took too long.
    #[error("{0} did not answer within {seconds} s; try again in a moment", seconds = PATIENCE.as_secs())]
    Slow(String),
    /// The answer is too large.
    #[error("{0} answered more than {LARGEST_ANSWER} bytes, which is no answer of this service")]
    Large(String),
    /// TLS cannot be set up.
    #[error("the system's certificates cannot be read, so no https address can be reached: {0}")]
    Tls(String),
}

impl Web {
    /// For addresses that are [`safe`].
    ///
    /// # Errors
    /// [`WebError::Tls`].
    pub fn new(address: &Url) -> Result<Self, WebError> {
        // Fails when a provider is installed already, and then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE_TO_CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        let builder = if address.scheme() == "http" {
            // Loopback: no proxy lies between, and no certificate is looked at.
            builder.no_proxy().tls_certs_only(Vec::new())
        } else {
            builder.https_only(true).tls_version_min(reqwest::tls::Version::TLS_1_2)
        };
        let http = builder.build().map_err(|error| WebError::Tls(innermost(&error)))?;
        Ok(Self { http })
    }

    /// Asks, as whoever has the token, with a JSON body if there is one.
    ///
    /// # Errors
    /// [`WebError`]; a refusal is an answer.
    pub async fn ask(
        &self,
        method: Method,
        url: &Url,
        token: Option<&SecretString>,
        body: Option<&Value>,
    ) -> Result<Answered, WebError> {
        let mut request = self.http.request(method, url.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request, url).await
    }

    /// Sends a request that somebody else put together.
    ///
    /// # Errors
    /// [`WebError`]; a refusal is an answer.
    pub async fn pass_on(&self, request: Request<Vec<u8>>) -> Result<Answered, WebError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let url = Url::parse(&url).map_err(|error| WebError::Unreachable(url, error.to_string()))?;
        let request = self.http.request(parts.method, url.clone()).headers(parts.headers).body(body);
        self.send(request, &url).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, url: &Url) -> Result<Answered, WebError> {
        let failed = |error: &reqwest::Error| match error.is_timeout() {
            true => WebError::Slow(origin(url)),
            false => WebError::Unreachable(origin(url), innermost(error)),
        };
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(WebError::Large(origin(url)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answered { status, headers, body })
    }
}

/// Whether nobody on the way can read a token or change an answer.
#[must_use]
pub fn safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether it is this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

/// The address without what may be in its query.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The innermost cause; the outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

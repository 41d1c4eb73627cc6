//! Calls of a webhook, signed as Standard Webhooks has it (<https://www.standardwebhooks.com>, specification 1.0.0).
//!
//! In: where to, and what is said. Out: whether it was taken. Promised: the key is read for each call and goes nowhere; a call goes
//! to the address that stands in the document and follows no other; an answer is not read beyond its status.

mod message;
mod signature;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use runtime::secrets::Secrets;
use store::StoredApplication;
use url::Url;
use uuid::Uuid;

pub(crate) use message::{Kind, message};
use signature::Key;

/// For one call. The specification advises 15 to 30 s; the shorter, because others wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Where an application's webhook is, and where its key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    url: Url,
    secret: String,
}

impl Endpoint {
    /// The webhook of an application that has one, switched on.
    ///
    /// # Errors
    /// When nothing can be called there.
    pub(crate) fn of(stored: &StoredApplication) -> anyhow::Result<Option<Self>> {
        let notification = &stored.document["notification"];
        let webhook = &notification["webhook"];
        if webhook.is_null() || notification["enabled"].as_bool() == Some(false) {
            return Ok(None);
        }
        let (Some(url), Some(secret)) = (webhook["url"].as_str(), webhook["secret"].as_str()) else {
            anyhow::bail!("notification.webhook has no url and secret; apply the file again");
        };
        let url = Url::parse(url)
            .map_err(|_| anyhow::anyhow!("notification.webhook.url is no address; apply the file again"))?;
        Ok(Some(Self { url, secret: secret.to_owned() }))
    }

    /// What may be said of the address: its path may be all that keeps others from calling.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

/// Makes calls. Cloning it is cheap.
#[derive(Clone)]
pub struct Calls(Secrets);

impl Calls {
    /// With keys that are found so.
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self(secrets)
    }

    /// The same, which know no key yet: what was changed a moment ago is seen.
    pub(crate) fn afresh(&self) -> Self {
        Self(self.0.afresh())
    }

    /// Finds the key without a call.
    ///
    /// # Errors
    /// Why there is none, and the cure; not what is there instead.
    pub(crate) async fn check(&self, endpoint: &Endpoint) -> Result<(), String> {
        self.key(endpoint).await.map(drop)
    }

    async fn key(&self, endpoint: &Endpoint) -> Result<Key, String> {
        let key = self.0.resolve(&endpoint.secret).await.map_err(|error| error.to_string())?;
        Key::parse(&key).map_err(|problem| format!("notification.webhook.secret {problem}"))
    }

    /// Makes one.
    ///
    /// # Errors
    /// Why it was not taken, as far as we know, and the cure; neither key nor path.
    pub(crate) async fn make(
        &self,
        endpoint: &Endpoint,
        id: Uuid,
        body: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let key = self.key(endpoint).await?;
        let (id, at) = (format!("msg_{}", id.simple()), now.as_second());
        let request = http(&endpoint.url)?
            .post(endpoint.url.clone())
            .header("content-type", "application/json")
            .header("webhook-signature", key.sign(&id, at, body))
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .body(body.to_owned());
        let host = endpoint.host();
        match request.send().await {
            Ok(answer) => judged(host, answer.status()),
            Err(error) if error.is_timeout() => {
                Err(format!("{host} did not answer within {} s", PATIENCE.as_secs()))
            }
            Err(error) => Err(format!("{host} could not be reached: {}", innermost(&error))),
        }
    }
}

/// Any status of 200 to 299 says that it was taken.
fn judged(host: &str, status: StatusCode) -> Result<(), String> {
    let cure = match status {
        status if status.is_success() => return Ok(()),
        status if status.is_redirection() => {
            ", and redirects are not followed: write the address it leads to"
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            ": see that it has the same key as notification.webhook.secret"
        }
        StatusCode::GONE => ": it wants no more calls; take notification.webhook away, or mend its address",
        _ => "",
    };
    Err(format!("{host} answered with {status}{cure}"))
}

fn http(url: &Url) -> Result<reqwest::Client, String> {
    // Fails when a provider is installed already, and then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none());
    let builder = if url.scheme() == "http" {
        // Loopback only (see the document's check): no proxy lies between, and no certificate is looked at.
        builder.no_proxy().tls_certs_only(Vec::new())
    } else {
        builder.https_only(true).tls_version_min(reqwest::tls::Version::TLS_1_2)
    };
    builder.build().map_err(|error| format!("TLS cannot be set up: {}", innermost(&error)))
}

/// The outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if innermost.is::<reqwest::Error>() { "the request failed".to_owned() } else { innermost.to_string() }
}

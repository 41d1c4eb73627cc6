//! The keys that an issuer signs with, as it publishes them.
//!
//! In: the issuer's address. Out: the key that a token names, if it fits what the token says it is signed with. Promised:
//! the issuer is asked when keys are older than an hour or a token names one that is not known, and never more than
//! once a minute; what it answered last counts for as long as it does not answer. Whoever sends tokens with invented
//! keys therefore costs the issuer one request a minute, and us nothing.

use std::sync::Arc;
use std::time::Duration;

use engine::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Host, Url};

use super::SettingsError;
use super::verify::TokenError;

/// Issuers announce new keys days before they sign with them, and take back a stolen one at once.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Between two requests for keys. A key that was changed without notice is known a minute later.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The same after a request that failed while there are no keys at all: nobody gets in before one succeeds.
const PAUSE_WITHOUT_KEYS: SignedDuration = SignedDuration::from_secs(5);

/// For one answer; two are needed. A caller waits for them, and the function has 30 seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Entra's keys, with their certificates, are 20 KB.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Keys of an issuer; the largest have about ten.
const MOST_KEYS: usize = 100;

/// The keys of one issuer.
pub(super) struct Keys {
    issuer: String,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Key>,
    /// When they came.
    since: Option<Timestamp>,
    /// When they were asked for last, whatever came of it.
    asked: Option<Timestamp>,
}

/// One published key.
struct Key {
    jwk: Jwk,
    material: DecodingKey,
}

/// Why there are no new keys. For the log, not for callers.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{0} did not answer: {1}")]
    Unreachable(String, String),
    #[error("{0} answered {1}")]
    Status(String, u16),
    #[error("{0} answered more than {LARGEST_ANSWER} bytes")]
    Large(String),
    #[error("{0} answered something else than its OpenID Connect documents")]
    Unreadable(String),
    #[error("the issuer calls itself {0}; set ROLLCALL_TOKEN_ISSUER to that if it is the right one")]
    OtherIssuer(String),
    #[error("the issuer's keys are at {0}, which is no https address")]
    Insecure(String),
    #[error("the issuer publishes no key that signs tokens")]
    NoKeys,
}

/// What is read of the issuer's `openid-configuration`.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// A JSON Web Key Set. One key that is not understood must not hide the others.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Keys {
    /// Of an issuer: an `https` address, or `http` on loopback.
    pub(super) fn of(issuer: &str, clock: Arc<dyn Clock>) -> Result<Self, SettingsError> {
        let address = Url::parse(issuer).ok().filter(secure).ok_or(SettingsError::Issuer)?;
        // Fails when a provider is installed already, and then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE / 2)
            .redirect(reqwest::redirect::Policy::none());
        let builder = if address.scheme() == "http" {
            // Loopback: no proxy lies between, and no certificate is looked at.
            builder.no_proxy().tls_certs_only(Vec::new())
        } else {
            builder.https_only(true).tls_version_min(reqwest::tls::Version::TLS_1_2)
        };
        let http = builder.build().map_err(|_| SettingsError::Tls)?;
        Ok(Self { issuer: issuer.to_owned(), http, clock, known: Mutex::default() })
    }

    /// The key of this id, for this algorithm. A token that names none is one of an issuer with a single key.
    ///
    /// Whoever asks while another request fetches waits for what that one brings.
    pub(super) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<DecodingKey, TokenError> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if known.outdated(now) || !known.names(id) {
            self.renew(&mut known, now).await;
        }
        if known.since.is_none() {
            return Err(TokenError::NoKeys);
        }
        known.key(id, algorithm)
    }

    /// Asks the issuer, unless it was asked just now.
    async fn renew(&self, known: &mut Known, now: Timestamp) {
        let pause = if known.since.is_some() { PAUSE } else { PAUSE_WITHOUT_KEYS };
        if known.asked.is_some_and(|asked| now.duration_since(asked) < pause) {
            return;
        }
        known.asked = Some(now);
        match self.fetch().await {
            Ok(keys) => {
                known.keys = keys;
                known.since = Some(now);
            }
            Err(error) => {
                tracing::warn!(%error, issuer = self.issuer, "the issuer's keys could not be fetched");
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<Key>, FetchError> {
        let discovery = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovery: Discovery = self.get(&discovery).await?;
        if discovery.issuer != self.issuer {
            return Err(FetchError::OtherIssuer(discovery.issuer));
        }
        if !Url::parse(&discovery.jwks_uri).is_ok_and(|url| secure(&url)) {
            return Err(FetchError::Insecure(discovery.jwks_uri));
        }
        let set: KeySet = self.get(&discovery.jwks_uri).await?;
        let keys: Vec<Key> = set.keys.into_iter().take(MOST_KEYS).filter_map(Key::read).collect();
        if keys.is_empty() { Err(FetchError::NoKeys) } else { Ok(keys) }
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, FetchError> {
        let failed = |error: &reqwest::Error| FetchError::Unreachable(url.to_owned(), innermost(error));
        let mut response = self.http.get(url).send().await.map_err(|error| failed(&error))?;
        if !response.status().is_success() {
            return Err(FetchError::Status(url.to_owned(), response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(FetchError::Large(url.to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|_| FetchError::Unreadable(url.to_owned()))
    }
}

impl Known {
    fn outdated(&self, now: Timestamp) -> bool {
        self.since.is_none_or(|since| now.duration_since(since) >= LIFETIME)
    }

    fn names(&self, id: Option<&str>) -> bool {
        self.keys.iter().any(|key| key.is(id))
    }

    fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, TokenError> {
        if !self.names(id) {
            return Err(TokenError::UnknownKey);
        }
        let mut fitting = self.keys.iter().filter(|key| key.is(id) && key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.material.clone()),
            (None, _) => Err(TokenError::OtherKey),
            (Some(_), Some(_)) => Err(TokenError::UnknownKey),
        }
    }
}

impl Key {
    /// A key out of a set; `None` for what proves no signature, and for what the issuer would have to keep to itself.
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
            return None;
        }
        let material = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { jwk, material })
    }

    /// Whether a token names it, or none.
    fn is(&self, id: Option<&str>) -> bool {
        id.is_none_or(|id| self.jwk.common.key_id.as_deref() == Some(id))
    }

    /// Whether the issuer meant it for this algorithm: kind, curve, and what the key says of itself.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let common = &self.jwk.common;
        let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
            && common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let named = common.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm));
        let kind = match &self.jwk.algorithm {
            AlgorithmParameters::RSA(_) => algorithm.family() == AlgorithmFamily::Rsa,
            AlgorithmParameters::EllipticCurve(key) => matches!(
                (&key.curve, algorithm),
                (EllipticCurve::P256, Algorithm::ES256) | (EllipticCurve::P384, Algorithm::ES384)
            ),
            AlgorithmParameters::OctetKeyPair(key) => {
                matches!((&key.curve, algorithm), (EllipticCurve::Ed25519, Algorithm::EdDSA))
            }
            _ => false,
        };
        signs && named && kind
    }
}

/// Whether nobody on the way can change what is answered.
fn secure(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// The innermost cause; the outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

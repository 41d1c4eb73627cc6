//! Setting up HTTP and TLS for one connection.
//!
//! In: the checked configuration and the token. Out: a client that carries the token in every request. Promises:
//! TLS 1.2 or newer with the whole chain and the host name verified; redirects are left to [`super::client`];
//! the token is marked as sensitive, so that no debug output shows it.

use reqwest::Certificate;
use reqwest::header::{self, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::config::{ConfigError, Connection};

/// The client that every request of a connection goes through.
pub(super) fn http(connection: &Connection, token: &SecretString) -> Result<reqwest::Client, ConfigError> {
    // Fails when a provider is installed already, and then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .default_headers(headers(token)?)
        .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
        .timeout(connection.timeout)
        // Half of it: a host that takes no connection must be told from an answer that was lost.
        .connect_timeout(connection.timeout / 2)
        .redirect(reqwest::redirect::Policy::none())
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .pool_max_idle_per_host(connection.width().widest());
    if connection.base.scheme() == "http" {
        // Loopback only (see `config`): no proxy lies between, and no certificate is looked at.
        builder = builder.no_proxy().tls_certs_only(Vec::new());
    } else {
        builder = builder.https_only(true);
    }
    if let Some(path) = &connection.ca_bundle {
        let shown = path.display();
        let refuse = |problem: String| ConfigError::new("caBundle", problem);
        let pem = std::fs::read(path).map_err(|error| {
            refuse(format!("{shown} cannot be read ({error}); give the path of a PEM file"))
        })?;
        let certificates = Certificate::from_pem_bundle(&pem).ok().filter(|list| !list.is_empty());
        builder = builder.tls_certs_only(certificates.ok_or_else(|| {
            refuse(format!("{shown} holds no certificate; it must be PEM, with BEGIN CERTIFICATE lines"))
        })?);
    }
    builder.build().map_err(|error| {
        ConfigError::new(
            "url",
            format!("TLS cannot be set up ({}); install the system's CA certificates", cause(&error)),
        )
    })
}

/// A file ends with a line break more often than not.
pub(super) fn trimmed(token: SecretString) -> SecretString {
    let bare = token.expose_secret().trim();
    if bare.len() == token.expose_secret().len() { token } else { SecretString::from(bare) }
}

fn headers(token: &SecretString) -> Result<HeaderMap, ConfigError> {
    let token = token.expose_secret();
    let refuse = |problem| ConfigError::new("token", problem);
    if token.is_empty() {
        return Err(refuse("the reference leads to an empty text; put the app's token there"));
    }
    let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
        refuse("the reference leads to text with line breaks or other characters that no token has")
    })?;
    bearer.set_sensitive(true);
    Ok(HeaderMap::from_iter([
        (header::AUTHORIZATION, bearer),
        (header::ACCEPT, HeaderValue::from_static("application/scim+json, application/json")),
    ]))
}

/// The innermost cause: `Connection refused`, `invalid peer certificate`. The outer ones repeat the URL with its
/// query.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if innermost.is::<reqwest::Error>() { "the request failed".into() } else { innermost.to_string() }
}

//! Setting up TLS, and what its failures mean.
//!
//! # Guarantees
//! The chain and the host name are verified, always: there is no switch for less.

use std::path::Path;
use std::sync::Arc;

use ldap3::LdapError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::error::LdapFailure;

/// Trusts the authorities of a PEM file, and only these; without a file those of the system.
pub(super) fn trust(ca_file: Option<&Path>) -> Result<Option<Arc<ClientConfig>>, LdapFailure> {
    // Fails when a provider is installed already, and then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(path) = ca_file else { return Ok(None) };
    let shown = path.display();
    let refuse = |problem: String| LdapFailure::Config { field: "caFile".into(), problem };
    let pem = std::fs::read(path)
        .map_err(|error| refuse(format!("{shown} cannot be read ({error}); give the path of a PEM file")))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let added = certificate.ok().and_then(|certificate| roots.add(certificate).ok());
        added.ok_or_else(|| {
            refuse(format!("{shown} holds a certificate that cannot be read; export it again as PEM"))
        })?;
    }
    if roots.is_empty() {
        return Err(refuse(format!(
            "{shown} holds no certificate; it must be PEM, with BEGIN CERTIFICATE lines"
        )));
    }
    Ok(Some(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())))
}

/// Why no connection stands.
pub(super) fn connecting(server: &str, error: LdapError) -> LdapFailure {
    let server = server.to_owned();
    match error {
        LdapError::Timeout { .. } => {
            LdapFailure::Unreachable { server, problem: "no answer within 10 s".into() }
        }
        LdapError::LdapResult { result } => LdapFailure::Tls {
            server,
            problem: format!("it refused StartTLS with result {}", result.rc),
            cure: "set its certificate up, or write ldaps:// into source.ldap.url",
        },
        LdapError::Rustls { source } => untrusted(server, &source),
        LdapError::DNSName { .. } => LdapFailure::Tls {
            server,
            problem: "its name cannot stand in a certificate".into(),
            cure: "write the host name of the certificate into source.ldap.url",
        },
        LdapError::Io { source } => {
            match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(inner) => untrusted(server, inner),
                None => LdapFailure::Unreachable { server, problem: source.to_string() },
            }
        }
        other => LdapFailure::Unreachable { server, problem: other.to_string() },
    }
}

fn untrusted(server: String, error: &rustls::Error) -> LdapFailure {
    use rustls::CertificateError as Certificate;
    let cure = match error {
        rustls::Error::InvalidCertificate(Certificate::UnknownIssuer | Certificate::BadSignature) => {
            "name the authority that signed its certificate in source.ldap.caFile"
        }
        rustls::Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => "write the name that its certificate was made for into source.ldap.url",
        rustls::Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            "renew its certificate"
        }
        _ => "mend its certificate or its TLS settings",
    };
    LdapFailure::Tls { server, problem: error.to_string(), cure }
}

//! Everything that can go wrong with a directory, each as one sentence that names the place and the cure.

use std::io;

use engine::ports::SourceError;

/// Why a directory could not be read. `server` is what the document calls it: `ldaps://dc1.example`.
#[derive(Debug, thiserror::Error)]
pub(super) enum LdapFailure {
    /// The document cannot be used.
    #[error("source.ldap.{field} {problem}")]
    Config { field: String, problem: String },
    /// Nobody answered, or not as LDAP does.
    #[error("{server} could not be read: {problem}; the next cycle tries again")]
    Unreachable { server: String, problem: String },
    /// The certificate was not accepted, or TLS failed otherwise.
    #[error("{server} could not be trusted: {problem}; {cure}")]
    Tls { server: String, problem: String, cure: &'static str },
    /// The account was not accepted.
    #[error("{server} did not accept the bind account: {problem}")]
    Credentials { server: String, problem: String },
    /// The server says that it cannot just now (51, 52): worth one more attempt.
    #[error("{server} is busy (result {code}); the next cycle tries again")]
    Busy { server: String, code: u32 },
    /// The server refused: names what was asked, what it said, and the cure.
    #[error("{0}")]
    Refused(String),
    /// What came is not what the protocol says.
    #[error("{server} answered in a way that LDAP does not know ({problem}); the next cycle tries again")]
    Garbled { server: String, problem: String },
    /// A search ended early: how the change feeds tell that they cannot go on from where they were.
    #[error("{server} ended the search at {place} with result {code} ({text})")]
    Result { server: String, place: String, code: u32, text: String },
    /// The private spool cannot be kept.
    #[error(
        "the private copy in {folder} cannot be kept ({cause}); make room or give write permission there"
    )]
    Spool { folder: String, cause: io::Error },
    /// The spool that a cursor points into is gone.
    #[error("the reading of {server} cannot be continued, because its private copy is gone; it begins again")]
    Moved { server: String },
}

impl From<LdapFailure> for SourceError {
    fn from(failure: LdapFailure) -> Self {
        let sentence = failure.to_string();
        match failure {
            LdapFailure::Config { .. } | LdapFailure::Refused(_) => Self::Refused(sentence),
            LdapFailure::Credentials { .. } => Self::Credentials(sentence),
            LdapFailure::Moved { .. } => Self::Moved(sentence),
            LdapFailure::Unreachable { .. }
            | LdapFailure::Tls { .. }
            | LdapFailure::Busy { .. }
            | LdapFailure::Garbled { .. }
            | LdapFailure::Result { .. }
            | LdapFailure::Spool { .. } => Self::Unavailable(sentence),
        }
    }
}

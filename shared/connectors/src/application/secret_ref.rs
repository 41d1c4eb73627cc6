//! Where a secret is kept. Never the secret.
//!
//! In: `env:NAME`, `file:PATH` or `secretsmanager:ARN`. Out: a [`SecretRef`], or a refusal that does not repeat what
//! was written, because it may be the secret itself. Resolving is the runtime's affair.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SecretRef {
    /// An environment variable of the process.
    Environment(String),
    /// A file, absolute or relative to the document's folder.
    File(PathBuf),
    /// A secret in AWS Secrets Manager, by its ARN.
    SecretsManager(String),
}

/// What was written is no reference to a secret. Says what to write, and not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// No known kind in front.
    #[error(
        "is not a reference; keep the secret elsewhere and write env:NAME, file:PATH or secretsmanager:ARN"
    )]
    NotAReference,
    /// `env:` without the name of a variable.
    #[error("env: needs the name of a variable, letters, digits and _, for example env:LEDGERLY_TOKEN")]
    Environment,
    /// `file:` without a path.
    #[error("file: needs a path, for example file:/run/secrets/ledgerly")]
    File,
    /// `secretsmanager:` without the ARN of a secret.
    #[error("secretsmanager: needs the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME")]
    SecretsManager,
}

impl FromStr for SecretRef {
    type Err = SecretRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().split_once(':') {
            Some(("env", name)) if is_variable(name) => Ok(Self::Environment(name.to_owned())),
            Some(("env", _)) => Err(SecretRefError::Environment),
            Some(("file", path)) if !path.trim().is_empty() => Ok(Self::File(path.into())),
            Some(("file", _)) => Err(SecretRefError::File),
            Some(("secretsmanager", arn)) if is_secret_arn(arn) => Ok(Self::SecretsManager(arn.to_owned())),
            Some(("secretsmanager", _)) => Err(SecretRefError::SecretsManager),
            _ => Err(SecretRefError::NotAReference),
        }
    }
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_secret_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    matches!(parts[..], ["arn", _, "secretsmanager", region, account, "secret", name]
        if !region.is_empty() && !account.is_empty() && !name.is_empty())
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::SecretsManager(arn) => write!(f, "secretsmanager:{arn}"),
        }
    }
}

impl From<SecretRef> for String {
    fn from(reference: SecretRef) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for SecretRef {
    type Error = SecretRefError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ledgerly-a1B2c3";

    #[test]
    fn a_reference_prints_as_it_was_written() {
        for text in ["env:LEDGERLY_TOKEN", "file:/run/secrets/ledgerly", &format!("secretsmanager:{ARN}")] {
            assert_eq!(text.parse::<SecretRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_reference_is_refused_without_repeating_it() {
        let cases = [
            ("eyJhbGciOi.hunter2", SecretRefError::NotAReference),
            ("", SecretRefError::NotAReference),
            ("vault:hunter2", SecretRefError::NotAReference),
            ("env:", SecretRefError::Environment),
            ("env:hunter2-x", SecretRefError::Environment),
            ("env:2hunter2", SecretRefError::Environment),
            ("file:", SecretRefError::File),
            ("secretsmanager:hunter2", SecretRefError::SecretsManager),
            ("secretsmanager:arn:aws:s3:::hunter2", SecretRefError::SecretsManager),
        ];
        for (text, expected) in cases {
            let error = text.parse::<SecretRef>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}

//! Secrets by reference: what is stored and logged is where a secret lies, never the secret.
//!
//! In: `env:NAME` or `file:PATH`. Out: a [`SecretString`], which prints as `[REDACTED]`. Errors name the
//! reference. `secretsmanager:` references are known to the configuration and refused here until the functions
//! run on AWS.

use std::io::Read;
use std::path::Path;

use secrecy::SecretString;

use crate::env;

/// The largest secret file: tokens are some hundred bytes, signed ones a few thousand.
const LARGEST: u64 = 64 * 1024;

/// Why a secret could not be had. Names the reference and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret '{reference}' cannot be had: {problem}")]
pub struct SecretError {
    /// The reference as it was written.
    pub reference: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// Resolves a reference.
///
/// # Errors
/// [`SecretError`] when there is nothing there, or nothing that can be read.
pub fn resolve(reference: &str) -> Result<SecretString, SecretError> {
    let wrong = |problem: String| SecretError { reference: reference.to_owned(), problem };
    let text = match reference.split_once(':') {
        Some(("env", name)) => env::required(name).map_err(|error| wrong(error.to_string()))?,
        Some(("file", path)) => read(Path::new(path)).map_err(wrong)?,
        Some(("secretsmanager", _)) => {
            return Err(wrong("AWS Secrets Manager is not read by this version; use env: or file:".into()));
        }
        _ => return Err(wrong("write env:NAME or file:PATH".into())),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(wrong("it is empty".into()));
    }
    Ok(SecretString::from(text))
}

fn read(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    match read {
        Ok(length) if length as u64 > LARGEST => {
            Err(format!("{} is larger than a secret can be", path.display()))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_file_reference_is_read_without_its_trailing_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        let secret = resolve(&format!("file:{}", path.display())).unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
    }

    #[test]
    fn what_cannot_be_resolved_names_its_reference_and_never_a_value() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "\n").unwrap();
        let cases = [
            ("env:ROLLCALL_NO_SUCH_VARIABLE".to_owned(), "is not set"),
            ("file:/no/such/file".to_owned(), "/no/such/file"),
            (format!("file:{}", empty.display()), "is empty"),
            ("secretsmanager:arn:aws:x".to_owned(), "env: or file:"),
            ("hunter2".to_owned(), "env:NAME or file:PATH"),
        ];
        for (reference, expected) in cases {
            let error = resolve(&reference).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} should contain {expected}");
        }
    }
}

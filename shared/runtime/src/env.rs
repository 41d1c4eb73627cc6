//! Environment variables with errors that name the variable.

use jiff::SignedDuration;

/// A variable that is absent or not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It is not set.
    #[error("the environment variable {0} is not set")]
    Missing(String),
    /// It is set to something else than a number of seconds.
    #[error("the environment variable {0} does not hold a number of seconds, such as 60")]
    NotSeconds(String),
    /// It is set to something else than text.
    #[error("the environment variable {0} does not hold text")]
    NotText(String),
}

/// A variable that must be set.
///
/// # Errors
/// [`EnvError`], with the variable's name.
pub fn required(name: &str) -> Result<String, EnvError> {
    optional(name)?.ok_or_else(|| EnvError::Missing(name.to_owned()))
}

/// A variable that holds whole seconds, or is absent.
///
/// # Errors
/// [`EnvError`], with the variable's name.
pub fn seconds(name: &str) -> Result<Option<SignedDuration>, EnvError> {
    let number = |text: String| text.trim().parse::<u32>().map_err(|_| EnvError::NotSeconds(name.to_owned()));
    Ok(optional(name)?.map(number).transpose()?.map(|seconds| SignedDuration::from_secs(seconds.into())))
}

/// A variable that may be absent; an empty one counts as absent.
///
/// # Errors
/// [`EnvError::NotText`], with the variable's name.
pub fn optional(name: &str) -> Result<Option<String>, EnvError> {
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(EnvError::NotText(name.to_owned())),
    }
}

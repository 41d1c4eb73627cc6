//! Environment variables with errors that name the variable.

use jiff::SignedDuration;

/// A variable that is absent or not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It is not set.
    #[error("the environment variable {0} is not set")]
    Missing(String),
    /// They are not set.
    #[error("the environment variables {0} are not set")]
    SeveralMissing(String),
    /// It is set to something else than a number of seconds.
    #[error("the environment variable {0} does not hold a number of seconds, such as 60")]
    NotSeconds(String),
    /// It is set to something else than a number of days.
    #[error(
        "the environment variable {0} does not hold a number of days from {FEWEST_DAYS} to {MOST_DAYS}, such as 30"
    )]
    NotDays(String),
    /// It is set to something else than text.
    #[error("the environment variable {0} does not hold text")]
    NotText(String),
    /// It is set to something else than these.
    #[error("the environment variable {0} does not hold {1}")]
    NotOneOf(String, &'static str),
}

/// The shortest time for which anything is kept.
const FEWEST_DAYS: u16 = 1;

/// The longest: ten years, beyond what any rule of bookkeeping asks for.
const MOST_DAYS: u16 = 3_650;

/// A variable that must be set.
///
/// # Errors
/// [`EnvError`], with the variable's name.
pub fn required(name: &str) -> Result<String, EnvError> {
    optional(name)?.ok_or_else(|| EnvError::Missing(name.to_owned()))
}

/// Variables that must be set, all of them told at once when they are not.
///
/// # Errors
/// [`EnvError`], with the variables' names.
pub fn all_required<const N: usize>(names: [&str; N]) -> Result<[String; N], EnvError> {
    let mut values = [const { None }; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = optional(name)?;
    }
    let missing: Vec<&str> =
        names.iter().zip(&values).filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    match missing.as_slice() {
        [] => Ok(values.map(Option::unwrap_or_default)),
        [name] => Err(EnvError::Missing((*name).to_owned())),
        several => Err(EnvError::SeveralMissing(several.join(", "))),
    }
}

/// A variable that holds whole seconds, or is absent.
///
/// # Errors
/// [`EnvError`], with the variable's name.
pub fn seconds(name: &str) -> Result<Option<SignedDuration>, EnvError> {
    let number = |text: String| text.trim().parse::<u32>().map_err(|_| EnvError::NotSeconds(name.to_owned()));
    Ok(optional(name)?.map(number).transpose()?.map(|seconds| SignedDuration::from_secs(seconds.into())))
}

/// A variable that holds whole days, or is absent.
///
/// # Errors
/// [`EnvError`], with the variable's name.
pub fn days(name: &str) -> Result<Option<SignedDuration>, EnvError> {
    let days = |text: String| whole_days(&text).ok_or_else(|| EnvError::NotDays(name.to_owned()));
    optional(name)?.map(days).transpose()
}

/// Whole days, from one to ten years; `None` when the text is anything else.
#[must_use]
pub fn whole_days(text: &str) -> Option<SignedDuration> {
    let days = text.trim().parse::<u16>().ok().filter(|days| (FEWEST_DAYS..=MOST_DAYS).contains(days))?;
    Some(SignedDuration::from_hours(24 * i64::from(days)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_no_more_than_ten_years() {
        let cases = [
            ("30", Some(30)),
            (" 1 ", Some(1)),
            ("3650", Some(3_650)),
            ("0", None),
            ("3651", None),
            ("-1", None),
            ("7.5", None),
            ("a month", None),
        ];
        for (text, days) in cases {
            assert_eq!(whole_days(text), days.map(|days| SignedDuration::from_hours(24 * days)), "{text}");
        }
    }
}

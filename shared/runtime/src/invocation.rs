//! What every function does with what it is given: read it, and end well.
//!
//! In: payloads and outcomes. Out: errors in words that hold no value of what was given: asks hold credentials, events of mail
//! hold addresses, and errors reach logs, answers and dead letters.

use std::panic::AssertUnwindSafe;

use anyhow::anyhow;
use futures::FutureExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a payload is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// A payload, read.
///
/// # Errors
/// [`Unreadable`], which says what is missing or was expected, and not what was there instead.
pub fn read<T: DeserializeOwned>(payload: Value) -> Result<T, Unreadable> {
    serde_json::from_value(payload).map_err(|error| Unreadable(without_values(&error.to_string())))
}

/// Serde quotes what it found before it says what it expected; other errors may quote it anywhere.
fn without_values(error: &str) -> String {
    if error.starts_with("missing field `") {
        return error.to_owned();
    }
    let quoting =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `", "unknown field `"];
    // The last one: what was found may hold the same words.
    let expected = error.rsplit_once(", expected ").map(|(_, expected)| expected);
    match expected.filter(|_| quoting.iter().any(|kind| error.starts_with(kind))) {
        Some(expected) => format!("a value is not as expected, which is {expected}"),
        None => "a value is not as expected".to_owned(),
    }
}

/// How an invocation ended. A panic is an error here: Lambda's runtime would pass on its message, with any value in it. And the
/// runtime passes on the outermost words of an error alone, while the cure stands behind them.
///
/// # Errors
/// Those of the invocation, in one line; or that it panicked.
pub async fn ended<T>(invocation: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let fault = |_| Err(anyhow!("a fault of ours; the function's log names its place"));
    let outcome = AssertUnwindSafe(invocation).catch_unwind().await.unwrap_or_else(fault);
    outcome.map_err(|error| anyhow!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use anyhow::Context as _;
    use jiff::Timestamp;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "it is only read")]
    enum Given {
        Mail { to: Vec<String>, at: Timestamp },
        Try { credentials: BTreeMap<String, u8> },
    }

    #[test]
    fn what_cannot_be_read_is_described_and_never_quoted() {
        let at = "2026-03-02T09:00:00Z";
        let cases = [
            (json!({ "kind": "mail", "at": at }), "missing field `to`"),
            (
                json!({ "kind": "mail", "to": "canary", "at": at }),
                "a value is not as expected, which is a sequence",
            ),
            (
                json!({ "kind": "mail", "to": ", expected canary", "at": at }),
                "a value is not as expected, which is a sequence",
            ),
            (json!({ "kind": "mail", "to": [], "at": "canary" }), "a value is not as expected"),
            (
                json!({ "kind": "try", "credentials": { "token": "canary" } }),
                "a value is not as expected, which is u8",
            ),
            (
                json!({ "kind": "try", "credentials": {}, "canary": 1 }),
                "a value is not as expected, which is `credentials`",
            ),
            (json!({ "kind": "canary" }), "a value is not as expected, which is `mail` or `try`"),
            (json!("canary"), "a value is not as expected"),
        ];
        for (payload, expected) in cases {
            let error = read::<Given>(payload.clone()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{payload} gives: {error}");
            assert!(!error.contains("canary"), "{payload} gives: {error}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_error_without_its_message() {
        let name = String::from("canary");
        let error = ended::<()>(async { panic!("no account for {name}") }).await.unwrap_err();
        assert_eq!(error.to_string(), "a fault of ours; the function's log names its place");
    }

    #[tokio::test]
    async fn an_error_is_told_with_its_cause() {
        let failed =
            async { Err::<(), _>(anyhow!("the table does not answer")).context("the job cannot be read") };
        let error = ended(failed).await.unwrap_err();
        assert_eq!(error.to_string(), "the job cannot be read: the table does not answer");
        assert_eq!(ended(async { Ok(7) }).await.unwrap(), 7);
    }
}

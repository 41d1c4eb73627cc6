//! Why a service did not do what was asked, in one sentence.

use reqwest::StatusCode;
use serde_json::Value;

use super::{Address, Where};
use crate::exit::Exit;
use ::api::web::{self, WebError};

/// Characters of a refusal that are shown: those of the API fit, a page of some proxy need not.
const LONGEST_MESSAGE: usize = 2_000;

/// A question without the answer that was hoped for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The service says no. The status, and a sentence for a person.
    #[error("{1}")]
    Refused(StatusCode, String),
    /// Nobody answered.
    #[error(transparent)]
    Web(#[from] WebError),
    /// What was answered is not what this service answers.
    #[error("{0}")]
    Strange(String),
}

impl ClientError {
    /// What an answer with this status and body says.
    pub(super) fn of(status: StatusCode, body: &Value, place: &Where) -> Self {
        let error = &body["error"];
        let Some(message) = error["message"].as_str() else {
            return Self::Refused(status, stranger(status, body, place));
        };
        let mut sentence: String =
            message.chars().take(LONGEST_MESSAGE).filter(|c| !c.is_control()).collect();
        if let Where::There(address) = place {
            if let Some(id) = error["innerError"]["request-id"].as_str() {
                sentence.push_str(&format!(" (request-id {id})"));
            }
            if status == StatusCode::UNAUTHORIZED {
                sentence.push_str(&format!("; {}", how_to_get_a_token(address)));
            }
        }
        Self::Refused(status, sentence)
    }

    /// An answer of a version that this one does not know.
    pub(crate) fn unreadable(what: &str, error: &serde_json::Error) -> Self {
        Self::Strange(format!(
            "the service gave {what} that this version of rollcall cannot read ({error}); use the service's version, or --json"
        ))
    }

    /// Whether there is no such thing, or none for whoever asks.
    pub(super) fn is_nothing_there(&self) -> bool {
        matches!(self, Self::Refused(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN, _))
    }

    /// Exit code: what was asked cannot be asked so, or it failed.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Refused(StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND, _) => Exit::Refused,
            _ => Exit::Failed,
        }
    }
}

/// An answer that is none of Graph's envelope: a gateway's, a proxy's, another program's.
fn stranger(status: StatusCode, body: &Value, place: &Where) -> String {
    let who = match place {
        Where::Here => "Rollcall".to_owned(),
        Where::There(address) => address.to_string(),
    };
    let said = body["message"].as_str().unwrap_or_default();
    let said: String = said.chars().take(LONGEST_MESSAGE).filter(|c| !c.is_control()).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
    match (status, place) {
        (StatusCode::UNAUTHORIZED, Where::There(address)) => {
            let cure = how_to_get_a_token(address);
            format!("{who} does not take the token{said}; {cure}")
        }
        (StatusCode::FORBIDDEN, _) => format!("{who} does not let this token do that{said}"),
        (status, _) if status.is_redirection() => {
            format!("{who} sends elsewhere, which is not followed; name the service's own address with --url")
        }
        (status, _) => {
            format!("{who} answered {status}{said}, not as Rollcall's API does; check the address in --url")
        }
    }
}

/// The cure where a token is missing, or does not count.
fn how_to_get_a_token(address: &Address) -> String {
    if web::is_loopback(address.url()) {
        return "name the data folder of the rollcall serve that runs there with --data-dir, or put its token into ROLLCALL_TOKEN"
            .to_owned();
    }
    format!("put a token into ROLLCALL_TOKEN, or log in with: rollcall login --url {address}")
}

/// There is no token to ask with.
pub(super) fn no_token(address: &Address) -> ClientError {
    let sentence = format!("there is no token for {address}; {}", how_to_get_a_token(address));
    ClientError::Refused(StatusCode::UNAUTHORIZED, sentence)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn there() -> Where {
        Where::There(Address::parse("https://api.tessera.example").unwrap())
    }

    fn envelope(message: &str) -> Value {
        json!({ "error": { "code": "c", "message": message, "innerError": { "request-id": "r-1" } } })
    }

    #[test]
    fn a_refusal_is_one_sentence_with_its_request_id_and_the_cure() {
        let permission =
            "'ada' is no owner; the token would need one of these permissions: Synchronization.Read.All";
        let cases = [
            (400, envelope("$filter, column 1"), "$filter, column 1 (request-id r-1)", Exit::Refused),
            (404, envelope("there is no job 'x'"), "there is no job 'x' (request-id r-1)", Exit::Refused),
            (
                401,
                envelope("the token has expired"),
                "the token has expired (request-id r-1); put a token into ROLLCALL_TOKEN, or log in with: rollcall login --url https://api.tessera.example",
                Exit::Failed,
            ),
            (403, envelope(permission), "Synchronization.Read.All (request-id r-1)", Exit::Failed),
            (
                401,
                json!({ "message": "Unauthorized" }),
                "does not take the token (Unauthorized); put a token into ROLLCALL_TOKEN",
                Exit::Failed,
            ),
            (
                403,
                json!({ "message": "Forbidden" }),
                "does not let this token do that (Forbidden)",
                Exit::Failed,
            ),
            (302, Value::Null, "sends elsewhere, which is not followed", Exit::Failed),
            (
                502,
                Value::Null,
                "https://api.tessera.example answered 502 Bad Gateway, not as Rollcall's API does",
                Exit::Failed,
            ),
            (500, envelope("line\u{1b}[2Jbreak\n"), "line[2Jbreak (request-id r-1)", Exit::Failed),
        ];
        for (status, body, expected, exit) in cases {
            let error = ClientError::of(StatusCode::from_u16(status).unwrap(), &body, &there());
            assert!(error.to_string().contains(expected), "{status}: {error}");
            assert_eq!(error.exit(), exit, "{status}");
        }
    }

    #[test]
    fn a_refusal_in_this_process_needs_no_request_id() {
        let error = ClientError::of(StatusCode::NOT_FOUND, &envelope("there is none"), &Where::Here);
        assert_eq!(error.to_string(), "there is none");
    }

    #[test]
    fn a_message_without_end_is_cut() {
        let error = ClientError::of(StatusCode::BAD_REQUEST, &envelope(&"a".repeat(100_000)), &Where::Here);
        assert_eq!(error.to_string().len(), LONGEST_MESSAGE);
    }
}

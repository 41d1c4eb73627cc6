//! What a token says of itself, and whether its issuer is there.
//!
//! In: the token that the service is asked with. Out: findings. Promised: nothing of the token is shown but whose it is, for whom and
//! until when; it is read, not believed: whether it counts is for the service to say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use runtime::checkup::Finding;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::login::reach;

/// What is read of a JSON Web Token (RFC 7519 §4.1).
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    #[serde(default)]
    aud: Value,
    /// Amazon Cognito's word for the audience of an access token.
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    exp: Option<i64>,
}

impl Claims {
    /// Those of a token, when it is one that can be read.
    pub(super) fn of(token: &SecretString) -> Option<Self> {
        let payload = token.expose_secret().split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    /// Whose it is, for whom and until when: what a stack that refuses it should be compared with.
    pub(super) fn words(&self, now: Timestamp) -> String {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let whom = match (&self.aud, &self.client_id) {
            (Value::Null, Some(client)) => client.clone(),
            (Value::Null, None) => "nobody".to_owned(),
            (aud, _) => text(aud),
        };
        let when = match self.ends() {
            Some(ends) if ends <= now => format!(", and ended at {ends}"),
            Some(ends) => format!(", until {ends}"),
            None => String::new(),
        };
        let plain = |text: &str| text.chars().filter(|one| !one.is_control()).take(200).collect::<String>();
        format!("the token is of {} for {}{when}", plain(&self.iss), plain(&whom))
    }

    fn ends(&self) -> Option<Timestamp> {
        self.exp.and_then(|seconds| Timestamp::from_second(seconds).ok())
    }

    /// Whether whoever issued it can be reached, so that others sign in, too.
    pub(super) async fn issuer(&self, now: Timestamp) -> Finding {
        if let Err(error) = reach(&self.iss).await {
            let cure = "people cannot sign in, and the gateway cannot learn new keys";
            return Finding::problem("issuer", format!("{error:#}; {cure}"));
        }
        let words = self.words(now);
        // Long enough to read the answer.
        if self.ends().is_some_and(|ends| ends.duration_since(now) < SignedDuration::from_mins(1)) {
            return Finding::warning("issuer", format!("it answers; {words}: get another one"));
        }
        Finding::good("issuer", format!("it answers; {words}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(claims: &Value) -> SecretString {
        SecretString::from(format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims.to_string())))
    }

    #[test]
    fn a_token_says_whose_it_is_for_whom_and_until_when() {
        let now = Timestamp::from_second(1_000).unwrap();
        let iss = "https://login.tessera.example";
        for (claims, words) in [
            (
                json!({ "iss": iss, "aud": "rollcall", "exp": 1_060 }),
                "for rollcall, until 1970-01-01T00:17:40Z",
            ),
            (json!({ "iss": iss, "aud": "rollcall", "exp": 1_000 }), "for rollcall, and ended at"),
            (json!({ "iss": iss, "aud": ["one", "two"] }), "for [\"one\",\"two\"]"),
            (json!({ "iss": iss, "client_id": "console" }), "for console"),
            (json!({ "iss": iss }), "for nobody"),
            (json!({ "iss": "https://a\u{1b}[2Jb" }), "of https://a[2Jb for"),
        ] {
            let told = Claims::of(&token(&claims)).unwrap().words(now);
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn what_is_no_such_token_says_nothing() {
        for text in ["", "opaque", "a.b.c", "a.e30.c", "a.bm9uZQ.c"] {
            assert!(Claims::of(&SecretString::from(text)).is_none(), "{text}");
        }
    }
}

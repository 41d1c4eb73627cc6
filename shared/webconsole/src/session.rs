//! Who is signed in: a cookie that only we can read and write.
//!
//! In: cookies of a request. Out: the [`Session`], or nothing. Promised: it ends when the token ended that was signed in
//! with, so that whoever loses a role loses it here within the token's life; it never holds the token.

use api::access::SignedIn;
use axum::http::HeaderMap;
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Key, SameSite};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// The longest session: a working day. Tokens mostly end within an hour; those of a laptop never do.
const LONGEST: SignedDuration = SignedDuration::from_hours(10);

/// The cookie of the session.
const SESSION: &str = "rollcall";

/// How cookies are written.
#[derive(Clone)]
pub(crate) struct Cookies {
    pub(crate) key: Key,
    /// Whether the browser speaks TLS to us.
    pub(crate) secure: bool,
}

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) person: SignedIn,
    until: Timestamp,
    /// What our own forms carry, and nobody else's can.
    pub(crate) form_token: String,
}

impl Session {
    /// Begins now, and ends with the token.
    pub(crate) fn new(person: SignedIn, token_ends: Option<Timestamp>, now: Timestamp) -> Self {
        let longest = now.saturating_add(LONGEST).unwrap_or(now);
        let until = token_ends.map_or(longest, |ends| ends.min(longest));
        Self { person, until, form_token: runtime::clock::new_id().simple().to_string() }
    }

    /// Whether a form is one of ours.
    pub(crate) fn sent(&self, form_token: &str) -> bool {
        bool::from(self.form_token.as_bytes().ct_eq(form_token.as_bytes()))
    }
}

impl Cookies {
    /// The session of a request, while it lasts.
    pub(crate) fn session(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        self.get(headers, SESSION).filter(|session: &Session| now < session.until)
    }

    /// Keeps the session in the browser until it is closed.
    pub(crate) fn keep(&self, headers: &HeaderMap, session: &Session) -> PrivateCookieJar {
        self.set(headers, SESSION, session)
    }

    /// Forgets the session.
    pub(crate) fn forget(&self, headers: &HeaderMap) -> PrivateCookieJar {
        self.jar(headers).remove(self.named(SESSION, String::new()))
    }

    /// What the browser keeps for us under a name.
    pub(crate) fn get<T: DeserializeOwned>(&self, headers: &HeaderMap, name: &str) -> Option<T> {
        let cookie = self.jar(headers).get(&self.name(name))?;
        serde_json::from_str(cookie.value()).ok()
    }

    fn jar(&self, headers: &HeaderMap) -> PrivateCookieJar {
        PrivateCookieJar::from_headers(headers, self.key.clone())
    }

    /// Lets the browser keep something.
    pub(crate) fn set<T: Serialize>(&self, headers: &HeaderMap, name: &str, value: &T) -> PrivateCookieJar {
        // Texts and times: there is nothing in them that JSON could not hold.
        let value = serde_json::to_string(value).unwrap_or_default();
        self.jar(headers).add(self.named(name, value))
    }

    fn named(&self, name: &str, value: String) -> Cookie<'static> {
        Cookie::build((self.name(name), value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            // Lax, not strict: a link in a mail leads here signed in. Forms carry a token of their own.
            .same_site(SameSite::Lax)
            .build()
    }

    /// With TLS the name itself says that no other host and no plain connection set it (RFC 6265bis, 4.1.3.2).
    fn name(&self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::{COOKIE, SET_COOKIE};
    use axum::response::IntoResponse;

    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_772_452_800, 0);

    fn ada() -> SignedIn {
        SignedIn { id: "ada".to_owned(), name: "Ada".to_owned(), permissions: ["x".to_owned()].into() }
    }

    fn cookies(secure: bool) -> Cookies {
        Cookies { key: Key::derive_from(&[7; 32]), secure }
    }

    /// The headers of a browser that was given these cookies.
    fn given(jar: PrivateCookieJar) -> HeaderMap {
        let response = (jar, "").into_response();
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        let pairs: Vec<&str> =
            cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap()).collect();
        HeaderMap::from_iter([(COOKIE, pairs.join("; ").parse().unwrap())])
    }

    #[test]
    fn a_session_is_what_it_was_until_its_token_ends() {
        let hour = NOON + SignedDuration::from_hours(1);
        for (ends, last) in
            [(Some(hour), hour), (None, NOON + LONGEST), (Some(NOON + LONGEST * 2), NOON + LONGEST)]
        {
            let session = Session::new(ada(), ends, NOON);
            let headers = given(cookies(true).keep(&HeaderMap::new(), &session));
            assert_eq!(cookies(true).session(&headers, last - SignedDuration::from_secs(1)), Some(session));
            assert_eq!(cookies(true).session(&headers, last), None);
        }
    }

    #[test]
    fn a_cookie_of_another_key_or_one_that_was_touched_is_nobody() {
        let headers = given(cookies(false).keep(&HeaderMap::new(), &Session::new(ada(), None, NOON)));
        let other = Cookies { key: Key::derive_from(&[8; 32]), secure: false };
        assert_eq!(other.session(&headers, NOON), None);
        let text = headers[COOKIE].to_str().unwrap();
        let touched =
            HeaderMap::from_iter([(COOKIE, format!("{}A", &text[..text.len() - 1]).parse().unwrap())]);
        assert_eq!(cookies(false).session(&touched, NOON), None);
        assert!(cookies(false).session(&headers, NOON).is_some());
        assert!(!text.contains("ada"), "{text}");
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_connections() {
        let session = Session::new(ada(), None, NOON);
        for (secure, name) in [(true, "__Host-rollcall="), (false, "rollcall=")] {
            let response = (cookies(secure).keep(&HeaderMap::new(), &session), "").into_response();
            let text = response.headers()[SET_COOKIE].to_str().unwrap();
            assert!(text.starts_with(name), "{text}");
            assert!(text.contains("HttpOnly; SameSite=Lax") && text.contains("Path=/"), "{text}");
            assert_eq!(text.contains("Secure"), secure, "{text}");
        }
    }

    #[test]
    fn only_the_sessions_own_forms_count() {
        let session = Session::new(ada(), None, NOON);
        assert!(session.sent(&session.form_token.clone()));
        for other in ["", "x", &Session::new(ada(), None, NOON).form_token] {
            assert!(!session.sent(other));
        }
    }
}

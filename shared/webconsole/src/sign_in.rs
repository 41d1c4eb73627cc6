//! Signing in and out.
//!
//! On loopback the link that `rollcall serve` prints carries the token of this start. The token goes into no cookie: what
//! is kept is who it belongs to and what they may.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::Console;
use crate::pages::plain;
use crate::session::Session;

/// What a link to sign in with carries.
#[derive(Deserialize)]
pub(crate) struct Link {
    token: Option<String>,
    /// The page to go to then.
    to: Option<String>,
}

/// `GET /sign-in`: by the link that was printed.
pub(crate) async fn enter(
    State(console): State<Console>,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Response {
    let Some(token) = link.token else { return plain::sign_in() };
    match console.access.signs_in(&token).await {
        Ok((person, ends)) => {
            let session = Session::new(person, ends, console.clock.now());
            let to = link.to.as_deref().filter(|to| is_ours(to)).unwrap_or("/");
            (console.cookies.keep(&headers, &session), Redirect::to(to)).into_response()
        }
        Err(refused) => {
            plain::refused(StatusCode::UNAUTHORIZED, "This link does not sign in", &refused.to_string())
        }
    }
}

/// What our forms carry at least.
#[derive(Deserialize)]
pub(crate) struct Leave {
    form_token: String,
}

/// `POST /sign-out`.
pub(crate) async fn leave(
    State(console): State<Console>,
    headers: HeaderMap,
    Form(form): Form<Leave>,
) -> Response {
    match console.cookies.session(&headers, console.clock.now()) {
        Some(session) if !session.sent(&form.form_token) => plain::foreign_form(),
        _ => (console.cookies.forget(&headers), plain::signed_out()).into_response(),
    }
}

/// Whether a page to go to is one of the console's: another site could pass for it otherwise.
fn is_ours(to: &str) -> bool {
    // Browsers take a backslash for a slash, and drop tabs and line ends.
    let plain = to.chars().all(|c| !c.is_control() && c != '\\');
    plain && to.starts_with('/') && !to.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_gone_to() {
        let cases = [
            ("/", true),
            ("/applications/7?tab=logs", true),
            ("", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/\t/evil.example", false),
            ("https://evil.example", false),
            ("javascript:alert(1)", false),
        ];
        for (to, ours) in cases {
            assert_eq!(is_ours(to), ours, "{to}");
        }
    }
}

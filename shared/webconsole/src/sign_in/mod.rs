//! Signing in and out.
//!
//! ```text
//! GET  /sign-in         to, token     where to go then; on a laptop the token of the link that was printed
//! GET  /sign-in/back    code, state   from the issuer
//! POST /sign-out        form_token
//! ```
//!
//! Whoever is signed out is led to the issuer and back to the very page they asked for. No token goes into a cookie: what is
//! kept is whose it was and what it gives.

mod issuer;

use api::answer::origin;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

pub use self::issuer::Issuer;

use self::issuer::{Begun, IssuerError};
use crate::Console;
use crate::pages::plain;
use crate::session::Session;

/// Where the issuer sends people back to. It must know the address.
pub(crate) const BACK: &str = "/sign-in/back";

/// What a link to sign in with carries.
#[derive(Deserialize)]
pub(crate) struct Link {
    token: Option<String>,
    /// The page to go to then.
    to: Option<String>,
}

/// What the browser keeps while somebody signs in at the issuer.
#[derive(Serialize, Deserialize)]
struct Underway {
    state: String,
    verifier: String,
    to: String,
}

/// `GET /sign-in`.
pub(crate) async fn enter(
    State(console): State<Console>,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Response {
    let to = link.to.filter(|to| is_ours(to)).unwrap_or_else(|| "/".to_owned());
    match (link.token, &console.issuer) {
        (Some(token), None) => admit(&console, &headers, &token, &to).await,
        (None, None) => plain::sign_in(),
        (_, Some(issuer)) => match issuer.begin(&back(&headers)).await {
            Ok(Begun { to: issuers, state, verifier }) => {
                let underway = Underway { state, verifier, to };
                (console.cookies.set(&headers, UNDERWAY, &underway), Redirect::to(&issuers)).into_response()
            }
            Err(error) => failed(&error),
        },
    }
}

/// The cookie of [`Underway`].
const UNDERWAY: &str = "rollcall-sign-in";

/// What the issuer sends back.
#[derive(Deserialize)]
pub(crate) struct Returned {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// `GET /sign-in/back`.
pub(crate) async fn come_back(
    State(console): State<Console>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    let underway: Option<Underway> = console.cookies.get(&headers, UNDERWAY);
    // Whoever sent this browser here is the one it was sent to, or nobody signs in as somebody else's choice.
    let ours = |underway: &Underway| bool::from(underway.state.as_bytes().ct_eq(returned.state.as_bytes()));
    let (Some(issuer), Some(underway)) = (&console.issuer, underway.filter(ours)) else {
        let message = "This sign-in was not begun here, or another one was begun since.";
        return plain::try_again(StatusCode::BAD_REQUEST, "Please sign in again", message, "/");
    };
    let Some(code) = returned.code else {
        let error = returned.error.unwrap_or_else(|| "nothing".to_owned());
        let message =
            format!("The issuer let nobody in; it says {}.", error.chars().take(100).collect::<String>());
        return plain::try_again(StatusCode::FORBIDDEN, "You are not signed in", &message, &underway.to);
    };
    match issuer.token(&back(&headers), code, underway.verifier).await {
        Ok(token) => admit(&console, &headers, token.expose_secret(), &underway.to).await,
        Err(error) => failed(&error),
    }
}

/// Begins a session for whoever a token belongs to.
async fn admit(console: &Console, headers: &HeaderMap, token: &str, to: &str) -> Response {
    match console.access.signs_in(token).await {
        Ok((person, ends)) => {
            let session = Session::new(person, ends, console.clock.now());
            (console.cookies.keep(headers, &session), Redirect::to(to)).into_response()
        }
        Err(refused) => {
            let message = format!("Your token does not count here: {refused}.");
            plain::refused(StatusCode::UNAUTHORIZED, "This does not sign in", &message)
        }
    }
}

fn back(headers: &HeaderMap) -> String {
    format!("{}{BACK}", origin(headers))
}

fn failed(error: &IssuerError) -> Response {
    tracing::error!("nobody can sign in: {error}");
    plain::refused(StatusCode::BAD_GATEWAY, "Nobody can sign in at the moment", &format!("{error}."))
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

//! Pages for whoever is not signed in.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Shell, shown};

#[derive(Template)]
#[template(path = "plain.html")]
struct Plain<'a> {
    shell: Shell,
    message: &'a str,
    /// Where signing in leads to.
    to: Option<&'a str>,
}

fn page(status: StatusCode, title: &str, message: &str) -> Response {
    shown(status, &Plain { shell: Shell { title: title.to_owned(), who: None, part: "" }, message, to: None })
}

/// With a link to sign in once more.
pub(crate) fn try_again(status: StatusCode, title: &str, message: &str, to: &str) -> Response {
    shown(
        status,
        &Plain { shell: Shell { title: title.to_owned(), who: None, part: "" }, message, to: Some(to) },
    )
}

/// Where to sign in on a laptop.
pub(crate) fn sign_in() -> Response {
    let message =
        "Open the link that rollcall serve printed when it started. It is good until that program ends.";
    page(StatusCode::UNAUTHORIZED, "Sign in", message)
}

pub(crate) fn signed_out() -> Response {
    let message = "You are signed out of this console. Whoever signs in next at this computer may still be known to the \
                   issuer: sign out there, too, when it is not your own.";
    try_again(StatusCode::OK, "Signed out", message, "/")
}

pub(crate) fn refused(status: StatusCode, title: &str, message: &str) -> Response {
    page(status, title, message)
}

/// A form that does not come from a page of this session.
pub(crate) fn foreign_form() -> Response {
    let message = "The form was sent from an older page. Go back, load the page again, and send it once more. Nothing \
                   was changed.";
    page(StatusCode::FORBIDDEN, "Please try again", message)
}

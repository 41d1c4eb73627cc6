//! A form that somebody sent who is signed in, from a page of theirs.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use crate::Console;
use crate::pages::{Visitor, plain};
use crate::session::Session;

/// Its fields, and who sent them. A field may be there several times: ticked boxes of one list.
pub(super) struct Sent {
    pub(super) session: Session,
    fields: Vec<(String, String)>,
}

impl FromRequest<Console> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await;
        let Visitor(session) = visitor.map_err(IntoResponse::into_response)?;
        let read = Bytes::from_request(Request::from_parts(parts, body), console).await;
        let body = read.map_err(|_| {
            let message =
                "The form holds more than can be sent at once, or was cut on its way. Nothing was changed.";
            plain::refused(StatusCode::PAYLOAD_TOO_LARGE, "This is too large", message)
        })?;
        let sent = Self { session, fields: form_urlencoded::parse(&body).into_owned().collect() };
        match sent.session.sent(sent.text("form_token")) {
            true => Ok(sent),
            false => Err(plain::foreign_form()),
        }
    }
}

impl Sent {
    /// The text of a field, as it was written; empty when it is not there.
    pub(super) fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// All texts of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

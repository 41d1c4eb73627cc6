//! What every page begins with: who looks, and what to do when there is nobody or nothing.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::shown;
use crate::Console;
use crate::asking::{Refusal, step};
use crate::assets::{ICON, SCRIPT, STYLE};
use crate::session::Session;

/// Whoever signed in. Nobody else gets further: they are led to sign in, and back to the page.
pub(crate) struct Visitor(pub(crate) Session);

impl FromRequestParts<Console> for Visitor {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Redirect> {
        let session = console.cookies.session(&parts.headers, console.clock.now());
        session.map(Visitor).ok_or_else(|| {
            // A form that was sent too late is not sent again: its page is shown.
            let asked = Some(&parts.uri).filter(|_| parts.method == Method::GET);
            let to = asked.and_then(|uri| uri.path_and_query()).map_or("/", |to| to.as_str());
            Redirect::to(&format!("/sign-in?to={}", step(to)))
        })
    }
}

/// What surrounds a page.
pub(crate) struct Shell {
    pub(crate) title: String,
    /// Nobody on pages for whoever did not sign in.
    pub(crate) who: Option<Who>,
    /// The part of the console it belongs to: where the main menu leads.
    pub(crate) part: &'static str,
}

/// Who looks.
pub(crate) struct Who {
    pub(crate) name: String,
    pub(crate) form_token: String,
}

impl Shell {
    pub(crate) fn new(title: impl Into<String>, session: &Session) -> Self {
        let who = Who { name: session.person.name.clone(), form_token: session.form_token.clone() };
        Self { title: title.into(), who: Some(who), part: "/" }
    }

    /// A page of another part of the console.
    pub(crate) fn within(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// The main menu.
    pub(crate) fn menu(&self) -> [(&'static str, &'static str); 2] {
        [("/", "Applications"), ("/logs", "Provisioning logs")]
    }

    /// What our own forms carry.
    pub(crate) fn token(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.form_token)
    }

    pub(crate) fn style(&self) -> &'static str {
        STYLE
    }

    pub(crate) fn icon(&self) -> &'static str {
        ICON
    }

    pub(crate) fn script(&self) -> &'static str {
        SCRIPT
    }
}

/// Why a page cannot be shown, to whom.
pub(crate) struct Trouble {
    refusal: Refusal,
    session: Session,
    /// The page on which it was asked for.
    back: Option<String>,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    shell: Shell,
    message: String,
    request_id: Option<String>,
    back: Option<String>,
}

impl Trouble {
    /// For whoever looks.
    pub(crate) fn to(session: &Session) -> impl FnOnce(Refusal) -> Self {
        let session = session.clone();
        |refusal| Self { refusal, session, back: None }
    }

    /// For whoever sent a form from a page.
    pub(crate) fn on(session: &Session, page: &str) -> impl FnOnce(Refusal) -> Self {
        let (session, back) = (session.clone(), Some(page.to_owned()));
        |refusal| Self { refusal, session, back }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let Refusal { status, message, request_id } = self.refusal;
        let title = match status {
            StatusCode::FORBIDDEN => "You may not see this",
            StatusCode::NOT_FOUND => "There is nothing here",
            StatusCode::TOO_MANY_REQUESTS => "Too many requests",
            StatusCode::PRECONDITION_FAILED => "Somebody changed it meanwhile",
            status if status.is_server_error() => "This did not work",
            _ => "This cannot be done",
        };
        let shell = Shell::new(title, &self.session);
        shown(status, &TroublePage { shell, message, request_id, back: self.back })
    }
}

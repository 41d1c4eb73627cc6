//! What is done with the configuration: looked at, saved, its credentials and mail addresses changed.

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::{Value, json};

use super::{Sent, action_path, page, result, told};
use crate::Console;
use crate::asking::{Answered, Refusal, Wish, step};
use crate::pages::configuration::{CREDENTIALS, editor_with};
use crate::pages::{Notice, Trouble, shown};

/// What another document would do. One that is refused comes back with what is wrong with it; nothing of it is lost.
pub(super) async fn preview(
    State(console): State<Console>,
    Path(application): Path<String>,
    sent: Sent,
) -> Response {
    let path = format!("applications/{}/preview", step(&application));
    match document(&console, &sent, Method::POST, &path).await {
        Ok(answered) => result(&sent.session, &answered, &page(&application, "/drafts")),
        Err(refusal) => again(&sent, application, refusal),
    }
}

/// The document is saved.
pub(super) async fn save(
    State(console): State<Console>,
    Path(application): Path<String>,
    sent: Sent,
) -> Response {
    let path = format!("applications/{}", step(&application));
    match document(&console, &sent, Method::PUT, &path).await {
        Ok(answered) => told(&sent.session, &answered, page(&application, "/configuration"), Notice::Saved),
        Err(refusal) => again(&sent, application, refusal),
    }
}

async fn document(console: &Console, sent: &Sent, method: Method, path: &str) -> Result<Answered, Refusal> {
    let wish = Wish::new(method, path).file(sent.text("document")).made_from(sent.text("version"));
    console.api.send(&sent.session.person, wish).await
}

fn again(sent: &Sent, application: String, refusal: Refusal) -> Response {
    let status = refusal.status;
    let text = sent.text("document").to_owned();
    shown(status, &editor_with(&sent.session, application, text, sent.text("version"), refusal.message))
}

/// Credentials and addresses are tried, then saved; or saved only, for an app that does not answer at the moment.
pub(super) async fn secrets(
    State(console): State<Console>,
    Path(application): Path<String>,
    sent: Sent,
) -> Result<Response, Trouble> {
    let page = page(&application, "/configuration");
    let given = CREDENTIALS.iter().map(|field| (field.key, sent.text(field.key).trim()));
    let pairs: Vec<Value> = given
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    let done =
        keep(&console, &sent, &application, &pairs).await.map_err(Trouble::on(&sent.session, &page))?;
    Ok(match done {
        Kept::Yes(answered) => told(&sent.session, &answered, page, Notice::CredentialsSaved),
        Kept::NotTriedYet => {
            Redirect::to(&format!("{page}?done={}", Notice::NotTriedYet.code())).into_response()
        }
    })
}

/// Whether credentials were saved.
enum Kept {
    Yes(Answered),
    /// The app takes its time to answer.
    NotTriedYet,
}

async fn keep(console: &Console, sent: &Sent, application: &str, pairs: &[Value]) -> Result<Kept, Refusal> {
    if pairs.is_empty() {
        return Err(Refusal::bad("nothing is filled in; what is left empty stays as it is"));
    }
    let person = &sent.session.person;
    if sent.text("how") != "untried" {
        let path = action_path(application, sent.text("job"), "validateCredentials");
        let wish = Wish::new(Method::POST, &path).json(&json!({ "credentials": pairs }));
        let tried = console.api.send(person, wish).await.map_err(|refusal| Refusal {
            message: format!("{}. Nothing was saved.", refusal.message.trim_end_matches('.')),
            ..refusal
        })?;
        if tried.status == StatusCode::ACCEPTED {
            return Ok(Kept::NotTriedYet);
        }
    }
    let path = format!("servicePrincipals/{}/synchronization/secrets", step(application));
    let wish = Wish::new(Method::PUT, &path).json(&json!({ "value": pairs })).made_from(sent.text("version"));
    console.api.send(person, wish).await.map(Kept::Yes)
}

/// Who is written to: one address a line, or none.
pub(super) async fn notification(
    State(console): State<Console>,
    Path(application): Path<String>,
    sent: Sent,
) -> Result<Response, Trouble> {
    let page = page(&application, "/configuration");
    let separators = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let to: Vec<&str> = sent.text("to").split(separators).filter(|one| !one.is_empty()).collect();
    let notification = if to.is_empty() { Value::Null } else { json!({ "to": to }) };
    let path = format!("applications/{}", step(&application));
    let wish = Wish::new(Method::PATCH, &path).json(&json!({ "notification": notification }));
    let answered = console.api.send(&sent.session.person, wish.made_from(sent.text("version"))).await;
    let answered = answered.map_err(Trouble::on(&sent.session, &page))?;
    Ok(told(&sent.session, &answered, page, Notice::Saved))
}

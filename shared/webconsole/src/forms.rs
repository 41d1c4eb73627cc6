//! What can be done by a form. Each leads back to the page it came from.
//!
//! ```text
//! POST /forms/applications/{application}/jobs/{job}/start, /pause, /restart
//! ```

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::asking::{Refusal, step};
use crate::pages::{Shell, Trouble, Visitor, guarded, plain, shown};
use crate::session::Session;

/// What every form carries.
#[derive(Deserialize)]
struct Sent {
    form_token: String,
}

/// What takes longer than a request may.
#[derive(Template)]
#[template(path = "later.html")]
struct Later {
    shell: Shell,
    back: String,
}

/// The forms.
pub fn forms(console: Console) -> Router {
    Router::new()
        .route("/forms/applications/{application}/jobs/{job}/{action}", post(act))
        .with_state(console)
        .layer(from_fn(guarded))
}

/// Starts, pauses or restarts an application's job.
async fn act(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path((application, job, action)): Path<(String, String, String)>,
    Form(form): Form<Sent>,
) -> Result<Response, Trouble> {
    if !session.sent(&form.form_token) {
        return Ok(plain::foreign_form());
    }
    let done = change(&console, &session, [&application, &job, &action]).await;
    let status = done.map_err(Trouble::to(&session))?;
    let back = format!("/applications/{}", step(&application));
    if status == StatusCode::ACCEPTED {
        return Ok(shown(status, &Later { shell: Shell::new("Under way", &session), back }));
    }
    Ok(Redirect::to(&back).into_response())
}

async fn change(
    console: &Console,
    session: &Session,
    [application, job, action]: [&str; 3],
) -> Result<StatusCode, Refusal> {
    let body = match action {
        "start" | "pause" => Value::Null,
        "restart" => json!({ "criteria": { "resetScope": "Watermark, Escrows, QuarantineState" } }),
        other => {
            let message = format!("there is no form '{other}'");
            return Err(Refusal { status: StatusCode::NOT_FOUND, message, request_id: None });
        }
    };
    let path = format!("servicePrincipals/{}/synchronization/jobs/{}/{action}", step(application), step(job));
    let (status, _) = console.api.send(&session.person, Method::POST, &path, &body).await?;
    Ok(status)
}

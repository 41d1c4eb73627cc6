//! What can be done by a form. Each leads to a page that shows what came of it, so that loading that page again does nothing
//! twice.
//!
//! ```text
//! POST …/jobs/{job}/start, /pause, /restart, /validate          the job
//! POST …/jobs/{job}/removals, /escrows                          what waits
//! POST …/jobs/{job}/provision, /expression                      somebody now; an expression, tried
//! POST …/preview, /save, /secrets, /notification                the configuration
//! POST /forms/exports/{format}                                  a file of the log
//! ```
//!
//! `…` is `/forms/applications/{application}`.

mod configuration;
mod exports;
mod expression;
mod jobs;
mod sent;
mod waiting;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;

use crate::Console;
use crate::asking::{Answered, job_path, step};
use crate::pages::{Notice, Shell, guarded, shown};
use crate::session::Session;

use self::sent::Sent;

/// What takes longer than a request may.
#[derive(Template)]
#[template(path = "later.html")]
struct Later {
    shell: Shell,
    back: String,
}

/// The forms.
pub fn forms(console: Console) -> Router {
    let of = |action: &str| format!("/forms/applications/{{application}}/{action}");
    let of_job = |action: &str| of(&format!("jobs/{{job}}/{action}"));
    Router::new()
        .route(&of_job("start"), post(jobs::start))
        .route(&of_job("pause"), post(jobs::pause))
        .route(&of_job("restart"), post(jobs::restart))
        .route(&of_job("validate"), post(jobs::validate))
        .route(&of_job("provision"), post(jobs::provision))
        .route(&of_job("removals"), post(waiting::removals))
        .route(&of_job("escrows"), post(waiting::escrows))
        .route(&of_job("expression"), post(expression::attempt))
        .route(&of("preview"), post(configuration::preview))
        .route(&of("save"), post(configuration::save))
        .route(&of("secrets"), post(configuration::secrets))
        .route(&of("notification"), post(configuration::notification))
        .route("/forms/exports/{format}", post(exports::export))
        .with_state(console)
        .layer(from_fn(guarded))
}

/// A page of an application.
fn page(application: &str, below: &str) -> String {
    format!("/applications/{}{below}", step(application))
}

/// What is asked of a job, below `/v1.0/`.
fn action_path(application: &str, job: &str, action: &str) -> String {
    format!("{}/{action}", job_path(application, job))
}

/// Back to the page, which says that it is done; or a page that says that it goes on.
fn told(session: &Session, answered: &Answered, page: String, notice: Notice) -> Response {
    if answered.status == StatusCode::ACCEPTED {
        return shown(StatusCode::ACCEPTED, &Later { shell: Shell::new("Under way", session), back: page });
    }
    Redirect::to(&format!("{page}?done={}", notice.code())).into_response()
}

/// To the page that shows what came of it, whether it has ended or goes on.
fn result(session: &Session, answered: &Answered, page: &str) -> Response {
    match &answered.operation {
        Some(operation) => Redirect::to(&format!("{page}/{}", step(operation))).into_response(),
        None => {
            shown(answered.status, &Later { shell: Shell::new("Under way", session), back: page.to_owned() })
        }
    }
}

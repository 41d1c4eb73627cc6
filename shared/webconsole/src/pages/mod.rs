//! What can be looked at.
//!
//! ```text
//! GET /                                   all applications, the unhealthy first     q, only, token
//! GET /applications/{application}         one: Current Status
//! GET …/figures                           pictures: actions, success, durations, errors
//! GET …/waiting                           removals and failures that wait                removals, escrows
//! GET …/restart                           what a restart forgets
//! GET …/provision, …/provision/{result}   somebody now, step by step                     id
//! GET …/configuration, …/drafts/{result}  in words, as a file; what a change would do    draft
//! GET …/expression                        expressions, tried
//! GET /logs, /logs/{record}               what happened to whom                      the fields of the form
//! GET /logs/download/{format}             the same as a file                         the same
//! GET /people/{id}                        what happened to one of them everywhere    token
//! GET /exports/{export}, …/file           a file that was asked for
//! GET /sign-in, POST /sign-out
//! ```

mod application;
mod applications;
pub(crate) mod configuration;
mod exports;
pub(crate) mod expression;
mod figures;
mod health;
mod logs;
mod month;
mod notice;
mod operation;
pub(crate) mod plain;
mod provision;
mod restart;
mod shell;
mod spark;
mod subject;
mod waiting;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use crate::{Console, assets, sign_in};

pub(crate) use self::logs::wanted;
pub(crate) use self::notice::Notice;
pub(crate) use self::shell::{Shell, Trouble, Visitor};

/// Nothing but our own style and script, which are files; forms go to us; nobody shows us in a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers of every answer. What is on a page is about people: no cache keeps it, and nobody learns where a link was.
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "same-origin"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// The pages.
pub fn pages(console: Console) -> Router {
    Router::new()
        .route("/", get(applications::list))
        .route("/applications/{application}", get(application::status))
        .route("/applications/{application}/figures", get(figures::show))
        .route("/applications/{application}/waiting", get(waiting::waiting))
        .route("/applications/{application}/restart", get(restart::choose))
        .route("/applications/{application}/provision", get(provision::ask))
        .route("/applications/{application}/provision/{operation}", get(provision::told))
        .route("/applications/{application}/configuration", get(configuration::configuration))
        .route("/applications/{application}/drafts/{operation}", get(configuration::draft))
        .route("/applications/{application}/expression", get(expression::ask))
        .route("/logs", get(logs::list))
        .route("/logs/download/{format}", get(logs::download))
        .route("/logs/{record}", get(logs::one))
        // Ids hold any character, and gateways hand over a slash as it is.
        .route("/people/{*id}", get(logs::person))
        .route("/exports/{export}", get(exports::one))
        .route("/exports/{export}/file", get(exports::file))
        .route("/sign-in", get(sign_in::enter))
        .route(sign_in::BACK, get(sign_in::come_back))
        .route("/sign-out", post(sign_in::leave))
        .merge(assets::routes())
        .with_state(console)
        .layer(from_fn(guarded))
}

/// Puts the headers that keep pages to themselves on every answer.
pub(crate) async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A page.
pub(crate) fn shown(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!("a page cannot be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

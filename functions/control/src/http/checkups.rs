//! `POST /checkups`: the functions look at themselves.
//!
//! In: nothing. Out: what `sync` and `notifier` found, each with its cure. One that does not answer is a finding, too.

use api::frame::RequestId;
use api::{ApiError, Caller};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use runtime::ask::Ask;
use runtime::checkup::Finding;
use serde::Deserialize as _;
use serde_json::json;

use super::Settings;
use super::asking::{Outcome, Request};
use super::audit::Asker;

/// `POST /checkups`.
pub(super) async fn ask(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if caller.owner_only {
        let why = "what the functions find names secrets of all applications; it needs Synchronization.ReadWrite.All";
        return Err(ApiError::forbidden(why));
    }
    let asker = Asker::new(caller, &request);
    let wish = |ask: Ask| Request { stored: None, ask, activity: "Check functions", said: Vec::new() };
    let (sync, notifier) = tokio::join!(
        settings.ask(&asker, &headers, wish(Ask::CheckUp)),
        settings.ask(&asker, &headers, wish(Ask::CheckMail)),
    );
    let mut found = findings("sync", sync);
    found.extend(findings("notifier", notifier));
    Ok(Json(json!({ "value": found })).into_response())
}

fn findings(function: &str, outcome: Result<Outcome, ApiError>) -> Vec<Finding> {
    match outcome {
        Ok(Outcome::Done(told)) => Vec::deserialize(told).unwrap_or_else(|error| {
            vec![Finding::problem(
                function,
                format!("{function} is of another version than control ({error}); deploy the stack again"),
            )]
        }),
        Ok(Outcome::Later(_)) => {
            vec![Finding::warning(
                function,
                format!("{function} takes longer than 25 seconds to look at itself"),
            )]
        }
        Err(error) => vec![Finding::problem(
            function,
            format!(
                "{function}: {}; see its log group and its dead letters, and that control may invoke it",
                error.message()
            ),
        )],
    }
}

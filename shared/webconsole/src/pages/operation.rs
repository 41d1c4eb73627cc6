//! What became of something that somebody asked for.

use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Console;
use crate::asking::{Refusal, step};
use crate::session::Session;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    kind: String,
    application_id: Option<String>,
    status: Status,
    result: Value,
    error: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    Running,
    Succeeded,
    Failed,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

/// How far it is.
pub(crate) enum Outcome<T> {
    Running,
    Done(T),
    /// Why not, in a sentence.
    Failed(String),
}

/// What became of an operation of this kind about this application.
pub(crate) async fn outcome<T: DeserializeOwned>(
    console: &Console,
    session: &Session,
    application: &str,
    kind: &str,
    id: &str,
) -> Result<Outcome<T>, Refusal> {
    let operation: Operation = console.api.get(&session.person, &format!("operations/{}", step(id))).await?;
    if operation.kind != kind || operation.application_id.as_deref() != Some(application) {
        let message = "there is no such result, or not any more".to_owned();
        return Err(Refusal { status: StatusCode::NOT_FOUND, message, request_id: None });
    }
    Ok(match operation.status {
        Status::Running => Outcome::Running,
        Status::Failed => Outcome::Failed(
            operation.error.map_or_else(|| "there is no explanation".to_owned(), |error| error.message),
        ),
        Status::Succeeded => match serde_json::from_value(operation.result) {
            Ok(result) => Outcome::Done(result),
            Err(error) => {
                tracing::error!("the result of an operation cannot be shown: {error}");
                Outcome::Failed("its result cannot be shown; the function's log has the reason".to_owned())
            }
        },
    })
}

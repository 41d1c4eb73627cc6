//! Asking `sync` or `notifier`, and what the caller is told of it.

use api::ApiError;
use axum::Json;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use runtime::ask::{Answer, Ask, AskError, Asked, Refusal};
use serde_json::{Value, json};
use store::{AuditChange, Operation, OperationStatus, StoredApplication};
use uuid::Uuid;

use super::Settings;
use super::audit::{Asker, Deed};

/// Seconds after which it is worth to look at an operation again.
const LOOK_AGAIN: &str = "5";

/// How far what was asked is.
pub(super) enum Outcome {
    /// It is done; what there is to tell of it.
    Done(Value),
    /// It goes on.
    Later(Response),
}

impl Outcome {
    /// 200 with what there is to tell, or 202.
    pub(super) fn told(self) -> Response {
        match self {
            Self::Done(told) => Json(told).into_response(),
            Self::Later(response) => response,
        }
    }

    /// 204, or 202.
    pub(super) fn no_content(self) -> Response {
        match self {
            Self::Done(_) => StatusCode::NO_CONTENT.into_response(),
            Self::Later(response) => response,
        }
    }
}

/// Something to ask about an application.
pub(super) struct Request<'a> {
    pub(super) stored: Option<&'a StoredApplication>,
    pub(super) ask: Ask,
    /// `Start job`, for the audit.
    pub(super) activity: &'a str,
    /// What was said with it, for the audit.
    pub(super) said: Vec<AuditChange>,
}

impl Settings {
    /// Asks, and leaves an entry in the audit.
    ///
    /// # Errors
    /// What `sync` refused; 503 when it does not answer.
    pub(super) async fn ask(
        &self,
        asker: &Asker,
        headers: &HeaderMap,
        request: Request<'_>,
    ) -> Result<Outcome, ApiError> {
        self.begin(asker, headers, request).await.map(|(_, outcome)| outcome)
    }

    /// Asks, and says under which id it is remembered.
    ///
    /// # Errors
    /// As [`Settings::ask`].
    pub(super) async fn begin(
        &self,
        asker: &Asker,
        headers: &HeaderMap,
        request: Request<'_>,
    ) -> Result<(Uuid, Outcome), ApiError> {
        let Request { stored, ask, activity, said } = request;
        let asked = Asked {
            operation: runtime::clock::new_id(),
            application: stored.map(|stored| stored.id.clone()),
            by: asker.caller.name.clone(),
            caller: asker.caller.id.clone(),
            ask,
        };
        let operation = Operation {
            id: asked.operation,
            kind: asked.ask.name().to_owned(),
            application: asked.application.clone(),
            by: asker.caller.id.clone(),
            asked_at: self.clock.now(),
            status: OperationStatus::Running,
            done: None,
            ended_at: None,
            answer: None,
        };
        self.store.note_operation(&operation).await?;
        let worker = if asked.ask.is_for_notifier() { &self.notifier } else { &self.worker };
        let answer = worker.ask(asked).await;
        let (succeeded, reason) = match &answer {
            Ok(Answer::Done(_)) => (Some(true), None),
            Ok(Answer::Refused(refusal)) => (Some(false), Some(refusal.message.clone())),
            Err(AskError::StillAtIt) => (None, Some(format!("goes on as operation {}", operation.id))),
            Err(AskError::Failed(_)) => (Some(false), Some("whoever does it did not answer".to_owned())),
        };
        self.note(asker, stored, Deed { activity, changes: said, succeeded, reason }).await;
        match answer {
            Ok(Answer::Done(told)) => Ok((operation.id, Outcome::Done(told))),
            Ok(Answer::Refused(refusal)) => Err(of(refusal)),
            Err(AskError::StillAtIt) => Ok((operation.id, Outcome::Later(later(headers, &operation)))),
            Err(AskError::Failed(cause)) => {
                tracing::error!(operation.id = %operation.id, "nobody answered: {cause}");
                Err(ApiError::unavailable("what does this did not answer; try again in a moment"))
            }
        }
    }
}

impl Settings {
    /// Tells something that is not worth a refusal when nobody hears it: it is seen later in any case.
    pub(super) async fn tell(&self, asker: &Asker, stored: &StoredApplication, ask: Ask) {
        let asked = Asked {
            operation: runtime::clock::new_id(),
            application: Some(stored.id.clone()),
            by: asker.caller.name.clone(),
            caller: asker.caller.id.clone(),
            ask,
        };
        if let Err(error) = self.worker.ask(asked).await {
            tracing::warn!(application.id = stored.id, "what changed is not looked at at once: {error}");
        }
    }
}

fn of(refusal: Refusal) -> ApiError {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    ApiError::new(status, refusal.code, refusal.message)
}

/// Where an operation can be read, on an answer that may tell less of it than it does.
const OPERATION_LOCATION: HeaderName = HeaderName::from_static("operation-location");

/// An answer with where its operation can be read.
pub(super) fn located(mut response: Response, headers: &HeaderMap, operation: Uuid) -> Response {
    if let Ok(place) = HeaderValue::from_str(&place(headers, operation)) {
        response.headers_mut().insert(OPERATION_LOCATION, place);
    }
    response
}

fn place(headers: &HeaderMap, operation: Uuid) -> String {
    format!("{}/v1.0/operations/{operation}", api::answer::origin(headers))
}

/// 202, with where to look.
pub(super) fn later(headers: &HeaderMap, operation: &Operation) -> Response {
    let place = place(headers, operation.id);
    let told = json!({ "id": operation.id, "kind": operation.kind, "status": operation.status });
    let mut response = (StatusCode::ACCEPTED, Json(told)).into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(LOOK_AGAIN));
    response
}

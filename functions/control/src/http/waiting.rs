//! What waits for a person, and what a person looks at before: held removals, escrows, plans, links.

use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::guard::StagedKey;
use engine::model::SourceId;
use jiff::Timestamp;
use runtime::ask::Ask;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asking::{Outcome, Request};
use super::audit::{Asker, said};
use super::{Settings, body};

/// Objects that one request names; more of them are meant by `all`.
const MOST_NAMED: usize = 1_000;

/// Which of what waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Named {
    /// Ids in the source.
    #[serde(default)]
    source_ids: Vec<String>,
    /// Of groups whose members leave, their ids in the source.
    #[serde(default)]
    groups: Vec<String>,
    /// All that wait: of removals those on which nobody has decided, and for `reconsider` those on which somebody has.
    #[serde(default)]
    all: bool,
    /// With `all`, of removals: only those that waited at this moment already.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    staged_before: Option<Timestamp>,
}

impl Named {
    fn read(given: &Bytes) -> Result<Self, ApiError> {
        let named: Self = body::read(given)?;
        let count = named.source_ids.len() + named.groups.len();
        match (named.all, count) {
            (false, _) if named.staged_before.is_some() => {
                Err(ApiError::bad_request("stagedBefore: goes with {\"all\":true} only"))
            }
            (true, 0) | (false, 1..=MOST_NAMED) => Ok(named),
            _ => Err(ApiError::bad_request(format!(
                "name 1 to {MOST_NAMED} in sourceIds, or say {{\"all\":true}}; not both"
            ))),
        }
    }

    fn told(&self) -> Value {
        if self.all {
            json!("all")
        } else {
            json!(self.source_ids.iter().chain(&self.groups).collect::<Vec<_>>())
        }
    }
}

/// `POST …/heldRemovals/approve`, `/reject`, `/reconsider`.
pub(super) async fn removals(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job, decision)): Path<(String, String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let (approved, activity) = match decision.as_str() {
        "approve" => (Some(true), "Approve removals"),
        "reject" => (Some(false), "Reject removals"),
        "reconsider" => (None, "Take back a decision about removals"),
        _ => return Err(ApiError::not_found("there is approve, reject and reconsider")),
    };
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let named = Named::read(&given)?;
    let told = named.told();
    let key = |members| move |id: String| StagedKey { source_id: SourceId::new(id), members };
    let keys = named.source_ids.into_iter().map(key(false)).chain(named.groups.into_iter().map(key(true)));
    let ask = Ask::DecideRemovals { keys: keys.collect(), approved, staged_before: named.staged_before };
    let wish = Request { stored: Some(&stored), ask, activity, said: vec![said("objects", told)] };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.told())
}

/// `POST …/escrows/retry`, `/ignore`.
pub(super) async fn escrows(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job, decision)): Path<(String, String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let (ignore, activity) = match decision.as_str() {
        "retry" => (false, "Retry what failed"),
        "ignore" => (true, "Ignore what failed"),
        _ => return Err(ApiError::not_found("there is retry and ignore")),
    };
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let named = Named::read(&given)?;
    let told = named.told();
    let objects = named.source_ids.into_iter().chain(named.groups).map(SourceId::new).collect();
    let ask = Ask::DecideEscrows { objects, ignore };
    let wish = Request { stored: Some(&stored), ask, activity, said: vec![said("objects", told)] };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.told())
}

/// `POST …/plans`: what the next cycle would do, kept to be looked at and executed.
pub(super) async fn plan(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let wish = Request { stored: Some(&stored), ask: Ask::Plan, activity: "Make a plan", said: Vec::new() };
    match settings.ask(&Asker::new(caller, &request), &headers, wish).await? {
        Outcome::Later(response) => Ok(response),
        Outcome::Done(told) => {
            let plan = told["plan"].as_str().unwrap_or_default();
            let origin = api::answer::origin(&headers);
            let jobs = format!("{origin}/v1.0/servicePrincipals/{}/synchronization/jobs", stored.id);
            let place = format!("{jobs}/{}/plans/{plan}", stored.job);
            let mut response = (StatusCode::CREATED, Json(json!({ "id": plan }))).into_response();
            if let Ok(place) = HeaderValue::from_str(&place) {
                response.headers_mut().insert(LOCATION, place);
            }
            Ok(response)
        }
    }
}

/// `POST …/plans/{plan}/apply`: exactly what was planned.
pub(super) async fn apply(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job, plan)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let plan: Uuid = plan.parse().map_err(|_| ApiError::not_found(format!("there is no plan '{plan}'")))?;
    let said = vec![said("plan", plan.to_string())];
    let wish =
        Request { stored: Some(&stored), ask: Ask::ApplyPlan { plan }, activity: "Execute a plan", said };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.told())
}

/// `DELETE …/objectConnections/{object}`: forgets which account belongs to an object. Graph writes the id in quotes and
/// parentheses, too.
pub(super) async fn unlink(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job, object)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let said = vec![said("object", object.as_str())];
    let ask = Ask::DeleteLink { object: SourceId::new(object) };
    let wish = Request { stored: Some(&stored), ask, activity: "Delete object connection", said };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.no_content())
}

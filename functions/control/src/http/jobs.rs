//! Jobs: made, deleted, started, paused, restarted, and whether their credentials are taken.

use std::collections::BTreeMap;

use api::answer::entity;
use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use connectors::application::TEMPLATES;
use engine::job::StatusCode as Health;
use engine::reset::ResetScope;
use runtime::ask::{Ask, Credential};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::asking::Request;
use super::audit::{Asker, said};
use super::secrets::Pair;
use super::{Settings, body};

/// Which job is made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewJob {
    template_id: String,
}

/// `POST …/jobs`. An application has its one job from the start; it is told as made as long as nobody has started it.
pub(super) async fn create(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    let NewJob { template_id } = body::read(&given)?;
    if !TEMPLATES.contains(&template_id.as_str()) {
        let known = TEMPLATES.join(", ");
        return Err(ApiError::bad_request(format!(
            "templateId: there is no template '{template_id}'; there is {known}"
        )));
    }
    if settings.store.job(&stored.job).await?.state.code != Health::NotConfigured {
        return Err(ApiError::conflict(format!(
            "application '{}' has its job, '{}'; an application has one",
            stored.name, stored.job
        )));
    }
    let about = format!("servicePrincipals('{}')/synchronization/jobs/$entity", stored.id);
    // 2^63-1 ticks of 100 ns: Graph's word for never.
    let schedule =
        json!({ "expiration": null, "interval": "P10675199DT2H48M5.4775807S", "state": "Disabled" });
    let told = json!({
        "id": stored.job,
        "templateId": template_id,
        "schedule": schedule,
        "status": { "code": Health::NotConfigured, "progress": [], "quarantine": null, "lastExecution": null },
        "synchronizationJobSettings": [],
    });
    Ok((StatusCode::CREATED, entity(&headers, &about, told)).into_response())
}

/// `DELETE …/jobs/{job}`: everything remembered is forgotten. The application stays, and so do its accounts.
pub(super) async fn remove(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let ask = Ask::Delete { application: false };
    let wish = Request { stored: Some(&stored), ask, activity: "Delete job", said: Vec::new() };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.no_content())
}

/// `POST …/jobs/{job}/start`.
pub(super) async fn start(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let wish = Request { stored: Some(&stored), ask: Ask::Start, activity: "Start job", said: Vec::new() };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.no_content())
}

/// `POST …/jobs/{job}/pause`. A cycle at work ends its page first.
pub(super) async fn pause(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let wish = Request { stored: Some(&stored), ask: Ask::Pause, activity: "Pause job", said: Vec::new() };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.no_content())
}

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Restart {
    #[serde(default)]
    criteria: Criteria,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Criteria {
    #[serde(default)]
    reset_scope: Option<String>,
}

/// `POST …/jobs/{job}/restart`.
pub(super) async fn restart(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let Restart { criteria } = body::read_or_default(&given)?;
    let scope = criteria.reset_scope.unwrap_or_default();
    scope
        .parse::<ResetScope>()
        .map_err(|problem| ApiError::bad_request(format!("criteria.resetScope: {problem}")))?;
    let wish = Request {
        stored: Some(&stored),
        said: vec![said("resetScope", scope.as_str())],
        ask: Ask::Restart { scope },
        activity: "Restart job",
    };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.no_content())
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Validation {
    #[serde(default)]
    use_saved_credentials: Option<bool>,
    #[serde(default)]
    credentials: Option<Vec<Pair>>,
}

/// `POST …/jobs/{job}/validateCredentials`: those that are saved, or others that are not saved by it.
pub(super) async fn validate(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let Validation { use_saved_credentials, credentials } = body::read_or_default(&given)?;
    let credentials = match (use_saved_credentials, credentials) {
        (Some(true), _) | (None, None) => None,
        (_, Some(pairs)) if !pairs.is_empty() => Some(pairs),
        _ => {
            return Err(ApiError::bad_request(
                "credentials: there are none; send some, or set useSavedCredentials to true",
            ));
        }
    };
    let credentials = credentials.map(|pairs| {
        let sent = pairs
            .into_iter()
            .filter_map(|pair| Some((pair.key, Credential(SecretString::from(pair.value?)))));
        sent.collect::<BTreeMap<_, _>>()
    });
    let wish = Request {
        stored: Some(&stored),
        said: vec![said("useSavedCredentials", credentials.is_none())],
        ask: Ask::ValidateCredentials { credentials },
        activity: "Validate credentials",
    };
    Ok(settings.ask(&Asker::new(caller, &request), &headers, wish).await?.no_content())
}

//! Jobs in the shape of Graph's `synchronizationJob`.

use api::answer::{context, entity};
use api::{ApiError, Caller, find};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use store::{JobView, StoredApplication};
use utoipa::ToSchema;

use super::{Api, without_options};
use crate::status::{self, JobStatus};
use engine::job::StatusCode;

/// Without an interval of its own a job runs every 20 to 40 minutes. The vendor's word for that is the longest.
const USUAL_INTERVAL: SignedDuration = SignedDuration::from_mins(40);

/// Graph's word for a job that nobody started yet: 2^63-1 ticks of 100 ns.
const NEVER: &str = "P10675199DT2H48M5.4775807S";

/// Graph's `synchronizationJob`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    id: String,
    /// The kind of the target: `scim`.
    template_id: Option<String>,
    schedule: Schedule,
    status: JobStatus,
    /// Rollcall's settings are in the application's document.
    #[schema(value_type = Vec<Object>)]
    synchronization_job_settings: [(); 0],
}

/// Graph's `synchronizationSchedule`.
#[derive(Debug, Serialize, ToSchema)]
struct Schedule {
    /// Never.
    #[schema(value_type = Option<String>)]
    expiration: Option<()>,
    /// ISO 8601: `PT40M`.
    interval: String,
    state: &'static str,
}

/// `GET …/jobs`: an application has one.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(application): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::application(&api.store, &caller, &application).await?;
    let about = format!("servicePrincipals('{}')/synchronization/jobs", stored.id);
    let job = job(&stored, &api.store.job(&stored.job).await?, api.clock.now());
    Ok(Json(json!({ "@odata.context": context(&headers, &about), "value": [job] })))
}

/// `GET …/jobs/{job}`.
pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::job(&api.store, &caller, &application, &id).await?;
    let about = format!("servicePrincipals('{}')/synchronization/jobs/$entity", stored.id);
    let view = api.store.job(&stored.job).await?;
    Ok(entity(&headers, &about, job(&stored, &view, api.clock.now())))
}

/// The job of an application.
pub(super) fn job(stored: &StoredApplication, view: &JobView, now: Timestamp) -> Job {
    let status = status::view(&stored.name, stored.job.as_str(), view, now);
    let target = stored.document["target"].as_object().and_then(|target| target.keys().next().cloned());
    Job {
        id: stored.job.to_string(),
        template_id: target,
        schedule: Schedule {
            expiration: None,
            interval: match status.code {
                StatusCode::NotConfigured => NEVER.to_owned(),
                _ => interval(&stored.document).to_string(),
            },
            state: match status.code {
                StatusCode::Paused => "Paused",
                StatusCode::NotConfigured => "Disabled",
                StatusCode::NotRun | StatusCode::Active | StatusCode::Quarantine => "Active",
            },
        },
        status,
        synchronization_job_settings: [],
    }
}

/// The interval in an application's document, as people write it: `40m`.
fn interval(document: &Value) -> SignedDuration {
    let text = document["schedule"]["interval"].as_str();
    text.and_then(|text| text.parse().ok()).unwrap_or(USUAL_INTERVAL)
}

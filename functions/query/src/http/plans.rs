//! Plans: what the next cycle would do, as it was rehearsed and kept. Graph has no paths for these; they are in its style,
//! below the job.
//!
//! The plan itself tells counts and verdicts, for whoever reads jobs. Its operations hold old and new values of people:
//! reading them takes the permission that reading the log takes.

use api::answer::entity;
use api::pages::Paging;
use api::{ApiError, Caller, find};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use engine::cycle::rehearsal::{MatchReport, Plan};
use engine::guard::Verdict;
use engine::model::JobId;
use engine::ports::{Kept, Store as _};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Api, without_options};
use crate::status::{ExecutionView, execution};

/// A plan without its operations.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary<'a> {
    id: Uuid,
    job_id: &'a str,
    /// The cycle as which it would be applied.
    cycle_id: String,
    made_at: Timestamp,
    /// A plan made under another mapping is not applied.
    mapping_version: &'a str,
    /// What the cycle would report.
    execution: ExecutionView,
    /// What the guard would say.
    #[schema(value_type = Vec<Object>)]
    verdicts: &'a [Verdict],
    /// Whose accounts match, when the job has provisioned nobody yet.
    #[schema(value_type = Option<Object>)]
    matching: Option<&'a MatchReport>,
    /// How many there are at `…/operations`.
    operation_count: usize,
}

/// `GET …/jobs/{job}/plans/{plan}`.
pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, job, id)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::job(&api.store, &caller, &application, &job).await?;
    let plan = kept(&api, &stored.job, &id).await?;
    let summary = Summary {
        id: plan.id,
        job_id: plan.job.as_str(),
        cycle_id: plan.cycle.to_string(),
        made_at: plan.made_at,
        mapping_version: &plan.mapping_version,
        execution: execution(&plan.report),
        verdicts: &plan.report.verdicts,
        matching: plan.matching.as_ref(),
        operation_count: plan.steps.len(),
    };
    let about = format!("servicePrincipals('{}')/synchronization/jobs('{job}')/plans/$entity", stored.id);
    Ok(entity(&headers, &about, summary))
}

/// `GET …/jobs/{job}/plans/{plan}/operations`: in the order of execution.
pub(super) async fn operations(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, job, id)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let stored = find::job(&api.store, &caller, &application, &job).await?;
    let path = format!("servicePrincipals/{}/synchronization/jobs/{job}/plans/{id}/operations", stored.id);
    let paging = Paging::parse(query.as_deref(), api.list(&caller, path))?;
    let plan = kept(&api, &stored.job, &id).await?;
    let numbered = plan.steps.into_iter().enumerate().map(|(turn, step)| (format!("{turn:09}"), step));
    let (page, last) = paging.of(numbered.collect());
    Ok(Json(paging.answer(&headers, &page, last.as_deref())))
}

async fn kept(api: &Api, job: &JobId, id: &str) -> Result<Plan, ApiError> {
    let gone = || ApiError::not_found(format!("there is no plan '{id}'; plans are kept for seven days"));
    let uuid: Uuid = id.parse().map_err(|_| gone())?;
    let bytes = api.store.kept(job, Kept::Plan(uuid)).await?.ok_or_else(gone)?;
    let plan = Plan::unpack(&bytes).map_err(|error| {
        tracing::error!(plan = %uuid, "a plan cannot be read: {error}");
        ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    Ok(plan)
}

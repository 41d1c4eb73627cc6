//! What a job has behind it and before it: finished cycles, failures that are tried again, removals that wait. Graph has no
//! paths for these; they are in its style, below the job.

use api::pages::Paging;
use api::{ApiError, Caller, find};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use engine::escrow::{EscrowEntry, Failure};
use engine::guard::{HumanDecision, Removed, StagedRemoval};
use engine::model::{JobId, ObjectType};
use engine::ports::Store as _;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Api;
use crate::status::execution;

/// An object that failed. Its attributes are in the provisioning log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Escrow {
    source_id: String,
    display_name: Option<String>,
    #[schema(value_type = String, example = "User")]
    object_type: ObjectType,
    /// Whether only a manager or a member failed, while the object itself is as it should be.
    reference: bool,
    /// The code, a sentence, the call, its status and the beginning of its answer.
    #[schema(value_type = Object)]
    failure: Failure,
    recommended_action: Option<&'static str>,
    attempts: u32,
    first_failed: Timestamp,
    last_failed: Timestamp,
    /// `null` when 28 days of trying are over, or when somebody said to let it rest.
    next_attempt: Option<Timestamp>,
    #[schema(value_type = Option<Object>)]
    ignored: Option<HumanDecision>,
    change_id: String,
}

impl From<EscrowEntry> for Escrow {
    fn from(entry: EscrowEntry) -> Self {
        Self {
            source_id: entry.source_id.to_string(),
            display_name: entry.object.and_then(|object| object.display_name),
            object_type: entry.object_type,
            reference: entry.reference,
            recommended_action: entry.failure.code.recommended_action(),
            failure: entry.failure,
            attempts: entry.attempts,
            first_failed: entry.first_failed,
            last_failed: entry.last_failed,
            next_attempt: entry.next_attempt.filter(|_| entry.ignored.is_none()),
            ignored: entry.ignored,
            change_id: entry.change_id.to_string(),
        }
    }
}

/// A removal that waits for the guard or for a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeldRemoval {
    source_id: String,
    display_name: String,
    /// What is taken away.
    #[schema(value_type = String, example = "users")]
    removed: Removed,
    /// Of memberships as many as leave the group, otherwise 1.
    count: u64,
    /// Whether the object is gone from the source.
    gone: bool,
    staged_at: Timestamp,
    /// The `stagedDelete` record that told of it; `null` until it was held.
    record_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    decision: Option<HumanDecision>,
}

impl From<StagedRemoval> for HeldRemoval {
    fn from(removal: StagedRemoval) -> Self {
        Self {
            source_id: removal.source_id.to_string(),
            display_name: removal.label,
            removed: removal.removed,
            count: removal.count,
            gone: removal.object.is_none(),
            staged_at: removal.staged_at,
            record_id: removal.held_record.map(|id| id.to_string()),
            decision: removal.decision,
        }
    }
}

/// `GET …/jobs/{job}/escrows`: in the order in which they failed first.
pub(super) async fn escrows(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let (path, job) = of_job(&api, &caller, &application, &id, "escrows").await?;
    let paging = Paging::parse(query.as_deref(), api.list(&caller, path))?;
    let entries = api.store.escrows(&job).await?;
    let keyed =
        entries.into_iter().map(|entry| (position(entry.first_failed, entry.source_id.as_str()), entry));
    Ok(page::<_, Escrow>(&paging, &headers, keyed.collect()))
}

/// `GET …/jobs/{job}/heldRemovals`: in the order in which they were staged.
pub(super) async fn removals(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let (path, job) = of_job(&api, &caller, &application, &id, "heldRemovals").await?;
    let paging = Paging::parse(query.as_deref(), api.list(&caller, path))?;
    let rows = api.store.staged(&job).await?;
    let keyed = rows.into_iter().map(|row| {
        let key = row.key();
        (position(row.staged_at, &format!("{}\n{}", key.source_id, key.members)), row)
    });
    Ok(page::<_, HeldRemoval>(&paging, &headers, keyed.collect()))
}

/// `GET …/jobs/{job}/cycles`: the last ones, newest first, as many as `$top` says.
pub(super) async fn cycles(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let (path, job) = of_job(&api, &caller, &application, &id, "cycles").await?;
    let paging = Paging::single(query.as_deref(), api.list(&caller, path))?;
    let limit = u16::try_from(paging.top()).unwrap_or(u16::MAX);
    let cycles = api.store.cycles(&job, limit).await?;
    let cycles: Vec<_> = cycles.iter().map(execution).collect();
    Ok(Json(paging.answer(&headers, &cycles, None)))
}

/// The page that is asked for, out of all rows with their keys, as it is shown.
fn page<Row, Shown: From<Row> + Serialize>(
    paging: &Paging,
    headers: &HeaderMap,
    keyed: Vec<(String, Row)>,
) -> Json<Value> {
    let (rows, last) = paging.of(keyed);
    let shown: Vec<Shown> = rows.into_iter().map(Shown::from).collect();
    Json(paging.answer(headers, &shown, last.as_deref()))
}

/// The path below `/v1.0/` of a list of a job, and the job.
async fn of_job(
    api: &Api,
    caller: &Caller,
    application: &str,
    id: &str,
    list: &str,
) -> Result<(String, JobId), ApiError> {
    let stored = find::job(&api.store, caller, application, id).await?;
    let path = format!("servicePrincipals/{}/synchronization/jobs/{}/{list}", stored.id, stored.job);
    Ok((path, stored.job))
}

/// A key in the order of time. Moments are written alike up to the second, and equal ones are told apart by who it is.
fn position(at: Timestamp, who: &str) -> String {
    format!("{:020}\n{who}", at.as_nanosecond().max(0))
}

//! Who changed what, in the shape of Graph's `directoryAudit`; and what became of what somebody asked for.

use std::collections::BTreeSet;

use api::answer::entity;
use api::find::{application, owned};
use api::pages::Paging;
use api::{ApiError, Caller};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde_json::{Value, json};
use store::{AuditEntry, OperationStatus};
use uuid::Uuid;

use super::{Api, without_options};

const PATH: &str = "auditLogs/directoryAudits";

/// `GET /auditLogs/directoryAudits`: the newest first. Owners see what concerns their applications; of a page that has
/// nothing of theirs the next link remains.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::parse(query.as_deref(), api.list(&caller, PATH))?;
    let theirs: Option<BTreeSet<String>> =
        owned(&api.store, &caller).await?.map(|owned| owned.into_iter().map(|one| one.id).collect());
    let (entries, last) = api.store.audits(api.clock.now(), paging.after(), paging.top()).await?;
    let sees = |entry: &&AuditEntry| match (&theirs, &entry.application) {
        (None, _) => true,
        (Some(theirs), Some(application)) => theirs.contains(application),
        (Some(_), None) => false,
    };
    let page: Vec<Value> = entries.iter().filter(sees).map(shown).collect();
    Ok(Json(paging.answer(&headers, &page, last.as_deref())))
}

fn shown(entry: &AuditEntry) -> Value {
    let changes = entry.changes.iter().map(|change| {
        json!({ "displayName": change.field, "oldValue": text(&change.old), "newValue": text(&change.new) })
    });
    let targets = entry.application.iter().map(|id| {
        json!({
            "id": id,
            "displayName": entry.application_name,
            "type": "ServicePrincipal",
            "modifiedProperties": changes.clone().collect::<Vec<_>>(),
        })
    });
    json!({
        "id": entry.id,
        "activityDateTime": entry.at,
        "activityDisplayName": entry.activity,
        "category": "ProvisioningManagement",
        "correlationId": entry.request,
        "initiatedBy": { "user": { "id": entry.by_id, "displayName": entry.by }, "app": null },
        "loggedByService": "Rollcall",
        "operationType": entry.activity.split(' ').next(),
        "result": match entry.succeeded {
            Some(true) => "success",
            Some(false) => "failure",
            None => "unknownFutureValue",
        },
        "resultReason": entry.reason,
        "targetResources": targets.collect::<Vec<_>>(),
        "additionalDetails": [],
    })
}

/// A value as the text that Graph has there.
fn text(value: &Option<Value>) -> Option<String> {
    value.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// `GET /operations/{operation}`: what became of what took longer than a request may.
pub(super) async fn operation(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    // Whoever may see nothing at all is told so, whatever they ask for.
    owned(&api.store, &caller).await?;
    let unknown = || ApiError::not_found(format!("there is no operation '{id}', or not any more"));
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let operation = api.store.operation(id, api.clock.now()).await?.ok_or_else(unknown)?;
    match &operation.application {
        Some(of) if operation.by != caller.id => drop(application(&api.store, &caller, of).await?),
        None if operation.by != caller.id && caller.owner_only => return Err(unknown()),
        _ => {}
    }
    let failed = operation.status == OperationStatus::Failed;
    let answer = operation.answer.unwrap_or_default();
    let told = json!({
        "id": operation.id,
        "kind": operation.kind,
        "applicationId": operation.application,
        "status": operation.status,
        "objectsDone": operation.done,
        "createdDateTime": operation.asked_at,
        "endedDateTime": operation.ended_at,
        "result": if failed { Value::Null } else { answer.clone() },
        "error": if failed { answer } else { Value::Null },
    });
    Ok(entity(&headers, "operations/$entity", told))
}

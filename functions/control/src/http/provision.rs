//! `POST …/jobs/{job}/provisionOnDemand`: one person, or one group with a few members, now.
//!
//! In: Graph's parameters. Out: Graph's pair, both members of which are JSON text: how it ended, and what was done. Its
//! names differ from those of the log: `action` here is `provisioningAction` there.

use api::answer::entity;
use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use engine::model::SourceId;
use engine::report::{Outcome as Ended, ProvisionedIdentity, ProvisioningRecord, System};
use jiff::Timestamp;
use runtime::ask::Ask;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::asking::{Outcome, Request, located};
use super::audit::{Asker, said};
use super::{Settings, body};

/// Members of a group that may be named: as many as Graph takes.
const MOST_MEMBERS: usize = 5;

/// Subjects of one request: with all that may be named beside them fewer than one provisioning takes.
const MOST_SUBJECTS: usize = 10;

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Parameters {
    parameters: Vec<Parameter>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Parameter {
    #[serde(default)]
    subjects: Vec<Subject>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subject {
    object_id: String,
    #[serde(default)]
    links: Option<Links>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Links {
    #[serde(default)]
    manager: Option<Linked>,
    #[serde(default)]
    members: Option<Vec<Linked>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Linked {
    object_id: String,
}

/// Whom it is about: those who are referred to first, so that they have accounts.
fn objects(parameters: Parameters) -> Result<Vec<SourceId>, String> {
    let mut objects: Vec<SourceId> = Vec::new();
    let subjects: Vec<Subject> = parameters.parameters.into_iter().flat_map(|one| one.subjects).collect();
    if subjects.is_empty() || subjects.len() > MOST_SUBJECTS {
        return Err(format!(
            "parameters: name 1 to {MOST_SUBJECTS} subjects, {{\"subjects\":[{{\"objectId\":\"…\"}}]}}"
        ));
    }
    for subject in subjects {
        let links = subject.links.unwrap_or_default();
        let members = links.members.unwrap_or_default();
        if members.len() > MOST_MEMBERS {
            return Err(format!(
                "links.members: {MOST_MEMBERS} members at the most; the next cycle has the others"
            ));
        }
        let linked = links.manager.into_iter().chain(members).map(|linked| linked.object_id);
        objects.extend(linked.chain([subject.object_id]).map(SourceId::new));
    }
    if objects.iter().any(|object| object.as_str().trim().is_empty()) {
        return Err("objectId: is empty; ids are those of the source".to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    objects.retain(|object| seen.insert(object.clone()));
    Ok(objects)
}

/// `POST …/jobs/{job}/provisionOnDemand`. 200 also for whom it failed: the pair tells.
pub(super) async fn now(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let objects = objects(body::read(&given)?).map_err(ApiError::bad_request)?;
    let began = settings.clock.now();
    let ids: Vec<&str> = objects.iter().map(SourceId::as_str).collect();
    let wish = Request {
        stored: Some(&stored),
        said: vec![said("objects", json!(ids))],
        ask: Ask::ProvisionOnDemand { objects: objects.clone() },
        activity: "Provision on demand",
    };
    let (operation, outcome) = settings.begin(&Asker::new(caller, &request), &headers, wish).await?;
    let response = match outcome {
        Outcome::Later(response) => response,
        Outcome::Done(told) => {
            let pair = pair(&told, objects.last(), began, settings.clock.now())?;
            entity(&headers, "microsoft.graph.stringKeyStringValuePair", pair).into_response()
        }
    };
    // The pair tells of one object; the operation has the records of all.
    Ok(located(response, &headers, operation))
}

/// Graph's pair. It tells of the subject; what it was put together with is in the log.
fn pair(
    told: &Value,
    subject: Option<&SourceId>,
    began: Timestamp,
    ended: Timestamp,
) -> Result<Value, ApiError> {
    if told["outcome"] == "asked" {
        return Ok(written(
            "InProgress",
            "CycleAtWork",
            "a cycle runs, and does it between two pages; see the log",
            &json!({}),
        ));
    }
    if let Some(unknown) = told["unknown"].as_array().and_then(|unknown| unknown.first()) {
        let unknown = unknown.as_str().unwrap_or_default();
        return Err(ApiError::not_found(format!(
            "neither the source nor anything remembered knows '{unknown}'; ids are those of the source"
        )));
    }
    let records: Vec<ProvisioningRecord> =
        serde_json::from_value(told["records"].clone()).unwrap_or_default();
    let of_subject = |record: &&ProvisioningRecord| {
        Some(record.source_identity.id.as_str()) == subject.map(SourceId::as_str)
    };
    let Some(record) = records.iter().rev().find(of_subject).or(records.last()) else {
        return Ok(written(
            "Skipped",
            "RedundantExport",
            "everything is as it should be; nothing was sent",
            &json!({}),
        ));
    };
    let info = &record.provisioning_status_info;
    let error = info.error_information.as_ref();
    let result = match info.status {
        Ended::Success => "Success",
        Ended::Warning => "Warning",
        Ended::Failure => "Failure",
        Ended::Skipped => "Skipped",
    };
    let (code, message) = error.map_or(("", told["held"].as_str().unwrap_or_default()), |error| {
        (error.error_code.as_str(), error.reason.as_str())
    });
    Ok(written(result, code, message, &value(record, began, ended)))
}

fn written(result: &str, code: &str, message: &str, value: &Value) -> Value {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let key =
        json!({ "result": result, "details": { "errorCode": some(code), "errorMessage": some(message) } });
    json!({ "key": key.to_string(), "value": value.to_string() })
}

fn value(record: &ProvisioningRecord, began: Timestamp, ended: Timestamp) -> Value {
    let info = &record.provisioning_status_info;
    let error = info.error_information.as_ref();
    let steps = record.provisioning_steps.iter().map(|step| {
        json!({
            "name": step.name,
            "type": pascal(&logs::word(step.provisioning_step_type)),
            "status": pascal(&logs::word(step.status)),
            "description": step.description,
            "timestamp": record.activity_date_time,
            "details": step.details,
        })
    });
    json!({
        "action": pascal(&logs::word(record.provisioning_action)),
        "changeId": record.change_id,
        "startTime": began,
        "endTime": ended,
        "reportableIdentifier": record.source_identity.display_name,
        "modifiedProperties": record.modified_properties,
        "provisioningSteps": steps.collect::<Vec<_>>(),
        "statusInfo": {
            "status": pascal(&logs::word(info.status)),
            "errorCode": error.map(|error| &error.error_code),
            "reason": error.map(|error| &error.reason),
            "additionalDetails": error.and_then(|error| error.additional_details.as_ref()),
            "errorCategory": error.map(|error| &error.error_category),
            "recommendedAction": error.and_then(|error| error.recommended_action.as_ref()),
        },
        "sourceIdentity": identity(&record.source_identity),
        "targetIdentity": identity(&record.target_identity),
        "sourceSystem": system(&record.source_system),
        "targetSystem": system(&record.target_system),
    })
}

fn identity(identity: &ProvisionedIdentity) -> Value {
    json!({
        "id": identity.id,
        "type": identity.identity_type,
        "displayName": identity.display_name,
        "details": identity.details,
    })
}

fn system(system: &System) -> Value {
    json!({ "id": system.id, "name": system.display_name, "details": system.details })
}

/// `StagedDelete` of `stagedDelete`.
fn pascal(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

//! How an application is set up: its document, its settings, who is assigned to it.

use api::answer::{YAML, context, entity, tagged};
use api::{ApiError, Caller, find};
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use connectors::application::{as_yaml, assignments, settings};
use serde_json::{Value, json};
use store::{Channel, StoredApplication};

use super::{Api, without_options};

/// `GET /applications/{application}`: the document, in which references to secrets stand and no secret. As the file it could
/// have come from for whoever accepts YAML.
pub(super) async fn application(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::application(&api.store, &caller, &id).await?;
    if wants_yaml(&headers) {
        let text = as_yaml(&stored.document).map_err(|error| {
            tracing::error!("a document cannot be written as YAML: {error}");
            ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR)
        })?;
        return Ok(tagged(([(CONTENT_TYPE, YAML)], text).into_response(), stored.version));
    }
    let told = json!({
        "id": stored.id,
        "appId": stored.id,
        "displayName": stored.name,
        "version": stored.version,
        "jobId": stored.job,
        "document": stored.document,
    });
    Ok(tagged(entity(&headers, "applications/$entity", told).into_response(), stored.version))
}

fn wants_yaml(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|kind| kind.split(';').next().map(str::trim) == Some(YAML))
}

/// `GET …/synchronization/secrets`: settings, and credentials as `*`.
pub(super) async fn secrets(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::application(&api.store, &caller, &id).await?;
    let about = format!("servicePrincipals('{}')/synchronization/secrets", stored.id);
    let pairs: Vec<Value> = settings::of(&stored.document)
        .into_iter()
        .map(|setting| json!({ "key": setting.key, "value": setting.value }))
        .collect();
    let told = json!({ "@odata.context": context(&headers, &about), "value": pairs });
    Ok(tagged(Json(told).into_response(), stored.version))
}

/// `GET …/synchronization/notification`: who is written to, what became of earlier mail to them, and of the last mail.
pub(super) async fn notification(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::application(&api.store, &caller, &id).await?;
    let marks = api.store.recipient_marks(&stored.id, api.clock.now()).await?;
    let mailbox = api.store.mailbox(&stored.id, Channel::Mail).await?;
    let said = &stored.document["notification"];
    let recipient = |address: &str| {
        let mark = marks.iter().find(|mark| mark.address.eq_ignore_ascii_case(address));
        json!({
            "address": address,
            "problem": mark.map(|mark| mark.kind),
            "since": mark.map(|mark| mark.at),
            "reason": mark.and_then(|mark| mark.reason.as_deref()),
        })
    };
    let addresses = said["to"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let recipients: Vec<Value> = addresses.map(recipient).collect();
    let webhook = match said["webhook"]["url"].as_str() {
        Some(url) => Some(told_by_webhook(&api, &stored, url).await?),
        None => None,
    };
    let about = format!("servicePrincipals('{}')/synchronization/notification", stored.id);
    let told = json!({
        "enabled": said["enabled"].as_bool().unwrap_or(!recipients.is_empty()),
        "recipients": recipients,
        "lastMailDateTime": mailbox.claimed_at(),
        "lastMailConfirmed": mailbox.claimed_at().map(|_| !mailbox.is_unconfirmed()),
        "waitingEvents": mailbox.facts().len(),
        "webhook": webhook,
    });
    Ok(entity(&headers, &about, told).into_response())
}

/// What became of the calls of a webhook.
async fn told_by_webhook(api: &Api, stored: &StoredApplication, url: &str) -> Result<Value, ApiError> {
    let calls = api.store.mailbox(&stored.id, Channel::Webhook).await?;
    Ok(json!({
        "url": url,
        "lastCallDateTime": calls.claimed_at(),
        "lastCallConfirmed": calls.claimed_at().map(|_| !calls.is_unconfirmed()),
        "problem": calls.problem(),
        "waitingEvents": calls.facts().len(),
    }))
}

/// `GET …/appRoleAssignedTo`: who is assigned, one by one. Empty both for nobody and for everybody; `SyncAll` among the
/// settings tells which.
pub(super) async fn assigned(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::application(&api.store, &caller, &id).await?;
    let about = format!("servicePrincipals('{}')/appRoleAssignedTo", stored.id);
    let all = assignments::of(&stored.document);
    let shown: Vec<Value> = all.iter().map(|one| one.shown(&stored.id, &stored.name)).collect();
    let told = json!({ "@odata.context": context(&headers, &about), "value": shown });
    Ok(tagged(Json(told).into_response(), stored.version))
}

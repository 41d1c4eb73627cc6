//! `appRoleAssignedTo`: who is assigned to an application.
//!
//! In: a person's id in the source, or a group's. Out: the application's document with them in its scope. An assignment's id
//! is what it assigns, so that assigning twice is assigning once.

use api::answer::entity;
use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use connectors::application::assignments::{Assigned, change};
use serde::Deserialize;
use utoipa::ToSchema;

use super::audit::Asker;
use super::schema::sound_where_whole;
use super::{Settings, body};

/// Graph's `appRoleAssignment`, as far as it says whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assignment {
    principal_id: String,
    #[serde(default)]
    principal_type: Option<String>,
}

/// `POST …/appRoleAssignedTo`.
pub(super) async fn add(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    let Assignment { principal_id, principal_type } = body::read(&given)?;
    let assigned = Assigned::new(&principal_id, principal_type.as_deref().unwrap_or("User"))
        .map_err(|problem| ApiError::bad_request(problem.to_string()))?;
    let document = change(&stored.document, &assigned, true);
    sound_where_whole(&document, &stored.document)?;
    let asker = Asker::new(caller, &request);
    settings.save(&asker, &headers, &stored, document, "Add assignment").await?;
    let about = format!("servicePrincipals('{}')/appRoleAssignedTo/$entity", stored.id);
    Ok((StatusCode::CREATED, entity(&headers, &about, assigned.shown(&stored.id, &stored.name)))
        .into_response())
}

/// `DELETE …/appRoleAssignedTo/{assignment}`.
pub(super) async fn remove(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((id, assignment)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    let assigned = Assigned::of_id(&assignment)
        .filter(|assigned| assigned.is_in(&stored.document))
        .ok_or_else(|| ApiError::not_found(format!("there is no assignment '{assignment}'")))?;
    let document = change(&stored.document, &assigned, false);
    let asker = Asker::new(caller, &request);
    settings.save(&asker, &headers, &stored, document, "Remove assignment").await
}

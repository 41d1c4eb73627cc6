//! `GET …/jobs/{job}/objectConnections('{id}')`: which account belongs to whom, asked from either side.

use api::answer::entity;
use api::{ApiError, Caller, find};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use engine::ids::IdHash;
use engine::model::{JobId, Link, ObjectType, SourceId, TargetId};
use engine::ports::{Store as _, StoreError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Api, without_options};

/// Graph's `objectConnection`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection {
    /// The id that was asked for.
    object_id: String,
    source_anchor: String,
    target_anchor: String,
    display_name: Option<String>,
    object_type_name: &'static str,
}

/// `GET …/objectConnections`: as in Graph, there is no list of them.
pub(super) async fn list() -> ApiError {
    ApiError::bad_request(
        "object connections are asked for one by one; add the id of either side: objectConnections('ID')",
    )
}

/// `GET …/objectConnections/{id}`: the id is looked for in the source, then in the target.
pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, job, id)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::job(&api.store, &caller, &application, &job).await?;
    let connection = match by_source(&api, &stored.job, &id).await? {
        Some(connection) => Some(connection),
        None => by_target(&api, &stored.job, &id).await?,
    };
    let connection = connection.ok_or_else(|| {
        ApiError::not_found(format!("nobody of this id is linked, in the source or in the target: '{id}'"))
    })?;
    let about =
        format!("servicePrincipals('{}')/synchronization/jobs('{job}')/objectConnections/$entity", stored.id);
    Ok(entity(&headers, &about, connection))
}

async fn by_source(api: &Api, job: &JobId, id: &str) -> Result<Option<Connection>, StoreError> {
    let source = SourceId::new(id);
    let links = api.store.links(job, &[IdHash::of(&source)]).await?;
    Ok(links.into_values().find(|link| link.source_id == source).and_then(|link| connection(id, link)))
}

/// By way of the claim: it says whose an account is.
async fn by_target(api: &Api, job: &JobId, id: &str) -> Result<Option<Connection>, StoreError> {
    let target = TargetId::new(id);
    for kind in [ObjectType::User, ObjectType::Group] {
        let owners = api.store.owners(job, kind, std::slice::from_ref(&target)).await?;
        let Some(source) = owners.get(&target) else { continue };
        let links = api.store.links(job, &[IdHash::of(source)]).await?;
        // A claim without its link is a cycle that is just making one.
        let linked = links.into_values().find(|link| link.target_id.as_ref() == Some(&target));
        if let Some(connection) = linked.and_then(|link| connection(id, link)) {
            return Ok(Some(connection));
        }
    }
    Ok(None)
}

/// `None` for somebody who was skipped and has no account.
fn connection(asked: &str, link: Link) -> Option<Connection> {
    Some(Connection {
        object_id: asked.to_owned(),
        source_anchor: link.source_id.to_string(),
        target_anchor: link.target_id?.to_string(),
        display_name: link.display_name,
        object_type_name: match link.object_type {
            ObjectType::User => "user",
            ObjectType::Group => "group",
        },
    })
}

//! Applications in the shape of Graph's `servicePrincipal`, each with its job: all there is to see at one glance.

use api::answer::entity;
use api::find::application;
use api::pages::Paging;
use api::{ApiError, Caller};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::Value;
use store::StoredApplication;

use super::Api;
use super::jobs::{Job, job};

const PATH: &str = "servicePrincipals";

/// Applications read at once.
const AT_ONCE: usize = 16;

/// Graph's `servicePrincipal`, with what Graph has behind two more requests.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServicePrincipal {
    id: String,
    display_name: String,
    service_principal_type: &'static str,
    /// Counts from 1 with every change of the application's document.
    version: u32,
    synchronization: Synchronization,
}

#[derive(Debug, Serialize)]
struct Synchronization {
    jobs: [Job; 1],
}

/// `GET /servicePrincipals`: by name.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::parse(query.as_deref())?;
    let names = api.store.applications().await?;
    let keyed = names.into_iter().map(|named| (named.name.to_lowercase(), named.id));
    let (ids, last) = paging.of(keyed.collect());
    let read: Vec<_> = ids.iter().map(|id| read(&api, &caller, id)).collect();
    let page: Vec<Option<ServicePrincipal>> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    let page: Vec<ServicePrincipal> = page.into_iter().flatten().collect();
    Ok(Json(paging.answer(&headers, PATH, &page, last.as_deref())))
}

/// `GET /servicePrincipals/{application}`.
pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let stored = application(&api.store, &caller, &id).await?;
    Ok(entity(&headers, &format!("{PATH}/$entity"), shown(&api, &stored).await?))
}

/// An application by its id; `None` when it was deleted meanwhile.
async fn read(api: &Api, caller: &Caller, id: &str) -> Result<Option<ServicePrincipal>, ApiError> {
    match api.store.application(id).await?.filter(|stored| caller.sees(stored)) {
        Some(stored) => shown(api, &stored).await.map(Some),
        None => Ok(None),
    }
}

async fn shown(api: &Api, stored: &StoredApplication) -> Result<ServicePrincipal, ApiError> {
    Ok(ServicePrincipal {
        id: stored.id.clone(),
        display_name: stored.name.clone(),
        service_principal_type: "Application",
        version: stored.version,
        synchronization: Synchronization { jobs: [job(api, stored).await?] },
    })
}

//! Applications in the shape of Graph's `servicePrincipal`, each with its job: all there is to see at one glance.

use api::answer::entity;
use api::find::{application, owned};
use api::pages::Paging;
use api::{ApiError, Caller};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::Value;
use store::StoredApplication;
use utoipa::ToSchema;

use super::Api;
use super::jobs::{Job, job};

const PATH: &str = "servicePrincipals";

/// Applications read at once.
const AT_ONCE: usize = 16;

/// Graph's `servicePrincipal`, with what Graph has behind two more requests.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServicePrincipal {
    id: String,
    /// Graph tells an application from its service principal; here they are one.
    app_id: String,
    display_name: String,
    service_principal_type: &'static str,
    /// Counts from 1 with every change of the application's document.
    version: u32,
    /// Ids of those who may see and change it without a permission for all.
    owners: Vec<String>,
    synchronization: Synchronization,
}

#[derive(Debug, Serialize, ToSchema)]
struct Synchronization {
    #[schema(value_type = Vec<Job>)]
    jobs: [Job; 1],
}

/// `GET /servicePrincipals`: by name. For whoever owns some applications only, those.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::parse(query.as_deref(), api.list(&caller, PATH))?;
    let (page, last) = match owned(&api.store, &caller).await? {
        Some(owned) => paging.of(owned.into_iter().map(|stored| (key(&stored.name), stored)).collect()),
        None => {
            let names = api.store.applications().await?;
            let (ids, last) =
                paging.of(names.into_iter().map(|named| (key(&named.name), named.id)).collect());
            let read: Vec<_> = ids.iter().map(|id| api.store.application(id)).collect();
            // One that was deleted meanwhile is left out.
            let page: Vec<Option<_>> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
            (page.into_iter().flatten().collect(), last)
        }
    };
    let page: Vec<_> = page.iter().map(|stored| shown(&api, stored)).collect();
    let page: Vec<ServicePrincipal> = stream::iter(page).buffered(AT_ONCE).try_collect().await?;
    Ok(Json(paging.answer(&headers, &page, last.as_deref())))
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

fn owners(document: &Value) -> Vec<String> {
    let named = document["owners"].as_array().into_iter().flatten();
    named.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

/// What orders the list. A name is unique whatever its case.
fn key(name: &str) -> String {
    name.to_lowercase()
}

async fn shown(api: &Api, stored: &StoredApplication) -> Result<ServicePrincipal, ApiError> {
    Ok(ServicePrincipal {
        id: stored.id.clone(),
        app_id: stored.id.clone(),
        display_name: stored.name.clone(),
        service_principal_type: "Application",
        version: stored.version,
        owners: owners(&stored.document),
        synchronization: Synchronization { jobs: [job(api, stored).await?] },
    })
}

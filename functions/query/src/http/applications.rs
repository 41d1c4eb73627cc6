//! Applications in the shape of Graph's `servicePrincipal`, each with its job: all there is to see at one glance.
//!
//! Whatever is asked, no more is read than is shown: a page of names, the documents and jobs of that page, and for
//! `attention ne null` the index of jobs that need somebody. A part of a name is looked for in all names, which are one
//! request for some five thousand.

use std::collections::BTreeMap;

use api::answer::entity;
use api::find::{application, owned};
use api::pages::Paging;
use api::{ApiError, Caller};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use engine::attention::Attention;
use engine::model::JobId;
use serde::Serialize;
use serde_json::{Value, json};
use store::{ApplicationName, JobView, StoredApplication};
use utoipa::ToSchema;

use super::Api;
use super::jobs::{Job, job};

const PATH: &str = "servicePrincipals";

/// The one `$filter` of this list.
pub(super) const IN_NEED: &str = "attention ne null";

/// What `$select` leaves: nothing that stands in documents or jobs.
const NAMES: [&str; 3] = ["id", "appId", "displayName"];

/// Graph's `servicePrincipal`, with what Graph has behind two more requests. With `$select` its names alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServicePrincipal {
    id: String,
    /// Graph tells an application from its service principal; here they are one.
    app_id: String,
    display_name: String,
    #[schema(required = false)]
    service_principal_type: &'static str,
    /// Counts from 1 with every change of the application's document.
    #[schema(required = false)]
    version: u32,
    /// Ids of those who may see and change it without a permission for all.
    #[schema(required = false)]
    owners: Vec<String>,
    /// What somebody must look at first: its job was switched off, is in quarantine, has removals that wait, or objects
    /// that failed. `null` when nothing is.
    #[schema(value_type = Option<String>, example = "quarantined", required = false)]
    attention: Option<Attention>,
    #[schema(required = false)]
    synchronization: Synchronization,
}

#[derive(Debug, Serialize, ToSchema)]
struct Synchronization {
    #[schema(value_type = Vec<Job>)]
    jobs: [Job; 1],
}

/// What is asked of the list.
struct Asked {
    in_need: bool,
    /// A part of the name, in lower case.
    part: String,
    /// Whether names are all that is wanted.
    names: bool,
}

impl Asked {
    fn read(paging: &Paging) -> Result<Self, ApiError> {
        let in_need = match paging.option("$filter") {
            None => false,
            Some(filter) if filter.split_whitespace().eq(IN_NEED.split(' ')) => true,
            Some(filter) => {
                let message = format!("$filter={filter} cannot be asked of this list; it takes '{IN_NEED}'");
                return Err(ApiError::bad_request(message));
            }
        };
        let part = paging.option("$search").unwrap_or_default().trim().to_lowercase();
        let names = match paging.option("$select") {
            None => false,
            Some(fields) if fields.split(',').all(|field| NAMES.contains(&field.trim())) => true,
            Some(_) => {
                let message = format!("$select takes {} here; leave it out for everything", NAMES.join(", "));
                return Err(ApiError::bad_request(message));
            }
        };
        Ok(Self { in_need, part, names })
    }

    fn finds(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.part)
    }
}

/// `GET /servicePrincipals`: by name. For whoever owns some applications only, those.
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let options = ["$filter", "$search", "$select"];
    let paging = Paging::with(query.as_deref(), api.list(&caller, PATH), &options)?;
    let asked = Asked::read(&paging)?;
    let (page, last): (Vec<StoredApplication>, _) = match owned(&api.store, &caller).await? {
        Some(owned) => {
            let found = owned.into_iter().filter(|stored| asked.finds(&stored.name));
            paging.of(found.map(|stored| (stored.name.to_lowercase(), stored)).collect())
        }
        None if asked.in_need => {
            let jobs = api.store.jobs_in_need().await?;
            let (jobs, last) = paging.of(jobs.into_iter().map(|job| (job.to_string(), job)).collect());
            let ids: Vec<&str> = jobs.iter().map(JobId::application).collect();
            let mut page = api.store.applications_of(&ids).await?;
            page.retain(|stored| asked.finds(&stored.name));
            (page, last)
        }
        None => {
            let (names, last) = names(&api, &paging, &asked).await?;
            if asked.names {
                let page: Vec<Value> = names.iter().map(|name| named(&name.id, &name.name)).collect();
                return Ok(Json(paging.answer(&headers, &page, last.as_deref())));
            }
            let ids: Vec<&str> = names.iter().map(|name| name.id.as_str()).collect();
            (api.store.applications_of(&ids).await?, last)
        }
    };
    let jobs = api.store.jobs_of(&page).await?;
    // One that was deleted meanwhile is left out.
    let page = page.iter().filter_map(|stored| shown(&api, stored, &jobs));
    let page = page.filter(|shown| !asked.in_need || shown.attention.is_some());
    if asked.names {
        let page: Vec<Value> = page.map(|shown| named(&shown.id, &shown.display_name)).collect();
        return Ok(Json(paging.answer(&headers, &page, last.as_deref())));
    }
    Ok(Json(paging.answer(&headers, &page.collect::<Vec<_>>(), last.as_deref())))
}

/// A page of names, and the key to go on from.
async fn names(
    api: &Api,
    paging: &Paging,
    asked: &Asked,
) -> Result<(Vec<ApplicationName>, Option<String>), ApiError> {
    let names = match asked.part.is_empty() {
        true => api.store.applications_after(paging.after(), paging.top() + 1).await?,
        false => api.store.applications().await?,
    };
    let found = names.into_iter().filter(|name| asked.finds(&name.name));
    Ok(paging.of(found.map(|name| (name.key(), name)).collect()))
}

/// `GET /servicePrincipals/{application}`.
pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let stored = application(&api.store, &caller, &id).await?;
    let jobs = BTreeMap::from([(stored.job.clone(), api.store.job(&stored.job).await?)]);
    Ok(entity(&headers, &format!("{PATH}/$entity"), shown(&api, &stored, &jobs)))
}

fn owners(document: &Value) -> Vec<String> {
    let named = document["owners"].as_array().into_iter().flatten();
    named.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn named(id: &str, name: &str) -> Value {
    json!({ "id": id, "appId": id, "displayName": name })
}

fn shown(api: &Api, stored: &StoredApplication, jobs: &BTreeMap<JobId, JobView>) -> Option<ServicePrincipal> {
    let view = jobs.get(&stored.job)?;
    Some(ServicePrincipal {
        id: stored.id.clone(),
        app_id: stored.id.clone(),
        display_name: stored.name.clone(),
        service_principal_type: "Application",
        version: stored.version,
        owners: owners(&stored.document),
        attention: view.state.attention(),
        synchronization: Synchronization { jobs: [job(stored, view, api.clock.now())] },
    })
}

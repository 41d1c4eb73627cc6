//! Schemas and templates: how people become accounts, in the shape of Graph's `synchronizationSchema`; and what the
//! language of its expressions and filters has.
//!
//! A job's schema is its application's mappings, written anew at each request, and what discovery found of its target.
//! Its `ETag` is the version of the application: whoever writes a schema back says by it which one they read.

use api::answer::{context, entity, tagged};
use api::{ApiError, Caller, find};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use connectors::application::exchange::{self, Template};
use connectors::application::{Application, filled};
use engine::schema::catalogue;
use serde::Serialize;
use serde_json::{Value, json};
use store::StoredApplication;

use super::{Api, jobs, without_options};

/// A template of an application.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Offered<'a> {
    application_id: &'a str,
    #[serde(flatten)]
    template: &'static Template,
}

/// `GET …/synchronization`: jobs and templates at one glance.
pub(super) async fn synchronization(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(application): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::application(&api.store, &caller, &application).await?;
    let about = format!("servicePrincipals('{}')/synchronization/$entity", stored.id);
    let job = jobs::job(&stored, &api.store.job(&stored.job).await?, api.clock.now());
    let all = json!({ "id": stored.id, "jobs": [job], "templates": offered(&stored) });
    Ok(entity(&headers, &about, all))
}

/// `GET …/templates`.
pub(super) async fn templates(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(application): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::application(&api.store, &caller, &application).await?;
    let about = format!("servicePrincipals('{}')/synchronization/templates", stored.id);
    Ok(Json(json!({ "@odata.context": context(&headers, &about), "value": offered(&stored) })))
}

fn offered(stored: &StoredApplication) -> Vec<Offered<'_>> {
    exchange::templates().iter().map(|template| Offered { application_id: &stored.id, template }).collect()
}

/// `GET …/templates/{template}`.
pub(super) async fn template(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let (stored, template) = of_template(&api, &caller, &application, &id).await?;
    let about = format!("servicePrincipals('{}')/synchronization/templates/$entity", stored.id);
    Ok(entity(&headers, &about, Offered { application_id: &stored.id, template }))
}

/// `GET …/templates/{template}/schema`: what a job begins with.
pub(super) async fn of_a_template(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    let (stored, template) = of_template(&api, &caller, &application, &id).await?;
    let about =
        format!("servicePrincipals('{}')/synchronization/templates('{id}')/schema/$entity", stored.id);
    Ok(entity(&headers, &about, template.schema()))
}

/// `GET …/jobs/{job}/schema`: what the job does at its next cycle.
pub(super) async fn of_a_job(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    without_options(query.as_deref())?;
    let stored = find::job(&api.store, &caller, &application, &id).await?;
    let about = format!("servicePrincipals('{}')/synchronization/jobs('{id}')/schema/$entity", stored.id);
    let found = api.store.discovered(&stored.id).await?;
    let schema = exchange::schema_with(&document(&stored)?, stored.job.as_str(), stored.version, found);
    Ok(tagged(entity(&headers, &about, schema).into_response(), stored.version))
}

/// `GET …/jobs/{job}/schema/functions`, whose answer is every job's.
pub(super) async fn functions_of_a_job(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    find::job(&api.store, &caller, &application, &id).await?;
    Ok(functions(&headers))
}

/// `GET …/templates/{template}/schema/functions`.
pub(super) async fn functions_of_a_template(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    of_template(&api, &caller, &application, &id).await?;
    Ok(functions(&headers))
}

/// `GET …/jobs/{job}/schema/filterOperators`, whose answer is every job's.
pub(super) async fn operators_of_a_job(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    find::job(&api.store, &caller, &application, &id).await?;
    Ok(operators(&headers))
}

/// `GET …/templates/{template}/schema/filterOperators`.
pub(super) async fn operators_of_a_template(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    without_options(query.as_deref())?;
    of_template(&api, &caller, &application, &id).await?;
    Ok(operators(&headers))
}

fn functions(headers: &HeaderMap) -> Json<Value> {
    entity(headers, "functions", catalogue::functions())
}

fn operators(headers: &HeaderMap) -> Json<Value> {
    entity(headers, "filterOperators", catalogue::filter_operators())
}

async fn of_template(
    api: &Api,
    caller: &Caller,
    application: &str,
    id: &str,
) -> Result<(StoredApplication, &'static Template), ApiError> {
    let stored = find::application(&api.store, caller, application).await?;
    let template = exchange::template(id).ok_or_else(|| {
        let known: Vec<_> = exchange::templates().iter().map(|template| template.id).collect();
        ApiError::not_found(format!("there is no template '{id}'; there is {}", known.join(", ")))
    })?;
    Ok((stored, template))
}

/// The document of an application, or of a draft.
fn document(stored: &StoredApplication) -> Result<Application, ApiError> {
    filled(&stored.document).ok_or_else(|| {
        tracing::error!(application.id = %stored.id, "a stored document cannot be read");
        ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

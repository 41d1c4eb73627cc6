//! The SCIM endpoints (RFC 7644 section 3.2).
//!
//! In: a request that the gate let through. Out: the answer, always `application/scim+json`. Promise: a body over
//! 1 MiB answers 413; what is not served answers 404 or 405 with a SCIM error body.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::Value;

use super::body::Members;
use super::bulk;
use super::directory::names_version;
use super::discovery::{LARGEST_BODY, list as documents, resource_types, schemas, service_provider_config};
use super::error::{SCIM_JSON, ScimError};
use super::listing::ListRequest;
use super::patch::operations;
use super::quirks::Quirks;
use super::render::{ListBody, Projection, shown};
use super::schema::ResourceType;
use super::shared::Shared;

/// How much of an oversized body is read before it is refused, so that the client gets to see the answer.
const DRAINED: usize = 16 * LARGEST_BODY;

/// State and result of every handler.
pub(crate) type Here = State<Arc<Shared>>;
pub(crate) type Answer = Result<Response, ScimError>;

/// All endpoints, below `/scim/v2`.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let endpoints = Router::new()
        .route("/ServiceProviderConfig", get(config))
        .route("/ResourceTypes", get(all_resource_types))
        .route("/ResourceTypes/{id}", get(one_resource_type))
        .route("/Schemas", get(all_schemas))
        .route("/Schemas/{id}", get(one_schema))
        .route("/Bulk", post(bulk::run))
        .route("/.search", post(search_all))
        .route("/{endpoint}", get(list).post(create))
        .route("/{endpoint}/.search", post(search))
        .route("/{endpoint}/{id}", get(read).put(replace).patch(patch).delete(delete))
        .method_not_allowed_fallback(async || {
            ScimError::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not served here")
        });
    Router::new()
        .nest("/scim/v2", endpoints)
        .fallback(async || ScimError::not_found("this endpoint"))
        .with_state(shared)
}

fn resource_type(endpoint: &str) -> Result<ResourceType, ScimError> {
    ResourceType::at_endpoint(endpoint).ok_or_else(|| ScimError::not_found("this endpoint"))
}

/// Reads a JSON body.
///
/// # Errors
/// 413 when it is over 1 MiB, 400 `invalidSyntax` when it is not JSON.
pub(crate) async fn json(body: Body) -> Result<Value, ScimError> {
    let too_large = || ScimError::too_large(format!("a body may hold {LARGEST_BODY} bytes"));
    let bytes = to_bytes(body, DRAINED).await.map_err(|_| too_large())?;
    if bytes.len() > LARGEST_BODY {
        return Err(too_large());
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| ScimError::invalid_syntax(format!("the body is not JSON: {error}")))
}

/// The attributes of a resource that a client sent; its `schemas` must name the core schema (RFC 7643 section 3).
pub(crate) fn resource(kind: ResourceType, body: Value) -> Result<Members, ScimError> {
    let Value::Object(members) = body else {
        return Err(ScimError::invalid_syntax("a resource must be an object"));
    };
    let urns = super::path::member(&members, "schemas").and_then(Value::as_array);
    let named = |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(kind.urn()));
    if !urns.is_some_and(|urns| urns.iter().any(named)) {
        return Err(ScimError::invalid_value(format!("schemas must name {}", kind.urn())));
    }
    Ok(members)
}

/// An answer with a JSON body.
pub(crate) fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, SCIM_JSON)], bytes).into_response(),
        Err(error) => ScimError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn resource_answer(
    status: StatusCode,
    resource: &Value,
    projection: &Projection,
    quirks: &Quirks,
) -> Response {
    let mut response = answer(status, &shown(resource, projection, quirks, false));
    set_header(&mut response, header::ETAG, resource.pointer("/meta/version").filter(|_| !quirks.no_etag));
    response
}

fn set_header(response: &mut Response, name: HeaderName, value: Option<&Value>) {
    let value = value.and_then(Value::as_str).and_then(|text| HeaderValue::from_str(text).ok());
    response.headers_mut().extend(value.map(|value| (name, value)));
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn list(State(shared): Here, Path(endpoint): Path<String>, RawQuery(query): RawQuery) -> Answer {
    listed(&shared, &[resource_type(&endpoint)?], &ListRequest::from_query(query.as_deref())?)
}

async fn search(State(shared): Here, Path(endpoint): Path<String>, body: Body) -> Answer {
    searched(&shared, &[resource_type(&endpoint)?], body).await
}

/// At the root, a search looks through resources of every type.
async fn search_all(State(shared): Here, body: Body) -> Answer {
    searched(&shared, &[ResourceType::User, ResourceType::Group], body).await
}

async fn searched(shared: &Shared, kinds: &[ResourceType], body: Body) -> Answer {
    if shared.quirks().no_search {
        return Err(ScimError::not_implemented(".search"));
    }
    listed(shared, kinds, &ListRequest::from_search(&json(body).await?)?)
}

fn listed(shared: &Shared, kinds: &[ResourceType], request: &ListRequest) -> Answer {
    let quirks = &*shared.quirks();
    let plan = request.plan(shared.settings.page_cap, quirks)?;
    let projection = &request.projection()?;
    let page = &plan.run(&shared.directory(), kinds);
    Ok(answer(StatusCode::OK, &ListBody { page, projection, quirks }))
}

async fn create(
    State(shared): Here,
    Path(endpoint): Path<String>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Answer {
    let kind = resource_type(&endpoint)?;
    let projection = ListRequest::from_query(query.as_deref())?.projection()?;
    let members = resource(kind, json(body).await?)?;
    let quirks = shared.quirks();
    let created = shared.write(&quirks, None, |directory, rules| directory.create(kind, members, rules))?;
    let mut response = resource_answer(StatusCode::CREATED, &created, &projection, &quirks);
    let location = created.pointer("/meta/location").filter(|_| !quirks.no_location);
    set_header(&mut response, header::LOCATION, location);
    Ok(response)
}

async fn read(
    State(shared): Here,
    Path((endpoint, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let kind = resource_type(&endpoint)?;
    let projection = ListRequest::from_query(query.as_deref())?.projection()?;
    let quirks = shared.quirks();
    let resource = shared.directory().read(kind, &id)?;
    let version = resource.pointer("/meta/version").and_then(Value::as_str).unwrap_or_default();
    let known = text(&headers, header::IF_NONE_MATCH).is_some_and(|tags| names_version(tags, version));
    let mut response = resource_answer(StatusCode::OK, &resource, &projection, &quirks);
    if known && !quirks.no_etag {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    Ok(response)
}

async fn replace(
    State(shared): Here,
    Path((endpoint, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let kind = resource_type(&endpoint)?;
    let projection = ListRequest::from_query(query.as_deref())?.projection()?;
    let members = resource(kind, json(body).await?)?;
    let quirks = shared.quirks();
    let if_match = text(&headers, header::IF_MATCH);
    let replaced =
        shared.write(&quirks, if_match, |directory, rules| directory.replace(kind, &id, members, rules))?;
    Ok(resource_answer(StatusCode::OK, &replaced, &projection, &quirks))
}

async fn patch(
    State(shared): Here,
    Path((endpoint, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let kind = resource_type(&endpoint)?;
    let quirks = shared.quirks();
    if quirks.no_patch {
        return Err(ScimError::not_implemented("PATCH"));
    }
    let projection = ListRequest::from_query(query.as_deref())?.projection()?;
    let operations = operations(&json(body).await?)?;
    let if_match = text(&headers, header::IF_MATCH);
    let patched =
        shared.write(&quirks, if_match, |directory, rules| directory.patch(kind, &id, &operations, rules))?;
    let mut response = resource_answer(StatusCode::OK, &patched, &projection, &quirks);
    if quirks.patch_answers204 && projection == Projection::Whole {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    Ok(response)
}

async fn delete(
    State(shared): Here,
    Path((endpoint, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let kind = resource_type(&endpoint)?;
    let quirks = shared.quirks();
    let if_match = text(&headers, header::IF_MATCH);
    shared.write(&quirks, if_match, |directory, rules| directory.delete(kind, &id, rules))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn config(State(shared): Here) -> Response {
    let config = service_provider_config(&shared.base_url, shared.settings.page_cap, &shared.quirks());
    answer(StatusCode::OK, &config)
}

async fn all_resource_types(State(shared): Here, RawQuery(query): RawQuery) -> Answer {
    unfiltered(query.as_deref(), &resource_types(&shared.base_url))
}

async fn one_resource_type(State(shared): Here, Path(id): Path<String>) -> Answer {
    one(&resource_types(&shared.base_url), &id)
}

async fn all_schemas(State(shared): Here, RawQuery(query): RawQuery) -> Answer {
    unfiltered(query.as_deref(), &schemas(&shared.base_url))
}

async fn one_schema(State(shared): Here, Path(id): Path<String>) -> Answer {
    one(&schemas(&shared.base_url), &id)
}

/// Discovery refuses filters, so that nobody takes a filtered answer for the whole (RFC 7644 section 4).
fn unfiltered(query: Option<&str>, all: &[Value]) -> Answer {
    let mut names = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    if names.any(|(name, _)| name == "filter") {
        return Err(ScimError::new(StatusCode::FORBIDDEN, "this list cannot be filtered"));
    }
    Ok(answer(StatusCode::OK, &documents(all)))
}

fn one(all: &[Value], id: &str) -> Answer {
    let found = all.iter().find(|document| document["id"] == id);
    found.map(|found| answer(StatusCode::OK, found)).ok_or_else(|| ScimError::not_found(id))
}

//! Schemas: replaced, brought back to the default, tried, and asked of the target.

use api::answer::entity;
use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use connectors::application::{Application, exchange, filled};
use engine::schema::document::DirectoryDefinition;
use engine::schema::{Given, ParseExpressionRequest, SynchronizationSchema, parse_expression};
use runtime::ask::Ask;
use serde_json::{Value, json};
use store::StoredApplication;

use super::applications::refused;
use super::asking::{Outcome, Request};
use super::audit::Asker;
use super::{Settings, body};

/// `PUT …/schema`: replaces the mappings. Whoever sends back what they read changes nothing.
pub(super) async fn replace(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let (whole, schema) = (whole(&stored)?, read(&given)?);
    let document = with_schema(&stored, &whole, &schema)?;
    settings.save(&Asker::new(caller, &request), &headers, &stored, document, "Update schema").await
}

/// `PATCH …/schema`: what Graph's SDKs have for it. They send all of a schema but the flags, which some of them forget when
/// they write: what a mapping may do stays as it is where nothing is said of it, so that nobody is deleted for that.
pub(super) async fn change(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let (whole, mut schema) = (whole(&stored)?, read(&given)?);
    keep_flow_types(&mut schema, &exchange::schema_of(&whole, stored.job.as_str(), stored.version));
    let document = with_schema(&stored, &whole, &schema)?;
    settings.save(&Asker::new(caller, &request), &headers, &stored, document, "Update schema").await
}

fn read(given: &Bytes) -> Result<SynchronizationSchema, ApiError> {
    SynchronizationSchema::read(given).map_err(|error| ApiError::bad_request(error.to_string()))
}

fn with_schema(
    stored: &StoredApplication,
    whole: &Application,
    schema: &SynchronizationSchema,
) -> Result<Value, ApiError> {
    let (changed, _) = exchange::with_schema(whole, schema).map_err(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        ApiError::bad_request(lines.join("; "))
    })?;
    Ok(with_mappings(&stored.document, &changed))
}

/// Fills in what the mappings of a schema may do, from those that there are between the same types.
fn keep_flow_types(schema: &mut SynchronizationSchema, present: &SynchronizationSchema) {
    let known: Vec<_> =
        present.synchronization_rules.each().iter().flat_map(|rule| rule.object_mappings.each()).collect();
    let Given::Value(rules) = &mut schema.synchronization_rules else { return };
    for rule in rules {
        let Given::Value(mappings) = &mut rule.object_mappings else { continue };
        for mapping in mappings.iter_mut().filter(|mapping| mapping.flow_types.value().is_none()) {
            let types = (&mapping.source_object_name, &mapping.target_object_name);
            let same = known.iter().find(|one| (&one.source_object_name, &one.target_object_name) == types);
            if let Some(same) = same {
                mapping.flow_types = same.flow_types.clone();
            }
        }
    }
}

/// `DELETE …/schema`: the default mappings come back.
pub(super) async fn reset(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let document = with_mappings(&stored.document, &exchange::with_default_schema(&whole(&stored)?));
    settings.save(&Asker::new(caller, &request), &headers, &stored, document, "Reset schema").await
}

/// The application of a document, or of a draft.
fn whole(stored: &StoredApplication) -> Result<Application, ApiError> {
    filled(&stored.document).ok_or_else(|| {
        ApiError::conflict(format!(
            "the document of '{}' cannot be read by this version; send it again",
            stored.name
        ))
    })
}

/// The document with other mappings, and otherwise as it was.
fn with_mappings(document: &Value, application: &Application) -> Value {
    let mut document = document.clone();
    if let Some(fields) = document.as_object_mut() {
        fields.insert("users".to_owned(), json!(application.users));
        match &application.groups {
            Some(groups) => drop(fields.insert("groups".to_owned(), json!(groups))),
            None => drop(fields.remove("groups")),
        }
        if application.groups.is_none() {
            fields.remove("nestedGroups");
        }
    }
    document
}

/// Refuses a changed document that an application cannot be run with; one that was not whole before need not be now.
pub(super) fn sound_where_whole(document: &Value, before: &Value) -> Result<(), ApiError> {
    let read = serde_json::from_value::<Application>(document.clone());
    let was_whole = serde_json::from_value::<Application>(before.clone()).is_ok();
    match read {
        Ok(application) => application.check().map(drop).map_err(|problems| refused(&problems)),
        Err(_) if !was_whole => Ok(()),
        Err(error) => Err(ApiError::bad_request(format!("the document cannot be read any more: {error}"))),
    }
}

/// `POST …/schema/parseExpression`: what an expression is made of, and yields.
pub(super) async fn parse(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Path((application, job)): Path<(String, String)>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Json<Value>, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let asked: ParseExpressionRequest = body::read(&given)?;
    let expressions = serde_json::from_value::<Application>(stored.document)
        .map(|read| read.users.expressions)
        .unwrap_or_default();
    // Nobody's object: what is drawn is drawn anew.
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(runtime::clock::new_id().as_bytes());
    let response = parse_expression(&asked, settings.clock.now(), seed, &expressions);
    Ok(entity(&headers, "microsoft.graph.parseExpressionResponse", response))
}

/// `POST …/schema/directories/{directory}/discover`: asks the target what it can hold, and shows it with what the mappings
/// have.
pub(super) async fn discover(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path((application, job, directory)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::job(&settings.store, &caller, &application, &job).await?;
    let whole = whole(&stored)?;
    let schema = exchange::schema_of(&whole, stored.job.as_str(), stored.version);
    if directory_of(&schema, &directory)?.read_only.value() == Some(&true) {
        return Err(ApiError::bad_request(
            "the source's directory is not discovered; its attributes are what it shows",
        ));
    }
    let wish =
        Request { stored: Some(&stored), ask: Ask::Discover, activity: "Discover schema", said: Vec::new() };
    match settings.ask(&Asker::new(caller, &request), &headers, wish).await? {
        Outcome::Later(response) => Ok(response),
        Outcome::Done(_) => {
            let found = settings.store.discovered(&stored.id).await?;
            let schema = exchange::schema_with(&whole, stored.job.as_str(), stored.version, found);
            let told = directory_of(&schema, &directory)?;
            Ok(entity(&headers, "microsoft.graph.directoryDefinition", told).into_response())
        }
    }
}

/// A directory of a schema, by its id or its name.
fn directory_of<'a>(
    schema: &'a SynchronizationSchema,
    directory: &str,
) -> Result<&'a DirectoryDefinition, ApiError> {
    let is = |given: &Given<String>| given.text() == Some(directory);
    let found = schema.directories.each().iter().find(|known| is(&known.id) || is(&known.name));
    found.ok_or_else(|| ApiError::not_found(format!("the schema has no directory '{directory}'")))
}

//! Applications: made, changed, deleted.

use api::answer::{entity, tagged};
use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use connectors::application::{Application, Problem, draft};
use engine::job::JobState;
use engine::model::JobId;
use runtime::ask::Ask;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{ApplicationError, StoredApplication};
use utoipa::ToSchema;

use super::asking::{Request, located};
use super::audit::{Asker, Deed, changes};
use super::{References, Settings, body};

/// The places of a document in which a reference to a secret may stand.
const REFERENCES: [&str; 3] = ["/target/scim/token", "/source/ldap/password", "/notification/webhook/secret"];

/// What an application is made from.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instantiation {
    display_name: String,
    /// Where people are read, as in a document; uploads when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    source: Option<Value>,
}

/// `POST /applicationTemplates/{template}/instantiate`.
pub(super) async fn instantiate(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(template): Path<String>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    only_for_everybody(&caller)?;
    let Instantiation { display_name, source } = body::read(&given)?;
    let drafted = draft(&template, display_name.trim(), source)
        .map_err(|problem| ApiError::bad_request(problem.to_string()))?;
    check_references(&settings, &caller, None, &drafted)?;
    let asker = Asker::new(caller, &request);
    let now = settings.clock.now();
    let stored = new(&settings, &asker, drafted, &JobState::unconfigured(now)).await?;
    let told = json!({
        "application": { "id": stored.id, "appId": stored.id, "displayName": stored.name, "applicationTemplateId": template },
        "servicePrincipal": { "id": stored.id, "appId": stored.id, "displayName": stored.name, "servicePrincipalType": "Application" },
    });
    Ok(created(&headers, &stored, "applicationServicePrincipal", told))
}

/// `POST /applications`: out of a whole document.
pub(super) async fn create(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    only_for_everybody(&caller)?;
    let document = checked(body::document(&headers, &given)?)?;
    check_references(&settings, &caller, None, &document)?;
    let asker = Asker::new(caller, &request);
    let stored = new(&settings, &asker, document, &JobState::new(settings.clock.now())).await?;
    let told = shown(&stored);
    Ok(created(&headers, &stored, "applications", told))
}

/// `PUT /applications/{application}`: another document.
pub(super) async fn replace(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    let document = checked(body::document(&headers, &given)?)?;
    let asker = Asker::new(caller, &request);
    settings.save(&asker, &headers, &stored, document, "Update application").await
}

/// `POST /applications/{application}/preview`: what another document would do. Nothing is saved.
pub(super) async fn preview(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    body::matches(&headers, stored.version)?;
    let document = checked(body::document(&headers, &given)?)?;
    check_references(&settings, &caller, Some(&stored.document), &document)?;
    let ask = Ask::Preview { document };
    let wish = Request { stored: Some(&stored), ask, activity: "Preview document", said: Vec::new() };
    let (operation, outcome) = settings.begin(&Asker::new(caller, &request), &headers, wish).await?;
    Ok(located(outcome.told(), &headers, operation))
}

/// `PATCH /applications/{application}`: parts of the document, as RFC 7396 merges them.
pub(super) async fn change(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    let patch: Value = body::read(&given)?;
    if !patch.is_object() {
        return Err(ApiError::bad_request(
            "the body is no JSON object; name the parts of the document that change",
        ));
    }
    let mut document = stored.document.clone();
    merge(&mut document, &patch, MOST_NESTED)?;
    let document = checked(document)?;
    let asker = Asker::new(caller, &request);
    settings.save(&asker, &headers, &stored, document, "Update application").await
}

/// `DELETE /applications/{application}`, and of its service principal.
pub(super) async fn remove(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let stored = find::application(&settings.store, &caller, &id).await?;
    body::matches(&headers, stored.version)?;
    let asker = Asker::new(caller, &request);
    let ask = Ask::Delete { application: true };
    let request = Request { stored: Some(&stored), ask, activity: "Delete application", said: Vec::new() };
    Ok(settings.ask(&asker, &headers, request).await?.no_content())
}

/// Merges no deeper than documents are.
const MOST_NESTED: u8 = 16;

fn merge(into: &mut Value, patch: &Value, depth: u8) -> Result<(), ApiError> {
    let Some(parts) = patch.as_object() else {
        *into = patch.clone();
        return Ok(());
    };
    let depth =
        depth.checked_sub(1).ok_or_else(|| ApiError::bad_request("the body nests deeper than a document"))?;
    if !into.is_object() {
        *into = json!({});
    }
    for (name, part) in parts {
        match into.as_object_mut() {
            Some(fields) if part.is_null() => drop(fields.remove(name)),
            Some(fields) => merge(fields.entry(name.clone()).or_insert(Value::Null), part, depth)?,
            None => {}
        }
    }
    Ok(())
}

/// A new application belongs to nobody: an owner of others may not make it.
fn only_for_everybody(caller: &Caller) -> Result<(), ApiError> {
    match caller.owner_only {
        true => Err(ApiError::forbidden(
            "making applications needs Synchronization.ReadWrite.All; owners change those they own",
        )),
        false => Ok(()),
    }
}

/// A document as it is stored: checked, and spelled as this version spells it.
fn checked(given: Value) -> Result<Value, ApiError> {
    let application: Application = serde_json::from_value(given)
        .map_err(|error| ApiError::bad_request(format!("the document cannot be read: {error}")))?;
    application.check().map_err(|problems| refused(&problems))?;
    serde_json::to_value(application)
        .map_err(|error| ApiError::bad_request(format!("the document cannot be kept: {error}")))
}

/// Every problem of a document.
pub(super) fn refused(problems: &[Problem]) -> ApiError {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    ApiError::bad_request(lines.join("; "))
}

/// Whether a document refers only to secrets that whoever sends it may have used.
fn check_references(
    settings: &Settings,
    caller: &Caller,
    before: Option<&Value>,
    document: &Value,
) -> Result<(), ApiError> {
    if settings.references == References::Any {
        return Ok(());
    }
    for place in REFERENCES {
        let at = |document: &Value| document.pointer(place).and_then(Value::as_str).map(str::to_owned);
        let Some(reference) = at(document) else { continue };
        let known = before.and_then(at).is_some_and(|known| known == reference);
        let managed = reference.starts_with("secretsmanager:") && !caller.owner_only;
        if !known && !managed {
            let place = place.trim_start_matches('/').replace('/', ".");
            return Err(ApiError::bad_request(format!(
                "{place}: refers to a secret that cannot be named here; send the credential itself to synchronization/secrets"
            )));
        }
    }
    Ok(())
}

async fn new(
    settings: &Settings,
    asker: &Asker,
    document: Value,
    state: &JobState,
) -> Result<StoredApplication, ApiError> {
    let id = runtime::clock::new_id();
    let job = JobId::new(format!("scim.{}.{id}", settings.tenant.simple()));
    let name = document["application"].as_str().unwrap_or_default().to_owned();
    let stored = StoredApplication { id: id.to_string(), name, version: 1, document, job };
    // The job comes first: an application without one could not be run, a job without one is nobody's.
    settings.store.create_job(&stored.job, state).await?;
    if let Err(error) = settings.store.save_application(&stored, None).await {
        return Err(of_saving(error));
    }
    let changes = changes(&json!({}), &stored.document);
    let deed = Deed { activity: "Add application", changes, succeeded: Some(true), reason: None };
    settings.note(asker, Some(&stored), deed).await;
    Ok(stored)
}

fn of_saving(error: ApplicationError) -> ApiError {
    match error {
        ApplicationError::NameTaken(_) => ApiError::conflict(error.to_string()),
        ApplicationError::Changed { .. } => ApiError::changed_meanwhile(error.to_string()),
        ApplicationError::Store(error) => error.into(),
    }
}

fn shown(stored: &StoredApplication) -> Value {
    json!({
        "id": stored.id,
        "appId": stored.id,
        "displayName": stored.name,
        "version": stored.version,
        "jobId": stored.job,
        "document": stored.document,
    })
}

fn created(headers: &HeaderMap, stored: &StoredApplication, of: &str, told: Value) -> Response {
    let mut response = (StatusCode::CREATED, entity(headers, &format!("{of}/$entity"), told)).into_response();
    let place = format!("{}/v1.0/applications/{}", api::answer::origin(headers), stored.id);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(LOCATION, place);
    }
    tagged(response, stored.version)
}

impl Settings {
    /// Saves another document of an application: 204, or why not. One that does not differ is left as it is.
    pub(super) async fn save(
        &self,
        asker: &Asker,
        headers: &HeaderMap,
        stored: &StoredApplication,
        document: Value,
        activity: &str,
    ) -> Result<Response, ApiError> {
        body::matches(headers, stored.version)?;
        check_references(self, &asker.caller, Some(&stored.document), &document)?;
        let saved = self.saved(asker, stored, document, activity).await?;
        Ok(tagged(StatusCode::NO_CONTENT.into_response(), saved.version))
    }

    /// Saves another document, whatever it refers to.
    pub(super) async fn saved(
        &self,
        asker: &Asker,
        stored: &StoredApplication,
        document: Value,
        activity: &str,
    ) -> Result<StoredApplication, ApiError> {
        if document == stored.document {
            return Ok(stored.clone());
        }
        let name = document["application"].as_str().unwrap_or(&stored.name).to_owned();
        let next = StoredApplication { name, version: stored.version + 1, document, ..stored.clone() };
        self.store.save_application(&next, Some(stored.version)).await.map_err(of_saving)?;
        let changes = changes(&stored.document, &next.document);
        self.note(asker, Some(&next), Deed { activity, changes, succeeded: Some(true), reason: None }).await;
        self.tell(asker, &next, Ask::Due).await;
        Ok(next)
    }
}

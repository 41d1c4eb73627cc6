//! `POST /auditLogs/provisioning/exports`: records of the log as a file.
//!
//! In: which records, and in which format. Out: 202, with where to look for the file: it takes its time in any case.

use api::frame::RequestId;
use api::{ApiError, Caller, find};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use logs::odata::Filter;
use runtime::ask::{Ask, Export};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::asking::{Outcome, Request};
use super::audit::{Asker, said};
use super::{Settings, body};

/// Which records, in which format.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    filter: Option<String>,
    #[serde(default)]
    search: Option<String>,
    format: String,
}

/// `POST /auditLogs/provisioning/exports`.
pub(super) async fn ask(
    State(settings): State<Settings>,
    Extension(caller): Extension<Caller>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, ApiError> {
    let owned = find::owned(&settings.store, &caller).await?;
    let Wanted { filter, search, format } = body::read(&given)?;
    if let Some(filter) = &filter {
        Filter::parse(filter).map_err(|error| ApiError::bad_request(error.to_string()))?;
    }
    format.parse::<logs::Format>().map_err(|problem| ApiError::bad_request(format!("format: {problem}")))?;
    let jobs = owned.map(|owned| owned.into_iter().map(|stored| stored.job.to_string()).collect());
    let said = vec![said("filter", json!(filter)), said("format", format.as_str())];
    let ask = Ask::Export(Export { filter, search, format, jobs });
    let wish = Request { stored: None, ask, activity: "Export the provisioning log", said };
    let (id, outcome) = settings.begin(&Asker::new(caller, &request), &headers, wish).await?;
    let place = format!("{}/v1.0/auditLogs/provisioning/exports/{id}", api::answer::origin(&headers));
    let status = if matches!(outcome, Outcome::Done(_)) { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let mut response = (status, Json(json!({ "id": id }))).into_response();
    if let Ok(place) = place.parse() {
        response.headers_mut().insert(LOCATION, place);
    }
    Ok(response)
}

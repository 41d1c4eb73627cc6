//! Files of what is looked for: as the API streams them, and where it cannot, as exports that a form asks for.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use jiff::Timestamp;

use super::find::path;
use super::question::Question;
use super::{Filter, read};
use crate::asking::{Refusal, step};
use crate::pages::{Trouble, Visitor};
use crate::{Console, Files};

/// The formats, and what they are called.
const FORMATS: [(&str, &str); 3] = [("csv", "CSV"), ("json", "JSON"), ("ndjson", "NDJSON")];

/// Where an export is asked for.
const EXPORTS: &str = "/forms/exports";

/// The file of a question in each format.
pub(super) fn addresses(files: Files, filter: &Filter, question: &Question) -> Vec<(&'static str, String)> {
    let path = match files {
        Files::Streamed => "/logs/download",
        Files::Exported => EXPORTS,
    };
    FORMATS.into_iter().map(|(format, name)| (name, filter.file(path, format, question))).collect()
}

/// What a file holds whose address has these fields: the API's filter, and what it searches for.
pub(crate) fn wanted(query: Option<&str>, now: Timestamp) -> Result<(String, String), Refusal> {
    let filter: Filter = read(query)?;
    let question = filter.question(now).map_err(Refusal::bad)?;
    Ok((question.filter, filter.q.trim().to_owned()))
}

/// `GET /logs/download/{format}`: passed on as the API streams it.
pub(crate) async fn download(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(format): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let wanted = wanted(query.as_deref(), console.clock.now()).map_err(Trouble::to(&session));
    let (filter, search) = wanted?;
    let path = format!("{}&$format={}", path("/download", &filter, &search), step(&format));
    console.api.stream(&session.person, &path).await.map_err(Trouble::to(&session))
}

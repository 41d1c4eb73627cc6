//! Provision on demand: somebody now, and each step of it.
//!
//! ```text
//! GET /applications/{application}/provision               id: who is filled in already
//! GET /applications/{application}/provision/{operation}   what came of it
//! ```

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine::report::ProvisioningRecord;
use serde::Deserialize;

use super::operation::{Outcome, outcome};
use super::subject::Subject;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;

/// Who is filled in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Who {
    id: String,
}

/// What `sync` says of it.
#[derive(Deserialize)]
struct Provisioned {
    /// `asked` when a cycle at work does it.
    outcome: String,
    #[serde(default)]
    records: Vec<ProvisioningRecord>,
    #[serde(default)]
    unknown: Vec<String>,
    held: Option<String>,
}

#[derive(Template)]
#[template(path = "provision.html")]
struct Page {
    shell: Shell,
    subject: Subject,
    id: String,
    result: Option<Outcome<Provisioned>>,
}

/// `GET /applications/{application}/provision`.
pub(super) async fn ask(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(application): Path<String>,
    Query(who): Query<Who>,
) -> Result<Response, Trouble> {
    let subject = Subject::read(&console, &session, &application, "/provision").await;
    let subject = subject.map_err(Trouble::to(&session))?;
    let shell = Shell::new(format!("Provision on demand · {}", subject.name), &session);
    Ok(shown(StatusCode::OK, &Page { shell, subject, id: who.id, result: None }))
}

/// `GET /applications/{application}/provision/{operation}`.
pub(super) async fn told(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path((application, operation)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let subject = Subject::read(&console, &session, &application, "/provision").await;
    let subject = subject.map_err(Trouble::to(&session))?;
    let result = outcome(&console, &session, &subject.id, "provisionOnDemand", &operation).await;
    let result: Outcome<Provisioned> = result.map_err(Trouble::to(&session))?;
    let id = match &result {
        Outcome::Done(done) => done.records.last().map(|record| record.source_identity.id.clone()),
        Outcome::Running | Outcome::Failed(_) => None,
    };
    let shell = Shell::new(format!("Provision on demand · {}", subject.name), &session);
    let page = Page { shell, subject, id: id.unwrap_or_default(), result: Some(result) };
    Ok(shown(StatusCode::OK, &page))
}

impl Page {
    fn is_under_way(&self) -> bool {
        matches!(self.result, Some(Outcome::Running))
    }
}

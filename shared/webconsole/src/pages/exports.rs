//! A file of the log that was asked for: how far it is, and once it is written, the file.
//!
//! ```text
//! GET /exports/{export}        moves by itself until it is written, or failed
//! GET /exports/{export}/file   the file: from a bucket by a link that is made for this click, else as the API streams it
//! ```

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Refusal, step};
use crate::session::Session;
use crate::times::{Moment, count};

/// As much of an export as is shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    id: String,
    status: String,
    created_date_time: Timestamp,
    records_done: Option<u64>,
    bytes: Option<u64>,
    error: Option<Failure>,
    download_url: Option<String>,
    /// Until when the link works, where it leads to a bucket.
    expires_date_time: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Failure {
    message: Option<String>,
}

#[derive(Template)]
#[template(path = "export.html")]
struct Page {
    shell: Shell,
    export: Export,
}

/// `GET /exports/{export}`.
pub(super) async fn one(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(export): Path<String>,
) -> Result<Response, Trouble> {
    let export = read(&console, &session, &export).await.map_err(Trouble::to(&session))?;
    Ok(shown(
        StatusCode::OK,
        &Page { shell: Shell::new("A file of the provisioning log", &session).within("/logs"), export },
    ))
}

/// `GET /exports/{export}/file`.
pub(super) async fn file(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(export): Path<String>,
) -> Result<Response, Trouble> {
    let found = read(&console, &session, &export).await.map_err(Trouble::to(&session))?;
    if let (Some(link), Some(_)) = (&found.download_url, found.expires_date_time) {
        return Ok(Redirect::to(link).into_response());
    }
    let path = format!("{}/content", path(&export));
    console.api.stream(&session.person, &path).await.map_err(Trouble::to(&session))
}

async fn read(console: &Console, session: &Session, export: &str) -> Result<Export, Refusal> {
    console.api.get(&session.person, &path(export)).await
}

fn path(export: &str) -> String {
    format!("auditLogs/provisioning/exports/{}", step(export))
}

impl Export {
    fn is_under_way(&self) -> bool {
        self.status == "running"
    }

    fn began(&self) -> Moment {
        Moment::of(self.created_date_time)
    }

    fn records(&self) -> String {
        match self.records_done {
            None | Some(0) => "no records".to_owned(),
            Some(1) => "1 record".to_owned(),
            Some(many) => format!("{} records", count(&many)),
        }
    }

    /// How large the file is, in the unit that fits.
    fn size(&self) -> Option<String> {
        Some(match self.bytes? {
            bytes @ ..1_000 => format!("{bytes} bytes"),
            bytes @ ..1_000_000 => format!("{} kB", bytes / 1_000),
            bytes => format!("{} MB", bytes / 1_000_000),
        })
    }

    /// Why there is no file.
    fn problem(&self) -> Option<&str> {
        let failed = self.error.as_ref()?;
        Some(failed.message.as_deref().unwrap_or("The function's log has the reason."))
    }

    fn file(&self) -> String {
        format!("/exports/{}/file", step(&self.id))
    }
}

//! The provisioning log: what happened to whom, and why.
//!
//! ```text
//! GET /logs                     the fields of the form ([`filter`]), a page at a time
//! GET /logs/download/{format}   the same fields; csv, json, ndjson
//! GET /logs/{record}            tab: steps, troubleshooting, properties, summary
//! GET /people/{id}              all records of an id in either system; token
//! ```

mod fields;
mod file;
mod filter;
mod find;
mod person;
mod question;
mod record;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine::report::{Outcome, ProvisioningRecord};
use serde_json::Value;

use self::fields::read;
pub(super) use self::file::download;
pub(crate) use self::file::wanted;
use self::filter::Filter;
use self::find::{Choice, Found, Named, Offered, find, named, offered};
pub(super) use self::person::person;
use self::question::{ACTIONS, STATUSES, TIMES};
pub(super) use self::record::one;
use super::{Shell, Trouble, Visitor, shown};
use crate::asking::step;
use crate::times::Moment;
use crate::{Console, Files};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "logs.html")]
struct Page {
    shell: Shell,
    filter: Filter,
    /// What is wrong with the question.
    problem: Option<String>,
    offered: Offered,
    /// The application that is asked about, when it is there for whoever looks.
    named: Option<Named>,
    rows: Vec<ProvisioningRecord>,
    next: Option<String>,
    /// A file of all of it, in each format: where it is, or where it is asked for.
    files: Vec<(&'static str, String)>,
    streamed: bool,
}

/// `GET /logs`.
pub(super) async fn list(
    State(console): State<Console>,
    Visitor(session): Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let filter: Filter = read(query.as_deref()).map_err(Trouble::to(&session))?;
    let (named, offered) =
        tokio::join!(named(&console, &session, &filter.application), offered(&console, &session));
    let asked = match &named {
        Some(named) => filter.within(&named.id, &named.job),
        None => filter.clone(),
    };
    let found = find(&console, &session, &asked).await.map_err(Trouble::to(&session))?;
    let Found { question, rows, next, problem } = found;
    let files = question.as_ref().map(|question| file::addresses(console.files, &asked, question));
    let page = Page {
        shell: Shell::new("Provisioning logs", &session).within("/logs"),
        next: question.zip(next).map(|(question, token)| filter.next(&token, &question)),
        filter,
        problem,
        offered,
        named,
        rows,
        files: files.unwrap_or_default(),
        streamed: console.files == Files::Streamed,
    };
    let status = if page.problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(shown(status, &page))
}

impl Page {
    fn times(&self) -> [(&'static str, &'static str); 3] {
        TIMES
    }

    fn statuses(&self) -> [&'static str; 4] {
        STATUSES
    }

    fn actions(&self) -> [&'static str; 6] {
        ACTIONS
    }

    fn token(&self) -> &str {
        self.shell.who.as_ref().map_or("", |who| &who.form_token)
    }

    fn others(&self) -> impl Iterator<Item = &Choice> {
        let chosen = self.chosen().map_or("", |(id, _)| id);
        self.offered.applications.iter().filter(move |choice| choice.id != chosen)
    }

    /// The application that is asked about, as it stands in the list: also when it is not among those offered.
    fn chosen(&self) -> Option<(&str, &str)> {
        let given = self.filter.application.trim();
        let named = self.named.as_ref().map(|named| (named.id.as_str(), named.name.as_str()));
        named.or((!given.is_empty()).then_some((given, given)))
    }
}

/// Where a record is.
pub(crate) fn link(record: &ProvisioningRecord) -> String {
    format!("/logs/{}", record.id)
}

/// A word of an enum as the API writes it.
pub(crate) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The style's name for an outcome.
pub(crate) fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "good",
        Outcome::Failure => "bad",
        Outcome::Warning => "warn",
        Outcome::Skipped => "idle",
    }
}

/// Why it failed; else the last step, when nothing was done.
pub(crate) fn reason(record: &ProvisioningRecord) -> String {
    let status = &record.provisioning_status_info;
    match (&status.error_information, status.status) {
        (Some(error), _) => error.reason.clone(),
        (None, Outcome::Success) => String::new(),
        (None, _) => {
            record.provisioning_steps.last().map(|step| step.description.clone()).unwrap_or_default()
        }
    }
}

pub(crate) fn when(record: &ProvisioningRecord) -> Moment {
    Moment::of(record.activity_date_time)
}

/// Who it happened to: by name, by id when they have none.
pub(crate) fn who(record: &ProvisioningRecord) -> &str {
    match record.source_identity.display_name.as_str() {
        "" => &record.source_identity.id,
        name => name,
    }
}

/// Everything that happened to somebody, in every application.
pub(crate) fn everything_of(id: &str) -> String {
    match id {
        // Browsers take these for steps up and down a path.
        "" | "." | ".." => format!("/logs?q={id}&days=30"),
        id => format!("/people/{}", step(id)),
    }
}

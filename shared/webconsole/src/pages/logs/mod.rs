//! The provisioning log: what happened to whom, and why.
//!
//! ```text
//! GET /logs            the fields of the form ([`filter`]), a page at a time
//! GET /logs/download   the same, and format: csv, json, ndjson
//! GET /logs/{record}   tab: steps, troubleshooting, properties, summary
//! ```

mod filter;
mod record;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine::report::{Outcome, ProvisioningRecord};
use serde::Deserialize;
use serde_json::Value;

use self::filter::{ACTIONS, Filter, STATUSES, TIMES};
pub(super) use self::record::one;
use super::health::Application;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Listed, Refusal, step};
use crate::session::Session;
use crate::times::Moment;

/// Rows of a page.
const ROWS: usize = 50;

/// Pages of the API that are looked through for one of ours: rare answers are found over several.
const LOOKS: usize = 5;

/// Applications that are offered to choose from; whoever has more comes from the application's page.
const OFFERED: usize = 500;

#[derive(Template)]
#[template(path = "logs.html")]
struct Page {
    shell: Shell,
    filter: Filter,
    /// What is wrong with the question.
    problem: Option<String>,
    applications: Vec<Application>,
    rows: Vec<ProvisioningRecord>,
    next: Option<String>,
}

/// What was found.
#[derive(Default)]
struct Found {
    rows: Vec<ProvisioningRecord>,
    next: Option<String>,
    problem: Option<String>,
}

/// `GET /logs`.
pub(super) async fn list(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Query(filter): Query<Filter>,
) -> Result<Response, Trouble> {
    let found = find(&console, &session, &filter).await.map_err(Trouble::to(&session))?;
    // Who may read the log may not be one who may read applications: then there are none to choose from.
    let path = format!("servicePrincipals?$top={OFFERED}");
    let listed: Result<Listed<Application>, Refusal> = console.api.get(&session.person, &path).await;
    let applications = listed.map(|listed| listed.value).unwrap_or_default();
    let Found { rows, next, problem } = found;
    let shell = Shell::new("Provisioning logs", &session).within("/logs");
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(shown(status, &Page { shell, filter, problem, applications, rows, next }))
}

async fn find(console: &Console, session: &Session, filter: &Filter) -> Result<Found, Refusal> {
    let question = match filter.question(console.clock.now()) {
        Ok(question) => question,
        Err(problem) => return Ok(Found { problem: Some(problem), ..Found::default() }),
    };
    let mut token = Some(filter.token.clone()).filter(|token| !token.is_empty());
    let mut rows = Vec::new();
    for _ in 0..LOOKS {
        let path = path("", filter, &question.filter, &[("$top", &ROWS.to_string())], token.as_deref());
        let listed: Listed<ProvisioningRecord> = match console.api.get(&session.person, &path).await {
            Ok(listed) => listed,
            // A name that is too short, or that too many have: the API says what to write instead.
            Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
                return Ok(Found { problem: Some(refusal.message), ..Found::default() });
            }
            Err(refusal) => return Err(refusal),
        };
        token = listed.token();
        rows.extend(listed.value);
        if token.is_none() || !rows.is_empty() {
            break;
        }
    }
    let next = token.map(|token| filter.next(&token, question.since));
    Ok(Found { rows, next, problem: None })
}

/// Where the API is asked.
fn path(
    below: &str,
    filter: &Filter,
    conditions: &str,
    more: &[(&str, &str)],
    token: Option<&str>,
) -> String {
    let mut path = format!("auditLogs/provisioning{below}?$filter={}", step(conditions));
    let search = Some(filter.q.trim()).filter(|text| !text.is_empty()).map(|text| ("$search", text));
    let token = token.map(|token| ("$skiptoken", token));
    for (name, value) in search.into_iter().chain(more.iter().copied()).chain(token) {
        path.push_str(&format!("&{name}={}", step(value)));
    }
    path
}

/// A file of what is looked for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    format: String,
}

/// `GET /logs/download`: passed on as the API streams it.
pub(super) async fn download(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Query(filter): Query<Filter>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let told = |message| Refusal { status: StatusCode::BAD_REQUEST, message, request_id: None };
    let question = filter.question(console.clock.now()).map_err(told).map_err(Trouble::to(&session))?;
    let more = [("$format", wanted.format.as_str())];
    let path = path("/download", &filter, &question.filter, &more, None);
    console.api.stream(&session.person, &path).await.map_err(Trouble::to(&session))
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

    fn link(&self, record: &ProvisioningRecord) -> String {
        format!("/logs/{}", record.id)
    }

    fn formats(&self) -> [(&'static str, &'static str); 3] {
        [("csv", "CSV"), ("json", "JSON"), ("ndjson", "NDJSON")]
    }
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

/// Everything that happened to somebody, in every application.
pub(crate) fn everything_of(id: &str) -> String {
    format!("/logs?q={}&days=30", step(id))
}

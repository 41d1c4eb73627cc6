//! What waits: removals for a person, failures for their next attempt.
//!
//! ```text
//! GET /applications/{application}/waiting     removals, escrows: where a later page of each begins
//! ```

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::notice::Done;
use super::subject::Subject;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Listed, Refusal, step};
use crate::session::Session;
use crate::times::Moment;

/// Rows of a page, of each kind.
const ROWS: usize = 50;

/// Where later pages begin.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Places {
    removals: String,
    escrows: String,
}

/// A removal that waits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Held {
    source_id: String,
    display_name: String,
    removed: String,
    count: u64,
    gone: bool,
    staged_at: Timestamp,
    record_id: Option<String>,
    decision: Option<Decision>,
}

/// What failed and is tried again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Escrow {
    source_id: String,
    display_name: Option<String>,
    failure: Failure,
    recommended_action: Option<String>,
    attempts: u32,
    first_failed: Timestamp,
    next_attempt: Option<Timestamp>,
    ignored: Option<Decision>,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    reason: String,
    request: Option<String>,
    status: Option<u16>,
}

#[derive(Deserialize)]
struct Decision {
    approved: bool,
    by: String,
    at: Timestamp,
}

/// A page of one kind.
struct Rows<T> {
    rows: Vec<T>,
    /// The token of the next page.
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Page {
    shell: Shell,
    subject: Subject,
    notice: Option<&'static str>,
    held: Rows<Held>,
    escrows: Rows<Escrow>,
    places: Places,
    /// When the removals were read: what comes later is not approved by whoever did not see it.
    read_at: Timestamp,
}

/// `GET /applications/{application}/waiting`.
pub(super) async fn waiting(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(application): Path<String>,
    Query(places): Query<Places>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let page = read(&console, &session, &application, places, &done).await.map_err(Trouble::to(&session))?;
    Ok(shown(StatusCode::OK, &page))
}

async fn read(
    console: &Console,
    session: &Session,
    application: &str,
    places: Places,
    done: &Done,
) -> Result<Page, Refusal> {
    let read_at = console.clock.now();
    let subject = Subject::read(console, session, application, "/waiting").await?;
    let job = subject.job_path();
    let held = rows(console, session, &format!("{job}/heldRemovals"), &places.removals).await?;
    let escrows = rows(console, session, &format!("{job}/escrows"), &places.escrows).await?;
    let shell = Shell::new(format!("What waits · {}", subject.name), session);
    Ok(Page { shell, subject, notice: done.sentence(), held, escrows, places, read_at })
}

async fn rows<T: DeserializeOwned>(
    console: &Console,
    session: &Session,
    path: &str,
    token: &str,
) -> Result<Rows<T>, Refusal> {
    let mut path = format!("{path}?$top={ROWS}");
    if !token.is_empty() {
        path.push_str(&format!("&$skiptoken={}", step(token)));
    }
    let listed: Listed<T> = console.api.get(&session.person, &path).await?;
    let next = listed.token();
    Ok(Rows { rows: listed.value, next })
}

impl Page {
    /// The next page of removals, escrows as they are; or the other way round.
    fn next(&self, removals: &str, escrows: &str) -> String {
        self.subject.page(&format!("/waiting?removals={}&escrows={}", step(removals), step(escrows)))
    }

    /// Whether somebody has not decided yet about a removal on this page.
    fn asks(&self) -> bool {
        self.held.rows.iter().any(|one| one.decision.is_none())
    }
}

impl Held {
    /// The field of the form: groups whose members leave are named apart.
    fn field(&self) -> &'static str {
        if self.removed == "memberships" { "group" } else { "id" }
    }

    fn what(&self) -> String {
        match (self.removed.as_str(), self.count) {
            ("groups", _) => "the group".to_owned(),
            ("memberships", 1) => "1 member of the group".to_owned(),
            ("memberships", count) => format!("{} members of the group", crate::times::count(&count)),
            _ if self.gone => "the account: they are gone from the source".to_owned(),
            _ => "the use of the account: they left the scope, or are switched off".to_owned(),
        }
    }

    fn staged(&self) -> Moment {
        Moment::of(self.staged_at)
    }
}

impl Escrow {
    fn name(&self) -> &str {
        self.display_name.as_deref().unwrap_or(&self.source_id)
    }

    fn first(&self) -> Moment {
        Moment::of(self.first_failed)
    }

    fn call(&self) -> Option<String> {
        let request = self.failure.request.as_ref()?;
        Some(self.failure.status.map_or_else(|| request.clone(), |status| format!("{request} → {status}")))
    }
}

impl Decision {
    fn when(&self) -> Moment {
        Moment::of(self.at)
    }
}

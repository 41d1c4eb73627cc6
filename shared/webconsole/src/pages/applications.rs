//! All applications: which of them need somebody, first.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::health::{Application, Health};
use super::month::Month;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Refusal, step};
use crate::session::Session;

/// The most that are looked through for one page.
const MOST: usize = 10_000;

/// Rows of a page: what somebody looks over before they search.
const ROWS: usize = 100;

/// What is looked for.
#[derive(Deserialize)]
pub(super) struct Looking {
    /// A part of the name.
    #[serde(default)]
    q: String,
}

/// A page of the API's list.
#[derive(Deserialize)]
struct Listed {
    value: Vec<Application>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

struct Row {
    application: Application,
    month: Month,
}

#[derive(Template)]
#[template(path = "applications.html")]
struct Page {
    shell: Shell,
    looked_for: String,
    rows: Vec<Row>,
    /// How many there are in each state that somebody must look at.
    summary: String,
    left_out: usize,
}

/// `GET /`.
pub(super) async fn list(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Query(looking): Query<Looking>,
) -> Result<Response, Trouble> {
    let all = all(&console, &session).await.map_err(Trouble::to(&session))?;
    let summary = summary(&all);
    let wanted = looking.q.trim().to_lowercase();
    let mut found: Vec<Application> =
        all.into_iter().filter(|one| one.display_name.to_lowercase().contains(&wanted)).collect();
    found.sort_by_cached_key(|one| (one.job().status.health(), one.display_name.to_lowercase()));
    let left_out = found.len().saturating_sub(ROWS);
    found.truncate(ROWS);
    let now = console.clock.now();
    let row =
        |application: Application| Row { month: Month::of(&application.job().status.days, now), application };
    let rows = found.into_iter().map(row).collect();
    let shell = Shell::new("Applications", &session);
    Ok(shown(StatusCode::OK, &Page { shell, looked_for: looking.q, rows, summary, left_out }))
}

async fn all(console: &Console, session: &Session) -> Result<Vec<Application>, Refusal> {
    let mut found: Vec<Application> = Vec::new();
    let mut path = "servicePrincipals?$top=500".to_owned();
    while found.len() < MOST {
        let listed: Listed = console.api.get(&session.person, &path).await?;
        found.extend(listed.value);
        let Some(next) = listed.next.as_deref().and_then(|next| next.split_once("/v1.0/")) else { break };
        path = next.1.to_owned();
    }
    Ok(found)
}

fn summary(all: &[Application]) -> String {
    let mut parts = vec![match all.len() {
        1 => "1 application".to_owned(),
        many => format!("{many} applications"),
    }];
    for health in [Health::Disabled, Health::Quarantined, Health::Held, Health::Failing] {
        let number = all.iter().filter(|one| one.job().status.health() == health).count();
        if number > 0 {
            parts.push(format!("{number} {}", health.word().to_lowercase()));
        }
    }
    if parts.len() == 1 && !all.is_empty() {
        parts.push("nothing needs you".to_owned());
    }
    parts.join(", ")
}

impl Page {
    fn link(&self, id: &str) -> String {
        format!("/applications/{}", step(id))
    }
}

//! All applications: which of them need somebody, first. The others follow by name, a page at a time.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::health::{Application, Health};
use super::spark::Spark;
use super::{Shell, Trouble, Visitor, shown};
use crate::Console;
use crate::asking::{Listed, Refusal, step};
use crate::session::Session;

/// Rows of those that need somebody, and rows of those by name: 40 together are less than 50 KB.
const ROWS: usize = 20;

/// The most of a cause that is told here, in characters; the application's page has all of it.
pub(super) const BRIEF: usize = 100;

/// What is looked for.
#[derive(Deserialize)]
pub(super) struct Looking {
    /// A part of the name.
    #[serde(default)]
    q: String,
    /// `attention`: all that need somebody, and nobody else.
    #[serde(default)]
    only: String,
    /// Where the page begins.
    #[serde(default)]
    token: String,
}

struct Row {
    application: Application,
    spark: Spark,
}

#[derive(Template)]
#[template(path = "applications.html")]
struct Page {
    shell: Shell,
    looked_for: String,
    rows: Vec<Row>,
    /// How many there are that somebody must look at.
    summary: String,
    /// Whether more of them are left out here.
    more_in_need: bool,
    /// Whether this is neither a search nor a later page.
    is_first: bool,
    next: Option<String>,
}

/// `GET /`.
pub(super) async fn list(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Query(looking): Query<Looking>,
) -> Result<Response, Trouble> {
    let asked = Asked { console: &console, session: &session };
    let page = asked.page(looking).await.map_err(Trouble::to(&session))?;
    Ok(shown(StatusCode::OK, &page))
}

struct Asked<'a> {
    console: &'a Console,
    session: &'a Session,
}

impl Asked<'_> {
    async fn page(&self, looking: Looking) -> Result<Page, Refusal> {
        let wanted = looking.q.trim();
        let is_first = wanted.is_empty() && looking.only.is_empty() && looking.token.is_empty();
        let (in_need, mut all) = if is_first {
            let (in_need, all) = tokio::try_join!(self.listed(IN_NEED, ROWS, ""), self.listed("", ROWS, ""))?;
            (Some(in_need), all)
        } else {
            let question = match (wanted, looking.only.is_empty()) {
                ("", true) => String::new(),
                ("", false) => IN_NEED.to_owned(),
                (part, _) => format!("&$search={}", step(part)),
            };
            (None, self.listed(&question, 2 * ROWS, &looking.token).await?)
        };
        let next = all.token().map(|token| next(&looking, &token));
        let more_in_need = in_need.as_ref().is_some_and(|in_need| in_need.next.is_some());
        let mut rows = in_need.map(|in_need| in_need.value).unwrap_or_default();
        all.value.retain(|one| rows.iter().all(|row| row.id != one.id));
        rows.extend(all.value);
        let summary = match is_first {
            true => summary(&rows, more_in_need),
            false => found(rows.len(), &looking, next.is_some()),
        };
        let is_later_by_name = wanted.is_empty() && looking.only.is_empty() && !is_first;
        if !is_later_by_name {
            // What the index of those in need does not know yet comes first, too.
            rows.sort_by_cached_key(rank);
        }
        let now = self.console.clock.now();
        let rows = rows.into_iter().map(|application| Row::of(application, now)).collect();
        let shell = Shell::new("Applications", self.session);
        Ok(Page { shell, looked_for: looking.q, rows, summary, more_in_need, is_first, next })
    }

    async fn listed(&self, question: &str, rows: usize, token: &str) -> Result<Listed<Application>, Refusal> {
        let token = if token.is_empty() { String::new() } else { format!("&$skiptoken={}", step(token)) };
        let path = format!("servicePrincipals?$top={rows}{question}{token}");
        self.console.api.get(&self.session.person, &path).await
    }
}

/// Those that need somebody.
const IN_NEED: &str = "&$filter=attention%20ne%20null";

impl Row {
    fn of(application: Application, now: Timestamp) -> Self {
        Self { spark: Spark::of(&application.job().status.days, now), application }
    }
}

/// The most urgent first, then by name.
fn rank(one: &Application) -> (Health, String) {
    let health = one.job().status.health();
    let urgent = if health.needs_somebody() { health } else { Health::Healthy };
    (urgent, one.display_name.to_lowercase())
}

/// How many need somebody, and what for.
fn summary(rows: &[Application], more: bool) -> String {
    let in_need: Vec<Health> =
        rows.iter().map(|one| one.job().status.health()).filter(|health| health.needs_somebody()).collect();
    if in_need.is_empty() {
        return "Nothing needs you.".to_owned();
    }
    let kinds = [
        (Health::Disabled, "switched off"),
        (Health::Quarantined, "in quarantine"),
        (Health::Held, "with removals that wait"),
        (Health::Failing, "with failures"),
    ];
    let parts = kinds.into_iter().filter_map(|(kind, words)| {
        let number = in_need.iter().filter(|health| **health == kind).count();
        (number > 0).then(|| format!("{number} {words}"))
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    match (in_need.len(), more) {
        (number, true) => format!("More than {number} need you."),
        (1, _) => format!("1 needs you: {parts}."),
        (number, _) => format!("{number} need you: {parts}."),
    }
}

/// How many are on this page.
fn found(number: usize, looking: &Looking, more: bool) -> String {
    let what = match (looking.only.is_empty(), looking.q.trim().is_empty()) {
        (false, true) => "that need you",
        (_, false) => "with such a name",
        (true, true) => "by name",
    };
    let number = match (number, more) {
        (1, false) => "1 application".to_owned(),
        (number, _) => format!("{number} applications"),
    };
    let rest = if more || !looking.token.is_empty() { ", a page of more" } else { "" };
    format!("{number} {what}{rest}.")
}

/// The address of the next page.
fn next(looking: &Looking, token: &str) -> String {
    let fields = [("q", looking.q.trim()), ("only", &looking.only), ("token", token)];
    let given = fields.into_iter().filter(|(_, text)| !text.is_empty());
    let given: Vec<String> = given.map(|(name, text)| format!("{name}={}", step(text))).collect();
    format!("/?{}", given.join("&"))
}

impl Page {
    fn link(&self, id: &str) -> String {
        format!("/applications/{}", step(id))
    }

    /// What failed lately, in the log.
    fn failures(&self, id: &str) -> String {
        format!("/logs?application={}&status=failure&days=1", step(id))
    }
}

//! Asking the API for records, and for the applications that they may be of.

use axum::http::StatusCode;
use engine::report::ProvisioningRecord;
use serde::Deserialize;

use super::ROWS;
use super::filter::Filter;
use super::question::Question;
use crate::Console;
use crate::asking::{Listed, Refusal, step};
use crate::pages::health::Application;
use crate::session::Session;

/// Pages of the API that are looked through for one of ours: rare answers are found over several.
const LOOKS: usize = 5;

/// Applications that are offered to choose from; whoever has more comes from the application's page.
const OFFERED: usize = 100;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    /// What was asked; `None` when it is no question.
    pub(super) question: Option<Question>,
    pub(super) rows: Vec<ProvisioningRecord>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
    pub(super) problem: Option<String>,
}

impl Found {
    fn wrong(problem: String) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }
}

/// A page of what is looked for.
pub(super) async fn find(console: &Console, session: &Session, filter: &Filter) -> Result<Found, Refusal> {
    let question = match filter.question(console.clock.now()) {
        Ok(question) => question,
        Err(problem) => return Ok(Found::wrong(problem)),
    };
    match records(console, session, &question.filter, &filter.q, &filter.token).await {
        Ok((rows, next)) => Ok(Found { question: Some(question), rows, next, problem: None }),
        // A name that is too short, or that too many have: the API says what to write instead.
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => Ok(Found::wrong(refusal.message)),
        Err(refusal) => Err(refusal),
    }
}

/// A page of records, the newest first, and where the next one begins.
pub(super) async fn records(
    console: &Console,
    session: &Session,
    conditions: &str,
    search: &str,
    token: &str,
) -> Result<(Vec<ProvisioningRecord>, Option<String>), Refusal> {
    let first = format!("{}&$top={ROWS}", path("", conditions, search));
    let mut token = Some(token.to_owned()).filter(|token| !token.is_empty());
    let mut rows = Vec::new();
    for _ in 0..LOOKS {
        let after = token.map(|token| format!("&$skiptoken={}", step(&token))).unwrap_or_default();
        let listed: Listed<ProvisioningRecord> =
            console.api.get(&session.person, &format!("{first}{after}")).await?;
        token = listed.token();
        rows = listed.value;
        if token.is_none() || !rows.is_empty() {
            break;
        }
    }
    Ok((rows, token))
}

/// Where the API is asked about records that meet conditions and a search.
pub(super) fn path(below: &str, conditions: &str, search: &str) -> String {
    let search = Some(search.trim()).filter(|text| !text.is_empty());
    let search = search.map(|text| format!("&$search={}", step(text))).unwrap_or_default();
    format!("auditLogs/provisioning{below}?$filter={}{search}", step(conditions))
}

/// An application, and its job.
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) job: String,
}

/// The application that is asked about. `None` when none is, and when it is not there for whoever looks: who may read the log
/// need not be one who may read applications, and the log is longer than the life of some. Its records are then told apart
/// one by one.
pub(super) async fn named(console: &Console, session: &Session, application: &str) -> Option<Named> {
    let given = Some(application.trim()).filter(|given| !given.is_empty())?;
    let path = format!("servicePrincipals/{}", step(given));
    let read: Application = console.api.get(&session.person, &path).await.ok()?;
    let job = read.job().id.clone();
    Some(Named { id: read.id, name: read.display_name, job })
}

/// Applications to choose from.
#[derive(Default)]
pub(super) struct Offered {
    pub(super) applications: Vec<Choice>,
    /// Whether there are more.
    pub(super) more: bool,
}

/// One of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) display_name: String,
}

/// The first applications by name; none for whoever may not read them.
pub(super) async fn offered(console: &Console, session: &Session) -> Offered {
    let path = format!("servicePrincipals?$select=id,displayName&$top={OFFERED}");
    let listed: Result<Listed<Choice>, Refusal> = console.api.get(&session.person, &path).await;
    listed
        .map(|Listed { value, next }| Offered { applications: value, more: next.is_some() })
        .unwrap_or_default()
}

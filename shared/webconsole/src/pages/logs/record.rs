//! One record, in four tabs: steps, troubleshooting, what changed, summary.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine::report::ProvisioningRecord;
use serde::Deserialize;

use super::{read, who};
use crate::Console;
use crate::asking::{Refusal, step};
use crate::pages::{Shell, Trouble, Visitor, shown};
use crate::times::lasting;

/// The tabs, as they stand in the address and as they are called.
const TABS: [(&str, &str); 4] = [
    ("steps", "Steps"),
    ("troubleshooting", "Troubleshooting & Recommendations"),
    ("properties", "Modified Properties"),
    ("summary", "Summary"),
];

/// The fields of the address.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    tab: String,
}

#[derive(Template)]
#[template(path = "record.html")]
struct Page {
    shell: Shell,
    record: ProvisioningRecord,
    tab: &'static str,
}

/// `GET /logs/{record}`.
pub(crate) async fn one(
    State(console): State<Console>,
    Visitor(session): Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let given = read(query.as_deref()).and_then(|Fields { tab }| wanted(&tab));
    let given = given.map_err(Trouble::to(&session))?;
    let path = format!("auditLogs/provisioning/{}", step(&id));
    let read = console.api.get(&session.person, &path).await;
    let record: ProvisioningRecord = read.map_err(Trouble::to(&session))?;
    let failed = record.provisioning_status_info.error_information.is_some();
    let tab = given.unwrap_or(if failed { "troubleshooting" } else { "steps" });
    let shell = Shell::new(who(&record), &session).within("/logs");
    Ok(shown(StatusCode::OK, &Page { shell, record, tab }))
}

/// The tab that an address names, if any.
fn wanted(tab: &str) -> Result<Option<&'static str>, Refusal> {
    let known = TABS.iter().map(|(name, _)| *name).find(|name| *name == tab);
    if known.is_none() && !tab.is_empty() {
        return Err(Refusal::bad(format!("A record has no tab '{tab}'.")));
    }
    Ok(known)
}

impl Page {
    fn tabs(&self) -> [(&'static str, &'static str); 4] {
        TABS
    }

    fn took(&self) -> String {
        let milliseconds = i64::try_from(self.record.duration_in_milliseconds).unwrap_or(i64::MAX);
        lasting(jiff::SignedDuration::from_millis(milliseconds))
    }

    fn application(&self) -> String {
        format!("/applications/{}", step(&self.record.service_principal.id))
    }
}

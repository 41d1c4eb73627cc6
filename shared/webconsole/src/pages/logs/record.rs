//! One record, in four tabs: steps, troubleshooting, what changed, summary.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use engine::report::ProvisioningRecord;
use serde::Deserialize;

use crate::Console;
use crate::asking::step;
use crate::pages::{Shell, Trouble, Visitor, shown};
use crate::times::lasting;

/// The tabs, as they stand in the address and as they are called.
const TABS: [(&str, &str); 4] = [
    ("steps", "Steps"),
    ("troubleshooting", "Troubleshooting & Recommendations"),
    ("properties", "Modified Properties"),
    ("summary", "Summary"),
];

#[derive(Deserialize)]
pub(crate) struct Tab {
    #[serde(default)]
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
    Query(Tab { tab }): Query<Tab>,
) -> Result<Response, Trouble> {
    let path = format!("auditLogs/provisioning/{}", step(&id));
    let read = console.api.get(&session.person, &path).await;
    let record: ProvisioningRecord = read.map_err(Trouble::to(&session))?;
    let failed = record.provisioning_status_info.error_information.is_some();
    let usual = if failed { "troubleshooting" } else { "steps" };
    let tab = TABS.iter().map(|(name, _)| *name).find(|name| *name == tab).unwrap_or(usual);
    let name = match record.source_identity.display_name.as_str() {
        "" => &record.source_identity.id,
        name => name,
    };
    let shell = Shell::new(name, &session);
    Ok(shown(StatusCode::OK, &Page { shell, record, tab }))
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

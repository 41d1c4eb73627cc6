//! What a call says: the same as a mail, for programs.
//!
//! In: the content of a mail. Out: one JSON document, `type`, `timestamp` and `data`, as Standard Webhooks has it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use store::StoredApplication;

use crate::wording::{Content, Tone};

/// What it is about: `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    #[serde(rename = "application.quarantined")]
    Quarantined,
    #[serde(rename = "application.removalsHeld")]
    RemovalsHeld,
    #[serde(rename = "application.disabled")]
    Disabled,
    #[serde(rename = "application.overdue")]
    Overdue,
    #[serde(rename = "application.credentialsExpiring")]
    CredentialsExpiring,
    #[serde(rename = "application.recovered")]
    Recovered,
    /// Somebody wants to see whether calls arrive.
    #[serde(rename = "application.test")]
    Test,
}

/// The body of a call.
pub(crate) fn message(content: &Content, kind: Kind, stored: &StoredApplication, now: Timestamp) -> String {
    let severity = match content.tone {
        Tone::Bad => "critical",
        Tone::Soon => "warning",
        Tone::Good => "information",
    };
    let facts = content.facts.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    let links = content.links.iter().map(|(text, url)| json!({ "text": text, "url": url }));
    let message = json!({
        "type": kind,
        "timestamp": now,
        "data": {
            "application": { "id": stored.id, "displayName": content.name },
            "jobId": stored.job,
            "severity": severity,
            "headline": content.headline,
            "text": format!("{} {}", content.name, content.lead),
            "facts": Value::from_iter(facts),
            "outlook": content.outlook,
            "besides": content.besides,
            "history": content.history,
            "links": Value::from_iter(links),
            "commands": content.commands,
        },
    });
    message.to_string()
}

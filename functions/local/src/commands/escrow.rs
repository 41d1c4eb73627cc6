//! `rollcall escrow`: what failed, why, and when it is tried again.

use engine::guard::HumanDecision;
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::client::{Client, ClientError, LARGEST_PAGES};
use crate::exit::Exit;
use crate::output;

/// What is shown of an object that failed, out of the API's JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    source_id: String,
    display_name: Option<String>,
    failure: Failure,
    attempts: u32,
    first_failed: Timestamp,
    next_attempt: Option<Timestamp>,
    ignored: Option<HumanDecision>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    code: String,
    reason: String,
    request: Option<String>,
    status: Option<u16>,
    extract: Option<String>,
}

pub(crate) async fn run(cli: &Cli, job: &str, retry: &[String], ignore: &[String]) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    for (named, decision) in [(retry, "retry"), (ignore, "ignore")] {
        if !named.is_empty() {
            let path = known.at_job(&format!("/escrows/{decision}"));
            client.change(Method::POST, &path, Some(&json!({ "sourceIds": named }))).await?;
        }
    }
    let entries = client.list(&known.at_job(&format!("/escrows{LARGEST_PAGES}")), usize::MAX).await?;
    if cli.json {
        output::json(&entries)?;
    } else if entries.is_empty() {
        output::line("Nothing waits in escrow.")?;
    } else {
        table(&entries)?;
    }
    Ok(Exit::Done)
}

fn table(entries: &[Value]) -> anyhow::Result<()> {
    let mut table = output::table(&["source id", "who", "failed", "why", "next attempt (UTC)"]);
    for entry in entries {
        let entry =
            Entry::deserialize(entry).map_err(|error| ClientError::unreadable("an escrow", &error))?;
        let next = match (&entry.ignored, entry.next_attempt) {
            (Some(ignored), _) => format!("ignored by {}", ignored.by),
            (None, Some(at)) => output::moment(at),
            (None, None) => "given up after 28 days".to_owned(),
        };
        let failed = format!("{} times since {}", entry.attempts, output::moment(entry.first_failed));
        let why = why(&entry.failure);
        table.add_row([entry.source_id, entry.display_name.unwrap_or_default(), failed, why, next]);
    }
    Ok(output::line(table)?)
}

/// The reason, with the call that failed and what the app said.
fn why(failure: &Failure) -> String {
    let status = failure.status.map(|status| format!(" → {status}")).unwrap_or_default();
    let call = failure.request.as_ref().map(|request| format!("\n{request}{status}")).unwrap_or_default();
    let said = failure.extract.as_ref().map(|extract| format!("\n{extract}")).unwrap_or_default();
    format!("{}: {}{call}{said}", failure.code, failure.reason)
}

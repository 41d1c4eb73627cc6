//! `rollcall removals`: what the guard holds, and what a person says to it.

use engine::guard::{HumanDecision, Removed};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::client::{Client, ClientError, Known, LARGEST_PAGES};
use crate::exit::{Exit, Refusal};
use crate::output;

/// Who means everybody.
const ALL: &str = "all";

/// What is shown of a removal, out of the API's JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    source_id: String,
    display_name: String,
    removed: Removed,
    count: u64,
    gone: bool,
    staged_at: Timestamp,
    decision: Option<HumanDecision>,
}

pub(crate) async fn run(cli: &Cli, job: &str, approve: &[String], reject: &[String]) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    for (named, decision) in [(approve, "approve"), (reject, "reject")] {
        if !named.is_empty() {
            decide(&client, &known, named, decision).await?;
        }
    }
    let waiting = waiting(&client, &known).await?;
    if cli.json {
        output::json(&waiting)?;
    } else if waiting.is_empty() {
        output::line("No removal waits.")?;
    } else {
        output::line(table(&rows(&waiting)?))?;
    }
    Ok(Exit::Done)
}

async fn waiting(client: &Client, known: &Known) -> Result<Vec<Value>, ClientError> {
    client.list(&known.at_job(&format!("/heldRemovals{LARGEST_PAGES}")), usize::MAX).await
}

fn rows(waiting: &[Value]) -> Result<Vec<Row>, ClientError> {
    let read = |row| Row::deserialize(row).map_err(|error| ClientError::unreadable("a held removal", &error));
    waiting.iter().map(read).collect()
}

/// Decides about those that were named. A name that none has is a mistake, and nothing is decided.
async fn decide(client: &Client, known: &Known, named: &[String], decision: &str) -> anyhow::Result<()> {
    let waiting = rows(&waiting(client, known).await?)?;
    let whom = if named.iter().any(|name| name == ALL) {
        if waiting.is_empty() {
            return Ok(());
        }
        json!({ "all": true })
    } else {
        if let Some(unknown) = named.iter().find(|name| !waiting.iter().any(|row| row.source_id == **name)) {
            let problem = format!("no removal of '{unknown}' waits; the list has those that do");
            return Err(Refusal(problem).into());
        }
        let meant = waiting.iter().filter(|row| named.contains(&row.source_id));
        // A group can go, and members can leave it: two removals of one id.
        let (members, objects): (Vec<&Row>, Vec<&Row>) =
            meant.partition(|row| row.removed == Removed::Memberships);
        let ids = |rows: &[&Row]| rows.iter().map(|row| row.source_id.clone()).collect::<Vec<_>>();
        json!({ "sourceIds": ids(&objects), "groups": ids(&members) })
    };
    client.change(Method::POST, &known.at_job(&format!("/heldRemovals/{decision}")), Some(&whom)).await?;
    Ok(())
}

fn table(waiting: &[Row]) -> comfy_table::Table {
    let mut table = output::table(&["source id", "who", "what", "since (UTC)", "decided"]);
    for row in waiting {
        let what = match (row.removed, row.gone) {
            (Removed::Memberships, _) => format!("{} members leave", row.count),
            (Removed::Groups, _) => "the group is deleted".to_owned(),
            (Removed::Users, false) => "is switched off".to_owned(),
            (Removed::Users, true) => "is deleted".to_owned(),
        };
        let decided = row.decision.as_ref().map(|decision| {
            let word = if decision.approved { "approved" } else { "rejected" };
            format!("{word} by {} at {}", decision.by, output::moment(decision.at))
        });
        table.add_row([
            row.source_id.clone(),
            row.display_name.clone(),
            what,
            output::moment(row.staged_at),
            decided.unwrap_or_default(),
        ]);
    }
    table
}

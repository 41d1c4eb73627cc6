//! `rollcall removals`: what the guard holds, and what a person says to it.

use engine::guard::{Removed, StagedKey, StagedRemoval};
use engine::model::JobId;
use engine::ports::Store as _;
use sync::control;

use super::control::person;
use crate::cli::Cli;
use crate::exit::{Exit, Refusal};
use crate::home::Home;
use crate::output;

/// Who means everybody.
const ALL: &str = "all";

pub(crate) async fn run(cli: &Cli, job: &str, approve: &[String], reject: &[String]) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    for (named, approved) in [(approve, true), (reject, false)] {
        if !named.is_empty() {
            let keys = keys(&home, &stored.job, named).await?;
            control::decide(&home.context, &stored.job, &keys, Some(approved), &person()).await?;
        }
    }
    let mut waiting = home.context.store.staged(&stored.job).await?;
    waiting.sort_by_key(|row| row.staged_at);
    if cli.json {
        output::json(&waiting)?;
    } else if waiting.is_empty() {
        output::line("No removal waits.")?;
    } else {
        table(&waiting)?;
    }
    Ok(Exit::Done)
}

/// The removals that were named. A name that none has is a mistake, and nothing is decided.
async fn keys(home: &Home, job: &JobId, named: &[String]) -> anyhow::Result<Vec<StagedKey>> {
    let waiting = home.context.store.staged(job).await?;
    if named.iter().any(|name| name == ALL) {
        return Ok(waiting.iter().map(StagedRemoval::key).collect());
    }
    let is_of = |row: &StagedRemoval, name: &String| row.source_id.as_str() == name;
    if let Some(unknown) = named.iter().find(|name| !waiting.iter().any(|row| is_of(row, name))) {
        return Err(Refusal(format!("no removal of '{unknown}' waits; the list has those that do")).into());
    }
    let meant = waiting.iter().filter(|row| named.iter().any(|name| is_of(row, name)));
    Ok(meant.map(StagedRemoval::key).collect())
}

fn table(waiting: &[StagedRemoval]) -> std::io::Result<()> {
    let mut table = output::table(&["source id", "who", "what", "since (UTC)", "decided"]);
    for row in waiting {
        let what = match (row.removed, row.object.is_some()) {
            (Removed::Memberships, _) => format!("{} members leave", row.count),
            (Removed::Groups, _) => "the group is deleted".to_owned(),
            (Removed::Users, true) => "is switched off".to_owned(),
            (Removed::Users, false) => "is deleted".to_owned(),
        };
        let decided = row.decision.as_ref().map(|decision| {
            let word = if decision.approved { "approved" } else { "rejected" };
            format!("{word} by {} at {}", decision.by, output::moment(decision.at))
        });
        table.add_row([
            row.source_id.to_string(),
            row.label.clone(),
            what,
            output::moment(row.staged_at),
            decided.unwrap_or_default(),
        ]);
    }
    output::line(table)
}

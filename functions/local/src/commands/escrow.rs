//! `rollcall escrow`: what failed, why, and when it is tried again.

use engine::escrow::EscrowEntry;
use engine::guard::HumanDecision;
use engine::model::SourceId;
use engine::ports::Store as _;
use sync::cycle::make_due;

use super::control::person;
use crate::cli::Cli;
use crate::exit::{Exit, Refusal};
use crate::home::Home;
use crate::output;

pub(crate) async fn run(cli: &Cli, job: &str, retry: &[String], ignore: &[String]) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    let (store, now) = (&home.context.store, home.context.clock.now());
    let unknown =
        |id: &SourceId| Refusal(format!("nothing of '{id}' waits in escrow; the list has who does"));
    for id in retry.iter().map(SourceId::new) {
        if !store.retry_now(&stored.job, &id, now).await? {
            return Err(unknown(&id).into());
        }
    }
    for id in ignore.iter().map(SourceId::new) {
        let decision = HumanDecision { approved: false, by: person(), at: now };
        if !store.ignore_escrow(&stored.job, &id, Some(&decision)).await? {
            return Err(unknown(&id).into());
        }
    }
    if !retry.is_empty() {
        make_due(&home.context, &stored.job).await?;
    }
    let mut entries = store.escrows(&stored.job).await?;
    entries.sort_by_key(|entry| entry.first_failed);
    if cli.json {
        output::json(&entries)?;
    } else if entries.is_empty() {
        output::line("Nothing waits in escrow.")?;
    } else {
        table(&entries)?;
    }
    Ok(Exit::Done)
}

fn table(entries: &[EscrowEntry]) -> std::io::Result<()> {
    let mut table = output::table(&["source id", "who", "failed", "why", "next attempt (UTC)"]);
    for entry in entries {
        let name = entry.object.as_ref().and_then(|object| object.display_name.clone()).unwrap_or_default();
        let next = match (&entry.ignored, entry.next_attempt) {
            (Some(ignored), _) => format!("ignored by {}", ignored.by),
            (None, Some(at)) => output::moment(at),
            (None, None) => "given up after 28 days".to_owned(),
        };
        table.add_row([
            entry.source_id.to_string(),
            name,
            format!("{} times since {}", entry.attempts, output::moment(entry.first_failed)),
            why(entry),
            next,
        ]);
    }
    output::line(table)
}

/// The reason, with the call that failed and what the app said.
fn why(entry: &EscrowEntry) -> String {
    let failure = &entry.failure;
    let status = failure.status.map(|status| format!(" → {status}")).unwrap_or_default();
    let call = failure.request.as_ref().map(|request| format!("\n{request}{status}")).unwrap_or_default();
    let said = failure.extract.as_ref().map(|extract| format!("\n{extract}")).unwrap_or_default();
    format!("{}: {}{call}{said}", failure.code, failure.reason)
}

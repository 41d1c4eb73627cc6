//! `rollcall apply`: check application files, show what would come of them, then save them.
//!
//! In: files. Out: what changes in each document and what the next cycle would do to whom; then the documents are
//! saved, all of them after the last one was looked at.
//!
//! | | Saved |
//! |---|---|
//! | on a terminal | when the question is answered with yes |
//! | elsewhere | unless someone would be switched off or deleted |
//! | `--yes` | in any case |
//! | `--offline` | in any case, and nobody is asked what would happen |
//! | `--dry-run` | never |
//!
//! The guard of the cycle holds its own thresholds, whatever was answered here.

mod look;
mod read;
mod save;
mod show;

use std::io::{BufRead, IsTerminal, Write};

use connectors::application::CheckedApplication;
use connectors::application::differences::{Difference, concern_nobody, differences};
use engine::cycle::preview::Consequences;
use serde::Serialize;

use self::save::{Draft, Outcome};
use crate::cli::{Apply, Cli};
use crate::exit::{Exit, NeedsApproval};
use crate::home::Home;
use crate::output;

/// What is known of one application, and what became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Application {
    #[serde(rename = "application")]
    name: String,
    job_id: String,
    version: u32,
    outcome: Outcome,
    saved: bool,
    differences: Vec<Difference>,
    /// What is worth a second look in the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
    /// Absent when nothing was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    consequences: Option<Consequences>,
    #[serde(skip)]
    offline: bool,
}

pub(crate) async fn run(cli: &Cli, options: &Apply) -> anyhow::Result<Exit> {
    let checked = read::files(&options.files)?;
    let home = Home::open(cli).await?;
    let (mut drafts, mut applications) = (Vec::new(), Vec::new());
    for checked in &checked {
        let draft = Draft::of(&home, checked).await?;
        let notices = checked.notices().iter().map(ToString::to_string).collect();
        applications
            .push(Application { notices, ..examine(&home, &draft, options.offline, cli.json).await? });
        drafts.push(draft);
    }
    if !cli.json {
        applications.iter().try_for_each(show::print)?;
    }
    let verdict = may_save(cli, options, &applications);
    if matches!(verdict, Ok(true)) {
        for (draft, application) in drafts.iter().zip(&mut applications) {
            draft.save(&home).await?;
            application.saved = true;
        }
    }
    if cli.json {
        output::json(&applications)?;
    } else if matches!(verdict, Ok(true)) {
        told(&applications)?;
    } else if verdict.is_ok() {
        output::line("Nothing was saved.")?;
    }
    match verdict? {
        true => Ok(Exit::Done),
        false if options.dry_run => Ok(Exit::Done),
        false => Ok(Exit::Refused),
    }
}

/// Saves an application that nobody need be asked about: the demo's.
pub(crate) async fn save(home: &Home, checked: &CheckedApplication) -> anyhow::Result<()> {
    Draft::of(home, checked).await?.save(home).await
}

/// What a draft changes, and what would come of it unless that is nothing, or nobody is to be asked.
async fn examine(home: &Home, draft: &Draft, offline: bool, quiet: bool) -> anyhow::Result<Application> {
    let Draft { stored, outcome, before } = draft;
    let concerns_nobody = before.as_ref().is_some_and(|(before, _)| concern_nobody(before, &stored.document));
    let consequences = match offline || concerns_nobody {
        true => None,
        false => Some(look::consequences(home, draft, quiet).await?),
    };
    Ok(Application {
        name: stored.name.clone(),
        job_id: stored.job.to_string(),
        version: stored.version,
        outcome: *outcome,
        saved: false,
        differences: before.as_ref().map_or_else(Vec::new, |(old, _)| differences(old, &stored.document)),
        notices: Vec::new(),
        consequences,
        offline,
    })
}

impl Application {
    /// Why there are no consequences to show.
    fn not_looked(&self) -> &'static str {
        match self.offline {
            true => "Nothing was looked at: what the next cycle does shows when it runs.",
            false => "That changes nothing for anybody's account.",
        }
    }
}

/// Whether to save. The error says why nobody can be asked.
fn may_save(cli: &Cli, options: &Apply, applications: &[Application]) -> Result<bool, NeedsApproval> {
    if options.dry_run {
        return Ok(false);
    }
    let changed = applications.iter().any(|application| application.outcome != Outcome::Unchanged);
    if options.yes || options.offline || !changed {
        return Ok(true);
    }
    if !cli.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        return Ok(ask());
    }
    let removing: Vec<String> = applications.iter().filter_map(losses).collect();
    if removing.is_empty() {
        return Ok(true);
    }
    Err(NeedsApproval(format!(
        "{}. Nothing was saved; --yes saves although people lose accounts, --dry-run only shows whom it hits",
        removing.join("; ")
    )))
}

fn losses(application: &Application) -> Option<String> {
    let found = application.consequences.as_ref().filter(|found| found.removals() > 0)?;
    let Consequences { switched_off, deleted, .. } = found;
    let name = &application.name;
    Some(format!(
        "the next cycle of {name} would switch off {switched_off} and delete {deleted} of its accounts"
    ))
}

/// Anything but a yes is a no, also the end of the input.
fn ask() -> bool {
    let mut answer = String::new();
    eprint!("Save? [y/N] ");
    let read = std::io::stderr().flush().and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    read.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

fn told(applications: &[Application]) -> std::io::Result<()> {
    for Application { name, outcome, version, .. } in applications {
        let outcome = match outcome {
            Outcome::Added => "added",
            Outcome::Changed => "changed",
            Outcome::Unchanged => "unchanged",
        };
        output::line(format_args!("{name}: {outcome}, version {version}"))?;
    }
    if let Some(first) = applications.first() {
        output::line(format_args!("Run a cycle with: rollcall cycle {}", first.name))?;
    }
    Ok(())
}

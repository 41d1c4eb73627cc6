//! `rollcall plan` and `apply-plan`: what the next cycle would do, and that exactly.

use engine::cycle::rehearsal::{MatchReport, Plan, PlannedStep};
use engine::cycle::{Ending, Request};
use engine::report::{Action, Outcome};
use sync::plan;
use uuid::Uuid;

use super::control::person;
use super::cycle::{Bar, print};
use crate::cli::Cli;
use crate::exit::{self, Exit, Refusal};
use crate::home::Home;
use crate::output;

pub(crate) async fn make(cli: &Cli, job: &str, limit: usize) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    let beside = home.context.beside("plan");
    let plan = plan::make(&beside.context, &stored).await?;
    if cli.json {
        output::json(&plan)?;
    } else {
        show(&stored.name, &plan, limit)?;
    }
    Ok(exit::of_cycle(&plan.report, false))
}

pub(crate) async fn apply(cli: &Cli, job: &str, id: Uuid, allow_removals: bool) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    let Some(plan) = plan::kept(&home.context, &stored.job, id).await? else {
        let problem = format!("there is no plan {id} of {}; plans are kept for seven days", stored.name);
        return Err(Refusal(problem).into());
    };
    let request = Request { approved_by: allow_removals.then(person), ..Request::default() };
    let bar = Bar::new(cli.json, &stored.name);
    let ending = plan::apply(&home.context, &stored, &plan, &request, &bar).await;
    bar.finish();
    match ending? {
        Ending::Completed(report) => {
            if cli.json {
                output::json(&report)?;
            } else {
                print(&stored.name, &report)?;
            }
            Ok(exit::of_cycle(&report, false))
        }
        Ending::Continues | Ending::Paused => {
            output::line(format_args!("{} was paused; rollcall start goes on with the plan", stored.name))?;
            Ok(Exit::Done)
        }
    }
}

fn show(name: &str, plan: &Plan, limit: usize) -> std::io::Result<()> {
    output::line(format_args!("What the next cycle of {name} would do; nothing was written:"))?;
    if !plan.steps.is_empty() {
        let mut table = output::table(&["who", "what", "values", "why"]);
        for step in plan.steps.iter().take(limit) {
            table.add_row([
                format!("{} {}", step.object_type, step.display_name),
                what(step),
                values(step),
                step.reason.clone().unwrap_or_default(),
            ]);
        }
        output::line(table)?;
    }
    if let Some(more) = plan.steps.len().checked_sub(limit).filter(|more| *more > 0) {
        output::line(format_args!("… and {more} more; --limit {} lists them", plan.steps.len()))?;
    }
    let is_sent = |step: &&PlannedStep| matches!(step.status, Outcome::Success | Outcome::Warning);
    let counted =
        |action: Action| plan.steps.iter().filter(is_sent).filter(|step| step.action == action).count();
    output::line(format_args!(
        "{} created, {} updated, {} switched off, {} deleted, {} removals held, {} fail",
        counted(Action::Create),
        counted(Action::Update),
        counted(Action::Disable),
        counted(Action::Delete),
        plan.report.figures.held,
        plan.report.figures.failed
    ))?;
    if let Some(reason) = plan.report.verdicts.iter().find_map(engine::guard::Verdict::held_because) {
        output::line(format_args!("The guard would hold removals: {reason}"))?;
    }
    if let Some(reason) = &plan.report.no_inference {
        output::line(format_args!("Nobody would be taken as gone: {reason}"))?;
    }
    if let Some(report) = &plan.matching {
        matching(report)?;
    }
    output::line(format_args!("Do exactly this with: rollcall apply-plan {name} {}", plan.id))
}

fn what(step: &PlannedStep) -> String {
    match step.status {
        Outcome::Success => format!("{:?}", step.action),
        status => format!("{:?}, {status:?}", step.action),
    }
}

/// Old and new values, an attribute a line.
fn values(step: &PlannedStep) -> String {
    let one = |change: &engine::report::ModifiedProperty| {
        let new = change.new_value.as_deref().unwrap_or("nothing");
        match &change.old_value {
            Some(old) => format!("{}: {old} → {new}", change.display_name),
            None => format!("{}: {new}", change.display_name),
        }
    };
    step.changes.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn matching(report: &MatchReport) -> std::io::Result<()> {
    let MatchReport { matched, would_create, ambiguous, only_in_target } = report;
    output::line(format_args!(
        "The first cycle finds {matched} accounts that are there already, and creates {would_create}."
    ))?;
    if !ambiguous.is_empty() {
        output::line(format_args!(
            "A person must decide about {}: {}",
            ambiguous.len(),
            ambiguous.join(", ")
        ))?;
    }
    if let Some(alone) = only_in_target {
        output::line(format_args!("{alone} accounts are only in the app; they are never touched."))?;
    }
    Ok(())
}

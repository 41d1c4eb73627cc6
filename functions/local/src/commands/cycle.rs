//! `rollcall cycle`: one cycle now, with a progress bar for whoever watches.

use std::io::IsTerminal;

use engine::cycle::{CycleError, Ending, Request};
use engine::job::{CycleReport, Figures, Progress};
use engine::ports::{Observer, SourceError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use store::StoredApplication;
use sync::cycle::{SliceError, run_slice};

use crate::cli::Cli;
use crate::exit::{self, Exit, Refusal};
use crate::home::Home;
use crate::output;

pub(crate) async fn run(cli: &Cli, job: &str, allow_removals: bool) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    let approved_by = allow_removals.then(|| std::env::var("USER").unwrap_or_else(|_| "command line".into()));
    let request = Request { approved_by, ..Request::default() };
    let bar = Bar::new(cli.json, &stored.name);
    let report = once(&home, &stored, &request, &bar).await;
    bar.finish();
    let report = report?;
    let view = home.context.store.job(&stored.job).await?;
    let suspect = view.state.suspect_reading.is_some();
    if cli.json {
        output::json(&report)?;
    } else {
        print(&stored.name, &report)?;
        if let Some(quarantine) = &view.state.quarantine {
            output::line(format_args!("\n{}", quarantine.message))?;
        }
    }
    Ok(exit::of_cycle(&report, suspect))
}

/// Runs slices until the cycle is complete.
pub(crate) async fn once(
    home: &Home,
    stored: &StoredApplication,
    request: &Request,
    observer: &dyn Observer,
) -> anyhow::Result<CycleReport> {
    loop {
        match run_slice(&home.context, stored, request, observer).await {
            Ok(Ending::Completed(report)) => return Ok(*report),
            Ok(Ending::Continues) => {}
            Ok(Ending::Paused) => {
                let problem = format!(
                    "{} was paused; rollcall start {} goes on with its cycle",
                    stored.name, stored.name
                );
                return Err(Refusal(problem).into());
            }
            Err(SliceError::Cycle(CycleError::Source(SourceError::Refused(why)))) => {
                return Err(Refusal(why).into());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The live bar of one cycle, in objects. Drawn on standard error, and only on a terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(quiet: bool, name: &str) -> Self {
        let bar = ProgressBar::no_length();
        if quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = "{prefix} {bar:30.cyan/dim} {pos}/{len} people  {msg}  {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━─"));
        }
        bar.set_prefix(name.to_owned());
        Self(bar)
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Observer for Bar {
    fn progress(&self, progress: &Progress, figures: &Figures) {
        self.0.set_length(progress.total_units);
        self.0.set_position(progress.completed_units);
        self.0.set_message(format!("{} written, {} failed", figures.exported(), figures.failed));
    }
}

/// What a cycle did, in a few lines.
pub(crate) fn print(name: &str, report: &CycleReport) -> std::io::Result<()> {
    let CycleReport { kind, figures, .. } = report;
    let took = report.ended.duration_since(report.began);
    output::line(format_args!("{name}: {kind} cycle complete in {:.1} s", took.as_secs_f64()))?;
    let mut table = output::table(&[
        "created",
        "updated",
        "disabled",
        "deleted",
        "skipped",
        "unchanged",
        "failed",
        "held",
        "target calls",
        "log records",
    ]);
    table.add_row(
        [
            figures.created,
            figures.updated,
            figures.disabled,
            figures.deleted,
            figures.skipped,
            figures.unchanged,
            figures.failed,
            figures.held,
            figures.target_calls,
            figures.log_records,
        ]
        .map(|figure| figure.to_string()),
    );
    output::line(format_args!("{table}"))?;
    if let Some(reason) = &report.no_inference {
        output::line(format_args!("Nobody was taken as gone: {reason}"))?;
    }
    if figures.failed > 0 {
        output::line(format_args!("What failed, and why: rollcall logs {name} --status failure"))?;
    }
    Ok(())
}

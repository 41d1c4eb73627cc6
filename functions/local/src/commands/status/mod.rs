//! `rollcall status`: healthy or not, why not, how far, what last.

mod shown;
mod watch;

use comfy_table::Table;
use serde_json::Value;

use self::shown::Shown;
use crate::cli::Cli;
use crate::client::Client;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(cli: &Cli, job: Option<&str>, watch: bool) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    if watch {
        return watch::run(cli, &client, job).await;
    }
    let found = found(&client, job).await?;
    match (cli.json, job, found.as_slice()) {
        (true, Some(_), [one]) => output::json(one)?,
        (true, ..) => output::json(&found)?,
        (false, _, []) => output::line("There is no application yet. Save one with: rollcall apply FILE")?,
        (false, Some(_), [one]) => output::line(details(&Shown::read(one)?))?,
        (false, ..) => {
            let found = found.iter().map(Shown::read).collect::<Result<Vec<_>, _>>()?;
            output::line(overview(&found))?;
        }
    }
    Ok(Exit::Done)
}

/// One job's status, or all of them, as the API gives it.
async fn found(client: &Client, job: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let known = match job {
        Some(job) => vec![client.application(job).await?],
        None => client.applications().await?,
    };
    Ok(known.into_iter().map(|mut known| known.job["status"].take()).collect())
}

fn overview(jobs: &[Shown]) -> Table {
    let mut table = output::table(&[
        "application",
        "health",
        "users",
        "in escrow",
        "last cycle",
        "progress",
        "next due (UTC)",
    ]);
    for job in jobs {
        table.add_row([
            job.application.clone(),
            health(job),
            format!("{} in scope, {} linked", job.counts.in_scope, job.counts.linked),
            job.counts.escrowed.to_string(),
            last(job),
            progress(job),
            output::moment(job.next_due),
        ]);
    }
    table
}

fn details(job: &Shown) -> Table {
    let mut table = output::table(&["", &job.application]);
    let mut line = |name: &str, value: String| {
        table.add_row([name.to_owned(), value]);
    };
    line("health", health(job));
    if let Some(quarantine) = &job.quarantine {
        line("why", quarantine.message.clone());
        line("since", output::moment(quarantine.series_began));
        if quarantine.reason == "TooManyDeletes" {
            line("what to do", "see rollcall removals".to_owned());
        } else if let Some(cause) = &quarantine.cause {
            line("failing call", cause.request.clone().unwrap_or_else(|| "none".to_owned()));
            line("what to do", cause.advice.clone().unwrap_or_else(|| "see rollcall escrow".to_owned()));
        }
    }
    line("initial cycle", if job.initial_cycle_completed { "complete" } else { "not complete" }.into());
    line("progress", progress(job));
    line("users in scope", job.counts.in_scope.to_string());
    line("users linked", format!("{} now, {} ever", job.counts.linked, job.counts.ever_linked));
    let groups = job.counts.groups;
    if groups.ever_linked > 0 {
        line(
            "groups",
            format!(
                "{} in scope, {} linked, {} memberships",
                groups.in_scope, groups.linked, groups.memberships
            ),
        );
    }
    if job.counts.pending > 0 {
        line("references waiting", job.counts.pending.to_string());
    }
    line("in escrow", job.counts.escrowed.to_string());
    line("removals waiting", job.counts.staged.to_string());
    line("last cycle", last(job));
    if let Some(reason) = job.last_execution.as_ref().and_then(|last| last.no_inference.clone()) {
        line("nobody taken as gone", reason);
    }
    line("next due (UTC)", output::moment(job.next_due));
    line("job id", job.job_id.clone());
    table
}

fn health(job: &Shown) -> String {
    match &job.quarantine {
        Some(quarantine) => format!("{}: {}", job.code, quarantine.reason),
        None => job.code.clone(),
    }
}

fn progress(job: &Shown) -> String {
    let Some(progress) = job.progress.first() else { return "idle".into() };
    let share = 100 * progress.completed_units / progress.total_units.max(1);
    let state = if job.running { "running" } else { "waiting for the next slice" };
    let mut words = vec![format!("{share} % of {} objects", progress.total_units), state.to_owned()];
    if let (Some(rate), Some(left)) = (progress.units_per_second, progress.seconds_left) {
        words.push(format!("{rate:.0} a second"));
        words.push(format!("{} min to go", left.div_ceil(60)));
    }
    if let Some(limit) = progress.calls_per_second {
        words.push(format!("the app takes {limit:.0} calls a second"));
    }
    words.join(", ")
}

fn last(job: &Shown) -> String {
    let Some(last) = &job.last_execution else { return "never".into() };
    let state = match &last.error {
        Some(error) => error.message.clone(),
        None => format!("{}, {} written", last.state, last.figures.exported()),
    };
    format!("{} {}: {state}", output::moment(last.time_ended), last.kind)
}

//! `rollcall serve`: the whole service, unattended, in one process.
//!
//! In: a data folder, which no other process may have. Out: cycles of every job at their times, the HTTPS API's
//! reading side on loopback, and a line for each cycle that ended. Promised: a due job starts within seconds; asked
//! to end (Ctrl-C, SIGTERM) cycles stop after their page and go on at the next start; killed, they do so too.

use std::future::pending;
use std::time::Duration;

use engine::cycle::Ending;
use engine::job::CycleReport;
use serde_json::json;
use sync::scheduler::{Ended, Scheduler};

use crate::api::Api;
use crate::cli::{Cli, Serve};
use crate::exit::Exit;
use crate::home::Home;
use crate::{mail, output};

/// Time between two looks at what is due: a twelfth of the minute that is promised, and one request each.
const TURN: Duration = Duration::from_secs(5);

pub(crate) async fn run(cli: &Cli, options: &Serve) -> anyhow::Result<Exit> {
    let home = Home::own(cli).await?;
    let api = Api::start(&home, options.port).await?;
    // Before anybody reads that it serves, and may ask it to end.
    let mut end = std::pin::pin!(asked_to_end()?);
    greet(cli, &home, &api).await?;
    let mut scheduler = Scheduler::new(home.context.clone(), usize::from(options.jobs_at_once));
    let mut mail = std::pin::pin!(mail::rounds(&home));
    loop {
        if let Err(error) = scheduler.turn().await {
            tracing::warn!("what is due could not be read; the next look is in {TURN:?}: {error:#}");
        }
        tokio::select! {
            () = home.context.clock.tick(TURN) => {}
            Some(ended) = next(&mut scheduler) => tell(cli, &ended)?,
            () = &mut mail => {}
            () = &mut end => break,
        }
    }
    tracing::info!("asked to end");
    scheduler.stop();
    let again = asked_to_end()?;
    tokio::select! {
        result = finish(cli, &mut scheduler) => result?,
        () = again => tracing::warn!("asked twice: cycles under way are cut and go on at the next start"),
    }
    api.stop().await;
    Ok(Exit::Done)
}

/// The next slice that ends. While none runs there is nothing to wait for.
async fn next(scheduler: &mut Scheduler) -> Option<Ended> {
    if scheduler.is_busy() { scheduler.ended().await } else { pending().await }
}

/// Waits for the slices under way, which stop after their page.
async fn finish(cli: &Cli, scheduler: &mut Scheduler) -> anyhow::Result<()> {
    while let Some(ended) = scheduler.ended().await {
        tell(cli, &ended)?;
    }
    Ok(())
}

/// Ctrl-C, or what a service manager sends. It is listened for from the call on.
#[cfg(unix)]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C. It is listened for once the future is waited for.
#[cfg(not(unix))]
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    })
}

async fn greet(cli: &Cli, home: &Home, api: &Api) -> anyhow::Result<()> {
    let jobs = home.context.store.applications().await?.len();
    if cli.json {
        return output::json_line(
            &json!({ "serving": cli.data_dir(), "jobs": jobs, "api": api.url(), "console": api.link() }),
        );
    }
    output::line(format_args!("Rollcall serves {}, jobs: {jobs}.", cli.data_dir().display()))?;
    output::line(format_args!("Open   {}", api.link()))?;
    output::line(format_args!("API    {}", api.url()))?;
    output::line(format_args!("Token  in {}", api.token_file().display()))?;
    output::line("Look   rollcall status --watch, rollcall logs")?;
    output::line("End    Ctrl-C; cycles under way stop after their page and go on at the next start")?;
    Ok(())
}

fn tell(cli: &Cli, ended: &Ended) -> anyhow::Result<()> {
    let now = runtime::clock::now();
    let name = &ended.application;
    if cli.json {
        let what = match &ended.outcome {
            Ok(Ending::Completed(report)) => json!({ "ended": "completed", "report": report }),
            Ok(Ending::Continues) => json!({ "ended": "continues" }),
            Ok(Ending::Paused) => json!({ "ended": "paused" }),
            Err(error) => json!({ "ended": "failed", "error": error.to_string() }),
        };
        return output::json_line(&json!({ "at": now, "application": name, "slice": what }));
    }
    let at = output::moment(now);
    match &ended.outcome {
        Ok(Ending::Completed(report)) => output::line(format_args!("{at} {name}: {}", summary(report)))?,
        Ok(Ending::Paused) => {
            output::line(format_args!(
                "{}: paused; rollcall start goes on with its cycle",
                ended.application
            ))?;
        }
        Ok(Ending::Continues) => {
            output::line(format_args!("{at} {name}: stopped after a page; goes on at the next start"))?;
        }
        Err(error) => output::line(format_args!("{at} {name}: {error}"))?,
    }
    Ok(())
}

/// A cycle in a line: what it did, without the zeros.
fn summary(report: &CycleReport) -> String {
    let figures = &report.figures;
    let did: Vec<String> = [
        (figures.created, "created"),
        (figures.updated, "updated"),
        (figures.disabled, "disabled"),
        (figures.deleted, "deleted"),
        (figures.failed, "failed"),
        (figures.held, "removals held"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    let did = if did.is_empty() { "nothing to do".to_owned() } else { did.join(", ") };
    let took = report.ended.duration_since(report.began).as_secs_f64();
    format!("{} cycle complete in {took:.1} s: {did}", report.kind)
}

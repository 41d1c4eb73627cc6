//! `rollcall status --watch`: one live line for each job, until Ctrl-C.
//!
//! On a terminal a bar moves; elsewhere a line is written whenever something changed, as JSON with `--json`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::Value;

use super::shown::Shown;
use super::{found, health};
use crate::cli::Cli;
use crate::client::{Client, Where};
use crate::exit::Exit;
use crate::output;

/// Time between two looks: a worker shows its progress every few seconds.
const LOOK: Duration = Duration::from_secs(1);

/// The same of a service elsewhere, where each look is paid for.
const LOOK_THERE: Duration = Duration::from_secs(5);

pub(super) async fn run(cli: &Cli, client: &Client, job: Option<&str>) -> anyhow::Result<Exit> {
    tokio::select! {
        // Listens from before the first look to the end: a listener for each pause would miss what comes between two.
        biased;
        signal = tokio::signal::ctrl_c() => signal?,
        Err(error) = watch(cli, client, job) => return Err(error),
    }
    Ok(Exit::Done)
}

/// Ends with an error alone.
async fn watch(cli: &Cli, client: &Client, job: Option<&str>) -> anyhow::Result<Infallible> {
    let mut screen = if cli.json {
        Screen::Json(BTreeMap::new())
    } else if std::io::stderr().is_terminal() {
        Screen::Bars(Bars::default())
    } else {
        Screen::Lines(BTreeMap::new())
    };
    let look = match client.place() {
        Where::Here => LOOK,
        Where::There(_) => LOOK_THERE,
    };
    loop {
        let jobs = found(client, job).await?;
        screen.show(&jobs, client.now())?;
        client.clock().tick(look).await;
    }
}

/// Where it is shown.
enum Screen {
    Bars(Bars),
    /// What was said last of each application.
    Lines(BTreeMap<String, String>),
    Json(BTreeMap<String, Value>),
}

impl Screen {
    fn show(&mut self, jobs: &[Value], now: Timestamp) -> anyhow::Result<()> {
        if let Self::Json(said) = self {
            for job in jobs {
                let application = job["application"].as_str().unwrap_or_default();
                if said.get(application) != Some(job) {
                    output::json_line(job)?;
                    said.insert(application.to_owned(), job.clone());
                }
            }
            return Ok(());
        }
        let jobs = jobs.iter().map(Shown::read).collect::<Result<Vec<_>, _>>()?;
        match self {
            Self::Json(_) => {}
            Self::Bars(bars) => bars.show(&jobs, now),
            Self::Lines(said) => {
                for job in &jobs {
                    let text = sentence(job);
                    if said.get(&job.application) != Some(&text) {
                        output::line(format_args!("{} {}: {text}", output::moment(now), job.application))?;
                        said.insert(job.application.clone(), text);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a job is doing, in a sentence that stays the same while nothing happens.
fn sentence(job: &Shown) -> String {
    let state = health(job);
    match job.progress.first() {
        Some(progress) => {
            format!(
                "{state}; {} of {} people, {}",
                progress.completed_units,
                progress.total_units,
                written(job)
            )
        }
        None => format!("{state}; next cycle due {}", output::moment(job.next_due)),
    }
}

fn written(job: &Shown) -> String {
    let figures = job.figures.unwrap_or_default();
    format!("{} written, {} failed", figures.exported(), figures.failed)
}

/// One bar for each job.
#[derive(Default)]
struct Bars {
    screen: MultiProgress,
    bars: BTreeMap<String, ProgressBar>,
}

impl Bars {
    fn show(&mut self, jobs: &[Shown], now: Timestamp) {
        // What is not there any more leaves the screen.
        self.bars.retain(|name, bar| {
            let stays = jobs.iter().any(|job| job.application == *name);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
        for job in jobs {
            let screen = &self.screen;
            let bar = self
                .bars
                .entry(job.application.clone())
                .or_insert_with(|| screen.add(ProgressBar::new(0).with_prefix(job.application.clone())));
            draw(bar, job, now);
        }
    }
}

fn draw(bar: &ProgressBar, job: &Shown, now: Timestamp) {
    let running = job.progress.first();
    let template = match running {
        Some(_) => "{prefix:20} {bar:30.cyan/dim} {pos}/{len} people  {msg}",
        None => "{prefix:20} {msg}",
    };
    // Before anything else: every change is drawn.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━━─"));
    }
    match running {
        Some(progress) => {
            bar.set_length(progress.total_units);
            bar.set_position(progress.completed_units);
            bar.set_message(written(job));
        }
        None => bar.set_message(format!(
            "{}; {} users linked; {}",
            health(job),
            job.counts.linked,
            when(job.next_due.duration_since(now).as_secs())
        )),
    }
    bar.tick();
}

/// How long it is until a job is due.
fn when(seconds: i64) -> String {
    if seconds <= 0 {
        return "due now".to_owned();
    }
    format!("next cycle in {}:{:02}", seconds / 60, seconds % 60)
}

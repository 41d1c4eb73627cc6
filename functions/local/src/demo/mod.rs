//! `rollcall demo`: the whole service in a minute, with invented people and the sandbox app.
//!
//! Three cycles: everyone is created; a fortnight passes and only what changed is written; nothing happened and
//! nothing is called. What is shown is counted by the sandbox, not claimed.

use std::path::PathBuf;
use std::time::Duration;

use connectors::application::Application;
use engine::cycle::Request;
use engine::job::CycleReport;
use serde_json::{Value, json};
use store::StoredApplication;
use testkit::people::{Directory, Happened};
use testkit::sandbox::{Sandbox, Settings};

use crate::cli::{Cli, Demo};
use crate::commands::apply;
use crate::commands::cycle::{Bar, once, print};
use crate::exit::Exit;
use crate::home::Home;
use crate::output;

/// The demo's application.
const NAME: &str = "Ledgerly";

/// Everything the demo works with.
struct Stage {
    home: Home,
    sandbox: Sandbox,
    directory: Directory,
    csv: PathBuf,
    application: StoredApplication,
    quiet: bool,
}

pub(crate) async fn run(cli: &Cli, options: &Demo) -> anyhow::Result<Exit> {
    let mut stage = Stage::build(cli, options).await?;
    let mut cycles = Vec::new();
    stage.say(&format!(
        "{} invented people in {}, and an app at {} that knows none of them.",
        options.people,
        stage.csv.display(),
        stage.sandbox.base_url()
    ))?;
    cycles.push(stage.cycle("first cycle: everyone is new").await?);
    let happened = stage.fortnight()?;
    cycles.push(stage.cycle("second cycle: only what changed").await?);
    stage.say("\nNothing happens in the directory.")?;
    cycles.push(stage.cycle("third cycle: nothing to do").await?);
    if cli.json {
        output::json(&summary(&stage, happened, &cycles))?;
    } else {
        stage.where_to_look(cli)?;
    }
    if options.once {
        stage.sandbox.shutdown().await;
        return Ok(Exit::Done);
    }
    stage.say("\nThe app keeps running for you to look around. Ctrl-C ends it.")?;
    tokio::signal::ctrl_c().await?;
    stage.sandbox.shutdown().await;
    Ok(Exit::Done)
}

impl Stage {
    async fn build(cli: &Cli, options: &Demo) -> anyhow::Result<Self> {
        let home = Home::open(cli).await?;
        let folder = home.work().join("demo");
        std::fs::create_dir_all(&folder)?;
        let token = runtime::clock::new_id().to_string();
        let settings = Settings {
            token: token.clone(),
            latency: Duration::from_millis(options.latency),
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings).await?;
        let csv = folder.join("people.csv");
        let directory = Directory::of(options.people as usize);
        directory.write(&csv)?;
        let secret = folder.join("token");
        std::fs::write(&secret, token)?;
        let name = free_name(&home).await?;
        let yaml = include_str!("application.yaml")
            .replace("{name}", &name)
            .replace("{csv}", &csv.to_string_lossy())
            .replace("{url}", &sandbox.base_url())
            .replace("{token}", &secret.to_string_lossy());
        let application = Application::from_yaml(&yaml, "the demo's application")?;
        let checked = application.check().map_err(|problems| {
            anyhow::anyhow!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        apply::save(&home, &checked).await?;
        let application = home.application(&name).await?;
        Ok(Self { home, sandbox, directory, csv, application, quiet: cli.json })
    }

    fn say(&self, text: &str) -> std::io::Result<()> {
        if self.quiet { Ok(()) } else { output::line(text) }
    }

    async fn cycle(&self, title: &str) -> anyhow::Result<CycleReport> {
        self.say(&format!("\n{title}"))?;
        let bar = Bar::new(self.quiet, &self.application.name);
        let report = once(&self.home, &self.application, &Request::default(), &bar).await;
        bar.finish();
        let report = report?;
        if !self.quiet {
            print(&self.application.name, &report)?;
        }
        Ok(report)
    }

    fn fortnight(&mut self) -> anyhow::Result<Happened> {
        let happened = self.directory.fortnight();
        self.directory.write(&self.csv)?;
        let Happened { joined, moved, married, switched_off, left } = happened;
        self.say(&format!(
            "\nA fortnight passes: {joined} join, {moved} move, {married} take another name, {switched_off} go on leave, {left} leave."
        ))?;
        Ok(happened)
    }

    fn where_to_look(&self, cli: &Cli) -> std::io::Result<()> {
        let (name, data) = (&self.application.name, cli.data_dir().display());
        output::line(format_args!("\nWhere to look:"))?;
        output::line(format_args!("  rollcall --data-dir {data} status {name}"))?;
        output::line(format_args!("  rollcall --data-dir {data} logs {name} --name nadia"))?;
        output::line(format_args!("  rollcall --data-dir {data} logs {name} --since 1h --format csv"))?;
        output::line(format_args!("  the directory   {}", self.csv.display()))?;
        output::line(format_args!(
            "  the app         curl -H 'Authorization: Bearer {}' {}/Users?count=1",
            self.sandbox.token(),
            self.sandbox.base_url()
        ))
    }
}

/// `Ledgerly`, or `Ledgerly-2` and so on: each demo begins with an app that knows nobody.
async fn free_name(home: &Home) -> anyhow::Result<String> {
    let taken = home.context.store.applications().await?;
    let is_taken = |name: &String| taken.iter().any(|application| application.name == *name);
    let numbered = (2..).map(|number| format!("{NAME}-{number}"));
    Ok(std::iter::once(NAME.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default())
}

fn summary(stage: &Stage, happened: Happened, cycles: &[CycleReport]) -> Value {
    let cycles: Vec<Value> = cycles
        .iter()
        .map(|report| {
            json!({
                "kind": report.kind,
                "created": report.figures.created,
                "updated": report.figures.updated,
                "disabled": report.figures.disabled,
                "deleted": report.figures.deleted,
                "skipped": report.figures.skipped,
                "failed": report.figures.failed,
                "targetCalls": report.figures.target_calls,
                "logRecords": report.figures.log_records,
                "seconds": report.ended.duration_since(report.began).as_secs_f64(),
            })
        })
        .collect();
    json!({
        "application": stage.application.name,
        "jobId": stage.application.job,
        "happened": {
            "joined": happened.joined,
            "moved": happened.moved,
            "married": happened.married,
            "switchedOff": happened.switched_off,
            "left": happened.left,
        },
        "cycles": cycles,
        "sandbox": { "users": stage.sandbox.users().len(), "counters": stage.sandbox.counters() },
    })
}

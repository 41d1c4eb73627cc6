//! A large directory in which nothing happens: what a cycle over it costs the app, and the process that runs it.
//!
//! In: a real OpenLDAP with N people, the sandbox app, and the `rollcall` command in a process of its own, so that
//! its memory is nobody else's. Out: a table, or one JSON document. A call to the app in a quiet cycle, or more
//! memory than the bound, ends the run with exit code 1.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;
use testkit::sandbox::{Sandbox, Settings};
use testkit::servers::slapd::{self, Slapd, person};

use crate::cli::DirectoryOptions;
use crate::{memory, report};

/// What a quiet cycle's process may hold at once. Its own share is the engine's snapshot, 32 bytes a person, and a
/// page of the source; most of it is the tables' engine.
const MEMORY: u64 = 150 * 1024 * 1024;

/// How often the memory is looked at; the kernel keeps the peak, so only what rises in the last moment is missed.
const LOOK: Duration = Duration::from_millis(5);

/// A cycle and what it cost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    cycle: &'static str,
    imported: u64,
    exported: u64,
    source_calls: u64,
    target_calls: u64,
    log_records: u64,
    seconds: f64,
    peak_memory_bytes: u64,
    /// Whether it was within its bounds; `None` when it has none.
    met: Option<bool>,
}

/// Measures the cycles; whether every bound was met.
pub(crate) async fn run(options: &DirectoryOptions) -> anyhow::Result<bool> {
    let stage = Stage::build(options).await?;
    let mut measured = vec![stage.cycle("initial", false)?];
    measured.push(stage.cycle("nothing changed", true)?);
    stage.directory.directory().set(&person("p0000"), "title", &["Treasurer"])?;
    measured.push(stage.cycle("one changed", false)?);
    stage.read_everything()?;
    measured.push(stage.cycle("everyone read again, nothing changed", true)?);
    let met = measured.iter().all(|measured| measured.met != Some(false));
    if options.json {
        println!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        print(options, &measured);
    }
    Ok(met)
}

struct Stage {
    directory: Slapd,
    app: Sandbox,
    folder: TempDir,
    rollcall: PathBuf,
}

impl Stage {
    async fn build(options: &DirectoryOptions) -> anyhow::Result<Self> {
        let rollcall = std::env::current_exe()?.with_file_name("rollcall");
        ensure!(
            rollcall.exists(),
            "{} is not there; build it with: cargo build --release -p rollcall",
            rollcall.display()
        );
        let people = usize::try_from(options.people)?;
        let directory = Slapd::start(&slapd::Options {
            people,
            size_limit: None,
            sync: (options.changes == "sync").then_some(1_000),
            ..slapd::Options::default()
        })?;
        let app = Sandbox::start(Settings::default()).await?;
        let stage = Self { directory, app, folder: tempfile::tempdir()?, rollcall };
        stage.apply(&options.changes)?;
        Ok(stage)
    }

    fn apply(&self, changes: &str) -> anyhow::Result<()> {
        let (url, app) = (self.directory.url(), self.app.base_url());
        let document = format!(
            r#"application: Ledgerly
source:
  ldap:
    url: {url}
    bindDn: "{}"
    password: env:LDAP_PASSWORD
    users: {{ base: "{}" }}
    changes: {changes}
target:
  scim: {{ url: "{app}", token: "env:TOKEN" }}
users:
  attributes:
    - {{ target: userName, source: mail, matchingPriority: 1 }}
    - {{ target: externalId, source: uid }}
    - {{ target: active, expression: "Not([IsSoftDeleted])" }}
    - {{ target: displayName, source: displayName }}
    - {{ target: name.givenName, source: givenName }}
    - {{ target: name.familyName, source: sn }}
    - {{ target: title, source: title }}
"#,
            slapd::SERVICE_DN,
            slapd::PEOPLE
        );
        let file = self.folder.path().join("ledgerly.yaml");
        std::fs::write(&file, document)?;
        let applied = self.command(&["apply", "ledgerly.yaml", "--offline", "--yes"]).output()?;
        ensure!(applied.status.success(), "apply: {}", String::from_utf8_lossy(&applied.stderr));
        Ok(())
    }

    /// Makes the next cycle read everyone.
    fn read_everything(&self) -> anyhow::Result<()> {
        self.apply("none")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.rollcall);
        command.current_dir(self.folder.path()).env("LDAP_PASSWORD", slapd::SERVICE_PASSWORD);
        command.env("TOKEN", self.app.token()).arg("--data-dir").arg("data").args(arguments);
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        command
    }

    fn cycle(&self, name: &'static str, quiet: bool) -> anyhow::Result<Measured> {
        self.app.reset_counters();
        let output = self.folder.path().join("report.json");
        let began = Instant::now();
        let mut child =
            self.command(&["cycle", "Ledgerly", "--json"]).stdout(std::fs::File::create(&output)?).spawn()?;
        let mut peak = 0;
        let status = loop {
            peak = memory::peak_of(child.id()).unwrap_or(peak);
            match child.try_wait()? {
                Some(status) => break status,
                None => std::thread::sleep(LOOK),
            }
        };
        ensure!(status.success(), "the {name} cycle failed: {status}");
        let seconds = began.elapsed().as_secs_f64();
        let report: Value = serde_json::from_slice(&std::fs::read(&output)?)?;
        let figure = |name: &str| report["figures"][name].as_u64().context("the report lacks a figure");
        let counters = self.app.counters();
        let target_calls = counters.total.saturating_sub(counters.discovery);
        let written = ["created", "updated", "disabled", "deleted"].map(figure);
        Ok(Measured {
            cycle: name,
            imported: figure("imported")?,
            exported: written.into_iter().sum::<anyhow::Result<u64>>()?,
            source_calls: figure("sourceCalls")?,
            target_calls,
            log_records: figure("logRecords")?,
            seconds,
            peak_memory_bytes: peak,
            met: quiet.then_some(target_calls == 0 && peak <= MEMORY),
        })
    }
}

fn print(options: &DirectoryOptions, measured: &[Measured]) {
    println!("{} people in OpenLDAP, changes: {}", options.people, options.changes);
    let mut table = report::table(&[
        "cycle",
        "read",
        "written",
        "source calls",
        "target calls",
        "log records",
        "seconds",
        "peak MiB",
        "bound (0 calls, 150 MiB)",
    ]);
    for row in measured {
        table.add_row([
            row.cycle.to_owned(),
            row.imported.to_string(),
            row.exported.to_string(),
            row.source_calls.to_string(),
            row.target_calls.to_string(),
            row.log_records.to_string(),
            format!("{:.1}", row.seconds),
            (row.peak_memory_bytes >> 20).to_string(),
            row.met.map_or_else(String::new, |met| if met { "kept" } else { "EXCEEDED" }.to_owned()),
        ]);
    }
    println!("{table}");
}

//! Everything a cycle needs, in one process: the file, the app, the tables, the job.
//!
//! In: the options. Out: a [`Stage`] on which one cycle after the other runs, each with a source and a target of its
//! own, as separate processes would have.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use connectors::application::CheckedApplication;
use engine::cycle::Ending;
use engine::job::{CycleReport, CycleResult, JobState};
use engine::model::JobId;
use engine::ports::Observer;
use secrecy::SecretString;
use store::embedded::Embedded;
use store::usage::Counter;
use store::{DynamoStore, TableNames, Worker, tables};
use tempfile::TempDir;
use testkit::sandbox::{Sandbox, Settings};

use crate::cli::Options;
use crate::cycles::Cycle;
use crate::people::People;
use crate::work::{self, Document, Work};

/// What cycles run on.
pub(crate) struct Stage {
    people: People,
    changed: u64,
    checked: CheckedApplication,
    store: DynamoStore,
    /// The app.
    pub(crate) sandbox: Sandbox,
    /// What goes to the tables.
    pub(crate) counter: Counter,
    _tables: Embedded,
    folder: TempDir,
}

impl Stage {
    /// An empty app, empty tables, and the file.
    pub(crate) async fn build(options: &Options) -> anyhow::Result<Self> {
        ensure!(
            options.changed <= options.people,
            "--changed {} is more than --people {}; there is nobody else to change",
            options.changed,
            options.people
        );
        let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
        let settings = Settings {
            latency: Duration::from_millis(options.latency),
            page_cap: options.page_cap as usize,
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings).await.context("the sandbox app cannot be started")?;
        let file = options.disk.then(|| folder.path().join("tables.db"));
        let tables = Embedded::open(file.as_deref()).await?;
        let (counter, names) = (Counter::default(), TableNames::default());
        let client = counter.watch(&tables.client());
        tables::create(&client, &names).await?;
        let worker = Worker { owner: "bench".to_owned(), boot: None };
        let stage = Self {
            people: People { count: options.people, promoted: 0, backwards: false },
            changed: options.changed,
            checked: checked(options, &folder, &sandbox)?,
            store: DynamoStore::new(client, names, worker),
            sandbox,
            counter,
            _tables: tables,
            folder,
        };
        let now = runtime::clock::now();
        for job in [Cycle::Initial, Cycle::Brownfield].map(job_of) {
            stage.store.create_job(&job, &JobState::new(now)).await?;
        }
        Ok(stage)
    }

    /// Lets happen what happens before a cycle, and begins counting anew.
    pub(crate) fn prepare(&mut self, cycle: Cycle) -> anyhow::Result<()> {
        match cycle {
            Cycle::Initial => {}
            Cycle::Untouched | Cycle::Brownfield => return self.begin_counting(),
            Cycle::Rewritten => self.people.backwards = true,
            Cycle::Changed => self.people.promoted = self.changed,
        }
        self.people.write(&csv(&self.folder))?;
        self.begin_counting()
    }

    fn begin_counting(&self) -> anyhow::Result<()> {
        self.sandbox.reset_counters();
        self.counter.take();
        Ok(())
    }

    /// Runs a cycle to its end.
    pub(crate) async fn run(&self, cycle: Cycle, observer: &dyn Observer) -> anyhow::Result<CycleReport> {
        let work = Work {
            checked: &self.checked,
            job: job_of(cycle),
            folder: self.folder.path(),
            token: SecretString::from(self.sandbox.token()),
            store: &self.store,
            observer,
            deadline: None,
        };
        match work.run().await.with_context(|| format!("in the {} cycle", cycle.name()))? {
            Ending::Completed(report) => {
                let failed = report.figures.failed;
                ensure!(
                    report.result == CycleResult::Succeeded,
                    "in the {} cycle {failed} people failed; its figures mean nothing",
                    cycle.name()
                );
                Ok(*report)
            }
            Ending::Continues | Ending::Paused => {
                bail!("the {} cycle stopped without a deadline", cycle.name())
            }
        }
    }
}

/// The brownfield cycle is the first of a job of its own.
fn job_of(cycle: Cycle) -> JobId {
    JobId::new(if cycle == Cycle::Brownfield { "bench-brownfield" } else { "bench" })
}

fn csv(folder: &TempDir) -> PathBuf {
    folder.path().join("people.csv")
}

fn checked(options: &Options, folder: &TempDir, sandbox: &Sandbox) -> anyhow::Result<CheckedApplication> {
    let document = Document {
        csv: &csv(folder),
        url: &sandbox.base_url(),
        bulk: options.bulk,
        page: options.page_cap,
        groups: false,
    };
    work::checked(&document.yaml())
}

//! Everything a cycle needs, in one process: the file, the app, the tables, the job.
//!
//! In: the options. Out: a [`Stage`] on which one cycle after the other runs, each with a source and a target of its
//! own, as separate processes would have.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use connectors::application::{
    Application, CheckedApplication, Surroundings, connect_source, connect_target,
};
use engine::cycle::{Definition, Ending, Naming, Ports, Request};
use engine::job::{CycleReport, CycleResult, JobState};
use engine::model::JobId;
use engine::ports::Observer;
use runtime::clock::{SystemClock, SystemIds};
use secrecy::SecretString;
use store::embedded::Embedded;
use store::usage::Counter;
use store::{DynamoStore, TableNames, Worker, tables};
use tempfile::TempDir;
use testkit::sandbox::{Sandbox, Settings};

use crate::cli::Options;
use crate::cycles::Cycle;
use crate::people::People;

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
        let application = &self.checked.application;
        let job = job_of(cycle);
        let work = self.folder.path().join(job.as_str());
        let surroundings = Surroundings {
            base: self.folder.path(),
            work: &work,
            s3: None,
            secret: None,
            mapping: &self.checked.mapping,
            groups: None,
            clock: Arc::new(SystemClock),
        };
        let source = connect_source(&application.source, surroundings)?;
        let token = SecretString::from(self.sandbox.token());
        let target = connect_target(&application.target, token, false, Arc::new(SystemClock))?;
        let ports = Ports {
            source: source.as_ref(),
            target: target.as_ref(),
            store: &self.store,
            clock: &SystemClock,
            ids: &SystemIds,
            observer,
        };
        let definition = Definition {
            thresholds: application.removals.thresholds(),
            cadence: application.schedule.cadence(),
            ..Definition::new(job, self.checked.mapping.clone(), naming(), engine::ids::Key::new([7; 32]))
        };
        let ending = engine::cycle::run(&ports, &definition, &Request::default()).await;
        match ending.with_context(|| format!("the {} cycle stopped", cycle.name()))? {
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
    let yaml = include_str!("application.yaml")
        .replace("{csv}", &csv(folder).to_string_lossy())
        .replace("{url}", &sandbox.base_url())
        .replace("{bulk}", if options.bulk { "auto" } else { "never" })
        .replace("{page}", &options.page_cap.to_string());
    let application = Application::from_yaml(&yaml, "application.yaml")?;
    application.check().map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("application.yaml: {}", problems.join("; "))
    })
}

fn naming() -> Naming {
    Naming {
        tenant_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a01".to_owned(),
        application_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a02".to_owned(),
        application_name: "Bench".to_owned(),
        source_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a03".to_owned(),
        source_name: "people.csv".to_owned(),
        target_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a04".to_owned(),
    }
}

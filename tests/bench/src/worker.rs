//! The syncing process: one slice of a cycle in a process of its own, so that its memory is nobody else's.
//!
//! In: an [`Assignment`] on standard input. Out: what the slice cost ([`Done`]) on standard output. App and tables are
//! in the process that started this one, and reached over loopback.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use engine::cycle::Ending;
use engine::job::CycleReport;
use engine::model::JobId;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::usage::Counter;
use store::{DynamoStore, TableNames, Worker};

use crate::measure::Dynamo;
use crate::memory;
use crate::progress::Watcher;
use crate::work::{self, Work};

/// The subcommand that a worker is started with.
const COMMAND: &str = "worker";

/// What a worker is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assignment {
    /// The application's document.
    pub(crate) yaml: String,
    pub(crate) job: JobId,
    /// Where the source's private copies are kept.
    pub(crate) folder: PathBuf,
    /// Where the tables are.
    pub(crate) tables: String,
    /// The sandbox's token, which is no secret.
    pub(crate) token: String,
    /// Seconds after which to stop between two pages.
    pub(crate) seconds: Option<u32>,
}

/// What a slice cost.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Done {
    /// The cycle's report, when the cycle ended with this slice.
    pub(crate) report: Option<CycleReport>,
    pub(crate) dynamodb: Dynamo,
    pub(crate) seconds: f64,
    /// Of the syncing process, its start included.
    pub(crate) processor_seconds: Option<f64>,
    /// Of the syncing process alone; unknown where the system does not tell.
    pub(crate) peak_memory_bytes: Option<u64>,
}

impl Assignment {
    /// Runs the slice in a new process, and waits for its end.
    pub(crate) async fn run(self) -> anyhow::Result<Done> {
        tokio::task::spawn_blocking(move || self.spawn()).await?
    }

    fn spawn(&self) -> anyhow::Result<Done> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("the syncing process cannot be started")?;
        let mut input = child.stdin.take().context("the syncing process takes no input")?;
        input.write_all(&serde_json::to_vec(self)?)?;
        drop(input);
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "the syncing process failed: {}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Does what standard input says.
pub(crate) async fn work() -> anyhow::Result<()> {
    let assignment: Assignment = serde_json::from_reader(std::io::stdin())?;
    let done = slice(&assignment).await?;
    println!("{}", serde_json::to_string(&done)?);
    Ok(())
}

async fn slice(assignment: &Assignment) -> anyhow::Result<Done> {
    let checked = work::checked(&assignment.yaml)?;
    let counter = Counter::default();
    let client = counter.watch(&store::client::for_endpoint(&assignment.tables));
    let owner = format!("bench worker {}", std::process::id());
    let store = DynamoStore::new(client, TableNames::default(), Worker { owner, boot: None });
    let work = Work {
        checked: &checked,
        job: assignment.job.clone(),
        folder: &assignment.folder,
        token: SecretString::from(assignment.token.clone()),
        store: &store,
        observer: &Watcher::new("cycle"),
        deadline: assignment.seconds.map(|seconds| in_seconds(seconds.into())),
    };
    let began = Instant::now();
    let report = match work.run().await? {
        Ending::Completed(report) => Some(*report),
        Ending::Continues | Ending::Paused => None,
    };
    Ok(Done {
        report,
        dynamodb: Dynamo::from(counter.take()),
        seconds: began.elapsed().as_secs_f64(),
        processor_seconds: memory::processor_seconds(),
        peak_memory_bytes: memory::peak(),
    })
}

fn in_seconds(seconds: i64) -> Timestamp {
    runtime::clock::now().saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

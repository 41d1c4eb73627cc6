//! A file of the log, written by a process of its own, so that its memory is nobody else's.
//!
//! That process is what `sync` is on AWS; the tables are in the one that started it. On a laptop the DynamoDB engine is
//! in the process too: a few megabytes more.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use ::logs::odata::Filter;
use ::logs::{Format, Question, Walk, WriteError};
use anyhow::{Context, anyhow, ensure};
use runtime::clock::SystemClock;
use serde::{Deserialize, Serialize};
use store::{DynamoStore, TableNames, Worker};
use tokio::runtime::Handle;

use super::invented::Invented;
use super::seed::{Log, RETENTION};
use crate::cli::LogsOptions;
use crate::limit::Limit;
use crate::memory;

/// Millions of bytes that the writing process may hold.
const MEGABYTES: Limit<f64> = Limit::AtMost(150.0);

/// The subcommand that the writing process is started with.
const COMMAND: &str = "log-writer";

/// What is to be written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    /// Where the tables are.
    tables: String,
    filter: String,
    /// For the file, and for what waits meanwhile.
    folder: PathBuf,
}

/// What it cost.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    records: u64,
    bytes: u64,
    seconds: f64,
    processor_seconds: Option<f64>,
    peak_memory_bytes: Option<u64>,
}

/// Writes the oldest so many records of a log as a zip of three CSV files.
pub(super) async fn run(options: &LogsOptions, records: u64) -> anyhow::Result<bool> {
    let log = Log::with_at_least(&options.data, records).await?;
    let folder = tempfile::tempdir_in(&options.data)?;
    let assignment = Assignment {
        tables: log.tables.endpoint().to_owned(),
        filter: format!("activityDateTime lt {}", Invented::at(records)),
        folder: folder.path().to_owned(),
    };
    eprintln!("writing {records} records of {}…", log.invented.records);
    let done = tokio::task::spawn_blocking(move || assignment.spawn()).await??;
    ensure!(done.records == records, "the file has {} records instead of {records}", done.records);
    let megabytes = done.peak_memory_bytes.map_or(f64::NAN, millions);
    let met = MEGABYTES.allows(&megabytes);
    if options.json {
        let report = serde_json::json!({ "measuredAt": runtime::clock::now(), "csv": done, "met": met });
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!(
            "a CSV of {records} records: {megabytes:.1} MB of memory ({MEGABYTES}: {}), {:.1} s ({:.1} s of the processor), a zip of {:.1} MB",
            if met { "kept" } else { "NOT KEPT" },
            done.seconds,
            done.processor_seconds.unwrap_or(f64::NAN),
            millions(done.bytes),
        );
    }
    log.tables.close().await;
    Ok(met)
}

impl Assignment {
    fn spawn(&self) -> anyhow::Result<Done> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("the writing process cannot be started")?;
        let mut input = child.stdin.take().context("the writing process takes no input")?;
        input.write_all(&serde_json::to_vec(self)?)?;
        drop(input);
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "the writing process failed: {}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Does what standard input says.
pub(crate) async fn work() -> anyhow::Result<()> {
    let assignment: Assignment = serde_json::from_reader(std::io::stdin())?;
    let client = store::client::for_endpoint(&assignment.tables);
    let worker = Worker { owner: "bench".to_owned(), boot: None };
    let store = DynamoStore::new(client, TableNames::default(), worker)
        .with_retention(RETENTION)
        .with_clock(Arc::new(SystemClock));
    let filter = Filter::parse(&assignment.filter).map_err(|error| anyhow!("{error}"))?;
    let walk = Walk::new(store, Question { filter, ..Question::default() });
    let path = assignment.folder.join("log.zip");
    let out = BufWriter::new(File::create(&path)?);
    let file = ::logs::File::new(Format::Csv, out, &assignment.folder)?;
    let (runtime, began) = (Handle::current(), Instant::now());
    let written = tokio::task::spawn_blocking(move || {
        ::logs::write(&runtime, walk, file, |_| Ok::<(), WriteError>(()))
    });
    let (records, _) = written.await??;
    let done = Done {
        records,
        bytes: std::fs::metadata(&path)?.len(),
        seconds: began.elapsed().as_secs_f64(),
        processor_seconds: memory::processor_seconds(),
        peak_memory_bytes: memory::peak(),
    };
    println!("{}", serde_json::to_string(&done)?);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "bytes stay far below 2^52")]
fn millions(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

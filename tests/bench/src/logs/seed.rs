//! Logs that are kept between runs: a folder for each size, with the tables in a file.
//!
//! A mark is put beside the file once it is complete. A folder without it, or with that of another version, is made
//! anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use runtime::clock::SystemClock;
use store::embedded::Embedded;
use store::usage::Counter;
use store::{DynamoStore, TableNames, Worker, tables};

use super::invented::Invented;

/// To be counted up when the records are others, or the store writes others for them.
const VERSION: u32 = 2;
/// Records put into the file at once.
const CHUNK: u64 = 5_000;
/// The fewest records: below, nobody busy has ten namesakes.
const FEWEST: u64 = 5_000;
/// Records of a log are kept for so long that none expires between two runs.
pub(super) const RETENTION: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);
/// Between two lines about what is done by now.
const EVERY: Duration = Duration::from_secs(5);

/// A log, and the engine that holds it.
pub(super) struct Log {
    pub(super) invented: Invented,
    pub(super) tables: Embedded,
    /// Counted.
    pub(super) store: DynamoStore,
    pub(super) counter: Counter,
}

impl Log {
    /// Opens the log with so many records, and makes it if need be.
    pub(super) async fn open(data: &Path, records: u64) -> anyhow::Result<Self> {
        ensure!(
            records.is_multiple_of(FEWEST) && records > 0,
            "--records {records} is no multiple of {FEWEST}, which people and cycles are dealt out by"
        );
        let (folder, mark) = (folder(data, records), mark(records));
        if !is_complete(&folder, &mark) {
            seed(&folder, Invented { records }).await.context("the log cannot be made")?;
            fs::write(folder.join("complete"), &mark)?;
        }
        Self::at(&folder, Invented { records }).await
    }

    /// The smallest log that has at least so many records; one with as many is made when there is none.
    pub(super) async fn with_at_least(data: &Path, records: u64) -> anyhow::Result<Self> {
        let kept = fs::read_dir(data).into_iter().flatten().flatten();
        let sizes = kept.filter_map(|entry| entry.file_name().to_str()?.strip_prefix("log-")?.parse().ok());
        let complete = |size: &u64| *size >= records && is_complete(&folder(data, *size), &mark(*size));
        let size = sizes.filter(complete).min().unwrap_or(records);
        Self::open(data, size).await
    }

    async fn at(folder: &Path, invented: Invented) -> anyhow::Result<Self> {
        let tables = Embedded::open(Some(&folder.join("tables.db"))).await?;
        let counter = Counter::default();
        let worker = Worker { owner: "bench".to_owned(), boot: None };
        let store = DynamoStore::new(counter.watch(&tables.client()), TableNames::default(), worker)
            .with_retention(RETENTION)
            .with_clock(Arc::new(SystemClock));
        Ok(Self { invented, tables, store, counter })
    }
}

async fn seed(folder: &Path, invented: Invented) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let log = Log::at(folder, invented).await?;
    tables::create(&log.tables.client(), &TableNames::default()).await?;
    let began = Instant::now();
    // Nothing else is to be done meanwhile.
    tokio::task::block_in_place(|| fill(&log))?;
    eprintln!("{} records seeded in {:.0} s", invented.records, began.elapsed().as_secs_f64());
    log.tables.close().await;
    Ok(())
}

fn fill(log: &Log) -> anyhow::Result<()> {
    let Log { invented, tables, store, .. } = log;
    let job = Invented::job();
    let mut shown = Instant::now();
    tables.careless(true)?;
    for from in (0..invented.records).step_by(usize::try_from(CHUNK)?) {
        let records = (from..invented.records.min(from + CHUNK)).map(|number| invented.record(number));
        // Each has as many people as it has a share of the records.
        let people = from / 10..(from + CHUNK).min(invented.records) / 10;
        let names: Vec<_> = people.flat_map(|person| invented.names(person)).collect();
        tables.seed(store, &job, &records.collect::<Result<Vec<_>, _>>()?, &names)?;
        if shown.elapsed() >= EVERY {
            eprintln!("seeding: {from} of {} records", invented.records);
            shown = Instant::now();
        }
    }
    tables.careless(false)?;
    Ok(())
}

fn folder(data: &Path, records: u64) -> PathBuf {
    data.join(format!("log-{records}"))
}

fn mark(records: u64) -> String {
    format!("version {VERSION}, {records} records\n")
}

fn is_complete(folder: &Path, mark: &str) -> bool {
    fs::read_to_string(folder.join("complete")).is_ok_and(|found| found == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_another_version_or_half_way_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_complete(folder.path(), &mark(5_000)), "it has no mark");
        for (text, complete) in
            [("version 1, 5000 records\n", false), (&mark(10_000), false), (&mark(5_000), true)]
        {
            fs::write(folder.path().join("complete"), text).unwrap();
            assert_eq!(is_complete(folder.path(), &mark(5_000)), complete, "{text}");
        }
    }
}

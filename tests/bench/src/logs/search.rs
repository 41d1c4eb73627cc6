//! Searching: what each question reads, and how much longer it takes where there is more.

use std::time::Instant;

use anyhow::ensure;
use serde::Serialize;

use super::FEW;
use super::question::{PAGES, Question};
use super::seed::Log;
use super::tally::{Costs, Tally};
use crate::cli::LogsOptions;
use crate::limit::Limit;
use crate::report;

/// Entries of indexes that may be read for each record returned.
const ENTRIES: Limit<f64> = Limit::AtMost(2.0);
/// How many times longer the large log may take.
const TIMES: Limit<f64> = Limit::AtMost(1.5);

/// What was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    measured_at: jiff::Timestamp,
    /// Of each run, to each log, with each question.
    requests: u64,
    runs: u64,
    rows: Vec<Row>,
    met: bool,
}

/// One question.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    question: Question,
    page: usize,
    few: Costs,
    many: Costs,
    /// How many times longer the large log takes, by the 99th percentile.
    times: f64,
    met: bool,
}

/// Asks both logs in turn, so that what else the machine does meanwhile falls on both.
pub(super) async fn run(options: &LogsOptions, records: u64) -> anyhow::Result<bool> {
    ensure!(records >= FEW, "--records {records} is less than the {FEW} that it is compared with");
    let few = Log::open(&options.data, FEW).await?;
    let many = Log::open(&options.data, records).await?;
    let mut rows = Vec::new();
    for question in Question::ALL {
        eprintln!("{}…", question.name());
        let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
        for run in 0..options.runs {
            of_few.push(ask(&few, question, options.requests, run).await?);
            of_many.push(ask(&many, question, options.requests, run).await?);
        }
        rows.push(Row::of(question, Costs::of(FEW, &of_few), Costs::of(records, &of_many)));
    }
    let met = rows.iter().all(|row| row.met);
    let measured_at = runtime::clock::now();
    let report = Report { measured_at, requests: options.requests, runs: options.runs, rows, met };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print(records);
    }
    few.tables.close().await;
    many.tables.close().await;
    Ok(met)
}

/// One run: walks of eleven pages, until there were enough requests.
async fn ask(log: &Log, question: Question, requests: u64, run: u64) -> anyhow::Result<Tally> {
    let walks = requests.div_ceil(PAGES);
    let mut tally = Tally::default();
    log.counter.take();
    for walk in run * walks..(run + 1) * walks {
        let mut query = question.query(log.invented, walk)?;
        for page in 1..=PAGES {
            let began = Instant::now();
            let found = log.store.records(&query).await?;
            tally.times.push(began.elapsed());
            let count = found.records.len();
            ensure!(
                count == query.page_size,
                "page {page} of {query:?} has {count} records, so its figures mean nothing"
            );
            tally.returned += count as u64;
            query.token = found.token;
        }
    }
    let usage = log.counter.take();
    (tally.examined, tally.fetched, tally.requests) = (usage.examined, usage.fetched, usage.total_requests());
    Ok(tally)
}

impl Row {
    fn of(question: Question, few: Costs, many: Costs) -> Self {
        let times = many.p99 / few.p99;
        let met = ENTRIES.allows(&few.entries) && ENTRIES.allows(&many.entries) && TIMES.allows(&times);
        Self { question, page: question.page(), few, many, times, met }
    }
}

impl Report {
    fn print(&self, records: u64) {
        println!(
            "{records} records of {} people, compared with {FEW}; median of {} runs of {} requests: first pages and the next {}",
            records / 10,
            self.runs,
            self.requests,
            PAGES - 1,
        );
        let header = [
            "search by",
            "page",
            "entries/record",
            "fetches/record",
            "requests/page",
            "p50",
            "p99 of few",
            "p99",
        ];
        let mut table = report::table(&[&header[..], &["times", "met"]].concat());
        for row in &self.rows {
            let Row { question, page, few, many, times, met } = row;
            table.add_row([
                question.name().to_owned(),
                page.to_string(),
                format!("{:.2}", few.entries.max(many.entries)),
                format!("{:.2}", many.fetches),
                format!("{:.1}", many.requests),
                format!("{:.2} ms", super::tally::median(&many.medians)),
                format!("{:.2} ms", few.p99),
                format!("{:.2} ms", many.p99),
                format!("{times:.2}"),
                if *met { "yes" } else { "NO" }.to_owned(),
            ]);
        }
        println!("{table}");
        println!("Bounds: entries {ENTRIES}, times {TIMES}. Both logs are asked in turn.");
        println!("{}", if self.met { "Every bound is kept." } else { "Some bound is not kept." });
    }
}

//! The console's pages: how long the server takes, what it asks for them, how large they are.
//!
//! The pages of one application with the whole log, and the list of ten thousand applications. Each page is asked for as a
//! browser asks that signed in, over the API in the same process.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use serde::Serialize;
use store::usage::Counter;

use super::company::{self, Company, LEDGERLY};
use super::console::Browser;
use super::invented::Invented;
use super::seed::Log;
use super::tally::{median, percentile};
use crate::cli::LogsOptions;
use crate::limit::Limit;
use crate::report;

/// Milliseconds within which 99 of a hundred pages are made.
const TIME: Limit<f64> = Limit::AtMost(30.0);
/// The same of a part of a name, for which ten thousand names are read.
const SEARCHED: Limit<f64> = Limit::AtMost(1_000.0);
/// Bytes of a page.
const SIZE: Limit<u64> = Limit::AtMost(50_000);
/// Requests before any are measured: connections are opened, statements prepared.
const WARM: u64 = 5;

/// A page, over all runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    page: &'static str,
    /// Medians of the runs, in milliseconds.
    p50: f64,
    p99: f64,
    /// Of one page.
    api_requests: f64,
    requests: f64,
    read_units: f64,
    /// The largest.
    bytes: u64,
    broken: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    measured_at: Timestamp,
    records: u64,
    /// Of each run, to each page.
    requests: u64,
    runs: u64,
    rows: Vec<Row>,
    met: bool,
}

/// What is read more for than a page.
const BY_PART: &str = "… by a part of a name";

/// A page: what it is called, and the address of its `number`th request.
type Page<'a> = (&'static str, Box<dyn Fn(u64) -> anyhow::Result<String> + 'a>);

/// Asks for each page in turn.
pub(super) async fn run(options: &LogsOptions, records: u64) -> anyhow::Result<bool> {
    let log = Log::open(&options.data, records).await?;
    let (invented, folder) = (log.invented, tempfile::tempdir()?);
    // Just after the newest record: the log's last week is full.
    let now = Invented::at(records);
    company::make_ledgerly(&log.store, now).await?;
    let browser = Browser::open(log.store.clone(), now, folder.path()).await?;
    let mut rows = Vec::new();
    for page in pages_of_one(invented) {
        rows.push(measure(options, &browser, &log.counter, page).await?);
    }
    log.tables.close().await;

    let company = Company::open(&options.data, now).await?;
    let browser = Browser::open(company.store.clone(), now, folder.path()).await?;
    let more = link(&browser.get("/").await?).context("ten thousand applications have one page")?;
    for page in pages_of_many(more) {
        rows.push(measure(options, &browser, &company.counter, page).await?);
    }
    company.tables.close().await;

    let met = rows.iter().all(|row| row.broken.is_empty());
    let measured_at = runtime::clock::now();
    let report = Report { measured_at, records, requests: options.requests, runs: options.runs, rows, met };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(met)
}

/// The pages of one application, whose log is large.
fn pages_of_one(invented: Invented) -> Vec<Page<'static>> {
    let still = |name, path: String| -> Page<'static> { (name, Box::new(move |_| Ok(path.clone()))) };
    vec![
        still("applications: one", "/".to_owned()),
        still("application", format!("/applications/{LEDGERLY}")),
        still("figures", format!("/applications/{LEDGERLY}/figures")),
        still("logs", "/logs".to_owned()),
        (
            "logs by name",
            Box::new(move |number| Ok(format!("/logs?days=30&q={}", invented.last_name(number)))),
        ),
        still("logs by failure", "/logs?status=failure".to_owned()),
        (
            "logs by cycle",
            Box::new(move |number| Ok(format!("/logs?days=30&cycle={}", invented.some_cycle(number)?))),
        ),
        still("logs by application", format!("/logs?application={LEDGERLY}")),
        (
            "record",
            Box::new(move |number| {
                Ok(format!("/logs/{}", invented.record(number * 7_919 % invented.records)?.id))
            }),
        ),
    ]
}

/// The list of ten thousand applications.
fn pages_of_many(more: String) -> Vec<Page<'static>> {
    vec![
        ("applications: 10,000", Box::new(|_| Ok("/".to_owned()))),
        ("… the next page", Box::new(move |_| Ok(more.clone()))),
        ("… in need", Box::new(|_| Ok("/?only=attention".to_owned()))),
        (BY_PART, Box::new(|number| Ok(format!("/?q=ice%20{:04}", number % 1_000)))),
    ]
}

/// The address of the next page.
fn link(page: &str) -> Option<String> {
    let before = page.split("\" rel=\"next\"").next().filter(|before| before.len() < page.len())?;
    Some(before.rsplit("href=\"").next()?.replace("&#38;", "&").replace("&amp;", "&"))
}

async fn measure(
    options: &LogsOptions,
    browser: &Browser,
    counter: &Counter,
    (page, path): Page<'_>,
) -> anyhow::Result<Row> {
    eprintln!("{page}…");
    for number in 0..WARM {
        browser.get(&path(number)?).await?;
    }
    browser.asked();
    counter.take();
    let (mut medians, mut p99s, mut bytes) = (Vec::new(), Vec::new(), 0);
    for run in 0..options.runs {
        let mut times = Vec::new();
        for number in 0..options.requests {
            let path = path(run * options.requests + number)?;
            let began = Instant::now();
            let text = browser.get(&path).await?;
            times.push(began.elapsed());
            ensure!(
                path.starts_with("/applications/") || text.contains("<th scope=\"row\">") || page == "record",
                "{path} shows nobody, so its figures mean nothing"
            );
            bytes = bytes.max(text.len() as u64);
        }
        medians.push(percentile(&times, 500));
        p99s.push(percentile(&times, 990));
    }
    let (usage, pages) = (counter.take(), options.requests * options.runs);
    let (p50, p99) = (median(&medians), median(&p99s));
    let time = if page == BY_PART { SEARCHED } else { TIME };
    let broken = [("time", time.allows(&p99)), ("size", SIZE.allows(&bytes))];
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let each = |count: u64| count as f64 / pages as f64;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let read_units = usage.read_units / pages as f64;
    Ok(Row {
        page,
        p50,
        p99,
        api_requests: each(browser.asked()),
        requests: each(usage.total_requests()),
        read_units,
        bytes,
        broken: broken.into_iter().filter(|(_, kept)| !kept).map(|(bound, _)| bound).collect(),
    })
}

impl Report {
    fn print(&self) {
        println!(
            "The console over {} records, and over {} applications; median of {} runs of {} requests",
            self.records,
            company::APPLICATIONS,
            self.runs,
            self.requests
        );
        let mut table = report::table(&[
            "page",
            "p50",
            "p99",
            "API requests",
            "DynamoDB requests",
            "read units",
            "KB",
            "broken",
        ]);
        for row in &self.rows {
            table.add_row([
                row.page.to_owned(),
                format!("{:.1} ms", row.p50),
                format!("{:.1} ms", row.p99),
                format!("{:.1}", row.api_requests),
                format!("{:.1}", row.requests),
                format!("{:.1}", row.read_units),
                format!("{}.{}", row.bytes / 1_000, row.bytes / 100 % 10),
                row.broken.join(", "),
            ]);
        }
        println!("{table}");
        println!("Bounds: p99 {TIME} ms, by a part of a name {SEARCHED} ms; size {SIZE} bytes.");
        println!("{}", if self.met { "Every bound is kept." } else { "Some bound is not kept." });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_where_its_link_leads() {
        let page = r#"<a href="/x">no</a><p><a href="/?q=a&#38;token=b" rel="next">More</a></p>"#;
        assert_eq!(link(page).as_deref(), Some("/?q=a&token=b"));
        assert_eq!(link(r#"<a href="/x">no</a>"#), None);
    }
}

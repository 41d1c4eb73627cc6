//! What was measured, for people and for programs.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::cli::Options;
use crate::measure::{Figure, Measured};

/// Everything that was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report<'a> {
    options: &'a Options,
    cycles: Vec<Measured>,
    /// Whether every limit was kept.
    pub(crate) met: bool,
}

impl<'a> Report<'a> {
    pub(crate) fn new(options: &'a Options, cycles: Vec<Measured>) -> Self {
        let met = cycles.iter().flat_map(|measured| &measured.held).all(|held| held.met);
        Self { options, cycles, met }
    }

    /// One JSON document on standard output.
    pub(crate) fn print_json(&self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string_pretty(self)?);
        Ok(())
    }

    /// Three tables on standard output.
    pub(crate) fn print_tables(&self) {
        let Options { people, changed, latency, bulk, disk, .. } = self.options;
        println!(
            "{people} people, {changed} of them changed; the app waits {latency} ms; bulk {}; tables {}",
            if *bulk { "where the app offers it" } else { "never" },
            if *disk { "in a file" } else { "in memory" },
        );
        println!("{}\n\nDynamoDB requests by operation", self.costs());
        println!("{}\n\nCalls to the app by kind", self.requests());
        println!("{}", self.calls());
        for measured in self.cycles.iter().filter(|measured| measured.calls_differ()) {
            println!(
                "{}: the app counted {} calls, Rollcall {}",
                measured.cycle.name(),
                measured.target_calls(),
                measured.figures.target_calls
            );
        }
        if self.cycles.iter().any(|measured| !measured.peak_is_own) {
            println!(
                "This system does not let the peak of the memory be reset: it is the peak of the run so far."
            );
        }
        println!(
            "{}",
            if self.met { "Every count keeps its limit." } else { "Some count is above its limit." }
        );
    }

    fn costs(&self) -> Table {
        let mut table = table(&[
            "cycle",
            "target calls",
            "own count",
            "target writes",
            "source calls",
            "log records",
            "DynamoDB",
            "read units",
            "write units",
            "seconds",
            "people/s",
            "peak MiB",
        ]);
        for measured in &self.cycles {
            let own = measured.figures.target_calls;
            table.add_row([
                measured.cycle.name().to_owned(),
                limited(measured, Figure::TargetCalls, measured.target_calls()),
                if measured.calls_differ() { format!("{own}\ndiffers!") } else { own.to_string() },
                limited(measured, Figure::TargetWrites, 0),
                measured.figures.source_calls.to_string(),
                limited(measured, Figure::LogRecords, measured.figures.log_records),
                limited(measured, Figure::DynamodbRequests, measured.dynamodb.total_requests),
                format!("{:.1}", measured.dynamodb.read_units),
                format!("{:.1}", measured.dynamodb.write_units),
                format!("{:.3}", measured.seconds),
                format!("{:.0}", measured.people_per_second),
                measured.peak_memory_bytes.map_or_else(|| "?".to_owned(), |peak| (peak >> 20).to_string()),
            ]);
        }
        table
    }

    fn requests(&self) -> Table {
        let operations: BTreeSet<&str> = self
            .cycles
            .iter()
            .flat_map(|measured| measured.dynamodb.requests.keys())
            .map(String::as_str)
            .collect();
        let mut table = table(&["cycle"].into_iter().chain(operations.iter().copied()).collect::<Vec<_>>());
        for measured in &self.cycles {
            let count = |operation: &&str| measured.dynamodb.requests.get(*operation).copied().unwrap_or(0);
            let counts = operations.iter().map(|operation| count(operation).to_string());
            table.add_row([measured.cycle.name().to_owned()].into_iter().chain(counts));
        }
        table
    }

    fn calls(&self) -> Table {
        let mut table = table(&[
            "cycle",
            "list",
            "query",
            "read",
            "create",
            "change",
            "delete",
            "bulk",
            "in bulk",
            "discovery",
            "at once",
        ]);
        for Measured { cycle, target, .. } in &self.cycles {
            let counts = [
                target.list,
                target.query + target.search,
                target.read,
                target.create,
                target.patch + target.replace,
                target.delete,
                target.bulk,
                target.bulk_operations,
                target.discovery,
                target.peak_concurrent,
            ];
            let counts = counts.map(|count| count.to_string());
            table.add_row([cycle.name().to_owned()].into_iter().chain(counts));
        }
        table
    }
}

/// A figure, with its limit below it when it has one.
fn limited(measured: &Measured, figure: Figure, counted: u64) -> String {
    match measured.held(figure) {
        None => counted.to_string(),
        Some(held) => {
            let verdict = if held.met { "ok" } else { "EXCEEDED" };
            format!("{}\n{} {verdict}", held.counted, held.limit)
        }
    }
}

/// A table whose figures stand at the right.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

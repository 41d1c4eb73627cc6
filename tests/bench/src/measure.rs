//! One cycle, counted.

use std::time::Instant;

use engine::job::Figures;
use serde::{Deserialize, Serialize, Serializer};
use store::usage::Usage;
use testkit::sandbox::Counters;

use crate::cli::Options;
use crate::cycles::Cycle;
use crate::limit::Limit;
use crate::memory;
use crate::progress::Watcher;
use crate::stage::Stage;

/// What a cycle cost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    pub(crate) cycle: Cycle,
    /// The figures that have a limit.
    pub(crate) held: Vec<Held>,
    /// What arrived at the app.
    pub(crate) target: Counters,
    /// What Rollcall says it did.
    pub(crate) figures: Figures,
    /// What went to the tables.
    pub(crate) dynamodb: Dynamo,
    pub(crate) seconds: f64,
    pub(crate) people_per_second: f64,
    /// Of the whole process.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Whether the peak is this cycle's; otherwise it is that of the run so far.
    pub(crate) peak_is_own: bool,
}

/// A figure and its limit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Held {
    pub(crate) figure: Figure,
    pub(crate) counted: u64,
    #[serde(serialize_with = "as_text")]
    pub(crate) limit: Limit,
    pub(crate) met: bool,
}

/// A figure that can have a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Figure {
    TargetCalls,
    TargetWrites,
    LogRecords,
    DynamodbRequests,
}

/// [`Usage`], for JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dynamo {
    pub(crate) total_requests: u64,
    pub(crate) requests: std::collections::BTreeMap<String, u64>,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

impl From<Usage> for Dynamo {
    fn from(usage: Usage) -> Self {
        Self {
            total_requests: usage.total_requests(),
            requests: usage.requests,
            read_units: usage.read_units,
            write_units: usage.write_units,
        }
    }
}

impl Measured {
    /// Calls that arrived at the app, as limits and Rollcall's own figure mean them: without discovery.
    pub(crate) fn target_calls(&self) -> u64 {
        calls(&self.target)
    }

    /// Whether the app counted another number of calls than Rollcall did.
    pub(crate) fn calls_differ(&self) -> bool {
        self.target_calls() != self.figures.target_calls
    }

    /// A figure's limit, when it has one.
    pub(crate) fn held(&self, figure: Figure) -> Option<&Held> {
        self.held.iter().find(|held| held.figure == figure)
    }
}

/// Runs a cycle that was prepared.
pub(crate) async fn cycle(stage: &Stage, cycle: Cycle, options: &Options) -> anyhow::Result<Measured> {
    let watcher = Watcher::new(cycle.name());
    let peak_is_own = memory::reset_peak();
    let began = Instant::now();
    let report = stage.run(cycle, &watcher).await?;
    let seconds = began.elapsed().as_secs_f64();
    let (figures, target) = (report.figures, stage.sandbox.counters());
    let dynamodb = Dynamo::from(stage.counter.take());
    Ok(Measured {
        cycle,
        held: held(cycle, options, &target, &figures, &dynamodb),
        target,
        figures,
        dynamodb,
        seconds,
        people_per_second: people_per_second(options.people, seconds),
        peak_memory_bytes: memory::peak(),
        peak_is_own,
    })
}

fn held(
    cycle: Cycle,
    options: &Options,
    target: &Counters,
    figures: &Figures,
    dynamodb: &Dynamo,
) -> Vec<Held> {
    let limits = cycle.limits(options);
    let held = [
        (Figure::TargetCalls, calls(target), Some(limits.target_calls)),
        (Figure::TargetWrites, writes(target), Some(limits.target_writes)),
        (Figure::LogRecords, figures.log_records, Some(limits.log_records)),
        (Figure::DynamodbRequests, dynamodb.total_requests, limits.requests),
    ];
    let held = held.into_iter().filter_map(|(figure, counted, limit)| {
        limit.map(|limit| Held { figure, counted, limit, met: limit.allows(&counted) })
    });
    held.collect()
}

/// Requests that arrived at the app, but for those that ask what it offers.
pub(crate) fn calls(target: &Counters) -> u64 {
    target.total.saturating_sub(target.discovery)
}

fn writes(target: &Counters) -> u64 {
    target.create + target.replace + target.patch + target.delete + target.bulk_operations
}

#[expect(clippy::cast_precision_loss, reason = "a million people fit")]
fn people_per_second(people: u64, seconds: f64) -> f64 {
    people as f64 / seconds.max(f64::MIN_POSITIVE)
}

fn as_text<S: Serializer>(limit: &Limit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(limit)
}

//! What a slice tells of itself as metrics.
//!
//! In: what it knows anyway: the records it wrote, its job as it found it, the report of a cycle that ended. Out: metrics. The
//! table is asked for nothing more.

use std::collections::BTreeMap;

use engine::job::{CycleReport, CycleResult, JobState};
use engine::report::{Action, Outcome, ProvisioningRecord};
use jiff::Timestamp;
use runtime::metrics::{
    CYCLE_DURATION, CYCLES_COMPLETED, ESCROWS, Metrics, RECORDS, SECONDS_SINCE_SUCCESS, TARGET_CALLS,
    TARGET_THROTTLED,
};

/// Counts records that were written, by application, action and status.
pub(crate) fn records(metrics: &Metrics, records: &[ProvisioningRecord], now: Timestamp) {
    let mut counts: BTreeMap<(&str, &str, &str), f64> = BTreeMap::new();
    for record in records {
        let (action, status) =
            (action(record.provisioning_action), status(record.provisioning_status_info.status));
        *counts.entry((&record.service_principal.id, action, status)).or_default() += 1.0;
    }
    for ((application, action, status), count) in counts {
        let about = [("Action", action), ("Status", status)];
        metrics.tell(now, Some(application), &about, &[(RECORDS, count)]);
    }
}

/// How a job is when a slice of it begins: also one that will fail, so that nothing has to go well for somebody to learn that
/// nothing does.
pub(crate) fn job(metrics: &Metrics, application: &str, state: &JobState, now: Timestamp) {
    let mut values = vec![(ESCROWS, number(state.counts.escrowed))];
    if let Some(succeeded) = state.succeeded() {
        values.push((SECONDS_SINCE_SUCCESS, now.duration_since(succeeded).as_secs_f64()));
    }
    metrics.tell(now, Some(application), &[], &values);
}

/// What a cycle came to.
pub(crate) fn cycle(metrics: &Metrics, application: &str, report: &CycleReport) {
    let figures = &report.figures;
    let duration = report.ended.duration_since(report.began).as_secs_f64() * 1_000.0;
    let mut values = vec![(CYCLE_DURATION, duration), (TARGET_CALLS, number(figures.target_calls))];
    if report.result != CycleResult::Failed {
        values.push((CYCLES_COMPLETED, 1.0));
    }
    if figures.throttled_milliseconds > 0 {
        values.push((TARGET_THROTTLED, number(figures.throttled_milliseconds)));
    }
    metrics.tell(report.ended, Some(application), &[], &values);
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "Create",
        Action::Update => "Update",
        Action::Disable => "Disable",
        Action::Delete => "Delete",
        Action::StagedDelete => "StagedDelete",
        Action::Other => "Other",
    }
}

fn status(status: Outcome) -> &'static str {
    match status {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
        Outcome::Skipped => "skipped",
        Outcome::Warning => "warning",
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

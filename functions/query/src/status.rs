//! Status: is the job healthy, how far is it, what did it do last.
//!
//! The shape is Graph's `synchronizationStatus`, plus what an administrator misses there: progress in objects,
//! counts of now beside counts of ever, the next cycle's time, and reasons in words. The command line, the API and
//! the console show this one view.

use std::time::Duration;

use engine::attention::Attention;
use engine::days::Days;
use engine::job::{
    Cause, Counts, CycleKind, CycleReport, CycleResult, Figures, Progress, QuarantineReason, StatusCode,
};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use store::JobView;
use utoipa::ToSchema;

/// One job's status.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobStatus {
    /// The application's name.
    pub application: String,
    /// The job's id.
    pub job_id: String,
    /// Its health.
    #[schema(value_type = String, example = "Active")]
    pub code: StatusCode,
    /// Why it is unhealthy.
    pub quarantine: Option<QuarantineView>,
    /// Whether a cycle is under way: a worker holds the lease.
    pub running: bool,
    /// How far the cycle is, in objects; empty when idle.
    pub progress: Vec<ProgressView>,
    /// What the cycle under way has done so far.
    #[schema(value_type = Option<Object>)]
    pub figures: Option<Figures>,
    /// Whether everyone was looked at once under the present mapping.
    pub initial_cycle_completed: bool,
    /// Users now and ever.
    #[schema(value_type = Object)]
    pub counts: Counts,
    /// Graph's cumulative count by type mapping; never falls.
    pub synchronized_entry_count_by_type: Vec<KeyValue>,
    /// Cycles that failed outright, in a row.
    pub count_successive_complete_failures: u64,
    /// Whether retries were given up in bulk; never here.
    pub escrows_pruned: bool,
    /// The last cycle, whatever its outcome.
    pub last_execution: Option<ExecutionView>,
    /// The last cycle without any error.
    pub last_successful_execution: Option<ExecutionView>,
    /// The last cycle without any error that wrote something.
    pub last_successful_execution_with_exports: Option<ExecutionView>,
    /// What cycles did within a month, a row for each day (UTC) that had something to do, the oldest first.
    #[schema(value_type = Vec<Object>)]
    pub days: Days,
    /// Objects that failed within the last 24 hours, each as often as it was tried.
    pub failed_within_a_day: u64,
    /// What somebody must look at first; `null` when nothing is.
    #[schema(value_type = Option<String>, example = "quarantined")]
    pub attention: Option<Attention>,
    /// First time nothing was left to do.
    #[serde(serialize_with = "or_never")]
    #[schema(value_type = Timestamp)]
    pub steady_state_first_achieved_time: Option<Timestamp>,
    /// Most recent such time.
    #[serde(serialize_with = "or_never")]
    #[schema(value_type = Timestamp)]
    pub steady_state_last_achieved_time: Option<Timestamp>,
    /// Graph has a page for it; the reasons here are in words.
    pub troubleshooting_url: Option<&'static str>,
    /// When the next cycle is due.
    pub next_due: Timestamp,
    /// When it was switched off, because it had been unhealthy for four weeks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Timestamp>,
}

/// Graph's `synchronizationQuarantine`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuarantineView {
    /// The reason.
    #[schema(value_type = String, example = "EncounteredQuarantineException")]
    pub reason: QuarantineReason,
    /// The exact cause, with the next step.
    pub message: String,
    /// When it was last imposed.
    pub current_began: Timestamp,
    /// When this series began.
    pub series_began: Timestamp,
    /// How often it was imposed again since.
    pub series_count: u64,
    /// When it is looked at again.
    pub next_attempt: Timestamp,
    /// The exact cause: the failing call and its answer, how often and since when, what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub cause: Option<Cause>,
    /// Reason and cause once more, as Graph's clients look for them.
    pub error: ErrorView,
}

/// Graph's `synchronizationError`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorView {
    /// What kind of error.
    pub code: String,
    /// The exact cause, with the next step.
    pub message: String,
    /// Whether an administrator can mend it: what stops a whole cycle lies with credentials, network or data.
    pub tenant_actionable: bool,
}

/// Graph's `synchronizationProgress`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgressView {
    /// Objects done.
    pub completed_units: u64,
    /// Objects in all.
    pub total_units: u64,
    /// `objects`: not pages, so that the bar is proportional to people.
    pub units: &'static str,
    /// When this was observed.
    pub progress_observation_date_time: Timestamp,
    /// Objects a second in the present slice, once that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_per_second: Option<f64>,
    /// Seconds to go at that rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// Calls a second that the target's limit lets through, while it throttles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<f64>,
    /// Until when the target wants no calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<Timestamp>,
}

/// Graph's `stringKeyLongValuePair`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KeyValue {
    /// The type mapping.
    pub key: &'static str,
    /// The count.
    pub value: u64,
}

/// Graph's `synchronizationTaskExecution`, with the kind and the figures of the cycle.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionView {
    /// The cycle; provisioning records carry it as `cycleId`.
    pub activity_identifier: String,
    /// Initial or incremental.
    #[schema(value_type = String, example = "incremental")]
    pub kind: CycleKind,
    /// How it ended.
    #[schema(value_type = String, example = "Succeeded")]
    pub state: CycleResult,
    /// Why it stopped, when it did.
    pub error: Option<ErrorView>,
    /// When it began.
    pub time_began: Timestamp,
    /// When it ended.
    pub time_ended: Timestamp,
    /// Objects read.
    pub count_imported: u64,
    /// Of those, changed since they were last read.
    pub count_imported_deltas: u64,
    /// Changes of managers and members alone: none are told apart.
    pub count_imported_reference_deltas: u64,
    /// Objects read that were not skipped.
    pub count_entitled: u64,
    /// The same: there is no licence in between.
    pub count_entitled_for_provisioning: u64,
    /// Exports expected.
    pub count_exports: u64,
    /// Exports done.
    pub count_exported: u64,
    /// Objects that failed.
    pub count_escrowed: u64,
    /// The same: none are made by the system.
    pub count_escrowed_raw: u64,
    /// Everything it did.
    #[schema(value_type = Object)]
    pub figures: Figures,
    /// Why nobody was taken as gone, when that was so.
    pub no_inference: Option<String>,
}

/// The status of a job as stored.
#[must_use]
pub fn view(application: &str, job_id: &str, view: &JobView, now: Timestamp) -> JobStatus {
    let state = &view.state;
    let running = view.lease_until.is_some_and(|until| until > now);
    let progress = state.progress.map(progress_view);
    JobStatus {
        application: application.to_owned(),
        job_id: job_id.to_owned(),
        code: state.code,
        quarantine: state.quarantine.as_ref().map(|quarantine| QuarantineView {
            reason: quarantine.reason,
            message: quarantine.message.clone(),
            current_began: quarantine.current_began,
            series_began: quarantine.series_began,
            series_count: quarantine.series_count,
            next_attempt: state.next_due,
            cause: quarantine.cause.clone(),
            error: ErrorView {
                code: format!("{:?}", quarantine.reason),
                message: quarantine.message.clone(),
                tenant_actionable: true,
            },
        }),
        running,
        progress: progress.into_iter().collect(),
        figures: state.running,
        initial_cycle_completed: state.initial_completed.is_some(),
        counts: state.counts,
        synchronized_entry_count_by_type: counts_by_type(&state.counts),
        count_successive_complete_failures: state.successive_failures,
        escrows_pruned: false,
        last_execution: state.last.as_ref().map(execution),
        last_successful_execution: state.last_successful.as_ref().map(execution),
        last_successful_execution_with_exports: state.last_successful_with_exports.as_ref().map(execution),
        days: state.days.clone(),
        failed_within_a_day: state.failed_hours.within_a_day(now),
        attention: state.attention(),
        steady_state_first_achieved_time: state.steady_first,
        steady_state_last_achieved_time: state.steady_last,
        troubleshooting_url: None,
        next_due: state.next_due,
        disabled: state.disabled,
    }
}

fn counts_by_type(counts: &Counts) -> Vec<KeyValue> {
    let users = KeyValue { key: "User to User", value: counts.ever_linked };
    let groups = KeyValue { key: "Group to Group", value: counts.groups.ever_linked };
    if groups.value > 0 { vec![users, groups] } else { vec![users] }
}

fn progress_view(progress: Progress) -> ProgressView {
    let units_per_second = progress.units_per_second();
    let left = progress.total_units.saturating_sub(progress.completed_units);
    ProgressView {
        completed_units: progress.completed_units,
        total_units: progress.total_units,
        units: "objects",
        progress_observation_date_time: progress.observed_at,
        units_per_second,
        seconds_left: units_per_second.and_then(|rate| seconds(left, rate)),
        calls_per_second: progress.calls_per_second,
        waits_until: progress.waits_until,
    }
}

/// How long it takes at a rate; `None` when that is nothing one can wait for.
fn seconds(left: u64, rate: f64) -> Option<u64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below 2^52")]
    let seconds = Duration::try_from_secs_f64(left as f64 / rate).ok()?;
    Some(seconds.as_secs())
}

/// A finished cycle as stored.
pub(crate) fn execution(report: &CycleReport) -> ExecutionView {
    let figures = report.figures;
    let entitled = figures.imported.saturating_sub(figures.skipped);
    ExecutionView {
        activity_identifier: report.cycle.to_string(),
        kind: report.kind,
        state: report.result,
        error: report.error.as_ref().map(|message| ErrorView {
            code: "CycleStopped".to_owned(),
            message: message.clone(),
            tenant_actionable: true,
        }),
        time_began: report.began,
        time_ended: report.ended,
        count_imported: figures.imported,
        count_imported_deltas: figures.imported.saturating_sub(figures.unchanged),
        count_imported_reference_deltas: 0,
        count_entitled: entitled,
        count_entitled_for_provisioning: entitled,
        count_exports: figures.exported() + figures.failed + figures.held,
        count_exported: figures.exported(),
        count_escrowed: figures.failed,
        count_escrowed_raw: figures.failed,
        figures,
        no_inference: report.no_inference.clone(),
    }
}

/// Graph's word for a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

fn or_never<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => time.serialize(serializer),
        None => serializer.serialize_str(NEVER),
    }
}

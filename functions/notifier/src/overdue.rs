//! Whether a job that should have succeeded has not, whatever the reason.
//!
//! In: a job's state, how often it should run, and the time. Out: since when it is overdue. Pure.
//!
//! # Guarantees
//! Nothing has to have happened for it: a job whose `sync` never ran is overdue, too. Nobody waits for a job that a person
//! paused or that is given up, and one in quarantine is told as that.

use std::time::Duration;

use engine::cadence::Cadence;
use engine::job::JobState;
use engine::quarantine;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Intervals after which a job is overdue, where the document does not say: one may be missed by a slow hour.
const INTERVALS: u64 = 2;

/// How long a cycle may take that makes progress. A day: first cycles of large directories take hours, and one that takes
/// longer deserves a look in any case.
const AT_WORK: SignedDuration = SignedDuration::from_hours(24);

/// A job that did not succeed in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overdue {
    /// When the cycle should have begun that nobody saw the end of.
    pub(crate) due: Timestamp,
    /// When a cycle under way began.
    pub(crate) began: Option<Timestamp>,
    /// When a cycle went through last.
    pub(crate) last: Option<Timestamp>,
}

/// How long a job may go without success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    interval: SignedDuration,
    intervals: u64,
}

impl Patience {
    /// As a document says. What makes no sense in it counts as not said: that may be the trouble.
    pub(crate) fn of(document: &Value) -> Self {
        let said =
            document["schedule"]["interval"].as_str().and_then(|text| text.parse::<SignedDuration>().ok());
        let usual = Cadence::Adaptive.longest();
        let interval = said.filter(SignedDuration::is_positive).unwrap_or_else(|| from(usual));
        let intervals = document["notification"]["overdueIntervals"].as_u64().unwrap_or(INTERVALS).max(1);
        Self { interval, intervals }
    }

    fn limit(self) -> SignedDuration {
        let times = i32::try_from(self.intervals).unwrap_or(i32::MAX);
        self.interval.checked_mul(times).unwrap_or(SignedDuration::MAX)
    }
}

fn from(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Whether the job is overdue at `now`.
pub(crate) fn overdue(state: &JobState, patience: Patience, now: Timestamp) -> Option<Overdue> {
    let slowed = state.quarantine.as_ref().is_some_and(|quarantine| quarantine::ages(quarantine.reason));
    if slowed || !state.runs() {
        return None;
    }
    let began = state.checkpoint.as_ref().map(|checkpoint| checkpoint.began);
    let due = began.unwrap_or(state.next_due);
    let last = state.succeeded();
    // Who was paused for a week and started a moment ago is not a week late.
    let since = due.saturating_sub(patience.interval).unwrap_or(due).max(last.unwrap_or(Timestamp::MIN));
    let seen = state.progress.map(|progress| progress.observed_at);
    let works = began.is_some() && seen.is_some_and(|seen| now.duration_since(seen) < patience.interval);
    let limit = if works { patience.limit().max(AT_WORK) } else { patience.limit() };
    (now.duration_since(since) > limit).then_some(Overdue { due, began, last })
}

#[cfg(test)]
mod tests {
    use engine::failures::FailureKinds;
    use engine::fingerprint::Seen;
    use engine::job::{
        Checkpoint, CycleKind, CycleReport, CycleResult, Figures, Phase, Progress, QuarantineReason,
        StatusCode,
    };
    use engine::model::{CycleId, JobId};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        "2026-03-02T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    fn report(result: CycleResult, ended: i64) -> Option<CycleReport> {
        Some(CycleReport {
            cycle: CycleId(Uuid::nil()),
            kind: CycleKind::Incremental,
            result,
            error: None,
            began: at(ended - 1),
            ended: at(ended),
            figures: Figures::default(),
            verdicts: Vec::new(),
            no_inference: None,
        })
    }

    /// From which minute on a job is overdue whose cycles are half an hour apart.
    fn from_minute(change: impl FnOnce(&mut JobState)) -> Option<i64> {
        let mut state = JobState { code: StatusCode::Active, ..JobState::new(at(0)) };
        change(&mut state);
        let patience = Patience::of(&json!({ "schedule": { "interval": "30m" } }));
        (0..3_000).find(|minute| overdue(&state, patience, at(*minute)).is_some())
    }

    #[test]
    fn a_job_is_overdue_that_has_not_succeeded_for_twice_its_interval_whatever_the_reason() {
        assert_eq!(from_minute(|_| {}), Some(31), "sync never ran");
        let ran = |state: &mut JobState| {
            state.last = report(CycleResult::EntryLevelErrors, 10);
            state.next_due = at(39);
        };
        assert_eq!(from_minute(ran), Some(71), "it ran, and runs no more");
        let failed = |state: &mut JobState| {
            state.last = report(CycleResult::Failed, 40);
            state.last_successful = report(CycleResult::Succeeded, 10);
            state.next_due = at(39);
        };
        assert_eq!(from_minute(failed), Some(71), "a failure is no success");
    }

    #[test]
    fn nobody_waits_for_a_job_that_rests() {
        assert_eq!(from_minute(|state| state.code = StatusCode::Paused), None);
        assert_eq!(from_minute(|state| state.code = StatusCode::NotConfigured), None);
        assert_eq!(from_minute(|state| state.disabled = Some(at(0))), None);
        let resumed = |state: &mut JobState| {
            state.last = report(CycleResult::Succeeded, -10_000);
            state.next_due = at(100);
        };
        assert_eq!(from_minute(resumed), Some(131), "it was paused for a week");
        let ill = |reason| {
            move |state: &mut JobState| {
                let _ = state.impose(&JobId::new("j"), reason, None, "why".to_owned(), at(0));
            }
        };
        assert_eq!(from_minute(ill(QuarantineReason::IngestionInterrupted)), None, "it is told as that");
        assert_eq!(
            from_minute(ill(QuarantineReason::TooManyDeletes)),
            Some(31),
            "held removals stop no cycle"
        );
    }

    fn under_way() -> Checkpoint {
        Checkpoint {
            cycle: CycleId(Uuid::nil()),
            kind: CycleKind::Initial,
            began: at(0),
            slice: 0,
            phase: Phase::Retries,
            page: 0,
            intent: false,
            delta: false,
            seen: Seen::default(),
            no_inference: None,
            read: 0,
            next_watermark: None,
            total: 10,
            done: 5,
            figures: Figures::default(),
            failures: FailureKinds::default(),
            verdicts: Vec::new(),
            from_stored: false,
            plan: None,
            aside: None,
            presence: false,
            linked_somebody: false,
            unsettled: false,
            listed: Vec::new(),
        }
    }

    #[test]
    fn a_cycle_that_makes_progress_has_a_day_and_one_that_makes_none_has_not() {
        // Minutes after its beginning, since it was seen to make progress, and whether that is too long.
        for (now, unseen, late) in
            [(29, 29, false), (31, 31, true), (100, 29, false), (100, 30, true), (1_411, 1, true)]
        {
            let progress = Progress {
                completed_units: 5,
                total_units: 10,
                observed_at: at(now - unseen),
                since: None,
                calls_per_second: None,
                waits_until: None,
            };
            let state =
                JobState { checkpoint: Some(under_way()), progress: Some(progress), ..JobState::new(at(0)) };
            let patience = Patience::of(&json!({ "schedule": { "interval": "30m" } }));
            assert_eq!(overdue(&state, patience, at(now)).is_some(), late, "{now} {unseen}");
        }
    }

    #[test]
    fn the_document_says_how_often_and_how_many_and_nonsense_says_nothing() {
        let limit = |document: Value| Patience::of(&document).limit().as_mins();
        assert_eq!(limit(json!({})), 78);
        assert_eq!(limit(json!({ "schedule": { "interval": "1h 30m" } })), 180);
        let three = json!({ "schedule": { "interval": "20m" }, "notification": { "overdueIntervals": 3 } });
        assert_eq!(limit(three), 60);
        for nonsense in [json!({ "schedule": "often" }), json!({ "schedule": { "interval": "-5m" } })] {
            assert_eq!(limit(nonsense), 78);
        }
    }
}

//! When a job as a whole counts as unhealthy, how it slows down, and when it gives up.
//!
//! In: counts, times, thresholds, what failed. Out: what follows, as pure functions. The cycle asks at its end; what it
//! found is kept in the job's status with its exact cause.
//!
//! ```text
//!  a call that speaks for a whole side fails ──▶ quarantine at once, whatever the counts say
//!  the end of a cycle: failed objects above a threshold ──▶ quarantine; cycles go on, slower
//!                      removals held ──▶ quarantine in name: neither pace nor clock know of it
//!
//!  imposed ──6 h──▶ as usual ──▶ after 12 h ──▶ after 24 h ──▶ daily ──28 days──▶ disabled
//! ```
//!
//! # Promises
//! Objects that wait in escrow are judged once a cycle is complete, the initial one as any other: it is neither cut nor
//! are its failures thrown away, as the vendor's service does. A *series* begins when a trouble is imposed and ends when
//! it is lifted; the pace and the 28 days are counted from its beginning.

mod cause;

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{
    Cause, Counts, Event, EventDetail, JobState, Quarantine, QuarantineReason, Side, StatusCode,
};
use crate::model::JobId;

/// How long a proof of health counts. A day: whoever let a token expire on Friday evening reads of it on Saturday, not
/// when somebody joins the week after.
const PROOF: SignedDuration = SignedDuration::from_hours(24);

/// How long cycles go on as often as usual. Six hours: most troubles are over by then.
const UNSLOWED: SignedDuration = SignedDuration::from_hours(6);

/// How long a job is tried before a person has to start it again. The vendor's own figure.
const LAST_ATTEMPT: SignedDuration = SignedDuration::from_hours(28 * 24);

/// From how many failures on a job goes into quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HealthThresholds {
    /// Below so many failed objects the share says nothing. Without it a tenth of those in scope, but not less than 20
    /// and not more than 5000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// Unhealthy when more than this share of all objects failed, in percent.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub percent: f64,
    /// Unhealthy when more objects than this failed, references aside.
    pub maximum: u64,
    /// Unhealthy when more objects than this failed, references included.
    pub maximum_with_references: u64,
}

impl Default for HealthThresholds {
    /// The vendor's own figures, but for the least count.
    fn default() -> Self {
        Self { at_least: None, percent: 40.0, maximum: 40_000, maximum_with_references: 60_000 }
    }
}

impl HealthThresholds {
    /// From how many failed objects on the share counts.
    #[must_use]
    pub fn least(&self, in_scope: u64) -> u64 {
        self.at_least.unwrap_or_else(|| (in_scope / 10).clamp(20, 5_000))
    }

    /// Whether so many entries in escrow, of whatever kind, may exceed any threshold: only then they are looked at.
    #[must_use]
    pub fn may_be_exceeded(&self, counts: &Counts) -> bool {
        let in_scope = counts.in_scope.saturating_add(counts.groups.in_scope);
        let least = self.least(in_scope).min(self.maximum).min(self.maximum_with_references);
        counts.escrowed > 0 && counts.escrowed >= least
    }
}

/// How many objects of a job are well, and how many are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Objects in escrow that nobody said to ignore, references aside.
    pub failed: u64,
    /// Objects in escrow of which only a reference failed.
    pub references: u64,
    /// Linked objects that are as they should be.
    pub fine: u64,
    /// Objects in scope.
    pub in_scope: u64,
}

/// Why a job with these failures is unhealthy, with the sentence that says so; `None` when it is not.
#[must_use]
pub fn reason_of(tally: Tally, thresholds: &HealthThresholds) -> Option<(QuarantineReason, String)> {
    let Tally { failed, references, fine, in_scope } = tally;
    let HealthThresholds { percent, maximum, maximum_with_references, .. } = *thresholds;
    let all = failed.saturating_add(fine);
    #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below 2^52")]
    let share = 100.0 * failed as f64 / all.max(1) as f64;
    let with_references = failed.saturating_add(references);
    if failed > 0 && failed >= thresholds.least(in_scope) && share > percent {
        let message = format!(
            "{failed} of {all} objects failed and wait to be tried again; {share:.0} % are more than the {percent} % that a healthy job may have"
        );
        Some((QuarantineReason::EncounteredEscrowProportionThreshold, message))
    } else if failed > maximum {
        let message = format!(
            "{failed} objects failed and wait to be tried again, more than the {maximum} that a healthy job may have"
        );
        Some((QuarantineReason::EncounteredBaseEscrowThreshold, message))
    } else if with_references > maximum_with_references {
        let message = format!(
            "{failed} objects and {references} references failed and wait to be tried again, together more than the {maximum_with_references} that a healthy job may have"
        );
        Some((QuarantineReason::EncounteredTotalEscrowThreshold, message))
    } else {
        None
    }
}

/// Whether a side has to prove its health again: the last proof is a day old, or there is none.
#[must_use]
pub fn is_stale(proof: Option<Timestamp>, now: Timestamp) -> bool {
    proof.is_none_or(|proof| now.duration_since(proof) >= PROOF)
}

/// Whether a quarantine for this reason slows the job down and ends with its being disabled. One that waits for a
/// person's decision does not: nothing is wrong with either side.
#[must_use]
pub fn ages(reason: QuarantineReason) -> bool {
    !matches!(reason, QuarantineReason::TooManyDeletes | QuarantineReason::QuarantinedOnDemand)
}

impl Quarantine {
    /// When the next cycle is due, which would be at `usual` were the job healthy.
    #[must_use]
    pub fn next_attempt(&self, usual: Timestamp, now: Timestamp) -> Timestamp {
        let elapsed = now.duration_since(self.series_began);
        if !ages(self.reason) || elapsed < UNSLOWED {
            return usual;
        }
        let hours = std::iter::once(12).chain((1..=28).map(|day| day * 24));
        let next = hours.map(SignedDuration::from_hours).find(|gap| *gap > elapsed);
        let next = next.and_then(|gap| self.series_began.checked_add(gap).ok());
        // Never sooner than a healthy job: a schedule that is daily by itself stays so.
        next.map_or(usual, |next| next.max(usual))
    }

    /// Whether the job was unhealthy for so long that it is given up.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        ages(self.reason) && now.duration_since(self.series_began) >= LAST_ATTEMPT
    }

    /// Whether it was imposed for the target's sake, or for one that may be the target's: only a call that the target
    /// answers lifts it.
    #[must_use]
    pub fn needs_target(&self) -> bool {
        self.reason == QuarantineReason::EncounteredQuarantineException && self.side != Some(Side::Source)
    }

    /// Whether it was imposed for the source's sake: only a reading lifts it.
    #[must_use]
    pub fn needs_source(&self) -> bool {
        self.side == Some(Side::Source)
    }
}

/// What is wrong with a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The reason.
    pub reason: QuarantineReason,
    /// Whose trouble it is, where it is one side's.
    pub side: Option<Side>,
    /// The exact cause in words, with the next step.
    pub message: String,
    /// The failing call, or the failing objects. How often and when it was seen is counted by
    /// [`JobState::impose_for`].
    pub cause: Cause,
}

impl JobState {
    /// Puts the job into quarantine, or keeps it there, where no call and no objects can be named; see
    /// [`Self::impose_for`].
    #[must_use]
    pub fn impose(
        &mut self,
        job: &JobId,
        reason: QuarantineReason,
        side: Option<Side>,
        message: String,
        now: Timestamp,
    ) -> Option<Event> {
        self.impose_for(job, Trouble { reason, side, message, cause: Cause::default() }, now)
    }

    /// Puts the job into quarantine, or keeps it there. The event that tells of it, unless the reason is the one that was
    /// told before. What a person imposed stays: only a person lifts it.
    #[must_use]
    pub fn impose_for(&mut self, job: &JobId, trouble: Trouble, now: Timestamp) -> Option<Event> {
        let Trouble { reason, side, message, cause } = trouble;
        let before = self.quarantine.take();
        let by_hand = QuarantineReason::QuarantinedOnDemand;
        if reason != by_hand && before.as_ref().is_some_and(|old| old.reason == by_hand) {
            self.quarantine = before;
            return None;
        }
        // A job that waited for a person for weeks was not unhealthy meanwhile.
        let series = before.as_ref().filter(|old| ages(old.reason) || !ages(reason));
        let (series_began, series_count) =
            series.map_or((now, 0), |old| (old.series_began, old.series_count + 1));
        let same = before.as_ref().filter(|old| (old.reason, old.side) == (reason, side));
        let seen = same.and_then(|old| old.cause.as_ref());
        self.show(StatusCode::Quarantine);
        self.quarantine = Some(Quarantine {
            reason,
            side,
            message,
            current_began: now,
            series_began,
            series_count,
            cause: Some(Cause {
                seen: seen.map_or(0, |cause| cause.seen) + 1,
                first: seen.and_then(|cause| cause.first).or(Some(now)),
                last: Some(now),
                ..cause
            }),
        });
        match before.map(|old| old.reason) {
            Some(same) if same == reason => None,
            Some(_) => Some(self.tell(job, now, EventDetail::QuarantineReasonChanged { reason })),
            None => Some(self.tell(job, now, EventDetail::JobQuarantined { reason })),
        }
    }

    /// Makes the next cycle due: at `usual` when the job is healthy, later the longer it is not. After 28 days it is
    /// disabled, which the event tells.
    #[must_use]
    pub fn schedule(&mut self, job: &JobId, usual: Timestamp, now: Timestamp) -> Option<Event> {
        let Some(quarantine) = &self.quarantine else {
            self.next_due = usual;
            return None;
        };
        self.next_due = quarantine.next_attempt(usual, now);
        let reason = quarantine.reason;
        if self.disabled.is_some() || !quarantine.is_over(now) {
            return None;
        }
        self.disabled = Some(now);
        Some(self.tell(job, now, EventDetail::JobDisabled { reason }))
    }

    /// The latest time at which the next cycle can be due, seen from `now`, which would be `latest` were the job healthy. One
    /// that is due later was scheduled by a clock that has been put back since.
    #[must_use]
    pub fn latest_due(&self, latest: Timestamp, now: Timestamp) -> Timestamp {
        self.quarantine.as_ref().map_or(latest, |quarantine| quarantine.next_attempt(latest, now))
    }

    /// Counts the job as healthy. The event that tells of it, when it was not.
    #[must_use]
    pub fn recover(&mut self, job: &JobId, now: Timestamp) -> Option<Event> {
        self.show(StatusCode::Active);
        self.disabled = None;
        self.quarantine.take().map(|_| self.tell(job, now, EventDetail::JobRecovered))
    }

    /// A job that a person paused stays paused, however the cycle ends that was under way.
    fn show(&mut self, code: StatusCode) {
        if self.code != StatusCode::Paused {
            self.code = code;
        }
    }
}

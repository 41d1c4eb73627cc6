//! The guard: removals are never executed before their total was judged.
//!
//! In: how many removals are staged, how many objects are managed, the thresholds. Out: a verdict with the
//! figures it was made from, stored before the first removal is executed.
//!
//! A removal is a delete, or any export that turns the target's enabled attribute from true to false, whatever
//! mapping produced it; the object's other changes wait with it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{SourceId, SourceObject};

/// A removal that waits for the guard. Keyed by job and object: staged twice it counts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagedRemoval {
    /// Who.
    pub source_id: SourceId,
    /// The object as the source shows it, for a disable; `None` when it is gone from the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<SourceObject>,
    /// When it was staged first.
    pub staged_at: Timestamp,
    /// The `stagedDelete` record that told of it being held; `None` until it was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_record: Option<Uuid>,
}

/// When removals wait for a person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Thresholds {
    /// Held when one cycle would remove more than this many objects. The vendor's own figure.
    pub maximum: u64,
    /// Held when one cycle would remove more than this share of the managed objects, in percent.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub percent: f64,
    /// The share counts only above this many removals: in a company of twenty, two leavers are 10 %.
    pub at_least: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { maximum: 500, percent: 10.0, at_least: 5 }
    }
}

/// What the guard said, with the figures it said it from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Removals waiting.
    pub removals: u64,
    /// Objects managed in the target before them.
    pub managed: u64,
    /// The thresholds applied.
    pub thresholds: Thresholds,
    /// Who allowed them although they exceed the thresholds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Verdict {
    /// Why the removals are held; `None` when they may go on.
    #[must_use]
    pub fn held_because(&self) -> Option<String> {
        if self.approved_by.is_some() {
            return None;
        }
        let Thresholds { maximum, percent, at_least } = self.thresholds;
        if self.removals > maximum {
            return Some(format!(
                "{} removals in one cycle are more than the {maximum} that pass without a person's approval",
                self.removals
            ));
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below 2^52")]
        let share = 100.0 * self.removals as f64 / self.managed.max(1) as f64;
        (self.removals > at_least && share > percent).then(|| {
            format!(
                "{} removals are {share:.0} % of the {} accounts managed, more than the {percent} % that pass without a person's approval",
                self.removals, self.managed
            )
        })
    }
}

/// A full read must show at least this share of the people of the last one, in percent, or nobody is inferred
/// gone. Companies do lose half their people in a day, but a half-written export is far more common, and the
/// cure for the first is one approval.
pub const SHRUNKEN_PERCENT: u64 = 50;

/// Below this many people a smaller reading says nothing, unless it is empty: the thresholds look after small
/// companies.
const SHRUNKEN_AT_LEAST: u64 = 10;

/// Why a full read is too small to infer leavers from; `None` when it is not.
#[must_use]
pub fn shrunken_because(before: u64, now: u64) -> Option<String> {
    let empty = before > 0 && now == 0;
    let halved = before >= SHRUNKEN_AT_LEAST && now * 100 <= before * SHRUNKEN_PERCENT;
    (empty || halved).then(|| {
        format!(
            "the source shows {now} objects where it showed {before} last time; nobody is taken as gone until a complete reading comes, or a person approves"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(removals: u64, managed: u64) -> Verdict {
        Verdict {
            removals,
            managed,
            thresholds: Thresholds::default(),
            approved_by: None,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn removals_are_held_above_the_count_or_above_the_share() {
        let cases = [
            // (removals, managed, held)
            (0, 0, false),
            (5, 5, false),
            (6, 50, true),
            (6, 60, false),
            (10, 100, false),
            (11, 100, true),
            (500, 100_000, false),
            (501, 100_000, true),
        ];
        for (removals, managed, held) in cases {
            assert_eq!(verdict(removals, managed).held_because().is_some(), held, "{removals} of {managed}");
        }
    }

    #[test]
    fn a_person_may_approve_what_the_thresholds_hold() {
        let approved = Verdict { approved_by: Some("ada".into()), ..verdict(90, 100) };
        assert_eq!(approved.held_because(), None);
    }

    #[test]
    fn a_reading_half_the_size_of_the_last_one_or_empty_infers_no_leavers() {
        let cases = [
            (100, 50, true),
            (100, 51, false),
            (100, 0, true),
            (9, 4, false),
            (9, 0, true),
            (1, 0, true),
            (0, 0, false),
        ];
        for (before, now, shrunken) in cases {
            assert_eq!(shrunken_because(before, now).is_some(), shrunken, "{before} then {now}");
        }
    }
}

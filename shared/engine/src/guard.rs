//! The guard: removals are never executed before their total was judged.
//!
//! In: how many removals are staged, how many were executed within the rolling day, how many objects are managed, the
//! thresholds. Out: a verdict for each kind of removal, with the figures it was made from, stored before the first
//! removal is executed. A kind that is held does not stop the others.
//!
//! A removal is a delete, a membership taken away, or any export that turns the target's enabled attribute from true to
//! false, whatever mapping produced it; the object's other changes wait with it.
//!
//! A person may decide about single removals: approved ones are executed whatever the verdict says, rejected ones are
//! not executed as long as the object stays as it is, and neither counts. What is [`Protected`] is never removed.

mod protected;
mod today;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{ObjectType, SourceId, SourceObject};

pub use protected::Protected;
pub(crate) use protected::names_of;
pub use today::RemovedToday;

/// What is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub enum Removed {
    /// People's accounts, switched off or deleted.
    #[default]
    Users,
    /// Groups.
    Groups,
    /// Memberships in groups.
    Memberships,
}

impl Removed {
    /// All of them, in the order in which they are judged.
    pub const ALL: [Self; 3] = [Self::Users, Self::Groups, Self::Memberships];

    /// What is taken away when an object of this type is removed.
    #[must_use]
    pub fn of(kind: ObjectType) -> Self {
        match kind {
            ObjectType::User => Self::Users,
            ObjectType::Group => Self::Groups,
        }
    }

    /// What is left of it, counted.
    fn managed(self) -> &'static str {
        match self {
            Self::Users => "accounts",
            Self::Groups => "groups",
            Self::Memberships => "memberships",
        }
    }
}

/// Which staged removal: an object has at most one of its own, and a group one of members.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StagedKey {
    /// Who, or the group whose members leave.
    pub source_id: SourceId,
    /// Whether members leave the group, rather than the object itself.
    pub members: bool,
}

/// A removal that waits for the guard. Keyed by job and object: staged twice it counts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagedRemoval {
    /// Who, or the group whose members leave.
    pub source_id: SourceId,
    /// What is taken away.
    #[serde(default)]
    pub removed: Removed,
    /// How many: of memberships as many as leave the group, otherwise 1.
    #[serde(default = "one")]
    pub count: u64,
    /// What a person decided about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<HumanDecision>,
    /// The object as the source shows it, for a disable; `None` when it is gone from the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<SourceObject>,
    /// What people call it, for whoever decides about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// When it was staged first.
    pub staged_at: Timestamp,
    /// The `stagedDelete` record that told of it being held; `None` until it was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_record: Option<Uuid>,
    /// When the rejection that the log told of was made; `None` until one was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection_told: Option<Timestamp>,
}

impl StagedRemoval {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> StagedKey {
        StagedKey { source_id: self.source_id.clone(), members: self.removed == Removed::Memberships }
    }

    /// The approval of a person for this very removal.
    #[must_use]
    pub fn approval(&self) -> Option<&HumanDecision> {
        self.decision.as_ref().filter(|decision| decision.approved)
    }

    /// The rejection of a person for this very removal.
    #[must_use]
    pub fn rejection(&self) -> Option<&HumanDecision> {
        self.decision.as_ref().filter(|decision| !decision.approved)
    }

    /// Whether it was rejected and nobody was told.
    #[must_use]
    pub fn rejection_is_news(&self) -> bool {
        self.rejection().is_some_and(|rejection| self.rejection_told != Some(rejection.at))
    }
}

fn one() -> u64 {
    1
}

/// What a person decided about a removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HumanDecision {
    /// Whether it may be executed whatever the thresholds say; otherwise it is not, until the object changes.
    pub approved: bool,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// When removals wait for a person. They are compared with the removals of one cycle, and with those of a cycle and the
/// day before it together: who removes a few people every half an hour has removed many by the evening.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Thresholds {
    /// Held when one cycle, or a cycle and the day before it, would remove more than this many objects. The vendor's own
    /// figure.
    pub maximum: u64,
    /// Held when one cycle, or a cycle and the day before it, would remove more than this share of the managed objects,
    /// in percent.
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
    /// What would be taken away.
    #[serde(default)]
    pub removed: Removed,
    /// Removals waiting, those aside that a person approved or rejected one by one.
    pub removals: u64,
    /// Removals of this kind within the last 24 hours before them, approved ones aside.
    #[serde(default)]
    pub today: u64,
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
    /// The verdict about the removals of one kind among `rows`; `None` when there are none to judge.
    #[must_use]
    pub fn about(removed: Removed, rows: &[StagedRemoval], case: Circumstances) -> Option<Self> {
        let undecided = rows.iter().filter(|row| row.removed == removed && row.decision.is_none());
        let removals = undecided.map(|row| row.count).sum();
        let Circumstances { today, managed, thresholds, approved_by, at } = case;
        (removals > 0).then_some(Self { removed, removals, today, managed, thresholds, approved_by, at })
    }

    /// Why the removals are held; `None` when they may go on.
    #[must_use]
    pub fn held_because(&self) -> Option<String> {
        if self.approved_by.is_some() || self.removals == 0 {
            return None;
        }
        let (removals, today) = (self.removals, self.today);
        let what = match self.removed {
            Removed::Users => "removals",
            Removed::Groups => "removals of groups",
            Removed::Memberships => "removals of memberships",
        };
        let excess = self.everything().or_else(|| self.excess(removals));
        let cycle = excess.map(|excess| format!("{removals} {what} {excess}"));
        cycle.or_else(|| {
            let excess = self.excess(removals.saturating_add(today))?;
            Some(format!("{removals} {what}, with {today} in the day before them, {excess}"))
        })
    }

    /// Whether nobody would be left. A listing of groups that reads empty beside a complete one of people is not seen by
    /// [`shrunken_because`], and a handful of groups is below every threshold.
    fn everything(&self) -> Option<String> {
        let is_all = self.removals > 1 && self.removals >= self.managed && self.thresholds.percent < 100.0;
        (is_all && self.removed != Removed::Memberships).then(|| {
            let what = self.removed.managed();
            format!("are all {what} managed, which never go without a person's approval")
        })
    }

    /// How far so many removals exceed the thresholds.
    fn excess(&self, removals: u64) -> Option<String> {
        let Thresholds { maximum, percent, at_least } = self.thresholds;
        if removals > maximum {
            return Some(format!("are more than the {maximum} that pass without a person's approval"));
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below 2^52")]
        let share = 100.0 * removals as f64 / self.managed.max(1) as f64;
        (removals > at_least && share > percent).then(|| {
            let (managed, what) = (self.managed, self.removed.managed());
            format!(
                "are {share:.0} % of the {managed} {what} managed, more than the {percent} % that pass without a person's approval"
            )
        })
    }
}

/// What a verdict is made from besides the removals themselves.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// Removals of this kind within the last 24 hours, approved ones aside.
    pub today: u64,
    /// Objects of this kind managed now.
    pub managed: u64,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// Who approves whatever is judged.
    pub approved_by: Option<String>,
    /// Now.
    pub at: Timestamp,
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

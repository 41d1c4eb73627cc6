//! What is to be done about the members of one group in one page, and how it is counted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::enrol::Enrolled;
use crate::cycle::Session;
use crate::cycle::commit::difference;
use crate::escrow::{EscrowEntry, Failure};
use crate::guard::{HumanDecision, Removed};
use crate::ids::IdHash;
use crate::job::adjusted;
use crate::membership::{MemberChange, PendingReference};
use crate::model::{SourceId, SourceObject, TargetId};

/// What is to be done about the members of one group. Part of a page's intent: a replay does the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cycle) struct Roster {
    pub(super) change_id: Uuid,
    pub(super) purpose: Purpose,
    pub(super) group: SourceId,
    /// The group as the source showed it last, for its retry.
    pub(super) object: Option<SourceObject>,
    /// What people call it.
    pub(super) label: String,
    pub(super) display_name: Option<String>,
    /// The group in the target; without it there is nothing to call.
    pub(super) target: Option<TargetId>,
    /// Who is put in, or taken out, as which account.
    pub(super) members: Vec<(SourceId, TargetId)>,
    /// What turned out about the membership without a call.
    pub(super) notes: Vec<MemberChange>,
    /// By how many memberships more, or less, are given for these notes.
    pub(super) noted: i64,
    /// How many memberships were given before.
    pub(super) given: u64,
    /// Who belongs to it and cannot be put in yet, as far as that is news.
    pub(super) unresolved: Vec<SourceId>,
    /// Groups in it that are left out, as far as that is news.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<SourceId>,
    /// Who it waits for from now on.
    pub(super) waits: Vec<PendingReference>,
    /// Who it waits for no longer.
    pub(super) waited: Vec<PendingReference>,
    /// Its entry in escrow, when it failed before.
    pub(super) escrow: Option<EscrowEntry>,
    /// Why nothing can be done: the target did not show its members.
    pub(super) failure: Option<Failure>,
    /// Whether nothing more is to be done for the group in this cycle.
    pub(super) is_last: bool,
    /// What a person decided about those who leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decision: Option<HumanDecision>,
}

/// What happens to the members of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Purpose {
    /// They are put in.
    Joining,
    /// They are taken out.
    Leaving,
    /// They would be taken out, and a person is asked.
    Held,
}

/// What goes with a group that is deleted: noted before, because afterwards nobody could count it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cycle) struct Forgotten {
    pub(super) group: SourceId,
    /// How many memberships were given.
    pub(super) given: u64,
    /// Who it waited for.
    pub(super) waited: Vec<PendingReference>,
}

impl Roster {
    /// Counts what is put in or taken out with a sign.
    fn signed(&self, members: usize) -> i64 {
        let members = i64::try_from(members).unwrap_or(i64::MAX);
        match self.purpose {
            Purpose::Joining => members,
            Purpose::Leaving => -members,
            Purpose::Held => 0,
        }
    }

    /// Counts those who may be in the group: they are given from now on if they were not before.
    fn uncertain(&self, members: usize) -> i64 {
        if self.purpose == Purpose::Joining { self.signed(members) } else { 0 }
    }
}

/// Counts what became of a page's rosters, with the commit of the page.
pub(in crate::cycle) fn count(
    session: &mut Session,
    rosters: &[Roster],
    enrolled: Vec<Enrolled>,
    now: Timestamp,
) {
    for (roster, done) in rosters.iter().zip(enrolled) {
        let figures = &mut session.checkpoint.figures;
        let counts = &mut session.state.counts;
        let moved = done.members as u64;
        match roster.purpose {
            Purpose::Joining => figures.members_added += moved,
            Purpose::Leaving => {
                figures.members_removed += moved;
                if roster.decision.is_none() {
                    session.state.removed.add(now, Removed::Memberships, moved);
                }
            }
            Purpose::Held => continue,
        }
        figures.unresolved += (roster.unresolved.len() + roster.left_out.len()) as u64;
        counts.exported += moved;
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let change = match done.given {
            _ if done.is_gone => -signed(roster.given),
            Some(given) => signed(given) - signed(roster.given),
            None => roster.noted + roster.signed(done.members) + roster.uncertain(done.uncertain),
        };
        counts.groups.memberships = adjusted(counts.groups.memberships, change);
        session.references.corrects(&roster.group, adjusted(roster.given, change));
        if done.is_gone {
            counts.groups.linked = adjusted(counts.groups.linked, -1);
            counts.groups.in_scope = adjusted(counts.groups.in_scope, -1);
        }
        let before = roster.escrow.as_ref();
        let failed_before = before.is_some_and(|entry| entry.last_failed >= session.checkpoint.began);
        if let Some(code) = done.failed.filter(|_| !failed_before) {
            figures.failed += 1;
            session.checkpoint.failures.count(code, 1);
        }
        counts.escrowed = adjusted(counts.escrowed, difference(before.is_some(), done.entry.is_some()));
        counts.escrowed_references = adjusted(
            counts.escrowed_references,
            difference(
                before.is_some_and(|entry| entry.reference),
                done.entry.as_ref().is_some_and(|entry| entry.reference),
            ),
        );
        let hash = IdHash::of(&roster.group);
        match done.entry {
            Some(entry) => session.waiting.escrows.insert(hash, entry),
            None => session.waiting.escrows.remove(&hash),
        };
    }
}

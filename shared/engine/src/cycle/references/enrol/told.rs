//! What is told of a roster.

use std::collections::BTreeSet;

use super::Answered;
use crate::cycle::record::MembershipTold;
use crate::cycle::references::roster::Purpose;
use crate::escrow::Failure;
use crate::model::{SourceId, TargetId};

impl Answered<'_> {
    pub(super) fn fail(&mut self, piece: &[(SourceId, TargetId)], failure: Failure) {
        if self.failure.is_some() {
            self.others += piece.len();
            return;
        }
        let verb = match self.roster.purpose {
            Purpose::Joining => "put into",
            Purpose::Leaving | Purpose::Held => "taken out of",
        };
        self.others = piece.len().saturating_sub(1);
        let member = piece.first().map(|(member, _)| member.to_string()).unwrap_or_default();
        let reason = format!("'{member}' could not be {verb} the group: {}", failure.reason);
        self.failure = Some(Failure { reason, ..failure });
    }

    /// Why it failed, with how many failed besides.
    pub(super) fn failure(&self) -> Option<Failure> {
        let failure = self.failure.clone()?;
        let reason = match self.others {
            0 => failure.reason,
            1 => format!("{}; one other failed, too", failure.reason),
            others => format!("{}; {others} others failed, too", failure.reason),
        };
        Some(Failure { reason, ..failure })
    }

    /// Whether a record is written: something was sent, failed, waits or is held.
    pub(super) fn is_news(&self) -> bool {
        let is_held = self.roster.purpose == Purpose::Held;
        let is_incomplete = !(self.roster.unresolved.is_empty() && self.roster.left_out.is_empty());
        is_held || is_incomplete || !self.done.is_empty() || self.failure.is_some()
    }

    pub(super) fn told(&self) -> Option<MembershipTold> {
        let roster = self.roster;
        let moved = match roster.purpose {
            Purpose::Held => &roster.members,
            Purpose::Joining | Purpose::Leaving => &self.done,
        };
        // In the order of the plan, so that a replay tells the same.
        let done: BTreeSet<&SourceId> = moved.iter().map(|(member, _)| member).collect();
        let moved: Vec<_> =
            roster.members.iter().filter(|(member, _)| done.contains(member)).cloned().collect();
        let (added, removed) = match roster.purpose {
            Purpose::Joining => (moved, Vec::new()),
            Purpose::Leaving | Purpose::Held => (Vec::new(), moved),
        };
        Some(MembershipTold {
            change_id: roster.change_id,
            group: roster.group.clone(),
            group_label: roster.label.clone(),
            target: roster.target.clone()?,
            display_name: roster.display_name.clone(),
            added,
            removed,
            unresolved: roster.unresolved.clone(),
            left_out: roster.left_out.clone(),
            failure: self.failure(),
            finished: self.finished,
            milliseconds: u64::try_from(self.finished.duration_since(self.began).as_millis()).unwrap_or(0),
        })
    }
}

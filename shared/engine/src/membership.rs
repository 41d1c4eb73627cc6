//! Who belongs to a group, and who was put into it.
//!
//! In: what the source says of a group's members, who of them has an account, and the membership as it is remembered.
//! Out: who is to be put in, who leaves, and who cannot be put in yet. Pure: the cycle does the rest.
//!
//! A target may hide its members, cap them or change them on its own. What Rollcall put into a group is therefore
//! remembered, entry by entry, with the account it was put in as: only those are ever taken out again, and the right
//! ones even after their people were deleted or got another account.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::IdHash;
use crate::model::{SourceId, TargetId};
use crate::ports::MEMBERS;

/// The membership of one group, by member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// Everybody who belongs to the group in the source, or was put into it in the target.
    pub members: BTreeMap<IdHash, Member>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its anchor in the source.
    pub id: SourceId,
    /// Whether the source has it in the group, directly.
    pub wanted: bool,
    /// The account as which it was put into the group in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<TargetId>,
}

/// One change of a membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberChange {
    /// The source has it in the group.
    Wanted(SourceId),
    /// The source has it in the group no longer.
    Unwanted(SourceId),
    /// It was put into the group in the target.
    Given(SourceId, TargetId),
    /// It was taken out of the group in the target.
    Taken(SourceId),
}

impl MemberChange {
    /// Whom it is about.
    #[must_use]
    pub fn member(&self) -> &SourceId {
        match self {
            Self::Wanted(id) | Self::Unwanted(id) | Self::Given(id, _) | Self::Taken(id) => id,
        }
    }
}

impl Membership {
    /// Makes one change. An entry that is neither wanted nor given is gone.
    pub fn apply(&mut self, change: &MemberChange) {
        let hash = IdHash::of(change.member());
        let member = self.members.entry(hash).or_insert_with(|| Member {
            id: change.member().clone(),
            wanted: false,
            given: None,
        });
        match change {
            MemberChange::Wanted(_) => member.wanted = true,
            MemberChange::Unwanted(_) => member.wanted = false,
            MemberChange::Given(_, target) => member.given = Some(target.clone()),
            MemberChange::Taken(_) => member.given = None,
        }
        if !member.wanted && member.given.is_none() {
            self.members.remove(&hash);
        }
    }

    /// What makes it so that exactly `wanted` belong to the group.
    #[must_use]
    pub fn changes_to(&self, wanted: &[SourceId]) -> Vec<MemberChange> {
        let hashes: BTreeSet<IdHash> = wanted.iter().map(IdHash::of).collect();
        let mut known = BTreeSet::new();
        let joined = wanted.iter().filter(|id| {
            let hash = IdHash::of(id);
            known.insert(hash) && self.members.get(&hash).is_none_or(|member| !member.wanted)
        });
        let left = self.members.iter().filter(|(hash, member)| member.wanted && !hashes.contains(hash));
        let left = left.map(|(_, member)| MemberChange::Unwanted(member.id.clone()));
        joined.cloned().map(MemberChange::Wanted).chain(left).collect()
    }

    /// Everybody whom the source has in the group, directly.
    pub fn wanted(&self) -> impl Iterator<Item = &SourceId> {
        self.members.values().filter(|member| member.wanted).map(|member| &member.id)
    }

    /// Everybody who was put into the group, with the account as which.
    pub fn given(&self) -> impl Iterator<Item = (&SourceId, &TargetId)> {
        self.members.values().filter_map(|member| Some((&member.id, member.given.as_ref()?)))
    }

    /// What makes it agree with the group as the target shows it: `shown` are its members there, `owners` the objects
    /// that those accounts belong to. Accounts that belong to nobody are not ours, and stay unknown.
    #[must_use]
    pub fn changes_as_found(
        &self,
        shown: &BTreeSet<TargetId>,
        owners: &BTreeMap<TargetId, SourceId>,
    ) -> Vec<MemberChange> {
        let missing = self.given().filter(|(_, account)| !shown.contains(account));
        let found = shown.iter().filter_map(|account| Some((owners.get(account)?, account)));
        let news = found.filter(|(owner, account)| {
            self.members.get(&IdHash::of(owner)).and_then(|member| member.given.as_ref()) != Some(account)
        });
        missing
            .map(|(member, _)| MemberChange::Taken(member.clone()))
            .chain(news.map(|(owner, account)| MemberChange::Given(owner.clone(), account.clone())))
            .collect()
    }

    /// What is to be done so that exactly `wanted` are in the group, each with their account as far as they have one.
    ///
    /// The accounts decide, not the people: an account that went over to somebody who is wanted is not taken out,
    /// whoever it was put in for; and who got another account is put in again.
    #[must_use]
    pub fn difference(&self, wanted: &Wanted) -> Difference {
        let mut difference = Difference::default();
        for (hash, (id, account)) in &wanted.0 {
            let given = self.members.get(hash).and_then(|member| member.given.as_ref());
            if given.is_some() && given != account.as_ref() {
                difference.lost.push(id.clone());
            }
            match account {
                None => difference.unresolved.push(id.clone()),
                Some(account) if given != Some(account) => difference.add.push((id.clone(), account.clone())),
                Some(_) => {}
            }
        }
        let accounts: BTreeSet<&TargetId> =
            wanted.0.values().filter_map(|(_, account)| account.as_ref()).collect();
        for (id, account) in self.given().filter(|(id, _)| !wanted.0.contains_key(&IdHash::of(id))) {
            if accounts.contains(account) {
                difference.lost.push(id.clone());
            } else {
                difference.leaving.push((id.clone(), account.clone()));
            }
        }
        difference
    }
}

/// Everybody who shall be in a group of the target, with their account as far as they have one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted(BTreeMap<IdHash, (SourceId, Option<TargetId>)>);

impl Wanted {
    /// Adds somebody.
    pub fn insert(&mut self, id: SourceId, account: Option<TargetId>) {
        self.0.insert(IdHash::of(&id), (id, account));
    }

    /// Whether somebody is among them.
    #[must_use]
    pub fn contains(&self, id: &SourceId) -> bool {
        self.0.contains_key(&IdHash::of(id))
    }
}

/// What is to be done about the members of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// To be put in, as these accounts.
    pub add: Vec<(SourceId, TargetId)>,
    /// To be taken out, once the guard agreed: these accounts.
    pub leaving: Vec<(SourceId, TargetId)>,
    /// Put in as accounts that are theirs no longer: gone, or somebody else's by now. There is nothing to take out.
    pub lost: Vec<SourceId>,
    /// Wanted, and without an account.
    pub unresolved: Vec<SourceId>,
}

/// Somebody refers to an object that has no account yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingReference {
    /// Who is missing, by anchor in the source.
    pub missing: SourceId,
    /// Who refers.
    pub referrer: SourceId,
    /// The target path that shall name the missing one; [`crate::ports::MEMBERS`] for a member of a group.
    pub path: String,
}

impl PendingReference {
    /// Somebody who belongs to a group and cannot be put into it yet.
    #[must_use]
    pub fn member(missing: SourceId, group: SourceId) -> Self {
        Self { missing, referrer: group, path: MEMBERS.to_owned() }
    }

    /// A note that what is remembered of an object's memberships is not sure to hold: its account is not the one it was,
    /// or a call about a group's members was not answered. It is spelled as an object that waits for itself.
    #[must_use]
    pub fn moved(object: SourceId) -> Self {
        Self { missing: object.clone(), referrer: object, path: MEMBERS.to_owned() }
    }

    /// Whether it is such a note. No group is a member of itself.
    #[must_use]
    pub fn is_moved(&self) -> bool {
        self.missing == self.referrer && self.path == MEMBERS
    }
}

#[cfg(test)]
mod tests;

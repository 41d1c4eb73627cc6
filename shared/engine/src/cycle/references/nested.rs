//! Who shall be in a group of the target: its members, and what becomes of groups among them.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::READING;
use super::resolve::{Known, accounts};
use crate::cycle::{Nested, Run, Stop};
use crate::ids::IdHash;
use crate::membership::{Membership, Wanted};
use crate::model::{ObjectType, SourceId};

/// How many levels of groups in a group are opened. Directories nest three or four deep; ten is where a mistake in one
/// is more likely than a reason.
pub(in crate::cycle) const LEVELS: usize = 10;

/// Who shall be in a group of the target.
#[derive(Debug, Default)]
pub(super) struct Belonging {
    /// They and their accounts.
    pub(super) wanted: Wanted,
    /// Groups that are left out.
    pub(super) left_out: Vec<SourceId>,
    /// Groups whose members are among them: a change of one changes this group, too.
    pub(super) opened: Vec<SourceId>,
}

/// Finds out who shall be in a group.
pub(super) async fn belonging(
    run: &Run<'_>,
    group: &SourceId,
    membership: &Membership,
) -> Result<Belonging, Stop> {
    if run.definition.nested() == Nested::Expand {
        return expanded(run, group, membership).await;
    }
    // A group that lists itself is in nothing but itself.
    let members = || membership.wanted().filter(|member| *member != group);
    let known = accounts(run, members()).await?;
    let mut belonging = Belonging::default();
    for member in members() {
        let known = known.get(&IdHash::of(member));
        if is_group(known) && run.definition.nested() == Nested::Skip {
            belonging.left_out.push(member.clone());
        } else {
            belonging.wanted.insert(member.clone(), known.and_then(|known| known.account.clone()));
        }
    }
    Ok(belonging)
}

fn is_group(known: Option<&Known>) -> bool {
    known.is_some_and(|known| known.kind == ObjectType::Group)
}

async fn expanded(run: &Run<'_>, group: &SourceId, membership: &Membership) -> Result<Belonging, Stop> {
    let mut expansion = Expansion::of(group, membership.wanted().cloned());
    let mut belonging = Belonging::default();
    while !expansion.level().is_empty() {
        let known = accounts(run, expansion.level().iter()).await?;
        let kind = |member: &SourceId| known.get(&IdHash::of(member)).map(|known| known.kind);
        // Who has no link is a group when it has members, and otherwise somebody of whom nothing is known.
        let unclear = expansion.level().iter().filter(|member| kind(member) != Some(ObjectType::User));
        let groups: Vec<Option<(SourceId, Vec<SourceId>)>> = stream::iter(unclear)
            .map(async |member| {
                let inner = run.ports.store.membership(&run.definition.job, member).await?;
                let members: Vec<SourceId> = inner.wanted().cloned().collect();
                let is_group = kind(member) == Some(ObjectType::Group) || !members.is_empty();
                Ok::<_, Stop>(is_group.then(|| (member.clone(), members)))
            })
            .buffered(READING)
            .try_collect()
            .await?;
        for person in expansion.descend(groups.into_iter().flatten().collect()) {
            let account = known.get(&IdHash::of(&person)).and_then(|known| known.account.clone());
            belonging.wanted.insert(person, account);
        }
    }
    belonging.opened = expansion.opened;
    belonging.left_out = expansion.too_deep;
    Ok(belonging)
}

/// A walk through the groups in a group, level by level. Nobody is met twice, so that it ends whatever refers to whom.
#[derive(Debug)]
struct Expansion {
    met: BTreeSet<SourceId>,
    level: Vec<SourceId>,
    opened: Vec<SourceId>,
    too_deep: Vec<SourceId>,
    depth: usize,
}

impl Expansion {
    /// Begins with the members of a group.
    fn of(group: &SourceId, members: impl Iterator<Item = SourceId>) -> Self {
        let mut met = BTreeSet::from([group.clone()]);
        let level = members.filter(|member| met.insert(member.clone())).collect();
        Self { met, level, opened: Vec::new(), too_deep: Vec::new(), depth: 0 }
    }

    /// Those who were met and not looked at yet.
    fn level(&self) -> &[SourceId] {
        &self.level
    }

    /// Goes down one level: `groups` are those of this one that are groups, with their members. Who is not is a person.
    fn descend(&mut self, groups: BTreeMap<SourceId, Vec<SourceId>>) -> Vec<SourceId> {
        let level = std::mem::take(&mut self.level);
        let people = level.into_iter().filter(|member| !groups.contains_key(member)).collect();
        self.depth += 1;
        if self.depth > LEVELS {
            self.too_deep.extend(groups.into_keys());
            return people;
        }
        for (group, members) in groups {
            self.opened.push(group);
            self.level.extend(members.into_iter().filter(|member| self.met.insert(member.clone())));
        }
        people
    }
}

#[cfg(test)]
mod tests;

//! What the references phase has before it, held for the slice: another slice finds it again from what is stored.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::compare::Compared;
use super::resolve::Known;
use crate::cycle::{Nested, Run, Session, Stop};
use crate::ids::IdHash;
use crate::membership::PendingReference;
use crate::model::{ObjectType, SourceId, TargetId};
use crate::ports::MEMBERS;

/// What is to be done.
#[derive(Debug, Default)]
pub(in crate::cycle) struct Work {
    begun: bool,
    /// Everything that waits for somebody, by who refers, once it was read.
    waiting: Option<BTreeMap<SourceId, BTreeSet<PendingReference>>>,
    /// Missing ones to look up.
    pub(super) unchecked: VecDeque<SourceId>,
    /// What can be named by now: who refers, and by path whom as which account.
    pub(super) found: BTreeMap<SourceId, BTreeMap<String, (SourceId, TargetId)>>,
    /// Whose account is another one than before, and what is known of them now.
    pub(super) moved: BTreeMap<SourceId, Known>,
    /// How far the search for those who refer to them is.
    pub(super) searched: Option<IdHash>,
    /// Groups to compare.
    pub(super) groups: BTreeSet<SourceId>,
    /// Groups that were compared and not dealt with yet, in the same order.
    pub(super) compared: VecDeque<Compared>,
}

/// Finds out what there is to do, once a slice.
pub(super) async fn begin(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if std::mem::replace(&mut session.references.begun, true) {
        return Ok(());
    }
    let due = due_groups(run, session);
    if !due.is_empty() {
        run.ports.store.mark_unsettled(&run.desk.lease().await?, &due).await?;
        session.checkpoint.unsettled = true;
    }
    let checkpoint = &session.checkpoint;
    let somebody = checkpoint.linked_somebody && session.state.counts.pending > 0;
    // Groups that a killed worker noted while it made references good are in the store, and not yet in the checkpoint.
    let groups = (checkpoint.unsettled || somebody) && run.definition.provisions_members();
    if !somebody && !groups {
        return Ok(());
    }
    read_waiting(run, session).await?;
    let work = &mut session.references;
    if somebody {
        let missing: BTreeSet<&SourceId> = work.waiting().map(|row| &row.missing).collect();
        work.unchecked = missing.into_iter().cloned().collect();
    }
    if groups {
        let noted = run.ports.store.unsettled(&run.definition.job).await?;
        let outer = if run.definition.nested() == Nested::Expand { work.outer(&noted) } else { Vec::new() };
        if !outer.is_empty() {
            run.ports.store.mark_unsettled(&run.desk.lease().await?, &outer).await?;
        }
        session.references.groups.extend(noted.into_iter().chain(outer));
    }
    Ok(())
}

/// Groups of which a member failed, and is to be tried again.
fn due_groups(run: &Run<'_>, session: &Session) -> Vec<SourceId> {
    let now = run.ports.clock.now();
    let began = session.checkpoint.began;
    let entries = session.waiting.escrows.values();
    let of_members = entries.filter(|entry| entry.reference && entry.object_type == ObjectType::Group);
    let due = of_members.filter(|entry| {
        entry.ignored.is_none()
            && entry.last_failed < began
            && entry.next_attempt.is_some_and(|next| next <= now)
    });
    due.map(|entry| entry.source_id.clone()).collect()
}

/// Reads everything that waits, once a slice, and only when something does.
pub(super) async fn read_waiting(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if session.references.waiting.is_some() {
        return Ok(());
    }
    let mut waiting: BTreeMap<SourceId, BTreeSet<PendingReference>> = BTreeMap::new();
    if session.state.counts.pending > 0 {
        let rows = run.ports.store.pending(&run.definition.job).await?;
        session.state.counts.pending = rows.len() as u64;
        for row in rows {
            waiting.entry(row.referrer.clone()).or_default().insert(row);
        }
    }
    session.references.waiting = Some(waiting);
    Ok(())
}

impl Work {
    /// Everything that waits.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &PendingReference> {
        self.waiting.iter().flat_map(BTreeMap::values).flatten()
    }

    /// What this object waits for.
    pub(super) fn waiting_of(&self, referrer: &SourceId) -> BTreeSet<PendingReference> {
        self.waiting.as_ref().and_then(|waiting| waiting.get(referrer)).cloned().unwrap_or_default()
    }

    /// Whether this is among what waits.
    pub(super) fn is_waiting(&self, row: &PendingReference) -> bool {
        self.waiting
            .as_ref()
            .and_then(|waiting| waiting.get(&row.referrer))
            .is_some_and(|rows| rows.contains(row))
    }

    /// Corrects how many memberships are given of a group of which only a part was dealt with.
    pub(super) fn corrects(&mut self, group: &SourceId, given: u64) {
        if let Some(next) = self.compared.front_mut().filter(|next| next.group == *group) {
            next.given = given;
        }
    }

    /// Groups that took in the members of one of these.
    fn outer(&self, groups: &[SourceId]) -> Vec<SourceId> {
        let groups: BTreeSet<&SourceId> = groups.iter().collect();
        let rows = self.waiting().filter(|row| row.path == MEMBERS && !row.is_moved());
        rows.filter(|row| groups.contains(&row.missing)).map(|row| row.referrer.clone()).collect()
    }

    /// Keeps what was read in step with what is stored.
    pub(super) fn learn(&mut self, added: &[PendingReference], removed: &[PendingReference]) {
        let Some(waiting) = &mut self.waiting else { return };
        for row in removed {
            if let Some(rows) = waiting.get_mut(&row.referrer) {
                rows.remove(row);
            }
        }
        for row in added {
            waiting.entry(row.referrer.clone()).or_default().insert(row.clone());
        }
    }

    /// Adds groups to compare, which are noted in the store already.
    pub(super) fn compare(&mut self, groups: impl IntoIterator<Item = SourceId>) {
        if self.begun {
            self.groups.extend(groups);
        }
    }
}

//! What a page learnt of references: who waits for whom, who belongs to which group, which groups are to be compared.
//!
//! Written before the checkpoint, with derived keys: a replay writes the same rows again. Counts are taken from the plan,
//! or from what was remembered before it, never from rows that a replay finds changed.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::READING;
use super::enrol::Enrolled;
use super::roster::Forgotten;
use super::work::read_waiting;
use crate::cycle::execute::Done;
use crate::cycle::plan::PagePlan;
use crate::cycle::{Nested, Run, Session, Stop};
use crate::decide::Operation;
use crate::guard::{Removed, StagedKey};
use crate::job::{CycleKind, adjusted};
use crate::membership::{MemberChange, PendingReference};
use crate::model::{ObjectType, SkipReason, SourceId, TargetId};

/// Notes what goes with groups that a page deletes. Part of its intent.
pub(in crate::cycle) async fn foresee(
    run: &Run<'_>,
    session: &mut Session,
    plan: &mut PagePlan,
) -> Result<(), Stop> {
    let deleted = plan.work.iter().filter(|planned| {
        planned.kind == ObjectType::Group && matches!(planned.operation, Operation::Delete(_))
    });
    let deleted: Vec<SourceId> = deleted.map(|planned| planned.source_id.clone()).collect();
    if deleted.is_empty() || !run.definition.provisions_members() {
        return Ok(());
    }
    read_waiting(run, session).await?;
    for group in deleted {
        let membership = run.ports.store.membership(&run.definition.job, &group).await?;
        let waited = session.references.waiting_of(&group).into_iter().collect();
        let key = StagedKey { source_id: group.clone(), members: true };
        if session.waiting.staged.contains_key(&key) {
            plan.unstage.push(key);
        }
        plan.forgotten.push(Forgotten { given: membership.given().count() as u64, group, waited });
    }
    Ok(())
}

/// Remembers what a page learnt of references.
pub(in crate::cycle) async fn remember(
    run: &Run<'_>,
    session: &mut Session,
    plan: &PagePlan,
    (done, enrolled): (&[Done], &[Enrolled]),
    replay: bool,
) -> Result<(), Stop> {
    let mut rows = Rows::default();
    for (roster, enrolled) in plan.rosters.iter().zip(enrolled) {
        rows.added.extend(roster.waits.iter().cloned());
        rows.removed.extend(roster.waited.iter().cloned());
        if enrolled.uncertain > 0 {
            let note = PendingReference::moved(roster.group.clone());
            rows.removed.retain(|row| *row != note);
            if !session.references.is_waiting(&note) {
                rows.added.push(note);
            }
        }
    }
    for done in done.iter().filter(|done| done.outcome.is_ok()) {
        let (before, after) = (account_before(done), account_after(done));
        session.checkpoint.linked_somebody |= after.is_some() && after != before;
        let new = rows.of_object(done);
        session.checkpoint.figures.unresolved += new;
        if run.definition.provisions_members() && is_moved(done, replay) {
            rows.added.push(PendingReference::moved(done.planned.source_id.clone()));
        }
    }
    if run.definition.provisions_members() {
        members(run, session, plan, done, replay).await?;
        forget(run, session, plan, done, &mut rows).await?;
    }
    rows.write(run, session).await
}

/// Has groups compared with what the target shows: what is remembered of their members does not hold.
pub(in crate::cycle) async fn doubt_members(
    run: &Run<'_>,
    session: &mut Session,
    groups: &[SourceId],
) -> Result<(), Stop> {
    run.ports.store.mark_unsettled(&run.desk.lease().await?, groups).await?;
    session.checkpoint.unsettled = true;
    read_waiting(run, session).await?;
    let notes = groups.iter().cloned().map(PendingReference::moved);
    let added = notes.filter(|note| !session.references.is_waiting(note)).collect();
    Rows { added, removed: Vec::new() }.write(run, session).await
}

/// Forgets rows that wait for nobody any more.
pub(super) async fn forget_waiting(
    run: &Run<'_>,
    session: &mut Session,
    removed: &[PendingReference],
) -> Result<(), Stop> {
    Rows { added: Vec::new(), removed: removed.to_vec() }.write(run, session).await
}

/// Rows about who waits for whom.
#[derive(Debug, Default)]
struct Rows {
    added: Vec<PendingReference>,
    removed: Vec<PendingReference>,
}

impl Rows {
    /// Whom an object waits for now and did not before, and the other way round. How many are new.
    fn of_object(&mut self, done: &Done) -> u64 {
        let planned = &done.planned;
        let nobody = BTreeMap::new();
        let before = planned.prior.as_ref().map_or(&nobody, |link| &link.pending);
        let is_gone = matches!(planned.operation, Operation::Delete(_) | Operation::Forget);
        let now = if is_gone { &nobody } else { &planned.pending };
        let row = |(path, missing): (&String, &SourceId)| PendingReference {
            missing: missing.clone(),
            referrer: planned.source_id.clone(),
            path: path.clone(),
        };
        let (before, now): (BTreeSet<_>, BTreeSet<_>) =
            (before.iter().map(row).collect(), now.iter().map(row).collect());
        let new = now.difference(&before).count() as u64;
        // Also what was there: it was not written when the page failed for this object before.
        self.added.extend(now.difference(&before).cloned());
        self.removed.extend(before.difference(&now).cloned());
        new
    }

    async fn write(self, run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
        let lease = run.desk.lease().await?;
        if !self.added.is_empty() {
            run.ports.store.add_pending(&lease, &self.added).await?;
        }
        if !self.removed.is_empty() {
            run.ports.store.remove_pending(&lease, &self.removed).await?;
        }
        session.references.learn(&self.added, &self.removed);
        let signed = |rows: &[PendingReference]| i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let pending = &mut session.state.counts.pending;
        *pending = adjusted(*pending, signed(&self.added) - signed(&self.removed));
        Ok(())
    }
}

fn account_before(done: &Done) -> Option<&TargetId> {
    done.planned.prior.as_ref().and_then(|link| link.target_id.as_ref())
}

/// The account an object has once it was dealt with.
fn account_after(done: &Done) -> Option<&TargetId> {
    match (&done.outcome, &done.planned.operation) {
        (Err(_), _) => account_before(done),
        (Ok(_), Operation::Delete(_) | Operation::Forget | Operation::Skip(SkipReason::TargetObjectGone)) => {
            None
        }
        (Ok(target), _) => target.as_ref(),
    }
}

/// Whether the account is not the one under which memberships are remembered, or is a group that was there before us.
/// On a replay, a group that was to be created may have been met.
fn is_moved(done: &Done, replay: bool) -> bool {
    let (before, after) = (account_before(done), account_after(done));
    let is_made = matches!(done.planned.operation, Operation::Create(_)) && !replay;
    match done.planned.kind {
        ObjectType::User => before.is_some() && before != after,
        ObjectType::Group => after.is_some() && before != after && (before.is_some() || !is_made),
    }
}

/// Remembers who belongs to which group, and notes the groups to compare: noted first, so that a page killed between
/// the two is not forgotten.
async fn members(
    run: &Run<'_>,
    session: &mut Session,
    plan: &PagePlan,
    done: &[Done],
    replay: bool,
) -> Result<(), Stop> {
    let nobody = Vec::new();
    let gone = gone(run, plan, done).into_iter().map(|group| (group, &nobody));
    let shown = plan.members.iter().map(|(group, wanted)| (group, wanted)).chain(gone);
    let changes: Vec<(&SourceId, Vec<MemberChange>)> = stream::iter(shown)
        .map(async |(group, wanted)| {
            let membership = run.ports.store.membership(&run.definition.job, group).await?;
            Ok::<_, Stop>((group, membership.changes_to(wanted)))
        })
        .buffered(READING)
        .try_collect()
        .await?;
    let changed = changes.iter().filter(|(_, changes)| replay || !changes.is_empty());
    let mut unsettled: BTreeSet<SourceId> = changed.map(|(group, _)| (*group).clone()).collect();
    let cancelled: BTreeSet<&SourceId> = plan.unstage.iter().map(|key| &key.source_id).collect();
    for done in done.iter().filter(|done| done.planned.kind == ObjectType::Group && done.outcome.is_ok()) {
        let group = &done.planned.source_id;
        let everyone = session.checkpoint.kind == CycleKind::Initial;
        if everyone && account_after(done).is_some() || is_due(done) || cancelled.contains(group) {
            unsettled.insert(group.clone());
        }
        // Nobody is put into a group that has no account; what it was given before is taken back where it had one.
        let is_of_use = account_after(done).or(account_before(done)).is_some()
            || run.definition.nested() == Nested::Expand;
        if !is_of_use || matches!(done.planned.operation, Operation::Delete(_)) {
            unsettled.remove(group);
        }
    }
    if !unsettled.is_empty() {
        let groups: Vec<SourceId> = unsettled.into_iter().collect();
        run.ports.store.mark_unsettled(&run.desk.lease().await?, &groups).await?;
        session.checkpoint.unsettled = true;
        session.references.compare(groups);
    }
    let lease = run.desk.lease().await?;
    stream::iter(changes.into_iter().filter(|(_, changes)| !changes.is_empty()).map(Ok))
        .try_for_each_concurrent(READING, async |(group, changes)| {
            Ok::<_, Stop>(run.ports.store.change_membership(&lease, group, &changes).await?)
        })
        .await
}

/// Groups that the source shows no longer, where others took in their members: nobody belongs to them any more, long
/// before they are deleted.
fn gone<'p>(run: &Run<'_>, plan: &'p PagePlan, done: &'p [Done]) -> Vec<&'p SourceId> {
    if run.definition.nested() != Nested::Expand {
        return Vec::new();
    }
    let staged = plan.stage.iter().map(|staging| &staging.removal);
    let staged = staged.filter(|removal| removal.removed == Removed::Groups && removal.object.is_none());
    let forgotten = done.iter().map(|done| &done.planned).filter(|planned| {
        planned.kind == ObjectType::Group
            && planned.object.is_none()
            && !matches!(planned.operation, Operation::Delete(_))
    });
    staged.map(|removal| &removal.source_id).chain(forgotten.map(|planned| &planned.source_id)).collect()
}

/// Whether the members of a group are to be compared whatever the source says of them: it is met, or managed, for the
/// first time, or something about it failed before.
fn is_due(done: &Done) -> bool {
    let planned = &done.planned;
    let was_managed = planned
        .prior
        .as_ref()
        .is_some_and(|link| link.target_id.is_some() && link.in_scope && !link.unmanaged);
    let is_managed = account_after(done).is_some() && planned.in_scope && !planned.unmanaged;
    (is_managed && !was_managed) || account_before(done) != account_after(done) || planned.escrow.is_some()
}

/// Forgets what was remembered of groups that were deleted.
async fn forget(
    run: &Run<'_>,
    session: &mut Session,
    plan: &PagePlan,
    done: &[Done],
    rows: &mut Rows,
) -> Result<(), Stop> {
    let is_deleted = |group: &SourceId| {
        done.iter().any(|done| {
            done.planned.source_id == *group && done.outcome.is_ok() && account_after(done).is_none()
        })
    };
    let lease = run.desk.lease().await?;
    for forgotten in plan.forgotten.iter().filter(|forgotten| is_deleted(&forgotten.group)) {
        run.ports.store.forget_membership(&lease, &forgotten.group).await?;
        run.ports.store.settle(&lease, &forgotten.group).await?;
        let given = i64::try_from(forgotten.given).unwrap_or(i64::MAX);
        let memberships = &mut session.state.counts.groups.memberships;
        *memberships = adjusted(*memberships, -given);
        rows.removed.extend(forgotten.waited.iter().cloned());
    }
    Ok(())
}

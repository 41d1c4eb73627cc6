//! Putting members into groups, and staging those who leave: a bounded page of groups at a time.

use std::collections::VecDeque;

use futures::{StreamExt, TryStreamExt, stream};

use super::compare::{Compared, compare};
use super::roster::{Purpose, Roster};
use super::{READING, Work};
use crate::cycle::plan::{PagePlan, Pass, Staging, plan_outdated};
use crate::cycle::rehearsal::of_members;
use crate::cycle::{Run, Session, Stop, commit};
use crate::guard::{Removed, StagedKey, StagedRemoval};
use crate::ids::{IdHash, change_id};
use crate::job::Phase;
use crate::model::{SourceId, TargetId};

/// How many calls one group gets in a page, one after the other. Twenty: some seconds, and the deadline is looked at.
const CALLS: usize = 20;

/// How many members of one group a page holds at the most, however many the target takes in one call.
const MEMBERS: usize = 2_000;

/// How many members a page holds in all before it is executed: an intent of some hundred kilobytes.
const PAGE_MEMBERS: usize = 4_000;

/// How many groups one page looks at: as many as there are objects in other pages.
const PAGE_GROUPS: usize = 500;

/// Deals with the next page of groups; `false` when there are none.
pub(super) async fn step(run: &Run<'_>, session: &mut Session) -> Result<bool, Stop> {
    let mut plan = PagePlan::new(Phase::References);
    let mut looked_at = 0;
    let mut members = 0;
    while members < PAGE_MEMBERS && looked_at < PAGE_GROUPS {
        let Some(mut compared) = next(run, session).await? else { break };
        looked_at += 1;
        let is_settled = take(run, session, &mut compared, &mut plan);
        members += plan.rosters.last().map_or(0, |roster| roster.members.len());
        if !is_settled {
            session.references.compared.push_front(compared);
            // What is left of it is for the next page: a page has one roster of a group.
            break;
        }
        if plan.rosters.last().is_none_or(|roster| roster.group != compared.group) {
            run.ports.store.settle(&run.desk.lease().await?, &compared.group).await?;
        }
    }
    if looked_at == 0 {
        return Ok(false);
    }
    commit::execute_page(run, session, plan, false).await?;
    Ok(true)
}

/// The next group, compared with what it was given.
async fn next(run: &Run<'_>, session: &mut Session) -> Result<Option<Compared>, Stop> {
    if session.references.compared.is_empty() {
        let batch = batch(&mut session.references);
        let shared = &*session;
        let compared: VecDeque<Compared> = stream::iter(&batch)
            .map(|group| compare(run, shared, group))
            .buffered(READING)
            .try_collect::<Vec<_>>()
            .await?
            .into();
        session.references.compared = compared;
    }
    Ok(session.references.compared.pop_front())
}

fn batch(work: &mut Work) -> Vec<SourceId> {
    std::iter::from_fn(|| work.groups.pop_first()).take(READING).collect()
}

/// Puts the next part of what is to be done for a group into the plan; whether it was the last one.
fn take(run: &Run<'_>, session: &Session, compared: &mut Compared, plan: &mut PagePlan) -> bool {
    let members = part(run, &mut compared.add);
    let is_last = compared.add.is_empty();
    if is_last && compared.failure.is_none() {
        stage(run, session, compared, plan);
    }
    let mut roster = roster(session, compared, Purpose::Joining, members);
    roster.is_last = is_last;
    agree(run, &mut roster);
    let clears_escrow = roster.escrow.as_ref().is_some_and(|entry| entry.reference) && is_last;
    let is_staged = plan.stage.last().is_some_and(|staging| staging.removal.source_id == compared.group)
        || plan.unstage.last().is_some_and(|key| key.source_id == compared.group);
    let has_news = !roster.members.is_empty()
        || !roster.notes.is_empty()
        || !roster.waits.is_empty()
        || !roster.waited.is_empty()
        || roster.failure.is_some();
    if has_news || clears_escrow || is_staged {
        plan.rosters.push(roster);
    }
    is_last
}

/// Nobody joins or leaves a group whom the plan, where there is one, does not name. Who was refused waits in escrow.
pub(super) fn agree(run: &Run<'_>, roster: &mut Roster) {
    let ids: Vec<SourceId> = roster.members.iter().map(|(member, _)| member.clone()).collect();
    let footprint = || match roster.purpose {
        Purpose::Leaving => of_members(&[], &ids),
        Purpose::Joining | Purpose::Held => of_members(&ids, &[]),
    };
    if !ids.is_empty() && !run.watch.agrees(&roster.group, footprint) {
        roster.members.clear();
        roster.failure = Some(plan_outdated());
    }
}

/// As many members as one page takes of a group.
pub(super) fn part(run: &Run<'_>, members: &mut VecDeque<(SourceId, TargetId)>) -> Vec<(SourceId, TargetId)> {
    let per_call = run.ports.target.habits().members_per_call.max(1);
    let most = per_call.saturating_mul(CALLS).min(MEMBERS.max(per_call));
    members.drain(..members.len().min(most)).collect()
}

/// What one page does about the members of a group. What was found out about it goes with the first of its parts.
pub(super) fn roster(
    session: &Session,
    compared: &mut Compared,
    purpose: Purpose,
    members: Vec<(SourceId, TargetId)>,
) -> Roster {
    let pass = match purpose {
        Purpose::Joining => Pass::Joining,
        Purpose::Leaving => Pass::Leaving,
        Purpose::Held => Pass::HeldLeaving,
    };
    // Each part has an id of its own, the same one however the work is cut: nobody is in two parts.
    let part = members.first().map(|(member, _)| format!("{}\n{member}", compared.group));
    let named = part.map_or_else(|| compared.group.clone(), SourceId::new);
    let moved = members.len() as u64;
    let roster = Roster {
        change_id: change_id(session.checkpoint.cycle, &named, pass as u8),
        purpose,
        group: compared.group.clone(),
        object: compared.object.clone(),
        label: compared.label.clone(),
        display_name: compared.display_name.clone(),
        target: compared.target.clone(),
        members,
        notes: std::mem::take(&mut compared.notes),
        noted: std::mem::take(&mut compared.noted),
        given: compared.given,
        unresolved: std::mem::take(&mut compared.unresolved),
        left_out: std::mem::take(&mut compared.left_out),
        waits: std::mem::take(&mut compared.waits),
        waited: std::mem::take(&mut compared.waited),
        escrow: session.waiting.escrows.get(&IdHash::of(&compared.group)).cloned(),
        failure: compared.failure.take(),
        is_last: true,
        decision: None,
    };
    compared.given = match purpose {
        Purpose::Joining => compared.given.saturating_add_signed(roster.noted) + moved,
        Purpose::Leaving => compared.given.saturating_add_signed(roster.noted).saturating_sub(moved),
        Purpose::Held => compared.given,
    };
    roster
}

/// Stages those who leave for the guard: one row for the group, with their number.
fn stage(run: &Run<'_>, session: &Session, compared: &Compared, plan: &mut PagePlan) {
    let key = StagedKey { source_id: compared.group.clone(), members: true };
    let staged = session.waiting.staged.get(&key);
    let count = compared.leaving.len() as u64;
    match (staged, count) {
        (None, 0) => {}
        (Some(_), 0) => plan.unstage.push(key),
        (Some(row), count) if row.count == count => {}
        (staged, count) => plan.stage.push(Staging {
            removal: StagedRemoval {
                source_id: compared.group.clone(),
                removed: Removed::Memberships,
                count,
                // Whoever decided, or was told, knew of another number.
                decision: None,
                held_record: None,
                rejection_told: None,
                object: None,
                label: compared.label.clone(),
                staged_at: staged.map_or_else(|| run.ports.clock.now(), |row| row.staged_at),
            },
            is_new: staged.is_none(),
        }),
    }
}

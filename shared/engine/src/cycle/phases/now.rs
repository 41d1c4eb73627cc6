//! What a person asked for, done between two pages.

use std::collections::BTreeMap;

use super::removals::{item, managed};
use crate::cycle::plan::{PagePlan, Pass, plan_items};
use crate::cycle::{Run, Session, Stop, commit, on_demand, references};
use crate::guard::{Circumstances, HumanDecision, Removed, StagedKey, StagedRemoval, Verdict};
use crate::job::{Phase, QuarantineReason};
use crate::model::SourceId;

/// Provisions objects now, with their references and, as far as the guard agrees, their removals. The cycle at work
/// goes on where it stood.
pub(in crate::cycle) async fn provision_now(
    run: &Run<'_>,
    session: &mut Session,
    ids: &[SourceId],
) -> Result<(Vec<SourceId>, Option<String>), Stop> {
    let unknown = on_demand::now(run, session, ids).await?;
    if session.checkpoint.aside.is_none() {
        session.checkpoint.aside = Some(session.checkpoint.phase.clone());
        session.checkpoint.phase = Phase::References;
    }
    while session.checkpoint.phase == Phase::References {
        super::settle(run, session).await?;
    }
    let held = remove_now(run, session, ids).await?;
    Ok((unknown, held))
}

/// Executes the removals that are staged for objects, each kind judged together and with those of the rolling day. Why
/// some of them wait for a person.
async fn remove_now(run: &Run<'_>, session: &mut Session, ids: &[SourceId]) -> Result<Option<String>, Stop> {
    let mut held = None;
    let mut free = BTreeMap::new();
    for removed in Removed::ALL {
        let rows = staged(run, session, ids, removed);
        match why_held(run, session, removed, &rows) {
            Some(reason) => held = Some(reason),
            None => drop(free.insert(removed, rows)),
        }
    }
    let members = free.remove(&Removed::Memberships).unwrap_or_default();
    if !members.is_empty() {
        references::remove_members(run, session, &members).await?;
    }
    let free: Vec<StagedRemoval> = free.into_values().flatten().collect();
    if !free.is_empty() {
        let mut plan = PagePlan::new(session.checkpoint.phase.clone());
        let items = free.iter().map(item).collect();
        plan_items(run, session, Pass::Removal, items, 0, &mut plan).await?;
        for planned in plan.work.iter_mut().filter(|planned| planned.operation.is_removal()) {
            let row = free.iter().find(|row| row.source_id == planned.source_id);
            planned.decision = row.and_then(|row| row.decision.clone());
        }
        plan.unstage = free.iter().map(StagedRemoval::key).collect();
        commit::execute_page(run, session, plan, false).await?;
    }
    Ok(held)
}

/// What is staged for objects, of one kind, with the approval of whoever asks.
fn staged(run: &Run<'_>, session: &Session, ids: &[SourceId], removed: Removed) -> Vec<StagedRemoval> {
    let members = removed == Removed::Memberships;
    let key = |id: &SourceId| StagedKey { source_id: id.clone(), members };
    let approval = run.request.approved_by.clone().map(|by| HumanDecision {
        approved: true,
        by,
        at: run.ports.clock.now(),
    });
    let rows = ids.iter().filter_map(|id| session.waiting.staged.get(&key(id)));
    let rows = rows.filter(|row| row.removed == removed && row.rejection().is_none());
    let approved = |row: &StagedRemoval| StagedRemoval {
        decision: row.decision.clone().or_else(|| approval.clone()),
        ..row.clone()
    };
    rows.map(approved).collect()
}

fn why_held(run: &Run<'_>, session: &Session, removed: Removed, rows: &[StagedRemoval]) -> Option<String> {
    // One of those that a cycle held is not let through because somebody asked for it alone, perhaps to see what is wrong.
    let held =
        session.state.quarantine.as_ref().filter(|known| known.reason == QuarantineReason::TooManyDeletes);
    let undecided = rows.iter().any(|row| row.decision.is_none());
    if let (Some(held), true) = (held, undecided) {
        return Some(held.message.clone());
    }
    let at = run.ports.clock.now();
    let case = Circumstances {
        today: session.state.removed.within(at, removed),
        managed: managed(session, removed),
        thresholds: run.definition.thresholds,
        approved_by: run.request.approved_by.clone(),
        at,
    };
    Verdict::about(removed, rows, case)?.held_because()
}

//! What a person asked for, done between two pages.

use super::removals::{item, managed};
use crate::cycle::plan::{PagePlan, Pass, plan_items};
use crate::cycle::{Run, Session, Stop, commit, on_demand};
use crate::guard::{Circumstances, Removed, StagedKey, StagedRemoval, Verdict};
use crate::job::Phase;
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

/// Executes the removals that are staged for objects, judged together and with those of the rolling day. Why some of
/// them wait for a person. Members who leave a group wait for the cycle.
async fn remove_now(run: &Run<'_>, session: &mut Session, ids: &[SourceId]) -> Result<Option<String>, Stop> {
    let (mut free, mut held) = (Vec::new(), None);
    for removed in [Removed::Users, Removed::Groups] {
        let rows = staged(session, ids, removed);
        match why_held(run, session, removed, &rows) {
            Some(reason) => held = Some(reason),
            None => free.extend(rows),
        }
    }
    if !free.is_empty() {
        let mut plan = PagePlan::new(session.checkpoint.phase.clone());
        let items = free.iter().map(item).collect();
        plan_items(run, session, Pass::Removal, items, 0, &mut plan).await?;
        plan.unstage = free.iter().map(StagedRemoval::key).collect();
        commit::execute_page(run, session, plan, false).await?;
    }
    Ok(held)
}

/// What is staged for objects, of one kind.
fn staged(session: &Session, ids: &[SourceId], removed: Removed) -> Vec<StagedRemoval> {
    let key = |id: &SourceId| StagedKey { source_id: id.clone(), members: false };
    let rows = ids.iter().filter_map(|id| session.waiting.staged.get(&key(id)));
    rows.filter(|row| row.removed == removed && row.rejection().is_none()).cloned().collect()
}

fn why_held(run: &Run<'_>, session: &Session, removed: Removed, rows: &[StagedRemoval]) -> Option<String> {
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

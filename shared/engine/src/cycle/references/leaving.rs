//! Taking members out of groups, once the guard agreed, and telling of those who have to wait.

use super::compare::compare;
use super::members::{agree, part, roster};
use super::roster::{Purpose, Roster};
use super::work::read_waiting;
use crate::cycle::plan::{PagePlan, Staging};
use crate::cycle::{Run, Session, Stop, commit};
use crate::guard::{StagedKey, StagedRemoval};
use crate::ids::record_id;

/// How many members of groups are told of, or taken out, in one page.
const PAGE_MEMBERS: usize = 4_000;

/// How many groups one page looks at.
const PAGE_GROUPS: usize = 100;

/// Takes out of their groups those who still leave, and unstages the rows that are done with. How many were taken out.
///
/// A row carries the approval it has, by itself or with all others: those are not counted towards the rolling day.
///
/// It returns early when the deadline has come: rows not done with stay staged. A row is done with also when a call
/// failed: the group is in escrow then, and those who still leave are staged again when it is tried again. What is left
/// out or taken out is counted with the commit of each page, so that a replay counts it once.
pub(in crate::cycle) async fn remove_members(
    run: &Run<'_>,
    session: &mut Session,
    rows: &[StagedRemoval],
) -> Result<u64, Stop> {
    let before = session.checkpoint.figures.members_removed;
    read_waiting(run, session).await?;
    let mut rows = rows.iter();
    let mut half_done = None;
    while !run.deadline_has_come() {
        let mut plan = PagePlan::new(session.checkpoint.phase.clone());
        let mut members = 0;
        while members < PAGE_MEMBERS && plan.unstage.len() < PAGE_GROUPS {
            let (mut compared, decision) = match half_done.take() {
                Some(half_done) => half_done,
                None => match rows.next() {
                    Some(row) => (compare(run, session, &row.source_id).await?, row.decision.clone()),
                    None => break,
                },
            };
            let key = StagedKey { source_id: compared.group.clone(), members: true };
            // Who joins is for the references of the next cycle: only who leaves was judged.
            let leaving = part(run, &mut compared.leaving);
            if leaving.is_empty() {
                plan.unstage.push(key);
                continue;
            }
            members += leaving.len();
            compared.forget_news();
            let is_last = compared.leaving.is_empty();
            let mut roster = roster(session, &mut compared, Purpose::Leaving, leaving);
            agree(run, &mut roster);
            plan.rosters.push(Roster { decision: decision.clone(), ..roster });
            if !is_last {
                half_done = Some((compared, decision));
                break;
            }
            plan.unstage.push(key);
        }
        if plan.is_quiet() {
            break;
        }
        commit::execute_page(run, session, plan, false).await?;
    }
    Ok(session.checkpoint.figures.members_removed - before)
}

/// Tells of members whose leaving is held, or was rejected by a person, once for each row and rejection.
pub(in crate::cycle) async fn hold_members(
    run: &Run<'_>,
    session: &mut Session,
    rows: &[StagedRemoval],
) -> Result<(), Stop> {
    read_waiting(run, session).await?;
    let is_news = |row: &&StagedRemoval| match row.rejection() {
        Some(_) => row.rejection_is_news(),
        None => row.held_record.is_none(),
    };
    let untold: Vec<&StagedRemoval> = rows.iter().filter(is_news).collect();
    for page in untold.chunks(PAGE_GROUPS) {
        let mut plan = PagePlan::new(session.checkpoint.phase.clone());
        for row in page {
            let mut compared = compare(run, session, &row.source_id).await?;
            if compared.leaving.is_empty() || compared.target.is_none() {
                continue;
            }
            compared.forget_news();
            let told = part(run, &mut compared.leaving);
            let roster = roster(session, &mut compared, Purpose::Held, told);
            let removal = match row.rejection() {
                Some(rejection) => StagedRemoval { rejection_told: Some(rejection.at), ..(*row).clone() },
                None => StagedRemoval { held_record: Some(record_id(roster.change_id)), ..(*row).clone() },
            };
            plan.stage.push(Staging { removal, is_new: false });
            plan.rosters.push(Roster { decision: row.decision.clone(), ..roster });
        }
        if !plan.is_quiet() {
            commit::execute_page(run, session, plan, false).await?;
        }
    }
    Ok(())
}

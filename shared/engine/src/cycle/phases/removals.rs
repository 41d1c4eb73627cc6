//! Executing what was staged, once the guard agreed.
//!
//! In: the staged rows, what people decided about single ones, how much was removed within the day. Out: removals executed
//! page by page; the others told, each once.
//!
//! # Promises
//! The verdict about a kind of removal is stored before the first of that kind is executed, and a slice that goes on
//! after a kill keeps it: what was executed before the kill is not missing from it. Approved rows are executed whatever
//! it says, rejected ones never; both stay out of it. What is held of one kind does not keep the other kinds waiting.
//! Every row is decided again just before it is executed: one that is no removal any more becomes the ordinary work that
//! it is, and needs nobody's approval.

use std::collections::BTreeSet;

use super::PAGE;
use crate::cycle::plan::{Item, PagePlan, Pass, Planned, Staging, plan_items};
use crate::cycle::{Run, Session, Stop, commit, references};
use crate::decide::Operation;
use crate::guard::{Circumstances, HumanDecision, Removed, StagedKey, StagedRemoval, Verdict};
use crate::ids::IdHash;
use crate::job::Phase;
use crate::model::{ObjectType, SkipReason, SourceId};
use crate::ports::FingerprintChange;

/// In which order kinds are executed. Groups first: their memberships go with them. Memberships before people, so that
/// nobody is to be taken out of a group whose account is gone by then.
const ORDER: [Removed; 3] = [Removed::Groups, Removed::Memberships, Removed::Users];

/// Executes a page of staged removals that may go on, or tells of those that may not and ends the phase.
pub(super) async fn removals(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    forget_strays(run, session).await?;
    judge(run, session).await?;
    let rows: Vec<StagedRemoval> = session.waiting.staged.values().cloned().collect();
    let next = ORDER.iter().find_map(|kind| {
        let free: Vec<StagedRemoval> =
            rows.iter().filter(|row| row.removed == *kind && may_go_on(session, row)).cloned().collect();
        (!free.is_empty()).then_some((*kind, free))
    });
    match next {
        Some((Removed::Memberships, free)) => execute_members(run, session, free).await,
        Some((_, free)) => execute(run, session, &free.iter().take(PAGE).cloned().collect::<Vec<_>>()).await,
        None => {
            reject(run, session, &rows).await?;
            hold(run, session, &rows).await?;
            session.checkpoint.phase = super::drift::first(run, session);
            Ok(())
        }
    }
}

/// Takes away rows that nobody counted: a worker that was taken over may have written them after they were deleted, and an
/// absent row has no fence that could refuse it. Once a slice, and only where something was written at all.
async fn forget_strays(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if session.checkpoint.page == 0 || std::mem::replace(&mut session.swept_strays, true) {
        return Ok(());
    }
    let rows = run.ports.store.staged(&run.definition.job).await?;
    let is_stray = |key: &StagedKey| !session.waiting.staged.contains_key(key);
    let strays: Vec<StagedKey> = rows.iter().map(StagedRemoval::key).filter(is_stray).collect();
    if !strays.is_empty() {
        run.ports.store.unstage(&run.desk.lease().await?, &strays).await?;
    }
    Ok(())
}

/// Judges the kinds of removal that were not judged in this cycle, and stores the verdicts.
async fn judge(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    let rows: Vec<StagedRemoval> = session.waiting.staged.values().cloned().collect();
    let at = run.ports.clock.now();
    let mut is_new = false;
    for removed in Removed::ALL {
        if verdict(session, removed).is_some() {
            continue;
        }
        let case = Circumstances {
            today: session.state.removed.within(at, removed),
            managed: managed(session, removed),
            thresholds: run.definition.thresholds,
            approved_by: run.request.approved_by.clone(),
            at,
        };
        if let Some(verdict) = Verdict::about(removed, &rows, case) {
            session.checkpoint.total += verdict.removals;
            session.checkpoint.verdicts.push(verdict);
            is_new = true;
        }
    }
    // Who approves a cycle that was cut after it was judged means what was judged.
    if let Some(by) = &run.request.approved_by {
        for verdict in session.checkpoint.verdicts.iter_mut().filter(|verdict| verdict.approved_by.is_none())
        {
            verdict.approved_by = Some(by.clone());
            is_new = true;
        }
    }
    if is_new { run.save(session, &[]).await } else { Ok(()) }
}

fn verdict(session: &Session, removed: Removed) -> Option<&Verdict> {
    session.checkpoint.verdicts.iter().find(|verdict| verdict.removed == removed)
}

/// How many of them there are now.
pub(super) fn managed(session: &Session, removed: Removed) -> u64 {
    let counts = &session.state.counts;
    match removed {
        Removed::Users => counts.linked,
        Removed::Groups => counts.groups.linked,
        Removed::Memberships => counts.groups.memberships,
    }
}

/// Whether a row may be executed. What was not judged may not, unless a person approved it.
fn may_go_on(session: &Session, row: &StagedRemoval) -> bool {
    match &row.decision {
        Some(decision) => decision.approved,
        None => verdict(session, row.removed).is_some_and(|verdict| verdict.held_because().is_none()),
    }
}

/// Who approved a row: by itself, or with everything of its kind.
fn approval(session: &Session, row: &StagedRemoval) -> Option<HumanDecision> {
    let of_all = || {
        let verdict = verdict(session, row.removed)?;
        Some(HumanDecision { approved: true, by: verdict.approved_by.clone()?, at: verdict.at })
    };
    row.approval().cloned().or_else(of_all)
}

/// Executes removals of people or groups. Whatever became of them, they no longer wait.
async fn execute(run: &Run<'_>, session: &mut Session, page: &[StagedRemoval]) -> Result<(), Stop> {
    let mut plan = removal_plan(run, session, page).await?;
    for planned in plan.work.iter_mut().filter(|planned| planned.operation.is_removal()) {
        planned.decision = row(session, planned).and_then(|row| approval(session, row));
    }
    plan.unstage = page.iter().map(StagedRemoval::key).collect();
    commit::execute_page(run, session, plan, false).await
}

/// Executes removals of memberships, each row with its approval, where it has one. Whoever does it commits its own
/// pages, and leaves staged only what the deadline left over.
async fn execute_members(run: &Run<'_>, session: &mut Session, rows: Vec<StagedRemoval>) -> Result<(), Stop> {
    let approved = |row: StagedRemoval| StagedRemoval { decision: approval(session, &row), ..row };
    let rows: Vec<StagedRemoval> = rows.into_iter().map(approved).collect();
    references::remove_members(run, session, &rows).await?;
    Ok(())
}

/// Tells of every held removal once, however many cycles it waits.
async fn hold(run: &Run<'_>, session: &mut Session, rows: &[StagedRemoval]) -> Result<(), Stop> {
    let held: Vec<StagedRemoval> = rows.iter().filter(|row| row.decision.is_none()).cloned().collect();
    session.checkpoint.figures.held = held.iter().map(|row| row.count).sum();
    let untold = held.into_iter().filter(|row| row.held_record.is_none());
    let (members, objects): (Vec<StagedRemoval>, Vec<StagedRemoval>) =
        untold.partition(|row| row.removed == Removed::Memberships);
    if !members.is_empty() {
        references::hold_members(run, session, &members).await?;
    }
    for page in objects.chunks(PAGE) {
        let mut plan = removal_plan(run, session, page).await?;
        let (held, other) = plan.work.into_iter().partition(|planned| planned.operation.is_removal());
        (plan.held, plan.work) = (held, other);
        let ids: BTreeSet<SourceId> = plan.held.iter().map(|planned| planned.source_id.clone()).collect();
        keep(&mut plan, &ids);
        commit::execute_page(run, session, plan, false).await?;
    }
    Ok(())
}

/// Tells of every rejected removal once. Its row stays, so that nobody is asked again.
async fn reject(run: &Run<'_>, session: &mut Session, rows: &[StagedRemoval]) -> Result<(), Stop> {
    let (members, objects): (Vec<StagedRemoval>, Vec<StagedRemoval>) = rows
        .iter()
        .filter(|row| row.rejection_is_news())
        .cloned()
        .partition(|row| row.removed == Removed::Memberships);
    if !members.is_empty() {
        references::hold_members(run, session, &members).await?;
    }
    for page in objects.chunks(PAGE) {
        let mut plan = removal_plan(run, session, page).await?;
        let mut rejected = BTreeSet::new();
        for planned in plan.work.iter_mut().filter(|planned| planned.operation.is_removal()) {
            let Some(row) = row(session, planned) else { continue };
            let Some(rejection) = row.rejection() else { continue };
            rejected.insert(planned.source_id.clone());
            let told = StagedRemoval { rejection_told: Some(rejection.at), ..row.clone() };
            plan.stage.push(Staging { removal: told, is_new: false });
            planned.operation = Operation::Skip(SkipReason::RemovalRejected);
            planned.decision = Some(rejection.clone());
        }
        keep(&mut plan, &rejected);
        commit::execute_page(run, session, plan, false).await?;
    }
    Ok(())
}

/// Whose removal is not executed stays staged, and known although the source no longer shows them.
fn keep(plan: &mut PagePlan, ids: &BTreeSet<SourceId>) {
    plan.unstage.retain(|key| !ids.contains(&key.source_id));
    let hashes: BTreeSet<IdHash> = ids.iter().map(IdHash::of).collect();
    plan.fingerprints.retain(|change| !matches!(change, FingerprintChange::Gone(id) if hashes.contains(id)));
}

fn row<'s>(session: &'s Session, planned: &Planned) -> Option<&'s StagedRemoval> {
    session.waiting.staged.get(&planned.staged_key())
}

/// A staged removal of a person or a group, to be decided again.
pub(super) fn item(row: &StagedRemoval) -> Item {
    let kind = if row.removed == Removed::Groups { ObjectType::Group } else { ObjectType::User };
    Item::new(kind, row.source_id.clone(), row.object.clone())
}

/// Decides again about staged removals of people and groups.
async fn removal_plan(
    run: &Run<'_>,
    session: &mut Session,
    page: &[StagedRemoval],
) -> Result<PagePlan, Stop> {
    let mut plan = PagePlan::new(Phase::Removals);
    plan.objects = page.len() as u64;
    let items = page.iter().map(item).collect();
    plan_items(run, session, Pass::Removal, items, 0, &mut plan).await?;
    Ok(plan)
}

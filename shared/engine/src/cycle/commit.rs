//! Committing a page: what was done becomes remembered, told and counted.
//!
//! Order: links and claims, then records (both written while objects finish), staged rows, fingerprints, and last
//! the checkpoint, which carries the figures and moves the position. Everything before the checkpoint has
//! derived keys and true content, so a replay writes the same rows again and counts nothing twice.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::execute::{Done, entry, execute};
use super::log::Log;
use super::plan::{PagePlan, Planned};
use super::{Run, Session, Stop, references};
use crate::decide::Operation;
use crate::escrow::FailureCode;
use crate::guard::{Removed, StagedRemoval};
use crate::ids::{IdHash, record_id};
use crate::job::{Checkpoint, Counts, Figures, adjusted};
use crate::model::{Attributes, Link, ObjectType, SkipReason, TargetId};

/// Executes a page and commits it. A page that has nothing to do only moves the position, in memory.
pub(super) async fn execute_page(
    run: &Run<'_>,
    session: &mut Session,
    mut plan: PagePlan,
    replay: bool,
) -> Result<(), Stop> {
    if plan.is_quiet() {
        session.advance(&plan);
        return run.save_if_due(session).await;
    }
    if !replay {
        references::foresee(run, session, &mut plan).await?;
        super::intent::store(run, session, &plan).await?;
    }
    let log = Log::new(run, &session.checkpoint);
    let (done, mut records) = execute(run, &log, &plan.work, replay).await?;
    records += log.rest(&plan).await?;
    let (enrolled, told) = references::enrol(run, &log, &plan.rosters, replay).await?;
    records += told;
    write_staged(run, session, &plan).await?;
    references::remember(run, session, &plan, (&done, &enrolled), replay).await?;
    references::count(session, &plan.rosters, enrolled, run.ports.clock.now());
    if !plan.fingerprints.is_empty() {
        let lease = run.desk.lease().await?;
        let checkpoint = &session.checkpoint;
        run.ports
            .store
            .append_fingerprints(&lease, checkpoint.cycle, checkpoint.page, &plan.fingerprints)
            .await?;
        session.state.unfolded = true;
    }
    let now = run.ports.clock.now();
    for done in &done {
        count(&mut session.checkpoint, &mut session.state.counts, done);
        if done.outcome.is_ok() && done.planned.counts_towards_the_day() {
            session.state.removed.add(now, Removed::of(done.planned.kind), 1);
        }
        learn(session, run, done);
        wait(session, done);
    }
    let new = plan.stage.iter().filter(|staging| staging.is_new).count() as u64;
    let counts = &mut session.state.counts;
    counts.staged = (counts.staged + new).saturating_sub(plan.unstage.len() as u64);
    session.checkpoint.figures.log_records += records;
    let unreadable = plan.unreadable.len() as u64;
    session.checkpoint.figures.failed += unreadable;
    session.checkpoint.failures.count(FailureCode::ImportSkipped, unreadable);
    session.advance(&plan);
    session.checkpoint.page += 1;
    session.checkpoint.intent = false;
    run.save(session, &[]).await
}

/// The link as it is after `planned` succeeded with `target`.
pub(super) fn link_of(planned: &Planned, target: Option<&TargetId>, now: Timestamp) -> Link {
    if matches!(planned.operation, Operation::Delete(_)) {
        return without_account(planned);
    }
    let prior = planned.prior.as_ref();
    let skipped = match &planned.operation {
        Operation::Skip(reason) => Some(*reason),
        Operation::Adopt(_) => Some(SkipReason::RedundantExport),
        _ => None,
    };
    let target_gone = skipped == Some(SkipReason::TargetObjectGone);
    let target_id = target
        .cloned()
        .or_else(|| if target_gone { None } else { prior.and_then(|link| link.target_id.clone()) });
    let linked_at = prior.and_then(|link| link.linked_at).or_else(|| target_id.as_ref().map(|_| now));
    Link {
        source_id: planned.source_id.clone(),
        object_type: planned.kind,
        shadow: after(planned),
        target_id,
        in_scope: planned.in_scope,
        unmanaged: planned.unmanaged,
        skipped,
        display_name: display_name(planned),
        change_id: planned.change_id,
        linked_at,
        pending: planned.pending.clone(),
        object: planned.object.clone(),
    }
}

/// What is remembered of somebody who is in the source, and whose account was deleted because it cannot be switched off.
fn without_account(planned: &Planned) -> Link {
    let reason = if planned.unmanaged { SkipReason::NotInScope } else { SkipReason::NotActiveInSource };
    Link {
        source_id: planned.source_id.clone(),
        object_type: planned.kind,
        target_id: None,
        shadow: Attributes::new(),
        in_scope: false,
        unmanaged: false,
        skipped: Some(reason),
        display_name: display_name(planned),
        change_id: planned.change_id,
        linked_at: None,
        pending: BTreeMap::new(),
        object: planned.object.clone(),
    }
}

/// What the account holds once `planned` is done.
fn after(planned: &Planned) -> Attributes {
    match &planned.operation {
        Operation::Create(attributes) => attributes.clone(),
        Operation::Update(_, changes) | Operation::Disable(_, changes) => {
            let mut shadow = planned.before.clone();
            for change in changes {
                match change.outcome() {
                    Some(value) => shadow.insert(change.path.clone(), value),
                    None => shadow.remove(&change.path),
                };
            }
            shadow
        }
        _ => planned.before.clone(),
    }
}

/// The name under which the object is known from now on.
pub(super) fn display_name(planned: &Planned) -> Option<String> {
    let now = planned.object.as_ref().and_then(|object| object.display_name.clone());
    now.or_else(|| planned.prior.as_ref().and_then(|link| link.display_name.clone()))
}

async fn write_staged(run: &Run<'_>, session: &mut Session, plan: &PagePlan) -> Result<(), Stop> {
    let lease = run.desk.lease().await?;
    let held = plan.held.iter().filter_map(|planned| {
        let removal = session.waiting.staged.get(&planned.staged_key())?;
        Some(StagedRemoval { held_record: Some(record_id(planned.change_id)), ..removal.clone() })
    });
    let staged: Vec<StagedRemoval> =
        plan.stage.iter().map(|staging| staging.removal.clone()).chain(held).collect();
    if !staged.is_empty() {
        run.ports.store.stage(&lease, &staged).await?;
    }
    if !plan.unstage.is_empty() {
        run.ports.store.unstage(&lease, &plan.unstage).await?;
    }
    for removal in staged {
        session.waiting.staged.insert(removal.key(), removal);
    }
    for key in &plan.unstage {
        session.waiting.staged.remove(key);
    }
    Ok(())
}

/// Counts one finished object into figures: the checkpoint's at commit, and the live ones meanwhile.
pub(super) fn tally(figures: &mut Figures, operation: &Operation, succeeded: bool) {
    let counter = match (operation, succeeded) {
        (_, false) => &mut figures.failed,
        (Operation::Create(_), _) => &mut figures.created,
        (Operation::Update(..), _) => &mut figures.updated,
        (Operation::Disable(..), _) => &mut figures.disabled,
        (Operation::Delete(_), _) => &mut figures.deleted,
        (Operation::Skip(_) | Operation::Adopt(_), _) => &mut figures.skipped,
        (Operation::Ask(_) | Operation::Choose(_) | Operation::Fail(_) | Operation::Forget, _) => return,
    };
    *counter += 1;
}

/// Whether an object is linked once `operation` succeeded.
fn links(operation: &Operation, was_linked: bool) -> bool {
    match operation {
        Operation::Create(_) | Operation::Update(..) | Operation::Disable(..) | Operation::Adopt(_) => true,
        Operation::Delete(_) | Operation::Forget | Operation::Skip(SkipReason::TargetObjectGone) => false,
        Operation::Skip(_) | Operation::Ask(_) | Operation::Choose(_) | Operation::Fail(_) => was_linked,
    }
}

fn count(checkpoint: &mut Checkpoint, counts: &mut Counts, done: &Done) {
    let Done { planned, outcome, .. } = done;
    let was_linked = planned.prior.as_ref().is_some_and(|link| link.target_id.is_some());
    let was_in_scope = planned.prior.as_ref().is_some_and(|link| link.in_scope);
    let was_escrowed = planned.escrow.is_some();
    tally(&mut checkpoint.figures, &planned.operation, outcome.is_ok());
    if let Err(failure) = outcome {
        checkpoint.failures.count(failure.code, 1);
    }
    let (is_linked, is_in_scope) = match outcome {
        Ok(_) => (links(&planned.operation, was_linked), planned.in_scope),
        Err(_) => (was_linked, was_in_scope),
    };
    counts.exported += u64::from(outcome.is_ok() && planned.operation.is_export());
    let (linked, ever_linked, in_scope) = match planned.kind {
        ObjectType::User => (&mut counts.linked, &mut counts.ever_linked, &mut counts.in_scope),
        ObjectType::Group => {
            let groups = &mut counts.groups;
            (&mut groups.linked, &mut groups.ever_linked, &mut groups.in_scope)
        }
    };
    *linked = adjusted(*linked, difference(was_linked, is_linked));
    *ever_linked += u64::from(is_linked && !was_linked);
    *in_scope = adjusted(*in_scope, difference(was_in_scope, is_in_scope));
    counts.escrowed = adjusted(counts.escrowed, difference(was_escrowed, outcome.is_err()));
    let was_reference = planned.escrow.as_ref().is_some_and(|entry| entry.reference);
    let is_reference = outcome.is_err() && planned.reference;
    counts.escrowed_references =
        adjusted(counts.escrowed_references, difference(was_reference, is_reference));
}

pub(super) fn difference(before: bool, after: bool) -> i64 {
    i64::from(after) - i64::from(before)
}

/// Whoever was tried in a page is not tried again in the same cycle, least of all as they were before.
fn wait(session: &mut Session, done: &Done) {
    let hash = IdHash::of(&done.planned.source_id);
    match &done.outcome {
        Ok(_) => drop(session.waiting.escrows.remove(&hash)),
        Err(failure) => {
            let entry = entry(&done.planned, failure.clone(), done.finished);
            session.waiting.escrows.insert(hash, entry);
        }
    }
}

fn learn(session: &mut Session, run: &Run<'_>, done: &Done) {
    if let (Operation::Create(attributes), Ok(Some(id))) = (&done.planned.operation, &done.outcome) {
        let kind = done.planned.kind;
        session.matcher(kind).learn(id, attributes, run.definition.mapping_of(kind));
    }
}

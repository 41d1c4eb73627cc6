//! Executing planned work: calls to the target, and what their answers mean.
//!
//! In: what was planned for each object. Out: what was done to each, after the link, the claim and the escrow
//! entry that tell of it were written. Operations run side by side, as many as the target is good for.
//!
//! # Guarantees
//! No call starts unless the lease outlasts it. A replay asks the target before it creates anyone, and leaves
//! alone whoever's link already carries the change. A create whose answer was lost is looked for, not repeated.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::choosing::{Reserved, choose};
use super::log::Log;
use super::matching::{Candidates, Matcher};
use super::plan::Planned;
use super::{Run, Stop, doubt};
use crate::decide::{Answer, Case, Operation, Presence, conflict, decide};
use crate::escrow::{EscrowEntry, Failure, FailureCode};
use crate::ids::IdHash;
use crate::mapping::is_as_wanted;
use crate::model::{Attributes, Link, SkipReason, SourceObject, TargetId, TargetObject};
use crate::ports::{ClaimOutcome, TargetError, TargetErrorKind, TargetOperation};

/// What was done to one object.
#[derive(Debug, Clone)]
pub(super) struct Done {
    /// What was planned, corrected where the target turned out to be different: a create that met an account
    /// became an update of it, an update of a vanished account a create.
    pub(super) planned: Planned,
    pub(super) outcome: Result<Option<TargetId>, Failure>,
    pub(super) finished: Timestamp,
    pub(super) milliseconds: u64,
}

/// What the target answered for one object, before it is written down.
struct Called {
    planned: Planned,
    outcome: Result<Option<TargetId>, Failure>,
    began: Timestamp,
}

/// How many objects are written down at once. Writing down takes two requests of some milliseconds each; sixteen at
/// once keep up with the eight calls to the target that usually run beside them.
const SETTLING: usize = 16;

/// How many finished objects are told of in one go: with their names they fill five batches of DynamoDB's 25 rows.
const TOLD: usize = 25;

/// How many such goes are under way at once.
const TELLING: usize = 4;

/// Executes a page's work; the answers come in the order of the plan, with the number of records written. Calls,
/// writing down and telling run side by side: nobody's slot at the target is held while another object is stored.
pub(super) async fn execute(
    run: &Run<'_>,
    log: &Log<'_>,
    work: &[Planned],
    replay: bool,
) -> Result<(Vec<Done>, u64), Stop> {
    let size = batch_size(run, work).await;
    let told: Vec<(Vec<usize>, Vec<Done>, u64)> = stream::iter(work.chunks(size).enumerate())
        .map(async |(batch, planned)| {
            let called = call_batch(run, planned, replay).await?;
            let numbered =
                called.into_iter().enumerate().map(move |(turn, called)| (batch * size + turn, called));
            Ok::<_, Stop>(stream::iter(numbered.map(Ok)))
        })
        .buffer_unordered(run.ports.target.habits().concurrency)
        .try_flatten()
        .map_ok(async |(position, called)| Ok::<_, Stop>((position, settle(run, called, replay).await?)))
        .try_buffer_unordered(SETTLING)
        .try_chunks(TOLD)
        .map_err(|stopped| stopped.1)
        .map_ok(async |chunk| {
            // Before anybody's failure is told: a target that answered nobody has failed as a whole.
            run.nobody_answered()?;
            let (positions, done): (Vec<usize>, Vec<Done>) = chunk.into_iter().unzip();
            let records = log.done(&done).await?;
            Ok::<_, Stop>((positions, done, records))
        })
        .try_buffer_unordered(TELLING)
        .try_collect()
        .await?;
    let records = told.iter().map(|(.., records)| records).sum();
    let mut done: Vec<(usize, Done)> =
        told.into_iter().flat_map(|(positions, done, _)| positions.into_iter().zip(done)).collect();
    done.sort_unstable_by_key(|(position, _)| *position);
    Ok((done.into_iter().map(|(_, done)| done).collect(), records))
}

/// Operations per call; asked only when there is something to send, so that a quiet page discovers nothing.
async fn batch_size(run: &Run<'_>, work: &[Planned]) -> usize {
    match work.iter().filter(|planned| planned.operation.is_export()).count() {
        0 | 1 => 1,
        _ => run.ports.target.batch_size().await.max(1),
    }
}

async fn call_batch(run: &Run<'_>, batch: &[Planned], replay: bool) -> Result<Vec<Called>, Stop> {
    let began = run.ports.clock.now();
    let mut results: Vec<Option<Result<Option<TargetId>, Failure>>> = vec![None; batch.len()];
    let mut planned = batch.to_vec();
    if replay {
        recall(run, &mut planned, &mut results).await?;
    }
    for (planned, result) in planned.iter().zip(&mut results).filter(|(_, result)| result.is_none()) {
        if let Some(conflict) = claim_match(run, planned).await? {
            *result = Some(Err(conflict));
        }
    }
    let calls: Vec<(usize, TargetOperation)> = planned
        .iter()
        .enumerate()
        .filter(|(position, _)| results[*position].is_none())
        .filter_map(|(position, planned)| Some((position, call(planned)?)))
        .collect();
    if !calls.is_empty() {
        run.before_call().await?;
        let (positions, operations): (Vec<usize>, Vec<TargetOperation>) = calls.into_iter().unzip();
        let mut answers = run.ports.target.execute(&operations).await.into_iter();
        for position in positions {
            let result = match answers.next() {
                Some(Ok(id)) => {
                    run.target_is_well();
                    Ok(Some(id))
                }
                Some(Err(error)) => recover(run, &mut planned[position], error).await?,
                None => Err(unanswered()),
            };
            results[position] = Some(result);
        }
    }
    let called = planned.into_iter().zip(results).map(|(planned, result)| {
        let outcome = result.unwrap_or_else(|| without_call(&planned.operation));
        Called { planned, outcome, began }
    });
    Ok(called.collect())
}

/// Claims an account that was found by matching before it is changed; why it cannot be changed, when it is another's.
async fn claim_match(run: &Run<'_>, planned: &Planned) -> Result<Option<Failure>, Stop> {
    let is_linked = planned.prior.as_ref().is_some_and(|link| link.target_id.is_some());
    let (Operation::Update(id, _) | Operation::Disable(id, _)) = &planned.operation else { return Ok(None) };
    if planned.matched_by.is_none() || is_linked {
        return Ok(None);
    }
    match run.desk.claim(planned.kind, id, &planned.source_id).await? {
        ClaimOutcome::Granted => Ok(None),
        ClaimOutcome::HeldBy(owner) => Ok(Some(conflict(&Answer::Taken(id.clone(), owner)))),
    }
}

fn call(planned: &Planned) -> Option<TargetOperation> {
    let kind = planned.kind;
    match &planned.operation {
        Operation::Create(attributes) => Some(TargetOperation::Create(kind, attributes.clone())),
        Operation::Update(id, changes) | Operation::Disable(id, changes) => {
            Some(TargetOperation::Update(kind, id.clone(), changes.clone()))
        }
        Operation::Delete(id) => Some(TargetOperation::Delete(kind, id.clone())),
        _ => None,
    }
}

fn without_call(operation: &Operation) -> Result<Option<TargetId>, Failure> {
    match operation {
        Operation::Fail(failure) => Err(failure.clone()),
        Operation::Adopt(id) => Ok(Some(id.clone())),
        _ => Ok(None),
    }
}

/// On a replay: whose link already carries the change, or is gone with the account, is done; whoever was to be created is
/// looked for.
async fn recall(
    run: &Run<'_>,
    batch: &mut [Planned],
    results: &mut [Option<Result<Option<TargetId>, Failure>>],
) -> Result<(), Stop> {
    let hashes: Vec<IdHash> = batch.iter().map(|planned| IdHash::of(&planned.source_id)).collect();
    let links = run.ports.store.links(&run.definition.job, &hashes).await?;
    for ((planned, hash), result) in batch.iter_mut().zip(hashes).zip(results) {
        let done = links.get(&hash).filter(|link| link.change_id == planned.change_id);
        if let (Some(link), true) = (done, planned.operation.is_export()) {
            restore(run, planned, link).await?;
            *result = Some(Ok(link.target_id.clone()));
            continue;
        }
        // The account was deleted, and nothing else takes a link away.
        if let (Operation::Delete(id), None) = (&planned.operation, links.get(&hash)) {
            *result = Some(Ok(Some(id.clone())));
            continue;
        }
        if let Operation::Create(attributes) = &planned.operation {
            let made = |account: &TargetObject| is_as_wanted(&account.attributes, attributes);
            *result = match look_for(run, planned, attributes.clone()).await? {
                // The create happened before the kill, and only its answer was lost.
                Ok(Answer::One(_, account)) if made(&account) => Some(Ok(Some(account.id))),
                Ok(answer @ Answer::One(..)) => Some(decide_again(run, planned, &answer).await?),
                // Ambiguity is met again, and judged, by the create itself.
                Ok(_) => None,
                // Whom nobody could ask about may have been made before the kill: a target that minds no duplicates would
                // make them twice.
                Err(failure) => Some(Err(failure)),
            };
        }
    }
    Ok(())
}

/// A link that already carries the change may have been written after the plan was corrected (see
/// [`Done::planned`]); nothing to correct otherwise.
async fn restore(run: &Run<'_>, planned: &mut Planned, link: &Link) -> Result<(), Stop> {
    if matches!(planned.operation, Operation::Delete(_)) {
        return Ok(());
    }
    let Some(target) = &link.target_id else {
        planned.operation = Operation::Skip(link.skipped.unwrap_or(SkipReason::TargetObjectGone));
        planned.before = Attributes::new();
        return Ok(());
    };
    let lost = match &planned.operation {
        Operation::Update(id, _) | Operation::Disable(id, _) => id != target,
        _ => false,
    };
    if lost {
        planned.operation = Operation::Create(link.shadow.clone());
        planned.before = Attributes::new();
        run.desk.claim(planned.kind, target, &planned.source_id).await?;
    }
    Ok(())
}

/// Asks the target for the account of someone who was to be created, by every matching attribute.
async fn look_for(
    run: &Run<'_>,
    planned: &Planned,
    attributes: Attributes,
) -> Result<Result<Answer, Failure>, Stop> {
    let values = run
        .definition
        .mapping_of(planned.kind)
        .matching()
        .iter()
        .filter_map(|path| Some((path.clone(), attributes.get(path)?.clone())))
        .collect();
    Matcher::asking(planned.kind).answer(run, &Candidates { id: planned.source_id.clone(), values }).await
}

/// What follows from a failed call, as far as asking the target again can mend it.
async fn recover(
    run: &Run<'_>,
    planned: &mut Planned,
    error: TargetError,
) -> Result<Result<Option<TargetId>, Failure>, Stop> {
    match (planned.operation.clone(), error.kind) {
        (Operation::Create(attributes), TargetErrorKind::Ambiguous) => {
            match look_for(run, planned, attributes).await? {
                Ok(Answer::One(_, account)) => Ok(Ok(Some(account.id))),
                _ => run.judged(error).map(Err),
            }
        }
        (Operation::Create(attributes), TargetErrorKind::Conflict) => {
            match look_for(run, planned, attributes).await? {
                Ok(answer @ (Answer::One(..) | Answer::Taken(..) | Answer::Several(..))) => {
                    decide_again(run, planned, &answer).await
                }
                Ok(Answer::Nobody) | Err(_) => run.judged(error).map(Err),
            }
        }
        (Operation::Update(id, _), TargetErrorKind::NotFound) => {
            run.desk.unlink(planned.kind, &planned.source_id, Some(&id)).await?;
            rematch(run, planned).await
        }
        (Operation::Disable(id, _), TargetErrorKind::NotFound) if is_there(run, planned, &id).await? => {
            // It is somebody else who is not: the manager whom the same change names, say.
            run.judged(TargetError { kind: TargetErrorKind::InvalidValue, ..error }).map(Err)
        }
        (Operation::Disable(id, _), TargetErrorKind::NotFound) => {
            run.desk.unlink(planned.kind, &planned.source_id, Some(&id)).await?;
            planned.operation = Operation::Skip(SkipReason::TargetObjectGone);
            planned.before = Attributes::new();
            Ok(Ok(None))
        }
        (Operation::Update(id, _) | Operation::Disable(id, _), TargetErrorKind::PreconditionFailed) => {
            read_and_repeat(run, planned, &id, error).await
        }
        _ => run.judged(error).map(Err),
    }
}

/// Whether an account is there after all. An app may answer 404 because of a reference in what it was sent; nobody's
/// account stays on for that.
async fn is_there(run: &Run<'_>, planned: &Planned, id: &TargetId) -> Result<bool, Stop> {
    run.before_call().await?;
    let paths = run.definition.mapping_of(planned.kind).matching().to_vec();
    Ok(matches!(run.ports.target.get(planned.kind, id, &paths).await, Ok(Some(_))))
}

/// A linked account is gone: find the person's account anew, or make one.
async fn rematch(run: &Run<'_>, planned: &mut Planned) -> Result<Result<Option<TargetId>, Failure>, Stop> {
    let Some(object) = planned.object.clone() else { return Ok(Ok(None)) };
    let first = decide(&case(run, planned, &object, None), run.definition.mapping_of(planned.kind));
    let Operation::Ask(values) = first.operation else {
        planned.pending = first.pending;
        planned.operation = first.operation;
        planned.before = first.before;
        return Ok(without_call(&planned.operation));
    };
    let candidate = Candidates { id: planned.source_id.clone(), values };
    match Matcher::asking(planned.kind).answer(run, &candidate).await? {
        Ok(answer) => decide_again(run, planned, &answer).await,
        Err(failure) => Ok(Err(failure)),
    }
}

/// Decides with the target's answer and executes that, once: a second surprise is a failure. So is a removal that the
/// page did not plan: the guard has not judged it, and the next cycle stages it.
async fn decide_again(
    run: &Run<'_>,
    planned: &mut Planned,
    answer: &Answer,
) -> Result<Result<Option<TargetId>, Failure>, Stop> {
    let Some(object) = planned.object.clone() else { return Ok(Ok(None)) };
    let matcher = Matcher::asking(planned.kind);
    let case = case(run, planned, &object, Some(answer));
    let decision = decide(&case, run.definition.mapping_of(planned.kind));
    let decision = choose(run, &matcher, &case, decision, &Reserved::new()).await?;
    let is_judged = planned.operation.is_removal();
    planned.pending = decision.pending;
    planned.operation = decision.operation;
    planned.before = decision.before;
    planned.matched_by = match answer {
        Answer::One(path, _) => Some(path.clone()),
        _ => None,
    };
    if planned.operation.is_removal() && !is_judged {
        return Ok(Err(Failure::new(
            FailureCode::InvalidAnchor,
            "another account matches and would be switched off; such removals are counted first, in the next cycle",
        )));
    }
    once(run, planned).await
}

async fn read_and_repeat(
    run: &Run<'_>,
    planned: &mut Planned,
    id: &TargetId,
    error: TargetError,
) -> Result<Result<Option<TargetId>, Failure>, Stop> {
    let known = planned.prior.as_ref().map(|link| &link.shadow);
    let shadow = match doubt::held(run, planned.kind, id, known).await? {
        Ok(Some(shadow)) => shadow,
        Ok(None) => return run.judged(error).map(Err),
        Err(failure) => return Ok(Err(failure)),
    };
    let Some(object) = &planned.object else { return Ok(Ok(None)) };
    let link = Link {
        shadow,
        target_id: Some(id.clone()),
        ..planned
            .prior
            .clone()
            .unwrap_or_else(|| super::commit::link_of(planned, Some(id), Timestamp::UNIX_EPOCH))
    };
    let case = Case { link: Some(&link), ..case(run, planned, object, None) };
    let decision = decide(&case, run.definition.mapping_of(planned.kind));
    if decision.operation.is_removal() && !planned.operation.is_removal() {
        // What the account holds is remembered, so that the next cycle sees the removal and has it counted.
        run.desk.put_link(&link).await?;
        return Ok(Err(Failure::new(
            FailureCode::InvalidAnchor,
            "the account is on although it was known to be off; such removals are counted first, in the next cycle",
        )));
    }
    planned.pending = decision.pending;
    planned.operation = decision.operation;
    planned.before = decision.before;
    once(run, planned).await
}

/// Someone without a link, decided anew.
fn case<'a>(
    run: &Run<'_>,
    planned: &'a Planned,
    object: &'a SourceObject,
    answer: Option<&'a Answer>,
) -> Case<'a> {
    let occasion = run.occasion(planned.change_id);
    let references = &planned.references;
    Case { presence: Presence::Here(object), link: None, answer, chosen: None, references, occasion }
}

async fn once(run: &Run<'_>, planned: &Planned) -> Result<Result<Option<TargetId>, Failure>, Stop> {
    let Some(operation) = call(planned) else { return Ok(without_call(&planned.operation)) };
    run.before_call().await?;
    match run.ports.target.execute(&[operation]).await.pop() {
        Some(Ok(id)) => {
            run.target_is_well();
            Ok(Ok(Some(id)))
        }
        Some(Err(error)) => run.judged(error).map(Err),
        None => Ok(Err(unanswered())),
    }
}

/// An operation that got no answer at all: never taken for a success.
fn unanswered() -> Failure {
    Failure::new(FailureCode::Timeout, "the target gave no answer for this operation")
}

/// Writes down what was done to one object: claim before link, so that an account never has two owners.
async fn settle(run: &Run<'_>, called: Called, replay: bool) -> Result<Done, Stop> {
    let Called { planned, outcome, began } = called;
    let finished = run.ports.clock.now();
    let outcome = match outcome {
        Ok(target) => remember(run, &planned, target, finished).await?,
        Err(failure) => Err(failure),
    };
    let lease = run.desk.lease().await?;
    let outcome = match outcome {
        Err(failure) => {
            let entry = entry(&planned, failure, finished);
            run.ports.store.put_escrow(&lease, &entry).await?;
            Err(entry.failure)
        }
        Ok(target) => {
            // On a replay, what failed before the kill may have left an entry that the plan does not know of.
            if replay || planned.escrow.is_some() {
                run.ports.store.delete_escrow(&lease, &planned.source_id).await?;
            }
            Ok(target)
        }
    };
    run.observed(&planned, outcome.is_ok());
    let milliseconds = u64::try_from(finished.duration_since(began).as_millis()).unwrap_or(0);
    Ok(Done { planned, outcome, finished, milliseconds })
}

async fn remember(
    run: &Run<'_>,
    planned: &Planned,
    target: Option<TargetId>,
    now: Timestamp,
) -> Result<Result<Option<TargetId>, Failure>, Stop> {
    match &planned.operation {
        Operation::Create(_) | Operation::Update(..) | Operation::Disable(..) | Operation::Adopt(_) => {
            let Some(id) = target else { return Ok(Ok(None)) };
            if !is_claimed(planned, &id)
                && let ClaimOutcome::HeldBy(owner) =
                    run.desk.claim(planned.kind, &id, &planned.source_id).await?
            {
                let taken = Answer::Taken(id, owner);
                return Ok(Err(conflict(&taken)));
            }
            run.desk.put_link(&super::commit::link_of(planned, Some(&id), now)).await?;
            Ok(Ok(Some(id)))
        }
        Operation::Delete(id) => {
            run.desk.unlink(planned.kind, &planned.source_id, Some(id)).await?;
            // Who is still in the source is remembered without an account: the scope or the source may let them in again.
            if planned.object.is_some() {
                run.desk.put_link(&super::commit::link_of(planned, None, now)).await?;
            }
            Ok(Ok(target))
        }
        Operation::Forget => {
            if planned.prior.is_some() {
                run.desk.unlink(planned.kind, &planned.source_id, None).await?;
            }
            Ok(Ok(None))
        }
        Operation::Skip(_) => {
            let link = super::commit::link_of(planned, None, now);
            // What the source shows is kept as well: everyone is evaluated from it when the mapping changes. So is what an
            // account was found to hold after a call without an answer.
            let differs = |known: &Link| {
                (known.in_scope, known.unmanaged, &known.object, &known.pending, &known.shadow)
                    != (link.in_scope, link.unmanaged, &link.object, &link.pending, &link.shadow)
            };
            if planned.skip_is_news() || planned.prior.as_ref().is_none_or(differs) {
                run.desk.put_link(&link).await?;
            }
            Ok(Ok(link.target_id))
        }
        Operation::Ask(_) | Operation::Choose(_) | Operation::Fail(_) => Ok(Ok(None)),
    }
}

/// Whether the object claimed the account before: when it was linked to it, or when it was matched.
fn is_claimed(planned: &Planned, id: &TargetId) -> bool {
    let is_claimed_by_match =
        planned.matched_by.is_some() && !matches!(planned.operation, Operation::Adopt(_));
    is_claimed_by_match || planned.prior.as_ref().and_then(|link| link.target_id.as_ref()) == Some(id)
}

/// What is kept of somebody who failed.
pub(super) fn entry(planned: &Planned, failure: Failure, now: Timestamp) -> EscrowEntry {
    let failed = EscrowEntry {
        source_id: planned.source_id.clone(),
        object: planned.object.clone(),
        attempts: 1,
        first_failed: now,
        last_failed: now,
        next_attempt: None,
        change_id: planned.change_id,
        object_type: planned.kind,
        reference: planned.reference,
        doubtful: false,
        ignored: None,
        failure,
    };
    failed.after(planned.escrow.as_ref())
}

//! The health of a job, as a cycle learns it: what proves it, what puts the job into quarantine, what lifts it.
//!
//! In: what the calls of a slice came to, the guard's verdicts, the objects in escrow. Out: the job's state, and the events
//! that tell of a change. The rules are those of [`crate::quarantine`].

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::phases::PAGE;
use super::{Run, Session, Stop};
use crate::escrow::EscrowEntry;
use crate::expiry;
use crate::guard::Verdict;
use crate::ids::IdHash;
use crate::job::{Cause, Event, EventDetail, JobState, Quarantine, QuarantineReason, Side};
use crate::quarantine::{Tally, Trouble, is_stale, reason_of};

/// A job in quarantine for its target's sake begins with a probe: as long as that fails, it is the only call.
pub(super) async fn prove_target(run: &Run<'_>, session: &Session) -> Result<(), Stop> {
    match &session.state.quarantine {
        Some(quarantine) if quarantine.needs_target() => probe(run).await,
        _ => Ok(()),
    }
}

/// A job that found nothing to send asks its target once a day whether it still answers and accepts the credentials.
pub(super) async fn prove_quiet_target(run: &Run<'_>, session: &Session) -> Result<(), Stop> {
    let is_proven = run.answered.load(Ordering::Relaxed) > 0
        || !is_stale(session.state.proofs.target, run.ports.clock.now());
    if is_proven { Ok(()) } else { probe(run).await }
}

async fn probe(run: &Run<'_>) -> Result<(), Stop> {
    run.before_call().await?;
    run.ports.target.probe().await.map_err(Stop::Target)?;
    run.target_is_well();
    Ok(())
}

/// Notes in the state to be saved who proved its health in this slice. A side that failed in the end proved nothing.
pub(super) fn note_proofs(
    run: &Run<'_>,
    session: &Session,
    state: &mut JobState,
    failed: Option<Side>,
    now: Timestamp,
) {
    if failed != Some(Side::Source) {
        state.proofs.source = session.state.proofs.source;
    }
    if failed != Some(Side::Target) && run.answered.load(Ordering::Relaxed) > 0 {
        state.proofs.target = Some(now);
    }
}

/// Announces credentials that are about to end.
pub(super) fn announce_expiries(run: &Run<'_>, state: &mut JobState, now: Timestamp) -> Vec<Event> {
    let news = expiry::announce(&run.definition.expiries, &mut state.expiry_told, now);
    let told = news.into_iter().map(|(side, expires)| {
        state.tell(&run.definition.job, now, EventDetail::CredentialsExpiring { side, expires })
    });
    told.collect()
}

/// What a job's health is after a complete cycle, and the events that tell of a change.
pub(super) async fn judge(run: &Run<'_>, session: &mut Session, now: Timestamp) -> Result<Vec<Event>, Stop> {
    let job = &run.definition.job;
    let failing = failing(run, session).await?;
    let held = held(session);
    let trouble = match (failing, &held) {
        (Some(trouble), Some(held)) => {
            Trouble { message: format!("{}. Besides, removals are held: {held}", trouble.message), ..trouble }
        }
        (Some(trouble), None) => trouble,
        (None, Some(held)) => Trouble {
            reason: QuarantineReason::TooManyDeletes,
            side: None,
            message: format!(
                "{held}. Creates and updates go on. Correct the source, or approve those that are meant"
            ),
            cause: Cause::default(),
        },
        (None, None) => {
            let may_lift =
                session.state.quarantine.as_ref().is_none_or(|known| may_lift(run, session, known));
            let recovered = if may_lift { session.state.recover(job, now) } else { None };
            return Ok(recovered.into_iter().collect());
        }
    };
    let told = session.state.impose_for(job, trouble, now);
    let removals = told.is_some().then(|| worst(session)).flatten().map(|held| {
        let (removals, managed) = (held.removals, held.managed);
        session.state.tell(job, now, EventDetail::RemovalsHeld { removals, managed })
    });
    Ok(told.into_iter().chain(removals).collect())
}

/// Whether a complete cycle lifts a quarantine: a side that was in trouble has to have answered since, and what a person
/// imposed only a person lifts.
fn may_lift(run: &Run<'_>, session: &Session, quarantine: &Quarantine) -> bool {
    let target = run.answered.load(Ordering::Relaxed) > 0;
    let source = session.state.proofs.source.is_some_and(|proof| proof >= quarantine.current_began);
    quarantine.reason != QuarantineReason::QuarantinedOnDemand
        && (!quarantine.needs_target() || target)
        && (!quarantine.needs_source() || source)
}

/// Why removals are held, of all kinds that are.
fn held(session: &Session) -> Option<String> {
    let reasons = session.checkpoint.verdicts.iter().filter_map(Verdict::held_because);
    let reasons: Vec<String> = reasons.chain(session.state.suspect_reading.clone()).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// The first verdict that holds something: people before groups before memberships.
fn worst(session: &Session) -> Option<Verdict> {
    session.checkpoint.verdicts.iter().find(|verdict| verdict.held_because().is_some()).cloned()
}

/// Whether too many objects wait in escrow, and what most of them share.
async fn failing(run: &Run<'_>, session: &Session) -> Result<Option<Trouble>, Stop> {
    let (thresholds, counts) = (&run.definition.health, &session.state.counts);
    if !thresholds.may_be_exceeded(counts) {
        return Ok(None);
    }
    let mut entries = run.ports.store.escrows(&run.definition.job).await?;
    entries.retain(|entry| entry.ignored.is_none());
    let (references, failed): (Vec<EscrowEntry>, Vec<EscrowEntry>) =
        entries.into_iter().partition(|entry| entry.reference);
    let linked = counts.linked.saturating_add(counts.groups.linked);
    let tally = Tally {
        failed: failed.len() as u64,
        references: references.len() as u64,
        fine: linked.saturating_sub(linked_among(run, &failed).await?),
        in_scope: counts.in_scope.saturating_add(counts.groups.in_scope),
    };
    let Some((reason, message)) = reason_of(tally, thresholds) else { return Ok(None) };
    let of_references = reason == QuarantineReason::EncounteredTotalEscrowThreshold;
    let blamed = if of_references { [failed, references].concat() } else { failed };
    Ok(Some(Trouble::of_failures(reason, &message, &blamed)))
}

/// How many of those that failed have an account all the same.
async fn linked_among(run: &Run<'_>, entries: &[EscrowEntry]) -> Result<u64, Stop> {
    let mut linked = 0;
    for page in entries.chunks(PAGE) {
        let hashes: Vec<IdHash> = page.iter().map(|entry| IdHash::of(&entry.source_id)).collect();
        let links: BTreeMap<_, _> = run.ports.store.links(&run.definition.job, &hashes).await?;
        linked += links.values().filter(|link| link.target_id.is_some()).count() as u64;
    }
    Ok(linked)
}

//! The end of a cycle, good or bad: what the status will say from now on.

use super::{CycleError, Ending, Run, Session, Stop, health};
use crate::job::{Checkpoint, CycleKind, CycleReport, CycleResult, Event, EventDetail};
use crate::ports::StoreError;
use crate::quarantine::Trouble;

/// Ends a complete cycle: the watermark moves, the status says so, the lease goes back.
pub(super) async fn complete(run: &Run<'_>, session: &mut Session) -> Result<Ending, Stop> {
    // While nothing has moved yet: a target that does not answer fails the slice, and the next one ends the cycle.
    health::prove_quiet_target(run, session).await?;
    if session.state.unfolded {
        // Once folded, the snapshot no longer fits the seen-bitmap: a worker that takes over must not look for
        // leavers again, so the phase is saved first.
        run.save(session, &[]).await?;
        run.ports.store.fold_fingerprints(&run.desk.lease().await?).await?;
        session.state.unfolded = false;
    }
    session.count_calls(run.ports);
    let now = run.ports.clock.now();
    let figures = session.checkpoint.figures;
    let result = if figures.failed > 0 { CycleResult::EntryLevelErrors } else { CycleResult::Succeeded };
    let report = report(session, result, None, now);
    if figures.exported() + figures.failed + figures.held + figures.log_records > 0 {
        run.ports.store.put_cycle(&run.desk.lease().await?, &report).await?;
    }
    let mut events = health::judge(run, session, now).await?;
    let mut state = session.state.clone();
    health::note_proofs(run, session, &mut state, None, now);
    events.extend(health::announce_expiries(run, &mut state, now));
    if was_everyone_evaluated(&session.checkpoint) {
        state.stored_attributes = Some(run.definition.attributes().cloned().collect());
    }
    let read = session.checkpoint.next_watermark.take();
    let read_everyone = read.is_some() && !session.checkpoint.delta;
    // A reading that is not believed leaves nothing to go on from: the next one shows everyone again, so that a
    // directory that is whole again is believed, and an approval finds all who are gone.
    state.watermark = read.or(state.watermark.take()).filter(|_| state.suspect_reading.is_none());
    state.initial_completed.get_or_insert(now);
    state.successive_failures = 0;
    if read_everyone && session.checkpoint.no_inference.is_none() {
        state.last_total = session.checkpoint.read;
    }
    if result == CycleResult::Succeeded && figures.held == 0 {
        state.steady_first.get_or_insert(now);
        state.steady_last = Some(now);
        state.last_successful = Some(report.clone());
        if figures.exported() > 0 {
            state.last_successful_with_exports = Some(report.clone());
        }
    }
    let quiet = figures.exported() + figures.failed + figures.held == 0;
    state.quiet = if quiet { state.quiet.saturating_add(1) } else { 0 };
    let usual = run.definition.cadence.next(report.cycle, report.began, state.quiet);
    events.extend(state.schedule(&run.definition.job, usual, now));
    state.last = Some(report.clone());
    state.days.add(&figures, &session.checkpoint.failures, now);
    state.failed_hours.add(figures.failed, now);
    let completed = EventDetail::CycleCompleted { cycle: report.cycle, result, figures };
    events.push(state.tell(&run.definition.job, now, completed));
    run.desk.show(|live| *live = None);
    run.desk.release(state, &events).await?;
    Ok(Ending::Completed(Box::new(report)))
}

/// Whether everyone was looked at under the present mapping, so that what is stored of them is what it reads.
fn was_everyone_evaluated(checkpoint: &Checkpoint) -> bool {
    let showed_everyone = !checkpoint.delta && !checkpoint.presence;
    checkpoint.kind == CycleKind::Initial && (checkpoint.from_stored || showed_everyone)
}

fn report(
    session: &Session,
    result: CycleResult,
    error: Option<String>,
    now: jiff::Timestamp,
) -> CycleReport {
    let checkpoint = &session.checkpoint;
    CycleReport {
        cycle: checkpoint.cycle,
        kind: checkpoint.kind,
        result,
        error,
        began: checkpoint.began,
        ended: now,
        figures: checkpoint.figures,
        verdicts: checkpoint.verdicts.clone(),
        no_inference: checkpoint.no_inference.clone(),
    }
}

/// Ends a slice that had to stop. The checkpoint stays, so that the next one goes on; the status says why.
pub(super) async fn fail(run: &Run<'_>, mut session: Session, stop: Stop) -> CycleError {
    let (trouble, error) = match stop {
        // Nothing can be saved, or must not be: another worker has the job.
        Stop::Store(error) => return CycleError::Store(error),
        Stop::Source(error) => (Trouble::from(&error), CycleError::Source(error)),
        Stop::Target(error) => (Trouble::from(&error), CycleError::Target(error)),
    };
    match save_failure(run, &mut session, trouble).await {
        Ok(()) => error,
        Err(store) => CycleError::Store(store),
    }
}

async fn save_failure(run: &Run<'_>, session: &mut Session, trouble: Trouble) -> Result<(), StoreError> {
    let (now, job) = (run.ports.clock.now(), &run.definition.job);
    session.count_calls(run.ports);
    let failed = report(session, CycleResult::Failed, Some(trouble.message.clone()), now);
    let mut state = run.desk.state();
    state.events_told = session.state.events_told;
    health::note_proofs(run, session, &mut state, trouble.side, now);
    let mut events: Vec<Event> = state.impose_for(job, trouble, now).into_iter().collect();
    events.extend(health::announce_expiries(run, &mut state, now));
    state.successive_failures += 1;
    // However busy it was: who could not be asked is not asked more often than who has nothing to say.
    let usual = run.definition.cadence.next(failed.cycle, now, u32::MAX);
    events.extend(state.schedule(job, usual, now));
    state.last = Some(failed.clone());
    run.ports.store.put_cycle(&run.desk.lease().await?, &failed).await?;
    run.desk.show(|live| *live = None);
    run.desk.release(state, &events).await
}

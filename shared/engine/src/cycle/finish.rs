//! The end of a cycle, good or bad: what the status will say from now on.

use super::{CycleError, Ending, Run, Session, Stop};
use crate::guard::Verdict;
use crate::job::{CycleReport, CycleResult, Event, EventDetail, QuarantineReason, Side, StatusCode};
use crate::ports::{SourceError, StoreError};

/// Ends a complete cycle: the watermark moves, the status says so, the lease goes back.
pub(super) async fn complete(run: &Run<'_>, session: &mut Session) -> Result<Ending, Stop> {
    if session.state.unfolded {
        // Once folded, the snapshot no longer fits the seen-bitmap: a worker that takes over must not look for
        // leavers again, so the phase is saved first.
        run.save(session, &[]).await?;
        run.ports.store.fold_fingerprints(&run.desk.lease().await).await?;
        session.state.unfolded = false;
    }
    session.count_calls(run.ports);
    let now = run.ports.clock.now();
    let figures = session.checkpoint.figures;
    let result = if figures.failed > 0 { CycleResult::EntryLevelErrors } else { CycleResult::Succeeded };
    let report = report(session, result, None, now);
    if figures.exported() + figures.failed + figures.held + figures.log_records > 0 {
        run.ports.store.put_cycle(&run.desk.lease().await, &report).await?;
    }
    let mut events = health(run, session, now);
    let state = &mut session.state;
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
    state.next_due = run.definition.cadence.next(report.cycle, report.began, state.quiet);
    state.last = Some(report.clone());
    let completed = EventDetail::CycleCompleted { cycle: report.cycle, result, figures };
    events.push(session.state.tell(&run.definition.job, now, completed));
    run.desk.show(|live| *live = None);
    run.desk.release(session.state.clone(), &events).await?;
    Ok(Ending::Completed(Box::new(report)))
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
        verdict: checkpoint.verdict.clone(),
        no_inference: checkpoint.no_inference.clone(),
    }
}

/// What the job's health is after a complete cycle, and the events that tell of a change.
fn health(run: &Run<'_>, session: &mut Session, now: jiff::Timestamp) -> Vec<Event> {
    let verdict = session.checkpoint.verdict.as_ref();
    let held = verdict.and_then(Verdict::held_because).or_else(|| session.state.suspect_reading.clone());
    let removals =
        verdict.filter(|verdict| verdict.held_because().is_some()).map(|v| (v.removals, v.managed));
    match held {
        Some(reason) => {
            let message = format!(
                "{reason}. Creates and updates go on. Correct the source, or run the cycle once with --allow-removals"
            );
            let job = &run.definition.job;
            let told = session.state.impose(job, QuarantineReason::TooManyDeletes, None, message, now);
            let held = told.is_some().then_some(removals).flatten().map(|(removals, managed)| {
                session.state.tell(job, now, EventDetail::RemovalsHeld { removals, managed })
            });
            told.into_iter().chain(held).collect()
        }
        None => {
            session.state.code = StatusCode::Active;
            match session.state.quarantine.take() {
                Some(_) => vec![session.state.tell(&run.definition.job, now, EventDetail::JobRecovered)],
                None => Vec::new(),
            }
        }
    }
}

/// Ends a slice that had to stop. The checkpoint stays, so that the next one goes on; the status says why.
pub(super) async fn fail(run: &Run<'_>, mut session: Session, stop: Stop) -> CycleError {
    let ((reason, side), error) = match stop {
        // Nothing can be saved, or must not be: another worker has the job.
        Stop::Store(error) => return CycleError::Store(error),
        Stop::Source(error) => (of_source(&error), CycleError::Source(error)),
        Stop::Target(error) => {
            let reason = QuarantineReason::EncounteredQuarantineException;
            ((reason, Side::Target), CycleError::Target(error))
        }
    };
    match save_failure(run, &mut session, (reason, side), &error).await {
        Ok(()) => error,
        Err(store) => CycleError::Store(store),
    }
}

/// Refused credentials have a reason of their own, whichever side refused them.
fn of_source(error: &SourceError) -> (QuarantineReason, Side) {
    let reason = match error {
        SourceError::Credentials(_) => QuarantineReason::EncounteredQuarantineException,
        _ => QuarantineReason::IngestionInterrupted,
    };
    (reason, Side::Source)
}

async fn save_failure(
    run: &Run<'_>,
    session: &mut Session,
    (reason, side): (QuarantineReason, Side),
    error: &CycleError,
) -> Result<(), StoreError> {
    let now = run.ports.clock.now();
    session.count_calls(run.ports);
    let cause = match error {
        CycleError::Source(error) => error.to_string(),
        CycleError::Target(error) => format!("{error} ({})", error.request),
        CycleError::Store(error) => error.to_string(),
    };
    let failed = report(session, CycleResult::Failed, Some(cause.clone()), now);
    let mut state = run.desk.state();
    state.events_told = session.state.events_told;
    let told = state.impose(&run.definition.job, reason, Some(side), cause, now);
    let events: Vec<Event> = told.into_iter().collect();
    state.successive_failures += 1;
    // However busy it was: who could not be asked is not asked more often than who has nothing to say.
    state.next_due = run.definition.cadence.next(failed.cycle, now, u32::MAX);
    state.last = Some(failed.clone());
    run.ports.store.put_cycle(&run.desk.lease().await, &failed).await?;
    run.desk.show(|live| *live = None);
    run.desk.release(state, &events).await
}

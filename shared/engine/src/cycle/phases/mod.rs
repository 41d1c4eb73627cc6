//! The phases of a cycle, each a loop over pages that can stop between any two.
//!
//! ```text
//! Pages ─▶ Leavers ─▶ Stored ─▶ Retries ─▶ Groups ─▶ References ─▶ Removals ─▶ Drift ─▶ the end
//! users,   (complete  (mapping  (escrow)   (mapping  (managers,    (guard)     (a budget
//! groups    reading)   changed)             changed)  members)                  of reads)
//! ```

mod drift;
mod groups;
mod leavers;
pub(super) mod now;
mod pages;
mod references;
mod removals;
mod retries;
mod stored;

use super::plan::Waiting;
use super::{Ending, Run, Session, Stop, commit, finish, health, intent, mapping_version, veil};
use crate::ids::IdHash;
use crate::job::{EventDetail, JobState, Phase, StatusCode};
use crate::ports::Kept;

pub(super) use pages::{check_attributes, item_of};

/// Objects of one page where Rollcall itself cuts them (retries, leavers, removals). Five hundred: an intent of
/// some forty kilobytes, and at most five hundred questions to the target after a kill.
pub(super) const PAGE: usize = 500;

/// Works on the cycle until it is complete or the deadline comes.
pub(super) async fn slice(run: &Run<'_>, session: &mut Session) -> Result<Ending, Stop> {
    resume(run, session).await?;
    // However little time there is, a slice does something: those who have less than a step takes would hand over for ever.
    let mut worked = false;
    loop {
        let orders = run.desk.orders();
        if orders.pause {
            return pause(run, session).await;
        }
        if !orders.now.is_empty() {
            Box::pin(now::provision_now(run, session, &orders.now)).await?;
            run.ports.store.orders_done(&run.definition.job, &orders).await?;
            run.save(session, &[]).await?;
            continue;
        }
        if worked && run.deadline_has_come() {
            return hand_over(run, session).await;
        }
        worked = true;
        // Each on the heap: together they would not fit on the stack of a thread.
        match session.checkpoint.phase.clone() {
            Phase::Pages { cursor: None } => Box::pin(pages::open(run, session)).await?,
            Phase::Pages { cursor: Some(cursor) } => Box::pin(pages::page(run, session, &cursor)).await?,
            Phase::Leavers { after } => Box::pin(leavers::leavers(run, session, after)).await?,
            Phase::Stored { after } => Box::pin(stored::stored(run, session, after)).await?,
            Phase::Retries => Box::pin(retries::retries(run, session)).await?,
            Phase::Groups { after } => Box::pin(groups::groups(run, session, after)).await?,
            Phase::References => Box::pin(settle(run, session)).await?,
            Phase::Removals => Box::pin(removals::removals(run, session)).await?,
            Phase::Drift { left } => {
                if Box::pin(drift::drift(run, session, left)).await? {
                    return Box::pin(finish::complete(run, session)).await;
                }
            }
        }
    }
}

/// One step of making good references; back to where the cycle stood when it was done aside, for a person who asked.
async fn settle(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    references::references(run, session).await?;
    if session.checkpoint.phase != Phase::References
        && let Some(aside) = session.checkpoint.aside.take()
    {
        session.checkpoint.phase = aside;
    }
    Ok(())
}

/// Finishes what a former slice had begun, and loads what waits.
pub(super) async fn resume(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    health::prove_target(run, session).await?;
    if session.checkpoint.intent {
        let mut plan = intent::load(run).await?;
        veil::lift(run, &mut plan).await?;
        // What a killed worker wrote down of this page is not counted yet.
        let counts = session.state.counts;
        load_waiting(run, session).await?;
        session.state.counts = counts;
        Box::pin(commit::execute_page(run, session, plan, true)).await?;
        session.waiting = Waiting::default();
    }
    begin_again_if_the_mapping_changed(run, session);
    load_waiting(run, session).await
}

/// Stops because a person paused the job. Nothing is lost: the checkpoint stays.
async fn pause(run: &Run<'_>, session: &mut Session) -> Result<Ending, Stop> {
    keep_listings(run, session).await?;
    session.count_calls(run.ports);
    let checkpoint = Some(session.checkpoint.clone());
    let state = JobState { code: StatusCode::Paused, checkpoint, ..session.state.clone() };
    run.desk.show(|live| *live = None);
    run.desk.release(state, &[]).await?;
    Ok(Ending::Paused)
}

/// Keeps what was listed of the target for the next slice, which would list it again otherwise.
async fn keep_listings(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    for (kind, matcher) in &session.matchers {
        if let Some(bytes) = matcher.packed() {
            let name = Kept::Listing(session.checkpoint.cycle, *kind);
            run.ports.store.keep(&run.desk.lease().await?, name, &bytes).await?;
            session.checkpoint.listed.push(*kind);
        }
    }
    // A listing that nobody needed in this slice is still what it was.
    session.checkpoint.listed.append(&mut session.listed);
    Ok(())
}

async fn hand_over(run: &Run<'_>, session: &mut Session) -> Result<Ending, Stop> {
    keep_listings(run, session).await?;
    let detail =
        EventDetail::CycleContinues { cycle: session.checkpoint.cycle, slice: session.checkpoint.slice + 1 };
    let event = session.tell(&run.definition.job, run.ports.clock.now(), detail);
    session.count_calls(run.ports);
    let mut state = session.state.clone();
    health::note_proofs(run, session, &mut state, None, run.ports.clock.now());
    state.checkpoint = Some(session.checkpoint.clone());
    state.next_due = run.ports.clock.now();
    run.desk.release(state, &[event]).await?;
    Ok(Ending::Continues)
}

/// A cycle that was cut and whose mapping was edited since looks at everyone again. It keeps its time, and with it its
/// day: expressions are given the same one in all slices.
fn begin_again_if_the_mapping_changed(run: &Run<'_>, session: &mut Session) {
    let version = mapping_version(run.definition);
    if session.state.mapping_version.as_ref() == Some(&version) {
        return;
    }
    tracing::info!(job.id = %run.definition.job, "the mapping changed during a cycle; it begins again");
    session.checkpoint = super::new_cycle(&mut session.state, run.definition, run.ports, run.began);
}

/// Reads what waits, once a slice and only when something does. The counts follow what is there.
async fn load_waiting(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    let Session { state, waiting, .. } = session;
    let counts = &mut state.counts;
    if counts.staged > 0 && waiting.staged.is_empty() {
        let staged = run.ports.store.staged(&run.definition.job).await?;
        counts.staged = staged.len() as u64;
        waiting.staged = staged.into_iter().map(|row| (row.key(), row)).collect();
    }
    if counts.escrowed > 0 && waiting.escrows.is_empty() {
        let escrows = run.ports.store.escrows(&run.definition.job).await?;
        counts.escrowed = escrows.len() as u64;
        counts.escrowed_references = escrows.iter().filter(|entry| entry.reference).count() as u64;
        waiting.escrows = escrows.into_iter().map(|entry| (IdHash::of(&entry.source_id), entry)).collect();
    }
    Ok(())
}

//! Due jobs start without a command: the scheduler of a single process. On AWS the schedule and the bus do its work.
//!
//! In: turns, one every few seconds. Out: a slice of each due job, side by side, and word of each that ended.
//!
//! # Guarantees
//! A job runs once at a time. A job that is due starts at the next turn, unless so many run already. A cycle that a
//! dead process left behind goes on at the first turn, and so does a job whose next time lies further away than its
//! schedule allows: the clock that set it has been put back since.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::cycle::{CycleError, Ending, Request};
use engine::model::JobId;
use engine::ports::{StoreError, Unobserved};
use jiff::{SignedDuration, Timestamp};
use store::StoredApplication;
use tokio::runtime::Handle;
use tokio::task::{Id, JoinSet};

use crate::context::Context;
use crate::cycle::{SliceError, application_of, document, make_due, run_slice};
use crate::outbox::drain;
use crate::tick::tick;

/// How far back the clock may go before every job's time is looked at again: time synchronisation steps by less.
const CLOCK_STEP: SignedDuration = SignedDuration::from_secs(60);

/// A slice that ended.
#[derive(Debug)]
pub struct Ended {
    /// The application's name.
    pub application: String,
    /// How.
    pub outcome: Result<Ending, SliceError>,
}

/// Starts due jobs.
pub struct Scheduler {
    context: Context,
    /// How many jobs run side by side.
    at_once: usize,
    stop: Arc<AtomicBool>,
    slices: JoinSet<Option<Ended>>,
    running: HashMap<Id, JobId>,
    last_turn: Option<Timestamp>,
}

impl Scheduler {
    /// A scheduler that runs at most `at_once` jobs side by side.
    #[must_use]
    pub fn new(context: Context, at_once: usize) -> Self {
        Self {
            context,
            at_once: at_once.max(1),
            stop: Arc::default(),
            slices: JoinSet::new(),
            running: HashMap::new(),
            last_turn: None,
        }
    }

    /// Starts what is due and not running yet.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer; the next turn asks again.
    pub async fn turn(&mut self) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let clock_went_back =
            self.last_turn.is_some_and(|last| now < last.saturating_sub(CLOCK_STEP).unwrap_or(last));
        if self.last_turn.is_none() || clock_went_back {
            self.look_around(now).await?;
        }
        self.last_turn = Some(now);
        for job in tick(&self.context).await? {
            self.start(job);
        }
        Ok(())
    }

    /// Waits for the next slice that ends; `None` at once when none runs.
    pub async fn ended(&mut self) -> Option<Ended> {
        while let Some(joined) = self.slices.join_next_with_id().await {
            match joined {
                Ok((task, ended)) => {
                    self.running.remove(&task);
                    if ended.is_some() {
                        return ended;
                    }
                }
                Err(error) => {
                    let job = self.running.remove(&error.id());
                    tracing::error!(job.id = ?job, "a slice broke off; its cycle goes on once the lease is over: {error}");
                }
            }
        }
        None
    }

    /// Whether a slice runs.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.slices.is_empty()
    }

    /// Asks the cycles under way to stop after their page. They go on at the next start.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn start(&mut self, job: JobId) {
        let runs = self.running.values().any(|running| *running == job);
        if runs || self.running.len() >= self.at_once || self.stop.load(Ordering::Relaxed) {
            return;
        }
        let context = self.context.clone();
        let request = Request { stop: self.stop.clone(), ..Request::default() };
        let task = {
            let job = job.clone();
            // A thread of its own: the compiler cannot see that a cycle's future may change threads
            // (rust-lang/rust#102211), and a slice that panics takes nobody with it.
            let runtime = Handle::current();
            self.slices.spawn_blocking(move || runtime.block_on(slice(&context, &job, &request)))
        };
        self.running.insert(task.id(), job);
    }

    /// Looks at every job, not only at those that the index says are due.
    async fn look_around(&mut self, now: Timestamp) -> Result<(), StoreError> {
        for known in self.context.store.applications().await? {
            let view = match self.context.store.job(&known.job).await {
                Ok(view) => view,
                Err(StoreError::Missing(_)) => continue,
                Err(error) => return Err(error),
            };
            if view.untold > 0 {
                drain(&self.context, &known.job).await;
            }
            if view.lease_until.is_some() && view.state.checkpoint.is_some() {
                self.start(known.job);
                continue;
            }
            let stored = self.context.store.application(&known.id).await?;
            if let Some(stored) = stored
                && let Ok(checked) = document(&stored)
                && let latest = checked.application.schedule.cadence().latest(now)
                && view.state.next_due > view.state.latest_due(latest, now)
            {
                tracing::warn!(job.id = %known.job, "was due too late: the clock has been put back; it is due now");
                make_due(&self.context, &known.job).await?;
            }
        }
        Ok(())
    }
}

/// One slice of a job; `None` when there is nothing to tell: another worker has the job, or it is gone.
async fn slice(context: &Context, job: &JobId, request: &Request) -> Option<Ended> {
    let stored: StoredApplication = match application_of(context, job).await {
        Ok(Some(stored)) => stored,
        Ok(None) => return None,
        Err(error) => {
            let outcome = Err(SliceError::Cycle(CycleError::Store(error)));
            return Some(Ended { application: job.to_string(), outcome });
        }
    };
    let outcome = run_slice(context, &stored, request, &Unobserved).await;
    if matches!(outcome, Err(SliceError::Cycle(CycleError::Store(StoreError::Busy { .. })))) {
        return None;
    }
    if let Err(error) = due_again_if_changed(context, &stored).await {
        tracing::warn!(job.id = %job, "whether its document changed meanwhile cannot be seen: {error:#}");
    }
    Some(Ended { application: stored.name, outcome })
}

/// A document that was changed while its cycle ran could not make the job due: the lease was not to be had.
async fn due_again_if_changed(context: &Context, ran: &StoredApplication) -> Result<(), StoreError> {
    match context.store.application(&ran.id).await? {
        Some(now) if now.version != ran.version => make_due(context, &ran.job).await,
        _ => Ok(()),
    }
}

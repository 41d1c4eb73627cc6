//! One slice of a cycle: reads, decides, executes, remembers, and knows how to go on if it is killed.
//!
//! # Expected flow
//! 1. Take the job's lease; resume the checkpoint, or begin a cycle.
//! 2. **Pages**: for each page of the source, plan; store the plan as the page's intent; execute; commit.
//!    Removals are staged, not executed.
//! 3. **Leavers**: after a complete reading, whoever it did not show is staged for deletion.
//! 4. **Retries**: what is due in escrow is planned and executed again.
//! 5. **Removals**: the guard judges the total of what is staged; its verdict is stored; then they are executed
//!    page by page, or held.
//! 6. Save watermark, figures and status; give the lease back.
//!
//! # Guarantees
//! * Killed between any two outside calls, the next slice ends the cycle in the same target, links, records and
//!   figures, and creates nobody twice in a target that can be asked.
//! * The watermark moves only after every object of the reading is exported, skipped, in escrow or staged.
//! * One bad object never stops the rest. A source that answers partly or emptily removes nobody.
//! * While it runs, status is saved with every page that did something, and at least every 5 seconds.
//!
//! # Caveats
//! A create that turned out to meet an existing account (409) is logged as the update it became; if the process
//! is killed between that update and the page's commit, the replay logs it as the create it was planned as.

mod choosing;
mod commit;
mod desk;
mod execute;
mod finish;
mod intent;
mod log;
mod matching;
mod phases;
mod plan;
pub mod preview;
mod record;
mod veil;

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{Either, select};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use self::desk::{Desk, HEARTBEAT, Live};
use self::matching::Matcher;
use self::plan::{PagePlan, Planned, Waiting};
use crate::cadence::Cadence;
use crate::escrow::{Consequence, Failure, is_targets_fault, judge};
use crate::fingerprint::Fingerprint;
use crate::guard::Thresholds;
use crate::ids::{IdHash, Key};
use crate::job::{
    Checkpoint, CycleKind, CycleReport, Event, EventDetail, Figures, JobState, Phase, Progress,
};
use crate::mapping::{Mapping, Occasion};
use crate::model::JobId;
use crate::ports::{Clock, Ids, Observer, Source, SourceError, Store, StoreError, Target, TargetError};

/// The world, as one cycle needs it.
pub struct Ports<'a> {
    /// Where people are read from.
    pub source: &'a dyn Source,
    /// Where accounts are made.
    pub target: &'a dyn Target,
    /// Everything remembered.
    pub store: &'a dyn Store,
    /// The time.
    pub clock: &'a dyn Clock,
    /// New ids.
    pub ids: &'a dyn Ids,
    /// Who watches.
    pub observer: &'a dyn Observer,
}

/// What a job is configured to do.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The job.
    pub job: JobId,
    /// Its attribute mapping, checked.
    pub mapping: Mapping,
    /// When removals wait for a person.
    pub thresholds: Thresholds,
    /// How often it runs.
    pub cadence: Cadence,
    /// The names that its records carry.
    pub naming: Naming,
    /// What hides values that pass through `Redact`, and where random functions begin.
    pub key: Key,
}

/// Ids and names of tenant, application and systems, as provisioning records show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// The stack's tenant.
    pub tenant_id: String,
    /// The application (Graph's service principal).
    pub application_id: String,
    /// Its name.
    pub application_name: String,
    /// The source system.
    pub source_id: String,
    /// Its name.
    pub source_name: String,
    /// The target system.
    pub target_id: String,
}

/// What is asked of this slice.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Stop between two pages once this time has come, and hand over.
    pub deadline: Option<Timestamp>,
    /// Stop between two pages once this is set, and hand over: the process is asked to end.
    pub stop: Arc<AtomicBool>,
    /// Who approves removals above the thresholds, and a reading that shrank, this once.
    pub approved_by: Option<String>,
}

/// How a slice ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The cycle is complete.
    Completed(Box<CycleReport>),
    /// The deadline came first: another slice goes on from the checkpoint.
    Continues,
}

/// Why a cycle stopped before its end. The checkpoint is kept; the next slice goes on from it.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The source could not be read.
    #[error("the source could not be read: {0}")]
    Source(#[source] SourceError),
    /// The target as a whole did not do its part.
    #[error("the target did not accept the work: {0}")]
    Target(#[source] TargetError),
    /// Nothing could be remembered.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs one slice of a job's cycle.
///
/// # Errors
/// See [`CycleError`]. What stopped the cycle is also saved in the job's status, unless the store itself failed.
pub async fn run(
    ports: &Ports<'_>,
    definition: &Definition,
    request: &Request,
) -> Result<Ending, CycleError> {
    let desk = desk::acquire(ports, &definition.job).await?;
    let mut session = Session::begin(desk.state(), definition, ports);
    let run = Run {
        ports,
        definition,
        request,
        began: session.checkpoint.began,
        desk,
        unwell: AtomicU32::new(0),
        answered: AtomicU64::new(0),
        fault: Mutex::default(),
    };
    let outcome = run.beating(phases::slice(&run, &mut session)).await;
    match outcome {
        Ok(ending) => Ok(ending),
        Err(stop) => Err(finish::fail(&run, session, stop).await),
    }
}

/// Why the work of a slice ends early.
#[derive(Debug)]
enum Stop {
    Source(SourceError),
    Target(TargetError),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One slice at work: the world, the job and its desk, shared by everything that runs side by side.
struct Run<'a> {
    ports: &'a Ports<'a>,
    definition: &'a Definition,
    request: &'a Request,
    /// When the cycle began: what the time is for its expressions, in every slice and replay.
    began: Timestamp,
    desk: Desk<'a>,
    /// Calls in a row that found the target unwell.
    unwell: AtomicU32,
    /// Calls that the target answered well: what proves its health.
    answered: AtomicU64,
    /// The last failure of the target's own making.
    fault: Mutex<Option<TargetError>>,
}

impl Run<'_> {
    /// Does the work, with a heartbeat beside it. A lost lease ends the work at once.
    async fn beating<T>(&self, work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
        // Both sides are polled all the time: a heartbeat may have to wait for a save that the work has begun.
        let beats = pin!(async {
            loop {
                self.ports.clock.tick(HEARTBEAT).await;
                if let Err(lost) = self.desk.heartbeat().await {
                    return lost;
                }
            }
        });
        match select(pin!(work), beats).await {
            Either::Left((done, _)) => done,
            Either::Right((lost, _)) => Err(lost.into()),
        }
    }

    /// Called before every call to the target.
    async fn before_call(&self) -> Result<(), Stop> {
        Ok(self.desk.outlast(self.ports.target.habits().longest_call).await?)
    }

    fn target_is_well(&self) {
        self.unwell.store(0, Ordering::Relaxed);
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// What a failed call means: this object's failure, or the end of the cycle.
    fn judged(&self, error: TargetError) -> Result<Failure, Stop> {
        let in_a_row = if is_targets_fault(error.kind) {
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            self.unwell.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            self.target_is_well();
            0
        };
        match judge(error.kind, in_a_row) {
            Consequence::Escrow => Ok(Failure::from(&error)),
            Consequence::StopCycle => Err(Stop::Target(error)),
        }
    }

    /// Whether nothing but failures of the target's own making came back in this slice. A small cycle cannot fail
    /// often enough to be stopped by [`judge`]; one that got no good answer at all has not tried anybody.
    fn nobody_answered(&self) -> Result<(), Stop> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        match fault {
            Some(error) if self.answered.load(Ordering::Relaxed) == 0 => Err(Stop::Target(error)),
            _ => Ok(()),
        }
    }

    /// What expressions are given for one change.
    fn occasion(&self, change: Uuid) -> Occasion {
        Occasion { now: self.began, change, key: self.definition.key }
    }

    fn linked_accounts(&self) -> u64 {
        self.desk.peek(|state| state.counts.linked)
    }

    fn deadline_has_come(&self) -> bool {
        self.request.stop.load(Ordering::Relaxed)
            || self.request.deadline.is_some_and(|deadline| self.ports.clock.now() >= deadline)
    }

    /// Shows one finished object to whoever watches.
    fn observed(&self, planned: &Planned, succeeded: bool) {
        self.desk.show(|live| {
            if let Some(live) = live {
                live.progress.completed_units += 1;
                commit::tally(&mut live.figures, &planned.operation, succeeded);
                self.ports.observer.progress(&live.progress, &live.figures);
            }
        });
    }

    /// Commits the session: checkpoint, figures, standing counts.
    async fn save(&self, session: &mut Session, events: &[Event]) -> Result<(), Stop> {
        session.count_calls(self.ports);
        session.saved = self.ports.clock.now();
        self.show(session);
        let state = JobState { checkpoint: Some(session.checkpoint.clone()), ..session.state.clone() };
        Ok(self.desk.save(state, events).await?)
    }

    /// Commits the session when the last commit is some seconds ago: for pages that had nothing to do.
    async fn save_if_due(&self, session: &mut Session) -> Result<(), Stop> {
        self.show(session);
        let due = session.saved.saturating_add(HEARTBEAT).unwrap_or(Timestamp::MAX);
        if self.ports.clock.now() >= due { self.save(session, &[]).await } else { Ok(()) }
    }

    fn show(&self, session: &Session) {
        let live =
            Live { progress: session.progress(self.ports.clock.now()), figures: session.checkpoint.figures };
        self.desk.show(|shown| *shown = Some(live));
        self.ports.observer.progress(&live.progress, &live.figures);
    }
}

/// What the slice knows beyond what is saved.
struct Session {
    state: JobState,
    checkpoint: Checkpoint,
    matcher: Matcher,
    waiting: Waiting,
    /// Who was taken out of escrow and tried in this slice.
    retried: BTreeSet<IdHash>,
    /// The fingerprint snapshot, sorted; read only when a full read needs it.
    snapshot: Option<Vec<Fingerprint>>,
    /// Requests of source and target that are in the figures already.
    counted: (u64, u64),
    /// When the session was committed last.
    saved: Timestamp,
}

impl Session {
    /// Resumes the checkpoint of the state, or begins a cycle.
    fn begin(mut state: JobState, definition: &Definition, ports: &Ports<'_>) -> Self {
        let now = ports.clock.now();
        let checkpoint = match state.checkpoint.take() {
            Some(checkpoint) => Checkpoint { slice: checkpoint.slice + 1, ..checkpoint },
            None => new_cycle(&mut state, definition, ports, now),
        };
        Self {
            state,
            checkpoint,
            matcher: Matcher::default(),
            waiting: Waiting::default(),
            retried: BTreeSet::new(),
            snapshot: None,
            counted: (ports.source.calls(), ports.target.calls()),
            saved: now,
        }
    }

    /// Moves on past a page.
    fn advance(&mut self, plan: &PagePlan) {
        let checkpoint = &mut self.checkpoint;
        checkpoint.done += plan.objects;
        checkpoint.total = checkpoint.total.max(checkpoint.done);
        checkpoint.figures.imported += plan.imported;
        checkpoint.figures.unchanged += plan.unchanged;
        checkpoint.phase = plan.next.clone();
    }

    fn progress(&self, now: Timestamp) -> Progress {
        Progress {
            completed_units: self.checkpoint.done,
            total_units: self.checkpoint.total,
            observed_at: now,
        }
    }

    /// Adds the requests sent since the last time to the figures.
    fn count_calls(&mut self, ports: &Ports<'_>) {
        let (source, target) = (ports.source.calls(), ports.target.calls());
        self.checkpoint.figures.source_calls += source - self.counted.0;
        self.checkpoint.figures.target_calls += target - self.counted.1;
        self.counted = (source, target);
    }

    fn tell(&mut self, job: &JobId, now: Timestamp, detail: EventDetail) -> Event {
        self.state.tell(job, now, detail)
    }
}

fn new_cycle(state: &mut JobState, definition: &Definition, ports: &Ports<'_>, now: Timestamp) -> Checkpoint {
    let version = mapping_version(definition);
    if state.mapping_version.as_ref() != Some(&version) {
        state.mapping_version = Some(version);
        state.watermark = None;
        state.initial_completed = None;
    }
    // What depends on the time is looked at once a day, whatever changed; so everyone is read.
    if definition.mapping.uses_time() && state.evaluated_on.replace(day_of(now)) != Some(day_of(now)) {
        state.watermark = None;
    }
    Checkpoint {
        cycle: ports.ids.cycle_id(),
        kind: if state.initial_completed.is_none() { CycleKind::Initial } else { CycleKind::Incremental },
        began: now,
        slice: 0,
        phase: Phase::Pages { cursor: None },
        page: 0,
        intent: false,
        delta: false,
        seen: crate::fingerprint::Seen::default(),
        no_inference: None,
        read: 0,
        next_watermark: None,
        total: 0,
        done: 0,
        figures: Figures::default(),
        verdict: None,
    }
}

/// The day of a moment, in UTC.
fn day_of(moment: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(moment).date()
}

fn mapping_version(definition: &Definition) -> String {
    definition.mapping.version().iter().map(|byte| format!("{byte:02x}")).collect()
}

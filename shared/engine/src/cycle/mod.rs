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
mod doubt;
mod execute;
mod finish;
mod health;
mod intent;
mod log;
mod matching;
pub mod on_demand;
mod phases;
mod plan;
pub mod preview;
mod record;
mod references;
pub mod rehearsal;
mod veil;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::desk::{Desk, HEARTBEAT, Live};
use self::matching::{Listing, Matcher};
use self::plan::{PagePlan, Planned, Waiting};
use self::rehearsal::Footprints;
use crate::cadence::Cadence;
use crate::drift::DriftSweep;
use crate::escrow::{Consequence, Failure, is_targets_fault, judge};
use crate::failures::FailureKinds;
use crate::fingerprint::Fingerprint;
use crate::guard::{Protected, Thresholds};
use crate::ids::{IdHash, Key, digest16};
use crate::job::{
    Checkpoint, CycleKind, CycleReport, Event, EventDetail, Figures, JobState, Phase, Progress, Side,
};
use crate::mapping::{Mapping, Occasion};
use crate::model::{JobId, ObjectType, SourceId};
use crate::ports::{Clock, Ids, Observer, Pace, Source, SourceError, Store, StoreError, Target, TargetError};
use crate::quarantine::HealthThresholds;
use crate::report::ProvisioningRecord;

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
    /// Its attribute mapping of users, checked.
    pub mapping: Mapping,
    /// How groups are provisioned; without it they are not.
    pub groups: Option<GroupRules>,
    /// When removals wait for a person.
    pub thresholds: Thresholds,
    /// Whose accounts are never removed.
    pub protected: Protected,
    /// From how many failures on the job counts as unhealthy.
    pub health: HealthThresholds,
    /// Whether accounts are compared with what they should hold.
    pub drift: DriftSweep,
    /// When credentials end, where that is known.
    pub expiries: Vec<(Side, Timestamp)>,
    /// How often it runs.
    pub cadence: Cadence,
    /// The names that its records carry.
    pub naming: Naming,
    /// What hides values that pass through `Redact`, and where random functions begin.
    pub key: Key,
}

impl Definition {
    /// A job that provisions users by this mapping, everything else as it is unless somebody says otherwise.
    #[must_use]
    pub fn new(job: JobId, mapping: Mapping, naming: Naming, key: Key) -> Self {
        Self {
            job,
            mapping,
            groups: None,
            thresholds: Thresholds::default(),
            protected: Protected::default(),
            health: HealthThresholds::default(),
            drift: DriftSweep::Off,
            expiries: Vec::new(),
            cadence: Cadence::Adaptive,
            naming,
            key,
        }
    }

    /// Whether objects of this type are provisioned.
    #[must_use]
    pub fn manages(&self, kind: ObjectType) -> bool {
        kind == ObjectType::User || self.groups.is_some()
    }

    /// Whether groups and their members are provisioned.
    pub(crate) fn provisions_members(&self) -> bool {
        self.groups.as_ref().is_some_and(|groups| groups.mapping.members().is_some())
    }

    /// What becomes of groups in groups.
    pub(crate) fn nested(&self) -> Nested {
        self.groups.as_ref().map_or_else(Nested::default, |groups| groups.nested)
    }

    /// The mapping of objects of this type. Of groups only while the job [`manages`](Self::manages) them: those it does
    /// not manage are dropped where they are read.
    #[must_use]
    pub fn mapping_of(&self, kind: ObjectType) -> &Mapping {
        match (kind, &self.groups) {
            (ObjectType::Group, Some(groups)) => &groups.mapping,
            _ => &self.mapping,
        }
    }

    /// The source attributes that stored objects hold: all that the mappings read, but for the members of groups,
    /// which are kept apart.
    fn attributes(&self) -> impl Iterator<Item = &String> {
        self.mappings().flat_map(|mapping| {
            let names = mapping.source_attributes().iter().chain(mapping.of_every_object());
            names.filter(move |name| mapping.members() != Some(name.as_str()))
        })
    }

    /// The mappings of everything that is provisioned.
    fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        std::iter::once(&self.mapping).chain(self.groups.as_ref().map(|groups| &groups.mapping))
    }
}

/// How groups are provisioned.
#[derive(Debug, Clone)]
pub struct GroupRules {
    /// Their attribute mapping, checked.
    pub mapping: Mapping,
    /// What becomes of a group that is a member of another.
    pub nested: Nested,
}

/// What becomes of a group that is a member of another group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Nested {
    /// It is left out.
    #[default]
    Skip,
    /// It becomes a member, as the group it is in the target.
    Member,
    /// Its members become members, and those of the groups in it, down to ten levels.
    Expand,
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
    /// Who asked for objects to be provisioned now: the log names them as the initiator.
    pub asked_by: Option<String>,
}

/// How a slice ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The cycle is complete.
    Completed(Box<CycleReport>),
    /// The deadline came first: another slice goes on from the checkpoint.
    Continues,
    /// A person paused the job: its checkpoint is kept, and whoever starts it again goes on from there.
    Paused,
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
    run_watched(ports, definition, request, &Watch::default()).await
}

async fn run_watched(
    ports: &Ports<'_>,
    definition: &Definition,
    request: &Request,
    watch: &Watch,
) -> Result<Ending, CycleError> {
    let desk = desk::acquire(ports, &definition.job).await?;
    let mut session = Session::begin(desk.state(), definition, ports);
    let resumed;
    let watch = match (session.checkpoint.plan, &watch.plan) {
        (Some(plan), None) => {
            resumed = rehearsal::resumed(ports, definition, plan).await?;
            &resumed
        }
        (None, Some((plan, _))) => {
            session.checkpoint.plan = Some(*plan);
            watch
        }
        _ => watch,
    };
    let run = Run::new(ports, definition, request, session.checkpoint.began, desk, watch);
    let outcome = run.beating(Box::pin(phases::slice(&run, &mut session))).await;
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
    /// Who wants to know what is done, or has a say in it.
    watch: &'a Watch,
    /// The target as it was listed in this slice, where it can only be listed and something must be asked afresh.
    relisted: futures::lock::Mutex<BTreeMap<ObjectType, Listing>>,
}

/// What a slice tells besides its log, and what it must agree with.
#[derive(Debug, Default)]
struct Watch {
    /// The records written, for whoever waits for them.
    told: Option<Mutex<Vec<ProvisioningRecord>>>,
    /// What is decided about whom, for a plan.
    noted: Option<Mutex<Footprints>>,
    /// The plan: nothing else is executed.
    plan: Option<(Uuid, Footprints)>,
}

impl Watch {
    /// Keeps the records.
    fn listening() -> Self {
        Self { told: Some(Mutex::default()), ..Self::default() }
    }

    /// Notes every decision.
    fn rehearsing() -> Self {
        Self { noted: Some(Mutex::default()), ..Self::default() }
    }

    /// Executes nothing but this.
    fn agreed(plan: Uuid, footprints: Footprints) -> Self {
        Self { plan: Some((plan, footprints)), ..Self::default() }
    }

    fn tell(&self, records: Vec<ProvisioningRecord>) {
        if let Some(told) = &self.told {
            told.lock().unwrap_or_else(PoisonError::into_inner).extend(records);
        }
    }

    fn told(&self) -> Vec<ProvisioningRecord> {
        let told = self.told.as_ref();
        told.map(|told| std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner)))
            .unwrap_or_default()
    }

    fn footprints(&self) -> Footprints {
        let noted = self.noted.as_ref();
        noted.map(|noted| noted.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    /// Whether something may be done to an object: there is no plan, or it is in it. A rehearsal notes it.
    fn agrees(&self, source: &SourceId, footprint: impl FnOnce() -> String) -> bool {
        if let Some(noted) = &self.noted {
            noted.lock().unwrap_or_else(PoisonError::into_inner).add(source, footprint());
            return true;
        }
        self.plan.as_ref().is_none_or(|(_, plan)| plan.has(source, &footprint()))
    }
}

impl<'a> Run<'a> {
    fn new(
        ports: &'a Ports<'a>,
        definition: &'a Definition,
        request: &'a Request,
        began: Timestamp,
        desk: Desk<'a>,
        watch: &'a Watch,
    ) -> Self {
        Self {
            ports,
            definition,
            request,
            began,
            desk,
            unwell: AtomicU32::new(0),
            answered: AtomicU64::new(0),
            fault: Mutex::default(),
            watch,
            relisted: futures::lock::Mutex::default(),
        }
    }
}

impl Run<'_> {
    /// Does the work, with a heartbeat beside it. A lost lease ends the work at once.
    async fn beating<T>(&self, work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
        // Both sides are polled all the time: a heartbeat may have to wait for a save that the work has begun.
        match select(pin!(work), pin!(self.desk.beat())).await {
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
        let is_targets = is_targets_fault(error.kind);
        let in_a_row = if is_targets {
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            self.unwell.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            0
        };
        match judge(error.kind, in_a_row) {
            Consequence::StopCycle => return Err(Stop::Target(error)),
            // One account's failure is an answer of a target that is well.
            Consequence::Escrow if !is_targets => self.target_is_well(),
            Consequence::Escrow => {}
        }
        Ok(Failure::from(&error))
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

    /// How many objects of this type have an account, as of the last commit.
    fn linked(&self, kind: ObjectType) -> u64 {
        self.desk.peek(|state| match kind {
            ObjectType::User => state.counts.linked,
            ObjectType::Group => state.counts.groups.linked,
        })
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
        let progress = session.progress(&self.ports.target.pace(), self.ports.clock.now());
        let live = Live { progress, figures: session.checkpoint.figures };
        self.desk.show(|shown| *shown = Some(live));
        self.ports.observer.progress(&live.progress, &live.figures);
    }
}

/// What the slice knows beyond what is saved.
struct Session {
    state: JobState,
    checkpoint: Checkpoint,
    matchers: BTreeMap<ObjectType, Matcher>,
    waiting: Waiting,
    /// What the references phase has before it.
    references: references::Work,
    /// Who was taken out of escrow and tried in this slice.
    retried: BTreeSet<IdHash>,
    /// The fingerprint snapshot, sorted; read only when a full read needs it.
    snapshot: Option<Vec<Fingerprint>>,
    /// Whether the reading that this slice opened shows so few that only their fingerprints are read.
    shows_few: bool,
    /// Requests of source and target that are in the figures already, and the time lost to throttling.
    counted: (u64, u64, Duration),
    /// When this slice began, and how many objects were done by then.
    since: (Timestamp, u64),
    /// Listings of the target that the slice before kept.
    listed: Vec<ObjectType>,
    /// Whether staged rows that nobody counted were looked for.
    swept_strays: bool,
    /// When the session was committed last.
    saved: Timestamp,
}

impl Session {
    /// Resumes the checkpoint of the state, or begins a cycle.
    fn begin(mut state: JobState, definition: &Definition, ports: &Ports<'_>) -> Self {
        let now = ports.clock.now();
        let mut checkpoint = match state.checkpoint.take() {
            Some(checkpoint) => Checkpoint { slice: checkpoint.slice + 1, ..checkpoint },
            None => new_cycle(&mut state, definition, ports, now),
        };
        // Kept for this slice only: should it be killed, what it created is in no listing.
        let listed = std::mem::take(&mut checkpoint.listed);
        Self {
            since: (now, checkpoint.done),
            listed,
            swept_strays: false,
            state,
            checkpoint,
            matchers: BTreeMap::new(),
            waiting: Waiting::default(),
            references: references::Work::default(),
            retried: BTreeSet::new(),
            snapshot: None,
            shows_few: false,
            counted: (ports.source.calls(), ports.target.calls(), ports.target.pace().throttled),
            saved: now,
        }
    }

    /// What finds accounts of objects of this type.
    fn matcher(&mut self, kind: ObjectType) -> &mut Matcher {
        self.matchers.entry(kind).or_insert_with(|| Matcher::new(kind))
    }

    /// Moves on past a page.
    fn advance(&mut self, plan: &PagePlan) {
        let checkpoint = &mut self.checkpoint;
        checkpoint.done += plan.objects;
        checkpoint.total = checkpoint.total.max(checkpoint.done);
        checkpoint.figures.imported += plan.imported;
        checkpoint.figures.unchanged += plan.unchanged;
        checkpoint.figures.swept += plan.swept;
        checkpoint.figures.drifted += plan.drifted;
        checkpoint.phase = plan.next.clone();
    }

    fn progress(&self, pace: &Pace, now: Timestamp) -> Progress {
        Progress {
            completed_units: self.checkpoint.done,
            total_units: self.checkpoint.total,
            observed_at: now,
            since: Some(self.since),
            calls_per_second: pace.per_second,
            waits_until: pace.waits_until.filter(|until| *until > now),
        }
    }

    /// Adds the requests sent since the last time, and the time lost to throttling, to the figures.
    fn count_calls(&mut self, ports: &Ports<'_>) {
        let now = (ports.source.calls(), ports.target.calls(), ports.target.pace().throttled);
        let figures = &mut self.checkpoint.figures;
        figures.source_calls += now.0 - self.counted.0;
        figures.target_calls += now.1 - self.counted.1;
        let throttled = now.2.saturating_sub(self.counted.2);
        figures.throttled_milliseconds += u64::try_from(throttled.as_millis()).unwrap_or(u64::MAX);
        self.counted = now;
    }

    fn tell(&mut self, job: &JobId, now: Timestamp, detail: EventDetail) -> Event {
        self.state.tell(job, now, detail)
    }
}

fn new_cycle(state: &mut JobState, definition: &Definition, ports: &Ports<'_>, now: Timestamp) -> Checkpoint {
    let version = mapping_version(definition);
    let is_new = state.mapping_version.as_ref() != Some(&version);
    if is_new {
        state.mapping_version = Some(version);
        state.initial_completed = None;
    }
    // What depends on the time is looked at once a day, whatever changed.
    let is_another_day = definition.mappings().any(Mapping::uses_time)
        && state.evaluated_on.replace(day_of(now)) != Some(day_of(now));
    let from_stored = (is_new || is_another_day) && is_stored(state, definition);
    if (is_new || is_another_day) && !from_stored {
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
        failures: FailureKinds::default(),
        verdicts: Vec::new(),
        from_stored,
        plan: None,
        aside: None,
        presence: false,
        linked_somebody: false,
        unsettled: false,
        listed: Vec::new(),
    }
}

/// Whether everyone can be evaluated under the present mapping from what is stored: all that it reads was kept.
fn is_stored(state: &JobState, definition: &Definition) -> bool {
    let known = state.watermark.as_ref().and(state.stored_attributes.as_ref());
    known.is_some_and(|known| definition.attributes().all(|name| known.contains(name)))
}

/// The day of a moment, in UTC.
fn day_of(moment: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(moment).date()
}

/// Changes whenever a mapping does, or what becomes of nested groups, or who is protected: who no longer is may have to
/// be removed although nothing else changed.
fn mapping_version(definition: &Definition) -> String {
    let mut parts = vec![definition.mapping.version().to_vec()];
    if let Some(groups) = &definition.groups {
        parts.push(groups.mapping.version().to_vec());
        parts.push(format!("{:?}", groups.nested).into_bytes());
    }
    if !definition.protected.is_nobody() {
        parts.push(b"protected".to_vec());
        parts.extend(definition.protected.0.iter().map(|pattern| pattern.clone().into_bytes()));
    }
    let version = match parts.as_slice() {
        [users] => users.clone(),
        all => digest16(&all.iter().map(Vec::as_slice).collect::<Vec<_>>()).to_vec(),
    };
    version.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! One world: a directory in memory, an app in memory, a store in memory, and the cycles between them.
//!
//! In: a seed. Out: nothing, or what went wrong with the history that led there. Promise: the same seed lives through
//! the same world, call by call.

mod disturb;

use std::time::Duration;

use async_trait::async_trait;
use engine::cycle::{CycleError, Definition, Ending, Ports, Request};
use engine::job::{CycleReport, JobState};
use engine::model::JobId;
use engine::ports::{Clock, StoreError, Target as _, Unobserved};
use jiff::{SignedDuration, Timestamp};
use testkit::memory::{Chance, MemoryStore, MemoryTarget};
use testkit::source::MemorySource;
use testkit::time::{CountedIds, TestClock};

use crate::directory::{Directory, Features};
use crate::model::Model;
use crate::{check, setup};

/// Cycles within which a world must come to rest once nothing disturbs it. What failed is tried again after 6, 12 and
/// 24 hours; a chain of people who take over each other's names needs one such turn for each.
const TURNS: usize = 25;

/// What went wrong.
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) history: Vec<String>,
}

/// The world.
pub(crate) struct World {
    pub(crate) directory: Directory,
    pub(crate) model: Model,
    pub(crate) source: MemorySource,
    pub(crate) target: MemoryTarget,
    pub(crate) store: MemoryStore,
    pub(crate) job: JobId,
    definition: Definition,
    clock: TestClock,
    ids: CountedIds,
    chance: Chance,
    /// Whether a worker woke up late. What it writes where nobody newer wrote is not refused; the target is not the
    /// worse for it, but the counts of the job may be.
    pub(crate) overtaken: bool,
    /// Kills and faults that really happened.
    disturbances: usize,
    history: Option<Vec<String>>,
}

/// Lives through the world of a seed.
pub(crate) async fn live(seed: u64, features: Features, told: bool) -> Result<(), Failure> {
    let mut world = World::of(seed, features, told);
    let outcome = world.live().await;
    outcome.map_err(|what| Failure { what, history: world.history.take().unwrap_or_default() })
}

impl World {
    fn of(seed: u64, features: Features, told: bool) -> Self {
        let mut chance = Chance::of(seed);
        let (people, groups) = (chance.between(20, 40), chance.between(3, 6));
        let directory = Directory::of(people, groups, features, &mut chance.fork());
        let source = setup::source(&mut chance);
        directory.show(&source);
        let target = setup::target(&mut chance);
        if told {
            target.keep_journal();
        }
        let mut model = Model::default();
        setup::strangers(&directory, &target, &mut model, &mut chance);
        let definition = setup::definition(features, &mut chance);
        let job = definition.job.clone();
        let clock = TestClock::at(Timestamp::from_second(1_800_000_000).unwrap_or_default());
        let store = MemoryStore::with_job(&job, JobState::new(clock.now()));
        Self {
            directory,
            model,
            source,
            target,
            store,
            job,
            definition,
            clock,
            ids: CountedIds::default(),
            chance,
            overtaken: false,
            disturbances: 0,
            history: told.then(Vec::new),
        }
    }

    async fn live(&mut self) -> Result<(), String> {
        let settings = self.target.settings().clone();
        self.note(|| format!("{settings:?}"));
        let thresholds = self.definition.thresholds;
        self.note(|| format!("{thresholds:?}"));
        if self.history.is_some() {
            for (id, person) in self.directory.people.clone() {
                self.note(|| format!("  {id} {person:?}"));
            }
            for (id, group) in self.directory.groups.clone() {
                self.note(|| format!("  {id} {group:?}"));
            }
        }
        let rounds = self.chance.between(3, 6);
        for round in 1..=rounds {
            self.note(|| format!("— round {round} of {rounds}"));
            if round > 1 {
                let events = self.chance.between(1, 14);
                self.happen(events, false);
            }
            self.disturb(round == 1).await?;
            self.come_to_rest().await?;
        }
        if self.disturbances == 0 {
            return Err("nothing disturbed this world; it proves nothing".into());
        }
        Ok(())
    }

    /// Writes something down, for whoever has to understand a failure.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        let journal = self.target.take_journal();
        if let Some(history) = &mut self.history {
            history.extend(journal.into_iter().map(|call| format!("      {call}")));
            history.push(what());
        }
    }

    fn happen(&mut self, events: usize, gentle: bool) {
        for _ in 0..events {
            let told = self.directory.event(&self.model, &self.source, gentle, &mut self.chance);
            if let Some(told) = told {
                self.note(|| format!("  {told}"));
            }
        }
    }

    /// A slice, told of in the history.
    async fn slice(&mut self, how: &str, request: &Request) -> Result<Ending, CycleError> {
        let pace = self.pace();
        let clock = Passing { clock: &self.clock, pace };
        let ending = engine::cycle::run(&self.ports(&clock), &self.definition, request).await;
        self.note(|| format!("  {how}: {}", describe(&ending)));
        ending
    }

    fn ports<'a>(&'a self, clock: &'a Passing<'_>) -> Ports<'a> {
        Ports {
            source: &self.source,
            target: &self.target,
            store: &self.store,
            clock,
            ids: &self.ids,
            observer: &Unobserved,
        }
    }

    /// How the time passes during the next slice.
    fn pace(&mut self) -> Pace {
        let step = SignedDuration::from_millis(self.chance.between(0, 120) as i64);
        Pace { step, beats: self.chance.in_thousand(100) }
    }

    /// Only what a disturbance can cause is a good ending.
    fn expect(&self, ending: Result<Ending, CycleError>) -> Result<(), String> {
        match ending {
            Ok(_) | Err(CycleError::Source(_) | CycleError::Target(_)) => Ok(()),
            Err(CycleError::Store(StoreError::Busy { .. })) => Ok(()),
            Err(CycleError::Store(error)) => Err(format!("the store refused: {error:?}")),
        }
    }

    /// Undisturbed cycles until there is nothing left to do; then everything must be as the model says, and another
    /// cycle must do nothing.
    async fn come_to_rest(&mut self) -> Result<(), String> {
        for _ in 0..TURNS {
            self.clock.advance(SignedDuration::from_mins(40));
            self.wait_for_escrow().await;
            let request = self.approval();
            let report = self.undisturbed(&request).await?;
            if is_quiet(&report) && !self.waits().await {
                self.model.come_to_rest(&self.directory);
                self.directory.came_to_rest();
                check::everything(self)?;
                return self.nothing_happens().await;
            }
        }
        let state = self.store.state(&self.job);
        let counts = state.map(|state| state.counts);
        let (escrows, staged) = (self.store.all_escrows(&self.job), self.store.all_staged(&self.job));
        Err(format!("no rest after {TURNS} cycles; in escrow: {escrows:#?}\nstaged: {staged:#?}\n{counts:?}"))
    }

    async fn undisturbed(&mut self, request: &Request) -> Result<CycleReport, String> {
        let how = if request.approved_by.is_some() { "approved" } else { "undisturbed" };
        match self.slice(how, request).await {
            Ok(Ending::Completed(report)) => Ok(*report),
            other => Err(format!("an undisturbed cycle ended with {other:?}")),
        }
    }

    /// Somebody approves what is held.
    fn approval(&self) -> Request {
        let state = self.store.state(&self.job);
        let is_held = state.is_some_and(|state| {
            state.suspect_reading.is_some() || state.last.is_some_and(|last| last.figures.held > 0)
        });
        Request { approved_by: is_held.then(|| "ada".to_owned()), ..Request::default() }
    }

    /// Moves the time on to when the next one in escrow is due.
    async fn wait_for_escrow(&mut self) {
        let entries = self.store.all_escrows(&self.job);
        if let Some(next) = entries.iter().filter_map(|entry| entry.next_attempt).min() {
            let wait = next.duration_since(self.clock.now());
            self.clock.advance(wait.max(SignedDuration::ZERO));
        }
    }

    /// Whether anything waits for a later cycle.
    async fn waits(&self) -> bool {
        let state = self.store.state(&self.job);
        !self.store.all_escrows(&self.job).is_empty()
            || state.is_some_and(|state| {
                // Rows that nobody counted were left by a worker that woke up late; the next cycle that does anything
                // takes them away.
                state.counts.staged > 0 || state.suspect_reading.is_some() || state.checkpoint.is_some()
            })
    }

    async fn nothing_happens(&mut self) -> Result<(), String> {
        for touched in [false, true] {
            if touched {
                self.source.touch();
            }
            self.clock.advance(SignedDuration::from_mins(40));
            let (calls, records) = (self.target.calls(), self.store.record_count(&self.job));
            let report = self.undisturbed(&Request::default()).await?;
            let calls = self.target.calls() - calls;
            let records = self.store.record_count(&self.job) - records;
            if (calls, records) != (0, 0) || report.figures.exported() > 0 {
                return Err(format!(
                    "a cycle without news (written again: {touched}) made {calls} calls and {records} records: {report:#?}"
                ));
            }
        }
        Ok(())
    }
}

fn is_quiet(report: &CycleReport) -> bool {
    let figures = report.figures;
    figures.exported() + figures.failed + figures.held + figures.log_records == 0
}

fn describe(ending: &Result<Ending, CycleError>) -> String {
    match ending {
        Ok(Ending::Continues) => "hands over".to_owned(),
        Ok(Ending::Paused) => "pauses".to_owned(),
        Ok(Ending::Completed(report)) => {
            let f = report.figures;
            format!(
                "completes: {} read, {} created, {} updated, {} disabled, {} deleted, {} failed, {} held, {} skipped, +{} −{} members, {} records{}",
                f.imported,
                f.created,
                f.updated,
                f.disabled,
                f.deleted,
                f.failed,
                f.held,
                f.skipped,
                f.members_added,
                f.members_removed,
                f.log_records,
                report
                    .no_inference
                    .as_ref()
                    .map(|why| format!(" (nobody inferred gone: {why})"))
                    .unwrap_or_default()
            )
        }
        Err(error) => format!("fails: {error:?}"),
    }
}

/// A clock that goes on a little each time it is looked at.
struct Passing<'a> {
    clock: &'a TestClock,
    pace: Pace,
}

/// How much it goes on, and whether its heart beats at every turn.
#[derive(Clone, Copy)]
struct Pace {
    step: SignedDuration,
    beats: bool,
}

#[async_trait]
impl Clock for Passing<'_> {
    fn now(&self) -> Timestamp {
        self.clock.advance(self.pace.step);
        self.clock.now()
    }

    async fn sleep(&self, wait: Duration) {
        self.clock.sleep(wait).await;
    }

    async fn tick(&self, every: Duration) {
        if self.pace.beats {
            tokio::task::yield_now().await;
        } else {
            self.clock.tick(every).await;
        }
    }
}

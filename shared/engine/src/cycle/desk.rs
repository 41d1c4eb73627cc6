//! The desk a slice works at: its lease, and the job item it saves.
//!
//! Every save is one conditional write that also prolongs the lease, so that a worker that was taken over
//! finds out at its next save, and never by overwriting. Saves from the work and from the heartbeat beside it
//! are put in order here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::channel::{mpsc, oneshot};
use futures::future::{Either, select};
use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};

use super::Ports;
use crate::job::{Event, Figures, JobState, Progress};
use crate::model::{JobId, Link, ObjectType, SourceId, TargetId};
use crate::ports::{ClaimOutcome, Lease, Orders, StoreError};

/// How much longer than the target's longest call a lease lasts without being prolonged. A minute: twelve
/// heartbeats may be late before a call has to wait for one, and the job of a worker that died goes on soon.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// How often status is saved while a cycle runs, and with it the lease prolonged.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);

/// What the status shows of a running cycle, between two commits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Live {
    pub(super) progress: Progress,
    pub(super) figures: Figures,
}

pub(super) struct Desk<'a> {
    ports: &'a Ports<'a>,
    /// Held while saving: a save and the heartbeat never cross. Only who is polled all the time may wait for it: the loop
    /// of heartbeats, and the work between two pages. A page is done in streams that feed each other, and one that is
    /// full does not poll those before it: were somebody there given this lock, nobody would get it any more. They ask
    /// the loop ([`Desk::prolong`]).
    saving: futures::lock::Mutex<()>,
    /// Where the loop of heartbeats hears who needs the lease prolonged now.
    asks: Mutex<Option<mpsc::UnboundedSender<oneshot::Sender<()>>>>,
    lease: Mutex<Lease>,
    committed: Mutex<JobState>,
    orders: Mutex<Orders>,
    live: Mutex<Option<Live>>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(ports: &'a Ports<'a>, lease: Lease, state: JobState) -> Self {
        Self {
            ports,
            saving: futures::lock::Mutex::default(),
            asks: Mutex::default(),
            lease: Mutex::new(lease),
            committed: Mutex::new(state),
            orders: Mutex::default(),
            live: Mutex::new(None),
        }
    }

    /// The state as it was last saved.
    pub(super) fn state(&self) -> JobState {
        lock(&self.committed).clone()
    }

    /// Reads something off the state without copying it.
    pub(super) fn peek<T>(&self, read: impl FnOnce(&JobState) -> T) -> T {
        read(&lock(&self.committed))
    }

    /// What the status shows until the next commit.
    pub(super) fn live(&self) -> Option<Live> {
        *lock(&self.live)
    }

    /// Changes what the status shows until the next commit.
    pub(super) fn show(&self, change: impl FnOnce(&mut Option<Live>)) {
        change(&mut lock(&self.live));
    }

    /// What a person asked for, as of the last save.
    pub(super) fn orders(&self) -> Orders {
        lock(&self.orders).clone()
    }

    /// Commits a new state, with the events that tell of it.
    pub(super) async fn save(&self, state: JobState, events: &[Event]) -> Result<(), StoreError> {
        self.write(state, events, false).await
    }

    /// Commits the last state and gives the lease back.
    pub(super) async fn release(&self, state: JobState, events: &[Event]) -> Result<(), StoreError> {
        self.write(state, events, true).await
    }

    async fn write(&self, state: JobState, events: &[Event], release: bool) -> Result<(), StoreError> {
        let _saving = self.saving.lock().await;
        self.write_holding(state, events, release).await
    }

    async fn write_holding(
        &self,
        mut state: JobState,
        events: &[Event],
        release: bool,
    ) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        let live = self.live();
        state.progress = live.map(|live| Progress { observed_at: now, ..live.progress });
        state.running = live.map(|live| live.figures);
        let prolonged = Lease { until: until(self.ports, now), ..self.held() };
        let orders = self.ports.store.save(&prolonged, &state, events, release).await?;
        *lock(&self.orders) = orders;
        *lock(&self.lease) = prolonged;
        *lock(&self.committed) = state;
        Ok(())
    }

    /// Saves what the status shows, and prolongs the lease; the checkpoint stays as it was committed.
    async fn heartbeat(&self) -> Result<(), StoreError> {
        let _saving = self.saving.lock().await;
        // Read only now: a commit that was under way until a moment ago must not be overwritten with what was before.
        let state = self.state();
        self.write_holding(state, &[], false).await
    }

    /// Beats every [`HEARTBEAT`], and when somebody asks; ends when the lease is lost.
    pub(super) async fn beat(&self) -> StoreError {
        let (ask, mut asks) = mpsc::unbounded();
        *lock(&self.asks) = Some(ask);
        loop {
            let mut waiting = Vec::new();
            if let Either::Right((Some(first), _)) =
                select(self.ports.clock.tick(HEARTBEAT), asks.next()).await
            {
                waiting.push(first);
            }
            while let Some(Some(next)) = asks.next().now_or_never() {
                waiting.push(next);
            }
            if let Err(lost) = self.heartbeat().await {
                return lost;
            }
            for told in waiting {
                // Who does not listen any more needs no lease.
                let _ = told.send(());
            }
        }
    }

    /// Has the lease prolonged by the loop of heartbeats, where there is one.
    async fn prolong(&self) -> Result<(), StoreError> {
        let (told, hears) = oneshot::channel();
        let is_heard = lock(&self.asks).as_ref().is_some_and(|asks| asks.unbounded_send(told).is_ok());
        if is_heard && hears.await.is_ok() {
            return Ok(());
        }
        self.heartbeat().await
    }

    /// Makes sure that the lease outlasts a call that may take `longest`.
    pub(super) async fn outlast(&self, longest: Duration) -> Result<(), StoreError> {
        let left = self.held().until.duration_since(self.ports.clock.now());
        if left > SignedDuration::try_from(longest).unwrap_or(SignedDuration::MAX) {
            return Ok(());
        }
        self.prolong().await
    }

    /// The lease as it is now, to be named by conditional writes. A worker that slept through the end of it (a machine
    /// that was put to sleep) first proves that nobody took the job over, before it writes rows that another worker may
    /// have taken away meanwhile: absent rows carry no fence that could refuse it.
    pub(super) async fn lease(&self) -> Result<Lease, StoreError> {
        let lease = self.held();
        if self.ports.clock.now() < lease.until {
            return Ok(lease);
        }
        self.prolong().await?;
        Ok(self.held())
    }

    /// The lease as it was last prolonged.
    fn held(&self) -> Lease {
        lock(&self.lease).clone()
    }

    pub(super) async fn claim(
        &self,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<ClaimOutcome, StoreError> {
        self.ports.store.claim(&self.lease().await?, kind, target, source).await
    }

    pub(super) async fn put_link(&self, link: &Link) -> Result<(), StoreError> {
        self.ports.store.put_link(&self.lease().await?, link).await
    }

    /// Forgets a link and gives its account free.
    pub(super) async fn unlink(
        &self,
        kind: ObjectType,
        source: &SourceId,
        target: Option<&TargetId>,
    ) -> Result<(), StoreError> {
        let lease = self.lease().await?;
        // The claim first: a link without a claim is forgotten again, a claim without a link would stay for ever.
        if let Some(target) = target {
            self.ports.store.release_claim(&lease, kind, target, source).await?;
        }
        self.ports.store.delete_link(&lease, source).await
    }
}

/// When a lease taken or prolonged now ends.
fn until(ports: &Ports<'_>, now: Timestamp) -> Timestamp {
    let longest = SignedDuration::try_from(ports.target.habits().longest_call).unwrap_or(MARGIN);
    now.saturating_add(longest.saturating_add(MARGIN)).unwrap_or(Timestamp::MAX)
}

/// Takes the job's lease.
pub(super) async fn acquire<'a>(ports: &'a Ports<'a>, job: &JobId) -> Result<Desk<'a>, StoreError> {
    let now = ports.clock.now();
    let (lease, state) = ports.store.acquire(job, now, until(ports, now)).await?;
    Ok(Desk::new(ports, lease, state))
}

/// A poisoned lock only means that another thread panicked while it held plain values; they are still whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

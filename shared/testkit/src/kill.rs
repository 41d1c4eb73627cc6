//! Killing a worker at an exact outside call: before it, or after it was carried out and before its answer arrived.
//!
//! In: the ports of a cycle, and the number of the call to die at. Out: ports that count every call; at the chosen one
//! the call never returns, and [`Killer::died`] wakes up so that the test drops the worker as a crash would, without
//! any of its clean-up running. A test that keeps the worker instead can wake it up much later ([`Killer::revive`]): a
//! process that slept, and does not know what happened meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use engine::cycle::Ports;
use engine::escrow::EscrowEntry;
use engine::fingerprint::Fingerprint;
use engine::guard::{StagedKey, StagedRemoval};
use engine::ids::IdHash;
use engine::job::{CycleReport, Event, JobState};
use engine::membership::{MemberChange, Membership, PendingReference};
use engine::model::{
    Cursor, CycleId, JobId, Link, ObjectType, SourceId, SourceObject, TargetId, TargetObject, Value,
    Watermark,
};
use engine::ports::{
    ClaimOutcome, FingerprintChange, Habits, Identity, Kept, Lease, Orders, Pace, Reading, Source,
    SourceError, SourcePage, Store, StoreError, Target, TargetError, TargetOperation, TargetPage,
};
use engine::report::ProvisioningRecord;
use jiff::Timestamp;
use tokio::sync::Notify;

/// Where to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the call is made.
    Before(u64),
    /// After the call was carried out; its answer is lost.
    After(u64),
}

/// Counts calls, and stops the world at the chosen one.
#[derive(Debug)]
pub struct Killer {
    moment: Option<Moment>,
    calls: AtomicU64,
    died: Notify,
    revived: AtomicBool,
    wakes: Notify,
    turns: usize,
}

impl Killer {
    /// Dies at `moment`, or never.
    #[must_use]
    pub fn at(moment: Option<Moment>) -> Self {
        Self {
            moment,
            calls: AtomicU64::new(0),
            died: Notify::new(),
            revived: AtomicBool::new(false),
            wakes: Notify::new(),
            turns: 0,
        }
    }

    /// Kills nobody; every call takes so many turns of the executor, in which others get on.
    #[must_use]
    pub fn delaying(turns: usize) -> Self {
        Self { turns, ..Self::at(None) }
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Waits until the worker is dead.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    /// Wakes the worker up, provided the test did not drop it: the call it stopped at is made, or its answer arrives, as
    /// if no time had passed. It does not stop again.
    pub fn revive(&self) {
        self.revived.store(true, Ordering::Relaxed);
        self.wakes.notify_waiters();
    }

    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        for _ in 0..self.turns {
            tokio::task::yield_now().await;
        }
        match self.moment {
            Some(Moment::Before(at)) if number >= at => {
                self.sleep().await;
                call.await
            }
            Some(Moment::After(at)) if number > at => {
                self.sleep().await;
                call.await
            }
            Some(Moment::After(at)) if number == at => {
                let answer = call.await;
                self.sleep().await;
                answer
            }
            _ => call.await,
        }
    }

    /// Stops here, for ever unless it is woken up.
    async fn sleep(&self) {
        let wakes = self.wakes.notified();
        if !self.revived.load(Ordering::Relaxed) {
            self.died.notify_one();
            wakes.await;
        }
    }
}

/// The ports of a worker, with every outside call going through a [`Killer`].
pub struct Mortals<'a> {
    plain: Ports<'a>,
    source: Mortal<'a, dyn Source + 'a>,
    target: Mortal<'a, dyn Target + 'a>,
    store: Mortal<'a, dyn Store + 'a>,
}

impl<'a> Mortals<'a> {
    /// Puts `killer` between a worker and its `ports`.
    #[must_use]
    pub fn of(ports: Ports<'a>, killer: &'a Killer) -> Self {
        let (source, target, store) = (ports.source, ports.target, ports.store);
        Self {
            plain: ports,
            source: Mortal { port: source, killer },
            target: Mortal { port: target, killer },
            store: Mortal { port: store, killer },
        }
    }

    /// What the worker is given.
    pub fn ports(&self) -> Ports<'_> {
        Ports { source: &self.source, target: &self.target, store: &self.store, ..self.plain }
    }
}

/// A port whose calls go through a [`Killer`].
struct Mortal<'a, P: ?Sized> {
    port: &'a P,
    killer: &'a Killer,
}

#[async_trait]
impl<P: Source + ?Sized> Source for Mortal<'_, P> {
    async fn open(
        &self,
        watermark: Option<&Watermark>,
        resume: Option<&Cursor>,
    ) -> Result<Reading, SourceError> {
        self.killer.around(self.port.open(watermark, resume)).await
    }

    async fn read(&self, cursor: &Cursor) -> Result<SourcePage, SourceError> {
        self.killer.around(self.port.read(cursor)).await
    }

    async fn get(&self, ids: &[SourceId]) -> Result<Vec<SourceObject>, SourceError> {
        self.killer.around(self.port.get(ids)).await
    }

    fn calls(&self) -> u64 {
        self.port.calls()
    }
}

#[async_trait]
impl<P: Target + ?Sized> Target for Mortal<'_, P> {
    async fn list(
        &self,
        kind: ObjectType,
        paths: &[String],
        cursor: Option<&Cursor>,
    ) -> Result<TargetPage, TargetError> {
        self.killer.around(self.port.list(kind, paths, cursor)).await
    }

    async fn find(
        &self,
        kind: ObjectType,
        path: &str,
        value: &Value,
        paths: &[String],
    ) -> Result<Vec<TargetObject>, TargetError> {
        self.killer.around(self.port.find(kind, path, value, paths)).await
    }

    async fn get(
        &self,
        kind: ObjectType,
        id: &TargetId,
        paths: &[String],
    ) -> Result<Option<TargetObject>, TargetError> {
        self.killer.around(self.port.get(kind, id, paths)).await
    }

    async fn members(&self, group: &TargetId) -> Result<Option<BTreeSet<TargetId>>, TargetError> {
        self.killer.around(self.port.members(group)).await
    }

    async fn batch_size(&self) -> usize {
        self.port.batch_size().await
    }

    async fn execute(&self, operations: &[TargetOperation]) -> Vec<Result<TargetId, TargetError>> {
        self.killer.around(self.port.execute(operations)).await
    }

    async fn probe(&self) -> Result<(), TargetError> {
        self.killer.around(self.port.probe()).await
    }

    fn habits(&self) -> Habits {
        self.port.habits()
    }

    fn calls(&self) -> u64 {
        self.port.calls()
    }

    fn pace(&self) -> Pace {
        self.port.pace()
    }
}

/// Passes store calls on, through the killer.
macro_rules! mortal_store {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl<P: Store + ?Sized> Store for Mortal<'_, P> {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.killer.around(self.port.$name($($argument),*)).await
            })*
        }
    };
}

mortal_store! {
    acquire(job: &JobId, now: Timestamp, until: Timestamp) -> (Lease, JobState);
    save(lease: &Lease, state: &JobState, events: &[Event], release: bool) -> Orders;
    orders_done(job: &JobId, done: &Orders) -> ();
    links(job: &JobId, ids: &[IdHash]) -> BTreeMap<IdHash, Link>;
    links_after(job: &JobId, after: Option<IdHash>, most: usize) -> Vec<Link>;
    put_link(lease: &Lease, link: &Link) -> ();
    delete_link(lease: &Lease, source: &SourceId) -> ();
    claim(lease: &Lease, kind: ObjectType, target: &TargetId, source: &SourceId) -> ClaimOutcome;
    owners(job: &JobId, kind: ObjectType, targets: &[TargetId]) -> BTreeMap<TargetId, SourceId>;
    release_claim(lease: &Lease, kind: ObjectType, target: &TargetId, source: &SourceId) -> ();
    snapshot(job: &JobId) -> Vec<Fingerprint>;
    append_fingerprints(lease: &Lease, cycle: CycleId, page: u32, changes: &[FingerprintChange]) -> ();
    fold_fingerprints(lease: &Lease) -> ();
    put_intent(lease: &Lease, intent: &[u8]) -> ();
    intent(job: &JobId) -> Option<Vec<u8>>;
    stage(lease: &Lease, removals: &[StagedRemoval]) -> ();
    staged(job: &JobId) -> Vec<StagedRemoval>;
    unstage(lease: &Lease, objects: &[StagedKey]) -> ();
    membership(job: &JobId, group: &SourceId) -> Membership;
    change_membership(lease: &Lease, group: &SourceId, changes: &[MemberChange]) -> ();
    forget_membership(lease: &Lease, group: &SourceId) -> ();
    add_pending(lease: &Lease, references: &[PendingReference]) -> ();
    pending(job: &JobId) -> Vec<PendingReference>;
    remove_pending(lease: &Lease, references: &[PendingReference]) -> ();
    mark_unsettled(lease: &Lease, groups: &[SourceId]) -> ();
    unsettled(job: &JobId) -> Vec<SourceId>;
    settle(lease: &Lease, group: &SourceId) -> ();
    keep(lease: &Lease, name: Kept, bytes: &[u8]) -> ();
    kept(job: &JobId, name: Kept) -> Option<Vec<u8>>;
    drop_kept(lease: &Lease, name: Kept) -> ();
    put_escrow(lease: &Lease, entry: &EscrowEntry) -> ();
    delete_escrow(lease: &Lease, source: &SourceId) -> ();
    escrows(job: &JobId) -> Vec<EscrowEntry>;
    append_records(job: &JobId, records: &[ProvisioningRecord], names: &[Identity]) -> ();
    put_cycle(lease: &Lease, report: &CycleReport) -> ();
}

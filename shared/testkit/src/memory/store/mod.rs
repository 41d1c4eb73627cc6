//! The store in memory, with the semantics of the table: a lease with a fence, rows that a newer worker wrote and an
//! older one may not touch, and unconditional rows with derived keys.
//!
//! In: the calls of [`engine::ports::Store`]. Out: the same answers as the real one's, at once. Promise: what the real
//! store refuses this one refuses with the same error; rows that were deleted have forgotten their fence, as in the
//! table. A clone is a copy: what happens to it does not happen to the original.
//!
//! # Caveats
//! Writes are never cut half-way: a batch is done or refused as a whole, up to the row that is refused. The fences of a
//! membership and of the snapshot hold for the whole of it, where the table has one for each chunk.

mod people;
mod port;
mod rows;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::escrow::EscrowEntry;
use engine::guard::{StagedKey, StagedRemoval};
use engine::ids::IdHash;
use engine::job::{CycleReport, Event, JobState};
use engine::membership::{Membership, PendingReference};
use engine::model::{CycleId, JobId, Link, ObjectType, SourceId, TargetId};
use engine::ports::{Kept, Orders};
use engine::report::ProvisioningRecord;
use jiff::Timestamp;
use uuid::Uuid;

use self::rows::Rows;
use self::snapshot::Snapshot;

/// The store.
#[derive(Debug, Default)]
pub struct MemoryStore {
    jobs: Mutex<BTreeMap<JobId, Job>>,
    requests: AtomicU64,
}

/// The job item.
#[derive(Debug, Clone)]
struct JobItem {
    state: JobState,
    fence: u64,
    lease_until: Option<Timestamp>,
    outbox: Vec<Event>,
}

/// Everything remembered of one job.
#[derive(Debug, Clone, Default)]
struct Job {
    item: Option<JobItem>,
    orders: Orders,
    links: Rows<IdHash, Link>,
    claims: Rows<(ObjectType, TargetId), SourceId>,
    snapshot: Snapshot,
    intent: Rows<(), Vec<u8>>,
    staged: Rows<StagedKey, StagedRemoval>,
    memberships: Rows<SourceId, Membership>,
    pending: Rows<PendingReference, ()>,
    unsettled: Rows<IdHash, SourceId>,
    kept: Rows<Kept, Vec<u8>>,
    escrows: Rows<IdHash, EscrowEntry>,
    /// Who is to be tried again because a person said so, and when that was.
    asked: BTreeMap<IdHash, Timestamp>,
    cycles: Rows<CycleId, CycleReport>,
    records: BTreeMap<Uuid, ProvisioningRecord>,
    names: BTreeSet<(SourceId, String)>,
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self { jobs: Mutex::new(self.jobs().clone()), requests: AtomicU64::new(self.requests()) }
    }
}

impl MemoryStore {
    /// A store that holds one job.
    #[must_use]
    pub fn with_job(job: &JobId, state: JobState) -> Self {
        let store = Self::default();
        store.create_job(job, state);
        store
    }

    /// Makes a job. False when it was there already; it is left as it is.
    pub fn create_job(&self, job: &JobId, state: JobState) -> bool {
        self.of(job, |job| {
            let absent = job.item.is_none();
            job.item.get_or_insert(JobItem { state, fence: 0, lease_until: None, outbox: Vec::new() });
            absent
        })
    }

    /// The state of a job, as it was saved last.
    pub fn state(&self, job: &JobId) -> Option<JobState> {
        self.of(job, |job| job.item.as_ref().map(|item| item.state.clone()))
    }

    /// Changes the state of a job as a person's command does, beside any worker.
    pub fn edit_state(&self, job: &JobId, edit: impl FnOnce(&mut JobState)) {
        self.of(job, |job| job.item.as_mut().map(|item| edit(&mut item.state)));
    }

    /// Until when a worker holds the job; a time in the past means that it died.
    pub fn lease_until(&self, job: &JobId) -> Option<Timestamp> {
        self.of(job, |job| job.item.as_ref()?.lease_until)
    }

    /// Events not told yet, oldest first.
    pub fn outbox(&self, job: &JobId) -> Vec<Event> {
        self.of(job, |job| job.item.as_ref().map(|item| item.outbox.clone()).unwrap_or_default())
    }

    /// All links, in the order of their id hashes.
    pub fn all_links(&self, job: &JobId) -> Vec<Link> {
        self.of(job, |job| job.links.values().cloned().collect())
    }

    /// All claims: which account belongs to whom.
    pub fn claims(&self, job: &JobId) -> BTreeMap<(ObjectType, TargetId), SourceId> {
        self.of(job, |job| job.claims.iter().map(|(key, owner)| (key.clone(), owner.clone())).collect())
    }

    /// Everything in escrow, in the order of the id hashes.
    pub fn all_escrows(&self, job: &JobId) -> Vec<EscrowEntry> {
        self.of(job, |job| job.escrows.values().cloned().collect())
    }

    /// Everything staged, by key.
    pub fn all_staged(&self, job: &JobId) -> Vec<StagedRemoval> {
        self.of(job, |job| job.staged.values().cloned().collect())
    }

    /// The memberships that are remembered, by group.
    pub fn memberships(&self, job: &JobId) -> BTreeMap<SourceId, Membership> {
        self.of(job, |job| job.memberships.iter().map(|(key, row)| (key.clone(), row.clone())).collect())
    }

    /// Everything that waits for somebody's account.
    pub fn all_pending(&self, job: &JobId) -> Vec<PendingReference> {
        self.of(job, |job| job.pending.iter().map(|(key, ())| key.clone()).collect())
    }

    /// The log, oldest first.
    pub fn records(&self, job: &JobId) -> Vec<ProvisioningRecord> {
        let mut records: Vec<ProvisioningRecord> =
            self.of(job, |job| job.records.values().cloned().collect());
        records.sort_by_key(|record| (record.activity_date_time, record.id));
        records
    }

    /// How many records the log holds.
    pub fn record_count(&self, job: &JobId) -> usize {
        self.of(job, |job| job.records.len())
    }

    /// The names under which people are found in the log.
    pub fn names(&self, job: &JobId) -> BTreeSet<(SourceId, String)> {
        self.of(job, |job| job.names.clone())
    }

    /// The finished cycles, oldest first.
    pub fn cycles(&self, job: &JobId) -> Vec<CycleReport> {
        let mut cycles: Vec<CycleReport> = self.of(job, |job| job.cycles.values().cloned().collect());
        cycles.sort_by_key(|cycle| (cycle.began, cycle.cycle));
        cycles
    }

    /// Calls of the port so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn of<T>(&self, job: &JobId, look: impl FnOnce(&mut Job) -> T) -> T {
        look(self.jobs().entry(job.clone()).or_default())
    }

    /// The same, for a call of the port.
    fn asked<T>(&self, job: &JobId, look: impl FnOnce(&mut Job) -> T) -> T {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.of(job, look)
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<JobId, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The engine's port, method by method: each leads to the file of its entity.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::escrow::EscrowEntry;
use engine::fingerprint::Fingerprint;
use engine::guard::{StagedKey, StagedRemoval};
use engine::ids::IdHash;
use engine::job::{CycleReport, Event, JobState};
use engine::membership::{MemberChange, Membership, PendingReference};
use engine::model::{CycleId, JobId, Link, ObjectType, SourceId, TargetId};
use engine::ports::{ClaimOutcome, FingerprintChange, Identity, Kept, Lease, Orders, Store, StoreError};
use engine::report::ProvisioningRecord;
use jiff::Timestamp;

use crate::DynamoStore;

type Result<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl Store for DynamoStore {
    async fn acquire(&self, job: &JobId, now: Timestamp, until: Timestamp) -> Result<(Lease, JobState)> {
        self.take_lease(job, now, until).await
    }

    async fn save(&self, lease: &Lease, state: &JobState, events: &[Event], release: bool) -> Result<Orders> {
        self.save_job(lease, state, events, release).await
    }

    async fn orders_done(&self, job: &JobId, done: &Orders) -> Result<()> {
        self.clear_orders(job, done).await
    }

    async fn links(&self, job: &JobId, ids: &[IdHash]) -> Result<BTreeMap<IdHash, Link>> {
        self.read_links(job, ids).await
    }

    async fn links_after(&self, job: &JobId, after: Option<IdHash>, most: usize) -> Result<Vec<Link>> {
        self.read_links_after(job, after, most).await
    }

    async fn put_link(&self, lease: &Lease, link: &Link) -> Result<()> {
        self.write_link(lease, link).await
    }

    async fn delete_link(&self, lease: &Lease, source: &SourceId) -> Result<()> {
        self.forget_link(lease, source).await
    }

    async fn claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<ClaimOutcome> {
        self.take_claim(lease, kind, target, source).await
    }

    async fn owners(
        &self,
        job: &JobId,
        kind: ObjectType,
        targets: &[TargetId],
    ) -> Result<BTreeMap<TargetId, SourceId>> {
        self.read_owners(job, kind, targets).await
    }

    async fn release_claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<()> {
        self.drop_claim(lease, kind, target, source).await
    }

    async fn snapshot(&self, job: &JobId) -> Result<Vec<Fingerprint>> {
        self.read_snapshot(job).await
    }

    async fn fingerprints(&self, job: &JobId, ids: &[IdHash]) -> Result<Vec<Fingerprint>> {
        self.read_fingerprints(job, ids).await
    }

    async fn append_fingerprints(
        &self,
        lease: &Lease,
        cycle: CycleId,
        page: u32,
        changes: &[FingerprintChange],
    ) -> Result<()> {
        self.append_delta(lease, cycle, page, changes).await
    }

    async fn fold_fingerprints(&self, lease: &Lease) -> Result<()> {
        self.fold_deltas(lease).await
    }

    async fn put_intent(&self, lease: &Lease, intent: &[u8]) -> Result<()> {
        self.write_intent(lease, intent).await
    }

    async fn intent(&self, job: &JobId) -> Result<Option<Vec<u8>>> {
        self.read_intent(job).await
    }

    async fn stage(&self, lease: &Lease, removals: &[StagedRemoval]) -> Result<()> {
        self.write_staged(lease, removals).await
    }

    async fn staged(&self, job: &JobId) -> Result<Vec<StagedRemoval>> {
        self.read_staged(job).await
    }

    async fn unstage(&self, lease: &Lease, objects: &[StagedKey]) -> Result<()> {
        self.forget_staged(lease, objects).await
    }

    async fn keep(&self, lease: &Lease, name: Kept, bytes: &[u8]) -> Result<()> {
        self.write_kept(lease, name, bytes).await
    }

    async fn kept(&self, job: &JobId, name: Kept) -> Result<Option<Vec<u8>>> {
        self.read_kept(job, name).await
    }

    async fn drop_kept(&self, lease: &Lease, name: Kept) -> Result<()> {
        self.forget_kept(lease, name).await
    }

    async fn membership(&self, job: &JobId, group: &SourceId) -> Result<Membership> {
        self.read_membership(job, group).await
    }

    async fn change_membership(
        &self,
        lease: &Lease,
        group: &SourceId,
        changes: &[MemberChange],
    ) -> Result<()> {
        self.write_membership(lease, group, changes).await
    }

    async fn forget_membership(&self, lease: &Lease, group: &SourceId) -> Result<()> {
        self.forget_members(lease, group).await
    }

    async fn add_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<()> {
        self.write_pending(&lease.job, references).await
    }

    async fn pending(&self, job: &JobId) -> Result<Vec<PendingReference>> {
        self.read_pending(job).await
    }

    async fn remove_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<()> {
        self.forget_pending(&lease.job, references).await
    }

    async fn mark_unsettled(&self, lease: &Lease, groups: &[SourceId]) -> Result<()> {
        self.write_unsettled(lease, groups).await
    }

    async fn unsettled(&self, job: &JobId) -> Result<Vec<SourceId>> {
        self.read_unsettled(job).await
    }

    async fn settle(&self, lease: &Lease, group: &SourceId) -> Result<()> {
        self.forget_unsettled(lease, group).await
    }

    async fn put_escrow(&self, lease: &Lease, entry: &EscrowEntry) -> Result<()> {
        self.write_escrow(lease, entry).await
    }

    async fn delete_escrow(&self, lease: &Lease, source: &SourceId) -> Result<()> {
        self.forget_escrow(lease, source).await
    }

    async fn escrows(&self, job: &JobId) -> Result<Vec<EscrowEntry>> {
        self.read_escrows(job).await
    }

    async fn append_records(
        &self,
        job: &JobId,
        records: &[ProvisioningRecord],
        names: &[Identity],
    ) -> Result<()> {
        self.write_records(job, records, names).await
    }

    async fn put_cycle(&self, lease: &Lease, report: &CycleReport) -> Result<()> {
        self.write_cycle(lease, report).await
    }
}

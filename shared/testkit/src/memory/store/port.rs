//! The engine's port, method by method.

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

use super::{Job, MemoryStore};

type Result<T> = std::result::Result<T, StoreError>;

impl Job {
    fn acquire(&mut self, job: &JobId, now: Timestamp, until: Timestamp) -> Result<(Lease, JobState)> {
        let item = self.item.as_mut().ok_or_else(|| StoreError::Missing(job.clone()))?;
        if let Some(until) = item.lease_until.filter(|until| *until > now) {
            return Err(StoreError::Busy { job: job.clone(), until });
        }
        item.fence += 1;
        item.lease_until = Some(until);
        Ok((Lease { job: job.clone(), fence: item.fence, until }, item.state.clone()))
    }

    fn save(&mut self, lease: &Lease, state: &JobState, events: &[Event], release: bool) -> Result<Orders> {
        let item = self.item.as_mut().filter(|item| item.fence == lease.fence);
        let item = item.ok_or_else(|| StoreError::Fenced(lease.job.clone()))?;
        item.state = state.clone();
        item.outbox.extend_from_slice(events);
        item.lease_until = (!release).then_some(lease.until);
        Ok(self.orders.clone())
    }

    fn claim(
        &mut self,
        lease: &Lease,
        account: (ObjectType, TargetId),
        source: &SourceId,
    ) -> Result<ClaimOutcome> {
        match self.claims.get(&account) {
            Some(owner) if owner != source => self.held_by(lease, &account, owner.clone()),
            _ => self.claims.put(lease, account, source.clone()).map(|()| ClaimOutcome::Granted),
        }
    }

    fn release_claim(
        &mut self,
        lease: &Lease,
        account: &(ObjectType, TargetId),
        source: &SourceId,
    ) -> Result<()> {
        match self.claims.get(account) {
            Some(owner) if owner != source => self.held_by(lease, account, owner.clone()).map(drop),
            _ => self.claims.delete(lease, account),
        }
    }

    /// Another object holds the account; a newer worker's word on that is not for an older one to act on.
    fn held_by(
        &self,
        lease: &Lease,
        account: &(ObjectType, TargetId),
        owner: SourceId,
    ) -> Result<ClaimOutcome> {
        match self.claims.fence_of(account) {
            Some(fence) if fence > lease.fence => Err(StoreError::Fenced(lease.job.clone())),
            _ => Ok(ClaimOutcome::HeldBy(owner)),
        }
    }

    fn stage(&mut self, lease: &Lease, removal: &StagedRemoval) -> Result<()> {
        let key = removal.key();
        let decision = self.staged.get(&key).and_then(|before| before.decision.clone());
        self.staged.put(lease, key, StagedRemoval { decision, ..removal.clone() })
    }

    /// What a person said of an entry stays with it: ignored while the object is the same, and to be tried again until
    /// it was.
    fn put_escrow(&mut self, lease: &Lease, entry: &EscrowEntry) -> Result<()> {
        let hash = IdHash::of(&entry.source_id);
        let same = self.escrows.get(&hash).filter(|before| before.object == entry.object);
        let ignored = same.and_then(|before| before.ignored.clone());
        let asked = self.asked.get(&hash).copied().filter(|asked| *asked > entry.last_failed);
        let next_attempt = asked.or(entry.next_attempt);
        self.escrows.put(lease, hash, EscrowEntry { ignored, next_attempt, ..entry.clone() })?;
        if asked.is_none() {
            self.asked.remove(&hash);
        }
        Ok(())
    }

    fn delete_escrow(&mut self, lease: &Lease, source: &SourceId) -> Result<()> {
        let hash = IdHash::of(source);
        self.escrows.delete(lease, &hash)?;
        self.asked.remove(&hash);
        Ok(())
    }

    fn change_membership(&mut self, lease: &Lease, group: &SourceId, changes: &[MemberChange]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut membership = self.memberships.get(group).cloned().unwrap_or_default();
        changes.iter().for_each(|change| membership.apply(change));
        self.memberships.put(lease, group.clone(), membership)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn acquire(&self, job: &JobId, now: Timestamp, until: Timestamp) -> Result<(Lease, JobState)> {
        self.asked(job, |row| row.acquire(job, now, until))
    }

    async fn save(&self, lease: &Lease, state: &JobState, events: &[Event], release: bool) -> Result<Orders> {
        self.asked(&lease.job, |job| job.save(lease, state, events, release))
    }

    async fn orders_done(&self, job: &JobId, done: &Orders) -> Result<()> {
        self.asked(job, |job| {
            job.orders.pause &= !done.pause;
            job.orders.now.retain(|object| !done.now.contains(object));
            Ok(())
        })
    }

    async fn links(&self, job: &JobId, ids: &[IdHash]) -> Result<BTreeMap<IdHash, Link>> {
        self.asked(job, |job| {
            Ok(ids.iter().filter_map(|id| Some((*id, job.links.get(id)?.clone()))).collect())
        })
    }

    async fn links_after(&self, job: &JobId, after: Option<IdHash>, most: usize) -> Result<Vec<Link>> {
        self.asked(job, |job| Ok(job.links.after(after).take(most).cloned().collect()))
    }

    async fn put_link(&self, lease: &Lease, link: &Link) -> Result<()> {
        self.asked(&lease.job, |job| job.links.put(lease, IdHash::of(&link.source_id), link.clone()))
    }

    async fn delete_link(&self, lease: &Lease, source: &SourceId) -> Result<()> {
        self.asked(&lease.job, |job| job.links.delete(lease, &IdHash::of(source)))
    }

    async fn claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<ClaimOutcome> {
        self.asked(&lease.job, |job| job.claim(lease, (kind, target.clone()), source))
    }

    async fn owners(
        &self,
        job: &JobId,
        kind: ObjectType,
        targets: &[TargetId],
    ) -> Result<BTreeMap<TargetId, SourceId>> {
        self.asked(job, |job| {
            let owner = |target: &TargetId| job.claims.get(&(kind, target.clone())).cloned();
            Ok(targets.iter().filter_map(|target| Some((target.clone(), owner(target)?))).collect())
        })
    }

    async fn release_claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<()> {
        self.asked(&lease.job, |job| job.release_claim(lease, &(kind, target.clone()), source))
    }

    async fn snapshot(&self, job: &JobId) -> Result<Vec<Fingerprint>> {
        self.asked(job, |job| Ok(job.snapshot.read()))
    }

    async fn append_fingerprints(
        &self,
        lease: &Lease,
        cycle: CycleId,
        page: u32,
        changes: &[FingerprintChange],
    ) -> Result<()> {
        self.asked(&lease.job, |job| job.snapshot.append(lease, (cycle, page), changes))
    }

    async fn fold_fingerprints(&self, lease: &Lease) -> Result<()> {
        self.asked(&lease.job, |job| job.snapshot.fold(lease))
    }

    async fn put_intent(&self, lease: &Lease, intent: &[u8]) -> Result<()> {
        self.asked(&lease.job, |job| job.intent.put(lease, (), intent.to_vec()))
    }

    async fn intent(&self, job: &JobId) -> Result<Option<Vec<u8>>> {
        self.asked(job, |job| Ok(job.intent.get(&()).cloned()))
    }

    async fn keep(&self, lease: &Lease, name: Kept, bytes: &[u8]) -> Result<()> {
        self.asked(&lease.job, |job| job.kept.put(lease, name, bytes.to_vec()))
    }

    async fn kept(&self, job: &JobId, name: Kept) -> Result<Option<Vec<u8>>> {
        self.asked(job, |job| Ok(job.kept.get(&name).cloned()))
    }

    async fn drop_kept(&self, lease: &Lease, name: Kept) -> Result<()> {
        self.asked(&lease.job, |job| job.kept.delete(lease, &name))
    }

    async fn stage(&self, lease: &Lease, removals: &[StagedRemoval]) -> Result<()> {
        self.asked(&lease.job, |job| removals.iter().try_for_each(|removal| job.stage(lease, removal)))
    }

    async fn staged(&self, job: &JobId) -> Result<Vec<StagedRemoval>> {
        self.asked(job, |job| Ok(job.staged.values().cloned().collect()))
    }

    async fn unstage(&self, lease: &Lease, objects: &[StagedKey]) -> Result<()> {
        self.asked(&lease.job, |job| objects.iter().try_for_each(|key| job.staged.delete(lease, key)))
    }

    async fn membership(&self, job: &JobId, group: &SourceId) -> Result<Membership> {
        self.asked(job, |job| Ok(job.memberships.get(group).cloned().unwrap_or_default()))
    }

    async fn change_membership(
        &self,
        lease: &Lease,
        group: &SourceId,
        changes: &[MemberChange],
    ) -> Result<()> {
        self.asked(&lease.job, |job| job.change_membership(lease, group, changes))
    }

    async fn forget_membership(&self, lease: &Lease, group: &SourceId) -> Result<()> {
        self.asked(&lease.job, |job| job.memberships.delete(lease, group))
    }

    async fn add_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<()> {
        let put =
            |job: &mut Job| references.iter().try_for_each(|one| job.pending.put(lease, one.clone(), ()));
        self.asked(&lease.job, put)
    }

    async fn pending(&self, job: &JobId) -> Result<Vec<PendingReference>> {
        self.asked(job, |job| Ok(job.pending.iter().map(|(reference, ())| reference.clone()).collect()))
    }

    async fn remove_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<()> {
        self.asked(&lease.job, |job| references.iter().try_for_each(|one| job.pending.delete(lease, one)))
    }

    async fn mark_unsettled(&self, lease: &Lease, groups: &[SourceId]) -> Result<()> {
        let put = |job: &mut Job| {
            groups.iter().try_for_each(|one| job.unsettled.put(lease, IdHash::of(one), one.clone()))
        };
        self.asked(&lease.job, put)
    }

    async fn unsettled(&self, job: &JobId) -> Result<Vec<SourceId>> {
        self.asked(job, |job| Ok(job.unsettled.values().cloned().collect()))
    }

    async fn settle(&self, lease: &Lease, group: &SourceId) -> Result<()> {
        self.asked(&lease.job, |job| job.unsettled.delete(lease, &IdHash::of(group)))
    }

    async fn put_escrow(&self, lease: &Lease, entry: &EscrowEntry) -> Result<()> {
        self.asked(&lease.job, |job| job.put_escrow(lease, entry))
    }

    async fn delete_escrow(&self, lease: &Lease, source: &SourceId) -> Result<()> {
        self.asked(&lease.job, |job| job.delete_escrow(lease, source))
    }

    async fn escrows(&self, job: &JobId) -> Result<Vec<EscrowEntry>> {
        self.asked(job, |job| Ok(job.escrows.values().cloned().collect()))
    }

    async fn append_records(
        &self,
        job: &JobId,
        records: &[ProvisioningRecord],
        names: &[Identity],
    ) -> Result<()> {
        self.asked(job, |job| {
            job.records.extend(records.iter().map(|record| (record.id, record.clone())));
            job.names
                .extend(names.iter().map(|identity| (identity.source_id.clone(), identity.name.clone())));
            Ok(())
        })
    }

    async fn put_cycle(&self, lease: &Lease, report: &CycleReport) -> Result<()> {
        self.asked(&lease.job, |job| job.cycles.put(lease, report.cycle, report.clone()))
    }
}

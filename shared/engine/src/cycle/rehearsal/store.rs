//! A store that remembers nothing: what is there is read, what is written stays in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::escrow::EscrowEntry;
use crate::fingerprint::Fingerprint;
use crate::guard::{StagedKey, StagedRemoval};
use crate::ids::IdHash;
use crate::job::{CycleReport, Event, JobState};
use crate::membership::{MemberChange, Membership, PendingReference};
use crate::model::{CycleId, JobId, Link, ObjectType, SourceId, TargetId};
use crate::ports::{ClaimOutcome, FingerprintChange, Identity, Kept, Lease, Orders, Store, StoreError};
use crate::report::ProvisioningRecord;

type Result<T> = std::result::Result<T, StoreError>;

/// What would have been written.
#[derive(Default)]
struct Written {
    /// `None`: forgotten.
    links: BTreeMap<IdHash, Option<Link>>,
    claims: BTreeMap<(ObjectType, TargetId), Option<SourceId>>,
    snapshot: Option<BTreeMap<IdHash, Fingerprint>>,
    learnt: Vec<FingerprintChange>,
    intent: Option<Vec<u8>>,
    kept: BTreeMap<Kept, Vec<u8>>,
    staged: Option<BTreeMap<StagedKey, StagedRemoval>>,
    escrows: Option<BTreeMap<IdHash, EscrowEntry>>,
    memberships: BTreeMap<SourceId, Membership>,
    pending: Option<BTreeSet<PendingReference>>,
    unsettled: Option<BTreeSet<SourceId>>,
    records: Vec<ProvisioningRecord>,
}

/// The store of a rehearsal.
pub(super) struct Overlay<'a> {
    below: &'a dyn Store,
    state: Mutex<JobState>,
    written: Mutex<Written>,
}

impl<'a> Overlay<'a> {
    /// Over what is remembered, with the job as it is now.
    pub(super) fn new(below: &'a dyn Store, state: JobState) -> Self {
        Self { below, state: Mutex::new(state), written: Mutex::default() }
    }

    /// The records that would have been written.
    pub(super) fn records(&self) -> Vec<ProvisioningRecord> {
        std::mem::take(&mut self.written().records)
    }

    /// How many accounts that were there before would belong to somebody.
    pub(super) fn claimed_accounts(&self) -> u64 {
        let written = self.written();
        let real = written.claims.iter().filter(|((_, id), owner)| {
            owner.is_some() && !super::target::Untouched::is_invented(id.as_str())
        });
        real.count() as u64
    }

    /// Whether an account would belong to somebody.
    pub(super) fn is_claimed(&self, kind: ObjectType, target: &TargetId) -> bool {
        matches!(self.written().claims.get(&(kind, target.clone())), Some(Some(_)))
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load_staged(&self, job: &JobId) -> Result<()> {
        if self.written().staged.is_none() {
            let rows = self.below.staged(job).await?;
            self.written().staged = Some(rows.into_iter().map(|row| (row.key(), row)).collect());
        }
        Ok(())
    }

    async fn load_escrows(&self, job: &JobId) -> Result<()> {
        if self.written().escrows.is_none() {
            let rows = self.below.escrows(job).await?;
            let rows = rows.into_iter().map(|row| (IdHash::of(&row.source_id), row)).collect();
            self.written().escrows = Some(rows);
        }
        Ok(())
    }

    async fn load_snapshot(&self, job: &JobId) -> Result<()> {
        if self.written().snapshot.is_none() {
            let known = self.below.snapshot(job).await?;
            self.written().snapshot = Some(known.into_iter().map(|known| (known.id, known)).collect());
        }
        Ok(())
    }

    async fn load_pending(&self, job: &JobId) -> Result<()> {
        if self.written().pending.is_none() {
            let pending = self.below.pending(job).await?;
            self.written().pending = Some(pending.into_iter().collect());
        }
        Ok(())
    }

    async fn load_unsettled(&self, job: &JobId) -> Result<()> {
        if self.written().unsettled.is_none() {
            let unsettled = self.below.unsettled(job).await?;
            self.written().unsettled = Some(unsettled.into_iter().collect());
        }
        Ok(())
    }
}

#[async_trait]
impl Store for Overlay<'_> {
    async fn acquire(&self, job: &JobId, _: Timestamp, until: Timestamp) -> Result<(Lease, JobState)> {
        Ok((Lease { job: job.clone(), fence: 0, until }, self.state().clone()))
    }

    async fn save(&self, _: &Lease, state: &JobState, _: &[Event], _: bool) -> Result<Orders> {
        *self.state() = state.clone();
        Ok(Orders::default())
    }

    async fn orders_done(&self, _: &JobId, _: &Orders) -> Result<()> {
        Ok(())
    }

    async fn links(&self, job: &JobId, ids: &[IdHash]) -> Result<BTreeMap<IdHash, Link>> {
        let mut links = self.below.links(job, ids).await?;
        let written = self.written();
        for id in ids {
            match written.links.get(id) {
                Some(Some(link)) => drop(links.insert(*id, link.clone())),
                Some(None) => drop(links.remove(id)),
                None => {}
            }
        }
        Ok(links)
    }

    async fn links_after(&self, job: &JobId, after: Option<IdHash>, most: usize) -> Result<Vec<Link>> {
        let below = self.below.links_after(job, after, most).await?;
        // Beyond the last one below there may be more of them; what was written there is for the next page.
        let end =
            (below.len() == most).then(|| below.last().map(|link| IdHash::of(&link.source_id))).flatten();
        let mut links: BTreeMap<IdHash, Link> =
            below.into_iter().map(|link| (IdHash::of(&link.source_id), link)).collect();
        let written = self.written();
        let here = |id: &IdHash| after.is_none_or(|after| *id > after) && end.is_none_or(|end| *id <= end);
        for (id, link) in written.links.iter().filter(|(id, _)| here(id)) {
            match link {
                Some(link) => drop(links.insert(*id, link.clone())),
                None => drop(links.remove(id)),
            }
        }
        Ok(links.into_values().collect())
    }

    async fn put_link(&self, _: &Lease, link: &Link) -> Result<()> {
        self.written().links.insert(IdHash::of(&link.source_id), Some(link.clone()));
        Ok(())
    }

    async fn delete_link(&self, _: &Lease, source: &SourceId) -> Result<()> {
        self.written().links.insert(IdHash::of(source), None);
        Ok(())
    }

    async fn claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<ClaimOutcome> {
        let owner = self.owners(&lease.job, kind, std::slice::from_ref(target)).await?.remove(target);
        if let Some(owner) = owner.filter(|owner| owner != source) {
            return Ok(ClaimOutcome::HeldBy(owner));
        }
        self.written().claims.insert((kind, target.clone()), Some(source.clone()));
        Ok(ClaimOutcome::Granted)
    }

    async fn owners(
        &self,
        job: &JobId,
        kind: ObjectType,
        targets: &[TargetId],
    ) -> Result<BTreeMap<TargetId, SourceId>> {
        let mut owners = self.below.owners(job, kind, targets).await?;
        let written = self.written();
        for target in targets {
            match written.claims.get(&(kind, target.clone())) {
                Some(Some(owner)) => drop(owners.insert(target.clone(), owner.clone())),
                Some(None) => drop(owners.remove(target)),
                None => {}
            }
        }
        Ok(owners)
    }

    async fn release_claim(
        &self,
        _: &Lease,
        kind: ObjectType,
        target: &TargetId,
        _: &SourceId,
    ) -> Result<()> {
        self.written().claims.insert((kind, target.clone()), None);
        Ok(())
    }

    async fn snapshot(&self, job: &JobId) -> Result<Vec<Fingerprint>> {
        self.load_snapshot(job).await?;
        Ok(self.written().snapshot.iter().flat_map(BTreeMap::values).copied().collect())
    }

    async fn append_fingerprints(
        &self,
        _: &Lease,
        _: CycleId,
        _: u32,
        changes: &[FingerprintChange],
    ) -> Result<()> {
        self.written().learnt.extend_from_slice(changes);
        Ok(())
    }

    async fn fold_fingerprints(&self, lease: &Lease) -> Result<()> {
        self.load_snapshot(&lease.job).await?;
        let Written { snapshot, learnt, .. } = &mut *self.written();
        for change in learnt.drain(..) {
            let Some(known) = snapshot.as_mut() else { break };
            match change {
                FingerprintChange::Seen(fingerprint) => drop(known.insert(fingerprint.id, fingerprint)),
                FingerprintChange::Gone(id) => drop(known.remove(&id)),
            }
        }
        Ok(())
    }

    async fn put_intent(&self, _: &Lease, intent: &[u8]) -> Result<()> {
        self.written().intent = Some(intent.to_vec());
        Ok(())
    }

    async fn intent(&self, _: &JobId) -> Result<Option<Vec<u8>>> {
        Ok(self.written().intent.clone())
    }

    async fn keep(&self, _: &Lease, name: Kept, bytes: &[u8]) -> Result<()> {
        self.written().kept.insert(name, bytes.to_vec());
        Ok(())
    }

    async fn kept(&self, _: &JobId, name: Kept) -> Result<Option<Vec<u8>>> {
        Ok(self.written().kept.get(&name).cloned())
    }

    async fn drop_kept(&self, _: &Lease, name: Kept) -> Result<()> {
        self.written().kept.remove(&name);
        Ok(())
    }

    async fn stage(&self, lease: &Lease, removals: &[StagedRemoval]) -> Result<()> {
        self.load_staged(&lease.job).await?;
        for removal in removals {
            self.written().staged.get_or_insert_default().insert(removal.key(), removal.clone());
        }
        Ok(())
    }

    async fn staged(&self, job: &JobId) -> Result<Vec<StagedRemoval>> {
        self.load_staged(job).await?;
        Ok(self.written().staged.iter().flat_map(BTreeMap::values).cloned().collect())
    }

    async fn unstage(&self, lease: &Lease, objects: &[StagedKey]) -> Result<()> {
        self.load_staged(&lease.job).await?;
        for key in objects {
            self.written().staged.get_or_insert_default().remove(key);
        }
        Ok(())
    }

    async fn membership(&self, job: &JobId, group: &SourceId) -> Result<Membership> {
        if let Some(known) = self.written().memberships.get(group) {
            return Ok(known.clone());
        }
        self.below.membership(job, group).await
    }

    async fn change_membership(
        &self,
        lease: &Lease,
        group: &SourceId,
        changes: &[MemberChange],
    ) -> Result<()> {
        let mut membership = self.membership(&lease.job, group).await?;
        changes.iter().for_each(|change| membership.apply(change));
        self.written().memberships.insert(group.clone(), membership);
        Ok(())
    }

    async fn forget_membership(&self, _: &Lease, group: &SourceId) -> Result<()> {
        self.written().memberships.insert(group.clone(), Membership::default());
        Ok(())
    }

    async fn add_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<()> {
        self.load_pending(&lease.job).await?;
        self.written().pending.get_or_insert_default().extend(references.iter().cloned());
        Ok(())
    }

    async fn pending(&self, job: &JobId) -> Result<Vec<PendingReference>> {
        self.load_pending(job).await?;
        Ok(self.written().pending.iter().flatten().cloned().collect())
    }

    async fn remove_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<()> {
        self.load_pending(&lease.job).await?;
        self.written().pending.get_or_insert_default().retain(|known| !references.contains(known));
        Ok(())
    }

    async fn mark_unsettled(&self, lease: &Lease, groups: &[SourceId]) -> Result<()> {
        self.load_unsettled(&lease.job).await?;
        self.written().unsettled.get_or_insert_default().extend(groups.iter().cloned());
        Ok(())
    }

    async fn unsettled(&self, job: &JobId) -> Result<Vec<SourceId>> {
        self.load_unsettled(job).await?;
        Ok(self.written().unsettled.iter().flatten().cloned().collect())
    }

    async fn settle(&self, lease: &Lease, group: &SourceId) -> Result<()> {
        self.load_unsettled(&lease.job).await?;
        self.written().unsettled.get_or_insert_default().retain(|known| known != group);
        Ok(())
    }

    async fn put_escrow(&self, lease: &Lease, entry: &EscrowEntry) -> Result<()> {
        self.load_escrows(&lease.job).await?;
        let hash = IdHash::of(&entry.source_id);
        self.written().escrows.get_or_insert_default().insert(hash, entry.clone());
        Ok(())
    }

    async fn delete_escrow(&self, lease: &Lease, source: &SourceId) -> Result<()> {
        self.load_escrows(&lease.job).await?;
        self.written().escrows.get_or_insert_default().remove(&IdHash::of(source));
        Ok(())
    }

    async fn escrows(&self, job: &JobId) -> Result<Vec<EscrowEntry>> {
        self.load_escrows(job).await?;
        Ok(self.written().escrows.iter().flat_map(BTreeMap::values).cloned().collect())
    }

    async fn append_records(&self, _: &JobId, records: &[ProvisioningRecord], _: &[Identity]) -> Result<()> {
        self.written().records.extend_from_slice(records);
        Ok(())
    }

    async fn put_cycle(&self, _: &Lease, _: &CycleReport) -> Result<()> {
        Ok(())
    }
}

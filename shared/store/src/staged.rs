//! Staged removals: they outlive cycles, and an object staged twice counts once.

use engine::guard::StagedRemoval;
use engine::ids::IdHash;
use engine::model::{JobId, SourceId};
use engine::ports::{Lease, StoreError};

use crate::item::Draft;
use crate::{DynamoStore, keys};

const REMOVAL: &str = "removal";

impl DynamoStore {
    /// See [`engine::ports::Store::stage`].
    pub(crate) async fn write_staged(
        &self,
        lease: &Lease,
        removals: &[StagedRemoval],
    ) -> Result<(), StoreError> {
        let drafts: Result<_, _> = removals
            .iter()
            .map(|removal| {
                Draft::new(keys::staged(&lease.job, IdHash::of(&removal.source_id))).json(REMOVAL, removal)
            })
            .collect();
        self.state.put_all_fenced(lease, drafts?).await
    }

    /// See [`engine::ports::Store::staged`].
    pub(crate) async fn read_staged(&self, job: &JobId) -> Result<Vec<StagedRemoval>, StoreError> {
        self.state.list(&keys::all_staged(job), "").await?.iter().map(|stored| stored.json(REMOVAL)).collect()
    }

    /// See [`engine::ports::Store::unstage`].
    pub(crate) async fn forget_staged(&self, lease: &Lease, objects: &[SourceId]) -> Result<(), StoreError> {
        let keys = objects.iter().map(|source| keys::staged(&lease.job, IdHash::of(source))).collect();
        self.state.delete_all_fenced(lease, keys).await
    }
}

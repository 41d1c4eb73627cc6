//! Escrow: objects that failed, and when they are tried again.

use engine::escrow::EscrowEntry;
use engine::ids::IdHash;
use engine::model::{JobId, SourceId};
use engine::ports::{Lease, StoreError};
use jiff::Timestamp;

use crate::item::{self, Draft};
use crate::{DynamoStore, keys};

const ENTRY: &str = "entry";

impl DynamoStore {
    /// See [`engine::ports::Store::put_escrow`].
    pub(crate) async fn write_escrow(&self, lease: &Lease, entry: &EscrowEntry) -> Result<(), StoreError> {
        let key = keys::escrow(&lease.job, IdHash::of(&entry.source_id));
        let mut draft = Draft::new(key).json(ENTRY, entry)?;
        if let Some(at) = entry.next_attempt {
            draft = item::due(draft, keys::due_escrows(&lease.job), at);
        }
        self.state.put_fenced(lease, draft).await
    }

    /// See [`engine::ports::Store::delete_escrow`].
    pub(crate) async fn forget_escrow(&self, lease: &Lease, source: &SourceId) -> Result<(), StoreError> {
        self.state.delete_fenced(lease, &keys::escrow(&lease.job, IdHash::of(source))).await
    }

    /// See [`engine::ports::Store::escrows`].
    pub(crate) async fn read_escrows(&self, job: &JobId) -> Result<Vec<EscrowEntry>, StoreError> {
        self.state.list(&keys::escrows(job), "").await?.iter().map(|stored| stored.json(ENTRY)).collect()
    }

    /// The escrows that are to be tried again at `now`, in no order. Read through an index: what was written within
    /// the last second may be missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn escrows_due(&self, job: &JobId, now: Timestamp) -> Result<Vec<EscrowEntry>, StoreError> {
        let keys = self.due(&keys::due_escrows(job), now).await?;
        self.state.get_many(keys).await?.iter().map(|stored| stored.json(ENTRY)).collect()
    }
}

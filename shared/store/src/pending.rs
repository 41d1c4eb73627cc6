//! Pending references: who waits for somebody's account.
//!
//! They are hints. One too many costs a look, and the object that refers says in its link what it still lacks; so
//! they are written and deleted in batches without conditions.

use engine::ids::IdHash;
use engine::membership::PendingReference;
use engine::model::JobId;
use engine::ports::StoreError;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{Draft, Stored};
use crate::keys::Key;
use crate::{DynamoStore, keys};

const REFERENCE: &str = "reference";

impl DynamoStore {
    /// See [`engine::ports::Store::add_pending`]: one request for 25 references.
    pub(crate) async fn write_pending(
        &self,
        job: &JobId,
        references: &[PendingReference],
    ) -> Result<(), StoreError> {
        let drafts: Result<_, _> = references
            .iter()
            .map(|reference| Draft::new(key(job, reference)).json(REFERENCE, reference))
            .collect();
        self.state.put_batches(drafts?).await
    }

    /// See [`engine::ports::Store::pending`]: all buckets at once, in the order of who is missing.
    pub(crate) async fn read_pending(&self, job: &JobId) -> Result<Vec<PendingReference>, StoreError> {
        let buckets: Vec<Vec<Stored>> = stream::iter(0..keys::BUCKETS)
            .map(|bucket| async move { self.state.list(&keys::all_pending(job, bucket), "").await })
            .buffered(usize::from(keys::BUCKETS))
            .try_collect()
            .await?;
        buckets.iter().flatten().map(|stored| stored.json(REFERENCE)).collect()
    }

    /// See [`engine::ports::Store::remove_pending`].
    pub(crate) async fn forget_pending(
        &self,
        job: &JobId,
        references: &[PendingReference],
    ) -> Result<(), StoreError> {
        self.state.delete_batches(references.iter().map(|reference| key(job, reference)).collect()).await
    }
}

fn key(job: &JobId, reference: &PendingReference) -> Key {
    let PendingReference { missing, referrer, path } = reference;
    keys::pending(job, IdHash::of(missing), IdHash::of(referrer), path)
}

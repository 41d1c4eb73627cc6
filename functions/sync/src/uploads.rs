//! What was uploaded for a job, read from the store: between two crates that do not know each other.

use std::collections::BTreeSet;

use async_trait::async_trait;
use connectors::inbound::{Extent, Uploads};
use engine::ids::IdHash;
use engine::model::{JobId, SourceId, SourceObject};
use engine::ports::StoreError;
use store::{DynamoStore, UploadExtent};

/// The uploads of one job.
#[derive(Debug)]
pub struct StoredUploads {
    store: DynamoStore,
    job: JobId,
}

impl StoredUploads {
    /// Those of `job`, in `store`.
    #[must_use]
    pub fn new(store: DynamoStore, job: JobId) -> Self {
        Self { store, job }
    }
}

#[async_trait]
impl Uploads for StoredUploads {
    async fn extent(&self) -> Result<Extent, StoreError> {
        let UploadExtent { sequence, people } = self.store.upload_extent(&self.job).await?;
        Ok(Extent { sequence, people })
    }

    async fn everyone(&self, after: Option<IdHash>, most: usize) -> Result<Vec<SourceObject>, StoreError> {
        self.store.uploaded_after(&self.job, after, most).await
    }

    async fn changed(&self, after: u64, to: u64) -> Result<Option<BTreeSet<SourceId>>, StoreError> {
        self.store.changed_by_uploads(&self.job, after, to).await
    }

    async fn people(&self, ids: &[SourceId]) -> Result<Vec<SourceObject>, StoreError> {
        self.store.uploaded(&self.job, ids).await
    }
}

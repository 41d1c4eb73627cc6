//! Unsettled groups: those whose members are to be compared with what they were given.
//!
//! Noting a group too often costs a comparison, so groups are noted in batches without conditions. Crossing one out is
//! fenced: a worker that was overtaken does not take away what the newer one noted.

use engine::ids::IdHash;
use engine::model::{JobId, SourceId};
use engine::ports::{Lease, StoreError};

use crate::item::Draft;
use crate::{DynamoStore, keys};

const GROUP: &str = "group";

impl DynamoStore {
    /// See [`engine::ports::Store::mark_unsettled`]: one request for 25 groups.
    pub(crate) async fn write_unsettled(&self, lease: &Lease, groups: &[SourceId]) -> Result<(), StoreError> {
        let drafts = groups.iter().map(|group| {
            Draft::new(keys::unsettled(&lease.job, IdHash::of(group)))
                .text(GROUP, group.as_str())
                .number("fence", lease.fence)
        });
        self.state.put_batches(drafts.collect()).await
    }

    /// See [`engine::ports::Store::unsettled`]: in the order of their id hashes.
    pub(crate) async fn read_unsettled(&self, job: &JobId) -> Result<Vec<SourceId>, StoreError> {
        let rows = self.state.list(&keys::all_unsettled(job), "").await?;
        rows.iter().map(|stored| stored.text(GROUP).map(SourceId::new)).collect()
    }

    /// See [`engine::ports::Store::settle`].
    pub(crate) async fn forget_unsettled(&self, lease: &Lease, group: &SourceId) -> Result<(), StoreError> {
        self.state.delete_fenced(lease, &keys::unsettled(&lease.job, IdHash::of(group))).await
    }
}

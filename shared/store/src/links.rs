//! Links: which account belongs to which source object.
//!
//! One item per object, read by the hash of its id. The id itself is in the link and is checked, so that two ids
//! with one hash would be an error rather than a mix-up.

use std::collections::{BTreeMap, BTreeSet};

use engine::ids::IdHash;
use engine::model::{JobId, Link, SourceId};
use engine::ports::{Lease, StoreError};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{Draft, Stored};
use crate::{DynamoStore, keys};

const LINK: &str = "link";

impl DynamoStore {
    /// See [`engine::ports::Store::links`].
    pub(crate) async fn read_links(
        &self,
        job: &JobId,
        ids: &[IdHash],
    ) -> Result<BTreeMap<IdHash, Link>, StoreError> {
        let distinct: BTreeSet<IdHash> = ids.iter().copied().collect();
        let keys = distinct.into_iter().map(|id| keys::link(job, id)).collect();
        self.state.get_many(keys).await?.iter().map(read).collect()
    }

    /// See [`engine::ports::Store::links_after`]: one bucket after the other, as they are in the order of the hashes.
    pub(crate) async fn read_links_after(
        &self,
        job: &JobId,
        after: Option<IdHash>,
        most: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let mut found = Vec::new();
        let first = after.map_or(0, keys::bucket);
        for bucket in first..keys::BUCKETS {
            let after = after.filter(|_| bucket == first).map(|after| after.to_string());
            let wanted = most.saturating_sub(found.len());
            for stored in self.state.after(&keys::links(job, bucket), after.as_deref(), wanted).await? {
                found.push(read(&stored)?.1);
            }
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// See [`engine::ports::Store::put_link`].
    pub(crate) async fn write_link(&self, lease: &Lease, link: &Link) -> Result<(), StoreError> {
        let key = keys::link(&lease.job, IdHash::of(&link.source_id));
        self.state.put_fenced(lease, Draft::new(key).json(LINK, link)?).await
    }

    /// See [`engine::ports::Store::delete_link`].
    pub(crate) async fn forget_link(&self, lease: &Lease, source: &SourceId) -> Result<(), StoreError> {
        self.state.delete_fenced(lease, &keys::link(&lease.job, IdHash::of(source))).await
    }

    /// All links of a job, in no order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn all_links(&self, job: &JobId) -> Result<Vec<Link>, StoreError> {
        let buckets: Vec<Vec<Stored>> = stream::iter(0..keys::BUCKETS)
            .map(|bucket| async move { self.state.list(&keys::links(job, bucket), "").await })
            .buffer_unordered(4)
            .try_collect()
            .await?;
        buckets.iter().flatten().map(|stored| read(stored).map(|(_, link)| link)).collect()
    }
}

fn read(stored: &Stored) -> Result<(IdHash, Link), StoreError> {
    let link: Link = stored.json(LINK)?;
    let hash = IdHash::of(&link.source_id);
    if hash.to_string() != stored.key().sk {
        return Err(stored.wrong(LINK, format!("belongs to '{}', not to this key", link.source_id)));
    }
    Ok((hash, link))
}

//! Taking a job's rows away: for a restart, and when the job is deleted.
//!
//! In: a lease. Out: nothing left of an entity, or of the job. Promised: cut anywhere and begun again, it ends the same;
//! what is half gone is never taken for whole. The provisioning log stays: it is what was done.
//!
//! # Caveats
//! Rows go in batches without conditions. Before each batch the job's item is asked whether the lease still holds: what
//! a newer worker writes in the moment between could be lost. Its holder prolongs the lease meanwhile.

use engine::ids::IdHash;
use engine::model::SourceId;
use engine::ports::{Lease, StoreError};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::key_item;
use crate::table::{fence, refused};
use crate::{DynamoStore, keys};

/// Rows taken away between two looks at the lease: forty batches, a second or two.
const AT_A_TIME: usize = 1_000;

/// Partition keys that are emptied at the same time.
const PLACES: usize = 4;

impl DynamoStore {
    /// Forgets which accounts belong to which objects: memberships, references and removals that wait, links, then
    /// claims. Accounts are matched anew.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another worker took over.
    pub async fn forget_links(&self, lease: &Lease) -> Result<(), StoreError> {
        let job = &lease.job;
        self.forget_memberships(lease).await?;
        self.empty(lease, (0..keys::BUCKETS).map(|bucket| keys::all_pending(job, bucket))).await?;
        self.empty(lease, [keys::all_staged(job), keys::all_unsettled(job)]).await?;
        self.empty(lease, (0..keys::BUCKETS).map(|bucket| keys::links(job, bucket))).await?;
        self.empty(lease, (0..keys::BUCKETS).map(|bucket| keys::claims(job, bucket))).await
    }

    /// Forgets what failed.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another worker took over.
    pub async fn forget_escrows(&self, lease: &Lease) -> Result<(), StoreError> {
        self.empty(lease, [keys::escrows(&lease.job)]).await
    }

    /// Forgets what the source looked like, so that everyone is new.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another worker took over.
    pub async fn forget_snapshot(&self, lease: &Lease) -> Result<(), StoreError> {
        let job = &lease.job;
        self.still_holds(lease).await?;
        // What was learnt goes first, or it would become the next snapshot. Without its base no chunk counts.
        self.empty(lease, [keys::deltas(job)]).await?;
        self.state.delete_fenced(lease, &keys::snapshot_base(job)).await?;
        self.empty(lease, [keys::snapshot(job)]).await
    }

    /// Forgets everything about a job but its own item and the provisioning log.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another worker took over.
    pub async fn forget_everything(&self, lease: &Lease) -> Result<(), StoreError> {
        let job = &lease.job;
        self.forget_snapshot(lease).await?;
        self.forget_escrows(lease).await?;
        self.empty(lease, [keys::all_kept(job), keys::cycles(job)]).await?;
        self.forget_links(lease).await?;
        let intents = self.state.keys(&keys::job(job).pk, keys::INTENT, usize::MAX).await?;
        self.state.delete_all_fenced(lease, intents).await?;
        // Last: uploads need no lease, and come until the job's item is gone.
        self.empty(lease, (0..keys::BUCKETS).map(|bucket| keys::all_uploaded(job, bucket))).await?;
        self.empty(lease, [keys::uploads(job)]).await
    }

    /// Deletes a job: everything about it, and its own item at the very end, so that a deletion that was cut can be
    /// begun again. Deleting what is gone succeeds.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another worker took over.
    pub async fn delete_job(&self, lease: &Lease) -> Result<(), StoreError> {
        if self.state.get(&keys::job(&lease.job)).await?.is_none() {
            return Ok(());
        }
        self.forget_everything(lease).await?;
        let answer = self
            .state
            .client
            .delete_item()
            .table_name(&self.state.name)
            .set_key(Some(key_item(&keys::job(&lease.job))))
            .condition_expression("attribute_not_exists(pk) OR fence = :fence")
            .expression_attribute_values(":fence", fence(lease))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if refused(&error) => Err(StoreError::Fenced(lease.job.clone())),
            Err(error) => Err(StoreError::unavailable(format!("deleting job '{}'", lease.job), error)),
        }
    }

    /// Forgets the memberships of all groups, one after the other.
    async fn forget_memberships(&self, lease: &Lease) -> Result<(), StoreError> {
        loop {
            let groups = keys::groups_with_members(&lease.job);
            let rows = self.state.after(&groups, None, AT_A_TIME).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.still_holds(lease).await?;
            for row in rows {
                let group = IdHash::of(&SourceId::new(row.text("group")?));
                self.forget_members_of(lease, group).await?;
            }
        }
    }

    /// Deletes all rows of some partition keys.
    async fn empty(&self, lease: &Lease, places: impl IntoIterator<Item = String>) -> Result<(), StoreError> {
        stream::iter(places)
            .map(|place| async move {
                loop {
                    let keys = self.state.keys(&place, "", AT_A_TIME).await?;
                    if keys.is_empty() {
                        return Ok(());
                    }
                    self.still_holds(lease).await?;
                    self.state.delete_batches(keys).await?;
                }
            })
            .buffer_unordered(PLACES)
            .try_collect()
            .await
    }

    /// Whether nobody took the lease since.
    async fn still_holds(&self, lease: &Lease) -> Result<(), StoreError> {
        match self.state.get(&keys::job(&lease.job)).await? {
            Some(stored) if stored.number::<u64>("fence")? == lease.fence => Ok(()),
            _ => Err(StoreError::Fenced(lease.job.clone())),
        }
    }
}

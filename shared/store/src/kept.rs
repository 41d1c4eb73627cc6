//! What is kept under a name for a while: the target's listing between the slices of a cycle, and plans.
//!
//! Bytes the store does not look into ([`crate::blob`]). They expire by themselves when nobody drops them.

use engine::model::JobId;
use engine::ports::{Kept, Lease, StoreError};
use jiff::SignedDuration;

use crate::item::seconds;
use crate::{DynamoStore, blob, keys};

/// How long a listing is kept. A cycle drops its own when it ends, and slices follow one another at once; two days are
/// for cycles that were paused over a night. One that is gone is read again.
const LISTING: SignedDuration = SignedDuration::from_hours(2 * 24);

/// How long a plan is kept: a week, the time between two meetings at which changes are approved. An older one would be
/// refused as it is, for what moved since.
const PLAN: SignedDuration = SignedDuration::from_hours(7 * 24);

impl DynamoStore {
    /// See [`engine::ports::Store::keep`].
    pub(crate) async fn write_kept(&self, lease: &Lease, name: Kept, bytes: &[u8]) -> Result<(), StoreError> {
        let place = keys::kept(&lease.job, name);
        let kept = match name {
            Kept::Listing(..) => LISTING,
            Kept::Plan(_) => PLAN,
        };
        // The lease ends some minutes from now: near enough to it, and no clock is needed.
        let gone = lease.until.saturating_add(kept).unwrap_or(lease.until);
        let old = self.state.keys(&place.pk, &place.prefix, usize::MAX).await?;
        let expires = |draft: crate::item::Draft, _| draft.number(keys::TTL, seconds(gone));
        self.write_blob(lease, &place, bytes, old, expires).await
    }

    /// See [`engine::ports::Store::kept`].
    pub(crate) async fn read_kept(&self, job: &JobId, name: Kept) -> Result<Option<Vec<u8>>, StoreError> {
        let place = keys::kept(job, name);
        blob::read(&place, &self.state.list(&place.pk, &place.prefix).await?)
    }

    /// See [`engine::ports::Store::drop_kept`].
    pub(crate) async fn forget_kept(&self, lease: &Lease, name: Kept) -> Result<(), StoreError> {
        let place = keys::kept(&lease.job, name);
        let keys = self.state.keys(&place.pk, &place.prefix, usize::MAX).await?;
        self.state.delete_all_fenced(lease, keys).await
    }
}

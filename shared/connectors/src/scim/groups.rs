//! The groups of one connection: which of them are empty for sure, and who changes which at the moment.
//!
//! In: what was made, and into what somebody was put. Out: leave to change a group. Promise: while a group is read and
//! written back as a whole, nothing else on this connection changes it; otherwise changes do not wait for each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use engine::model::TargetId;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The groups that a connection had to do with.
#[derive(Default)]
pub(super) struct Groups {
    /// Those made on it into which nobody was put yet.
    empty: Mutex<BTreeSet<TargetId>>,
    /// Many may change a group at once, but one alone may write it as a whole.
    locks: Mutex<BTreeMap<TargetId, Arc<RwLock<()>>>>,
}

impl Groups {
    /// Remembers a group that was just made, and has no members therefore.
    pub(super) fn note_made(&self, group: &TargetId) {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).insert(group.clone());
    }

    /// Remembers that a group may have members.
    pub(super) fn note_filled(&self, group: &TargetId) {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).remove(group);
    }

    /// Whether it is empty for sure.
    pub(super) fn is_new(&self, group: &TargetId) -> bool {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).contains(group)
    }

    /// Waits until nothing else changes the group, and keeps it so.
    pub(super) async fn alone_with(&self, group: &TargetId) -> OwnedRwLockWriteGuard<()> {
        self.lock(group).write_owned().await
    }

    /// Waits until nobody writes the group as a whole, and keeps it so.
    pub(super) async fn beside_others(&self, group: &TargetId) -> OwnedRwLockReadGuard<()> {
        self.lock(group).read_owned().await
    }

    fn lock(&self, group: &TargetId) -> Arc<RwLock<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(group.clone()).or_default())
    }
}

//! Rows that remember who wrote them.

use std::collections::BTreeMap;

use engine::ports::{Lease, StoreError};

/// Rows of one kind. A write is refused when a worker with a newer fence wrote the row; a row that was deleted has
/// forgotten who did it.
#[derive(Debug, Clone)]
pub(super) struct Rows<K, V>(BTreeMap<K, (u64, V)>);

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, V> Rows<K, V> {
    /// Writes a row.
    pub(super) fn put(&mut self, lease: &Lease, key: K, value: V) -> Result<(), StoreError> {
        self.allows(lease, &key)?;
        self.0.insert(key, (lease.fence, value));
        Ok(())
    }

    /// A row to be changed whoever wrote it: what a person does beside the worker.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key).map(|(_, value)| value)
    }

    /// Deletes a row; deleting what is absent succeeds.
    pub(super) fn delete(&mut self, lease: &Lease, key: &K) -> Result<(), StoreError> {
        self.allows(lease, key)?;
        self.0.remove(key);
        Ok(())
    }

    /// Whether a worker may write this row.
    fn allows(&self, lease: &Lease, key: &K) -> Result<(), StoreError> {
        match self.0.get(key) {
            Some((fence, _)) if *fence > lease.fence => Err(StoreError::Fenced(lease.job.clone())),
            _ => Ok(()),
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|(_, value)| value)
    }

    /// Who wrote a row.
    pub(super) fn fence_of(&self, key: &K) -> Option<u64> {
        self.0.get(key).map(|(fence, _)| *fence)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, (_, value))| (key, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().map(|(_, value)| value)
    }

    /// The rows after `key`, or from the first on.
    pub(super) fn after(&self, key: Option<K>) -> impl Iterator<Item = &V> {
        use std::ops::Bound;
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.0.range((from, Bound::Unbounded)).map(|(_, (_, value))| value)
    }
}

//! The fingerprint snapshot, and what the pages of cycles appended to it.

use std::collections::BTreeMap;

use engine::fingerprint::Fingerprint;
use engine::ids::IdHash;
use engine::model::CycleId;
use engine::ports::{FingerprintChange, Lease, StoreError};

use super::rows::Rows;

/// The snapshot.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    folded: Rows<(), BTreeMap<IdHash, [u8; 16]>>,
    deltas: Rows<(CycleId, u32), Vec<FingerprintChange>>,
}

impl Snapshot {
    /// The fingerprints, sorted by id hash.
    pub(super) fn read(&self) -> Vec<Fingerprint> {
        let entries = self.folded.get(&()).into_iter().flatten();
        entries.map(|(id, digest)| Fingerprint { id: *id, digest: *digest }).collect()
    }

    /// Appends what a page learnt. A page without changes writes nothing.
    pub(super) fn append(
        &mut self,
        lease: &Lease,
        page: (CycleId, u32),
        changes: &[FingerprintChange],
    ) -> Result<(), StoreError> {
        if changes.is_empty() { Ok(()) } else { self.deltas.put(lease, page, changes.to_vec()) }
    }

    /// Folds the deltas, oldest first: by fence, as cycles follow one another, then by page.
    pub(super) fn fold(&mut self, lease: &Lease) -> Result<(), StoreError> {
        let mut pages: Vec<(u64, u32, CycleId)> = self
            .deltas
            .iter()
            .map(|(key, _)| (self.deltas.fence_of(key).unwrap_or(0), key.1, key.0))
            .collect();
        pages.sort_unstable();
        let before = self.folded.get(&()).cloned().unwrap_or_default();
        let mut after = before.clone();
        for (_, page, cycle) in &pages {
            for change in self.deltas.get(&(*cycle, *page)).into_iter().flatten() {
                match change {
                    FingerprintChange::Seen(seen) => after.insert(seen.id, seen.digest),
                    FingerprintChange::Gone(id) => after.remove(id),
                };
            }
        }
        if after != before {
            self.folded.put(lease, (), after)?;
        }
        pages.iter().try_for_each(|(_, page, cycle)| self.deltas.delete(lease, &(*cycle, *page)))
    }
}

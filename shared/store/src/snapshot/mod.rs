//! The fingerprint snapshot: what the source looked like when each object was last processed.
//!
//! In: what each page learnt. Out: all fingerprints, sorted by id hash. Promised: between two folds the snapshot
//! does not change, so that a full read cut into slices compares with the same list throughout.
//!
//! # Shape
//! Fingerprints of 32 bytes lie in chunks, by the first bits of their id hash; as hashes are spread evenly, so are
//! the chunks' sizes. A *generation* is all chunks of one number of bits: 2^bits of them, empty ones included, so
//! that a lost one is noticed. The item `BASE` says which generation counts. What pages learn is appended as
//! *deltas* and folded into the chunks when the cycle ends ([`fold`]).

mod chunk;
mod fold;

use std::collections::BTreeSet;

use engine::fingerprint::Fingerprint;
use engine::ids::IdHash;
use engine::model::{CycleId, JobId};
use engine::ports::{FingerprintChange, Lease, StoreError};

use crate::item::{Draft, Stored, wrong};
use crate::keys::Key;
use crate::{DynamoStore, keys};

/// Entries in one part of a delta: 330 KB of the 400 an item holds.
const DELTA_PART: usize = 10_000;

const ENTRIES: &str = "entries";

/// Which generation of chunks counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Base {
    /// The bits of the generation that counts; `None` before the first fold.
    bits: Option<u8>,
    /// The bits of a generation that is being built or taken down, and does not count.
    other: Option<u8>,
}

impl Base {
    fn read(stored: &Stored) -> Result<Self, StoreError> {
        let bits = |name: &str| stored.has(name).then(|| stored.number(name)).transpose();
        Ok(Self { bits: bits("bits")?, other: bits("other")? })
    }

    fn draft(self, job: &JobId) -> Draft {
        let mut draft = Draft::new(keys::snapshot_base(job));
        for (name, bits) in [("bits", self.bits), ("other", self.other)] {
            if let Some(bits) = bits {
                draft = draft.number(name, bits);
            }
        }
        draft
    }
}

impl DynamoStore {
    /// See [`engine::ports::Store::snapshot`]. One request for every 30,000 fingerprints.
    pub(crate) async fn read_snapshot(&self, job: &JobId) -> Result<Vec<Fingerprint>, StoreError> {
        let items = self.state.list(&keys::snapshot(job), "").await?;
        let key = keys::snapshot_base(job);
        // `BASE` sorts before the chunks; without it nothing was ever folded to the end.
        let Some(base) = items.first().filter(|item| *item.key() == key) else { return Ok(Vec::new()) };
        let Some(bits) = Base::read(base)?.bits else { return Ok(Vec::new()) };
        let generation = keys::snapshot_generation(bits);
        let chunks: Vec<&Stored> =
            items.iter().filter(|item| item.key().sk.starts_with(&generation)).collect();
        if chunks.len() != chunk::count(bits) {
            let problem = format!("names {} chunks, of which {} are there", chunk::count(bits), chunks.len());
            return Err(wrong(&key, problem));
        }
        let mut snapshot = Vec::new();
        for stored in chunks {
            snapshot.extend(chunk::read(stored, ENTRIES)?);
        }
        Ok(snapshot)
    }

    /// See [`engine::ports::Store::fingerprints`]. One request, and another for every hundred chunks.
    pub(crate) async fn read_fingerprints(
        &self,
        job: &JobId,
        ids: &[IdHash],
    ) -> Result<Vec<Fingerprint>, StoreError> {
        let base = self.state.get(&keys::snapshot_base(job)).await?;
        let Some(bits) = base.as_ref().map(Base::read).transpose()?.and_then(|base| base.bits) else {
            return Ok(Vec::new());
        };
        let ids: BTreeSet<IdHash> = ids.iter().copied().collect();
        let buckets: BTreeSet<u32> = ids.iter().map(|id| chunk::bucket(*id, bits)).collect();
        let wanted: Vec<Key> =
            buckets.iter().map(|bucket| keys::snapshot_chunk(job, bits, *bucket)).collect();
        let chunks = self.state.get_many(wanted).await?;
        if chunks.len() != buckets.len() {
            let problem = format!("names {} chunks, of which {} are there", buckets.len(), chunks.len());
            return Err(wrong(&keys::snapshot_base(job), problem));
        }
        let mut known = Vec::new();
        for stored in &chunks {
            known.extend(chunk::read(stored, ENTRIES)?.into_iter().filter(|entry| ids.contains(&entry.id)));
        }
        known.sort_unstable_by_key(|entry| entry.id);
        Ok(known)
    }

    /// See [`engine::ports::Store::append_fingerprints`]. A page without changes writes nothing.
    pub(crate) async fn append_delta(
        &self,
        lease: &Lease,
        cycle: CycleId,
        page: u32,
        changes: &[FingerprintChange],
    ) -> Result<(), StoreError> {
        let parts: Vec<&[FingerprintChange]> = changes.chunks(DELTA_PART).collect();
        let count = parts.len();
        let drafts = parts.into_iter().enumerate().map(|(part, changes)| {
            Draft::new(keys::delta(&lease.job, cycle, page, part))
                .text("cycle", cycle.to_string())
                .number("page", page)
                .number("part", part)
                .number("parts", count)
                .bytes("changes", chunk::encode_changes(changes))
        });
        self.state.put_all_fenced(lease, drafts.collect::<Vec<_>>()).await
    }
}

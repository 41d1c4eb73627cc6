//! Folding: what the pages of a cycle learnt becomes the snapshot.
//!
//! # Expected flow
//! 1. Take down what an interrupted fold left of a generation that does not count.
//! 2. Apply the deltas to the chunks they touch; when one becomes too long, build a new generation beside the old
//!    one, let `BASE` point to it, and take the old one down.
//! 3. Delete the deltas, oldest first.
//!
//! # Guarantees
//! Cut anywhere and begun again, the fold ends in the same snapshot:
//! * applying a delta twice is applying it once;
//! * a generation counts from the single write of `BASE` on, and `BASE` names the other generation before its
//!   first chunk is written, so that none is forgotten;
//! * deltas go oldest first and each hundred in one transaction: what is left are the newest, so an older state never
//!   overwrites a newer one.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use engine::fingerprint::Fingerprint;
use engine::model::JobId;
use engine::ports::{Lease, StoreError};

use super::chunk::{self, Changes};
use super::{Base, ENTRIES};
use crate::item::{Draft, Stored, key_item};
use crate::keys::Key;
use crate::table::{FENCED, failed, fence};
use crate::{DynamoStore, keys};

/// Items in one transaction: DynamoDB's limit.
const TRANSACTION: usize = 100;
/// Bytes in one transaction: 3.5 MB of DynamoDB's 4.
const TRANSACTION_BYTES: usize = 3_500_000;

impl DynamoStore {
    /// See [`engine::ports::Store::fold_fingerprints`].
    pub(crate) async fn fold_deltas(&self, lease: &Lease) -> Result<(), StoreError> {
        let stored = self.state.get(&keys::snapshot_base(&lease.job)).await?;
        let mut base = stored.as_ref().map(Base::read).transpose()?.unwrap_or_default();
        if let Some(other) = base.other {
            self.take_down(lease, other).await?;
            base.other = None;
            self.state.put_fenced(lease, base.draft(&lease.job)).await?;
        }
        let deltas = self.deltas(&lease.job).await?;
        let changes = collapse(&deltas)?;
        // Their bytes are in `changes` now; of a million people these are 33 MB, which the rest of the work can use.
        let deltas = deltas.into_iter().map(|stored| Applied::of(&stored)).collect::<Result<Vec<_>, _>>()?;
        if !changes.is_empty() {
            match base.bits {
                Some(bits) => self.fold_into(lease, bits, &changes).await?,
                None => {
                    let snapshot = chunk::merge(Vec::new(), &changes);
                    drop(changes);
                    self.build(lease, base, snapshot).await?;
                }
            }
        }
        self.delete_deltas(lease, &deltas).await
    }

    /// All deltas, oldest first: by fence, as cycles follow one another, then by page.
    async fn deltas(&self, job: &JobId) -> Result<Vec<Stored>, StoreError> {
        let mut deltas = Vec::new();
        for stored in self.state.list(&keys::deltas(job), "").await? {
            let order: (u64, u32, u32) =
                (stored.number("fence")?, stored.number("page")?, stored.number("part")?);
            deltas.push((order, stored));
        }
        deltas.sort_by_key(|(order, _)| *order);
        Ok(deltas.into_iter().map(|(_, stored)| stored).collect())
    }

    /// Rewrites the chunks that `changes` touch.
    async fn fold_into(&self, lease: &Lease, bits: u8, changes: &Changes) -> Result<(), StoreError> {
        let mut touched: BTreeMap<u32, Changes> = BTreeMap::new();
        for (id, digest) in changes {
            touched.entry(chunk::bucket(*id, bits)).or_default().insert(*id, *digest);
        }
        let wanted: Vec<Key> =
            touched.keys().map(|bucket| keys::snapshot_chunk(&lease.job, bits, *bucket)).collect();
        let found: HashMap<Key, Stored> = self
            .state
            .get_many(wanted)
            .await?
            .into_iter()
            .map(|chunk| (chunk.key().clone(), chunk))
            .collect();
        let mut drafts = Vec::with_capacity(touched.len());
        for (bucket, changes) in &touched {
            let key = keys::snapshot_chunk(&lease.job, bits, *bucket);
            let Some(stored) = found.get(&key) else {
                return Err(crate::item::wrong(&key, "is missing from the snapshot"));
            };
            let before = chunk::read(stored, ENTRIES)?;
            let after = chunk::merge(before.clone(), changes);
            if after.len() > chunk::LONGEST && bits < chunk::MOST_BITS {
                let whole = chunk::merge(self.read_snapshot(&lease.job).await?, &all(&touched));
                return self.build(lease, Base { bits: Some(bits), other: None }, whole).await;
            }
            if after != before {
                drafts.push(Draft::new(key).bytes(ENTRIES, chunk::encode(&after)));
            }
        }
        self.state.put_all_fenced(lease, drafts).await
    }

    /// Builds a new generation from the whole snapshot, and takes the old one down.
    async fn build(&self, lease: &Lease, old: Base, snapshot: Vec<Fingerprint>) -> Result<(), StoreError> {
        let job = &lease.job;
        let bits = chunk::bits_for(snapshot.len(), old.bits);
        self.state.put_fenced(lease, Base { other: Some(bits), ..old }.draft(job)).await?;
        // Sorted by id is sorted by chunk: each is cut out of the whole when it is written, so that no second copy of
        // a million people lies in memory.
        let end = |bucket| snapshot.partition_point(|entry| chunk::bucket(entry.id, bits) <= bucket);
        let mut begin = 0;
        let drafts = (0_u32..).take(chunk::count(bits)).map(|bucket| {
            let entries = &snapshot[begin..end(bucket)];
            begin += entries.len();
            Draft::new(keys::snapshot_chunk(job, bits, bucket)).bytes(ENTRIES, chunk::encode(entries))
        });
        self.state.put_all_fenced(lease, drafts).await?;
        self.state.put_fenced(lease, Base { bits: Some(bits), other: old.bits }.draft(job)).await?;
        if let Some(old) = old.bits {
            self.take_down(lease, old).await?;
            self.state.put_fenced(lease, Base { bits: Some(bits), other: None }.draft(job)).await?;
        }
        Ok(())
    }

    /// Deletes the chunks of a generation that does not count.
    async fn take_down(&self, lease: &Lease, bits: u8) -> Result<(), StoreError> {
        let buckets = (0_u32..).take(chunk::count(bits));
        let keys = buckets.map(|bucket| keys::snapshot_chunk(&lease.job, bits, bucket)).collect();
        self.state.delete_all_fenced(lease, keys).await
    }

    /// Deletes deltas that were applied, oldest first.
    async fn delete_deltas(&self, lease: &Lease, deltas: &[Applied]) -> Result<(), StoreError> {
        let mut rest = deltas;
        while !rest.is_empty() {
            let (transaction, later) = rest.split_at(fitting(rest));
            rest = later;
            let mut items = Vec::with_capacity(transaction.len());
            for applied in transaction {
                let delete = Delete::builder()
                    .table_name(&self.state.name)
                    .set_key(Some(key_item(&applied.key)))
                    .condition_expression(FENCED)
                    .expression_attribute_values(":fence", fence(lease))
                    .build()
                    .map_err(failed("deleting folded fingerprints"))?;
                items.push(TransactWriteItem::builder().delete(delete).build());
            }
            let request = self.state.client.transact_write_items().set_transact_items(Some(items));
            request.send().await.map_err(|error| {
                let refusal = error.as_service_error();
                if refusal.is_some_and(crate::applications::condition_failed) {
                    return StoreError::Fenced(lease.job.clone());
                }
                StoreError::unavailable("deleting folded fingerprints", error)
            })?;
        }
        Ok(())
    }
}

/// A delta that is in the snapshot, to be deleted.
struct Applied {
    key: Key,
    bytes: usize,
}

impl Applied {
    fn of(stored: &Stored) -> Result<Self, StoreError> {
        Ok(Self { key: stored.key().clone(), bytes: stored.bytes("changes")?.len() })
    }
}

/// How many deltas from the front fit in one transaction; at least one.
fn fitting(deltas: &[Applied]) -> usize {
    let mut bytes = 0;
    for (index, delta) in deltas.iter().enumerate().take(TRANSACTION) {
        bytes += delta.bytes;
        if bytes > TRANSACTION_BYTES {
            return index.max(1);
        }
    }
    deltas.len().min(TRANSACTION)
}

fn all(touched: &BTreeMap<u32, Changes>) -> Changes {
    touched.values().flatten().map(|(id, digest)| (*id, *digest)).collect()
}

/// What remains of deltas when the later ones have overruled the earlier. Parts that an earlier, longer writing of
/// the same page left behind do not count.
fn collapse(deltas: &[Stored]) -> Result<Changes, StoreError> {
    let mut parts: BTreeMap<(String, u32), u32> = BTreeMap::new();
    for stored in deltas {
        if stored.number::<u32>("part")? == 0 {
            let page = (stored.text("cycle")?.to_owned(), stored.number("page")?);
            parts.insert(page, stored.number("parts")?);
        }
    }
    let mut changes = Changes::new();
    for stored in deltas {
        let page = (stored.text("cycle")?.to_owned(), stored.number("page")?);
        if parts.get(&page).is_some_and(|parts| stored.number("part").is_ok_and(|part: u32| part < *parts)) {
            chunk::read_changes(stored, &mut changes)?;
        }
    }
    Ok(changes)
}

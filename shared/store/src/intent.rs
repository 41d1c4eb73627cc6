//! The intent of the page about to be executed: bytes the store does not look into.
//!
//! An item holds 400 KB, so an intent may take several. Each says how many there are and what they amount to; an
//! intent of which a crash left only parts is noticed when it is read. Chunks of a longer one before it are left
//! behind and ignored.

use engine::ids::digest16;
use engine::model::JobId;
use engine::ports::{Lease, StoreError};

use crate::item::Draft;
use crate::{DynamoStore, keys};

/// The longest chunk: 350 KB of DynamoDB's 400.
const CHUNK: usize = 350 * 1024;

impl DynamoStore {
    /// See [`engine::ports::Store::put_intent`].
    pub(crate) async fn write_intent(&self, lease: &Lease, intent: &[u8]) -> Result<(), StoreError> {
        let digest = digest16(&[intent]);
        let chunks: Vec<&[u8]> = if intent.is_empty() { vec![&[]] } else { intent.chunks(CHUNK).collect() };
        let count = chunks.len();
        let drafts = chunks.into_iter().enumerate().map(|(number, bytes)| {
            Draft::new(keys::intent(&lease.job, number))
                .number("chunks", count)
                .bytes("digest", digest)
                .bytes("bytes", bytes)
        });
        self.state.put_all_fenced(lease, drafts.collect::<Vec<_>>()).await
    }

    /// See [`engine::ports::Store::intent`].
    pub(crate) async fn read_intent(&self, job: &JobId) -> Result<Option<Vec<u8>>, StoreError> {
        let chunks = self.state.list(&keys::job(job).pk, keys::INTENT).await?;
        let Some(first) = chunks.first() else { return Ok(None) };
        let count: usize = first.number("chunks")?;
        let mut intent = Vec::new();
        for chunk in chunks.iter().take(count) {
            intent.extend_from_slice(chunk.bytes("bytes")?);
        }
        if digest16(&[&intent]) != first.bytes("digest")? {
            return Err(first.wrong("digest", "does not fit the chunks: a write was cut half-way"));
        }
        Ok(Some(intent))
    }
}

//! Bytes of any length, in chunks with a head.
//!
//! In: bytes and a place. Out: the same bytes, or nothing when a part of them is missing.
//!
//! Chunks are named by the digest of the whole, so that two writings clash only when they write the same. The head is
//! written after the last chunk and says which ones count; what it does not name is deleted after it.

use engine::ids::digest16;
use engine::ports::{Lease, StoreError};

use crate::DynamoStore;
use crate::item::{Draft, Stored};
use crate::keys::{Key, Place};

/// The longest chunk: an item holds 400 KB, and three of these fill the megabyte of one page of a query.
const CHUNK: usize = 340_000;

const BYTES: &str = "bytes";
const DIGEST: &str = "digest";
const CHUNKS: &str = "chunks";
/// How many bytes there are in all.
pub(crate) const LENGTH: &str = "length";

impl DynamoStore {
    /// Writes bytes to a place, and deletes what was there before: `old` are the keys of all that is to go. `more` adds
    /// attributes: to chunks, and to the head.
    pub(crate) async fn write_blob(
        &self,
        lease: &Lease,
        place: &Place,
        bytes: &[u8],
        old: Vec<Key>,
        more: impl Fn(Draft, bool) -> Draft,
    ) -> Result<(), StoreError> {
        let digest = hex(bytes);
        let chunks: Vec<Draft> = bytes
            .chunks(CHUNK)
            .enumerate()
            .map(|(number, bytes)| more(Draft::new(place.chunk(&digest, number)).bytes(BYTES, bytes), false))
            .collect();
        let head = Draft::new(place.head())
            .text(DIGEST, digest)
            .number(CHUNKS, chunks.len())
            .number(LENGTH, bytes.len());
        let written: Vec<Key> = chunks.iter().chain([&head]).map(|draft| draft.key().clone()).collect();
        self.state.put_all_fenced(lease, chunks).await?;
        self.state.put_fenced(lease, more(head, true)).await?;
        let old = old.into_iter().filter(|key| !written.contains(key)).collect();
        self.state.delete_all_fenced(lease, old).await
    }
}

/// The bytes in the items of a place; `None` when there is no head, or not all that it names.
pub(crate) fn read(place: &Place, items: &[Stored]) -> Result<Option<Vec<u8>>, StoreError> {
    let head = place.head();
    let Some(head) = items.iter().find(|item| *item.key() == head) else { return Ok(None) };
    let (digest, count): (&str, usize) = (head.text(DIGEST)?, head.number(CHUNKS)?);
    let mut bytes = Vec::new();
    let mine = place.chunks(digest);
    for chunk in items.iter().filter(|item| item.key().sk.starts_with(&mine)).take(count) {
        bytes.extend_from_slice(chunk.bytes(BYTES)?);
    }
    // A chunk that is missing, or another in its stead, shows in both.
    let whole = bytes.len() == head.number::<usize>(LENGTH)? && hex(&bytes) == digest;
    Ok(whole.then_some(bytes))
}

fn hex(bytes: &[u8]) -> String {
    digest16(&[bytes]).iter().map(|byte| format!("{byte:02x}")).collect()
}

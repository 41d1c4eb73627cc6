//! The bytes of chunks and deltas, and the arithmetic of buckets. No I/O.

use std::collections::BTreeMap;

use engine::fingerprint::Fingerprint;
use engine::ids::IdHash;
use engine::ports::{FingerprintChange, StoreError};

use crate::item::Stored;

/// Bytes of one fingerprint: 16 of id hash, 16 of digest.
const ENTRY: usize = 32;
/// Bytes of one change: whether the object was seen, then as above; the digest of one who is gone is zero.
const CHANGE: usize = 1 + ENTRY;
const GONE: u8 = 0;
const SEEN: u8 = 1;

/// Entries that a chunk of a new generation holds on average. A fold rewrites each chunk it touches, so small ones
/// make a cycle with few changes cheap: 256 entries are 8 KB, ten changes among 100,000 people cost 80 write units.
/// Reading does not mind: a query's page is a megabyte, however many chunks that is.
const AVERAGE: usize = 256;

/// A chunk that would become longer than this makes a new generation, with more bits. It shows that the average
/// has at least doubled: of a thousand chunks around 512, chance makes none longer than 600.
pub(super) const LONGEST: usize = 640;

/// No generation has more bits: a million chunks, 256 million people. Range keys have room for 24.
pub(super) const MOST_BITS: u8 = 20;

/// What happened to an id: its new digest, or `None` when it is gone.
pub(super) type Changes = BTreeMap<IdHash, Option<[u8; 16]>>;

/// How many chunks a generation has.
pub(super) fn count(bits: u8) -> usize {
    1 << bits
}

/// The chunk an id belongs to.
pub(super) fn bucket(id: IdHash, bits: u8) -> u32 {
    let [a, b, c, d, ..] = id.0;
    let first = u32::from_be_bytes([a, b, c, d]);
    first.checked_shr(32 - u32::from(bits)).unwrap_or(0)
}

/// The bits of a new generation for `entries`, more than `before`.
pub(super) fn bits_for(entries: usize, before: Option<u8>) -> u8 {
    let least = before.map_or(0, |bits| bits + 1);
    (least..MOST_BITS).find(|bits| entries >> bits <= AVERAGE).unwrap_or(MOST_BITS)
}

/// Applies changes to a sorted list. Doing it twice is doing it once.
pub(super) fn merge(entries: Vec<Fingerprint>, changes: &Changes) -> Vec<Fingerprint> {
    let mut merged = Vec::with_capacity(entries.len() + changes.len());
    let mut entries = entries.into_iter().peekable();
    for (id, digest) in changes {
        while let Some(before) = entries.next_if(|entry| entry.id < *id) {
            merged.push(before);
        }
        entries.next_if(|entry| entry.id == *id);
        merged.extend(digest.map(|digest| Fingerprint { id: *id, digest }));
    }
    merged.extend(entries);
    merged
}

/// A chunk's bytes.
pub(super) fn encode(entries: &[Fingerprint]) -> Vec<u8> {
    entries.iter().flat_map(|entry| entry.id.0.into_iter().chain(entry.digest)).collect()
}

/// A chunk's entries.
pub(super) fn read(stored: &Stored, attribute: &str) -> Result<Vec<Fingerprint>, StoreError> {
    let bytes = stored.bytes(attribute)?;
    let (entries, rest) = bytes.as_chunks::<ENTRY>();
    let entries: Vec<Fingerprint> = entries.iter().map(entry).collect();
    if !rest.is_empty() || !entries.is_sorted_by(|a, b| a.id < b.id) {
        return Err(stored.wrong(attribute, "is not a sorted list of fingerprints"));
    }
    Ok(entries)
}

fn entry(bytes: &[u8; ENTRY]) -> Fingerprint {
    let (mut id, mut digest) = ([0; 16], [0; 16]);
    id.copy_from_slice(&bytes[..16]);
    digest.copy_from_slice(&bytes[16..]);
    Fingerprint { id: IdHash(id), digest }
}

/// A delta's bytes.
pub(super) fn encode_changes(changes: &[FingerprintChange]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(changes.len() * CHANGE);
    for change in changes {
        let (tag, id, digest) = match change {
            FingerprintChange::Seen(seen) => (SEEN, seen.id, seen.digest),
            FingerprintChange::Gone(id) => (GONE, *id, [0; 16]),
        };
        bytes.push(tag);
        bytes.extend(id.0);
        bytes.extend(digest);
    }
    bytes
}

/// Adds a delta's changes; later ones win.
pub(super) fn read_changes(stored: &Stored, changes: &mut Changes) -> Result<(), StoreError> {
    let (list, rest) = stored.bytes("changes")?.as_chunks::<CHANGE>();
    if !rest.is_empty() {
        return Err(stored.wrong("changes", "ends within a change"));
    }
    for [tag, bytes @ ..] in list {
        let Fingerprint { id, digest } = entry(bytes);
        let digest = match *tag {
            SEEN => Some(digest),
            GONE => None,
            tag => return Err(stored.wrong("changes", format!("has a change of unknown kind {tag}"))),
        };
        changes.insert(id, digest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_in_the_order_of_their_buckets_are_sorted_by_id() {
        let ids = [0x00_u8, 0x3f, 0x40, 0x80, 0xff].map(|first| {
            let mut id = [7; 16];
            id[0] = first;
            IdHash(id)
        });
        assert_eq!(ids.map(|id| bucket(id, 0)), [0; 5]);
        assert_eq!(ids.map(|id| bucket(id, 2)), [0, 0, 1, 2, 3]);
        assert_eq!(ids.map(|id| bucket(id, 8)), [0, 0x3f, 0x40, 0x80, 0xff]);
    }

    #[test]
    fn a_new_generation_has_room_and_more_bits_than_the_one_before() {
        let cases = [
            // (entries, bits before, bits)
            (0, None, 0),
            (256, None, 0),
            (257, None, 1),
            (514, None, 2),
            (100_000, None, 9),
            (100_000, Some(9), 10),
            (usize::MAX, None, MOST_BITS),
        ];
        for (entries, before, bits) in cases {
            assert_eq!(bits_for(entries, before), bits, "{entries} entries after {before:?} bits");
        }
    }
}

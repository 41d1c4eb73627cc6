//! The fingerprint of a source object: has anything that matters changed since it was last processed?
//!
//! In: an object and the mapping. Out: 16 bytes of id hash and 16 bytes of digest, so that a full read of a
//! hundred thousand people compares 3.2 MB instead of loading a hundred thousand links.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{IdHash, digest16};
use crate::mapping::Mapping;
use crate::model::SourceObject;

/// Who, and in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The object.
    pub id: IdHash,
    /// Its mapped attributes, its standing (enabled, soft-deleted) and the mapping's version.
    pub digest: [u8; 16],
}

impl Fingerprint {
    /// The fingerprint of `object` under `mapping`.
    ///
    /// Attributes that no mapping reads do not count: a change to them is no change. Where the mapping depends on the
    /// time, everyone has another fingerprint every `day`, and so is looked at; so they are in every `generation`.
    #[must_use]
    pub fn of(object: &SourceObject, mapping: &Mapping, day: Date, generation: u32) -> Self {
        let standing = [u8::from(object.enabled), u8::from(object.soft_deleted)];
        let day = if mapping.uses_time() { day.to_string() } else { String::new() };
        // Display names are shown and searched although no mapping may read them.
        let name = object.display_name.as_deref().unwrap_or_default();
        let mut parts: Vec<Vec<u8>> =
            vec![mapping.version().to_vec(), standing.to_vec(), name.as_bytes().to_vec(), day.into_bytes()];
        // As long as there is only one, it leaves no trace: snapshots of earlier versions stay true.
        parts.extend((generation > 0).then(|| generation.to_be_bytes().to_vec()));
        // What every object has is part of id and standing, unless the source has an attribute of that name.
        let own = mapping.of_every_object().iter().filter(|name| object.attributes.contains_key(*name));
        for attribute in mapping.source_attributes().iter().chain(own) {
            parts.push(attribute.as_bytes().to_vec());
            parts.push(match object.attributes.get(attribute) {
                Some(value) => serde_json::to_vec(value).unwrap_or_default(),
                None => Vec::new(),
            });
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Self { id: IdHash::of(&object.id), digest: digest16(&parts) }
    }
}

/// Which entries of a sorted snapshot a full read has met so far; what is left at the end is gone.
///
/// Saved with each checkpoint, so that a read cut into slices still knows who is gone: 12.5 KB for 100,000
/// people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    #[serde(with = "hex_words")]
    bits: Vec<u64>,
}

impl Seen {
    /// Marks the entry at `position`.
    pub fn mark(&mut self, position: usize) {
        let word = position / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (position % 64);
    }

    /// Whether the entry at `position` was met.
    #[must_use]
    pub fn has(&self, position: usize) -> bool {
        self.bits.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }
}

/// Sixteen hexadecimal digits a word: half of what a JSON list of numbers takes.
mod hex_words {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(words: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&words.iter().map(|word| format!("{word:016x}")).collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.as_bytes()
            .chunks(16)
            .map(|digits| {
                let digits = std::str::from_utf8(digits).map_err(Error::custom)?;
                u64::from_str_radix(digits, 16).map_err(Error::custom)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seen_bitmap_survives_its_stored_form() {
        let mut seen = Seen::default();
        for position in [0, 63, 64, 1_000] {
            seen.mark(position);
        }
        let stored = serde_json::to_string(&seen).unwrap();
        let read: Seen = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, seen);
        assert!(read.has(1_000) && !read.has(999) && !read.has(1_000_000));
    }
}

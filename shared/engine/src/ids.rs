//! Ids that are derived rather than drawn, so that a replayed page writes the same rows again.
//!
//! In: what an id stands for. Out: the same id for the same input, in every process and every replay.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::model::{CycleId, JobId, SourceId};

/// Name space of every UUIDv5 below; drawn once, never to change.
const NAME_SPACE: Uuid = Uuid::from_u128(0x6f1d_8f9e_5b0a_4c8c_9d35_27b1_d5a4_c0de);

/// The id of one change: this object, in this cycle, for this purpose.
///
/// `attempt` tells apart several changes to one object within a cycle: 0 for the page, 1 for a removal
/// executed after the guard, 2 for a retry out of escrow.
#[must_use]
pub fn change_id(cycle: CycleId, object: &SourceId, attempt: u8) -> Uuid {
    let name = format!("change\n{cycle}\n{attempt}\n{object}");
    Uuid::new_v5(&NAME_SPACE, name.as_bytes())
}

/// The id of the provisioning log record of a change. Looking a record up by its change is a point read.
#[must_use]
pub fn record_id(change: Uuid) -> Uuid {
    Uuid::new_v5(&NAME_SPACE, format!("record\n{change}").as_bytes())
}

/// The id of an event of a job: its sequence number makes it unique.
#[must_use]
pub fn event_id(job: &str, sequence: u64) -> Uuid {
    Uuid::new_v5(&NAME_SPACE, format!("event\n{job}\n{sequence}").as_bytes())
}

/// A key that is stored nowhere: whoever reads tables and logs can neither try out what was hidden under it, nor draw
/// again what was drawn from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key of a job, derived from a secret that the job needs anyway, such as its target's token. Another secret
    /// gives another key: what was hidden under the old one counts as changed, once.
    #[must_use]
    pub fn of_job(job: &JobId, secret: &str) -> Self {
        let mut first = [0; 32];
        first.copy_from_slice(&Sha256::digest(secret.as_bytes()));
        Self(keyed(&first, format!("rollcall\n{job}").as_bytes()))
    }

    /// 32 bytes for one purpose; each purpose gets bytes of its own.
    #[must_use]
    pub fn bytes_for(&self, purpose: &[u8]) -> [u8; 32] {
        keyed(&self.0, purpose)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// 32 bytes derived from a key and a purpose (HMAC-SHA-256): each purpose gets bytes of its own.
#[must_use]
pub fn keyed(key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    // A key shorter than SHA-256's block is filled up with zeros (RFC 2104 §2).
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

/// A 16-byte hash of a source id: the key of links and of the fingerprint snapshot.
///
/// 128 bits of SHA-256 collide by chance once in 10^19 pairs at a million people; ids of outside systems may
/// be long or hold any character, a hash may not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct IdHash(pub [u8; 16]);

impl IdHash {
    /// The hash of a source id.
    #[must_use]
    pub fn of(id: &SourceId) -> Self {
        Self(digest16(&[id.as_str().as_bytes()]))
    }
}

impl std::fmt::Display for IdHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for IdHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdHash({self})")
    }
}

impl From<IdHash> for String {
    fn from(hash: IdHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for IdHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = || format!("'{text}' is not the 32 hexadecimal digits of an id hash");
        if text.len() != 32 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 16];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// The first 16 bytes of the SHA-256 of the parts, each preceded by its length so that they cannot run into
/// one another.
#[must_use]
pub fn digest16(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let full = hasher.finalize();
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_its_id_and_differs_by_object_cycle_and_attempt() {
        let cycle = CycleId(Uuid::from_u128(1));
        let nadia = SourceId::new("nadia");
        assert_eq!(change_id(cycle, &nadia, 0), change_id(cycle, &nadia, 0));
        let others = [
            change_id(cycle, &nadia, 1),
            change_id(cycle, &SourceId::new("omar"), 0),
            change_id(CycleId(Uuid::from_u128(2)), &nadia, 0),
        ];
        assert!(!others.contains(&change_id(cycle, &nadia, 0)));
    }

    #[test]
    fn parts_cannot_run_into_one_another() {
        assert_ne!(digest16(&[b"ab", b"c"]), digest16(&[b"a", b"bc"]));
    }

    #[test]
    fn an_id_hash_survives_its_text_form() {
        let hash = IdHash::of(&SourceId::new("E0017"));
        assert_eq!(IdHash::try_from(hash.to_string()), Ok(hash));
        assert!(IdHash::try_from("zz".repeat(16)).is_err());
        assert!(IdHash::try_from("é".repeat(16)).is_err());
    }
}

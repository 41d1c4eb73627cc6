//! People whom a script or an HR export uploads: the source that is not asked but told.
//!
//! In: bodies of `bulkUpload`, SCIM's `BulkRequest` (RFC 7644 §3.7). Out: a reading of everyone uploaded so far, or of
//! whom uploads changed since the watermark.
//!
//! ```text
//!  body ──intake──▶ Upload ──staged by whoever serves the API──▶ Uploads ──source──▶ pages of 500
//!          person    people, by id                               a trait: the store
//! ```
//!
//! | File | What it does |
//! |---|---|
//! | `config` | the `inbound:` section of an application document |
//! | `intake` | from a body to an [`Upload`], or to everything that is wrong with it. Pure |
//! | `person` | from a SCIM user to an object, its attributes under the names that mappings use. Pure |
//! | `source` | the port: `open`, `read`, `get` |
//!
//! # Guarantees
//! * A body with one wrong operation is refused as a whole: nothing of it is staged, and nothing is lost.
//! * Nobody is gone because an upload does not name them. Who is gone was deleted by an upload, by name.
//! * An upload is seen whole or not at all, and none is missed ([`Uploads::changed`]).
//!
//! # Assumptions
//! Each person is uploaded whole: what a later upload leaves out is no longer known.

mod config;
mod intake;
mod person;
mod source;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use engine::ids::IdHash;
use engine::model::{SourceId, SourceObject};
use engine::ports::StoreError;

pub use config::InboundConfig;
pub use intake::{IntakeError, MOST_BYTES, MOST_OPERATIONS, intake};
pub use source::InboundSource;

/// What one call says about people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upload {
    /// How each of them is now; `None`: gone. Of several operations about one person the last counts.
    pub people: BTreeMap<SourceId, Option<SourceObject>>,
}

/// What was uploaded for one job.
///
/// # Guarantees
/// Uploads are numbered from 1 on without gaps, in the order in which they take effect, each in one step.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// How far uploads have come.
    async fn extent(&self) -> Result<Extent, StoreError>;

    /// Everyone who is there, in the order of their id hashes, from the one after `after` on, at most `most`; fewer
    /// only at the end.
    async fn everyone(&self, after: Option<IdHash>, most: usize) -> Result<Vec<SourceObject>, StoreError>;

    /// Whom the uploads after number `after` changed, up to number `to`; `None` when that is no longer known.
    async fn changed(&self, after: u64, to: u64) -> Result<Option<BTreeSet<SourceId>>, StoreError>;

    /// These people as they are now; who is gone is absent.
    async fn people(&self, ids: &[SourceId]) -> Result<Vec<SourceObject>, StoreError>;
}

/// How far uploads have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// The number of the last upload; 0 before the first.
    pub sequence: u64,
    /// How many people there are.
    pub people: u64,
}

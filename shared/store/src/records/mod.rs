//! The provisioning log: what was done to whom, found by everything an administrator may know.
//!
//! In: records and the names of their people (`write.rs`). Out: pages of records, newest first, by job, cycle, person,
//! account, failure or name (`read.rs`), and people by the beginning of any word of their names (`names.rs`).
//!
//! # Guarantees
//! Going from page to page neither loses nor repeats a record: all indexes share one order, time and then record id,
//! which is unique; the continuation is the last position shown.
//!
//! # Caveats
//! Indexes lag behind by a moment: the newest second of the log may appear in the next search.

mod merge;
mod names;
mod read;
mod streams;
mod write;

pub use names::Person;
pub use read::{By, QueryError, RecordPage, RecordQuery};

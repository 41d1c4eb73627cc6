//! A CSV file with a header, on a disk or in an S3 bucket, as the source of people; another one as that of groups.
//!
//! In: the files. Out: one reading of **one version** of both, page by page, or one sentence that says why not.
//!
//! ```text
//!  disk / S3 ──client──▶ intake ──▶ private copy (UTF-8) ──scan, groups──▶ headers, ids unique, total ──▶ Reading::Full
//!            one version   SHA-256   work folder             │
//!                                        └──────────────page by page──▶ records ──▶ convert ──▶ SourceObject
//! ```
//!
//! | File | What it does |
//! |---|---|
//! | `config`, `check` | the `file:` section of an application document, and what can be wrong with it |
//! | `sheet` | one of the files outside: where it lies, what it is called, how it is written |
//! | `client`, `s3` | get the bytes of one version: local path or S3 |
//! | `intake`, `encoding` | hashes them on the way, finds out what text they are, turns it into UTF-8 |
//! | `copies` | the private copies in the work folder: name, keep, find again, sweep |
//! | `records` | RFC 4180: from bytes to rows with their line numbers |
//! | `copy`, `table` | a copy's header under the right delimiter, and which of its rows can be trusted |
//! | `convert` | from the header to a layout, from a row to a person |
//! | `scan` | looks at the whole copy of the people once, before anything is exported |
//! | `groups` | the same for groups: one row a group, or one row a membership |
//! | `versions` | from the files outside to one version of both that was looked at |
//! | `source` | the port: `open`, `read`, watermark and cursor |
//! | `error` | everything that can be wrong with a file, each as one sentence |
//!
//! # Guarantees
//! A leaver is inferred from absence, so a row must never vanish silently: a file that changes while it is copied,
//! ends inside a quoted cell, mixes encodings or repeats an id is refused as a whole; a row that cannot be
//! understood is reported with its line, and while there is one nobody is taken as gone.
//!
//! # Assumptions
//! The work folder belongs to this one source: old copies in it are deleted.

mod check;
mod client;
mod config;
mod convert;
mod copies;
mod copy;
mod encoding;
mod error;
mod groups;
mod intake;
mod records;
mod s3;
mod scan;
mod sheet;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod versions;

pub use config::{Delimiter, FileConfig, GroupsFile, TextEncoding};
pub use source::FileSource;

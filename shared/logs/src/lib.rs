//! Questions about the provisioning log, and its records as files.
//!
//! In: a filter as people write it, and what they look for. Out: the question to the store that leaves the least to compare
//! ([`Question`]), whether a record is an answer ([`odata::Filter`]), every record of it ([`Walk`]), and records as files
//! ([`File`]), which `sync` puts where `query` finds them ([`exports`]); and tokens that
//! lead from one page to the next ([`token`]).
//!
//! # Guarantees
//! However many records there are, as many are held in memory as the store gives at once: what a file cannot have yet waits
//! in temporary files, compressed. A file that could not be written to its end is never one that looks complete.

#[cfg(feature = "store")]
pub mod csv;
#[cfg(feature = "exports")]
pub mod exports;
#[cfg(feature = "store")]
mod file;
#[cfg(feature = "store")]
mod lines;
pub mod odata;
#[cfg(feature = "store")]
mod question;
pub mod token;
#[cfg(feature = "store")]
mod walk;
mod word;

#[cfg(feature = "store")]
pub use file::{File, Format, WriteError, write};
#[cfg(feature = "store")]
pub use lines::{line, print};
#[cfg(feature = "store")]
pub use question::{Question, oldest_first, text_to_search};
#[cfg(feature = "store")]
pub use walk::Walk;
pub use word::word;

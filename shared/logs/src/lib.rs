//! Questions about the provisioning log, and its records as files.
//!
//! In: a filter as people write it, and what they look for. Out: the question to the store that leaves the least to compare
//! ([`Question`]), whether a record is an answer ([`odata::Filter`]), and records as files ([`csv`]).

#[cfg(feature = "store")]
pub mod csv;
pub mod odata;
#[cfg(feature = "store")]
mod question;
mod word;

#[cfg(feature = "store")]
pub use question::{Question, search};
pub use word::word;

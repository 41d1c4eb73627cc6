//! Store and target wholly in memory: quick, deterministic, and as strict as the real ones.
//!
//! In: the calls of a cycle. Out: what a real table and a real app would answer. A whole cycle takes microseconds, so
//! that ten thousand invented worlds can be lived through in one run of the tests ([`MemoryStore`], [`MemoryTarget`]).
//! Whatever is left to chance is drawn from a seed ([`Chance`]): the same seed gives the same world.

mod chance;
mod store;
mod target;

pub use chance::Chance;
pub use store::MemoryStore;
pub use target::{Account, Fault, Faults, MemoryTarget, TargetSettings};

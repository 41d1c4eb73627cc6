//! Mail about trouble: at most one per application in any 24 hours, the newest state, nothing lost.

mod command;
mod endings;
mod properties;
mod stage;
mod stories;

//! Mail about trouble: at most one per application in any 24 hours, the newest state, nothing lost.

mod command;
mod endings;
mod incident;
mod load;
mod overdue;
mod properties;
mod ses;
mod smtp;
mod stage;
mod stories;
mod webhook;
mod words;

//! The `control` function: configures, starts, pauses, approves.
//!
//! In: a change that somebody wants. Out: the change, or why not. Configuration is written here; whatever takes a job's
//! lease or speaks to an outside system is asked of `sync` ([`runtime::ask`]). Every change leaves an entry in the audit.
//!
//! # Guarantees
//! Secrets are put away and never read ([`vault`]).

pub mod http;
pub mod lambda;
pub mod vault;

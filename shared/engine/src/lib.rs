//! The domain of Rollcall: what one cycle decides, and in which order it acts.
//!
//! > Ask the **source** what changed since the **watermark**. Put each object through the **scoping
//! > filter**, **matching** and the **attribute mapping**. That yields an **operation** with a
//! > **reason**: create, update, disable, delete, or skip. Creates and updates are executed on the
//! > **target** page by page; **removals wait** until the pages are done and a **guard** has seen their
//! > total. What failed goes into **escrow** and is tried again later. A **provisioning log** record says
//! > what was done to whom, and why. The new watermark and the cycle's figures are saved last.
//!
//! ```text
//!  Source ──page──▶ fingerprint ──differs──▶ decide ──▶ plan ──intent──▶ execute ──▶ Target
//!                        │ equal                                            │
//!                        ▼                                                  ▼
//!                     nothing                             links · logs · checkpoint (Store)
//! ```
//!
//! Read the modules in this order: [`model`], [`expression`], [`scoping`], [`mapping`], [`decide`], [`guard`],
//! [`escrow`], [`report`], [`ports`], [`cycle`]; [`schema`] is the mapping in the management API's words.
//!
//! **Promises of this crate.** No AWS, no HTTP, no clock of its own: time, ids and deadlines are passed in
//! ([`ports::Clock`], [`ports::Ids`]). [`decide`] and everything before it are pure.

pub mod attention;
pub mod cadence;
pub mod cycle;
pub mod days;
pub mod decide;
mod dotnet;
pub mod drift;
pub mod escrow;
pub mod expiry;
pub mod expression;
pub mod failures;
pub mod fingerprint;
pub mod guard;
pub mod ids;
pub mod job;
pub mod mapping;
pub mod membership;
pub mod model;
pub mod pack;
pub mod ports;
pub mod quarantine;
pub mod report;
pub mod reset;
pub mod schema;
pub mod scoping;
#[cfg(test)]
mod testing;

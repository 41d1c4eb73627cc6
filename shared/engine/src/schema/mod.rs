//! The management API's schema of a job, and how it becomes Rollcall's own mapping and comes from it.
//!
//! ```text
//!  JSON ──read──▶ SynchronizationSchema ──to_mapping──▶ ObjectMapping + findings
//!       ◀─write──                        ◀─of_mapping──
//! ```
//!
//! In: schemas that administrators exported from where they come from. Out: the same schemas, unharmed ([`document`]);
//! mappings that mean the same, or the reason why there is none ([`convert`], [`Finding`]); schemas of mappings that
//! were written by hand ([`export`]), and what a target says it holds besides ([`Discovered`]). Beside them what the
//! API answers about the language: functions and operators ([`catalogue`]), and what an expression is made of and
//! yields ([`parse_expression()`]).
//!
//! Everything here is a value: nothing reads a clock, a file or a socket.

pub mod catalogue;
pub mod convert;
mod discovered;
pub mod document;
pub mod export;
mod finding;
mod given;
pub mod parse_expression;
pub mod product;
pub mod spelling;
#[cfg(test)]
mod tests;

pub use convert::{Conversion, Kept, to_mapping};
pub use discovered::{Discovered, LEFT_OUT};
pub use document::{DocumentError, SynchronizationSchema};
pub use export::{Names, of_mapping};
pub use finding::{Finding, FindingKind};
pub use given::Given;
pub use parse_expression::{ParseExpressionRequest, ParseExpressionResponse, parse_expression};

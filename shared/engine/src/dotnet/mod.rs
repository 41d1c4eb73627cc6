//! What the vendor's service inherits from .NET, and what an administrator's configuration therefore relies on.
//!
//! In: patterns, substitutions and date formats in .NET's notation, when they are saved. Out: something that can be
//! applied to a value, or a refusal that names the part which cannot be honoured: never something slightly different.

pub(crate) mod dates;
pub(crate) mod pattern;

//! What tests, rehearsals and measurements are made with.
//!
//! [`sandbox`] is a SCIM server on loopback that is quick, correct, and misbehaves on request. [`servers`] starts real
//! directories.

pub mod kill;
pub mod people;
pub mod sandbox;
pub mod servers;
pub mod source;
pub mod time;

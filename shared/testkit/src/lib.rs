//! What tests, rehearsals and measurements are made with.
//!
//! [`sandbox`] is a SCIM server on loopback that is quick, correct, and misbehaves on request.

pub mod kill;
pub mod people;
pub mod sandbox;
pub mod source;
pub mod time;

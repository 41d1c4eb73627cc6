//! What tests, rehearsals and measurements are made with.
//!
//! [`sandbox`] is a SCIM server on loopback that is quick, correct, and misbehaves on request; [`issuer`] signs tokens as
//! an OpenID Connect issuer does, or as a forger; [`lambda`] runs a function's binary. [`servers`] starts real directories.
//! [`memory`] holds a store and a target that live in memory only, [`contract`] what every store promises.

pub mod contract;
pub mod issuer;
pub mod kill;
pub mod lambda;
pub mod memory;
pub mod people;
pub mod sandbox;
pub mod servers;
pub mod source;
pub mod time;

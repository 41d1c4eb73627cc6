//! What every main needs: the system's clock and ids, secrets by reference, tracing, AWS configuration.
//!
//! No domain logic. Everything that must not be in the engine because it touches the world, and that more than
//! one function needs, lives here.

pub mod ask;
pub mod aws;
pub mod bus;
pub mod checkup;
pub mod clock;
pub mod env;
pub mod invocation;
pub mod metrics;
pub mod secrets;
pub mod tracing;

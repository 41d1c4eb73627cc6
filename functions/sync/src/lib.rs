//! The `sync` function: one slice of a job's cycle, and the events that tell of it.
//!
//! In: an event (`Cycle Due`, `Cycle Continues`) or, on a laptop, a person's command. Out: accounts in the target,
//! records in the log, status in the job item, events on the bus. The binary beside this library runs it behind
//! the Lambda runtime; the `rollcall` command runs the same code in its own process.

pub mod ask;
mod checkup;
pub mod context;
pub mod control;
mod credentials;
pub mod cycle;
mod discover;
pub mod export;
pub mod handler;
mod measure;
mod outbox;
pub mod plan;
pub mod preview;
pub mod records;
pub mod scheduler;
pub mod tick;
pub mod uploads;

//! What the store promises, as sentences.
//!
//! Every test has an engine in memory of its own. With `ROLLCALL_TEST_ENDPOINT` set they run against the DynamoDB
//! engine there, in tables of their own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod applications;
mod costs;
mod formats;
mod items;
mod job;
mod mail;
mod records;
mod samples;
mod snapshot;
mod throttling;
mod world;

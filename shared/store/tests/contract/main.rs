//! What the store promises, as sentences.
//!
//! Every test has an engine in memory of its own. With `ROLLCALL_TEST_ENDPOINT` set they run against the DynamoDB
//! engine there, in tables of their own. What needs no more than the port is in [`testkit::contract`].

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod applications;
mod costs;
mod forgetting;
mod formats;
mod items;
mod job;
mod kept;
mod mail;
mod memberships;
mod port;
mod records;
mod samples;
mod snapshot;
mod throttling;
mod uploads;
mod world;

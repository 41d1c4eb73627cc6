//! What the limiter does, as sentences: simulated minutes before targets that throttle, rules that hold whatever
//! happens, and the queue.

mod buckets;
mod changes;
mod rules;
mod turnstile;
mod world;

use jiff::{SignedDuration, Timestamp};

/// So many milliseconds after the tests' time began.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_millis(millis)
}

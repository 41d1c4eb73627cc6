//! How much was taken away within the rolling day.
//!
//! In: what was removed, and when. Out: how much that was within the last 24 hours, by kind. Kept by the hour, so that it
//! is as small after a busy day as after a quiet one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Removed;

/// Hours that count: the present one and the 23 before it.
const HOURS: i64 = 24;

/// Removals executed within the rolling day, by hour and kind; those that a person approved are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RemovedToday {
    /// The hour since 1970, what was taken away, and how many.
    hours: Vec<(i64, Removed, u64)>,
}

impl RemovedToday {
    /// Counts so many removals, and forgets those of the day before.
    pub fn add(&mut self, now: Timestamp, removed: Removed, count: u64) {
        let hour = hour_of(now);
        self.hours.retain(|(then, ..)| counts(*then, hour));
        if count == 0 {
            return;
        }
        match self.hours.iter_mut().find(|(then, what, _)| (*then, *what) == (hour, removed)) {
            Some((.., sum)) => *sum = sum.saturating_add(count),
            None => self.hours.push((hour, removed, count)),
        }
    }

    /// How many of a kind were removed within the rolling day.
    #[must_use]
    pub fn within(&self, now: Timestamp, removed: Removed) -> u64 {
        let hour = hour_of(now);
        let counted = self.hours.iter().filter(|(then, what, _)| *what == removed && counts(*then, hour));
        counted.fold(0, |sum, (.., count)| sum.saturating_add(*count))
    }
}

fn hour_of(moment: Timestamp) -> i64 {
    moment.as_second().div_euclid(3_600)
}

/// Whether an hour belongs to the day that ends at `now`. A clock that was put back does not make removals undone; one
/// that was far ahead does not count for ever.
fn counts(then: i64, now: i64) -> bool {
    now.abs_diff(then) < HOURS.unsigned_abs()
}

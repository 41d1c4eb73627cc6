//! When the next cycle is due.
//!
//! In: what the document says, how long the source has been quiet, and the last cycle's id as the dice. Out: the
//! time from the beginning of that cycle to the beginning of the next. Pure: the same cycle always gives the same
//! time.
//!
//! # Guarantees
//! Unless the document says otherwise the gap lies between 20 and 39 minutes, so that a job which is started within
//! a minute of its time runs every 20 to 40 minutes. It is short after a cycle that did something and grows while
//! nothing happens; jobs that were made together drift apart.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::CycleId;

/// The gap after a cycle that did something, before the dice: who joins on Monday at nine is followed by others.
const SHORT: Duration = Duration::from_secs(20 * 60);

/// What each quiet cycle adds: after three of them the gap is the long one, 36 to 39 minutes.
const STEP: Duration = Duration::from_secs(5 * 60 + 20);

/// Quiet cycles that count.
const STEPS: u32 = 3;

/// What the dice add at the most: a seventh of the shortest gap tears jobs of one minute apart within a day.
const DICE: Duration = Duration::from_secs(3 * 60);

/// The longest of all gaps between a beginning and the next one's time, where none is set.
const LONGEST: Duration = Duration::from_secs(39 * 60);

/// How often cycles run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Cadence {
    /// Every 20 to 40 minutes, as the source is busy or quiet.
    #[default]
    Adaptive,
    /// From the beginning of one cycle to the beginning of the next, always this long.
    Every(Duration),
}

impl Cadence {
    /// When the cycle after `cycle` is due, which began at `began` and was the `quiet`th in a row that had nothing
    /// to do (0: it had).
    #[must_use]
    pub fn next(self, cycle: CycleId, began: Timestamp, quiet: u32) -> Timestamp {
        let gap = match self {
            Self::Every(interval) => interval,
            Self::Adaptive => SHORT + STEP * quiet.min(STEPS) + dice(cycle),
        };
        later(began, gap)
    }

    /// The longest time between the beginnings of two cycles.
    #[must_use]
    pub fn longest(self) -> Duration {
        match self {
            Self::Every(interval) => interval,
            Self::Adaptive => LONGEST,
        }
    }

    /// The latest time at which the next cycle can be due, seen from `now`. A job that is due later than that was
    /// scheduled by a clock which has been put back since.
    #[must_use]
    pub fn latest(self, now: Timestamp) -> Timestamp {
        later(now, self.longest())
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// The last eight bytes of a cycle's id are chance in every kind of UUID that is drawn.
fn dice(cycle: CycleId) -> Duration {
    let (_, chance) = cycle.0.as_u64_pair();
    Duration::from_secs(chance % DICE.as_secs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn minutes(cadence: Cadence, chance: u128, quiet: u32) -> i64 {
        let began = Timestamp::UNIX_EPOCH;
        cadence.next(CycleId(Uuid::from_u128(chance)), began, quiet).duration_since(began).as_mins()
    }

    #[test]
    fn a_busy_source_is_read_sooner_than_a_quiet_one() {
        let expected = [(0, 20), (1, 25), (2, 30), (3, 36), (4, 36), (u32::MAX, 36)];
        for (quiet, least) in expected {
            assert_eq!(minutes(Cadence::Adaptive, 0, quiet), least, "after {quiet} quiet cycles");
        }
    }

    #[test]
    fn an_interval_that_was_set_is_kept_to_the_second() {
        let hourly = Cadence::Every(Duration::from_secs(3_600));
        assert_eq!(minutes(hourly, 77, 0), 60);
        assert_eq!(minutes(hourly, 78, 9), 60);
    }

    proptest! {
        #[test]
        fn unless_set_otherwise_a_gap_is_between_20_and_39_minutes(chance: u128, quiet: u32) {
            let began = Timestamp::UNIX_EPOCH;
            let next = Cadence::Adaptive.next(CycleId(Uuid::from_u128(chance)), began, quiet);
            let gap = next.duration_since(began);
            prop_assert!(gap >= SignedDuration::from_mins(20) && gap <= SignedDuration::from_mins(39), "{gap}");
            prop_assert!(next <= Cadence::Adaptive.latest(began));
        }
    }
}

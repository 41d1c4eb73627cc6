//! How many failures there were: of which kind, and within the last day, so that a page can tell without reading the log.
//!
//! In: what failed in a cycle. Out: counts by the code that the log shows, and the failures of the last 24 hours. Promised:
//! both stay small, whatever fails, because they lie in the job's item, which every page of a cycle writes again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::escrow::FailureCode;

/// What the rarer kinds are counted as once they are put together.
pub const OTHERS: &str = "others";

/// How many failures there were of each kind, by their codes: at most as many entries as there are codes, some 600 bytes.
/// Codes are text, so that a code of a later version is read, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FailureKinds(pub BTreeMap<String, u64>);

impl FailureKinds {
    /// Counts so many failures of one kind.
    pub fn count(&mut self, code: FailureCode, number: u64) {
        if number > 0 {
            self.more(&code.to_string(), number);
        }
    }

    /// Adds all that others count.
    pub fn add(&mut self, more: &Self) {
        for (kind, number) in &more.0 {
            self.more(kind, *number);
        }
    }

    fn more(&mut self, kind: &str, number: u64) {
        let count = self.0.entry(kind.to_owned()).or_default();
        *count = count.saturating_add(number);
    }

    /// The kinds, the most frequent first; what is put together comes last.
    #[must_use]
    pub fn most_frequent(&self) -> Vec<(&str, u64)> {
        let mut kinds: Vec<_> = self.0.iter().map(|(kind, number)| (kind.as_str(), *number)).collect();
        kinds.sort_by_key(|(kind, number)| (*kind == OTHERS, std::cmp::Reverse(*number)));
        kinds
    }

    /// Keeps so many of the most frequent kinds, and puts the others together.
    pub fn keep(&mut self, most: usize) {
        let rare: Vec<String> = self
            .most_frequent()
            .into_iter()
            .filter(|(kind, _)| *kind != OTHERS)
            .skip(most)
            .map(|(kind, _)| kind.to_owned())
            .collect();
        for kind in rare {
            let number = self.0.remove(&kind).unwrap_or_default();
            self.more(OTHERS, number);
        }
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Hours that make up the last day.
const HOURS: i64 = 24;

/// Failures hour by hour, within the last day: hours since 1970 and how many, the oldest first, at most 25 entries of some
/// 15 bytes. A cycle's failures count in the hour in which it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FailedHours(Vec<(i64, u64)>);

impl FailedHours {
    /// Adds what failed in a cycle that ended now, and forgets what is older than a day.
    pub fn add(&mut self, failed: u64, now: Timestamp) {
        let hour = hour(now);
        self.0.retain(|(earlier, _)| *earlier >= hour - HOURS);
        if failed == 0 {
            return;
        }
        match self.0.last_mut() {
            // A clock that goes back counts for the hour it was before.
            Some((last, count)) if *last >= hour => *count = count.saturating_add(failed),
            _ => self.0.push((hour, failed)),
        }
    }

    /// How many there were in the last 24 hours. The hour in which they began counts as a whole: nobody is left out.
    #[must_use]
    pub fn within_a_day(&self, now: Timestamp) -> u64 {
        let first = hour(now) - HOURS;
        self.0
            .iter()
            .filter(|(hour, _)| *hour >= first)
            .fold(0, |sum, (_, failed)| sum.saturating_add(*failed))
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn hour(time: Timestamp) -> i64 {
    time.as_second().div_euclid(3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(counts: &[(FailureCode, u64)]) -> FailureKinds {
        let mut kinds = FailureKinds::default();
        counts.iter().for_each(|(code, number)| kinds.count(*code, *number));
        kinds
    }

    #[test]
    fn the_most_frequent_kinds_are_kept_and_nothing_is_lost() {
        let counts = [
            (FailureCode::Timeout, 1),
            (FailureCode::EntryConflict, 5),
            (FailureCode::MissingValues, 2),
            (FailureCode::Unauthorized, 0),
            (FailureCode::EntryConflict, 4),
        ];
        let mut some = kinds(&counts);
        some.keep(1);
        assert_eq!(some.most_frequent(), [("EntryConflict", 9), (OTHERS, 3)]);
        some.add(&kinds(&[(FailureCode::Timeout, 20)]));
        some.keep(1);
        assert_eq!(some.most_frequent(), [("Timeout", 20), (OTHERS, 12)]);
    }

    #[test]
    fn failures_leave_the_last_day_hour_by_hour() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let mut hours = FailedHours::default();
        hours.add(3, at("2026-03-01T10:05:00Z"));
        hours.add(4, at("2026-03-01T10:55:00Z"));
        hours.add(2, at("2026-03-01T23:00:00Z"));
        // The clock went back.
        hours.add(1, at("2026-03-01T22:59:00Z"));
        let cases = [
            ("2026-03-01T23:30:00Z", 10),
            ("2026-03-02T10:59:00Z", 10),
            ("2026-03-02T11:00:00Z", 3),
            ("2026-03-03T00:00:00Z", 0),
        ];
        for (now, expected) in cases {
            assert_eq!(hours.within_a_day(at(now)), expected, "{now}");
        }
        hours.add(0, at("2026-03-03T00:00:00Z"));
        assert!(hours.is_empty());
    }

    #[test]
    fn a_day_in_which_every_hour_has_failures_stays_small() {
        let mut hours = FailedHours::default();
        for hour in 0..100 {
            hours.add(123_456, Timestamp::from_second(1_772_452_800 + hour * 3_600).unwrap());
        }
        assert_eq!(hours.0.len(), 25);
        assert!(serde_json::to_string(&hours).unwrap().len() < 450);
    }
}

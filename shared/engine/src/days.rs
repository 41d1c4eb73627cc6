//! What cycles did, day by day, so that a page can show a month without reading its log.
//!
//! In: the figures of a cycle that ended. Out: a row for each day that had any, the oldest first, in UTC. Promised: a cycle
//! counts once, on the day it ended; a month is all that is kept, so that a job's item stays small.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::failures::FailureKinds;
use crate::job::Figures;

/// How many days are kept: a month, and at most some 7 KB of a job's item, when each day has failures of many kinds; some
/// 3 KB without.
const DAYS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Kinds of failures kept of a day that is over: what most of them were, in some 100 bytes.
const KINDS: usize = 3;

/// What cycles did on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// Which, in UTC.
    pub date: Date,
    /// Cycles that ended and had something to do.
    #[serde(default)]
    pub cycles: u64,
    /// Accounts created.
    #[serde(default)]
    pub created: u64,
    /// Accounts changed.
    #[serde(default)]
    pub updated: u64,
    /// Accounts switched off.
    #[serde(default)]
    pub disabled: u64,
    /// Accounts deleted.
    #[serde(default)]
    pub deleted: u64,
    /// Objects that failed.
    #[serde(default)]
    pub failed: u64,
    /// What failed, by its code; of a day that is over the most frequent, and the others together.
    #[serde(default, skip_serializing_if = "FailureKinds::is_empty")]
    pub failures: FailureKinds,
}

impl Day {
    /// A day on which nothing was done.
    #[must_use]
    pub fn of(date: Date) -> Self {
        Self {
            date,
            cycles: 0,
            created: 0,
            updated: 0,
            disabled: 0,
            deleted: 0,
            failed: 0,
            failures: FailureKinds::default(),
        }
    }
}

/// The last days, the oldest first; days without anything are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Days(pub Vec<Day>);

impl Days {
    /// Adds what a cycle did that ended now, and forgets what is older than a month.
    pub fn add(&mut self, figures: &Figures, failures: &FailureKinds, now: Timestamp) {
        let oldest = date(now.saturating_sub(DAYS).unwrap_or(Timestamp::MIN));
        self.0.retain(|day| day.date > oldest);
        if figures.exported() + figures.failed == 0 {
            return;
        }
        let today = date(now);
        // A clock that goes back counts for the day it was before.
        if self.0.last().is_none_or(|last| last.date < today) {
            if let Some(over) = self.0.last_mut() {
                over.failures.keep(KINDS);
            }
            self.0.push(Day::of(today));
        }
        let Some(day) = self.0.last_mut() else { return };
        let counts = [
            (&mut day.cycles, 1),
            (&mut day.created, figures.created),
            (&mut day.updated, figures.updated),
            (&mut day.disabled, figures.disabled),
            (&mut day.deleted, figures.deleted),
            (&mut day.failed, figures.failed),
        ];
        for (count, more) in counts {
            *count = count.saturating_add(more);
        }
        day.failures.add(failures);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn date(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn none() -> FailureKinds {
        FailureKinds::default()
    }

    fn joined(created: u64) -> Figures {
        Figures { created, ..Figures::default() }
    }

    #[test]
    fn cycles_of_a_day_are_one_row_and_quiet_ones_none() {
        let mut days = Days::default();
        days.add(&joined(2), &none(), at("2026-03-01T23:59:59Z"));
        days.add(&joined(0), &none(), at("2026-03-02T08:00:00Z"));
        days.add(&joined(3), &none(), at("2026-03-03T00:00:00Z"));
        days.add(&Figures { failed: 1, ..joined(4) }, &none(), at("2026-03-03T12:00:00Z"));
        let rows: Vec<_> =
            days.0.iter().map(|day| (day.date.to_string(), day.cycles, day.created, day.failed)).collect();
        assert_eq!(rows, [("2026-03-01".to_owned(), 1, 2, 0), ("2026-03-03".to_owned(), 2, 7, 1)]);
    }

    #[test]
    fn a_month_is_kept_and_no_more() {
        let mut days = Days::default();
        let begin = at("2026-01-01T12:00:00Z");
        for day in 0..90 {
            days.add(&joined(1), &none(), begin + SignedDuration::from_hours(24 * day));
        }
        assert_eq!(days.0.len(), 30);
        assert_eq!(days.0[29].date.to_string(), "2026-03-31");
        // Also while nothing happens.
        days.add(&joined(0), &none(), begin + SignedDuration::from_hours(24 * 200));
        assert!(days.is_empty());
    }

    #[test]
    fn a_month_in_which_everything_fails_stays_small() {
        let mut days = Days::default();
        let mut failures = FailureKinds::default();
        for number in 0..20_u64 {
            failures.0.insert(format!("FailureOfSomeUsualLength{number:02}"), 10_000 + number);
        }
        let begin = at("2026-01-01T12:00:00Z");
        for day in 0..30 {
            let figures =
                Figures { created: 123_456, updated: 123_456, failed: 123_456, ..Figures::default() };
            days.add(&figures, &failures, begin + SignedDuration::from_hours(24 * day));
        }
        assert_eq!(days.0[29].failures.0.len(), 20, "today's are told apart");
        assert_eq!(days.0[28].failures.0.len(), KINDS + 1);
        assert_eq!(days.0[28].failures.0.values().sum::<u64>(), failures.0.values().sum::<u64>());
        let size = serde_json::to_string(&days).unwrap().len();
        assert!(size < 8_192, "{size} bytes");
    }

    #[test]
    fn days_of_an_earlier_version_are_read() {
        let days: Days = serde_json::from_str(r#"[{"date":"2026-03-01","cycles":1,"failed":2}]"#).unwrap();
        assert_eq!(days.0, [Day { cycles: 1, failed: 2, ..Day::of("2026-03-01".parse().unwrap()) }]);
    }

    #[test]
    fn a_clock_that_goes_back_loses_nothing() {
        let mut days = Days::default();
        days.add(&joined(1), &none(), at("2026-03-02T00:00:00Z"));
        days.add(&joined(1), &none(), at("2026-03-01T23:00:00Z"));
        assert_eq!((days.0.len(), days.0[0].created), (1, 2));
    }
}

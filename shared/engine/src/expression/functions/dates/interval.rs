//! The intervals of `DateAdd` and `DateDiff`, named as in Visual Basic: `m` is a month and `n` a minute.

use jiff::Span;
use jiff::civil::{Date, DateTime};

use crate::dotnet::dates::in_range;

/// The names of the intervals, in the order in which they are documented.
pub(super) const INTERVALS: &[&str] = &["yyyy", "m", "d", "ww", "h", "n", "s"];

/// Some Sunday: weeks are counted from Sunday to Sunday.
const SUNDAY: Date = Date::constant(2000, 1, 2);

/// A unit in which dates are moved and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interval {
    Year,
    Month,
    Day,
    Week,
    Hour,
    Minute,
    Second,
}

impl Interval {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "yyyy" => Self::Year,
            "m" => Self::Month,
            "d" => Self::Day,
            "ww" => Self::Week,
            "h" => Self::Hour,
            "n" => Self::Minute,
            "s" => Self::Second,
            _ => return None,
        })
    }

    /// The date so many intervals later. A day that its month does not have becomes the month's last. `None` outside
    /// the years 1 to 9999.
    pub(super) fn add(self, amount: i64, date: DateTime) -> Option<DateTime> {
        let span = Span::new();
        let span = match self {
            Self::Year => span.try_years(amount),
            Self::Month => span.try_months(amount),
            Self::Day => span.try_days(amount),
            Self::Week => span.try_weeks(amount),
            Self::Hour => span.try_hours(amount),
            Self::Minute => span.try_minutes(amount),
            Self::Second => span.try_seconds(amount),
        };
        span.and_then(|span| date.checked_add(span)).ok().and_then(in_range)
    }

    /// How many intervals lie between two dates. Years, months and weeks count the borders that are crossed, however
    /// near the dates are to them; the others count what has passed in full.
    pub(super) fn between(self, from: DateTime, to: DateTime) -> i64 {
        let seconds = to.duration_since(from).as_secs();
        match self {
            Self::Year => years(to) - years(from),
            Self::Month => months(to) - months(from),
            Self::Week => weeks(to) - weeks(from),
            Self::Day => seconds / (24 * 3600),
            Self::Hour => seconds / 3600,
            Self::Minute => seconds / 60,
            Self::Second => seconds,
        }
    }
}

fn years(date: DateTime) -> i64 {
    i64::from(date.year())
}

fn months(date: DateTime) -> i64 {
    years(date) * 12 + i64::from(date.month())
}

fn weeks(date: DateTime) -> i64 {
    let days = date.date().duration_since(SUNDAY).as_hours() / 24;
    days.div_euclid(7)
}

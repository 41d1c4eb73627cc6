//! Dates as .NET writes and reads them, in the invariant culture.
//!
//! In: formats and styles when an expression is saved, dates for each person. Out: a [`Format`] that prints and a
//! [`Reader`] that reads exactly as `DateTime.ToString` and `DateTime.ParseExact` do, or a sentence that says what
//! cannot be honoured and what to write instead.
//!
//! ```text
//! format text ──▶ Part… ──▶ Format ──print(moment)──▶ text
//!                   └─────▶ Reader ──read(text, now)──▶ Moment
//! any usual text ───────────read_any──────────────────▶ UTC ──▶ language_form, to_rfc3339
//! ```
//!
//! # Guarantees
//! * Every date lies in the years 1 to 9999, to a ten-millionth of a second: what .NET's `DateTime` can hold.
//! * The server's local zone is UTC, as it is in the vendor's service.
//! * No text, however odd, makes reading or printing panic.

mod any;
mod cursor;
mod format;
mod pieces;
mod print;
mod read;
mod styles;
#[cfg(test)]
mod tests;

pub(crate) use any::{UNREADABLE, read_any, to_rfc3339};
pub(crate) use print::language_form;
pub(crate) use read::Reader;
pub(crate) use styles::Styles;

use format::Part;
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// A date and time, and what is known of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The calendar and the clock. In UTC unless `kind` is unspecified.
    pub(crate) civil: DateTime,
    /// What .NET calls `DateTimeKind`: the format letter `K` prints it.
    pub(crate) kind: Kind,
}

/// What is known of a moment's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: neither the text nor a style named one.
    Unspecified,
    /// It is UTC.
    Utc,
    /// It is the server's zone, which is UTC but prints as an offset.
    Local,
}

/// A compiled format for printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format {
    parts: Vec<Part>,
}

/// English names in the order of the calendar: the invariant culture has no others.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Weekdays begin with Sunday, as .NET counts them.
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Letters of an abbreviated name: in English, all of them are cut to three.
const ABBREVIATED: usize = 3;

/// The digits of a fraction that .NET keeps: its clock ticks ten million times a second.
const FRACTION_DIGITS: usize = 7;

/// Nanoseconds a tick.
const TICK: i32 = 100;

/// The largest offset from UTC that .NET accepts: 14 hours, as on the Line Islands.
const LARGEST_OFFSET: i64 = 14 * 3600;

/// A date, if it lies in the years that .NET knows.
pub(crate) fn in_range(date: DateTime) -> Option<DateTime> {
    (1..=9999).contains(&date.year()).then_some(date)
}

/// What a clock that is `offset` seconds ahead of UTC shows, in UTC; `None` when the offset is too large or the
/// result beyond what jiff can hold.
fn without_offset(date: DateTime, offset: i64) -> Option<DateTime> {
    if offset.abs() > LARGEST_OFFSET {
        return None;
    }
    date.checked_sub(SignedDuration::from_secs(offset)).ok()
}

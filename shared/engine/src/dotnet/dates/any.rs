//! Reading the dates that directories and people systems write, without being told the format.
//!
//! ```text
//! 2026-03-16  2026/3/16           midnight
//! 3/16/2026                       the language's own order: the month comes first
//!   … T07:00  … 7:00:00 AM        with T or blanks between; AM and PM as one likes
//!   … .1234567…                   fractions, rounded to the ten-millionth
//!   … Z  … GMT  … +02:00  … -0700 a zone, also behind a date alone; UTC where there is none
//! 20260316  20260316070000.0Z     ISO 8601 without separators, and LDAP's generalised time
//! ```
//!
//! A time without a date is refused: it would mean another moment every day.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::cursor::Cursor;
use super::{FRACTION_DIGITS, TICK, in_range, without_offset};

/// What is said of a text that [`read_any`] does not understand.
pub(crate) const UNREADABLE: &str = "takes a date such as 2026-03-16, 2026-03-16T07:00:00Z or 3/16/2026 7:00:00 AM; \
                                     FormatDateTime turns others into one of these";

/// Reads a date in any of the usual forms, as UTC.
pub(crate) fn read_any(text: &str) -> Option<DateTime> {
    let mut cursor = Cursor::new(text.trim());
    let is_compact = cursor.count_digits() >= 8;
    let date = if is_compact { compact_date(&mut cursor)? } else { separated_date(&mut cursor)? };
    let (time, ticks) = if is_compact { compact_time(&mut cursor)? } else { separated_time(&mut cursor)? };
    cursor.skip_white();
    let offset = if cursor.is_done() { 0 } else { offset(&mut cursor)? };
    if !cursor.is_done() {
        return None;
    }
    let fraction = SignedDuration::from_nanos(ticks * i64::from(TICK));
    let local = date.to_datetime(time).checked_add(fraction).ok().and_then(in_range)?;
    without_offset(local, offset).and_then(in_range)
}

/// Any date that [`read_any`] understands, as RFC 3339 in UTC: `2026-03-16T07:00:00Z`.
pub(crate) fn to_rfc3339(text: &str) -> Option<String> {
    read_any(text).map(|date| format!("{date}Z"))
}

fn separated_date(cursor: &mut Cursor<'_>) -> Option<Date> {
    if cursor.count_digits() == 4 {
        let year = cursor.take_number(4, 4)?;
        let separator = cursor.peek().filter(|letter| matches!(letter, '-' | '/'))?;
        let month = behind(separator, cursor, 1, 2)?;
        return date_of(year, month, behind(separator, cursor, 1, 2)?);
    }
    let month = cursor.take_number(1, 2)?;
    let day = behind('/', cursor, 1, 2)?;
    date_of(behind('/', cursor, 4, 4)?, month, day)
}

/// The number behind a separator.
fn behind(separator: char, cursor: &mut Cursor<'_>, least: usize, most: usize) -> Option<u32> {
    if cursor.take(separator) { cursor.take_number(least, most) } else { None }
}

fn compact_date(cursor: &mut Cursor<'_>) -> Option<Date> {
    date_of(cursor.take_number(4, 4)?, cursor.take_number(2, 2)?, cursor.take_number(2, 2)?)
}

fn date_of(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// A time, and the ticks to add to it. Midnight when there is none.
fn separated_time(cursor: &mut Cursor<'_>) -> Option<(Time, i64)> {
    let has_mark = cursor.take('T') || cursor.take('t');
    let mut ahead = cursor.clone();
    ahead.skip_white();
    let is_apart = has_mark || matches!(cursor.peek(), Some(letter) if letter.is_whitespace());
    if !is_apart || (!has_mark && ahead.count_digits() == 0) {
        return Some((Time::midnight(), 0));
    }
    *cursor = ahead;
    let hour = cursor.take_number(1, 2)?;
    let minute = behind(':', cursor, 2, 2)?;
    let (second, ticks) = if cursor.take(':') {
        let second = cursor.take_number(2, 2)?;
        (second, if cursor.take('.') { fraction(cursor)? } else { 0 })
    } else {
        (0, 0)
    };
    cursor.skip_white();
    let hour = match (cursor.take_one_of(&["AM", "PM"], 2), hour) {
        (None, hour) => hour,
        (Some(0), 12) => 0,
        (Some(0), 13..) => return None,
        (Some(0), hour) => hour,
        (Some(_), hour @ ..12) => hour + 12,
        (Some(_), hour) => hour,
    };
    Some((time_of(hour, minute, second)?, ticks))
}

/// Minutes and seconds may be missing, and all of it.
fn compact_time(cursor: &mut Cursor<'_>) -> Option<(Time, i64)> {
    let has_mark = cursor.take('T') || cursor.take('t');
    let hour = match cursor.take_number(2, 2) {
        Some(hour) => hour,
        None if has_mark => return None,
        None => return Some((Time::midnight(), 0)),
    };
    let minute = cursor.take_number(2, 2);
    let second = minute.and_then(|_| cursor.take_number(2, 2));
    let has_fraction = second.is_some() && (cursor.take('.') || cursor.take(','));
    let ticks = if has_fraction { fraction(cursor)? } else { 0 };
    Some((time_of(hour, minute.unwrap_or(0), second.unwrap_or(0))?, ticks))
}

fn time_of(hour: u32, minute: u32, second: u32) -> Option<Time> {
    Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, 0).ok()
}

/// Ticks, rounded from however many digits there are: up to a whole second.
fn fraction(cursor: &mut Cursor<'_>) -> Option<i64> {
    let kept = cursor.take_digits(1, FRACTION_DIGITS)?;
    let dropped = cursor.take_digits(0, usize::MAX).unwrap_or_default();
    let ticks: i64 = format!("{kept:0<FRACTION_DIGITS$}").parse().ok()?;
    let is_rounded_up = dropped.bytes().next().is_some_and(|digit| digit >= b'5');
    Some(ticks + i64::from(is_rounded_up))
}

/// Seconds ahead of UTC.
fn offset(cursor: &mut Cursor<'_>) -> Option<i64> {
    if cursor.take_word("Z") || cursor.take_word("GMT") {
        return Some(0);
    }
    let sign = cursor.take_sign()?;
    let hours = cursor.take_number(1, 2)?;
    let has_minutes = cursor.take(':') || cursor.count_digits() > 0;
    let minutes = if has_minutes { cursor.take_number(2, 2)? } else { 0 };
    (minutes < 60).then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

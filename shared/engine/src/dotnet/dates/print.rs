//! Printing a moment.

use std::fmt::Write as _;

use jiff::civil::DateTime;

use super::format::{Field, Part};
use super::{ABBREVIATED, FRACTION_DIGITS, Format, Kind, MONTHS, Moment, TICK, WEEKDAYS};

impl Format {
    /// The moment as this format writes it.
    pub(crate) fn print(&self, moment: &Moment) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Field(field, count) => print_field(&mut text, *field, *count, moment),
                Part::Point => text.push('.'),
                Part::Blank => text.push(' '),
                Part::Zulu => text.push('Z'),
                Part::Gmt => text.push_str("GMT"),
                Part::Quoted(quoted) => text.push_str(quoted),
                Part::Exact(letter) => text.push(*letter),
            }
        }
        text
    }
}

/// A date as the language itself writes it: `3/16/2026 7:00:00 AM`.
pub(crate) fn language_form(date: DateTime) -> String {
    format!(
        "{}/{}/{:04} {}:{:02}:{:02} {}",
        date.month(),
        date.day(),
        date.year(),
        hour12(date),
        date.minute(),
        date.second(),
        half(date)
    )
}

fn print_field(text: &mut String, field: Field, count: usize, moment: &Moment) {
    let date = moment.civil;
    match field {
        Field::Year if count <= 2 => push_number(text, date.year() % 100, count),
        Field::Year => push_number(text, date.year(), count),
        Field::Month if count <= 2 => push_number(text, date.month(), count),
        Field::Month => text.push_str(name(&MONTHS, date.month() - 1, count)),
        Field::Day if count <= 2 => push_number(text, date.day(), count),
        Field::Day => text.push_str(name(&WEEKDAYS, date.weekday().to_sunday_zero_offset(), count)),
        Field::Era => text.push_str("A.D."),
        Field::Hour12 => push_number(text, hour12(date), count.min(2)),
        Field::Hour24 => push_number(text, date.hour(), count.min(2)),
        Field::Minute => push_number(text, date.minute(), count.min(2)),
        Field::Second => push_number(text, date.second(), count.min(2)),
        Field::Fraction => text.push_str(&fraction(date, count)),
        Field::ShortFraction => push_short_fraction(text, &fraction(date, count)),
        Field::Half if count == 1 => text.push_str(&half(date)[..1]),
        Field::Half => text.push_str(half(date)),
        // The server's zone is UTC.
        Field::Offset => text.push_str(match count {
            1 => "+0",
            2 => "+00",
            _ => "+00:00",
        }),
        Field::Kind => text.push_str(match moment.kind {
            Kind::Unspecified => "",
            Kind::Utc => "Z",
            Kind::Local => "+00:00",
        }),
    }
}

fn push_number(text: &mut String, number: impl Into<i32>, digits: usize) {
    let number: i32 = number.into();
    _ = write!(text, "{number:0digits$}");
}

/// So many digits of the fraction; the rest is cut, not rounded.
fn fraction(date: DateTime, digits: usize) -> String {
    let ticks = date.subsec_nanosecond() / TICK;
    let mut fraction = format!("{ticks:0FRACTION_DIGITS$}");
    fraction.truncate(digits);
    fraction
}

/// Without a fraction, the point before it goes as well.
fn push_short_fraction(text: &mut String, fraction: &str) {
    let digits = fraction.trim_end_matches('0');
    if digits.is_empty() && text.ends_with('.') {
        text.pop();
    }
    text.push_str(digits);
}

/// The name at a place of a table, in full from four letters on.
fn name(names: &[&'static str], place: i8, count: usize) -> &'static str {
    let name = usize::try_from(place).ok().and_then(|place| names.get(place).copied()).unwrap_or_default();
    if count > ABBREVIATED { name } else { name.get(..ABBREVIATED).unwrap_or(name) }
}

fn hour12(date: DateTime) -> i8 {
    match date.hour() % 12 {
        0 => 12,
        hour => hour,
    }
}

fn half(date: DateTime) -> &'static str {
    if date.hour() < 12 { "AM" } else { "PM" }
}

//! A month in a picture: what cycles did day by day, as bars.
//!
//! In: the days that a job has. Out: rectangles on a grid of whole numbers, and the same in words for whoever does not see
//! them.

use engine::days::{Day, Days};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::times::count;

/// Days that are shown, those without anything included.
pub(super) const SHOWN: usize = 30;

/// How wide a day is, its gap included, and how high the highest.
pub(super) const WIDTH: u64 = 8;
pub(super) const HEIGHT: u64 = 60;

/// A kind of action: the style's name for it, and how much of it a day had.
type Kind = (&'static str, fn(&Day) -> u64);

/// From the ground up.
const KINDS: [Kind; 5] = [
    ("created", |day| day.created),
    ("updated", |day| day.updated),
    ("disabled", |day| day.disabled),
    ("deleted", |day| day.deleted),
    ("failed", |day| day.failed),
];

/// One piece of a day's bar.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) height: u64,
    pub(crate) kind: &'static str,
}

/// A month.
pub(crate) struct Month {
    pub(crate) pieces: Vec<Piece>,
    /// Days with something, the newest first.
    pub(crate) days: Vec<Day>,
    /// What the highest bar stands for.
    pub(crate) highest: u64,
    /// The days at both ends.
    pub(crate) ends: [Date; 2],
    /// In words.
    pub(crate) words: String,
}

impl Month {
    pub(crate) fn of(days: &Days, now: Timestamp) -> Self {
        let today = today(now);
        let shown = shown(days, today);
        let highest = shown.iter().map(|(_, day)| total(day)).max().unwrap_or_default();
        let pieces = shown.iter().flat_map(|(place, day)| bar(*place, day, highest.max(1))).collect();
        let sums =
            KINDS.map(|(kind, of)| (kind, shown.iter().map(|(_, day)| of(day)).fold(0, u64::saturating_add)));
        let said: Vec<String> = sums
            .into_iter()
            .filter(|(_, sum)| *sum > 0)
            .map(|(kind, sum)| format!("{} {kind}", count(&sum)))
            .collect();
        let words = match said.is_empty() {
            true => format!("Nothing to do within {SHOWN} days"),
            false => format!("Within {SHOWN} days: {}", said.join(", ")),
        };
        let days = shown.into_iter().rev().map(|(_, day)| day.clone()).collect();
        Self { pieces, days, highest, ends: [first(today).unwrap_or(today), today], words }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The picture's size.
    pub(crate) fn view(&self) -> String {
        format!("0 0 {} {HEIGHT}", SHOWN as u64 * WIDTH)
    }

    /// A bar's width, without the gap.
    pub(crate) fn width(&self) -> u64 {
        WIDTH - 2
    }
}

/// The day it is, in UTC.
pub(super) fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// The days of the month, each with its place from the left.
pub(super) fn shown(days: &Days, today: Date) -> Vec<(u64, &Day)> {
    days.0.iter().filter_map(|day| place(day.date, today).map(|place| (place, day))).collect()
}

/// The day at the left.
pub(super) fn first(today: Date) -> Option<Date> {
    today.checked_sub((SHOWN as i64 - 1).days()).ok()
}

/// Where a day is, from the left.
fn place(date: Date, today: Date) -> Option<u64> {
    let days = first(today)?.until(date).ok()?.get_days();
    u64::try_from(days).ok().filter(|place| *place < SHOWN as u64)
}

/// Everything that was tried on a day.
pub(super) fn total(day: &Day) -> u64 {
    KINDS.iter().map(|(_, of)| of(day)).fold(0, u64::saturating_add)
}

/// A day's pieces, one on the other. What happened at all can be seen: each is at least one high.
fn bar(place: u64, day: &Day, highest: u64) -> Vec<Piece> {
    let mut ground = HEIGHT;
    let mut pieces = Vec::new();
    for (kind, of) in KINDS {
        let number = of(day);
        if number == 0 {
            continue;
        }
        let height = u64::try_from(u128::from(number) * u128::from(HEIGHT) / u128::from(highest));
        let height = height.unwrap_or(HEIGHT).max(1).min(ground);
        ground -= height;
        pieces.push(Piece { x: place * WIDTH + 1, y: ground, height, kind });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, created: u64, failed: u64) -> Day {
        Day { cycles: 1, created, failed, ..Day::of(date.parse().unwrap()) }
    }

    fn month(days: Vec<Day>) -> Month {
        Month::of(&Days(days), "2026-03-31T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn the_highest_day_fills_the_picture_and_the_smallest_piece_is_seen() {
        let month = month(vec![day("2026-03-02", 1, 0), day("2026-03-31", 1_000_000, 1)]);
        let piece = |x, y, height, kind| Piece { x, y, height, kind };
        let expected = [piece(1, 59, 1, "created"), piece(233, 1, 59, "created"), piece(233, 0, 1, "failed")];
        assert_eq!(month.pieces, expected);
        assert_eq!(month.words, "Within 30 days: 1\u{202f}000\u{202f}001 created, 1 failed");
        assert_eq!(month.days[0].date.to_string(), "2026-03-31");
    }

    #[test]
    fn days_out_of_the_month_are_not_shown() {
        let month = month(vec![day("2026-03-01", 5, 0), day("2026-04-01", 5, 0)]);
        assert!(month.is_empty() && month.pieces.is_empty());
        assert_eq!(month.words, "Nothing to do within 30 days");
    }

    #[test]
    fn figures_of_any_size_stay_in_the_picture() {
        let month = month(vec![day("2026-03-31", u64::MAX / 8, u64::MAX / 8)]);
        assert!(month.pieces.iter().all(|piece| piece.y + piece.height <= HEIGHT));
    }
}

//! A month as a line in a table: how much was done day by day, and how much of it failed.
//!
//! In: the days that a job has. Out: two outlines on a grid of whole numbers, in some three hundred characters whatever
//! happened, so that a page of many applications stays small; and the same in words.

use engine::days::{Day, Days};
use jiff::Timestamp;

use super::month::{Month, SHOWN, shown, today, total};

/// How high the highest day is; each is one wide.
const HEIGHT: u64 = 20;

/// A month, small.
pub(crate) struct Spark {
    /// Everything that was tried.
    pub(crate) all: String,
    /// What failed of it; empty when nothing did.
    pub(crate) failed: String,
    pub(crate) words: String,
}

impl Spark {
    pub(crate) fn of(days: &Days, now: Timestamp) -> Self {
        let days_shown = shown(days, today(now));
        let highest = days_shown.iter().map(|(_, day)| total(day)).max().unwrap_or_default().max(1);
        let outlined = |of: fn(&Day) -> u64| outline(&days_shown, of, highest);
        let failed = |day: &Day| day.failed;
        Self { all: outlined(total), failed: outlined(failed), words: Month::of(days, now).words }
    }

    /// The picture's size.
    pub(crate) fn view(&self) -> String {
        format!("0 0 {SHOWN} {HEIGHT}")
    }
}

/// The outline of a row of bars, as SVG draws it; empty when there are none. What happened at all can be seen: it is at
/// least one high.
fn outline(days: &[(u64, &Day)], of: fn(&Day) -> u64, highest: u64) -> String {
    let mut tops = [HEIGHT; SHOWN];
    for (place, day) in days.iter().filter(|(_, day)| of(day) > 0) {
        let height = u128::from(of(day)) * u128::from(HEIGHT) / u128::from(highest);
        let height = u64::try_from(height).unwrap_or(HEIGHT).clamp(1, HEIGHT);
        if let Some(top) = usize::try_from(*place).ok().and_then(|place| tops.get_mut(place)) {
            *top = HEIGHT - height;
        }
    }
    let (mut path, mut before, mut straight) = (String::new(), HEIGHT, 0);
    for top in tops.into_iter().chain([HEIGHT]) {
        if top != before {
            let along = if straight > 0 { format!("h{straight}") } else { String::new() };
            path.push_str(&format!("{along}V{top}"));
            (before, straight) = (top, 0);
        }
        straight += 1;
    }
    if path.is_empty() { path } else { format!("M0 {HEIGHT}{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spark(days: Vec<Day>) -> Spark {
        Spark::of(&Days(days), "2026-03-31T12:00:00Z".parse().unwrap())
    }

    fn day(date: &str, created: u64, failed: u64) -> Day {
        Day { created, failed, ..Day::of(date.parse().unwrap()) }
    }

    #[test]
    fn the_highest_day_fills_the_picture_and_the_smallest_is_seen() {
        let spark = spark(vec![day("2026-03-02", 1, 0), day("2026-03-31", 999_999, 1)]);
        assert_eq!(spark.all, "M0 20V19h1V20h28V0h1V20");
        assert_eq!(spark.failed, "M0 20h29V19h1V20");
        assert_eq!(spark.words, "Within 30 days: 1\u{202f}000\u{202f}000 created, 1 failed");
    }

    #[test]
    fn days_of_one_height_are_one_line_and_a_month_is_small_whatever_happened() {
        let month = |created: fn(u64) -> u64| {
            spark(
                (2..=31)
                    .map(|number| day(&format!("2026-03-{number:02}"), created(number), u64::MAX))
                    .collect(),
            )
        };
        assert_eq!(month(|_| u64::MAX).all, "M0 20V0h30V20");
        let ragged = month(|number| u64::MAX / (number % 7 + 1));
        assert!(ragged.all.len() + ragged.failed.len() < 400, "{} {}", ragged.all, ragged.failed);
    }

    #[test]
    fn nothing_has_no_outline() {
        assert_eq!(
            (spark(Vec::new()).all, spark(vec![day("2026-03-31", 0, 0)]).failed),
            (String::new(), String::new())
        );
    }
}

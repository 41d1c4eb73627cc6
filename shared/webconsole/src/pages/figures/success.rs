//! Success day by day: how much of what was tried was done.

use engine::days::Day;
use jiff::civil::Date;

use crate::pages::month::{HEIGHT, Piece, SHOWN, WIDTH, first, total};
use crate::times::count;

/// A day on which something was tried.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    pub(crate) date: Date,
    pub(crate) done: u64,
    pub(crate) failed: u64,
}

/// A month of them.
pub(crate) struct Success {
    pub(crate) pieces: Vec<Piece>,
    /// The newest first.
    pub(crate) days: Vec<Tried>,
    /// The days at both ends.
    pub(crate) ends: [Date; 2],
    pub(crate) words: String,
}

impl Success {
    pub(crate) fn of(days: &[(u64, &Day)], today: Date) -> Self {
        let tried: Vec<(u64, Tried)> = days
            .iter()
            .map(|(place, day)| (*place, Tried::on(day)))
            .filter(|(_, day)| day.all() > 0)
            .collect();
        let pieces = tried.iter().flat_map(|(place, day)| bar(*place, day)).collect();
        let words = words(&tried);
        let days = tried.into_iter().rev().map(|(_, day)| day).collect();
        Self { pieces, days, ends: [first(today).unwrap_or(today), today], words }
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

impl Tried {
    fn on(day: &Day) -> Self {
        Self { date: day.date, done: total(day).saturating_sub(day.failed), failed: day.failed }
    }

    fn all(&self) -> u64 {
        self.done.saturating_add(self.failed)
    }

    pub(crate) fn rate(&self) -> String {
        percent(self.done, self.all())
    }
}

/// A share, rounded down: what is not all is never 100 %.
fn percent(done: u64, all: u64) -> String {
    let permille = u128::from(done) * 1_000 / u128::from(all.max(1));
    match permille % 10 {
        0 => format!("{} %", permille / 10),
        tenth => format!("{}.{tenth} %", permille / 10),
    }
}

/// A day fills the picture's height: what was done from the ground, what failed on top. One that failed is seen.
fn bar(place: u64, day: &Tried) -> Vec<Piece> {
    let failed = u128::from(day.failed) * u128::from(HEIGHT) / u128::from(day.all().max(1));
    let failed = u64::try_from(failed).unwrap_or(HEIGHT).clamp(u64::from(day.failed > 0), HEIGHT);
    let pieces = [("created", failed, HEIGHT - failed), ("failed", 0, failed)];
    let x = place * WIDTH + 1;
    pieces
        .into_iter()
        .filter(|(_, _, height)| *height > 0)
        .map(|(kind, y, height)| Piece { x, y, height, kind })
        .collect()
}

fn words(tried: &[(u64, Tried)]) -> String {
    let sum = |of: fn(&Tried) -> u64| tried.iter().map(|(_, day)| of(day)).fold(0, u64::saturating_add);
    let (done, all) = (sum(|day| day.done), sum(Tried::all));
    let worst = tried.iter().map(|(_, day)| day).filter(|day| day.failed > 0).min_by(|one, other| {
        let shares =
            [u128::from(one.done) * u128::from(other.all()), u128::from(other.done) * u128::from(one.all())];
        shares[0].cmp(&shares[1])
    });
    let all = match (tried.is_empty(), worst) {
        (true, _) => return format!("Nothing was tried within {SHOWN} days"),
        (false, None) => format!("All of {} actions succeeded within {SHOWN} days", count(&all)),
        (false, Some(_)) => {
            format!("{} of {} actions succeeded within {SHOWN} days", percent(done, all), count(&all))
        }
    };
    match worst {
        Some(day) => format!("{all}; on the worst day, {}, {}", day.date, day.rate()),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use engine::days::Day;

    use super::*;

    fn success(days: &[Day]) -> Success {
        let placed: Vec<(u64, &Day)> =
            days.iter().enumerate().map(|(place, day)| (place as u64, day)).collect();
        Success::of(&placed, "2026-03-31".parse().unwrap())
    }

    fn day(date: &str, updated: u64, failed: u64) -> Day {
        Day { updated, failed, ..Day::of(date.parse().unwrap()) }
    }

    #[test]
    fn a_single_failure_of_a_million_is_seen_and_never_rounded_away() {
        let success = success(&[day("2026-03-30", 1_000_000, 1), day("2026-03-31", 1, 1)]);
        let piece = |x, y, height, kind| Piece { x, y, height, kind };
        let expected = [
            piece(1, 1, 59, "created"),
            piece(1, 0, 1, "failed"),
            piece(9, 30, 30, "created"),
            piece(9, 0, 30, "failed"),
        ];
        assert_eq!(success.pieces, expected);
        let rates: Vec<String> = success.days.iter().map(Tried::rate).collect();
        assert_eq!(rates, ["50 %", "99.9 %"]);
        assert_eq!(
            success.words,
            "99.9 % of 1\u{202f}000\u{202f}003 actions succeeded within 30 days; on the worst day, 2026-03-31, 50 %"
        );
    }

    #[test]
    fn nothing_and_nothing_wrong_have_words_of_their_own() {
        let cases = [
            (vec![], "Nothing was tried within 30 days"),
            (vec![day("2026-03-31", 0, 0)], "Nothing was tried within 30 days"),
            (vec![day("2026-03-31", 2, 0)], "All of 2 actions succeeded within 30 days"),
            (
                vec![day("2026-03-31", 0, 3)],
                "0 % of 3 actions succeeded within 30 days; on the worst day, 2026-03-31, 0 %",
            ),
        ];
        for (days, expected) in cases {
            assert_eq!(success(&days).words, expected);
        }
    }

    #[test]
    fn figures_of_any_size_stay_in_the_picture() {
        let success = success(&[day("2026-03-31", u64::MAX, u64::MAX)]);
        assert!(success.pieces.iter().all(|piece| piece.y + piece.height <= HEIGHT));
    }
}

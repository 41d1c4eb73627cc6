//! How long cycles took.

use crate::pages::health::Execution;
use crate::pages::month::{HEIGHT, Piece, WIDTH};
use crate::times::lasting;

/// Places for cycles, at least: a single bar is no wider than a day of a month.
const FEWEST: usize = 30;

/// The last cycles that had something to do.
pub(crate) struct Durations {
    /// The oldest at the left.
    pub(crate) pieces: Vec<Piece>,
    /// The newest first.
    pub(crate) cycles: Vec<Execution>,
    pub(crate) words: String,
}

impl Durations {
    /// Of cycles, the newest first.
    pub(crate) fn of(cycles: Vec<Execution>) -> Self {
        let took: Vec<(i128, bool)> =
            cycles.iter().rev().map(|cycle| (cycle.milliseconds(), cycle.error.is_some())).collect();
        let lengths: Vec<i128> = took.iter().map(|(length, _)| *length).collect();
        Self { pieces: pieces(&took), words: words(&lengths), cycles }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cycles.is_empty()
    }

    /// The picture's size.
    pub(crate) fn view(&self) -> String {
        format!("0 0 {} {HEIGHT}", self.cycles.len().max(FEWEST) as u64 * WIDTH)
    }

    /// A bar's width, without the gap.
    pub(crate) fn width(&self) -> u64 {
        WIDTH - 2
    }
}

/// A bar for each, at least one high.
fn pieces(took: &[(i128, bool)]) -> Vec<Piece> {
    let longest = took.iter().map(|(length, _)| *length).max().unwrap_or_default().max(1);
    let bar = |(place, (length, stopped)): (u64, &(i128, bool))| {
        let height = u64::try_from(length * i128::from(HEIGHT) / longest).unwrap_or(HEIGHT).clamp(1, HEIGHT);
        let kind = if *stopped { "failed" } else { "took" };
        Piece { x: place * WIDTH + 1, y: HEIGHT - height, height, kind }
    };
    (0..).zip(took).map(bar).collect()
}

fn words(lengths: &[i128]) -> String {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let (Some(middle), Some(longest)) = (sorted.get(sorted.len().saturating_sub(1) / 2), sorted.last())
    else {
        return "No cycle that had something to do has ended yet".to_owned();
    };
    let told = |length: &i128| {
        let milliseconds = i64::try_from(*length).unwrap_or(i64::MAX);
        lasting(jiff::SignedDuration::from_millis(milliseconds))
    };
    match sorted.len() {
        1 => format!("The last cycle took {}", told(longest)),
        many => format!(
            "Half of the last {many} cycles took {} or less, the longest {}",
            told(middle),
            told(longest)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_cycle_fills_the_picture_and_one_that_stopped_is_told_apart() {
        let pieces = pieces(&[(0, false), (3_000, true), (6_000, false)]);
        let shown: Vec<_> = pieces.iter().map(|piece| (piece.x, piece.height, piece.kind)).collect();
        assert_eq!(shown, [(1, 1, "took"), (9, 30, "failed"), (17, 60, "took")]);
    }

    #[test]
    fn durations_are_told_in_words() {
        let cases: [(&[i128], &str); 3] = [
            (&[], "No cycle that had something to do has ended yet"),
            (&[61_000], "The last cycle took 1 min 1 s"),
            (&[9_000, 1_000, 2_000], "Half of the last 3 cycles took 2 s or less, the longest 9 s"),
        ];
        for (lengths, expected) in cases {
            assert_eq!(words(lengths), expected);
        }
    }
}

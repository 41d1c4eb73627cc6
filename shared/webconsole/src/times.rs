//! Times, durations and counts as people read them. Without a script they are in UTC; with one, in the reader's zone.

use jiff::{SignedDuration, Timestamp};

/// A moment: what a machine reads, and what a person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) exact: String,
    pub(crate) shown: String,
}

impl Moment {
    pub(crate) fn of(time: Timestamp) -> Self {
        Self {
            exact: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            shown: time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }
}

/// A duration in its two largest units.
pub(crate) fn lasting(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, seconds) {
        (0, 0, 0, 0) => format!("{} ms", duration.as_millis().max(0)),
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// A count with narrow spaces between thousands, as in no language it means anything else.
pub(crate) fn count(number: &u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_their_two_largest_units() {
        let cases = [
            (SignedDuration::from_millis(40), "40 ms"),
            (SignedDuration::from_millis(-40), "0 ms"),
            (SignedDuration::from_secs(59), "59 s"),
            (SignedDuration::from_secs(61), "1 min 1 s"),
            (SignedDuration::from_secs(3_720), "1 h 2 min"),
            (SignedDuration::from_secs(90_000), "1 d 1 h"),
        ];
        for (duration, expected) in cases {
            assert_eq!(lasting(duration), expected);
        }
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")];
        for (number, expected) in cases {
            assert_eq!(count(&number), expected);
        }
    }
}

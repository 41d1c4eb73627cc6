//! Text of others and times, as a mail writes them.
//!
//! In: names, answers of apps, times. Out: words on one line.

use jiff::{SignedDuration, Timestamp};

/// Text of others on one line: nothing in it moves a cursor, turns the direction of writing, or begins a line.
pub(crate) fn one_line(text: &str) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let plain: String = text.chars().map(|letter| if hidden(letter) { ' ' } else { letter }).collect();
    plain.trim().to_owned()
}

/// A name as one word of a command line.
pub(super) fn in_shell(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if !name.is_empty() && !name.starts_with('-') && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time as people say it.
pub(crate) fn long(duration: SignedDuration) -> String {
    let (hours, minutes) = (duration.as_hours(), duration.as_mins());
    match (hours / 24, hours, minutes) {
        (days @ 2.., _, _) => format!("{days} days"),
        (_, hours @ 2.., _) => format!("{hours} hours"),
        (_, _, minutes) => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_of_a_command() {
        let cases = [
            ("Ledgerly", "Ledgerly"),
            ("HR payroll", "'HR payroll'"),
            ("x; rm -rf ~", "'x; rm -rf ~'"),
            ("Ada's", "'Ada'\\''s'"),
            ("--yes", "'--yes'"),
            ("", "''"),
        ];
        for (name, word) in cases {
            assert_eq!(in_shell(name), word);
        }
    }

    #[test]
    fn text_of_others_is_one_visible_line() {
        assert_eq!(one_line(" a\r\nb\u{1b}[2J\u{202e}c\u{2028}d "), "a  b [2J c d");
    }
}

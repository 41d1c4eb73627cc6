//! Which general category or script a character belongs to.
//!
//! The standard library does not tell; the tables of the pattern engine, which is here for `Replace` anyway, do.

use std::sync::LazyLock;

use fancy_regex::Regex;

/// Letters of every case and script: what begins a word for .NET's title case.
static LETTER: LazyLock<Regex> = LazyLock::new(|| class(r"\p{L}"));

/// What ends a word for .NET's title case: separators, control and format characters, punctuation of every kind,
/// symbols of every kind. Marks, digits and everything unassigned do not.
static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{Z}\p{Cc}\p{Cf}\p{P}\p{S}]"));

static LATIN: LazyLock<Regex> = LazyLock::new(|| class(r"\p{Latin}"));

/// Whether it is a letter, of any script and with or without case.
pub(super) fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(&LETTER, c) }
}

/// Whether it separates words, where nobody said what does.
pub(super) fn is_separator(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_alphanumeric() } else { is_in(&SEPARATOR, c) }
}

/// Whether it belongs to the Latin script.
pub(super) fn is_latin(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(&LATIN, c) }
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are the constants above, and every one of them is tested"
)]
fn class(pattern: &'static str) -> Regex {
    Regex::new(pattern).expect("a class of characters is a pattern")
}

fn is_in(class: &Regex, c: char) -> bool {
    // A single class needs no backtracking, so it cannot run out of steps, which would be the only error.
    class.is_match(c.encode_utf8(&mut [0; 4])).unwrap_or(false)
}

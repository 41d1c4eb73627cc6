//! .NET matches UTF-16: a character beyond U+FFFF, such as an emoji, is two units to it, so that `^.$` does not
//! match one and `[^x]` matches half of it. To be exact, such a character becomes two here as well: each half of its
//! pair moves from U+D800–U+DFFF, where Rust allows no character, to U+10D800–U+10DFFF. No value can hold those by
//! itself, since whatever lies beyond U+FFFF is split.

use std::borrow::Cow;

/// Where the halves live: what .NET calls surrogates.
pub(super) const HALVES: (char, char) = ('\u{10D800}', '\u{10DFFF}');

/// What lies between a half in UTF-16 and its place here.
const SHIFT: u32 = 0x10_0000;

/// A text with one character for each of .NET's. Only texts with characters beyond U+FFFF are copied.
pub(super) fn split(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c.len_utf16() == 1) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.encode_utf16().filter_map(|unit| unit_of(u32::from(unit))).collect())
}

/// The character for one of .NET's.
pub(super) fn unit_of(unit: u32) -> Option<char> {
    char::from_u32(if (0xD800..=0xDFFF).contains(&unit) { unit + SHIFT } else { unit })
}

/// The text that was split; `None` when a pair has lost a half.
pub(super) fn join(text: &str) -> Option<String> {
    if !text.chars().any(is_half) {
        return Some(text.to_owned());
    }
    let units = text.chars().map(|c| u16::try_from(u32::from(c) - if is_half(c) { SHIFT } else { 0 }));
    String::from_utf16(&units.collect::<Result<Vec<_>, _>>().ok()?).ok()
}

/// Whether it is half a character.
pub(super) fn is_half(c: char) -> bool {
    (HALVES.0..=HALVES.1).contains(&c)
}

/// Whether it is the second half, which people do not count.
pub(super) fn is_second_half(c: char) -> bool {
    ('\u{10DC00}'..=HALVES.1).contains(&c)
}

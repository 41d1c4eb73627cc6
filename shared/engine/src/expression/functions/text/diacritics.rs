//! `NormalizeDiacritics`: Latin letters without their marks, for logon names and addresses.
//!
//! Each character is taken apart (NFD), marks behind a letter of the Latin script are dropped, letters that Unicode
//! does not take apart are replaced by table, and what is left is put together again (NFC). So marks of other scripts
//! stay, where they tell letters apart rather than decorate them (`й`, `が`, vowel signs).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::super::{Arguments, Evaluated, Outcome};
use super::unicode;

/// `NormalizeDiacritics(source)`
pub(super) fn normalize_diacritics<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let source = arguments.text(0)?;
    Ok(source.map_or(Evaluated::Null, |source| Evaluated::Text(without_diacritics(source))))
}

pub(super) fn without_diacritics(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        return text;
    }
    let mut bare = String::with_capacity(text.len());
    let mut is_after_latin = false;
    for c in text.nfd() {
        if !is_combining_mark(c) {
            is_after_latin = unicode::is_latin(c);
        } else if is_after_latin {
            continue;
        }
        match replaced(c) {
            Some(letters) => bare.push_str(letters),
            None => bare.push(c),
        }
    }
    Cow::Owned(bare.nfc().collect())
}

/// Letters that are no base with a mark for Unicode, but are for the people who log on. `å`, `ä`, `ö` and `ü` are not
/// among them: they lose their mark and become one letter. `đ`, `ð` and `þ` stay, because the vendor lists no letter
/// for them.
fn replaced(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'Æ' => "AE",
        'ø' | 'œ' => "oe",
        'Ø' | 'Œ' => "OE",
        'ß' => "ss",
        'ẞ' => "SS",
        'ł' => "l",
        'Ł' => "L",
        'ı' => "i",
        _ => return None,
    })
}

//! `NormalizeDiacritics`.

use std::borrow::Cow;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::super::diacritics::without_diacritics;
use super::{gives_null, gives_text};

fn bare(text: &str) -> String {
    without_diacritics(Cow::Borrowed(text)).into_owned()
}

#[test]
fn the_vendors_table_holds() {
    for (marked, letter) in [
        ("ä à â ã å á ą ă ā ā́ ā̀ ā̂ ā̃ ǟ ā̈ ǡ a̱ å̄", "a"),
        ("Ä À Â Ã Å Á Ą Ă Ā Ā́ Ā̀ Ā̂ Ā̃ Ǟ Ā̈ Ǡ A̱ Å̄", "A"),
        ("æ ǣ", "ae"),
        ("Æ Ǣ", "AE"),
        ("ç č ć c̄ c̱", "c"),
        ("Ç Č Ć C̄ C̱", "C"),
        ("ď d̄ ḏ", "d"),
        ("Ď D̄ Ḏ", "D"),
        ("ë è é ê ę ě ė ē ḗ ḕ ē̂ ē̃ ê̄ e̱ ë̄ e̊̄", "e"),
        ("Ë È É Ê Ę Ě Ė Ē Ḗ Ḕ Ē̂ Ē̃ Ê̄ E̱ Ë̄ E̊̄", "E"),
        ("ğ ḡ g̱", "g"),
        ("Ğ Ḡ G̱", "G"),
        ("ï î ì í ı ī ī́ ī̀ ī̂ ī̃ i̱", "i"),
        ("Ï Î Ì Í İ Ī Ī́ Ī̀ Ī̂ Ī̃ I̱", "I"),
        ("ľ ł l̄ ḹ ḻ", "l"),
        ("Ł Ľ L̄ Ḹ Ḻ", "L"),
        ("ñ ń ň n̄ ṉ", "n"),
        ("Ñ Ń Ň N̄ Ṉ", "N"),
        ("ö ò ő õ ô ó ō ṓ ṑ ō̂ ō̃ ȫ ō̈ ǭ ȭ ȱ o̱", "o"),
        ("Ö Ò Ő Õ Ô Ó Ō Ṓ Ṑ Ō̂ Ō̃ Ȫ Ō̈ Ǭ Ȭ Ȱ O̱", "O"),
        ("ø ø̄ œ œ̄ ǿ", "oe"),
        ("Ø Ø̄ Œ Œ̄ Ǿ", "OE"),
        ("ř r̄ ṟ ṝ", "r"),
        ("Ř R̄ Ṟ Ṝ", "R"),
        ("ß", "ss"),
        ("š ś ș ş s̄ s̱", "s"),
        ("Š Ś Ș Ş S̄ S̱", "S"),
        ("ť ț t̄ ṯ", "t"),
        ("Ť Ț T̄ Ṯ", "T"),
        ("ü ù û ú ů ű ū ū́ ū̀ ū̂ ū̃ u̇̄ ǖ ṻ ṳ̄ u̱", "u"),
        ("Ü Ù Û Ú Ů Ű Ū Ū́ Ū̀ Ū̂ Ū̃ U̇̄ Ǖ Ṻ Ṳ̄ U̱", "U"),
        ("ÿ ý ȳ ȳ́ ȳ̀ ȳ̃ y̱", "y"),
        ("Ÿ Ý Ȳ Ȳ́ Ȳ̀ Ȳ̃ Y̱", "Y"),
        ("ź ž ż z̄ ẕ", "z"),
        ("Ź Ž Ż Z̄ Ẕ", "Z"),
    ] {
        for character in marked.split(' ') {
            let composed: String = character.nfc().collect();
            let decomposed: String = character.nfd().collect();
            assert_eq!((bare(&composed), bare(&decomposed)), (letter.into(), letter.into()), "{character}");
        }
    }
}

#[test]
fn names_lose_their_marks() {
    gives_text(&[
        (r#"NormalizeDiacritics("Łukasz Müßig")"#, "Lukasz Mussig"),
        (r#"NormalizeDiacritics([name])"#, "Zoe"),
        (r#"NormalizeDiacritics("Åse Übelø")"#, "Ase Ubeloe"),
        (r#"NormalizeDiacritics("plain & simple")"#, "plain & simple"),
        (r#"NormalizeDiacritics("")"#, ""),
        (r#"NormalizeDiacritics([one])"#, "solo"),
    ]);
    gives_null(&["NormalizeDiacritics([absent])"]);
}

#[test]
fn other_scripts_and_unlisted_letters_stay() {
    for text in ["Юрий", "ガンダム", "Ἀχιλλεύς", "हिन्दी", "한국어", "đ þ ð Đ Þ Ð", "😀", "\u{301}"]
    {
        assert_eq!(bare(text), text);
    }
    assert_eq!(bare("Jiří Юрий"), "Jiri Юрий");
    // A mark behind a Latin letter goes, the next one behind a Cyrillic letter stays.
    assert_eq!(bare("e\u{301}и\u{306}"), "eй");
}

proptest! {
    #[test]
    fn nothing_is_left_to_take_off(text in "[a-zÀ-ɏḀ-ỿ\u{300}-\u{36f} ]{0,40}") {
        let once = bare(&text);
        prop_assert_eq!(bare(&once), once);
    }

    #[test]
    fn listed_letters_become_ascii(text in "[àéîõüçñšžłøæœßåÅŐ ]{0,40}") {
        prop_assert!(bare(&text).is_ascii());
    }
}

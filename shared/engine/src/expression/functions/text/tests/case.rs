//! `ToLower`, `ToUpper` and `PCase`.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::case::{Rules, simple_upper, title_case, title_case_between};
use super::{fails, gives_null, gives_text};

#[test]
fn case_changes_character_by_character() {
    gives_text(&[
        (r#"ToUpper("paris")"#, "PARIS"),
        (r#"ToLower("PARIS")"#, "paris"),
        (r#"ToLower("Jo.Doe@Acme.Example", )"#, "jo.doe@acme.example"),
        // What has no single counterpart stays.
        (r#"ToUpper("Straße ŉ ﬁ ΐ")"#, "STRAßE ŉ ﬁ ΐ"),
        (r#"ToLower("GROẞ")"#, "groß"),
        // No character looks at its neighbours: .NET knows no final sigma.
        (r#"ToLower("ΟΔΥΣΣΕΥΣ")"#, "οδυσσευσ"),
        (r#"ToUpper("éÿж𐐨ᾳ")"#, "ÉŸЖ𐐀ᾼ"),
        (r#"ToUpper("")"#, ""),
        ("ToUpper([name])", "ZOË"),
        ("ToUpper([flag])", "TRUE"),
        ("ToLower([number])", "7"),
        ("ToUpper([one])", "SOLO"),
    ]);
    gives_null(&[
        "ToLower([absent])",
        "ToUpper([absent])",
        "ToUpper([none])",
        r#"ToUpper([absent], "en-US")"#,
    ]);
    fails(&[(
        "ToUpper([several])",
        "ToUpper: 'source' takes one value and gets several; choose one with Item, or put them together with Join (it is '3 values')",
    )]);
}

#[test]
fn a_culture_decides_about_the_letter_i() {
    gives_text(&[
        (r#"ToUpper("iı")"#, "Iı"),
        (r#"ToLower("Iİ")"#, "iİ"),
        (r#"ToUpper("iı", "")"#, "Iı"),
        (r#"ToUpper("iı", "en-US")"#, "II"),
        (r#"ToLower("Iİ", "ja-JP")"#, "ii"),
        (r#"ToUpper("iı", "tr-TR")"#, "İI"),
        (r#"ToLower("Iİ", "tr-TR")"#, "ıi"),
        (r#"ToLower("Iİ", "az-Latn-AZ")"#, "ıi"),
        (r#"ToLower("Iİ", "TR")"#, "ıi"),
        // A language that only begins like Turkish.
        (r#"ToLower("I", "trv-TW")"#, "i"),
        (r#"ToLower("I", [absent])"#, "i"),
        (r#"ToLower("I", [empty])"#, "i"),
    ]);
}

#[test]
fn what_is_no_culture_is_refused() {
    for name in ["en-US", "tr", "zh-Hans", "sr-Latn-RS", "es-419", "ca-ES-valencia", "de-CH-1996", "fil-PH"] {
        assert!(Rules::of(name).is_some(), "{name}");
    }
    for name in [
        "turkish",
        "t",
        "tr_TR",
        "tr-",
        "-TR",
        "tr-T",
        "tr-TR-",
        "12-TR",
        "tr-TR-Latn",
        "tr-TR-TR",
        "tür-TR",
        "tr TR",
    ] {
        assert_eq!(Rules::of(name), None, "{name}");
    }
    fails(&[
        (
            r#"ToLower("I", "turkish")"#,
            r#"column 14: 'culture' of ToLower takes the name of a culture such as "en-US" or "tr-TR""#,
        ),
        (
            r#"ToUpper("i", "tr_TR")"#,
            r#"column 14: 'culture' of ToUpper takes the name of a culture such as "en-US" or "tr-TR""#,
        ),
        (
            r#"ToUpper("i", [word])"#,
            r#"ToUpper: 'culture' takes the name of a culture such as "en-US" or "tr-TR" (it is 'plain')"#,
        ),
    ]);
}

#[test]
fn words_begin_with_a_capital() {
    gives_text(&[
        (r#"PCase("JEAN")"#, "Jean"),
        (r#"PCase("PABLO GONSALVES (SECOND)")"#, "Pablo Gonsalves (Second)"),
        (r#"PCase("ANNE-LISE D'ARC", " -'")"#, "Anne-Lise D'Arc"),
        (r#"PCase("PINTO-DE'SILVA", " '-")"#, "Pinto-De'Silva"),
        (r#"PCase(Join(" ", "GREGORY", "JAMES"))"#, "Gregory James"),
        (r#"PCase([name])"#, "Zoë"),
        (r#"PCase("anne mc_coy", [absent])"#, "Anne Mc_Coy"),
        (r#"PCase("anne-lise", "")"#, "Anne-lise"),
        (r#"PCase("")"#, ""),
        ("PCase([one])", "Solo"),
    ]);
    gives_null(&["PCase([absent])", r#"PCase([absent], " ")"#]);
}

#[test]
fn without_separators_words_are_told_apart_as_dotnet_does() {
    for (text, expected) in [
        ("anne-lise", "Anne-Lise"),
        // An apostrophe within a word belongs to it; a typographic one is a closing quote and does not.
        ("O'NEIL", "O'neil"),
        ("O\u{2019}NEIL", "O\u{2019}Neil"),
        ("'tis rock 'n' roll", "'Tis Rock 'N' Roll"),
        // Digits belong to a word, but begin none.
        ("3RD floor B2B", "3Rd Floor B2b"),
        // One of each kind of separator.
        ("a b", "A B"),
        ("a\u{A0}b", "A\u{A0}B"),
        ("a\u{2028}b\u{2029}c", "A\u{2028}B\u{2029}C"),
        ("a\r\nb\tc", "A\r\nB\tC"),
        ("a\u{AD}b", "A\u{AD}B"),
        ("a_b\u{203F}c", "A_B\u{203F}C"),
        ("a–b—c", "A–B—C"),
        ("(a){b}[c]", "(A){B}[C]"),
        ("«a» “b” ‘c’d", "«A» “B” ‘C’D"),
        ("a.b,c&d/e:f@g", "A.B,C&D/E:F@G"),
        ("a+b<c|d~e=f×g", "A+B<C|D~E=F×G"),
        ("a$b€c£d", "A$B€C£D"),
        ("a^b`c´d¯e", "A^B`C´D¯E"),
        ("a©b°c®d", "A©B°C®D"),
        // No separators: marks, numbers, what is not assigned.
        ("e\u{301}lan", "E\u{301}lan"),
        ("a²b½c", "A²b½c"),
        ("x\u{E000}y", "X\u{E000}y"),
        // Letters beyond the basic plane, and those with a form of their own for beginnings.
        ("𐐨𐐩", "𐐀𐐩"),
        ("ǆamija NJEGOŠ", "ǅamija Njegoš"),
        ("ßen ŉ", "ßen ŉ"),
        ("გიორგი", "გიორგი"),
        ("ΟΔΥΣΣΕΥΣ", "Οδυσσευσ"),
    ] {
        assert_eq!(title_case(text), expected, "{text}");
    }
}

#[test]
fn with_separators_nothing_else_separates() {
    for (text, separators, expected) in [
        ("anne-lise marie", " ", "Anne-lise Marie"),
        ("a.b c", ".", "A.B c"),
        ("(SECOND) one", " ", "(second) One"),
        ("--AB--CD", "-", "--Ab--Cd"),
        ("aéb", "é", "AéB"),
    ] {
        assert_eq!(title_case_between(text, separators), expected, "{text}");
    }
}

/// No script with upper and lower case lies behind it.
const LAST: char = '\u{1FFFF}';

#[test]
fn the_simple_upper_case_leads_back_unless_a_character_has_none() {
    // Unicode's full mapping of a character to several is not .NET's. Where a single capital exists, its lower case
    // tells which; the capital ß came late and is nobody's upper case.
    let capitals: BTreeMap<char, char> = ('\0'..=LAST)
        .filter_map(|upper| {
            let mut lower = upper.to_lowercase();
            lower.next().filter(|c| lower.next().is_none() && *c != upper && upper != 'ẞ').map(|c| (c, upper))
        })
        .collect();
    for c in ('\0'..=LAST).filter(|c| c.to_uppercase().len() > 1) {
        assert_eq!(simple_upper(c), capitals.get(&c).copied().unwrap_or(c), "{c}");
    }
}

#[test]
fn no_change_of_case_changes_a_width() {
    for c in '\0'..=LAST {
        for rules in [Rules::Invariant, Rules::Common, Rules::Turkic] {
            assert_eq!(rules.upper(c).len_utf16(), c.len_utf16(), "{c}");
            assert_eq!(rules.lower(c).len_utf16(), c.len_utf16(), "{c}");
        }
    }
}

proptest! {
    #[test]
    fn title_case_changes_nothing_but_case(text in any::<String>()) {
        // To lower case and up again: `µ` and `ſ` have a capital whose small letter is another.
        let case = Rules::Invariant;
        let folded = |text: &str| text.chars().map(|c| case.upper(case.lower(c))).collect::<String>();
        prop_assert_eq!(folded(&title_case(&text)), folded(&text));
        prop_assert_eq!(folded(&title_case_between(&text, " -")), folded(&text));
    }

    #[test]
    fn ascii_changes_case_as_ascii_does(text in "[ -~]*") {
        let upper: String = text.chars().map(|c| Rules::Invariant.upper(c)).collect();
        prop_assert_eq!(upper, text.to_ascii_uppercase());
    }
}

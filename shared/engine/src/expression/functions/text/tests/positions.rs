//! `Left`, `Mid` and `InStr`.

use proptest::prelude::*;

use super::super::positions::{place, units};
use super::{fails, gives, gives_null, gives_text};
use crate::model::Value;

#[test]
fn left_gives_the_first_characters() {
    gives_text(&[
        (r#"Left("Marseille", 4)"#, "Mars"),
        (r#"Left("John Doe", 3)"#, "Joh"),
        (r#"Left("ab", -1)"#, "ab"),
        (r#"Left("abc", 0)"#, ""),
        (r#"Left("abc", 3)"#, "abc"),
        (r#"Left("abc", 99)"#, "abc"),
        (r#"Left("abc", 9223372036854775807)"#, "abc"),
        (r#"Left("abc", "2")"#, "ab"),
        ("Left([name], 3)", "Zoë"),
        ("Left([absent], 3)", ""),
        ("Left([absent], [absent])", ""),
        ("Left([none], 3)", ""),
        ("Left([one], 2)", "so"),
        ("Left([flag], 1)", "T"),
        ("Left([word], [number])", "plain"),
    ]);
    fails(&[
        (
            "Left([several], 1)",
            "Left: 'String' takes one value and gets several; choose one with Item, or put them together with Join (it is '3 values')",
        ),
        (
            "Left([word], [absent])",
            "Left: 'NumChars' takes a whole number, and what it is given has no value",
        ),
        ("Left([word], [name])", "Left: 'NumChars' takes a whole number (it is 'Zoë')"),
        (r#"Left("abc", "x")"#, "column 13: 'NumChars' of Left takes a whole number, and 'x' is none"),
    ]);
}

#[test]
fn mid_gives_a_part() {
    gives_text(&[
        (r#"Mid("Marseille", 4, 20)"#, "seille"),
        (r#"Mid("Marseille", 1, 3)"#, "Mar"),
        (r#"Mid("Marseille", "1", "3")"#, "Mar"),
        (r#"Mid("Marseille", 9, 1)"#, "e"),
        (r#"Mid("Marseille", 10, 1)"#, ""),
        (r#"Mid("Marseille", 9223372036854775807, 9223372036854775807)"#, ""),
        (r#"Mid("Marseille", 4)"#, "seille"),
        (r#"Mid("Marseille", 4, )"#, "seille"),
        (r#"Mid("Marseille", 4, 0)"#, ""),
        (r#"Append(Mid("John", 1, 3), Mid("Doe", 1, 5))"#, "JohDoe"),
        ("Mid([one], 2, 2)", "ol"),
        ("Mid([name], 3, 1)", "ë"),
    ]);
    gives_null(&["Mid([absent], 1, 2)", "Mid([absent], [zero], [absent])"]);
    let first = "counts from 1, which is the first character";
    let length = "takes 0 or more; leave it out for everything up to the end";
    fails(&[
        (r#"Mid("abc", 0, 1)"#, &format!("column 12: 'start' of Mid {first}")),
        (r#"Mid("abc", -1)"#, &format!("column 12: 'start' of Mid {first}")),
        (r#"Mid("abc", 1, -1)"#, &format!("column 15: 'length' of Mid {length}")),
        ("Mid([word], [zero], 1)", &format!("Mid: 'start' {first} (it is '0')")),
        (r#"Mid([word], 1, Append("-", 5))"#, &format!("Mid: 'length' {length} (it is '-5')")),
        ("Mid([word], 1, [absent])", "Mid: 'length' takes a whole number, and what it is given has no value"),
    ]);
}

#[test]
fn in_str_tells_where_a_text_stands() {
    let numbers: Vec<_> = [
        (r#"InStr("abc", "z")"#, 0),
        (r#"InStr("ab-cd-ef", "-", 4)"#, 6),
        (r#"InStr("The quick brown fox", "quick")"#, 5),
        (r#"InStr("repEated", "e", 3, vbBinaryCompare)"#, 7),
        (r#"InStr("repEated", "e", 3, vbTextCompare)"#, 4),
        (r#"InStr("repEated", "E", , "vbtextcompare")"#, 2),
        (r#"InStr("repEated", "E")"#, 4),
        (r#"InStr("abc", "a", 1)"#, 1),
        (r#"InStr("abc", "a", 2)"#, 0),
        (r#"InStr("abc", "c", 3)"#, 3),
        (r#"InStr("abc", "c", 99)"#, 0),
        (r#"InStr("abc", "")"#, 1),
        (r#"InStr("abc", "", 3)"#, 3),
        (r#"InStr("", "a")"#, 0),
        (r#"InStr("Žaneta ŽENA", "že", 1, vbTextCompare)"#, 8),
        (r#"InStr([name], "ë")"#, 3),
        (r#"InStr("abc", "b", [absent])"#, 2),
        (r#"InStr("abc", "B", 1, [absent])"#, 0),
    ]
    .map(|(expression, place)| (expression, Value::Integer(place)))
    .into();
    gives(&numbers);
    gives_null(&[r#"InStr([absent], "a")"#, r#"InStr("abc", [absent])"#]);
    fails(&[
        (
            r#"InStr("abc", "a", 0)"#,
            "column 19: 'start' of InStr counts from 1, which is the first character",
        ),
        (
            r#"InStr("abc", "a", [zero])"#,
            "InStr: 'start' counts from 1, which is the first character (it is '0')",
        ),
        (
            r#"InStr("abc", "a", 1, vbFuzzyCompare)"#,
            "column 22: 'compareType' of InStr is one of vbBinaryCompare, vbTextCompare",
        ),
        (
            r#"InStr("abc", "a", 1, [word])"#,
            "InStr: 'compareType' is one of vbBinaryCompare, vbTextCompare (it is 'plain')",
        ),
    ]);
}

#[test]
fn a_character_that_counts_two_is_never_cut() {
    gives_text(&[
        (r#"Left("😀a", 1)"#, ""),
        (r#"Left("😀a", 2)"#, "😀"),
        (r#"Left("😀a", 3)"#, "😀a"),
        (r#"Left("a😀b", 2)"#, "a"),
        (r#"Mid("😀ab", 2, 2)"#, "a"),
        (r#"Mid("😀ab", 3, 1)"#, "a"),
        (r#"Mid("😀😀", 2, 2)"#, ""),
    ]);
    gives(&[
        (r#"InStr("😀a", "a")"#, Value::Integer(3)),
        (r#"InStr("😀a😀a", "a", 4)"#, Value::Integer(6)),
        // Half a character cannot be found.
        (r#"InStr("😀a😀", "😀", 2)"#, Value::Integer(4)),
    ]);
}

/// What .NET would give, without the halves of characters at its ends.
fn as_dotnet(text: &str, skipped: usize, length: usize) -> String {
    let units: Vec<u16> = text.encode_utf16().skip(skipped).take(length).collect();
    char::decode_utf16(units).filter_map(Result::ok).collect()
}

proptest! {
    #[test]
    fn a_part_is_what_dotnet_gives(text in "[a-cé日😀𐐀]{0,8}", skipped in 0..12_usize, length in 0..12_usize) {
        prop_assert_eq!(units(&text, skipped, length), as_dotnet(&text, skipped, length));
    }

    #[test]
    fn what_is_found_stands_there(
        text in "[ab😀]{0,12}",
        sought in "[ab😀]{1,2}",
        start in 1..14_usize,
    ) {
        let width = sought.encode_utf16().count();
        let there = |place: usize| units(&text, place - 1, width) == sought;
        let found = place(&text, &sought, start);
        if found > 0 {
            prop_assert!(found >= start && there(found));
        }
        let before = if found > 0 { found } else { text.encode_utf16().count() + 1 };
        prop_assert!(!(start..before).any(there));
    }
}

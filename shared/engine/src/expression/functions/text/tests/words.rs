//! `Append`, `Prepend`, `Join`, `Word`, `Split`, `Trim` and `StripSpaces`.

use super::{fails, gives, gives_null, gives_text};
use crate::model::Value;

const SEVERAL: &str = "takes one value and gets several; choose one with Item, or put them together with Join (it is '3 values')";

fn list(texts: &[&str]) -> Value {
    Value::List(texts.iter().copied().map(Value::text).collect())
}

#[test]
fn append_and_prepend_leave_out_what_is_absent() {
    gives_text(&[
        (r#"Append("lmo", "-ext")"#, "lmo-ext"),
        (r#"Append("John.Doe@contoso.com", ".test")"#, "John.Doe@contoso.com.test"),
        (r#"Append([empty], "-ext")"#, "-ext"),
        ("Append([word], [absent])", "plain"),
        ("Append([word], [empty])", "plain"),
        ("Append([one], [number])", "solo7"),
        (r#"Append([flag], "!")"#, "True!"),
        (r#"Prepend("t-", "lmo")"#, "t-lmo"),
        ("Prepend([absent], [word])", "plain"),
        (r#"Prepend("t-", [empty])"#, "t-"),
    ]);
    gives_null(&[r#"Append([absent], "-ext")"#, r#"Append([none], "-ext")"#, r#"Prepend("t-", [absent])"#]);
    fails(&[
        (r#"Append([several], "x")"#, &format!("Append: 'source' {SEVERAL}")),
        (r#"Append("x", [several])"#, &format!("Append: 'suffix' {SEVERAL}")),
        (r#"Prepend([several], "x")"#, &format!("Prepend: 'prefix' {SEVERAL}")),
        (
            r#"Append([complex], "x")"#,
            "Append: 'source' takes text, and gets a value with parts (it is 'a value with parts')",
        ),
    ]);
}

#[test]
fn join_skips_what_is_absent_or_empty() {
    gives_text(&[
        (r#"Join(", ", "", "Doe", "Jo")"#, "Doe, Jo"),
        (r#"Join("/", [absent], "Lyon")"#, "Lyon"),
        (r#"Join("/", "Lyon", [absent], [empty], "FR", [absent])"#, "Lyon/FR"),
        (r#"Join("", "CN=", "kim", ",OU=People")"#, "CN=kim,OU=People"),
        (r#"Join("@", "kim", DefaultDomain())"#, "kim@acme.example"),
        (r#"Join(", ", [several])"#, "alpha, beta"),
        (r#"Join(", ", "x", [several], [one], [none], [number], [flag])"#, "x, alpha, beta, solo, 7, True"),
        (r#"Join(".", "a", "b", )"#, "a.b"),
        (r#"Join([absent], "a", "b")"#, "ab"),
        (r#"Join("-", [absent], [empty])"#, ""),
        (r#"Join("-", Split("a,,b", ","))"#, "a-b"),
    ]);
    fails(&[
        (r#"Join([several], "a")"#, &format!("Join: 'separator' {SEVERAL}")),
        (
            r#"Join("-", "a", [complex])"#,
            "Join: 'source' takes text, and gets a value with parts (it is 'a value with parts')",
        ),
        (r#"Join("-")"#, "column 1: Join(separator, source, …) needs its argument 2 'source'"),
    ]);
}

#[test]
fn word_counts_what_stands_between_delimiters() {
    gives_text(&[
        (r#"Word("ops;eu!prod", 3, ";!")"#, "prod"),
        (r#"Word("kim@acme.example", 1, "@")"#, "kim"),
        (r#"Word("The quick brown fox", 3, " ")"#, "brown"),
        (r#"Word("This,string!has&many separators", 3, ",!&#")"#, "has"),
        (r#"Word("a b", 5, " ")"#, ""),
        (r#"Word("a  b", 2, " ")"#, "b"),
        (r#"Word("  a b", 1, " ")"#, "a"),
        (r#"Word("---", 1, "-")"#, ""),
        (r#"Word("a b", 0, " ")"#, ""),
        (r#"Word("a b", -9223372036854775808, " ")"#, ""),
        (r#"Word("a b", 1, "")"#, "a b"),
        (r#"Word("a b", 1, [absent])"#, "a b"),
        (r#"Word("aéb", 2, "é")"#, "b"),
        (r#"Word([absent], 1, " ")"#, ""),
        (r#"Word([empty], 1, " ")"#, ""),
        (r#"Word([one], 2, "l")"#, "o"),
    ]);
    fails(&[
        (r#"Word([several], 1, " ")"#, &format!("Word: 'String' {SEVERAL}")),
        (
            r#"Word([word], [absent], " ")"#,
            "Word: 'WordNumber' takes a whole number, and what it is given has no value",
        ),
    ]);
}

#[test]
fn split_makes_a_list_of_trimmed_elements() {
    gives(&[
        (r#"Split("A1, B2,C3", ",")"#, list(&["A1", "B2", "C3"])),
        (
            r#"Split("PermissionSetOne, PermissionSetTwo", ",")"#,
            list(&["PermissionSetOne", "PermissionSetTwo"]),
        ),
        (r#"Split("person", ",")"#, list(&["person"])),
        (r#"Split("a,,b,", ",")"#, list(&["a", "", "b", ""])),
        (r#"Split("a->b", "->")"#, list(&["a", "b"])),
        (r#"Split(Append([one], ",x"), ",")"#, list(&["solo", "x"])),
        (r#"Split("", ",")"#, list(&[""])),
        (r#"Split("a b", " ")"#, list(&["a", "b"])),
    ]);
    gives_null(&[r#"Split([absent], ",")"#, r#"Split([none], ",")"#]);
    let empty = "takes the character to split at, and an empty text is none";
    fails(&[
        (r#"Split("a", "")"#, &format!("column 12: 'delimiter' of Split {empty}")),
        (r#"Split("a", [absent])"#, &format!("Split: 'delimiter' {empty} (it is '')")),
        (r#"Split([several], ",")"#, &format!("Split: 'source' {SEVERAL}")),
        (r#"Split("a")"#, "column 1: Split(source, delimiter) needs its argument 2 'delimiter'"),
    ]);
}

#[test]
fn trim_takes_white_space_off_the_ends() {
    gives_text(&[
        (r#"Trim("  x ")"#, "x"),
        (r#"Trim("a b")"#, "a b"),
        ("Trim(\"\t\u{a0}x\u{3000}\r\n\")", "x"),
        ("Trim([empty])", ""),
        ("Trim([flag])", "True"),
    ]);
    gives(&[
        ("Trim([several])", list(&["alpha", "", "beta"])),
        ("Trim([one])", list(&["solo"])),
        ("Trim([none])", list(&[])),
    ]);
    gives_null(&["Trim([absent])"]);
    fails(&[(
        "Trim([complex])",
        "Trim: 'value' takes text, and gets a value with parts (it is 'a value with parts')",
    )]);
}

#[test]
fn strip_spaces_takes_out_spaces_only() {
    gives_text(&[
        (r#"StripSpaces(" de la Cruz ")"#, "delaCruz"),
        ("StripSpaces(\"a\tb\u{a0}c d\")", "a\tb\u{a0}cd"),
        ("StripSpaces([word])", "plain"),
        ("StripSpaces([empty])", ""),
        (
            r#"ToLower(Join(".", NormalizeDiacritics(StripSpaces("Zoë Ann")), NormalizeDiacritics(StripSpaces("Müßig"))), )"#,
            "zoeann.mussig",
        ),
    ]);
    gives_null(&["StripSpaces([absent])"]);
    fails(&[("StripSpaces([several])", &format!("StripSpaces: 'source' {SEVERAL}"))]);
}

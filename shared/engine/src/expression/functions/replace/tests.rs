//! The five modes of `Replace` by tables of cases.

use super::super::testing::{evaluate_with, text_of};
use crate::model::Value;

/// A person's attributes, all of them texts.
type Person<'a> = &'a [(&'a str, &'a str)];

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Evaluates for somebody with these texts.
fn of(expression: &str, attributes: Person<'_>) -> Result<Option<String>, String> {
    let attributes: Vec<(&str, Value)> =
        attributes.iter().map(|(name, value)| (*name, text(value))).collect();
    evaluate_with(expression, &attributes).map(|value| value.map(|value| value.to_string()))
}

fn check(cases: &[(&str, Person<'_>, Option<&str>)]) {
    for (expression, attributes, expected) in cases {
        assert_eq!(
            of(expression, attributes),
            Ok(expected.map(str::to_owned)),
            "{expression} for {attributes:?}"
        );
    }
}

#[test]
fn the_documented_examples_of_all_five_kinds() {
    check(&[
        (
            r#"Replace([preferredLanguage], "-", , , "_", , )"#,
            &[("preferredLanguage", "fr-FR")],
            Some("fr_FR"),
        ),
        (r#"Replace([uid], "{u}", , , , , "{u}@acme.example")"#, &[("uid", "kim")], Some("kim@acme.example")),
        (
            r#"Replace([phone], , "\\+(?<cc>\\d+) (?<n>.*)", , "${n}", , )"#,
            &[("phone", "+49 301234")],
            Some("301234"),
        ),
        (r#"Replace([room], , "^(?<bld>[A-Z]+)-", "bld", "HQ", , )"#, &[("room", "MUC-114")], Some("HQ-114")),
        (
            r#"Replace([phone], , "(?<n>\\d{6})$", "n", , [mobile], )"#,
            &[("mobile", "+33 6 123456")],
            Some("123456"),
        ),
    ]);
    assert_eq!(text_of(r#"Replace("ab12", , "[a-z]*", , "", , )"#).as_deref(), Some("12"));
}

#[test]
fn a_text_is_replaced_wherever_it_stands_and_taken_as_it_is() {
    check(&[
        (r#"Replace([a], ".", , , "$1", , )"#, &[("a", "x.y.z")], Some("x$1y$1z")),
        (r#"Replace([a], "x", , , "", , )"#, &[("a", "axbx")], Some("ab")),
        (r#"Replace([a], "X", , , "-", , )"#, &[("a", "axbx")], Some("axbx")),
        (r#"Replace([a], [b], , , [c], , )"#, &[("a", "1-2"), ("b", "-"), ("c", "+")], Some("1+2")),
        (r#"Replace([a], "-", , , [c], , )"#, &[("a", "1-2")], Some("12")),
        (r#"Replace([a], "-", , , "_", , )"#, &[], None),
        (r#"Replace([a], "-", , , "_", , )"#, &[("a", "")], Some("")),
    ]);
}

#[test]
fn a_template_is_filled_with_the_source() {
    check(&[
        (r#"Replace([a], "%", , , , , "%-%")"#, &[("a", "$1")], Some("$1-$1")),
        (r#"Replace([a], "%", , , , , [t])"#, &[("a", "x"), ("t", "<%>")], Some("<x>")),
        (r#"Replace([a], "%", , , , , [t])"#, &[("a", "x")], None),
        (r#"Replace([a], "%", , , , , "none")"#, &[("a", "x")], Some("none")),
        (r#"Replace([a], "%", , , , , "%")"#, &[], None),
    ]);
}

#[test]
fn every_match_is_replaced_by_what_the_substitution_stands_for() {
    check(&[
        (r#"Replace([a], , "(\\w+) (\\w+)", , "$2, $1", , )"#, &[("a", "Kim Doe")], Some("Doe, Kim")),
        (r#"Replace([a], , "[\\\\/\\[\\]:;|=,+*?<>]", , "", , )"#, &[("a", r"a/b\c[d]:e")], Some("abcde")),
        (r#"Replace([a], , "\\.+$", , "", , )"#, &[("a", "kim..")], Some("kim")),
        (r#"Replace([a], , "x", , [b], , )"#, &[("a", "x"), ("b", "<$0>")], Some("<x>")),
        (r#"Replace([a], , "x", , [b], , )"#, &[("a", "axb")], Some("ab")),
        (r#"Replace([a], , "x", , "y", , )"#, &[("a", "abc")], Some("abc")),
        (r#"Replace([a], , "x*", , "y", , )"#, &[("a", "")], Some("y")),
        (r#"Replace([a], , "x", , "y", , )"#, &[], None),
        (r#"Replace([a], , "(?<x>.)", , "${x}${y}$3", , )"#, &[("a", "q")], Some("q${y}$3")),
    ]);
}

#[test]
fn what_a_group_holds_is_replaced_by_a_text_as_it_is() {
    check(&[
        (r#"Replace([a], , "(?<d>\\d)x", "d", "$0", , )"#, &[("a", "1x2x3")], Some("$0x$0x3")),
        (r#"Replace([a], , "(?<d>\\d)x", "d", [b], , )"#, &[("a", "1x"), ("b", "n")], Some("nx")),
        (r#"Replace([a], , "(?<d>\\d)x", "d", "n", , )"#, &[("a", "none")], Some("none")),
        (r#"Replace([a], , "(?<d>\\d)x", "d", "n", , )"#, &[], None),
    ]);
}

#[test]
fn an_empty_source_falls_back_to_a_part_of_another_attribute() {
    let expression = r#"Replace([a], , "(?<d>\\d+)(?<e>x)?", "d", , [b], )"#;
    let optional = r#"Replace([a], , "(?<d>\\d+)(?<e>x)?", "e", , [b], )"#;
    check(&[
        (expression, &[("a", "kept 7"), ("b", "8")], Some("kept 7")),
        (expression, &[("b", "n 88")], Some("88")),
        (expression, &[("a", ""), ("b", "n 88")], Some("88")),
        (expression, &[("b", "none")], None),
        (expression, &[], None),
        (optional, &[("b", "8")], None),
    ]);
}

#[test]
fn a_list_of_one_stands_for_its_element_and_several_are_refused() {
    let expression = r#"Replace([a], "-", , , "_", , )"#;
    let one = Value::List(vec![text("x-y")]);
    assert_eq!(evaluate_with(expression, &[("a", one)]), Ok(Some(text("x_y"))));
    assert_eq!(evaluate_with(expression, &[("a", Value::List(Vec::new()))]), Ok(None));
    let several = evaluate_with(expression, &[("a", Value::List(vec![text("x"), text("y")]))]).unwrap_err();
    assert!(several.contains("takes one value and gets several"), "{several}");
    assert_eq!(
        evaluate_with(r#"Replace([a], "1", , , "2", , )"#, &[("a", Value::Integer(101))]),
        Ok(Some(text("202")))
    );
}

#[test]
fn what_cannot_be_meant_is_refused_when_it_is_saved() {
    let cases = [
        // (expression, what the refusal says)
        (r#"Replace([a])"#, "these arguments do not go together"),
        (r#"Replace([a], "x")"#, "these arguments do not go together"),
        (r#"Replace([a], "x", "y", , "z")"#, "these arguments do not go together"),
        (r#"Replace([a], "x", , "g", "z")"#, "these arguments do not go together"),
        (r#"Replace([a], , "(?<g>x)", "g", "z", [b])"#, "these arguments do not go together"),
        (r#"Replace([a], , "x", , , [b])"#, "these arguments do not go together"),
        (r#"Replace([a], "", , , "z")"#, "Find is empty"),
        (r#"Replace([a], , "(x", , "z")"#, "this group is not closed"),
        (r#"Replace([a], , "x\\_", , "z")"#, r"'\_' is unknown to .NET"),
        (r#"Replace([a], , [p], , "z")"#, "must be a text between quotes"),
        (r#"Replace([a], , "(?<g>x)", [g], "z")"#, "RegularExpressionGroupName is computed"),
        (r#"Replace([a], , "(?<g>x)", "h", "z")"#, "no group 'h'; it has g"),
        (r#"Replace([a], , "x", "h", "z")"#, "no group 'h'; name one with '(?<h>…)'"),
        (r#"Replace([a], , "(?<g>x)", "g", , "mobile")"#, "write [mobile] without quotes"),
    ];
    for (expression, expected) in cases {
        let sentence = of(expression, &[]).unwrap_err();
        assert!(sentence.contains(expected), "{expression}: {sentence}");
    }
}

#[test]
fn what_a_value_makes_impossible_fails_that_person() {
    let long = "x".repeat(2_000);
    let cases: [(&str, Person<'_>, &str); 4] = [
        (r#"Replace([a], [b], , , "z")"#, &[("a", "x")], "'Find' is empty"),
        (r#"Replace([a], , "x", , "z")"#, &[("a", &long)], "longer than the 1024 characters"),
        (
            r#"Replace([a], , "(x|xx)+\\by", , "z")"#,
            &[("a", &long[..100])],
            "needs too many steps for this value",
        ),
        (r#"Replace([a], "x", , , [a])"#, &[("a", &long)], "longer than 100000 bytes"),
    ];
    for (expression, attributes, expected) in cases {
        let sentence = of(expression, attributes).unwrap_err();
        assert!(sentence.contains(expected), "{expression}: {sentence}");
    }
}

//! What the text functions promise, a table each; and the tables' machinery, for the other families here too.

mod case;
mod diacritics;
mod positions;
mod words;

use super::super::Function;
use super::super::testing::{evaluate, evaluate_with};
use crate::model::Value;

/// Somebody with one attribute of each kind, and without `[absent]`.
fn somebody() -> Vec<(&'static str, Value)> {
    let texts = |texts: &[&str]| Value::List(texts.iter().copied().map(Value::text).collect());
    vec![
        ("name", Value::text("Zoë")),
        ("empty", Value::text("")),
        ("zero", Value::Integer(0)),
        ("number", Value::Integer(7)),
        ("flag", Value::Boolean(true)),
        ("none", texts(&[])),
        ("one", texts(&["solo"])),
        ("several", texts(&["alpha", "", "beta"])),
        ("complex", Value::Complex([("value".to_owned(), Value::text("x"))].into())),
        ("word", Value::text("plain")),
    ]
}

/// A text as long as a text may become.
fn huge() -> Value {
    Value::text("x".repeat(super::length::LONGEST))
}

/// Checks that each expression gives this value.
#[track_caller]
pub(in super::super) fn gives(cases: &[(&str, Value)]) {
    for (expression, expected) in cases {
        assert_eq!(evaluate_with(expression, &somebody()), Ok(Some(expected.clone())), "{expression}");
    }
}

/// Checks that each expression gives this text.
#[track_caller]
pub(in super::super) fn gives_text(cases: &[(&str, &str)]) {
    gives(&cases.iter().map(|(expression, text)| (*expression, Value::text(*text))).collect::<Vec<_>>());
}

/// Checks that each expression gives null.
#[track_caller]
pub(in super::super) fn gives_null(expressions: &[&str]) {
    for expression in expressions {
        assert_eq!(evaluate_with(expression, &somebody()), Ok(None), "{expression}");
    }
}

/// Checks that each expression is refused when it is saved or fails for the person, in exactly these words.
#[track_caller]
pub(in super::super) fn fails(cases: &[(&str, &str)]) {
    for (expression, sentence) in cases {
        assert_eq!(evaluate_with(expression, &somebody()), Err((*sentence).to_owned()), "{expression}");
    }
}

/// Checks that each function's example gives something as it stands.
#[track_caller]
pub(in super::super) fn examples_work(functions: &[Function]) {
    for function in functions {
        let example = function.help.example;
        assert!(example.starts_with(&format!("{}(", function.name)), "{example}");
        assert!(matches!(evaluate(example), Ok(Some(_))), "{example} gives {:?}", evaluate(example));
        assert!(function.help.says.ends_with('.'), "{}", function.help.says);
    }
}

#[test]
fn every_example_works_as_it_stands() {
    examples_work(super::FUNCTIONS);
}

#[test]
fn no_nesting_makes_a_text_longer_than_the_limit() {
    let person = [("huge", huge())];
    for (expression, function) in [
        (r#"Append([huge], "x")"#, "Append"),
        (r#"Prepend("x", [huge])"#, "Prepend"),
        (r#"Join("", [huge], "x")"#, "Join"),
        (r#"Join("-", [huge], "", "x")"#, "Join"),
        ("ConvertToBase64([huge])", "ConvertToBase64"),
        (&nested("ConvertToUTF8Hex", 30), "ConvertToUTF8Hex"),
    ] {
        let problem = "the result is longer than 1048576 bytes; shorten what goes in with Left or Mid";
        assert_eq!(evaluate_with(expression, &person), Err(format!("{function}: {problem}")), "{expression}");
    }
    for expression in [r#"Append(Mid([huge], 2), "x")"#, r#"Join(",", [huge], "")"#] {
        assert!(evaluate_with(expression, &person) == Ok(Some(huge())), "{expression}");
    }
}

/// A call within a call, so often.
fn nested(function: &str, depth: usize) -> String {
    format!("{}\"x\"{}", format!("{function}(").repeat(depth), ")".repeat(depth))
}

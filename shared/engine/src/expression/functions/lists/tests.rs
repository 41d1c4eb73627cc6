//! Each function of lists by a table of cases.

use crate::expression::Expression;
use crate::expression::functions::testing::evaluate_with;
use crate::model::Value;

fn list<const N: usize>(values: [&str; N]) -> Value {
    Value::List(values.map(Value::text).to_vec())
}

/// Somebody with attributes of no value, one and several.
fn evaluated(expression: &str) -> Result<Option<Value>, String> {
    let proxies = list(["smtp:a@tessera.example", "SMTP:ada@tessera.example", "smtp:a@tessera.example"]);
    let person = [
        ("none", list([])),
        ("one", list(["a"])),
        ("proxies", proxies),
        ("text", Value::text("abc")),
        ("number", Value::Integer(7)),
        ("numbers", Value::List(vec![Value::Integer(1), Value::Integer(2), Value::Integer(1)])),
    ];
    evaluate_with(expression, &person)
}

#[test]
fn count_tells_how_many_values_there_are() {
    for (attribute, expected) in
        [("proxies", 3), ("one", 1), ("none", 0), ("nobody", 0), ("text", 1), ("number", 1), ("numbers", 3)]
    {
        assert_eq!(
            evaluated(&format!("Count([{attribute}])")),
            Ok(Some(Value::Integer(expected))),
            "{attribute}"
        );
    }
}

#[test]
fn item_counts_from_one() {
    let cases = [
        ("Item([proxies], 1)", Some(Value::text("smtp:a@tessera.example"))),
        (r#"Item([proxies], "2")"#, Some(Value::text("SMTP:ada@tessera.example"))),
        ("Item([one], 1)", Some(Value::text("a"))),
        ("Item([text], 1)", Some(Value::text("abc"))),
        ("Item([numbers], 2)", Some(Value::Integer(2))),
        ("Item([none], 1)", None),
        ("Item([nobody], 5)", None),
        (r#"Item([proxies], Contains([proxies], "SMTP:"))"#, Some(Value::text("SMTP:ada@tessera.example"))),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluated(expression), Ok(expected), "{expression}");
    }
}

#[test]
fn item_outside_of_the_list_fails_the_person() {
    for expression in [
        "Item([proxies], 4)",
        "Item([text], 2)",
        r#"Item([proxies], Contains([proxies], "X500:"))"#,
        "Item([proxies], [nobody])",
        r#"Item([proxies], [text])"#,
    ] {
        let error = evaluated(expression).unwrap_err();
        assert!(error.starts_with("Item: 'index' "), "{expression}: {error}");
    }
}

#[test]
fn an_index_that_never_finds_anything_is_refused_when_it_is_saved() {
    for expression in ["Item([a], 0)", "Item([a], -1)", r#"Item([a], "0")"#] {
        let error = expression.parse::<Expression>().unwrap_err();
        assert!(error.problem.contains("from 1"), "{expression}: {error}");
        assert_eq!(error.column, 11, "{expression}");
    }
}

#[test]
fn remove_duplicates_keeps_the_first_of_each() {
    let cases = [
        ("[proxies]", Some(list(["smtp:a@tessera.example", "SMTP:ada@tessera.example"]))),
        ("[numbers]", Some(Value::List(vec![Value::Integer(1), Value::Integer(2)]))),
        ("[one]", Some(list(["a"]))),
        ("[text]", Some(Value::text("abc"))),
        ("[none]", Some(list([]))),
        ("[nobody]", None),
    ];
    for (attribute, expected) in cases {
        assert_eq!(evaluated(&format!("RemoveDuplicates({attribute})")), Ok(expected), "{attribute}");
    }
}

#[test]
fn contains_tells_where_the_first_hit_is() {
    let cases = [
        (r#"Contains([proxies], "SMTP:")"#, 2),
        (r#"Contains([proxies], "smtp:")"#, 1),
        (r#"Contains([proxies], "ada@")"#, 2),
        (r#"Contains([proxies], "X500:")"#, 0),
        (r#"Contains([text], "bc")"#, 1),
        ("Contains([numbers], 2)", 2),
        (r#"Contains([none], "a")"#, 0),
        (r#"Contains([nobody], "a")"#, 0),
        (r#"Contains([text], "")"#, 0),
        ("Contains([text], [nobody])", 0),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluated(expression), Ok(Some(Value::Integer(expected))), "{expression}");
    }
}

#[test]
fn every_example_works_when_it_is_pasted() {
    for function in super::FUNCTIONS {
        let person =
            [("otherMails", list(["a@tessera.example"])), ("proxyAddresses", list(["SMTP:a", "SMTP:a"]))];
        let result = evaluate_with(function.help.example, &person);
        assert!(matches!(result, Ok(Some(_))), "{}: {result:?}", function.name);
    }
}

//! Every operator of a scoping filter, in tables.

use serde_json::json;

use super::*;
use crate::scoping::Arity;

#[test]
fn every_operator_is_written_as_documented_and_read_back() {
    let documented = [
        "EQUALS",
        "NOT EQUALS",
        "IS TRUE",
        "IS FALSE",
        "IS NULL",
        "IS NOT NULL",
        "REGEX MATCH",
        "NOT REGEX MATCH",
        "Greater_Than",
        "Greater_Than_OR_EQUALS",
        "Includes",
        "ENDS_WITH",
        "&",
        "!&",
    ];
    let written: Vec<String> = Operator::all().iter().map(ToString::to_string).collect();
    assert_eq!(written, documented);
    for operator in Operator::all() {
        let written = serde_json::to_value(operator).unwrap();
        assert_eq!(written, json!(operator.name()));
        assert_eq!(serde_json::from_value::<Operator>(written).unwrap(), *operator);
    }
}

#[test]
fn case_blanks_and_underscores_do_not_matter() {
    let cases = [
        ("equals", Operator::Equals),
        ("NOT_EQUALS", Operator::NotEquals),
        ("  Not   Equals ", Operator::NotEquals),
        ("is_not_null", Operator::IsNotNull),
        ("GREATER_THAN", Operator::GreaterThan),
        ("greater than or equals", Operator::GreaterThanOrEquals),
        ("INCLUDES", Operator::Includes),
        ("Ends With", Operator::EndsWith),
        (" & ", Operator::Within),
        ("!&", Operator::NotWithin),
    ];
    for (written, expected) in cases {
        assert_eq!(written.parse(), Ok(expected), "'{written}'");
    }
}

#[test]
fn an_unknown_operator_is_refused_with_the_nearest() {
    let long = "x".repeat(100_000);
    let cases = [
        ("EQUAL", "there is no operator 'EQUAL'; did you mean EQUALS?"),
        ("NotEquals", "there is no operator 'NotEquals'; did you mean NOT EQUALS?"),
        ("IS NOTNULL", "did you mean IS NOT NULL?"),
        ("REGEX_MATCHES", "did you mean REGEX MATCH?"),
        ("greater-than", "did you mean Greater_Than?"),
        ("STARTS_WITH", "it is one of EQUALS, NOT EQUALS"),
        ("=", "it is one of EQUALS"),
        ("", "it is one of EQUALS"),
        (&long, "x…'; it is one of EQUALS"),
    ];
    for (written, said) in cases {
        let error = written.parse::<Operator>().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let error = serde_json::from_value::<Operator>(json!("EQUAL")).unwrap_err();
    assert!(error.to_string().contains("did you mean EQUALS?"), "{error}");
}

#[test]
fn the_list_that_the_management_api_answers_can_be_made() {
    let cases = [
        (Operator::Equals, json!({ "arity": "Binary", "types": ["Integer", "String"] })),
        (Operator::NotRegexMatch, json!({ "arity": "Binary", "types": ["Integer", "String"] })),
        (Operator::IsFalse, json!({ "arity": "Unary", "types": ["Boolean"] })),
        (Operator::IsNull, json!({ "arity": "Unary", "types": ["Integer", "String", "Binary", "Boolean"] })),
        (Operator::GreaterThan, json!({ "arity": "Binary", "types": ["Integer"] })),
    ];
    for (operator, expected) in cases {
        assert_eq!(
            json!({ "arity": operator.arity(), "types": operator.attribute_types() }),
            expected,
            "{operator}"
        );
        assert_eq!(json!(operator.multivalued_comparison()), json!("All"));
    }
}

#[test]
fn every_help_is_a_sentence_that_says_something_of_its_own() {
    let mut helps: Vec<_> = Operator::all().iter().map(|operator| operator.help()).collect();
    assert!(helps.iter().all(|help| help.ends_with('.') && help.starts_with("The ")), "{helps:?}");
    helps.sort_unstable();
    helps.dedup();
    assert_eq!(helps.len(), Operator::all().len());
}

#[test]
fn the_documents_schema_knows_which_operators_take_a_value() {
    let schema = serde_json::to_value(schemars::schema_for!(Clause)).unwrap();
    let unary: Vec<_> = Operator::all()
        .iter()
        .filter(|operator| operator.arity() == Arity::Unary)
        .map(|known| known.name())
        .collect();
    assert_eq!(schema["if"]["properties"]["operator"]["enum"], json!(unary));
    let all: Vec<_> = Operator::all().iter().map(|operator| operator.name()).collect();
    assert_eq!(schema["properties"]["operator"]["enum"], json!(all));
}

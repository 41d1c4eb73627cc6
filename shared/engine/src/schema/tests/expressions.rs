//! Expressions that were published, what `parseExpression` answers, and the catalogues.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::super::{ParseExpressionRequest, catalogue, parse_expression};
use super::{told, yields};
use crate::expression::Settings;

#[test]
fn published_expressions_yield_what_was_published_with_them() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../fixtures/expressions.json")).unwrap();
    assert!(cases.len() > 40);
    let mut wrong = Vec::new();
    for case in &cases {
        let now = case["now"].as_str().unwrap_or("2026-03-09T08:05:00Z");
        let result = yields(case["expression"].as_str().unwrap(), &case["attributes"], now);
        if result != Ok(told(&case["expected"])) {
            wrong.push(format!(
                "{}\n  gives {result:?}\n  and not {} ({})",
                case["expression"], case["expected"], case["seen"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn answer(request: Json) -> Json {
    let request: ParseExpressionRequest = serde_json::from_value(request).unwrap();
    let now: Timestamp = "2026-03-09T08:05:00Z".parse().unwrap();
    let settings = Settings { default_domain: Some("tessera.example".into()), ..Settings::default() };
    serde_json::to_value(parse_expression(&request, now, [7; 32], &settings)).unwrap()
}

fn for_object(expression: &str, properties: &Json) -> Json {
    answer(json!({ "expression": expression, "targetAttributeDefinition": null,
        "testInputObject": { "definition": null, "properties": properties } }))
}

#[test]
fn an_expression_is_parsed_and_evaluated() {
    let expected = json!({
        "error": null, "parsingSucceeded": true, "evaluationSucceeded": true, "evaluationResult": ["eu/4410"],
        "parsedExpression": { "type": "Function", "name": "ToLower", "expression": "ToLower([costCentre])", "parameters": [
            { "key": "source", "value": { "type": "Attribute", "name": "costCentre", "expression": "[costCentre]", "parameters": [] } } ] } });
    let properties = json!([
        { "key": "costCentre", "value": "EU/4410" },
        { "key": "appRoleAssignments", "value@odata.type": "#Collection(String)", "value": ["Auditor"] } ]);
    assert_eq!(for_object("ToLower( [costCentre] )", &properties), expected);
}

#[test]
fn without_a_test_object_nothing_is_evaluated() {
    for absent in
        [json!({ "expression": "Not([a])" }), json!({ "expression": "Not([a])", "testInputObject": null })]
    {
        let answer = answer(absent);
        assert_eq!(answer["parsingSucceeded"], true);
        assert_eq!(answer["parsedExpression"]["name"], "Not");
        assert_eq!(
            (&answer["evaluationSucceeded"], &answer["evaluationResult"]),
            (&json!(false), &Json::Null)
        );
        assert_eq!(answer["error"], Json::Null);
    }
}

#[test]
fn a_bad_expression_is_told_in_the_answer() {
    for (expression, message) in
        [("Not([a]", "column"), ("Nonsense([a])", "no function 'Nonsense'"), ("", "column 1")]
    {
        let answer = for_object(expression, &json!([]));
        assert_eq!(answer["parsingSucceeded"], false);
        assert_eq!(answer["parsedExpression"], Json::Null);
        assert_eq!(
            (&answer["evaluationSucceeded"], &answer["evaluationResult"]),
            (&json!(false), &Json::Null)
        );
        assert_eq!(answer["error"]["code"], "InvalidExpression");
        assert!(answer["error"]["message"].as_str().unwrap().contains(message), "{answer}");
    }
}

#[test]
fn an_expression_that_fails_for_the_object_is_parsed_and_has_an_error() {
    let answer =
        for_object("Left([a], [b])", &json!([{ "key": "a", "value": "x" }, { "key": "b", "value": "two" }]));
    assert_eq!((&answer["parsingSucceeded"], &answer["evaluationSucceeded"]), (&json!(true), &json!(false)));
    assert_eq!(answer["error"]["code"], "ExpressionEvaluationFailed");
    assert_eq!(answer["parsedExpression"]["name"], "Left");
}

#[test]
fn results_are_lists_of_texts_whatever_the_values_are() {
    let role = json!({ "id": "1", "value": "auditor", "displayName": "Auditor" });
    let cases = [
        ("[a]", json!("x"), json!(["x"])),
        ("[a]", json!(""), json!([""])),
        ("[a]", json!(null), json!([])),
        ("[a]", json!(true), json!(["True"])),
        ("[a]", json!(-7), json!(["-7"])),
        ("[a]", json!(1.5), json!(["1.5"])),
        ("[a]", json!(["x", null, 2, false]), json!(["x", "2", "False"])),
        ("[a]", role, json!([r#"{"displayName":"Auditor","id":"1","value":"auditor"}"#])),
        ("IgnoreFlowIfNullOrEmpty([a])", json!(""), json!([])),
        ("SelectUniqueValue([a], Append([a], \"2\"))", json!("kim"), json!(["kim", "kim2"])),
        ("Redact([a])", json!("secret"), json!(["[Redact]"])),
        ("DefaultDomain()", json!(null), json!(["tessera.example"])),
        ("Now()", json!(null), json!(["3/9/2026 8:05:00 AM"])),
    ];
    for (expression, value, expected) in cases {
        let answer = for_object(expression, &json!([{ "key": "a", "value": value }]));
        assert_eq!(answer["evaluationResult"], expected, "{expression} of {value}: {answer}");
    }
}

#[test]
fn the_states_that_every_object_has_are_taken_from_the_properties() {
    let properties = json!([
        { "key": "IsSoftDeleted", "value": "True" }, { "key": "accountEnabled", "value": "false" }, { "key": "objectId", "value": "66e4" } ]);
    for (expression, expected) in [
        ("Switch([IsSoftDeleted], , \"False\", \"in\", \"True\", \"out\")", "out"),
        ("CStr([accountEnabled])", "false"),
        ("[objectId]", "66e4"),
    ] {
        assert_eq!(
            for_object(expression, &properties)["evaluationResult"],
            json!([expected]),
            "{expression}"
        );
    }
    assert_eq!(for_object("Not([IsSoftDeleted])", &json!([]))["evaluationResult"], json!(["True"]));
}

#[test]
fn the_catalogue_lists_functions_as_the_api_does() {
    let functions = serde_json::to_value(catalogue::functions()).unwrap();
    let named = |name: &str| {
        let all = functions["value"].as_array().unwrap();
        all.iter().find(|function| function["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let parameter = |name: &str, kind: &str, required: bool, repeats: bool| json!({ "name": name, "type": kind, "required": required, "allowMultipleOccurrences": repeats });
    let cases = [
        (
            "Append",
            vec![parameter("source", "String", true, false), parameter("suffix", "String", true, false)],
        ),
        (
            "Join",
            vec![parameter("separator", "String", true, false), parameter("source", "String", true, true)],
        ),
        ("DefaultDomain", vec![]),
        (
            "Mid",
            vec![
                parameter("source", "String", true, false),
                parameter("start", "Integer", true, false),
                parameter("length", "Integer", false, false),
            ],
        ),
    ];
    for (name, parameters) in cases {
        assert_eq!(named(name), json!({ "id": name, "name": name, "parameters": parameters }));
    }
    let switch = named("Switch");
    let names: Vec<_> =
        switch["parameters"].as_array().unwrap().iter().map(|parameter| &parameter["name"]).collect();
    assert_eq!(names, ["source", "defaultValue", "switchValue"]);
}

#[test]
fn no_function_has_two_parameters_that_repeat_apart_under_one_name() {
    for function in catalogue::functions().value {
        let mut names: Vec<_> =
            function.parameters.iter().map(|parameter| parameter.name.to_lowercase()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{}", function.name);
    }
}

#[test]
fn the_catalogue_lists_operators_as_the_api_does() {
    let operators = serde_json::to_value(catalogue::filter_operators()).unwrap();
    let all = operators["value"].as_array().unwrap();
    let equals = all.iter().find(|operator| operator["name"] == "EQUALS").unwrap();
    assert_eq!(
        *equals,
        json!({ "id": "EQUALS", "name": "EQUALS", "arity": "Binary", "multivaluedComparisonType": "All", "supportedAttributeTypes": ["Integer", "String"] })
    );
    let unary: Vec<_> = all
        .iter()
        .filter(|operator| operator["arity"] == "Unary")
        .map(|operator| &operator["name"])
        .collect();
    assert_eq!(unary, ["IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL"]);
}

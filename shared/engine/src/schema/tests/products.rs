//! Parse products of expressions, and expressions of products.

use proptest::prelude::*;
use serde_json::json;

use super::super::document::AttributeMappingSource;
use super::super::product::{self, DEEPEST};
use crate::expression::{self, Comparison, Syntax, SyntaxKind};

fn product(text: &str) -> serde_json::Value {
    serde_json::to_value(product::of(&expression::parse(text).unwrap())).unwrap()
}

fn text(source: serde_json::Value) -> Result<String, String> {
    product::text(&serde_json::from_value::<AttributeMappingSource>(source).unwrap())
}

fn attribute(name: &str) -> serde_json::Value {
    json!({ "type": "Attribute", "name": name, "expression": format!("[{name}]"), "parameters": [] })
}

fn constant(text: &str) -> serde_json::Value {
    json!({ "type": "Constant", "name": text, "expression": format!("\"{text}\""), "parameters": [] })
}

#[test]
fn products_are_those_the_api_documents() {
    let cases = [
        ("[mail]", attribute("mail")),
        ("8", constant("8")),
        (
            "Not([IsSoftDeleted])",
            json!({ "type": "Function", "name": "Not", "expression": "Not([IsSoftDeleted])", "parameters": [
                { "key": "source", "value": attribute("IsSoftDeleted") } ] }),
        ),
        (
            "Mid([userPrincipalName], 1, 8)",
            json!({ "type": "Function", "name": "Mid", "expression": "Mid([userPrincipalName], 1, 8)", "parameters": [
                { "key": "source", "value": attribute("userPrincipalName") },
                { "key": "start", "value": constant("1") },
                { "key": "length", "value": constant("8") } ] }),
        ),
        (
            "Replace([costCentre],\"/\", , ,\".\", ,  )",
            json!({ "type": "Function", "name": "Replace", "expression": "Replace([costCentre], \"/\", , , \".\", , )", "parameters": [
                { "key": "source", "value": attribute("costCentre") },
                { "key": "Find", "value": constant("/") },
                { "key": "Replacement", "value": constant(".") } ] }),
        ),
        (
            "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")",
            json!({ "type": "Function", "name": "Switch", "expression": "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")", "parameters": [
                { "key": "source", "value": attribute("IsSoftDeleted") },
                { "key": "switchValue", "value": constant("False") },
                { "key": "switchValue", "value": constant("True") },
                { "key": "switchValue", "value": constant("True") },
                { "key": "switchValue", "value": constant("False") } ] }),
        ),
        (
            "Join(\" \", [a], [b], \"c\")",
            json!({ "type": "Function", "name": "Join", "expression": "Join(\" \", [a], [b], \"c\")", "parameters": [
                { "key": "separator", "value": constant(" ") },
                { "key": "source", "value": attribute("a") },
                { "key": "source", "value": attribute("b") },
                { "key": "source", "value": constant("c") } ] }),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(product(text), expected, "{text}");
    }
}

#[test]
fn the_three_arguments_of_the_old_form_of_format_date_time_have_their_old_keys() {
    let product = product("FormatDateTime([d], \"yyyyMMdd\", \"yyyy-MM-dd\")");
    let keys: Vec<_> = product["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["source", "inputFormat", "outputFormat"]);
}

#[test]
fn comparisons_and_concatenations_are_functions_named_by_their_sign() {
    assert_eq!(
        product("[a]=\"x\""),
        json!({ "type": "Function", "name": "=", "expression": "[a] = \"x\"", "parameters": [
            { "key": "left", "value": attribute("a") }, { "key": "right", "value": constant("x") } ] })
    );
    assert_eq!(
        product("[a]&\"-\"&[b]"),
        json!({ "type": "Function", "name": "&", "expression": "[a] & \"-\" & [b]", "parameters": [
            { "key": "source", "value": attribute("a") }, { "key": "source", "value": constant("-") },
            { "key": "source", "value": attribute("b") } ] })
    );
}

#[test]
fn hexadecimal_numbers_and_words_stay_unquoted() {
    assert_eq!(
        product("BitAnd([userAccountControl], &H2)")["parameters"][1]["value"],
        json!({ "type": "Constant", "name": "&H2", "expression": "&H2", "parameters": [] })
    );
    assert_eq!(
        product("InStr([a], \"-\", 1, vbTextCompare)")["parameters"][3]["value"]["expression"],
        json!("vbTextCompare")
    );
}

#[test]
fn the_text_of_a_product_is_its_expression_or_else_built_from_its_parameters() {
    let bare = |kind: &str, name: &str| json!({ "type": kind, "name": name });
    let parameter = |key: &str, value: serde_json::Value| json!({ "key": key, "value": value });
    let call = |name: &str, parameters: &[serde_json::Value]| json!({ "type": "Function", "name": name, "parameters": parameters });
    let cases = [
        (json!({ "expression": " Not( [x] ) ", "name": "Left" }), " Not( [x] ) "),
        (json!({ "name": "mail" }), "[mail]"),
        (bare("Attribute", "mail"), "[mail]"),
        (bare("Constant", "a\"b\\c"), r#""a\"b\\c""#),
        (bare("Constant", ""), "\"\""),
        (
            call(
                "Replace",
                &[
                    parameter("Replacement", bare("Constant", "_")),
                    parameter("SOURCE", bare("Attribute", "l")),
                    parameter("Find", bare("Constant", "-")),
                ],
            ),
            "Replace([l], \"-\", , , \"_\", , )",
        ),
        (
            call(
                "Switch",
                &[
                    parameter("source", bare("Attribute", "a")),
                    parameter("switchValue", bare("Constant", "1")),
                    parameter("switchValue", bare("Constant", "x")),
                    parameter("switchValue", bare("Constant", "2")),
                    parameter("switchValue", json!({ "expression": "Left([b],2)" })),
                ],
            ),
            "Switch([a], , \"1\", \"x\", \"2\", Left([b], 2))",
        ),
        (
            call(
                "IIF",
                &[
                    parameter(
                        "condition",
                        call(
                            "=",
                            &[
                                parameter("left", bare("Attribute", "a")),
                                parameter("right", bare("Constant", "b")),
                            ],
                        ),
                    ),
                    parameter("valueIfFalse", bare("Constant", "c")),
                    parameter("valueIfTrue", bare("Constant", "d")),
                ],
            ),
            "IIF([a] = \"b\", \"d\", \"c\")",
        ),
        (
            call(
                "&",
                &[parameter("source", bare("Attribute", "a")), parameter("source", bare("Constant", "b"))],
            ),
            "[a] & \"b\"",
        ),
        (call("Nonsense", &[parameter("any", bare("Attribute", "a"))]), "Nonsense([a])"),
    ];
    for (source, expected) in cases {
        assert_eq!(text(source.clone()).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn a_product_that_stands_for_nothing_is_refused_with_its_cure() {
    let mut deep = json!({ "name": "a" });
    for _ in 0..=DEEPEST {
        deep =
            json!({ "type": "Function", "name": "Not", "parameters": [{ "key": "source", "value": deep }] });
    }
    let cases = [
        (json!({}), "write the expression"),
        (json!({ "type": "Function", "expression": "" }), "'name' of a function"),
        (json!({ "type": "Lookup", "name": "x" }), "Attribute, Constant, Function"),
        (json!({ "type": "Function", "name": "Not", "parameters": [{ "key": "source" }] }), "has no value"),
        (
            json!({ "type": "Function", "name": "Not", "parameters": [{ "key": "origin", "value": { "name": "a" } }] }),
            "it takes source",
        ),
        (
            json!({ "type": "Function", "name": "Not", "parameters": [{ "key": "source", "value": { "expression": "Not(" } }] }),
            "cannot be read",
        ),
        (json!({ "type": "Function", "name": ">=", "parameters": [] }), "left and right"),
        (deep, "nest deeper"),
    ];
    for (source, cure) in cases {
        let problem = text(source.clone()).unwrap_err();
        assert!(problem.contains(cure), "{source}: {problem}");
    }
}

#[test]
fn what_cannot_be_parsed_keeps_its_text() {
    let product = product::of_text("Not([a]");
    assert_eq!(product::text(&product).as_deref(), Ok("Not([a]"));
}

#[test]
fn a_product_agrees_with_a_text_when_it_can_be_that_texts() {
    let cases = [
        ("[a]", json!({ "type": "Attribute", "name": "a" }), true),
        ("[a]", json!({ "name": "A" }), false),
        ("[a]", json!({ "type": "Constant", "name": "a" }), false),
        ("Not([a])", json!({ "type": "Function", "name": "not" }), true),
        ("Not([a])", json!({ "type": "Function", "name": "Left" }), false),
        (
            "Not([a])",
            json!({ "type": "Function", "name": "Not", "parameters": [{ "key": "any", "value": attribute("a") }] }),
            true,
        ),
        (
            "Not([a])",
            json!({ "type": "Function", "name": "Not", "parameters": [{ "key": "source", "value": attribute("b") }] }),
            false,
        ),
        (
            "Append([a], 1)",
            json!({ "type": "Function", "name": "Append", "parameters": [{ "key": "source", "value": attribute("a") }] }),
            false,
        ),
        (
            "CBool([a] = 1)",
            json!({ "type": "Function", "name": "CBool", "parameters": [{ "key": "x", "value": { "type": "Function", "name": "Equals" } }] }),
            true,
        ),
    ];
    for (text, given, expected) in cases {
        let given = serde_json::from_value(given).unwrap();
        assert_eq!(
            product::agree(&given, &product::of(&expression::parse(text).unwrap())),
            expected,
            "{text} {given:?}"
        );
    }
}

#[test]
fn below_the_deepest_level_a_product_keeps_its_text_alone() {
    let mut tree = Syntax { kind: SyntaxKind::Attribute("a".into()), at: 0..0 };
    for _ in 0..DEEPEST + 5 {
        tree =
            Syntax { kind: SyntaxKind::Call { name: "Not".into(), arguments: vec![Some(tree)] }, at: 0..0 };
    }
    let whole = product::of(&tree);
    let mut product = &whole;
    let mut levels = 1;
    while let [parameter] = product.parameters.each() {
        product = parameter.value.value().unwrap();
        levels += 1;
    }
    assert_eq!(levels, DEEPEST);
    assert!(product.expression.text().unwrap().starts_with("Not(Not("));
}

/// Trees whose calls are of known functions with arguments in every slot they need.
fn tree() -> impl Strategy<Value = Syntax> {
    let leaf = prop_oneof![
        "[a-z]{1,8}".prop_map(SyntaxKind::Attribute),
        "[ -~]{0,6}".prop_map(SyntaxKind::Text),
        (0_u32..9999).prop_map(|number| SyntaxKind::Text(number.to_string())),
        "[0-9A-F]{1,4}".prop_map(SyntaxKind::Hex),
    ]
    .prop_map(|kind| Syntax { kind, at: 0..0 });
    leaf.prop_recursive(4, 40, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..5);
        let given = |arguments: Vec<Syntax>| arguments.into_iter().map(Some).collect::<Vec<_>>();
        prop_oneof![
            several
                .clone()
                .prop_map(move |parts| SyntaxKind::Call { name: "Join".into(), arguments: given(parts) }),
            several
                .clone()
                .prop_map(move |parts| SyntaxKind::Call { name: "Coalesce".into(), arguments: given(parts) }),
            inner
                .clone()
                .prop_map(move |part| SyntaxKind::Call { name: "Not".into(), arguments: given(vec![part]) }),
            (inner.clone(), prop::option::of(inner.clone()), several.clone()).prop_map(
                |(source, default, mut pairs)| {
                    pairs.truncate(pairs.len() / 2 * 2);
                    let arguments =
                        [Some(source), default].into_iter().chain(pairs.into_iter().map(Some)).collect();
                    SyntaxKind::Call { name: "Switch".into(), arguments }
                }
            ),
            (inner.clone(), inner).prop_map(|(left, right)| SyntaxKind::Compare {
                comparison: Comparison::LessOrEqual,
                left: Box::new(left),
                right: Box::new(right),
            }),
        ]
        .prop_map(|kind| Syntax { kind, at: 0..0 })
    })
}

/// The product without the texts that would save building it.
fn stripped(source: &AttributeMappingSource) -> AttributeMappingSource {
    let mut source = source.clone();
    // The text of a word or a hexadecimal number is all there is of it.
    if !source.expression.text().is_some_and(|text| text.starts_with("&H")) {
        source.expression = super::super::Given::Null;
    }
    let mut parameters = source.parameters.each().to_vec();
    for parameter in &mut parameters {
        parameter.value = stripped(parameter.value.value().unwrap()).into();
    }
    source.parameters = parameters.into();
    source
}

proptest! {
    #[test]
    fn an_expression_built_from_its_product_is_the_same(tree in tree()) {
        let product = product::of(&tree);
        prop_assert_eq!(product::text(&stripped(&product)).unwrap(), tree.to_string());
    }

    #[test]
    fn products_survive_json(tree in tree()) {
        let product = product::of(&tree);
        let written = serde_json::to_string(&product).unwrap();
        prop_assert_eq!(serde_json::from_str::<AttributeMappingSource>(&written).unwrap(), product);
    }
}

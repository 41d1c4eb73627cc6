//! Each function of logic by a table of cases.

use crate::expression::functions::testing::{evaluate, evaluate_with, person, text_of};
use crate::expression::{Context, Expression, Settings};
use crate::model::Value;

fn truth(value: bool) -> Option<Value> {
    Some(Value::Boolean(value))
}

fn list<const N: usize>(values: [&str; N]) -> Value {
    Value::List(values.map(Value::text).to_vec())
}

#[test]
fn iif_takes_the_branch_its_condition_says() {
    let cases = [
        (r#"IIF("a"="a", "yes", "no")"#, "yes"),
        (r#"IIF("a"="A", "yes", "no")"#, "no"),
        (r#"IIF(3 > 2, "yes", "no")"#, "yes"),
        (r#"IIF([country]="FR", IIF([type]="staff", "yes", "no"), "no")"#, "yes"),
        (r#"IIF([country]="DE", "yes", IIF([country]="FR", "yes", "no"))"#, "yes"),
        (r#"IIF([country]="DE", IIF([type]="staff", "yes", "no"), "no")"#, "no"),
        (r#"IIF("true", "yes", "no")"#, "yes"),
        (r#"IIF("FALSE", "yes", "no")"#, "no"),
        (r#"IIF(0, "yes", "no")"#, "no"),
        (r#"IIF(-2.5, "yes", "no")"#, "yes"),
        (r#"IIF([nobody], "yes", "no")"#, "no"),
        (r#"IIF("", "yes", "no")"#, "no"),
        (r#"IIF([nobody]="", "yes", "no")"#, "yes"),
        (r#"IIF(IsNullOrEmpty([nobody]), "yes", "no")"#, "yes"),
        (r#"IIF(IsPresent([country]), [country], "Other")"#, "FR"),
        (r#"IIF([IsSoftDeleted]="True", "yes", "no")"#, "no"),
        (r#"IIF([IsSoftDeleted]="False", "yes", "no")"#, "yes"),
    ];
    let person = [("country", Value::text("FR")), ("type", Value::text("staff"))];
    for (expression, expected) in cases {
        assert_eq!(evaluate_with(expression, &person), Ok(Some(Value::text(expected))), "{expression}");
    }
}

#[test]
fn iif_gives_its_branch_as_it_is_null_lists_and_booleans_included() {
    let mails = list(["a", "b"]);
    let person = [("mails", mails.clone())];
    assert_eq!(evaluate_with(r#"IIF("a"="a", [mails], "no")"#, &person), Ok(Some(mails)));
    assert_eq!(evaluate_with(r#"IIF("a"="b", [mails], [nobody])"#, &person), Ok(None));
    assert_eq!(evaluate(r#"IIF("a"="a", "a"="b", "no")"#), Ok(truth(false)));
}

#[test]
fn a_condition_that_is_no_boolean_fails_the_person() {
    for (expression, value) in [
        (r#"IIF("perhaps", 1, 2)"#, "perhaps"),
        (r#"IIF("1e3", 1, 2)"#, "1e3"),
        (r#"CBool("yes")"#, "yes"),
        ("CBool([mails])", "2 values"),
    ] {
        let error = evaluate_with(expression, &[("mails", list(["a", "b"]))]).unwrap_err();
        assert!(error.contains(value), "{expression}: {error}");
    }
}

#[test]
fn strict_entra_refuses_a_condition_that_reads_an_attribute_without_value() {
    let settings = Settings { strict_entra: true, ..Settings::default() };
    let object = person(&[("empty", Value::text("")), ("country", Value::text("FR"))]);
    let now = "2026-03-09T08:05:00Z".parse().unwrap();
    let context = Context { object: &object, soft_deleted: false, now, seed: [0; 32], settings: &settings };
    let cases = [
        (r#"IIF([nobody]="", "Other", [nobody])"#, true),
        (r#"IIF([empty]="", "Other", [empty])"#, true),
        (r#"IIF(IsNullOrEmpty([nobody]), "Other", "x")"#, true),
        (r#"IIF(IsPresent([nobody]), "Other", "x")"#, true),
        (r#"IIF([country]="DE", "Other", IIF([nobody]="", 1, 2))"#, true),
        (r#"IIF([country]="FR", "Other", IIF([nobody]="", 1, 2))"#, false),
        (r#"IIF([country]="FR", [nobody], "x")"#, false),
        (r#"IIF([IsSoftDeleted]="True", "Other", "x")"#, false),
        (r#"Switch([nobody], [nobody], "", "Other")"#, false),
    ];
    for (expression, refused) in cases {
        let parsed: Expression = expression.parse().unwrap();
        let result = parsed.evaluate(&context);
        assert_eq!(result.is_err(), refused, "{expression}: {result:?}");
        if let Err(error) = result {
            assert!(
                error.to_string().contains("without value") || error.to_string().contains("no value"),
                "{error}"
            );
            assert!(error.to_string().contains("Switch"), "{error}");
        }
    }
}

#[test]
fn switch_takes_the_value_of_the_first_key_that_equals_the_source() {
    let cases = [
        (r#"Switch("", "d", "", "e")"#, Some("e")),
        (r#"Switch("A", "d", "a", "x")"#, Some("d")),
        (r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#, Some("True")),
        (r#"Switch([plan], "none", "g", "gold", "", "unset")"#, Some("unset")),
        (r#"Switch([state], "Sydney", "NSW", "Sydney", "QLD", "Brisbane")"#, Some("Brisbane")),
        (r#"Switch([state], "d", "QLD", "first", "QLD", "second")"#, Some("first")),
        (r#"Switch("z", , "a", "x")"#, None),
        (r#"Switch("a", "d", "a", [plan])"#, None),
        (r#"Switch(IsPresent([state]), "X", "True", [state])"#, Some("QLD")),
        (r#"Switch(IsPresent([plan]), [plan], IsPresent([state]), [state])"#, None),
        // Text against text: what looks like a number is not one.
        (r#"Switch("1.0", "d", "1", "x")"#, Some("d")),
        (r#"Switch(7, "d", "7", "x")"#, Some("x")),
        (r#"Switch([one], "d", "QLD", "x")"#, Some("x")),
        // A key without value is no key, and neither is a slot that was left empty behind the last pair.
        (r#"Switch([plan], "d", [plan], "x")"#, Some("d")),
        (r#"Switch([plan], "d", "a", "x", )"#, Some("d")),
        (r#"Switch([plan], "d", "a", "x", , )"#, Some("d")),
    ];
    let person = [("state", Value::text("QLD")), ("one", list(["QLD"]))];
    for (expression, expected) in cases {
        assert_eq!(evaluate_with(expression, &person), Ok(expected.map(Value::text)), "{expression}");
    }
}

#[test]
fn switch_is_refused_when_it_is_saved_unless_keys_and_values_come_in_pairs() {
    for expression in [
        r#"Switch("a")"#,
        r#"Switch("a", "d")"#,
        r#"Switch("a", "d", "k")"#,
        r#"Switch("a", "d", "k", "v", "l")"#,
    ] {
        assert!(expression.parse::<Expression>().is_err(), "{expression}");
    }
}

#[test]
fn switch_on_several_values_fails_the_person_and_names_the_argument() {
    let person = [("mails", list(["a", "b"]))];
    let error = evaluate_with(r#"Switch([mails], "d", "a", "x")"#, &person).unwrap_err();
    assert!(error.starts_with("Switch: 'source' "), "{error}");
    let error = evaluate_with(r#"Switch("a", "d", "b", "x", [mails], "y")"#, &person).unwrap_err();
    assert!(error.starts_with("Switch: 'key' "), "{error}");
}

#[test]
fn coalesce_gives_the_first_that_is_not_null() {
    let cases = [
        (r#"Coalesce("", "b")"#, Some("")),
        ("Coalesce([nobody], [upn])", Some("ada@tessera.example")),
        ("Coalesce([upn], [nobody])", Some("ada@tessera.example")),
        (r#"Coalesce([nobody], [none], "last")"#, Some("last")),
        ("Coalesce([nobody], [none])", None),
        ("Coalesce([nobody])", None),
    ];
    let person = [("upn", Value::text("ada@tessera.example")), ("none", list([]))];
    for (expression, expected) in cases {
        assert_eq!(evaluate_with(expression, &person), Ok(expected.map(Value::text)), "{expression}");
    }
}

#[test]
fn the_branch_that_is_not_taken_is_not_evaluated() {
    for expression in [
        r#"IIF("a"="a", "ok", Error("never"))"#,
        r#"IIF("a"="b", Error("never"), "ok")"#,
        r#"Switch("a", Error("never"), "b", Error("never"), "a", "ok", Error("never"), "x")"#,
        r#"Switch("z", "ok", "a", Error("never"))"#,
        r#"Coalesce([nobody], "ok", Error("never"))"#,
    ] {
        assert_eq!(text_of(expression).as_deref(), Some("ok"), "{expression}");
    }
}

#[test]
fn what_is_absent_empty_or_present_is_told_apart() {
    // Value, IsNull, IsNullOrEmpty, IsPresent, IsString.
    let cases = [
        (None, true, true, false, false),
        (Some(Value::text("")), false, true, false, true),
        (Some(Value::text("a")), false, false, true, true),
        (Some(Value::text(" ")), false, false, true, true),
        (Some(Value::Boolean(false)), false, false, true, true),
        (Some(Value::Integer(0)), false, false, true, true),
        (Some(list([])), true, true, false, false),
        (Some(list([""])), false, true, false, true),
        (Some(list(["a"])), false, false, true, true),
        (Some(list(["", ""])), false, false, true, false),
    ];
    for (value, null, empty, present, text) in cases {
        let person: Vec<_> = value.iter().map(|value| ("x", value.clone())).collect();
        let told = ["IsNull", "IsNothing", "IsNullOrEmpty", "IsPresent", "IsString"]
            .map(|name| evaluate_with(&format!("{name}([x])"), &person));
        assert_eq!(told, [null, null, empty, present, text].map(|told| Ok(truth(told))), "{value:?}");
    }
}

#[test]
fn not_is_false_for_true_and_true_for_everything_else() {
    let cases = [
        (r#"Not("True")"#, false),
        (r#"Not("true")"#, false),
        (r#"Not("a"="a")"#, false),
        (r#"Not("a"="b")"#, true),
        (r#"Not("False")"#, true),
        (r#"Not("maybe")"#, true),
        (r#"Not("")"#, true),
        ("Not(1)", true),
        ("Not([nobody])", true),
        ("Not([mails])", true),
        ("Not([IsSoftDeleted])", true),
        ("Not(Not([IsSoftDeleted]))", false),
    ];
    for (expression, expected) in cases {
        assert_eq!(
            evaluate_with(expression, &[("mails", list(["a", "b"]))]),
            Ok(truth(expected)),
            "{expression}"
        );
    }
}

#[test]
fn cbool_is_false_for_zero_false_and_nothing() {
    let cases = [
        ("CBool(0)", false),
        (r#"CBool("0.00")"#, false),
        (r#"CBool("-0")"#, false),
        ("CBool(1)", true),
        ("CBool(-1)", true),
        (r#"CBool("0.5")"#, true),
        (r#"CBool("TRUE")"#, true),
        (r#"CBool(" false ")"#, false),
        (r#"CBool("")"#, false),
        ("CBool([nobody])", false),
        ("CBool([nobody]=[nobody])", true),
        (r#"CBool("a"="b")"#, false),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluate(expression), Ok(truth(expected)), "{expression}");
    }
}

#[test]
fn ignore_flow_leaves_the_attribute_out_whatever_encloses_it() {
    // `Ignored` and null both end as no value; what tells them apart is that nothing takes its place.
    for expression in [
        "IgnoreFlowIfNullOrEmpty([nobody])",
        r#"IgnoreFlowIfNullOrEmpty("")"#,
        r#"IgnoreFlowIfNullOrEmpty(Switch([prefix], "", "3443", "Dr."))"#,
        r#"Coalesce(IgnoreFlowIfNullOrEmpty([nobody]), "y")"#,
        r#"IIF(IgnoreFlowIfNullOrEmpty([nobody]), "x", "y")"#,
        r#"IIF(IgnoreFlowIfNullOrEmpty([nobody])="", "x", "y")"#,
        r#"Switch(IgnoreFlowIfNullOrEmpty([nobody]), "d", "", "x")"#,
        r#"Switch("a", "d", IgnoreFlowIfNullOrEmpty([nobody]), "x", "a", "y")"#,
        "Not(IgnoreFlowIfNullOrEmpty([nobody]))",
        "IsNull(IgnoreFlowIfNullOrEmpty([nobody]))",
        "Count(IgnoreFlowIfNullOrEmpty([nobody]))",
        r#"SelectUniqueValue(IgnoreFlowIfNullOrEmpty([nobody]), "b")"#,
        r#""a" & IgnoreFlowIfNullOrEmpty([nobody])"#,
    ] {
        assert_eq!(evaluate(expression), Ok(None), "{expression}");
    }
    for (expression, expected) in [
        (r#"IgnoreFlowIfNullOrEmpty("Dr.")"#, "Dr."),
        (r#"Coalesce("a", IgnoreFlowIfNullOrEmpty([nobody]))"#, "a"),
        (r#"IIF("a"="a", "x", IgnoreFlowIfNullOrEmpty([nobody]))"#, "x"),
    ] {
        assert_eq!(text_of(expression).as_deref(), Some(expected), "{expression}");
    }
}

#[test]
fn error_fails_the_person_with_its_message() {
    let cases = [
        (r#"Error("sn missing")"#, "Error: sn missing"),
        (r#"IIF(IsPresent([sn]), [sn], Error("sn missing"))"#, "Error: sn missing"),
        (r#"Error("no mail for " & [id])"#, "no mail for E7"),
        ("Error([sn])", "Error: the expression refuses this person"),
    ];
    for (expression, expected) in cases {
        let error = evaluate_with(expression, &[("id", Value::text("E7"))]).unwrap_err();
        assert!(error.contains(expected), "{expression}: {error}");
    }
}

#[test]
fn redact_gives_its_argument_as_it_is() {
    let mails = list(["a", "b"]);
    assert_eq!(evaluate_with("Redact([mails])", &[("mails", mails.clone())]), Ok(Some(mails)));
    assert_eq!(text_of(r#"Redact("secret")"#).as_deref(), Some("secret"));
    assert_eq!(evaluate("Redact([nobody])"), Ok(None));
}

#[test]
fn select_unique_value_gives_its_candidates_in_order_each_once() {
    let cases = [
        (r#"SelectUniqueValue("a", "b", "c")"#, Some(list(["a", "b", "c"]))),
        (r#"SelectUniqueValue("a", "b", "a")"#, Some(list(["a", "b"]))),
        (r#"SelectUniqueValue("a", "A")"#, Some(list(["a", "A"]))),
        (r#"SelectUniqueValue([nobody], "", "b")"#, Some(list(["b"]))),
        (r#"SelectUniqueValue([nobody], "")"#, None),
        (r#"SelectUniqueValue(7, "7")"#, Some(list(["7"]))),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluate(expression), Ok(expected), "{expression}");
    }
}

#[test]
fn select_unique_value_takes_two_rules_at_least_and_stands_outermost() {
    for expression in [
        r#"SelectUniqueValue("a")"#,
        r#"Not(SelectUniqueValue("a", "b"))"#,
        r#"SelectUniqueValue("a", "b") & "c""#,
        r#"SelectUniqueValue(SelectUniqueValue("a", "b"), "c")"#,
    ] {
        assert!(expression.parse::<Expression>().is_err(), "{expression}");
    }
    assert!(r#"SelectUniqueValue("a", "b")"#.parse::<Expression>().unwrap().facts().is_unique);
}

#[test]
fn every_example_works_when_it_is_pasted() {
    let person = [
        ("usageLocation", Value::text("DE")),
        ("surname", Value::text("Lovelace")),
        ("mailNickname", Value::text("ada")),
    ];
    for function in super::FUNCTIONS {
        let result = evaluate_with(function.help.example, &person);
        assert!(result.is_ok(), "{}: {result:?}", function.name);
    }
}

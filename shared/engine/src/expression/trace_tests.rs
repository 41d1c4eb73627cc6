//! What traces tell, what they leave out, and what they never show.

use proptest::prelude::*;

use super::{ELEMENTS, REDACTED, STEPS, Trace, shown};
use crate::expression::functions::testing::person;
use crate::expression::{Context, Evaluated, Expression, Kind, Nature, Settings, functions};
use crate::model::{Attributes, Value};

const SECRET: &str = "s3cr3t-value";

fn somebody() -> Vec<(&'static str, Value)> {
    vec![
        ("givenName", Value::text("Ada")),
        ("number", Value::Integer(10)),
        ("many", Value::List(vec![Value::text("a"), Value::text("b")])),
        ("secret", Value::text(SECRET)),
    ]
}

fn explained(text: &str, attributes: &[(&str, Value)]) -> (Result<Option<Value>, String>, Trace) {
    let expression: Expression = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let object = person(attributes);
    let settings = Settings::default();
    let now = "2026-03-09T08:05:00Z".parse().unwrap();
    let context = Context { object: &object, soft_deleted: false, now, seed: [7; 32], settings: &settings };
    let (result, trace) = expression.explain(&context);
    assert_eq!(result, expression.evaluate(&context), "{text}");
    (result.map(Evaluated::into_value).map_err(|error| error.to_string()), trace)
}

fn trace(text: &str) -> Trace {
    explained(text, &somebody()).1
}

#[test]
fn what_another_expression_redacts_shows_neither_in_the_trace_nor_in_the_error() {
    let key = crate::ids::Key::new([7; 32]);
    let person = [("x", Value::Secret(crate::model::Secret::new(SECRET, &key)))];
    let (result, told) = explained(r#"Left([x], 2)"#, &person);
    assert_eq!(result, Ok(Some(Value::text("s3"))), "the part that is asked for flows");
    assert_eq!(told.to_string(), "Left([x], 2) = [Redact]");
    let (result, told) = explained("Left([x], [x])", &person);
    let shown = format!("{result:?} {told}");
    assert!(result.is_err() && !shown.contains(SECRET), "{shown}");
}

#[test]
fn a_trace_tells_each_part_that_was_evaluated_and_what_it_gave() {
    let cases = [
        (r#""a""#, r#""a" = "a""#),
        ("[givenName]", r#"[givenName] = "Ada""#),
        ("[nobody]", "[nobody] = null"),
        ("Count([many])", r#"Count([many]) = 2 ([many] = ["a", "b"])"#),
        (
            r#"Coalesce([nobody], [givenName], [number])"#,
            r#"Coalesce([nobody], [givenName], [number]) = "Ada" ([nobody] = null; [givenName] = "Ada")"#,
        ),
        (
            r#"IIF([number] > 9, [givenName], Error("never"))"#,
            r#"IIF([number] > 9, [givenName], Error("never")) = "Ada" ([number] > 9 = True ([number] = 10); [givenName] = "Ada")"#,
        ),
        (r#""t-" & [givenName]"#, r#""t-" & [givenName] = "t-Ada" ([givenName] = "Ada")"#),
        (
            "IgnoreFlowIfNullOrEmpty([nobody])",
            "IgnoreFlowIfNullOrEmpty([nobody]) = ignored ([nobody] = null)",
        ),
        ("Not(\n  [IsSoftDeleted]\n)", "Not( [IsSoftDeleted] ) = True ([IsSoftDeleted] = False)"),
    ];
    for (expression, expected) in cases {
        assert_eq!(trace(expression).to_string(), expected);
    }
}

#[test]
fn an_error_is_told_once_where_it_arose() {
    let trace = trace("Not(Item([many], [number]))");
    assert!(trace.failed);
    assert_eq!(trace.result, "error");
    let item = &trace.steps[0];
    assert!(
        item.failed && item.result.starts_with("Item: 'index' ") && item.result.contains("'10'"),
        "{item:?}"
    );
    assert!(item.steps.iter().all(|step| !step.failed));
}

#[test]
fn a_trace_is_written_as_json_without_what_goes_without_saying() {
    let json = serde_json::to_value(trace("Not([nobody])")).unwrap();
    let expected = serde_json::json!({
        "part": "Not([nobody])", "result": "True", "steps": [{ "part": "[nobody]", "result": "null" }]
    });
    assert_eq!(json, expected);
}

#[test]
fn what_redact_encloses_shows_nowhere_nor_does_what_was_made_of_it() {
    let cases = [
        ("Redact([secret])", "Redact(…)"),
        (r#"Redact("s3cr3t-value")"#, "Redact(…)"),
        (r#"[givenName] & Redact("s3cr3t-value" & [secret]) & "!""#, r#"[givenName] & Redact(…) & "!""#),
        ("Coalesce(Redact([secret]), [secret])", "Coalesce(Redact(…), [secret])"),
        (
            r#"IIF([secret]="x", [secret], Redact(Redact([secret])))"#,
            r#"IIF([secret]="x", [secret], Redact(…))"#,
        ),
        ("SelectUniqueValue(Redact([secret]), [secret])", "SelectUniqueValue(Redact(…), [secret])"),
    ];
    for (expression, part) in cases {
        let (result, trace) = explained(expression, &somebody());
        assert!(result.unwrap().unwrap().to_string().contains(SECRET), "{expression}");
        let expected =
            Trace { part: part.into(), result: REDACTED.into(), failed: false, steps: vec![], left_out: 0 };
        assert_eq!(trace, expected);
    }
}

#[test]
fn an_error_beside_redact_names_the_problem_but_no_value() {
    for expression in [
        "Item(Redact([many]), [secret])",
        "CBool(Redact([secret]))",
        "Error(Redact([secret]))",
        r#"IIF(IsPresent(Redact([secret])), Error("not " & [secret]), "")"#,
        r#"Error("too bad") & Redact([secret])"#,
    ] {
        let (result, trace) = explained(expression, &somebody());
        let told = format!("{} {trace} {trace:?}", result.unwrap_err());
        assert!(!told.contains(SECRET), "{told}");
        assert!(trace.failed && !trace.result.is_empty(), "{told}");
    }
}

#[test]
fn no_function_tells_a_redacted_value_whatever_it_does_with_it() {
    let mut tried = 0;
    for function in functions() {
        let slots = function.parameters.len().max(1);
        for (argument, secret) in
            [("[secret]", SECRET), ("[pin]", "918273645"), (r#""918273645""#, "918273645")]
        {
            let arguments: Vec<_> = (0..slots)
                .map(|slot| match function.parameters.get(slot).map(|parameter| parameter.kind) {
                    Some(Kind::Enumeration(words)) => words[0].to_owned(),
                    Some(_) if function.nature == Nature::Unique => format!("Redact({argument})"),
                    _ => argument.to_owned(),
                })
                .collect();
            let call = format!("{}({})", function.name, arguments.join(", "));
            let text = if function.nature == Nature::Unique { call } else { format!("Redact({call})") };
            // A constant message of `Error` is no value on its way to the app: it is there to be told.
            let is_message = function.name == "Error" && argument.starts_with('"');
            if is_message || text.parse::<Expression>().is_err() {
                continue;
            }
            let attributes = [("secret", Value::text(SECRET)), ("pin", Value::text("918273645"))];
            let (result, trace) = explained(&text, &attributes);
            let told = format!("{trace} {trace:?} {}", result.err().unwrap_or_default());
            assert!(!told.contains(secret), "{text}: {told}");
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn long_values_and_long_parts_are_cut() {
    let long = "x".repeat(500);
    assert!(shown(&Evaluated::text(&*long)).chars().count() < 130);
    let many = Evaluated::List((0..100_000).map(Evaluated::Integer).collect());
    assert!(shown(&many).chars().count() < 130);
    let few = Evaluated::List(vec![Evaluated::Null; ELEMENTS + 1]);
    assert!(shown(&few).ends_with("…]"), "{}", shown(&few));
    let parts: Attributes = (0..100_000).map(|number| (number.to_string(), Value::Integer(number))).collect();
    assert!(shown(&Evaluated::from(&Value::Complex(parts))).chars().count() < 130);
    let part = trace(&format!(r#"Not("{long}")"#)).part;
    assert!(part.ends_with('…') && part.chars().count() < 130, "{part}");
}

#[test]
fn a_long_expression_is_told_as_far_as_the_bound_and_says_how_much_is_left_out() {
    let wide = format!("Coalesce({})", vec!["[nobody]"; 1000].join(","));
    let told = trace(&wide);
    assert_eq!((told.steps.len(), told.left_out), (STEPS - 1, 1000 - (STEPS - 1)));
    assert!(told.to_string().ends_with("; 969 more)"), "{told}");

    let deep = format!("{}[nobody]{}", "Not(".repeat(250), ")".repeat(250));
    let told = trace(&deep);
    assert_eq!((size(&told), told.result.as_str()), (STEPS, "False"));
    assert!(serde_json::to_string(&told).unwrap().len() < STEPS * 300);
}

/// How many parts a trace tells of.
fn size(trace: &Trace) -> usize {
    1 + trace.steps.iter().map(size).sum::<usize>()
}

/// Expressions of the functions that choose, in which anything may stand anywhere.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "[givenName]",
        "[nobody]",
        "[number]",
        "[many]",
        "[secret]",
        "[IsSoftDeleted]",
        r#""""#,
        r#""Ada""#,
        r#""True""#,
        "1",
        "0",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(6, 60, 4, |inner| {
        let shapes = prop::sample::select(vec![
            "IIF({0}, {1}, {2})",
            "IIF({0} = {1}, {2}, {3})",
            "Switch({0}, {1}, {2}, {3})",
            "Switch({0}, , \"\", {1}, {2}, {3})",
            "Coalesce({0}, {1}, {2})",
            "({0} & {1})",
            "({0} > {1})",
            "IsNull({0})",
            "Not({0})",
            "CBool({0})",
            "Error({0})",
            "IgnoreFlowIfNullOrEmpty({0})",
            "Item({0}, 2)",
            "Item({0}, Count({1}))",
            "Count({0})",
            "RemoveDuplicates({0})",
            "Contains({0}, {1})",
        ]);
        (shapes, prop::collection::vec(inner, 4)).prop_map(|(shape, inner)| {
            inner
                .iter()
                .enumerate()
                .fold(shape.to_owned(), |text, (slot, part)| text.replace(&format!("{{{slot}}}"), part))
        })
    })
}

proptest! {
    #[test]
    fn explaining_gives_what_evaluating_gives_within_the_bound(text in expressions()) {
        prop_assume!(text.chars().count() < 10_000);
        // `explained` compares the two.
        let (result, trace) = explained(&text, &somebody());
        prop_assert_eq!(result.is_err(), trace.failed);
        prop_assert!(size(&trace) <= STEPS);
    }

    #[test]
    fn whatever_stands_around_redact_no_value_shows(first in expressions(), second in expressions(), shape in 0..4) {
        let text = match shape {
            0 => format!("Redact({first})"),
            1 => format!("Coalesce({first}, Redact({second}))"),
            2 => format!("IIF(CBool(Redact({first})), {second}, [secret])"),
            _ => format!("(Redact([nobody]) & {first} & [secret])"),
        };
        prop_assume!(text.chars().count() < 10_000);
        let (result, trace) = explained(&text, &somebody());
        prop_assert!(trace.steps.is_empty());
        let told = format!("{trace:?} {}", result.err().unwrap_or_default());
        prop_assert!(!told.contains(SECRET), "{}", told);
    }
}

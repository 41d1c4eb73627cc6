//! Comparing, passing on, and the bounds of an evaluation.

use proptest::prelude::*;

use super::{Decimal, LARGEST, bounded, order};
use crate::expression::functions::testing::{evaluate_with, person};
use crate::expression::parse::DEEPEST;
use crate::expression::{Context, Evaluated, Expression, Settings};
use crate::model::{SourceObject, Value};

fn somebody() -> Vec<(&'static str, Value)> {
    vec![
        ("text", Value::text("abc")),
        ("empty", Value::text("")),
        ("number", Value::Integer(10)),
        ("yes", Value::Boolean(true)),
        ("none", Value::List(vec![])),
        ("one", Value::List(vec![Value::text("abc")])),
        ("many", Value::List(vec![Value::text("a"), Value::text("b")])),
    ]
}

fn evaluated(expression: &str) -> Result<Option<Value>, String> {
    evaluate_with(expression, &somebody())
}

fn context<'a>(object: &'a SourceObject, settings: &'a Settings) -> Context<'a> {
    let now = "2026-03-09T08:05:00Z".parse().unwrap();
    Context { object, soft_deleted: false, now, seed: [7; 32], settings }
}

#[test]
fn numbers_compare_as_numbers_and_everything_else_character_by_character() {
    let cases = [
        // Numbers, however they are written.
        ("10 > 9", true),
        (r#""10" > "9""#, true),
        ("[number] = 10.0", true),
        (r#"[number] = " 10 ""#, true),
        ("007 = 7", true),
        ("-2 < -1.5", true),
        ("-0 = 0", true),
        ("1.50 = 1.5", true),
        ("1.05 < 1.5", true),
        ("9007199254740993 > 9007199254740992", true),
        ("123456789012345678901234567890123456789012 > 123456789012345678901234567890123456789011", true),
        // One side is no number.
        (r#""10" > "9a""#, false),
        (r#""1,5" < "1,50""#, true),
        (r#""1e1" = "10""#, false),
        (r#""" < 0"#, true),
        // Ordinal, case included.
        (r#"[text] = "abc""#, true),
        (r#"[text] = "ABC""#, false),
        (r#""Z" < "a""#, true),
        (r#""z" < "é""#, true),
        (r#"[text] = "abc ""#, false),
        (r#"[text] <> "abd""#, true),
        (r#"[text] >= "abc""#, true),
        (r#"[text] <= "abb""#, false),
        // Null and an empty list are an empty text.
        (r#"[nobody] = """#, true),
        (r#"[none] = """#, true),
        ("[nobody] = [empty]", true),
        (r#"[nobody] < "a""#, true),
        ("[nobody] = 0", false),
        // Booleans are spelled True and False.
        (r#"[IsSoftDeleted] = "False""#, true),
        (r#"[yes] = "True""#, true),
        ("[yes] = true", true),
        (r#"[yes] = "true""#, false),
        ("[yes] = 1", false),
        ("(1 < 2) = (3 < 4)", true),
        // A list of one element stands for it.
        ("[one] = [text]", true),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluated(expression), Ok(Some(Value::Boolean(expected))), "{expression}");
    }
}

#[test]
fn texts_are_put_together_with_an_ampersand() {
    let cases = [
        (r#""t-" & [text]"#, "t-abc"),
        (r#"[text] & "-" & [number] & "-" & [yes]"#, "abc-10-True"),
        ("[nobody] & [empty]", ""),
        (r#"[one] & "!""#, "abc!"),
        (r#"[text] & "d" = "abcd""#, "True"),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluated(expression).unwrap().unwrap().to_string(), expected, "{expression}");
    }
}

#[test]
fn several_values_where_one_is_meant_fail_the_person_and_say_what_to_do() {
    for (expression, subject) in [
        (r#"[many] = "a""#, "a comparison takes one value"),
        (r#""a" < [many]"#, "a comparison takes one value"),
        (r#""a" & [many]"#, "& takes one value"),
        ("CBool([many])", "CBool: 'Expression' takes one value"),
    ] {
        let error = evaluated(expression).unwrap_err();
        assert!(error.starts_with(subject) && error.contains("Item"), "{expression}: {error}");
    }
}

#[test]
fn what_is_ignored_is_ignored_and_not_null_whatever_encloses_it() {
    let object = person(&somebody());
    let settings = Settings::default();
    for ignored in ["IgnoreFlowIfNullOrEmpty([nobody])", "IgnoreFlowIfNullOrEmpty([empty])"] {
        for around in [
            "{}",
            "Not({})",
            "Coalesce({}, 1)",
            "IIF({} = 1, 2, 3)",
            "IIF(1 = {}, 2, 3)",
            "Item([many], {})",
            "1 & {} & 2",
        ] {
            let expression: Expression = around.replace("{}", ignored).parse().unwrap();
            assert_eq!(expression.evaluate(&context(&object, &settings)), Ok(Evaluated::Ignored), "{around}");
        }
    }
}

#[test]
fn an_error_stands_where_it_arose() {
    let object = person(&somebody());
    let settings = Settings::default();
    for (text, place) in [
        (r#"IIF("a"="a", Coalesce([nobody], Error("no")), 1)"#, r#"Error("no")"#),
        ("Not(Item([many], 3))", "3"),
        (r#"Not("a" & [many])"#, "[many]"),
        (r#"Switch([text], 1, [many], 2)"#, "[many]"),
    ] {
        let expression: Expression = text.parse().unwrap();
        let error = expression.evaluate(&context(&object, &settings)).unwrap_err();
        assert_eq!(&text[error.at.clone()], place, "{error}");
    }
}

#[test]
fn a_part_may_pass_on_what_the_source_holds_but_not_make_more_than_a_bound() {
    let large = "x".repeat(LARGEST);
    assert!(bounded(Evaluated::text(large.clone())).is_ok());
    assert!(bounded(Evaluated::text(format!("{large}x"))).is_err());
    assert!(
        bounded(Evaluated::List(vec![Evaluated::text(large.clone()), Evaluated::text("x".to_owned())]))
            .is_err()
    );

    let photo = Value::text(format!("{large}x"));
    let person = [("photo", photo.clone())];
    assert_eq!(evaluate_with("Coalesce([nobody], [photo])", &person), Ok(Some(photo)));
    let error = evaluate_with("Not([nobody] & [photo])", &person).unwrap_err();
    assert!(error.contains("1 MB"), "{error}");
}

/// As many calls as fit into one expression.
fn many(call: &str) -> String {
    format!("Join(\"\", {})", vec![call; 9_900 / (call.len() + 1)].join(","))
}

#[test]
fn large_values_go_through_some_parts_and_not_through_hundreds() {
    let words = Value::List((0..100_000).map(|number| Value::text(number.to_string())).collect());
    let person = [("photo", Value::text("x".repeat(LARGEST))), ("words", words)];
    for call in ["[words]", "Left([photo], 0)", "IsNull(ToUpper([photo]))", "IsNull(Split([photo], \"x\"))"] {
        let error = evaluate_with(&many(call), &person).unwrap_err();
        assert!(error.contains("handles more than 16 MB"), "{call}: {error}");
    }
    let few = format!("Left({}[photo]{}, 2)", "Trim(".repeat(10), ")".repeat(10));
    assert_eq!(evaluate_with(&few, &person), Ok(Some(Value::text("xx"))));
    assert_eq!(evaluate_with("Count([words])", &person), Ok(Some(Value::Integer(100_000))));
}

#[test]
fn what_is_only_chosen_counts_once_however_deep_it_is_chosen() {
    let photo = Value::text("x".repeat(LARGEST));
    let text = format!("{}[photo]{}", "IIF(1=2, 1, ".repeat(100), ")".repeat(100));
    assert_eq!(evaluate_with(&text, &[("photo", photo.clone())]), Ok(Some(photo)));
}

#[test]
fn the_seed_of_chance_shows_nowhere() {
    let object = person(&[]);
    let settings = Settings::default();
    let shown = format!("{:?}", context(&object, &settings));
    assert!(shown.contains("now") && !shown.contains("seed") && !shown.contains("7, 7"), "{shown}");
}

#[test]
fn the_deepest_expression_is_evaluated_and_explained_on_half_of_a_thread_s_stack() {
    let depth = DEEPEST - 2;
    let nested = |open: &str, close: &str| format!("{}[text]{}", open.repeat(depth), close.repeat(depth));
    let texts = [
        nested("Not(", ")"),
        nested("IIF([text]=1,2,", ")"),
        nested("IIF(", ",1,2)"),
        nested("Switch(1,", ",2,3)"),
        nested("Coalesce([x],", ")"),
        nested("(1=", ")"),
        nested("(1&", ")"),
    ];
    let walk = move |expressions: Vec<Expression>| {
        let object = person(&somebody());
        let settings = Settings { strict_entra: true, ..Settings::default() };
        for expression in &expressions {
            let context = context(&object, &settings);
            let (result, trace) = expression.explain(&context);
            assert_eq!(result, expression.evaluate(&context));
            assert_eq!(trace.failed, result.is_err());
        }
    };
    let expressions = texts.iter().map(|text| text.parse().unwrap()).collect();
    std::thread::Builder::new().stack_size(1 << 20).spawn(move || walk(expressions)).unwrap().join().unwrap();
}

#[test]
fn what_is_no_number_is_none() {
    for text in
        ["", "-", ".5", "5.", "1.2.3", "+1", "1e3", "0x1F", "1,000", "--1", "- 1", "٣", "abc", "-.", "1 2"]
    {
        assert_eq!(Decimal::read(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn decimals_are_ordered_as_their_values_are(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, zeros in 0_usize..3) {
        let written = |number: i64| {
            let sign = if number < 0 { "-" } else { "" };
            let number = number.abs();
            format!("{sign}{}{}.{:03}{}", "0".repeat(zeros), number / 1000, number % 1000, "0".repeat(zeros))
        };
        prop_assert_eq!(order(&written(a), &written(b)), a.cmp(&b));
    }

    #[test]
    fn whole_numbers_are_ordered_as_their_values_are(a: i128, b: i128) {
        prop_assert_eq!(order(&a.to_string(), &b.to_string()), a.cmp(&b));
    }

    #[test]
    fn one_of_less_equal_and_greater_holds_for_any_two_texts(a in "[a-c0-2.\\-]{0,4}", b in "[a-c0-2.\\-]{0,4}") {
        let person = [("a", Value::text(&*a)), ("b", Value::text(&*b))];
        let holds = |sign: &str| {
            evaluate_with(&format!("[a] {sign} [b]"), &person) == Ok(Some(Value::Boolean(true)))
        };
        let told = ["<", "=", ">"].map(holds);
        prop_assert_eq!(told.into_iter().filter(|holds| *holds).count(), 1);
        prop_assert_eq!([holds("<="), holds("<>"), holds(">=")], [!told[2], !told[1], !told[0]]);
    }
}

//! What is judged when an expression is saved, beyond its grammar: names, arity, constants, and what it depends on.

use crate::expression::{Expression, ExpressionError, Facts};

fn read(text: &str) -> Result<Expression, ExpressionError> {
    text.parse()
}

/// Checks that each expression is refused at its column, in these words.
fn check(cases: &[(&str, usize, &str)]) {
    for (text, column, words) in cases {
        let error = read(text).expect_err(text);
        assert_eq!(error.column, *column, "{text}: {error}");
        assert!(error.problem.contains(words), "{text}: {error}");
    }
}

#[test]
fn a_function_that_does_not_exist_is_answered_with_the_nearest_one() {
    check(&[
        ("ToLow([a])", 1, "there is no function 'ToLow'; did you mean ToLower?"),
        ("Trim(Apend([a], \"x\"))", 6, "there is no function 'Apend'; did you mean Append?"),
        ("IF([a]=\"x\", 1, 2)", 1, "there is no function 'IF'; did you mean IIF?"),
        ("Jion(\"-\", [a])", 1, "did you mean Join?"),
        (
            "VLookup([a], \"x\")",
            1,
            "there is no function 'VLookup'; `rollcall expr --functions` lists them all",
        ),
    ]);
}

#[test]
fn no_name_is_suggested_that_shares_less_than_half_of_its_letters() {
    let error = read("Foo([a])").unwrap_err();
    assert!(!error.problem.contains("did you mean"), "{error}");
}

#[test]
fn what_a_refusal_repeats_is_shortened() {
    let long = "Joan".repeat(2_000);
    for text in [
        format!("{long}([a])"),
        long.clone(),
        format!("{long}-x"),
        format!("Left([a], \"{long}\")"),
        format!("{long} [a]"),
        format!("Trim([a] {long})"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.problem.len() < 1_000, "{} bytes", error.problem.len());
    }
}

#[test]
fn another_spelling_of_a_names_case_is_understood_with_a_notice() {
    let expression = read("Trim(tolower([a]))").unwrap();
    let notices: Vec<_> = expression.notices().iter().map(ToString::to_string).collect();
    assert_eq!(notices, ["column 6: 'tolower' was taken for ToLower; Entra insists on that spelling"]);
    assert_eq!(read("Trim(ToLower([a]))").unwrap().notices(), []);
}

#[test]
fn a_word_alone_is_shown_as_an_attribute_and_as_a_text() {
    check(&[
        ("mail", 1, "'mail' stands alone; write [mail] for the attribute or \"mail\" for the text"),
        ("Append([a], suffix)", 13, "'suffix' stands alone"),
        ("Append([a], extension_0a_costCenter)", 13, "write [extension_0a_costCenter] for the attribute"),
        ("IIF([a] = staff, 1, 2)", 11, "'staff' stands alone"),
        ("[a] & straße", 7, "'straße' stands alone"),
    ]);
    for constant in ["true", "False", "TRUE"] {
        assert!(read(&format!("Not({constant})")).is_ok(), "{constant}");
    }
}

#[test]
fn arguments_are_counted_and_those_that_are_missing_are_named() {
    check(&[
        ("Left([a])", 1, "Left(String, NumChars) needs its argument 2 'NumChars'"),
        ("Trim(Left(, 2))", 6, "Left(String, NumChars) needs its argument 1 'String'"),
        ("Left([a], 2, 3)", 1, "Left(String, NumChars) takes at most 2 arguments and gets 3"),
        ("Now(1)", 1, "Now() takes at most 0 arguments and gets 1"),
        ("Join()", 1, "needs its argument 1 'separator'"),
        ("Switch([a], \"d\", \"x\", \"y\", \"z\")", 1, "repeats its last 2 arguments together"),
    ]);
    // A comma at the end is no argument.
    for legal in [
        "Left([a], 2, )",
        "ToLower([a], )",
        "Now()",
        "Join(\"-\", [a], [b], [c])",
        "Switch([a], , \"x\", \"y\")",
    ] {
        assert_eq!(read(legal).map(drop), Ok(()), "{legal}");
    }
}

#[test]
fn constants_are_judged_where_they_stand() {
    check(&[
        ("Left([a], \"two\")", 11, "'NumChars' of Left takes a whole number, and 'two' is none"),
        ("Left([a], 1.5)", 11, "'NumChars' of Left takes a whole number, and '1.5' is none"),
        ("Left([a], Now())", 11, "'NumChars' of Left takes a whole number, and Now never gives one"),
        ("InStr([a], \"x\", 1, vbText)", 20, "'compareType' of InStr is one of "),
        ("Left([a], &HFFFFFFFFFFFFFFFF)", 11, "&HFFFFFFFFFFFFFFFF is too large"),
    ]);
    for legal in
        ["Left([a], \"2\")", "Left([a], &H2)", "InStr([a], \"x\", 1, VBTEXTCOMPARE)", "Left([a], [b])"]
    {
        assert_eq!(read(legal).map(drop), Ok(()), "{legal}");
    }
}

#[test]
fn only_the_outermost_function_may_ask_the_target() {
    check(&[("ToLower(SelectUniqueValue([a], [b]))", 9, "can only be the outermost function")]);
    assert!(read("SelectUniqueValue([a], [b])").unwrap().facts().is_unique);
}

#[test]
fn the_first_problem_is_the_one_that_is_told() {
    check(&[(
        "Join(\"-\", Lef([a], 1), mail, Left([b]))",
        11,
        "there is no function 'Lef'; did you mean Left?",
    )]);
}

#[test]
fn an_expression_knows_what_it_depends_on() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let plain = Facts::default;
    let cases = [
        ("\"text\"", plain()),
        ("[b] & Join(\"-\", [a], [b])", Facts { attributes: names(&["a", "b"]), ..plain() }),
        ("Not([IsSoftDeleted])", Facts { reads_soft_deleted: true, ..plain() }),
        ("DateDiff(\"d\", Now(), [d])", Facts { attributes: names(&["d"]), uses_time: true, ..plain() }),
        ("RandomString(8, 1, 1, 1, 1)", Facts { uses_chance: true, ..plain() }),
        (
            "Redact([a]) & [b]",
            Facts { attributes: names(&["a", "b"]), veiled: names(&["a"]), redacts: true, ..plain() },
        ),
    ];
    for (text, facts) in cases {
        assert_eq!(read(text).unwrap().facts(), &facts, "{text}");
    }
}

#[test]
fn every_seed_of_the_fuzzer_can_be_saved() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/seeds");
    let seeds: Vec<_> = std::fs::read_dir(seeds).unwrap().map(|seed| seed.unwrap().path()).collect();
    assert!(seeds.len() > 10);
    for seed in seeds {
        let text = std::fs::read_to_string(&seed).unwrap();
        assert_eq!(read(&text).map(drop), Ok(()), "{}", seed.display());
    }
}

#[test]
fn what_people_write_from_habit_gets_the_cure_that_fits() {
    let cases = [
        ("Join(\"-\", Now, [a])", "write Now() for the function"),
        ("IIF([a] = \"x\", null, [b])", "leave the argument empty"),
        ("ToLowerCase([a])", "did you mean ToLower?"),
        ("IIF([a] = \"x\", IgnoreObjectFlow, [b])", "scoping filter"),
    ];
    for (text, cure) in cases {
        let error = text.parse::<Expression>().unwrap_err().to_string();
        assert!(error.contains(cure), "{text}: {error}");
    }
    for text in
        ["Switch([a], , \"x\", \"y\", \"z\", \"w\", )", "IIF([a] = \"x\", IgnoreAttributeFlow, [b])", "True"]
    {
        text.parse::<Expression>().unwrap();
    }
}

#[test]
fn patterns_that_are_too_much_together_are_refused_and_a_chain_of_usual_ones_is_not() {
    let chain = |pattern: &str, calls: usize| {
        let mut text = "[a]".to_owned();
        for _ in 0..calls {
            text = format!("Replace({text}, , \"{pattern}\", , \"\", , )");
        }
        text.parse::<Expression>()
    };
    let error = chain(r"\\w{300}b", 40).unwrap_err().to_string();
    assert!(error.contains("together") && error.contains("{1,20}"), "{error}");
    chain(r"[()\\s-]+", 100).unwrap();
}

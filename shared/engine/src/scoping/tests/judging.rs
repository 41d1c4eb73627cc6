//! Who is in scope, who is not, and who cannot be judged.

use super::*;

/// Judges a value with one clause: `true`, `false`, or what keeps it from being told.
fn judge(operator: &str, operand: Option<&str>, value: Option<Value>) -> String {
    let scope = only(clause("a", operator, operand));
    told(scope.admits(&person(value.map(|value| ("a", value)))))
}

fn told(outcome: Result<bool, crate::scoping::ScopeError>) -> String {
    outcome.map_or_else(|error| error.to_string(), |admits| admits.to_string())
}

fn check(operator: &str, operand: Option<&str>, cases: impl IntoIterator<Item = (Value, &'static str)>) {
    for (value, expected) in cases {
        let said = judge(operator, operand, Some(value.clone()));
        assert!(said.contains(expected), "{value:?} {operator} {operand:?} is {expected}, not {said}");
    }
}

const SEVERAL: &str = "several values";

#[test]
fn equals_takes_the_same_text_in_the_same_case() {
    check(
        "EQUALS",
        Some("Sales"),
        [
            (text("Sales"), "true"),
            (text("sales"), "false"),
            (text("Sales "), "false"),
            (text("Presales"), "false"),
            (list(["Sales"]), "true"),
            (list(["HR"]), "false"),
            (list(["Sales", "HR"]), SEVERAL),
            (list(["Sales", "Sales"]), SEVERAL),
            (role(), "has parts"),
            (Value::Boolean(true), "false"),
            (Value::Integer(1), "false"),
            // The same letters to the eye, composed and decomposed: other texts to an ordinal comparison.
            (text("Sal\u{e9}s"), "false"),
        ],
    );
    check("EQUALS", Some("é"), [(text("\u{e9}"), "true"), (text("e\u{301}"), "false")]);
}

#[test]
fn not_equals_takes_any_other_value_but_not_its_absence() {
    check(
        "NOT EQUALS",
        Some("Sales"),
        [
            (text("Sales"), "false"),
            (text("sales"), "true"),
            (text("HR"), "true"),
            (list(["Sales"]), "false"),
            (list(["HR"]), "true"),
            (list(["HR", "IT"]), SEVERAL),
            (role(), "has parts"),
            (Value::Boolean(true), "true"),
            (Value::Integer(1), "true"),
        ],
    );
}

#[test]
fn numbers_and_booleans_equal_what_they_are_written_as() {
    check("EQUALS", Some("42"), [(Value::Integer(42), "true"), (text("42"), "true"), (text("042"), "false")]);
    check("EQUALS", Some("042"), [(Value::Integer(42), "false"), (text("042"), "true")]);
    check("EQUALS", Some("-7"), [(Value::Integer(-7), "true"), (Value::Integer(7), "false")]);
    check("EQUALS", Some("True"), [(Value::Boolean(true), "true"), (Value::Boolean(false), "false")]);
    // A text keeps its case; a Boolean has none.
    check(
        "EQUALS",
        Some("true"),
        [(Value::Boolean(true), "true"), (text("True"), "false"), (text("true"), "true")],
    );
    check("NOT EQUALS", Some("true"), [(Value::Boolean(true), "false"), (Value::Boolean(false), "true")]);
    check("EQUALS", Some("1"), [(Value::Boolean(true), "false")]);
}

#[test]
fn is_true_and_is_false_know_booleans_and_the_words_that_sources_use_for_them() {
    let says_true = [
        text("true"),
        text("TRUE"),
        text(" True "),
        text("1"),
        text("yes"),
        text("Y"),
        text("Active"),
        text("enabled"),
    ];
    let says_false =
        [text("false"), text("False"), text("0"), text("No"), text("n"), text("INACTIVE"), text("disabled")];
    let neither =
        [text("maybe"), text("2"), text("truest"), text(" "), Value::Integer(2), Value::Integer(-1)];
    let truths = says_true.into_iter().chain([Value::Boolean(true), Value::Integer(1), list(["true"])]);
    let lies = says_false.into_iter().chain([Value::Boolean(false), Value::Integer(0), list(["False"])]);
    let cases = truths.map(|value| (value, "true", "false"));
    let cases = cases.chain(lies.map(|value| (value, "false", "true")));
    let cases = cases.chain(neither.map(|value| (value, "false", "false")));
    for (value, is_true, is_false) in cases {
        check("IS TRUE", None, [(value.clone(), is_true)]);
        check("IS FALSE", None, [(value, is_false)]);
    }
    for operator in ["IS TRUE", "IS FALSE"] {
        check(operator, None, [(list(["true", "false"]), SEVERAL), (role(), "has parts")]);
    }
}

#[test]
fn is_null_takes_absence_and_the_empty_text_and_nothing_else() {
    let nothing = [text(""), list([]), list([""]), secret("")];
    let something = [
        text("x"),
        text(" "),
        text("null"),
        Value::Boolean(false),
        Value::Integer(0),
        list(["x"]),
        list(["x", "y"]),
        list(["", ""]),
        role(),
        secret("x"),
    ];
    for value in nothing {
        check("IS NULL", None, [(value.clone(), "true")]);
        check("IS NOT NULL", None, [(value, "false")]);
    }
    for value in something {
        check("IS NULL", None, [(value.clone(), "false")]);
        check("IS NOT NULL", None, [(value, "true")]);
    }
    assert_eq!(judge("IS NULL", None, None), "true");
    assert_eq!(judge("IS NOT NULL", None, None), "false");
}

#[test]
fn without_a_value_nothing_holds_but_is_null() {
    for operator in Operator::all() {
        let operand = match operator {
            Operator::IsTrue | Operator::IsFalse | Operator::IsNull | Operator::IsNotNull => None,
            Operator::GreaterThan | Operator::GreaterThanOrEquals => Some("-1"),
            _ => Some("x"),
        };
        for value in [None, Some(text("")), Some(list([])), Some(list([""])), Some(secret(""))] {
            let expected = (*operator == Operator::IsNull).to_string();
            assert_eq!(judge(operator.name(), operand, value.clone()), expected, "{value:?} {operator}");
        }
    }
}

#[test]
fn a_pattern_is_met_by_the_whole_value_unless_it_may_be_found_anywhere() {
    check(
        "REGEX MATCH",
        Some("(1[0-9][0-9][0-9][0-9][0-9][0-9])"),
        [
            (text("1234567"), "true"),
            (Value::Integer(1_234_567), "true"),
            (text("2234567"), "false"),
            (text("12345678"), "false"),
            (text("x1234567"), "false"),
            (text("1234567\n"), "false"),
            (list(["1234567"]), "true"),
            (list(["1234567", "x"]), SEVERAL),
            (role(), "has parts"),
        ],
    );
    check(
        "REGEX MATCH",
        Some(r".*\@tessera.example"),
        [(text("ada@tessera.example"), "true"), (text("ada@tessera.example.org"), "false")],
    );
    // An alternative is as whole as the others.
    check(
        "REGEX MATCH",
        Some("FR|DE"),
        [(text("FR"), "true"), (text("DE"), "true"), (text("DEU"), "false"), (text("XFR"), "false")],
    );
    check("REGEX MATCH", Some("sales"), [(text("Sales"), "false"), (text("sales"), "true")]);
    check("REGEX MATCH", Some("(?i)sales"), [(text("SALES"), "true")]);
    check("REGEX MATCH", Some("True|False"), [(Value::Boolean(true), "true")]);
    check(
        "NOT REGEX MATCH",
        Some("[A-Z]+"),
        [
            (text("ABC"), "false"),
            (text("abc"), "true"),
            (list(["ABC"]), "false"),
            (list(["a", "b"]), SEVERAL),
        ],
    );

    let anywhere = |operator| Clause {
        matches: Some(PatternReading::Search),
        ..clause("a", operator, Some("[0-9]{2}"))
    };
    for (operator, value, expected) in [
        ("REGEX MATCH", "room 42b", true),
        ("REGEX MATCH", "room 4", false),
        ("NOT REGEX MATCH", "room 42b", false),
        ("NOT REGEX MATCH", "room 4", true),
    ] {
        assert_eq!(
            only(anywhere(operator)).admits(&person([("a", text(value))])),
            Ok(expected),
            "{operator} '{value}'"
        );
    }
    let whole =
        Clause { matches: Some(PatternReading::Whole), ..clause("a", "REGEX MATCH", Some("[0-9]{2}")) };
    assert_eq!(only(whole).admits(&person([("a", text("room 42b"))])), Ok(false));
}

#[test]
fn numbers_are_compared_as_numbers() {
    check(
        "Greater_Than",
        Some("9"),
        [
            (Value::Integer(10), "true"),
            (Value::Integer(9), "false"),
            (Value::Integer(i64::MIN), "false"),
            (text("10"), "true"),
            (text(" 010 "), "true"),
            (text("9"), "false"),
            (text("99999999999999999999"), "true"),
            (list(["10"]), "true"),
            (list(["10", "11"]), SEVERAL),
            (role(), "has parts"),
            // No whole numbers: documented to fail.
            (text("10.5"), "false"),
            (text("1e3"), "false"),
            (text("ten"), "false"),
            (text("١٢٣"), "false"),
            (Value::Boolean(true), "false"),
        ],
    );
    check(
        "Greater_Than_OR_EQUALS",
        Some(" 2000000 "),
        [(Value::Integer(2_000_000), "true"), (text("1999999"), "false")],
    );
    check("Greater_Than", Some("-2"), [(Value::Integer(-1), "true"), (text("-2"), "false")]);
    check("Greater_Than", Some("99999999999999999999"), [(Value::Integer(i64::MAX), "false")]);
}

#[test]
fn parts_of_texts_are_found_in_one_direction_or_the_other() {
    check(
        "Includes",
        Some("ale"),
        [
            (text("Sales"), "true"),
            (text("ale"), "true"),
            (text("SALES"), "false"),
            (text("al"), "false"),
            (list(["Sales"]), "true"),
            (list(["Sales", "x"]), SEVERAL),
            (Value::Boolean(true), "false"),
        ],
    );
    check("Includes", Some("23"), [(Value::Integer(1234), "true"), (Value::Integer(1243), "false")]);
    check(
        "ENDS_WITH",
        Some("les"),
        [
            (text("Sales"), "true"),
            (text("SALES"), "false"),
            (text("lesson"), "false"),
            (list(["Sales"]), "true"),
            (list(["les", "les"]), SEVERAL),
        ],
    );
    check("ENDS_WITH", Some("ue"), [(Value::Boolean(true), "true")]);
    check(
        "&",
        Some("FR;DE"),
        [
            (text("FR"), "true"),
            (text("DE"), "true"),
            (text("R;D"), "true"),
            (text("fr"), "false"),
            (text("FR;DE;IT"), "false"),
            (list(["DE"]), "true"),
            (list(["FR", "DE"]), SEVERAL),
            (role(), "has parts"),
        ],
    );
    check(
        "!&",
        Some("FR;DE"),
        [(text("FR"), "false"), (text("IT"), "true"), (text("fr"), "true"), (list(["FR", "IT"]), SEVERAL)],
    );
    // Text, not bits: 4 & 6 would be a set bit.
    check("&", Some("6"), [(Value::Integer(4), "false"), (Value::Integer(6), "true")]);
}

#[test]
fn a_secret_is_compared_by_its_text_and_cannot_be_judged_once_that_is_gone() {
    check("EQUALS", Some("1815"), [(secret("1815"), "true"), (secret("1852"), "false")]);
    for operator in Operator::all() {
        let operand = match operator {
            Operator::IsTrue | Operator::IsFalse | Operator::IsNull | Operator::IsNotNull => None,
            _ => Some("1"),
        };
        check(
            operator.name(),
            operand,
            [(forgotten("1"), "no longer known"), (Value::List(vec![forgotten("1")]), "no longer known")],
        );
    }
}

#[test]
fn a_pattern_that_runs_away_is_an_error_and_removes_nobody() {
    let scope = |operator| only(clause("a", operator, Some(r"(?:(\w+)\1?)+\1!")));
    let cases =
        [("a".repeat(200), "too many steps"), ("a".repeat(2_001), "longer than patterns are searched in")];
    for (value, problem) in cases {
        for operator in ["REGEX MATCH", "NOT REGEX MATCH"] {
            let error = scope(operator).admits(&person([("a", text(&value))])).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains(operator) && !error.contains("aaa"), "{error}");
        }
    }
}

#[test]
fn every_person_has_an_id_and_is_switched_on_or_off() {
    let on = person([]);
    let off = SourceObject { enabled: false, ..person([]) };
    let own = person([("accountEnabled", text("no")), ("objectId", text("own"))]);
    for (clause, expected) in [
        (clause("objectId", "EQUALS", Some("E1")), [true, true, false]),
        (clause("objectId", "IS NOT NULL", None), [true, true, true]),
        (clause("accountEnabled", "IS TRUE", None), [true, false, false]),
        (clause("accountEnabled", "IS FALSE", None), [false, true, true]),
        (clause("accountEnabled", "EQUALS", Some("True")), [true, false, false]),
        // Names of attributes are the source's own, in its case.
        (clause("objectid", "IS NULL", None), [true, true, true]),
    ] {
        let scope = only(clause.clone());
        assert_eq!([&on, &off, &own].map(|object| scope.admits(object).unwrap()), expected, "{clause}");
    }
}

#[test]
fn clauses_are_joined_by_and_groups_by_or() {
    let scope = filter([
        group([clause("country", "EQUALS", Some("FR")), clause("employeeId", "IS NOT NULL", None)]),
        group([clause("employeeType", "EQUALS", Some("Contractor"))]),
    ]);
    let scope = scope.check().unwrap();
    for (person, expected) in [
        (person([("country", text("FR")), ("employeeId", text("7"))]), true),
        (person([("country", text("FR"))]), false),
        (person([("employeeId", text("7"))]), false),
        (person([("country", text("DE")), ("employeeType", text("Contractor"))]), true),
        (person([]), false),
    ] {
        assert_eq!(scope.admits(&person), Ok(expected), "{:?}", person.attributes);
    }
}

#[test]
fn everyone_but_sales_needs_a_second_group_for_people_without_a_department() {
    let others = group([clause("department", "NOT EQUALS", Some("Sales"))]);
    let nobodys = group([clause("department", "IS NULL", None)]);
    let (sales, hr, none) =
        (person([("department", text("Sales"))]), person([("department", text("HR"))]), person([]));
    let alone = filter([others.clone()]).check().unwrap();
    assert_eq!([&sales, &hr, &none].map(|person| alone.admits(person).unwrap()), [false, true, false]);
    let both = filter([others, nobodys]).check().unwrap();
    assert_eq!([&sales, &hr, &none].map(|person| both.admits(person).unwrap()), [false, true, true]);
}

#[test]
fn ids_of_two_million_and_above() {
    check(
        "Greater_Than_OR_EQUALS",
        Some("2000000"),
        [
            (text("2000000"), "true"),
            (text("1999999"), "false"),
            (text("999"), "false"),
            (Value::Integer(2_000_001), "true"),
        ],
    );
}

#[test]
fn without_a_scope_everyone_is_in_it() {
    assert_eq!(Scope::default().check().unwrap().admits(&person([])), Ok(true));
}

fn assigned() -> Assignment {
    Assignment {
        users: vec!["E1".into()],
        groups: vec!["Finance".into(), "7".into()],
        member_of: Some("groups".into()),
    }
}

#[test]
fn assigned_are_those_listed_and_direct_members_of_listed_groups() {
    let scope = Scope { assigned: Some(assigned()), ..Scope::default() }.check().unwrap();
    let with = |id: &str, groups: Option<Value>| SourceObject {
        id: SourceId::new(id),
        ..person(groups.map(|groups| ("groups", groups)))
    };
    for (object, expected) in [
        (with("E1", None), "true"),
        (with("e1", None), "false"),
        (with("E2", None), "false"),
        (with("E2", Some(text("Finance"))), "true"),
        (with("E2", Some(list(["IT", "Finance"]))), "true"),
        (with("E2", Some(list(["finance", "Finance Team"]))), "false"),
        (with("E2", Some(list([]))), "false"),
        (with("E2", Some(Value::Integer(7))), "true"),
        (with("E2", Some(secret("Finance"))), "true"),
        // What cannot be compared matters only when nothing else assigns.
        (with("E2", Some(forgotten("Finance"))), "no longer known"),
        (with("E2", Some(Value::List(vec![role(), text("IT")]))), "has parts"),
        (with("E2", Some(Value::List(vec![role(), text("Finance")]))), "true"),
        (with("E1", Some(role())), "true"),
    ] {
        let said = told(scope.admits(&object));
        assert!(said.contains(expected), "{object:?}: {said}");
    }
}

#[test]
fn whoever_is_assigned_must_pass_the_filter_too() {
    let filter = vec![group([clause("country", "EQUALS", Some("FR"))])];
    let scope = Scope { assigned: Some(assigned()), filter, ..Scope::default() }.check().unwrap();
    let (in_france, elsewhere) = (person([("country", text("FR"))]), person([("country", text("DE"))]));
    let unassigned = SourceObject { id: SourceId::new("E2"), ..in_france.clone() };
    assert_eq!(
        [in_france, elsewhere, unassigned].map(|object| scope.admits(&object).unwrap()),
        [true, false, false]
    );
}

#[test]
fn what_cannot_be_told_of_one_clause_matters_only_when_it_decides() {
    let yes = || clause("yes", "EQUALS", Some("y"));
    let no = || clause("yes", "NOT EQUALS", Some("y"));
    let unclear = || clause("many", "EQUALS", Some("x"));
    let object = person([("yes", text("y")), ("many", list(["x", "y"]))]);
    let cases = [
        (vec![group([unclear()])], None),
        (vec![group([yes(), unclear()])], None),
        (vec![group([unclear(), no()])], Some(false)),
        (vec![group([no(), unclear()])], Some(false)),
        (vec![group([unclear()]), group([yes()])], Some(true)),
        (vec![group([yes()]), group([unclear()])], Some(true)),
        (vec![group([unclear()]), group([no()])], None),
        (vec![group([no(), unclear()]), group([no()])], Some(false)),
    ];
    for (groups, expected) in cases {
        assert_eq!(filter(groups.clone()).check().unwrap().admits(&object).ok(), expected, "{groups:?}");
    }
    let nobody = Assignment { users: vec!["E2".into()], ..Assignment::default() };
    let scope = Scope { assigned: Some(nobody), filter: vec![group([unclear()])], ..Scope::default() };
    assert_eq!(scope.check().unwrap().admits(&object), Ok(false), "not assigned, whatever the filter says");
}

//! What a scope tells of its judgement, and what it notices about itself.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn french() -> FilterGroup {
    FilterGroup {
        name: Some("French staff".into()),
        clauses: vec![clause("country", "EQUALS", Some("FR")), clause("employeeId", "IS NOT NULL", None)],
    }
}

fn contractors() -> FilterGroup {
    group([clause("employeeType", "EQUALS", Some("Contractor"))])
}

#[test]
fn every_clause_is_told_although_the_first_decides() {
    let scope = filter([french(), contractors()]).check().unwrap();
    let (outcome, trace) =
        scope.explain(&person([("country", text("DE")), ("employeeId", Value::Integer(7))]));
    assert_eq!(outcome, Ok(false));
    assert_eq!(
        serde_json::to_value(&trace).unwrap(),
        json!({
            "holds": false,
            "groups": [
                {
                    "name": "French staff",
                    "holds": false,
                    "clauses": [
                        { "clause": "country EQUALS 'FR'", "value": "\"DE\"", "holds": false },
                        { "clause": "employeeId IS NOT NULL", "value": "7", "holds": true },
                    ],
                },
                {
                    "name": "Group 2",
                    "holds": false,
                    "clauses": [{ "clause": "employeeType EQUALS 'Contractor'", "value": "null", "holds": false }],
                },
            ],
        })
    );
    assert_eq!(
        trace.to_string(),
        "in scope = False (French staff: country EQUALS 'FR' = False for \"DE\"; French staff: employeeId IS NOT NULL = True for 7; Group 2: employeeType EQUALS 'Contractor' = False for null)"
    );
}

#[test]
fn the_log_has_the_vendors_flags_and_each_clause_under_its_title() {
    let scope = filter([french(), contractors()]).check().unwrap();
    let details = scope.explain(&person([("country", text("FR")), ("employeeId", text("7"))])).1.details();
    let expected = [
        ("French staff.country EQUALS 'FR'", "True"),
        ("French staff.employeeId IS NOT NULL", "True"),
        ("Group 2.employeeType EQUALS 'Contractor'", "False"),
        ("Scope sync all", "True"),
        ("Scoping filter evaluation passed", "True"),
    ];
    assert_eq!(details, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
}

#[test]
fn an_assignment_is_told_in_words() {
    let assigned = Assignment {
        users: vec!["E1".into()],
        groups: vec!["Finance".into()],
        member_of: Some("groups".into()),
    };
    let scope = Scope { assigned: Some(assigned), ..Scope::default() }.check().unwrap();
    let other = |groups: Value| SourceObject { id: SourceId::new("E2"), ..person([("groups", groups)]) };
    let cases = [
        (person([]), "True", "assigned directly"),
        (other(list(["IT", "Finance"])), "True", "member of 'Finance'"),
        (other(secret("Finance")), "True", "member of an assigned group"),
        (other(list(["IT"])), "False", "neither assigned nor a member of an assigned group"),
        (other(forgotten("IT")), "Unknown", "was redacted and is no longer known"),
    ];
    for (object, holds, reason) in cases {
        let (outcome, trace) = scope.explain(&object);
        assert_eq!(outcome, scope.admits(&object));
        let line = trace.to_string();
        assert!(line.contains(&format!("assigned = {holds}, ")) && line.contains(reason), "{line}");
        let details = trace.details();
        assert_eq!(details["Assigned to the application"], holds);
        assert!(
            details["Assignment"].contains(reason) && !details.contains_key("Scope sync all"),
            "{details:?}"
        );
    }
}

#[test]
fn what_cannot_be_told_and_what_may_surprise_carries_a_note() {
    let cases = [
        (
            clause("a", "EQUALS", Some("x")),
            list(["x", "y"]),
            "Unknown for [x, y], the attribute has several values",
        ),
        (
            clause("a", "Greater_Than", Some("1")),
            text("two"),
            "False for \"two\", the value is no whole number",
        ),
        (
            clause("a", "IS TRUE", None),
            text("maybe"),
            "False for \"maybe\", the value is neither true nor false",
        ),
        (
            clause("a", "IS FALSE", None),
            Value::Integer(3),
            "False for 3, the value is neither true nor false",
        ),
        (clause("a", "EQUALS", Some("x")), role(), "Unknown for value=Admin, the value has parts"),
    ];
    for (clause, value, said) in cases {
        let (outcome, trace) = only(clause).explain(&person([("a", value)]));
        let line = trace.to_string();
        assert!(line.contains(said), "{line}");
        assert_eq!(trace.holds, outcome.ok());
    }
    let null = only(clause("a", "Greater_Than", Some("1"))).explain(&person([])).1.to_string();
    assert_eq!(null, "in scope = False (Group 1: a Greater_Than '1' = False for null)");
}

#[test]
fn values_are_shown_in_short_on_one_line_and_as_their_type() {
    let long = format!("two\nlines {}", "x".repeat(200));
    let shown = format!("\"two lines {}…\"", "x".repeat(110));
    let cases = [
        (Some(text("Sales")), "\"Sales\""),
        (Some(text("")), "\"\""),
        (Some(text(&long)), &shown),
        (Some(Value::Boolean(false)), "False"),
        (Some(Value::Integer(7)), "7"),
        (Some(list([])), "[]"),
        (Some(list(["a"])), "[a]"),
        (None, "null"),
    ];
    for (value, expected) in cases {
        let (_, trace) =
            only(clause("a", "IS NOT NULL", None)).explain(&person(value.map(|value| ("a", value))));
        assert_eq!(trace.groups[0].clauses[0].value, expected);
    }
    for (attribute, expected) in [("objectId", "\"E1\""), ("accountEnabled", "True")] {
        let (_, trace) = only(clause(attribute, "IS NOT NULL", None)).explain(&person([]));
        assert_eq!(trace.groups[0].clauses[0].value, expected);
    }
}

#[test]
fn a_secret_is_judged_by_its_text_and_shows_nowhere() {
    for value in [secret("hunter2"), Value::List(vec![secret("hunter2"), text("y")]), forgotten("hunter2")] {
        let scope = only(clause("a", "ENDS_WITH", Some("2")));
        let (outcome, trace) = scope.explain(&person([("a", value)]));
        let everything = format!("{outcome:?} {trace:?} {trace} {:?}", trace.details());
        assert!(
            !everything.contains("hunter2") && trace.groups[0].clauses[0].value == "[Redact]",
            "{everything}"
        );
    }
}

#[test]
fn attributes_that_a_mapping_redacts_show_nowhere() {
    let assigned = Assignment {
        groups: vec!["Finance".into()],
        member_of: Some("groups".into()),
        ..Assignment::default()
    };
    let scope =
        Scope { assigned: Some(assigned), ..filter([group([clause("born", "Includes", Some("18"))])]) };
    let veiled = BTreeSet::from(["born".to_owned(), "groups".to_owned()]);
    let scope = scope.check().unwrap().veiling(&veiled);
    let (outcome, trace) =
        scope.explain(&person([("born", text("1815-12-10")), ("groups", text("Finance"))]));
    assert_eq!(outcome, Ok(true));
    assert_eq!(
        trace.to_string(),
        "in scope = True (assigned = True, member of an assigned group; Group 1: born Includes '18' = True for [Redact])"
    );
}

#[test]
fn the_reading_of_a_pattern_shows() {
    let search = Clause { matches: Some(PatternReading::Search), ..clause("a", "REGEX MATCH", Some("x")) };
    let whole = Clause { matches: Some(PatternReading::Whole), ..search.clone() };
    assert_eq!(search.to_string(), "a REGEX MATCH 'x' (some part)");
    assert_eq!(whole.to_string(), "a REGEX MATCH 'x'");
}

#[test]
fn many_clauses_are_told_in_part_and_the_rest_counted() {
    let clauses: Vec<_> = (0..23).map(|number| clause(&format!("a{number:02}"), "IS NULL", None)).collect();
    let (_, trace) = filter([group(clauses)]).check().unwrap().explain(&person([]));
    let details = trace.details();
    assert_eq!(details.keys().filter(|key| key.starts_with("Group 1.")).count(), 20);
    assert_eq!(details["Further clauses"], "3");
    assert!(
        trace.to_string().ends_with("Group 1: a19 IS NULL = True for null; 3 further clauses)"),
        "{trace}"
    );
}

#[test]
fn an_error_names_the_clause_and_the_cure_but_no_value() {
    let scope = only(clause("proxyAddresses", "EQUALS", Some("x")));
    let error = scope.admits(&person([("proxyAddresses", list(["private@x", "secret@y"]))])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "whether the person is in scope cannot be told; proxyAddresses EQUALS 'x': the attribute has several values and a clause compares one; take an attribute with a single value, or, when it lists groups, name it in assigned.memberOf"
    );
}

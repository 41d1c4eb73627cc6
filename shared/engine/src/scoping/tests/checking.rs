//! What a scope is refused for, with place and cure.

use super::*;
use serde_json::json;

fn problems(scope: &Scope) -> Vec<String> {
    scope.check().unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_problem_of_a_clause_is_named_with_its_place_and_cure() {
    let search =
        |operator, value| Clause { matches: Some(PatternReading::Search), ..clause("a", operator, value) };
    let long = "x".repeat(4_001);
    let long_pattern = &long[..1_001];
    let longer = "9".repeat(39);
    let cases = [
        (clause("a", "IS NULL", Some("x")), "value", "IS NULL compares with nothing; remove the value"),
        (clause("a", "IS TRUE", Some("")), "value", "remove the value"),
        (clause("a", "EQUALS", None), "value", "EQUALS needs something to compare with"),
        (clause("a", "!&", None), "value", "!& needs something to compare with"),
        (clause("a", "NOT EQUALS", Some("")), "value", "use IS NULL or IS NOT NULL"),
        (clause("a", "REGEX MATCH", Some("")), "value", "use IS NULL or IS NOT NULL"),
        (
            clause("a", "Greater_Than", Some("ten")),
            "value",
            "'ten' is no whole number, and Greater_Than compares",
        ),
        (clause("a", "Greater_Than_OR_EQUALS", Some("2.5")), "value", "write digits"),
        (clause("a", "Greater_Than", Some(&longer)), "value", "is no whole number"),
        (clause("a", "REGEX MATCH", Some("x(")), "value", "(character 2 of the pattern)"),
        (clause("a", "NOT REGEX MATCH", Some("[z-a]")), "value", "of the pattern)"),
        (clause("a", "REGEX MATCH", Some(long_pattern)), "value", "more than 1000"),
        (clause("a", "EQUALS", Some(&long)), "value", "longer than 4000 characters"),
        (search("EQUALS", Some("x")), "matches", "remove it, EQUALS has one reading only"),
        (search("IS NULL", None), "matches", "belongs to REGEX MATCH"),
        (clause("", "IS NULL", None), "attribute", "is empty"),
        (clause("  ", "IS NULL", None), "attribute", "is empty"),
        (clause("dept ", "IS NULL", None), "attribute", "'dept ' has white space"),
        (clause("[dept]", "IS NULL", None), "attribute", "write dept without brackets"),
        (clause("isSoftDeleted", "IS FALSE", None), "attribute", "write accountEnabled with IS TRUE"),
        (clause(&long, "IS NULL", None), "attribute", "longer than 256 characters"),
    ];
    for (wrong, field, cure) in cases {
        let scope = filter([group([clause("fine", "IS NULL", None), wrong.clone()])]);
        let found = problems(&scope);
        let place = format!("scope.filter[0].clauses[1].{field}: ");
        assert!(
            found.len() == 1 && found[0].starts_with(&place) && found[0].contains(cure),
            "{wrong:?}: {found:?}"
        );
    }
}

#[test]
fn all_problems_are_found_at_once() {
    let wrong = Clause { matches: Some(PatternReading::Whole), ..clause("[a]", "IS NULL", Some("x")) };
    let scope = Scope {
        assigned: Some(Assignment::default()),
        ..filter([group([wrong]), group([clause("b", "EQUALS", None)])])
    };
    let found = problems(&scope);
    let places: Vec<_> = found.iter().filter_map(|problem| Some(problem.split_once(": ")?.0)).collect();
    assert_eq!(
        places,
        [
            "scope.assigned",
            "scope.filter[0].clauses[0].attribute",
            "scope.filter[0].clauses[0].matches",
            "scope.filter[0].clauses[0].value",
            "scope.filter[1].clauses[0].value",
        ]
    );
}

#[test]
fn every_problem_of_groups_is_named_with_its_place_and_cure() {
    let fine = |name: &str| group([clause(name, "IS NULL", None)]);
    let named = |name: &str, attribute: &str| FilterGroup { name: Some(name.into()), ..fine(attribute) };
    let many: Vec<_> = (0..201).map(|number| fine(&format!("a{number}"))).collect();
    let wide: Vec<_> = (0..201).map(|number| clause(&format!("a{number}"), "IS NULL", None)).collect();
    let cases = [
        (vec![fine("a"), group([])], "scope.filter[1].clauses", "would take everyone"),
        (
            vec![group([clause("a", "IS NULL", None), clause("a", "IS NULL", None)])],
            "scope.filter[0].clauses[1]",
            "same as scope.filter[0].clauses[0]",
        ),
        (vec![fine("a"), fine("a")], "scope.filter[1]", "the clauses of scope.filter[0]"),
        (vec![named("French", "a"), named("French", "b")], "scope.filter[1].name", "called 'French' too"),
        (vec![named("Group 2", "a"), fine("b")], "scope.filter[1].name", "called 'Group 2' too"),
        (vec![named(" ", "a")], "scope.filter[0].name", "is empty"),
        (vec![named(&"x".repeat(257), "a")], "scope.filter[0].name", "longer than 256"),
        (many, "scope.filter", "has 201 clauses, and at most 200"),
        (vec![group(wide)], "scope.filter", "has 201 clauses, and at most 200"),
    ];
    for (groups, place, cure) in cases {
        let found = problems(&filter(groups));
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("{place}: ")) && found[0].contains(cure),
            "{found:?}"
        );
    }
}

#[test]
fn every_problem_of_an_assignment_is_named_with_its_place_and_cure() {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let assigned = |users: &[&str], groups: &[&str], member_of: Option<&str>| Assignment {
        users: ids(users),
        groups: ids(groups),
        member_of: member_of.map(str::to_owned),
    };
    let crowd =
        Assignment { users: (0..5_001).map(|number| number.to_string()).collect(), ..Assignment::default() };
    let cases = [
        (assigned(&[], &[], None), "scope.assigned", "nobody would be provisioned"),
        (assigned(&[], &["Finance"], None), "scope.assigned.memberOf", "name the source attribute"),
        (
            assigned(&[], &["Finance"], Some("IsSoftDeleted")),
            "scope.assigned.memberOf",
            "known only once the scope is decided",
        ),
        (assigned(&["E1"], &[], Some(" ")), "scope.assigned.memberOf", "is empty"),
        (
            assigned(&["E1", "E2", "E1"], &[], None),
            "scope.assigned.users[2]",
            "scope.assigned.users[0] already",
        ),
        (assigned(&["E1", ""], &[], None), "scope.assigned.users[1]", "is empty"),
        (assigned(&[], &[" Finance"], Some("groups")), "scope.assigned.groups[0]", "white space"),
        (assigned(&[&"x".repeat(1_025)], &[], None), "scope.assigned.users[0]", "longer than 1024"),
        (crowd, "scope.assigned.users", "lists 5001, and at most 5000"),
    ];
    for (assigned, place, cure) in cases {
        let found = problems(&Scope { assigned: Some(assigned), ..Scope::default() });
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("{place}: ")) && found[0].contains(cure),
            "{found:?}"
        );
    }
}

#[test]
fn a_sound_scope_knows_what_it_reads() {
    let scope = Scope {
        assigned: Some(Assignment {
            groups: vec!["Finance".into()],
            member_of: Some("groups".into()),
            ..Assignment::default()
        }),
        skip_out_of_scope_deletions: true,
        ..filter([
            group([clause("country", "EQUALS", Some("FR")), clause("country", "NOT EQUALS", Some("DE"))]),
            group([clause("accountEnabled", "IS TRUE", None)]),
        ])
    };
    let scope = scope.check().unwrap();
    assert_eq!(scope.attributes().iter().collect::<Vec<_>>(), ["accountEnabled", "country", "groups"]);
    assert!(scope.skips_out_of_scope_deletions());
}

#[test]
fn attributes_that_the_vendor_cannot_filter_by_pass_when_the_source_has_them() {
    for attribute in ["manager", "userType", "members", "appRoleAssignments", "StatusHireDate", "IsMemberOf"]
    {
        let scope = only(clause(attribute, "EQUALS", Some("x")));
        let object = SourceObject { attributes: [(attribute.to_owned(), text("x"))].into(), ..person([]) };
        assert_eq!(scope.admits(&object), Ok(true), "{attribute}");
    }
}

#[test]
fn a_scope_is_written_as_it_was_read() {
    let written = json!({
        "assigned": { "users": ["E1"], "groups": ["Finance"], "memberOf": "groups" },
        "filter": [{
            "name": "French staff",
            "clauses": [
                { "attribute": "country", "operator": "EQUALS", "value": "FR" },
                { "attribute": "employeeId", "operator": "IS NOT NULL" },
                { "attribute": "title", "operator": "REGEX MATCH", "value": "[A-Z]", "matches": "search" },
            ],
        }],
        "skipOutOfScopeDeletions": true,
    });
    let scope: Scope = serde_json::from_value(written.clone()).unwrap();
    assert!(scope.check().is_ok());
    assert_eq!(serde_json::to_value(scope).unwrap(), written);
}

#[test]
fn a_pattern_of_two_meanings_is_noticed_until_one_is_chosen() {
    let pattern = |operator, value, matches| Clause { matches, ..clause("a", operator, Some(value)) };
    let cases = [
        (pattern("REGEX MATCH", "[0-9]{2}", None), true),
        (pattern("NOT REGEX MATCH", "[0-9]{2}", None), true),
        (pattern("REGEX MATCH", "[0-9]{2}", Some(PatternReading::Whole)), false),
        (pattern("REGEX MATCH", "[0-9]{2}", Some(PatternReading::Search)), false),
        (pattern("REGEX MATCH", "^[0-9]{2}$", None), false),
        (pattern("EQUALS", "[0-9]{2}", None), false),
    ];
    for (two, noticed) in cases {
        let scope = filter([group([clause("b", "IS NULL", None), two.clone()])]);
        assert!(scope.check().is_ok());
        let notices: Vec<_> = scope.notices().iter().map(ToString::to_string).collect();
        let place = "scope.filter[0].clauses[1].matches: the whole value has to meet the pattern, and ";
        assert_eq!(notices.iter().any(|notice| notice.starts_with(place)), noticed, "{two}: {notices:?}");
    }
}

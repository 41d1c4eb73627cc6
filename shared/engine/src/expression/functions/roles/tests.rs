//! Each function of roles by a table of cases.

use crate::expression::Expression;
use crate::expression::functions::testing::evaluate_with;
use crate::model::{Attributes, Value};

fn role(value: &str, name: &str) -> Value {
    Value::Complex(Attributes::from([
        ("id".into(), Value::text("06b07648-ecfe-589f-9d2f-6325724a46ee")),
        ("value".into(), Value::text(value)),
        ("displayName".into(), Value::text(name)),
    ]))
}

fn scim(value: &str, display: &str) -> Value {
    Value::Complex(Attributes::from([
        ("primary".into(), Value::Boolean(false)),
        ("type".into(), Value::text("WindowsAzureActiveDirectoryRole")),
        ("display".into(), Value::text(display)),
        ("value".into(), Value::text(value)),
    ]))
}

fn evaluated(function: &str, assigned: Option<Value>) -> Result<Option<Value>, String> {
    let person: Vec<_> = assigned.into_iter().map(|assigned| ("appRoleAssignments", assigned)).collect();
    evaluate_with(&format!("{function}([appRoleAssignments])"), &person)
}

const JSON: &str = r#"{"id":"06b07648","value":"admin","displayName":"Administrator"}"#;

#[test]
fn the_only_role_is_given_by_its_name() {
    let cases = [
        (None, None),
        (Some(Value::List(vec![])), None),
        (Some(Value::text("")), None),
        (Some(Value::List(vec![role("admin", "Administrator")])), Some("Administrator")),
        (Some(role("admin", "Administrator")), Some("Administrator")),
        (Some(role("", "Default Access")), Some("Default Access")),
        (Some(role("admin", "")), Some("admin")),
        (Some(Value::text("Editor")), Some("Editor")),
        (Some(Value::text(JSON)), Some("Administrator")),
        // Assigned directly and through a group.
        (
            Some(Value::List(vec![role("admin", "Administrator"), role("admin", "Administrator")])),
            Some("Administrator"),
        ),
    ];
    for (assigned, expected) in cases {
        let told = evaluated("SingleAppRoleAssignment", assigned.clone());
        assert_eq!(told, Ok(expected.map(Value::text)), "{assigned:?}");
    }
}

#[test]
fn several_roles_where_one_is_wanted_fail_the_person_and_are_counted() {
    let assigned = Value::List(vec![role("a", "A"), role("b", "B"), role("c", "C")]);
    let error = evaluated("SingleAppRoleAssignment", Some(assigned)).unwrap_err();
    assert!(error.contains("there are 3"), "{error}");
}

#[test]
fn all_roles_become_scim_roles_in_order_each_once() {
    let assigned = Value::List(vec![
        role("admin", "Administrator"),
        Value::text("Editor"),
        Value::text(JSON),
        role("user", "User"),
    ]);
    let expected =
        Value::List(vec![scim("admin", "Administrator"), scim("Editor", "Editor"), scim("user", "User")]);
    for function in ["AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"] {
        assert_eq!(evaluated(function, Some(assigned.clone())), Ok(Some(expected.clone())), "{function}");
        assert_eq!(evaluated(function, None), Ok(None), "{function}");
        assert_eq!(evaluated(function, Some(Value::List(vec![]))), Ok(None), "{function}");
        assert_eq!(
            evaluated(function, Some(role("user", "User"))),
            Ok(Some(Value::List(vec![scim("user", "User")]))),
            "{function}"
        );
    }
}

#[test]
fn all_roles_can_be_had_by_name() {
    let assigned = Value::List(vec![role("admin", "Administrator"), Value::text("Editor")]);
    let names = Value::List(vec![Value::text("Administrator"), Value::text("Editor")]);
    assert_eq!(evaluated("AppRoleAssignments", Some(assigned)), Ok(Some(names)));
    assert_eq!(evaluated("AppRoleAssignments", None), Ok(None));
}

#[test]
fn as_many_roles_as_an_evaluation_handles_are_told_apart_in_no_time() {
    let assigned = Value::List((0..100_000).map(|number| Value::text(number.to_string())).collect());
    assert_eq!(evaluated("AppRoleAssignments", Some(assigned.clone())), Ok(Some(assigned)));
}

#[test]
fn what_is_no_role_fails_the_person() {
    for wrong in [
        Value::Complex(Attributes::from([("id".into(), Value::text("7"))])),
        Value::text("{not json"),
        Value::text(r#"{"id":"7"}"#),
        Value::text(r#"{"value":["a"]}"#),
        Value::List(vec![Value::text("Editor"), Value::Boolean(true)]),
    ] {
        for function in super::FUNCTIONS {
            let error = evaluated(function.name, Some(wrong.clone())).unwrap_err();
            assert!(error.contains("neither a name nor an object"), "{wrong:?}: {error}");
        }
    }
}

#[test]
fn every_example_works_when_it_is_pasted_and_says_that_it_reads_roles() {
    for function in super::FUNCTIONS {
        let result = evaluate_with(function.help.example, &[("appRoleAssignments", Value::text("Editor"))]);
        assert!(matches!(result, Ok(Some(_))), "{}: {result:?}", function.name);
        let expression: Expression = function.help.example.parse().unwrap();
        assert!(expression.facts().reads_roles, "{}", function.name);
    }
}

//! What flows on create and on update, and what stays hidden.

use uuid::Uuid;

use super::*;
use crate::ids::Key;
use crate::mapping::{AttributeMapping, ObjectMapping, Occasion};
use crate::model::SourceObject;
use crate::testing::{SmallTarget, somebody};

fn user_name() -> AttributeMapping {
    AttributeMapping {
        target: "userName".into(),
        source: Some("upn".into()),
        matching_priority: Some(1),
        ..Default::default()
    }
}

fn checked(attribute: AttributeMapping) -> Mapping {
    let flow_null_values = match attribute.flow_null_values {
        true => vec![attribute.source.clone().unwrap()],
        false => Vec::new(),
    };
    let attributes = vec![user_name(), attribute];
    Mapping::check(&ObjectMapping { attributes, flow_null_values, ..Default::default() }, &SmallTarget)
        .unwrap()
}

fn person(value: Option<Value>) -> SourceObject {
    let attributes = [("upn".to_owned(), Value::text("nadia"))]
        .into_iter()
        .chain(value.map(|value| ("x".to_owned(), value)))
        .collect();
    somebody(attributes)
}

fn occasion() -> Occasion {
    Occasion { now: "2026-03-09T08:05:00Z".parse().unwrap(), change: Uuid::nil(), key: Key::new([7; 32]) }
}

fn evaluated(mapping: &Mapping, value: Option<Value>) -> Mapped {
    mapping.evaluate(&person(value), false, &occasion()).unwrap()
}

fn list(values: &[&str]) -> Value {
    Value::List(values.iter().map(|value| Value::text(*value)).collect())
}

fn text(value: &str) -> Option<Value> {
    Some(Value::text(value))
}

/// What happens to `target` of an account that holds `held` when the source has `value`.
fn update(
    attribute: AttributeMapping,
    value: Option<Value>,
    held: Option<Value>,
) -> Option<(Option<Value>, bool)> {
    let target = attribute.target.clone();
    let mapping = checked(attribute);
    let shadow = [("userName".to_owned(), Value::text("nadia"))]
        .into_iter()
        .chain(held.map(|held| (target.clone(), held)))
        .collect();
    let changes = mapping.on_update(&evaluated(&mapping, value), &shadow);
    assert!(changes.iter().all(|change| change.path == target), "{changes:?}");
    changes.into_iter().next().map(|change| (change.new, change.adds))
}

fn direct(target: &str) -> AttributeMapping {
    AttributeMapping { target: target.into(), source: Some("x".into()), ..Default::default() }
}

fn flowing(target: &str, flow_type: FlowType) -> AttributeMapping {
    AttributeMapping { flow_type, ..direct(target) }
}

#[test]
fn each_flow_type_writes_what_it_says_and_no_more() {
    use FlowType::{Always, AttributeAddOnly, MultiValueAddOnly, ObjectAddOnly, ValueAddOnly};
    let replaced = |value: Value| Some((Some(value), false));
    let added = |value: Value| Some((Some(value), true));
    let cases = [
        (flowing("title", Always), text("new"), text("old"), replaced(Value::text("new"))),
        (flowing("title", Always), text("new"), text("new"), None),
        (flowing("title", Always), text("new"), None, replaced(Value::text("new"))),
        (flowing("title", Always), None, text("old"), None),
        (flowing("title", ObjectAddOnly), text("new"), text("old"), None),
        (flowing("title", ObjectAddOnly), text("new"), None, None),
        (flowing("title", AttributeAddOnly), text("new"), text("old"), None),
        (flowing("title", AttributeAddOnly), text("new"), None, replaced(Value::text("new"))),
        (flowing("title", ValueAddOnly), text("new"), text("old"), replaced(Value::text("new"))),
        (flowing("groups", Always), Some(list(&["a", "b"])), Some(list(&["b", "a"])), None),
        (flowing("groups", Always), Some(list(&["a"])), Some(list(&["a", "b"])), replaced(list(&["a"]))),
        (flowing("groups", Always), text("a"), Some(list(&["a"])), None),
        (
            flowing("groups", ValueAddOnly),
            Some(list(&["a", "c"])),
            Some(list(&["a", "b"])),
            added(list(&["c"])),
        ),
        (
            flowing("groups", MultiValueAddOnly),
            Some(list(&["a", "c"])),
            Some(list(&["a", "b"])),
            added(list(&["c"])),
        ),
        (flowing("groups", MultiValueAddOnly), Some(list(&["a"])), Some(list(&["a", "b"])), None),
        (flowing("groups", MultiValueAddOnly), Some(list(&["a"])), None, added(list(&["a"]))),
    ];
    for (attribute, value, held, expected) in cases {
        let told = format!("{attribute:?} with {value:?} over {held:?}");
        assert_eq!(update(attribute, value, held), expected, "{told}");
    }
}

#[test]
fn a_value_that_flows_always_is_sent_again() {
    let always = AttributeMapping { flow_behavior: FlowBehavior::FlowAlways, ..direct("title") };
    assert_eq!(update(always, text("same"), text("same")), Some((text("same"), false)));
}

#[test]
fn clearing_takes_both_gates_and_only_what_is_there() {
    let clearing = AttributeMapping { flow_null_values: true, ..direct("title") };
    assert_eq!(update(clearing.clone(), None, text("old")), Some((None, false)));
    assert_eq!(update(clearing, None, None), None);
}

#[test]
fn case_alone_counts_unless_the_mapping_says_otherwise() {
    let inexact = AttributeMapping { case_exact: Some(false), ..direct("title") };
    assert_eq!(update(inexact.clone(), text("ÉTÉ"), text("été")), None);
    assert_eq!(update(inexact, text("ÉTÉ"), text("hiver")), Some((text("ÉTÉ"), false)));
    assert_eq!(update(direct("title"), text("ÉTÉ"), text("été")), Some((text("ÉTÉ"), false)));
}

#[test]
fn a_default_is_written_on_create_and_where_nothing_is_mapped_while_there_is_none() {
    let default = AttributeMapping { default_value: Some("Employee".into()), ..direct("title") };
    assert_eq!(update(default.clone(), None, None), None);
    let mapping = checked(default);
    let created = mapping.on_create(evaluated(&mapping, None), &Attributes::new()).unwrap();
    assert_eq!(created.get("title"), text("Employee").as_ref());
    let empty = mapping.on_create(evaluated(&mapping, text("")), &Attributes::new()).unwrap();
    assert_eq!(empty.get("title"), text("").as_ref(), "an empty text is a value");

    let nowhere = AttributeMapping {
        target: "title".into(),
        default_value: Some("Employee".into()),
        ..Default::default()
    };
    assert_eq!(update(nowhere.clone(), text("x"), None), Some((text("Employee"), false)));
    assert_eq!(update(nowhere, text("x"), text("Boss")), None);
}

#[test]
fn a_required_attribute_takes_no_empty_text() {
    let mapping = checked(direct("title"));
    let mut nobody = person(None);
    nobody.attributes.insert("upn".into(), Value::text(""));
    let mapped = mapping.evaluate(&nobody, false, &occasion()).unwrap();
    assert_eq!(mapping.on_create(mapped, &Attributes::new()), Err(vec!["userName".to_owned()]));
}

#[test]
fn several_values_for_a_single_one_are_that_persons_error() {
    let mapping = checked(direct("title"));
    let error = mapping.evaluate(&person(Some(list(&["a", "b"]))), false, &occasion()).unwrap_err();
    assert!(error.to_string().contains("'title'") && error.to_string().contains("Item"), "{error}");
    assert_eq!(
        update(direct("title"), Some(list(&["a"])), None),
        Some((text("a"), false)),
        "one is that value"
    );
}

#[test]
fn what_is_ignored_gets_no_default_either() {
    let ignoring = AttributeMapping {
        target: "title".into(),
        expression: Some("IgnoreFlowIfNullOrEmpty([x])".into()),
        default_value: Some("Employee".into()),
        ..Default::default()
    };
    let mapping = checked(ignoring);
    let created = mapping.on_create(evaluated(&mapping, None), &Attributes::new()).unwrap();
    assert_eq!(created.get("title"), None);
}

#[test]
fn a_redacted_value_is_compared_stored_and_printed_as_a_hash() {
    let password = AttributeMapping {
        target: "password".into(),
        expression: Some("Redact([x])".into()),
        ..Default::default()
    };
    let mapping = checked(password);
    let mut object = person(text("s3cr3t-Nadia"));
    mapping.veil(&mut object, &occasion().key);
    let mapped = mapping.evaluate(&object, false, &occasion()).unwrap();
    let created = mapping.on_create(mapped.clone(), &Attributes::new()).unwrap();
    let Some(Value::Secret(secret)) = created.get("password") else { panic!("should be hidden") };
    assert_eq!(secret.expose(), Some("s3cr3t-Nadia"), "the connector gets the text");
    let explained = format!("{:?}", mapping.explain(&object, &occasion()));
    let stored = serde_json::to_string(&(&object, &created)).unwrap();
    for shown in
        [format!("{object:?} {created:?}"), stored.clone(), explained, created["password"].to_string()]
    {
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
    // Stored and read back, it still tells whether it changed.
    let (object, shadow): (SourceObject, Attributes) = serde_json::from_str(&stored).unwrap();
    assert!(object.is_hidden());
    assert_eq!(mapping.on_update(&mapped, &shadow), []);
    let mut other = person(text("another"));
    mapping.veil(&mut other, &occasion().key);
    assert_eq!(mapping.on_update(&mapping.evaluate(&other, false, &occasion()).unwrap(), &shadow).len(), 1);
}

#[test]
fn what_is_drawn_belongs_to_its_change_and_attribute() {
    let random = |target: &str| AttributeMapping {
        target: target.into(),
        expression: Some("RandomString(20, 0, 0, 0, 0)".into()),
        flow_type: FlowType::ObjectAddOnly,
        ..Default::default()
    };
    let attributes = vec![user_name(), random("title"), random("nickName")];
    let mapping = Mapping::check(&ObjectMapping { attributes, ..Default::default() }, &SmallTarget).unwrap();
    let drawn = |occasion: Occasion| {
        let mapped = mapping.evaluate(&person(None), false, &occasion).unwrap();
        mapping.on_create(mapped, &Attributes::new()).unwrap()
    };
    let first = drawn(occasion());
    assert_eq!(first, drawn(occasion()), "the same change draws the same");
    assert_ne!(first["title"], first["nickName"]);
    let other_change = drawn(Occasion { change: Uuid::max(), ..occasion() });
    let other_key = drawn(Occasion { key: Key::new([8; 32]), ..occasion() });
    assert_ne!(first["title"], other_change["title"]);
    assert_ne!(first["title"], other_key["title"]);
}

#[test]
fn roles_that_are_asserted_are_cleared_unless_the_flow_type_only_adds() {
    use FlowType::{Always, AttributeAddOnly, MultiValueAddOnly, ObjectAddOnly, ValueAddOnly};
    let asserting = |flow_type| AttributeMapping {
        target: "groups".into(),
        expression: Some("AssertiveAppRoleAssignmentsComplex([x])".into()),
        flow_type,
        ..Default::default()
    };
    assert_eq!(update(asserting(Always), None, Some(list(&["a"]))), Some((None, false)));
    for flow_type in [ObjectAddOnly, AttributeAddOnly, ValueAddOnly, MultiValueAddOnly] {
        assert_eq!(update(asserting(flow_type), None, Some(list(&["a"]))), None, "{flow_type:?}");
    }
}

#[test]
fn long_lists_are_compared_in_no_time_whatever_their_order_and_case() {
    let numbers: Vec<String> = (0..100_000).map(|number| format!("m{number}")).collect();
    let wanted = Value::List(numbers.iter().map(Value::text).collect());
    let held = Value::List(numbers.iter().rev().map(|name| Value::text(name.to_uppercase())).collect());
    let groups = AttributeMapping { case_exact: Some(false), ..direct("groups") };
    assert_eq!(update(groups, Some(wanted), Some(held)), None);
}

#[test]
fn a_value_with_parts_cannot_pass_through_redact_unnoticed() {
    let redacted = AttributeMapping {
        target: "title".into(),
        expression: Some("Redact([x])".into()),
        ..Default::default()
    };
    let parts = Value::Complex(Attributes::from([("value".to_owned(), Value::text("s3cr3t"))]));
    let error = checked(redacted).evaluate(&person(Some(parts)), false, &occasion()).unwrap_err().to_string();
    assert!(error.contains("parts") && !error.contains("s3cr3t"), "{error}");
}

#[test]
fn a_constant_or_default_of_a_list_is_its_only_element() {
    let constant =
        AttributeMapping { target: "groups".into(), constant: Some("a".into()), ..Default::default() };
    assert_eq!(update(constant.clone(), None, None), Some((Some(list(&["a"])), false)));
    assert_eq!(update(constant, None, Some(list(&["a"]))), None);
    let default =
        AttributeMapping { target: "groups".into(), default_value: Some("a".into()), ..Default::default() };
    assert_eq!(update(default, None, None), Some((Some(list(&["a"])), false)));
}

#[test]
fn what_was_written_before_it_was_hidden_does_not_show_when_it_is_replaced() {
    let hidden = AttributeMapping {
        target: "title".into(),
        expression: Some("Redact([x])".into()),
        ..Default::default()
    };
    let mapping = checked(hidden);
    let shadow =
        [("userName".to_owned(), Value::text("nadia")), ("title".to_owned(), Value::text("s3cret"))].into();
    let changes = mapping.on_update(&evaluated(&mapping, text("s3cret")), &shadow);
    assert_eq!((changes.len(), changes[0].old.as_ref()), (1, None));
    assert!(!serde_json::to_string(&changes).unwrap().contains("s3cret"));
}

#[test]
fn what_would_show_a_secret_or_ask_for_what_cannot_be_asked_is_refused() {
    let on_create = FlowType::ObjectAddOnly;
    let expression = |target: &str, text: &str, flow_type| AttributeMapping {
        target: target.into(),
        expression: Some(text.into()),
        flow_type,
        ..Default::default()
    };
    let default = AttributeMapping {
        default_value: Some("Start-2026".into()),
        ..expression("password", "Redact([x])", FlowType::Always)
    };
    let cases = [
        (default, "defaultValue", "would show in the log"),
        (
            expression("password", "Redact([x])", FlowType::AttributeAddOnly),
            "flowType",
            "write ObjectAddOnly",
        ),
        (
            expression("title", r#"SelectUniqueValue(Redact([x]), "b")"#, on_create),
            "expression",
            "through Redact",
        ),
        (
            expression("groups", r#"SelectUniqueValue([x], "b")"#, on_create),
            "expression",
            "cannot be asked for",
        ),
    ];
    for (attribute, field, cure) in cases {
        let told = format!("{attribute:?}");
        let document = ObjectMapping { attributes: vec![user_name(), attribute], ..Default::default() };
        let problems = Mapping::check(&document, &SmallTarget).unwrap_err();
        assert_eq!(problems.len(), 1, "{told}: {problems:?}");
        assert_eq!(problems[0].place, format!("attributes[1].{field}"), "{told}");
        assert!(problems[0].problem.contains(cure), "{told}: {}", problems[0].problem);
    }
}

#[test]
fn what_one_mapping_hides_another_does_not_show() {
    let expression = |target: &str, text: &str| AttributeMapping {
        target: target.into(),
        expression: Some(text.into()),
        ..Default::default()
    };
    let document = |other: AttributeMapping| ObjectMapping {
        attributes: vec![user_name(), expression("password", "Redact([x])"), other],
        ..Default::default()
    };
    let problems = Mapping::check(&document(direct("title")), &SmallTarget).unwrap_err();
    assert_eq!(problems[0].place, "attributes[2]");
    assert!(problems[0].problem.contains("[x]"), "{problems:?}");
    Mapping::check(&document(expression("title", r#"Append(Redact([x]), "-")"#)), &SmallTarget).unwrap();
}

//! What a reference may be mapped from, and what a list of members may be.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::*;
use crate::ids::Key;
use crate::mapping::{AttributeDefinition, ObjectMapping, Occasion, TargetSchema};
use crate::testing::{SmallGroups, SmallTarget, somebody};

fn document(name: &str, more: &[Json]) -> ObjectMapping {
    let mut attributes = vec![json!({ "target": name, "source": "name", "matchingPriority": 1 })];
    attributes.extend(more.iter().cloned());
    serde_json::from_value(json!({ "attributes": attributes })).unwrap()
}

fn checked(document: &ObjectMapping, target: &dyn TargetSchema) -> Result<Mapping, String> {
    Mapping::check(document, target)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

fn person(attribute: Json) -> Result<Mapping, String> {
    checked(&document("userName", &[attribute]), &SmallTarget)
}

fn group(attributes: &[Json]) -> Result<Mapping, String> {
    checked(&document("displayName", attributes), &SmallGroups)
}

fn object(boss: Option<Value>) -> SourceObject {
    let attributes = [("name", Some(Value::text("nadia"))), ("boss", boss)];
    somebody(attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn occasion() -> Occasion {
    Occasion { now: "2026-03-09T08:05:00Z".parse().unwrap(), change: Uuid::nil(), key: Key::new([7; 32]) }
}

#[test]
fn a_reference_is_mapped_from_the_attribute_that_holds_the_anchor_and_from_nothing_else() {
    let cases = [
        (json!({ "target": "manager", "constant": "8" }), "attributes[1].constant", "write source alone"),
        (json!({ "target": "manager", "expression": "Trim([boss])" }), "attributes[1].expression", "alone"),
        (
            json!({ "target": "manager", "source": "boss", "constant": "8" }),
            "attributes[1].constant",
            "alone",
        ),
        (json!({ "target": "manager", "defaultValue": "8" }), "attributes[1].source", "write source alone"),
        (
            json!({ "target": "manager", "source": "boss", "defaultValue": "8" }),
            "attributes[1].defaultValue",
            "leave it out",
        ),
        (json!({ "target": "manager", "source": "objectId" }), "attributes[1].source", "of another one"),
        (json!({ "target": "manager", "source": "IsSoftDeleted" }), "attributes[1].source", "of another one"),
        (
            json!({ "target": "manager", "source": "boss", "matchingPriority": 2 }),
            "attributes[1].matchingPriority",
            "match by another attribute",
        ),
        (
            json!({ "target": "manager", "source": "boss", "flowType": "ObjectAddOnly" }),
            "attributes[1].flowType",
            "write AttributeAddOnly",
        ),
        (
            json!({ "target": "manager", "source": "boss", "flowType": "MultiValueAddOnly" }),
            "attributes[1].flowType",
            "holds one value",
        ),
    ];
    for (attribute, place, cure) in cases {
        let problem = person(attribute.clone()).unwrap_err();
        assert!(problem.starts_with(place) && problem.contains(cure), "{attribute}: {problem}");
    }
    for flow in ["Always", "AttributeAddOnly", "ValueAddOnly"] {
        person(json!({ "target": "manager", "source": "boss", "flowType": flow })).unwrap();
    }
}

/// A target that requires a manager of everybody.
struct Strict;

impl TargetSchema for Strict {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        SmallTarget.attribute(path)
    }

    fn required(&self) -> &[&str] {
        &["manager"]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        None
    }
}

#[test]
fn a_reference_that_the_target_requires_is_refused_because_it_may_have_to_wait() {
    let document = document("userName", &[json!({ "target": "manager", "source": "boss" })]);
    let problem = checked(&document, &Strict).unwrap_err();
    assert!(
        problem.starts_with("attributes[1].target") && problem.contains("requires 'manager'"),
        "{problem}"
    );
}

#[test]
fn an_object_refers_to_the_anchors_that_it_holds() {
    let mapping = person(json!({ "target": "manager", "source": "boss" })).unwrap();
    let one = |anchor: &str| vec![("manager".to_owned(), SourceId::new(anchor))];
    let list = |anchors: &[&str]| Some(Value::List(anchors.iter().map(|one| Value::text(*one)).collect()));
    let cases = [
        (Some(Value::text("8")), one("8")),
        (Some(Value::Integer(8)), one("8")),
        (list(&["8"]), one("8")),
        (list(&[]), vec![]),
        (list(&["8", "9"]), vec![]),
        (Some(Value::text(" ")), vec![]),
        (None, vec![]),
    ];
    for (boss, expected) in cases {
        assert_eq!(mapping.references(&object(boss.clone())), expected, "{boss:?}");
    }
}

#[test]
fn somebody_with_two_managers_fails_alone_and_with_the_reason() {
    let mapping = person(json!({ "target": "manager", "source": "boss" })).unwrap();
    let two = Value::List(vec![Value::text("8"), Value::text("9")]);
    let error = mapping.evaluate(&object(Some(two)), false, &occasion()).unwrap_err().to_string();
    assert!(error.contains("'manager'") && error.contains("leave one of them"), "{error}");
}

#[test]
fn what_is_explained_of_a_reference_is_the_anchor_and_then_the_account() {
    let mapping = person(json!({ "target": "manager", "source": "boss" })).unwrap();
    let explained = mapping.explain(&object(Some(Value::text("8"))), &occasion());
    let manager = explained.attributes.last().unwrap();
    assert_eq!((&manager.value, &manager.refers_to), (&None, &Some(SourceId::new("8"))));
    assert!(manager.note.as_ref().unwrap().contains("refers to 8"), "{manager:?}");
    let accounts = [(SourceId::new("8"), TargetId::new("usr_8"))].into();
    let manager = explained.with_accounts(&accounts).attributes.pop().unwrap();
    assert_eq!(manager.value.as_deref(), Some("usr_8"));
    assert_eq!(manager.note.as_deref(), Some("the account of 8"));
}

#[test]
fn members_are_named_and_are_no_value_of_the_group() {
    let mapping = group(&[json!({ "target": "members", "source": "people" })]).unwrap();
    assert_eq!(mapping.members(), Some("people"));
    assert_eq!(mapping.target_paths(), ["displayName"]);
    assert!(mapping.source_attributes().contains("people") && mapping.needed_attributes().contains("people"));
    let mut sales = object(None);
    sales.attributes.insert("people".into(), Value::List(vec![Value::text("8")]));
    assert_eq!(mapping.references(&sales), []);
    let mapped = mapping.evaluate(&sales, false, &occasion()).unwrap();
    let created = mapping.on_create(mapped.clone(), &Attributes::new()).unwrap();
    assert_eq!(created.keys().collect::<Vec<_>>(), ["displayName"]);
    assert_eq!(mapping.on_update(&mapped, &created), []);
}

#[test]
fn the_flow_type_and_the_actions_say_which_members_come_and_go() {
    let cases = [
        ("Always", json!(["create", "update", "delete"]), (true, true)),
        ("MultiValueAddOnly", json!(["create", "update"]), (true, false)),
        ("ValueAddOnly", json!(["update"]), (true, false)),
        ("Always", json!(["create", "delete"]), (false, false)),
    ];
    for (flow, actions, expected) in cases {
        let attribute = json!({ "target": "members", "source": "people", "flowType": flow });
        let mut document = document("displayName", &[attribute]);
        document.actions = serde_json::from_value(actions).unwrap();
        let mapping = checked(&document, &SmallGroups).unwrap();
        assert_eq!((mapping.allows_members(), mapping.removes_members()), expected, "{flow}");
    }
    let without = group(&[]).unwrap();
    assert_eq!(
        (without.members(), without.allows_members(), without.removes_members()),
        (None, false, false)
    );
}

#[test]
fn what_cannot_be_said_of_members_is_refused_with_its_cure() {
    let with = |more: Json| {
        let mut attribute = json!({ "target": "members", "source": "people" });
        attribute.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        vec![attribute]
    };
    let reader = json!({ "target": "title", "expression": r#"Join(",", [people])"# });
    let cases = [
        (with(json!({ "flowType": "ObjectAddOnly" })), "attributes[1].flowType", "write Always"),
        (with(json!({ "flowType": "AttributeAddOnly" })), "attributes[1].flowType", "MultiValueAddOnly"),
        (with(json!({ "flowBehavior": "FlowAlways" })), "attributes[1].flowBehavior", "leave it out"),
        (with(json!({ "flowNullValues": true })), "attributes[1].flowNullValues", "leave it out"),
        (with(json!({ "defaultValue": "8" })), "attributes[1].defaultValue", "leave it out"),
        (with(json!({ "matchingPriority": 2 })), "attributes[1].matchingPriority", "another attribute"),
        (with(json!({ "expression": "[people]" })), "attributes[1].expression", "write source alone"),
        ([with(json!({})), vec![reader.clone()]].concat(), "attributes[2]", "members of attributes[1]"),
        // The positions are those of the document, whatever stands before.
        ([vec![reader], with(json!({}))].concat(), "attributes[1]", "members of attributes[2]"),
    ];
    for (attributes, place, cure) in cases {
        let problem = group(&attributes).unwrap_err();
        assert!(problem.starts_with(place) && problem.contains(cure), "{attributes:?}: {problem}");
    }
}

/// A target whose groups have members and owners.
struct Owned;

impl TargetSchema for Owned {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        SmallTarget.attribute(if path == "owners" { "members" } else { path })
    }

    fn required(&self) -> &[&str] {
        &[]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        None
    }
}

#[test]
fn a_group_has_one_list_of_members() {
    let both = [json!({ "target": "members", "source": "a" }), json!({ "target": "owners", "source": "b" })];
    let problem = checked(&document("displayName", &both), &Owned).unwrap_err();
    assert!(problem.starts_with("attributes[2].target") && problem.contains("attributes[1]"), "{problem}");
}

#[test]
fn groups_are_not_judged_by_their_members() {
    let mut document = document("displayName", &[json!({ "target": "members", "source": "people" })]);
    let clauses =
        json!({ "filter": [{ "clauses": [{ "attribute": "people", "operator": "IS NOT NULL" }] }] });
    document.scope = serde_json::from_value(clauses).unwrap();
    let problem = checked(&document, &SmallGroups).unwrap_err();
    assert!(problem.starts_with("scope: ") && problem.contains("another attribute"), "{problem}");
}

#[test]
fn positions_in_notices_are_those_of_the_document() {
    let members = json!({ "target": "members", "source": "people" });
    let daily = json!({ "target": "title", "expression": "Now()" });
    let mapping = group(&[members, daily]).unwrap();
    assert_eq!(mapping.notices()[0].place, "attributes[2].expression");
}

/// The same target, before it said that a manager is a reference.
struct Earlier;

impl TargetSchema for Earlier {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        Ok(AttributeDefinition { refers: false, ..SmallTarget.attribute(path)? })
    }

    fn required(&self) -> &[&str] {
        SmallTarget.required()
    }

    fn enabled_attribute(&self) -> Option<&str> {
        SmallTarget.enabled_attribute()
    }
}

#[test]
fn everyone_is_looked_at_again_once_an_attribute_is_a_reference_and_when_members_are_mapped() {
    let version = |more: &[Json], target: &dyn TargetSchema| {
        checked(&document("userName", more), target).unwrap().version()
    };
    let manager = [json!({ "target": "manager", "source": "boss" })];
    assert_ne!(version(&manager, &SmallTarget), version(&manager, &Earlier));
    assert_eq!(version(&[], &SmallTarget), version(&[], &Earlier));
    let groups = |more: &[Json]| group(more).unwrap().version();
    assert_ne!(groups(&[]), groups(&[json!({ "target": "members", "source": "people" })]));
}

//! Groups: what cannot be switched off goes at the first event that would switch a person off.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::*;
use crate::ids::Key;
use crate::mapping::{ObjectMapping, TargetSchema};
use crate::model::ObjectType;
use crate::testing::{SmallGroups, SmallTarget, somebody};

fn mapping(more: &Json) -> Mapping {
    checked(more, &SmallGroups)
}

fn checked(more: &Json, target: &dyn TargetSchema) -> Mapping {
    let name = target.required()[0];
    let mut document = json!({
        "scope": { "filter": [{ "clauses": [{ "attribute": "kind", "operator": "EQUALS", "value": "team" }] }] },
        "attributes": [
            { "target": name, "source": "name", "matchingPriority": 1 },
            { "target": "members", "source": "people" },
        ],
    });
    for (field, value) in more.as_object().unwrap() {
        match (&mut document[field], value) {
            (Json::Object(all), Json::Object(more)) => all.extend(more.clone()),
            (place, value) => *place = value.clone(),
        }
    }
    let document: ObjectMapping = serde_json::from_value(document).unwrap();
    Mapping::check(&document, target).unwrap()
}

fn group(kind: &str) -> SourceObject {
    let attributes = [("name", "Payments"), ("kind", kind)];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), Value::text(value))).into();
    SourceObject { object_type: ObjectType::Group, ..somebody(attributes) }
}

fn link(target: Option<&str>, unmanaged: bool) -> Link {
    Link {
        source_id: SourceId::new("7"),
        object_type: ObjectType::Group,
        target_id: target.map(TargetId::new),
        shadow: [("displayName".to_owned(), Value::text("Payments"))].into(),
        in_scope: !unmanaged && target.is_some(),
        unmanaged,
        skipped: None,
        display_name: None,
        change_id: Uuid::nil(),
        linked_at: None,
        pending: BTreeMap::new(),
        object: None,
    }
}

fn known() -> Link {
    link(Some("grp_1"), false)
}

fn decided(object: &SourceObject, link: Option<&Link>, mapping: &Mapping) -> Decision {
    let now = "2026-03-09T08:05:00Z".parse().unwrap();
    let occasion = Occasion { now, change: Uuid::nil(), key: Key::new([7; 32]) };
    let (presence, references) = (Presence::Here(object), References::new());
    decide(&Case { presence, link, answer: None, chosen: None, references: &references, occasion }, mapping)
}

#[test]
fn a_group_that_is_no_longer_in_scope_or_active_is_deleted_and_that_is_a_removal() {
    let delete = Operation::Delete(TargetId::new("grp_1"));
    let cases = [
        ("filtered out", group("project"), true),
        ("soft-deleted", SourceObject { soft_deleted: true, ..group("team") }, false),
        ("switched off", SourceObject { enabled: false, ..group("team") }, false),
    ];
    for (event, object, unmanaged) in cases {
        let decision = decided(&object, Some(&known()), &mapping(&json!({})));
        assert_eq!(decision.operation, delete, "{event}");
        assert!(decision.operation.is_removal());
        assert_eq!((decision.in_scope, decision.unmanaged), (false, unmanaged), "{event}");
        assert_eq!(decision.before, known().shadow, "{event}");
    }
}

#[test]
fn a_group_stays_when_deletes_are_off_or_out_of_scope_deletions_are_skipped() {
    let without_delete = mapping(&json!({ "actions": ["create", "update"] }));
    let skipping = mapping(&json!({ "scope": { "skipOutOfScopeDeletions": true } }));
    let binned = SourceObject { soft_deleted: true, ..group("team") };
    let skip = Operation::Skip;
    let delete = Operation::Delete(TargetId::new("grp_1"));
    let cases = [
        (group("project"), &without_delete, skip(SkipReason::DeleteSwitchedOff)),
        (binned.clone(), &without_delete, skip(SkipReason::DeleteSwitchedOff)),
        (group("project"), &skipping, skip(SkipReason::NotInScope)),
        // The setting is about the scope alone.
        (binned, &skipping, delete.clone()),
        (group("team"), &skipping, skip(SkipReason::RedundantExport)),
    ];
    for (object, mapping, expected) in cases {
        assert_eq!(decided(&object, Some(&known()), mapping).operation, expected, "{object:?}");
    }
    // Left alone while the setting was there, and it is gone since.
    let late = decided(&group("project"), Some(&link(Some("grp_1"), true)), &mapping(&json!({})));
    assert_eq!(late.operation, delete);
}

#[test]
fn a_group_that_was_deleted_is_not_deleted_twice_and_is_looked_for_when_it_returns() {
    let mapping = mapping(&json!({}));
    let binned = SourceObject { soft_deleted: true, ..group("team") };
    for link in [None, Some(link(None, false))] {
        let again = |object: &SourceObject| decided(object, link.as_ref(), &mapping);
        assert_eq!(again(&group("project")).operation, Operation::Skip(SkipReason::NotInScope));
        assert_eq!(again(&binned).operation, Operation::Skip(SkipReason::NotActiveInSource));
        assert!(!again(&group("project")).unmanaged);
        assert!(matches!(again(&group("team")).operation, Operation::Ask(_)));
    }
}

#[test]
fn a_group_whose_values_cannot_be_had_is_deleted_all_the_same_when_it_is_out() {
    let broken = mapping(&json!({ "attributes": [
        { "target": "displayName", "source": "name", "matchingPriority": 1 },
        { "target": "title", "expression": "CDate([name])" },
    ] }));
    assert!(matches!(decided(&group("team"), Some(&known()), &broken).operation, Operation::Fail(_)));
    assert!(matches!(decided(&group("project"), Some(&known()), &broken).operation, Operation::Delete(_)));
}

#[test]
fn where_there_is_a_switch_nothing_is_deleted_although_the_mapping_does_not_use_it() {
    let mapping = checked(&json!({}), &SmallTarget);
    let known = Link { shadow: [("userName".to_owned(), Value::text("Payments"))].into(), ..known() };
    let left = decided(&group("project"), Some(&known), &mapping);
    assert_eq!(left.operation, Operation::Skip(SkipReason::RedundantExport));
}

//! Who is let in, who drops out, who is no longer managed; and values that nobody has yet.

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::ids::Key;
use crate::mapping::ObjectMapping;
use crate::model::ObjectType;
use crate::testing::{SmallTarget, somebody};

/// Nobody refers to anybody here.
static NO_REFERENCES: References = References::new();

/// A mapping for clerks alone.
fn mapping(more: &serde_json::Value) -> Mapping {
    let mut document = json!({
        "scope": { "filter": [{ "clauses": [{ "attribute": "role", "operator": "EQUALS", "value": "clerk" }] }] },
        "attributes": [
            { "target": "userName", "source": "upn", "matchingPriority": 1 },
            { "target": "title", "source": "jobTitle" },
            { "target": "active", "expression": "Not([IsSoftDeleted])" },
        ],
    });
    for (field, value) in more.as_object().unwrap() {
        match (&mut document[field], value) {
            (serde_json::Value::Array(all), serde_json::Value::Array(more)) => all.extend(more.clone()),
            (serde_json::Value::Object(all), serde_json::Value::Object(more)) => all.extend(more.clone()),
            (place, value) => *place = value.clone(),
        }
    }
    let document: ObjectMapping = serde_json::from_value(document).unwrap();
    Mapping::check(&document, &SmallTarget).unwrap()
}

fn usual() -> Mapping {
    mapping(&json!({}))
}

fn nadia(role: &str) -> SourceObject {
    let attributes = [("upn", "nadia"), ("role", role), ("jobTitle", "Treasurer")];
    somebody(attributes.into_iter().map(|(name, value)| (name.to_owned(), Value::text(value))).collect())
}

fn link(active: bool, unmanaged: bool) -> Link {
    let shadow = [
        ("userName", Value::text("nadia")),
        ("title", Value::text("Treasurer")),
        ("active", Value::Boolean(active)),
    ];
    Link {
        source_id: SourceId::new("7"),
        object_type: ObjectType::User,
        target_id: Some(TargetId::new("usr_1")),
        shadow: shadow.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        in_scope: !unmanaged,
        unmanaged,
        skipped: None,
        display_name: None,
        change_id: Uuid::nil(),
        linked_at: None,
        pending: std::collections::BTreeMap::new(),
        object: None,
    }
}

fn case<'a>(presence: Presence<'a>, link: Option<&'a Link>, answer: Option<&'a Answer>) -> Case<'a> {
    let now = "2026-03-09T08:05:00Z".parse().unwrap();
    Case {
        presence,
        link,
        answer,
        chosen: None,
        references: &NO_REFERENCES,
        occasion: Occasion { now, change: Uuid::nil(), key: Key::new([7; 32]) },
    }
}

fn decided(object: &SourceObject, link: Option<&Link>, mapping: &Mapping) -> Decision {
    decide(&case(Presence::Here(object), link, None), mapping)
}

#[test]
fn who_is_not_admitted_and_has_no_account_is_not_even_looked_for() {
    let decision = decided(&nadia("boss"), None, &usual());
    assert_eq!(decision.operation, Operation::Skip(SkipReason::NotInScope));
    assert!(
        !decision.in_scope && !decision.unmanaged,
        "without an account there is nothing to stop managing"
    );
    let off = SourceObject { enabled: false, ..nadia("boss") };
    assert_eq!(decided(&off, None, &usual()).operation, Operation::Skip(SkipReason::NotInScope));
}

#[test]
fn who_drops_out_is_switched_off_once_and_then_left_alone() {
    let changed = |mut object: SourceObject| {
        object.attributes.insert("jobTitle".into(), Value::text("Boss"));
        object
    };
    let dropped = decided(&changed(nadia("boss")), Some(&link(true, false)), &usual());
    assert!(
        matches!(&dropped.operation, Operation::Disable(_, changes) if changes.len() == 2),
        "{dropped:?}"
    );
    assert!(dropped.unmanaged && !dropped.in_scope);
    let again = decided(&changed(nadia("boss")), Some(&link(false, true)), &usual());
    assert_eq!(again.operation, Operation::Skip(SkipReason::NotInScope));
    assert!(again.unmanaged);
    // Left alone with the skip flag, and the flag is gone since.
    let late = decided(&nadia("boss"), Some(&link(true, true)), &usual());
    assert!(late.operation.is_removal(), "{late:?}");
}

#[test]
fn who_drops_out_with_the_skip_flag_keeps_the_account_and_is_no_longer_managed() {
    let mapping = mapping(&json!({ "scope": { "skipOutOfScopeDeletions": true } }));
    let decision = decided(&nadia("boss"), Some(&link(true, false)), &mapping);
    assert_eq!(decision.operation, Operation::Skip(SkipReason::NotInScope));
    assert!(decision.unmanaged);
}

#[test]
fn who_comes_back_is_managed_again_with_the_same_account_also_while_switched_off() {
    let back = decided(&nadia("clerk"), Some(&link(false, true)), &usual());
    assert!(
        matches!(&back.operation, Operation::Update(id, changes) if id.as_str() == "usr_1" && changes.len() == 1)
    );
    assert!(back.in_scope && !back.unmanaged);
    let off = SourceObject { enabled: false, ..nadia("clerk") };
    let back = decided(&off, Some(&link(false, true)), &usual());
    assert_eq!(back.operation, Operation::Skip(SkipReason::RedundantExport));
    assert!(!back.in_scope && !back.unmanaged);
}

#[test]
fn a_deletion_in_the_source_reaches_only_who_is_managed() {
    let gone = |link: &Link| decide(&case(Presence::Gone, Some(link), None), &usual());
    assert_eq!(gone(&link(false, false)).operation, Operation::Delete(TargetId::new("usr_1")));
    let left = gone(&link(false, true));
    assert_eq!((left.operation, left.unmanaged), (Operation::Skip(SkipReason::NotInScope), true));
}

#[test]
fn who_cannot_be_judged_or_mapped_stays_as_they_were() {
    let mut several = nadia("clerk");
    several.attributes.insert("role".into(), Value::List(vec![Value::text("clerk"), Value::text("boss")]));
    let broken =
        mapping(&json!({ "attributes": [{ "target": "nickName", "expression": "CDate([jobTitle])" }] }));
    let both = || vec![link(true, false), link(false, true)];
    let cases = [
        (several, usual(), both()),
        (nadia("clerk"), broken.clone(), both()),
        (nadia("boss"), broken.clone(), vec![link(true, false), link(true, true)]),
    ];
    for (object, mapping, links) in cases {
        for link in links {
            let decision = decided(&object, Some(&link), &mapping);
            assert!(matches!(&decision.operation, Operation::Fail(_)), "{decision:?}");
            assert_eq!((decision.in_scope, decision.unmanaged), (link.in_scope, link.unmanaged));
        }
    }
    // Who is out and off already concerns nobody any more, whatever their values are.
    let over = decided(&nadia("boss"), Some(&link(false, true)), &broken);
    assert_eq!(over.operation, Operation::Skip(SkipReason::NotInScope));
}

#[test]
fn hidden_values_that_were_not_read_again_fail_instead_of_looking_like_none() {
    let mapping =
        mapping(&json!({ "attributes": [{ "target": "nickName", "expression": "Redact([pin])" }] }));
    let mut object = nadia("clerk");
    object.attributes.insert("pin".into(), Value::text("4711"));
    mapping.veil(&mut object, &Key::new([7; 32]));
    assert!(matches!(decided(&object, Some(&link(true, false)), &mapping).operation, Operation::Update(..)));
    let stored: SourceObject = serde_json::from_str(&serde_json::to_string(&object).unwrap()).unwrap();
    let decision = decided(&stored, Some(&link(true, false)), &mapping);
    assert!(
        matches!(&decision.operation, Operation::Fail(failure) if failure.code == FailureCode::ImportSkipped)
    );
}

#[test]
fn clearing_the_enabled_attribute_waits_for_the_guard_as_switching_off_does() {
    let document: ObjectMapping = serde_json::from_value(json!({
        "flowNullValues": ["standing"],
        "attributes": [
            { "target": "userName", "source": "upn", "matchingPriority": 1 },
            { "target": "active", "source": "standing", "flowNullValues": true },
        ],
    }))
    .unwrap();
    let mapping = Mapping::check(&document, &SmallTarget).unwrap();
    assert!(decided(&nadia("clerk"), Some(&link(true, false)), &mapping).operation.is_removal());
    assert!(!decided(&nadia("clerk"), Some(&link(false, false)), &mapping).operation.is_removal());
}

#[test]
fn a_value_that_must_be_free_is_chosen_before_the_create() {
    let mapping = mapping(&json!({ "attributes": [{
        "target": "nickName", "flowType": "ObjectAddOnly", "defaultValue": "nobody",
        "expression": r#"SelectUniqueValue([short], Append([short], "2"))"#,
    }] }));
    let with = |chosen: Option<&Attributes>, short: Option<&str>| {
        let mut object = nadia("clerk");
        object.attributes.extend(short.map(|short| ("short".to_owned(), Value::text(short))));
        let nobody = Answer::Nobody;
        decide(&Case { chosen, ..case(Presence::Here(&object), None, Some(&nobody)) }, &mapping).operation
    };
    let rules = vec![("nickName".to_owned(), vec![Value::text("nad"), Value::text("nad2")])];
    assert_eq!(with(None, Some("nad")), Operation::Choose(rules));
    let free: Attributes = [("nickName".to_owned(), Value::text("nad2"))].into();
    let created = with(Some(&free), Some("nad"));
    assert!(
        matches!(&created, Operation::Create(values) if values["nickName"] == Value::text("nad2")),
        "{created:?}"
    );
    let taken = with(Some(&Attributes::new()), Some("nad"));
    assert!(
        matches!(&taken, Operation::Fail(failure) if failure.code == FailureCode::EntryConflict),
        "{taken:?}"
    );
}

#[test]
fn only_who_is_created_has_a_value_chosen() {
    let mapping = mapping(&json!({ "attributes": [{
        "target": "nickName", "flowType": "ObjectAddOnly",
        "expression": r#"SelectUniqueValue([upn], Append([upn], "2"))"#,
    }] }));
    let account = TargetObject { id: TargetId::new("usr_1"), attributes: link(true, false).shadow };
    let object = nadia("clerk");
    let one = Answer::One("userName".into(), account.clone());
    let matched = decide(&case(Presence::Here(&object), None, Some(&one)), &mapping).operation;
    assert_eq!(matched, Operation::Adopt(account.id));
    let linked = decided(&object, Some(&link(true, false)), &mapping).operation;
    assert_eq!(linked, Operation::Skip(SkipReason::RedundantExport));
}

#[test]
fn an_empty_text_matches_nobody() {
    let mapping = mapping(&json!({ "attributes": [
        { "target": "externalId", "expression": r#"Join("-", [branch], [number])"#, "matchingPriority": 2 },
    ] }));
    let Operation::Ask(asked) = decided(&nadia("clerk"), None, &mapping).operation else {
        panic!("should ask")
    };
    assert_eq!(asked, [("userName".to_owned(), Value::text("nadia"))]);
}

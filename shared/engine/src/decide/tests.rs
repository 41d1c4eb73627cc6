//! The way through of single people, one decision at a time.

use uuid::Uuid;

use super::*;
use crate::ids::Key;
use crate::mapping::{AttributeMapping, ObjectMapping};
use crate::testing::{SmallTarget, somebody};

/// Nobody refers to anybody here.
static NO_REFERENCES: References = References::new();

fn mapping_with(actions: &[ObjectAction]) -> Mapping {
    let direct = |target: &str, source: &str, priority| AttributeMapping {
        target: target.into(),
        source: Some(source.into()),
        matching_priority: priority,
        ..Default::default()
    };
    let active = AttributeMapping {
        target: "active".into(),
        expression: Some("Not([IsSoftDeleted])".into()),
        ..Default::default()
    };
    let attributes = vec![
        direct("userName", "upn", Some(1)),
        direct("externalId", "number", Some(2)),
        direct("title", "jobTitle", None),
        active,
    ];
    Mapping::check(
        &ObjectMapping { actions: actions.to_vec(), attributes, ..Default::default() },
        &SmallTarget,
    )
    .unwrap()
}

fn mapping() -> Mapping {
    mapping_with(&[ObjectAction::Create, ObjectAction::Update, ObjectAction::Delete])
}

fn person(attributes: &[(&str, &str)]) -> SourceObject {
    SourceObject { display_name: Some("Nadia Okoye".into()), ..somebody(values(attributes)) }
}

fn nadia() -> SourceObject {
    person(&[("upn", "nadia"), ("jobTitle", "Treasurer")])
}

fn values(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::text(*value))).collect()
}

fn account(active: bool, pairs: &[(&str, &str)]) -> TargetObject {
    let mut attributes = values(pairs);
    attributes.insert("active".into(), Value::Boolean(active));
    TargetObject { id: TargetId::new("usr_1"), attributes }
}

fn link(account: &TargetObject) -> Link {
    Link {
        source_id: SourceId::new("7"),
        object_type: crate::model::ObjectType::User,
        target_id: Some(account.id.clone()),
        shadow: account.attributes.clone(),
        in_scope: true,
        unmanaged: false,
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
    let occasion = Occasion { now, change: Uuid::nil(), key: Key::new([7; 32]) };
    Case { presence, link, answer, chosen: None, references: &NO_REFERENCES, occasion }
}

fn operation(object: &SourceObject, link: Option<&Link>, answer: Option<&Answer>) -> Operation {
    decide(&case(Presence::Here(object), link, answer), &mapping()).operation
}

#[test]
fn someone_new_is_looked_for_before_being_created() {
    let ask = Operation::Ask(vec![("userName".into(), Value::text("nadia"))]);
    assert_eq!(operation(&nadia(), None, None), ask);
    let Operation::Create(attributes) = operation(&nadia(), None, Some(&Answer::Nobody)) else {
        panic!("should create")
    };
    assert_eq!(attributes.get("active"), Some(&Value::Boolean(true)));
    assert_eq!(attributes.get("title"), Some(&Value::text("Treasurer")));
}

#[test]
fn matching_attributes_are_asked_in_their_order() {
    let object = person(&[("number", "E7"), ("upn", "nadia")]);
    let Operation::Ask(asked) = operation(&object, None, None) else { panic!("should ask") };
    assert_eq!(asked.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["userName", "externalId"]);
}

#[test]
fn an_existing_account_is_taken_over_and_updated_or_adopted_as_it_is() {
    let same = account(true, &[("userName", "nadia"), ("title", "Treasurer")]);
    let one = Answer::One("userName".into(), same.clone());
    assert_eq!(operation(&nadia(), None, Some(&one)), Operation::Adopt(same.id));
    let other = Answer::One("userName".into(), account(true, &[("userName", "nadia"), ("title", "Clerk")]));
    assert!(
        matches!(operation(&nadia(), None, Some(&other)), Operation::Update(_, changes) if changes.len() == 1)
    );
}

#[test]
fn several_matches_and_a_taken_account_are_left_for_a_person() {
    let cases = [
        (Answer::Several("userName".into(), 2), FailureCode::DuplicateTargetEntries),
        (Answer::Taken(TargetId::new("usr_1"), SourceId::new("8")), FailureCode::DuplicateSourceEntries),
    ];
    for (answer, code) in cases {
        let decided = operation(&nadia(), None, Some(&answer));
        assert!(matches!(&decided, Operation::Fail(failure) if failure.code == code), "{decided:?}");
    }
}

#[test]
fn the_link_wins_over_matching_so_a_rename_follows_it() {
    let known = link(&account(true, &[("userName", "nadia.lindqvist"), ("title", "Treasurer")]));
    let Operation::Update(target, changes) = operation(&nadia(), Some(&known), None) else {
        panic!("should update")
    };
    assert_eq!(target.as_str(), "usr_1");
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].old, Some(Value::text("nadia.lindqvist")));
}

#[test]
fn switching_off_takes_the_other_changes_along_and_is_a_removal() {
    let known = link(&account(true, &[("userName", "nadia"), ("title", "Clerk")]));
    let object = SourceObject { enabled: false, ..nadia() };
    let decided = operation(&object, Some(&known), None);
    assert!(decided.is_removal());
    assert!(matches!(decided, Operation::Disable(_, changes) if changes.len() == 2));
}

#[test]
fn changing_an_account_that_is_off_already_is_no_removal() {
    let known = link(&account(false, &[("userName", "nadia"), ("title", "Clerk")]));
    let object = SourceObject { enabled: false, ..nadia() };
    assert!(matches!(operation(&object, Some(&known), None), Operation::Update(..)));
}

#[test]
fn coming_back_switches_the_same_account_on() {
    let known = link(&account(false, &[("userName", "nadia"), ("title", "Treasurer")]));
    assert!(
        matches!(operation(&nadia(), Some(&known), None), Operation::Update(target, _) if target.as_str() == "usr_1")
    );
}

#[test]
fn what_is_not_done_has_a_reason() {
    let off = SourceObject { enabled: false, ..nadia() };
    let binned = SourceObject { soft_deleted: true, ..nadia() };
    let known = link(&account(true, &[("userName", "nadia"), ("title", "Treasurer")]));
    let cases = [
        (off, None, SkipReason::NotActiveInSource),
        (binned, None, SkipReason::NotActiveInSource),
        (person(&[("jobTitle", "Treasurer")]), None, SkipReason::MatchingValueMissing),
        (nadia(), Some(&known), SkipReason::RedundantExport),
    ];
    for (object, link, reason) in cases {
        assert_eq!(operation(&object, link, None), Operation::Skip(reason));
    }
}

#[test]
fn someone_gone_is_deleted_when_linked_and_forgotten_when_not() {
    let known = link(&account(false, &[]));
    let gone = |link| decide(&case(Presence::Gone, link, None), &mapping()).operation;
    assert_eq!(gone(Some(&known)), Operation::Delete(TargetId::new("usr_1")));
    assert_eq!(gone(None), Operation::Forget);
}

#[test]
fn each_switched_off_action_stops_its_own_kind_and_a_disable_is_an_update() {
    let known = link(&account(true, &[("userName", "nadia"), ("title", "Clerk")]));
    let off = SourceObject { enabled: false, ..nadia() };
    let only = |action| mapping_with(&[action]);
    let cases = [
        (Presence::Here(&off), Some(&known), only(ObjectAction::Create), SkipReason::UpdateSwitchedOff),
        (Presence::Gone, Some(&known), only(ObjectAction::Update), SkipReason::DeleteSwitchedOff),
    ];
    for (presence, link, mapping, reason) in cases {
        assert_eq!(decide(&case(presence, link, None), &mapping).operation, Operation::Skip(reason));
    }
    let create =
        decide(&case(Presence::Here(&nadia()), None, Some(&Answer::Nobody)), &only(ObjectAction::Update));
    assert_eq!(create.operation, Operation::Skip(SkipReason::CreateSwitchedOff));
}

#[test]
fn a_required_value_that_is_missing_fails_that_object_with_the_attributes_name() {
    let object = person(&[("number", "E7")]);
    let decided = operation(&object, None, Some(&Answer::Nobody));
    assert!(matches!(decided, Operation::Fail(failure)
        if failure.code == FailureCode::MissingValues && failure.reason.contains("userName")));
}

#[test]
fn deciding_again_after_the_export_changes_nothing() {
    let Operation::Create(attributes) = operation(&nadia(), None, Some(&Answer::Nobody)) else {
        panic!("should create")
    };
    let known = link(&TargetObject { id: TargetId::new("usr_1"), attributes });
    assert_eq!(operation(&nadia(), Some(&known), None), Operation::Skip(SkipReason::RedundantExport));
}

//! Deciding what to do about one object: pure, so that a dry run is "stop here" and a log entry is the
//! decision's own record.
//!
//! In: the object (or the news that it is gone), what is remembered about it, the mapping, and, when it was
//! asked for, the target's answer. Out: an [`Operation`]. An object without an account first yields
//! [`Operation::Ask`]; calling again with the [`Answer`] yields the rest.
//!
//! ```text
//! gone ───────────────▶ linked? ──no──▶ Forget
//!                          └─yes──────▶ Delete
//! present ─▶ linked? ─yes─▶ differs? ──no──▶ Skip(RedundantExport)
//!               │              └─yes─▶ Disable (true→false of the enabled attribute) or Update
//!               └─no─▶ active? ──no──▶ Skip(NotActiveInSource)
//!                         └─yes─▶ Ask ─▶ nobody: Create · one: Update or Adopt · several: Fail
//! ```

use serde::{Deserialize, Serialize};

use crate::escrow::{Failure, FailureCode};
use crate::mapping::{Mapped, Mapping, ObjectAction, differences};
use crate::model::{
    AttributeChange, Attributes, Link, SkipReason, SourceId, SourceObject, TargetId, TargetObject, Value,
};

/// Whether the source has the object.
#[derive(Debug, Clone, Copy)]
pub enum Presence<'a> {
    /// It has.
    Here(&'a SourceObject),
    /// It had, and no longer has: hard-deleted, or missing from a complete reading.
    Gone,
}

/// What the target said about who matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// No account matches.
    Nobody,
    /// One account matches, by this target path.
    One(String, TargetObject),
    /// Several accounts match by this path: a person must decide.
    Several(String, usize),
    /// One account matches, but it belongs to another object of the source.
    Taken(TargetId, SourceId),
}

/// What to do about one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Ask the target which account matches these values, in this order, then decide again.
    Ask(Vec<(String, Value)>),
    /// Create an account.
    Create(Attributes),
    /// Change an account.
    Update(TargetId, Vec<AttributeChange>),
    /// Switch an account off, together with its other changes. A removal.
    Disable(TargetId, Vec<AttributeChange>),
    /// Delete an account. A removal.
    Delete(TargetId),
    /// Link an account that already is as it should be.
    Adopt(TargetId),
    /// Send nothing.
    Skip(SkipReason),
    /// Send nothing, because it cannot be right.
    Fail(Failure),
    /// Forget an object that is gone and never had an account.
    Forget,
}

impl Operation {
    /// Whether it takes something away from a person, and so waits for the guard.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        matches!(self, Self::Disable(..) | Self::Delete(_))
    }

    /// Whether it calls the target.
    #[must_use]
    pub fn is_export(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Update(..) | Self::Disable(..) | Self::Delete(_))
    }
}

/// A decision with what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub operation: Operation,
    /// What the account holds before it, as far as is known.
    pub before: Attributes,
    /// Whether the object counts as in scope and active.
    pub in_scope: bool,
}

/// Decides about one object. See the module's page for the way through.
#[must_use]
pub fn decide(
    presence: Presence<'_>,
    link: Option<&Link>,
    answer: Option<&Answer>,
    mapping: &Mapping,
) -> Decision {
    let linked = link.and_then(|link| Some((link.target_id.as_ref()?, &link.shadow)));
    match (presence, linked) {
        (Presence::Gone, None) => {
            Decision { operation: Operation::Forget, before: Attributes::new(), in_scope: false }
        }
        (Presence::Gone, Some((target, shadow))) => Decision {
            operation: if mapping.allows(ObjectAction::Delete) {
                Operation::Delete(target.clone())
            } else {
                Operation::Skip(SkipReason::DeleteSwitchedOff)
            },
            before: shadow.clone(),
            in_scope: false,
        },
        (Presence::Here(object), linked) => decide_present(object, linked, answer, mapping),
    }
}

fn decide_present(
    object: &SourceObject,
    linked: Option<(&TargetId, &Attributes)>,
    answer: Option<&Answer>,
    mapping: &Mapping,
) -> Decision {
    let active = object.enabled && !object.soft_deleted;
    let decision = |operation, before| Decision { operation, before, in_scope: active };
    let mapped = match mapping.apply(object, !active) {
        Ok(mapped) => mapped,
        Err(error) => {
            let failure = Failure::new(FailureCode::AttributeValidationFailed, error.to_string());
            let before = linked.map(|(_, shadow)| shadow.clone()).unwrap_or_default();
            return decision(Operation::Fail(failure), before);
        }
    };
    match (linked, answer) {
        (Some((target, shadow)), _) => decision(
            change(target, shadow, &mapped, mapping, Operation::Skip(SkipReason::RedundantExport)),
            shadow.clone(),
        ),
        (None, _) if !active => decision(Operation::Skip(SkipReason::NotActiveInSource), Attributes::new()),
        (None, None) if mapped.matching.is_empty() => {
            decision(Operation::Skip(SkipReason::MatchingValueMissing), Attributes::new())
        }
        (None, None) => decision(Operation::Ask(mapped.matching), Attributes::new()),
        (None, Some(Answer::Nobody)) => decision(create(mapped, mapping), Attributes::new()),
        (None, Some(Answer::One(_, account))) => decision(
            change(&account.id, &account.attributes, &mapped, mapping, Operation::Adopt(account.id.clone())),
            account.attributes.clone(),
        ),
        (None, Some(answer @ (Answer::Several(..) | Answer::Taken(..)))) => {
            decision(Operation::Fail(conflict(answer)), Attributes::new())
        }
    }
}

fn create(mapped: Mapped, mapping: &Mapping) -> Operation {
    if !mapping.allows(ObjectAction::Create) {
        return Operation::Skip(SkipReason::CreateSwitchedOff);
    }
    if mapped.missing.is_empty() {
        return Operation::Create(mapped.on_create);
    }
    Operation::Fail(Failure::new(
        FailureCode::MissingValues,
        format!("the target requires {}, and the source has no value for it", mapped.missing.join(", ")),
    ))
}

fn change(
    target: &TargetId,
    shadow: &Attributes,
    mapped: &Mapped,
    mapping: &Mapping,
    when_equal: Operation,
) -> Operation {
    let changes = differences(shadow, &mapped.on_update);
    if changes.is_empty() {
        return when_equal;
    }
    if !mapping.allows(ObjectAction::Update) {
        return match when_equal {
            // Matched accounts are linked although they may not be changed, so that they are known.
            Operation::Adopt(_) => when_equal,
            _ => Operation::Skip(SkipReason::UpdateSwitchedOff),
        };
    }
    if switches_off(&changes, mapping) {
        Operation::Disable(target.clone(), changes)
    } else {
        Operation::Update(target.clone(), changes)
    }
}

/// Whether the changes turn the enabled attribute off. An account not known to be off counts as on: better one
/// removal too many in the guard's count than one too few.
fn switches_off(changes: &[AttributeChange], mapping: &Mapping) -> bool {
    changes.iter().any(|change| {
        Some(change.path.as_str()) == mapping.enabled_attribute()
            && change.new == Value::Boolean(false)
            && change.old != Some(Value::Boolean(false))
    })
}

fn conflict(answer: &Answer) -> Failure {
    match answer {
        Answer::Several(path, count) => Failure::new(
            FailureCode::DuplicateTargetEntries,
            format!("{count} accounts in the target match by {path}; Rollcall never picks one of several"),
        ),
        Answer::Taken(account, owner) => Failure::new(
            FailureCode::DuplicateSourceEntries,
            format!(
                "the account {account} matches, but it already belongs to the source object {owner}; an identifier may have been given to a second person"
            ),
        ),
        Answer::Nobody | Answer::One(..) => {
            Failure::new(FailureCode::EntryConflict, "the target's answer does not decide anything")
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::mapping::{AttributeDefinition, AttributeMapping, ObjectMapping, TargetSchema, ValueType};

    struct Schema;

    impl TargetSchema for Schema {
        fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
            let value_type = if path == "active" { ValueType::Boolean } else { ValueType::Text };
            Ok(AttributeDefinition { value_type, writable: true, matchable: true })
        }

        fn required(&self) -> &[&str] {
            &["userName"]
        }

        fn enabled_attribute(&self) -> Option<&str> {
            Some("active")
        }
    }

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
        Mapping::check(&ObjectMapping { actions: actions.to_vec(), attributes }, &Schema).unwrap()
    }

    fn mapping() -> Mapping {
        mapping_with(&[ObjectAction::Create, ObjectAction::Update, ObjectAction::Delete])
    }

    fn person(attributes: &[(&str, &str)]) -> SourceObject {
        SourceObject {
            id: SourceId::new("7"),
            object_type: crate::model::ObjectType::User,
            display_name: Some("Nadia Okoye".into()),
            enabled: true,
            soft_deleted: false,
            attributes: values(attributes),
        }
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
            skipped: None,
            display_name: None,
            change_id: Uuid::nil(),
            linked_at: None,
        }
    }

    fn operation(object: &SourceObject, link: Option<&Link>, answer: Option<&Answer>) -> Operation {
        decide(Presence::Here(object), link, answer, &mapping()).operation
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
        assert_eq!(
            asked.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["userName", "externalId"]
        );
    }

    #[test]
    fn an_existing_account_is_taken_over_and_updated_or_adopted_as_it_is() {
        let same = account(true, &[("userName", "nadia"), ("title", "Treasurer")]);
        let one = Answer::One("userName".into(), same.clone());
        assert_eq!(operation(&nadia(), None, Some(&one)), Operation::Adopt(same.id));
        let other =
            Answer::One("userName".into(), account(true, &[("userName", "nadia"), ("title", "Clerk")]));
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
        let gone = |link| decide(Presence::Gone, link, None, &mapping()).operation;
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
            assert_eq!(decide(presence, link, None, &mapping).operation, Operation::Skip(reason));
        }
        let create =
            decide(Presence::Here(&nadia()), None, Some(&Answer::Nobody), &only(ObjectAction::Update));
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
}

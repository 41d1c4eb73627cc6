//! Deciding what to do about one object: pure, so that a dry run is "stop here" and a log entry is the
//! decision's own record.
//!
//! In: a [`Case`]: the object (or the news that it is gone), what is remembered about it and, when it was asked for,
//! what the target said; and the mapping. Out: an [`Operation`]. An object without an account first yields
//! [`Operation::Ask`]; calling again with the [`Answer`] yields the rest. Where a new account needs a value that nobody
//! has yet, it yields [`Operation::Choose`], and is called once more with what was [`Case::chosen`].
//!
//! ```text
//! gone ───────────────▶ linked? ──no──▶ Forget
//!                          └─yes──────▶ Delete, or Skip(NotInScope) once it is no longer managed
//! present ─▶ linked? ─yes─▶ out of scope and to be left alone? ──yes──▶ Skip(NotInScope)
//!               │              ├─no─▶ out of scope, and the target has no switch? ──yes──▶ Delete
//!               │              └─no─▶ differs? ──no──▶ Skip(RedundantExport)
//!               │                        └─yes─▶ Disable (true→false of the enabled attribute) or Update
//!               └─no─▶ in scope? active? ──no──▶ Skip(NotInScope), Skip(NotActiveInSource)
//!                         └─yes─▶ Ask ─▶ nobody: Choose ─▶ Create · one: Update or Adopt · several: Fail
//! ```
//!
//! Whom the object refers to is written as far as it has an account ([`Case::references`]); the rest is
//! [`Decision::pending`] and changes nothing. An object that refers to itself has to have an account first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::escrow::{Failure, FailureCode};
use crate::mapping::{Mapped, Mapping, ObjectAction, Occasion};
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
    /// Ask the target which of these values is free, for each of these attributes, then decide again.
    Choose(Vec<(String, Vec<Value>)>),
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
    /// Whether it has an account and dropped out of scope: from now on it is no longer managed.
    pub unmanaged: bool,
    /// Whom it refers to that has no account yet, by the target path that shall name them.
    pub pending: BTreeMap<String, SourceId>,
}

/// What one decision is made from.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The object, or the news that it is gone.
    pub presence: Presence<'a>,
    /// What is remembered about it.
    pub link: Option<&'a Link>,
    /// What the target said about who matches, once it was asked.
    pub answer: Option<&'a Answer>,
    /// The values that were found free, once they were looked for. An attribute is absent when none was.
    pub chosen: Option<&'a Attributes>,
    /// The accounts of those the object refers to, as far as they have one.
    pub references: &'a References,
    /// The time, and where chance begins.
    pub occasion: Occasion,
}

/// The account of each object that somebody refers to.
pub type References = BTreeMap<SourceId, TargetId>;

/// Decides about one object. See the module's page for the way through.
#[must_use]
pub fn decide(case: &Case<'_>, mapping: &Mapping) -> Decision {
    let linked = case.link.and_then(|link| Some((link.target_id.as_ref()?, &link.shadow)));
    match (case.presence, linked) {
        (Presence::Gone, None) => Decision {
            operation: Operation::Forget,
            before: Attributes::new(),
            in_scope: false,
            unmanaged: false,
            pending: BTreeMap::new(),
        },
        (Presence::Gone, Some((target, shadow))) => {
            let unmanaged = case.link.is_some_and(|link| link.unmanaged);
            let operation =
                if unmanaged { Operation::Skip(SkipReason::NotInScope) } else { delete(target, mapping) };
            Decision {
                operation,
                before: shadow.clone(),
                in_scope: false,
                unmanaged,
                pending: BTreeMap::new(),
            }
        }
        (Presence::Here(object), linked) => decide_present(object, linked, case, mapping),
    }
}

fn decide_present(
    object: &SourceObject,
    linked: Option<(&TargetId, &Attributes)>,
    case: &Case<'_>,
    mapping: &Mapping,
) -> Decision {
    let known = || linked.map(|(_, shadow)| shadow.clone()).unwrap_or_default();
    let failed = |failure| Decision {
        operation: Operation::Fail(failure),
        before: known(),
        in_scope: case.link.is_some_and(|link| link.in_scope),
        unmanaged: case.link.is_some_and(|link| link.unmanaged),
        pending: BTreeMap::new(),
    };
    if object.is_hidden() {
        return failed(Failure::new(
            FailureCode::ImportSkipped,
            "the mapping hides values of this object with Redact, and the source did not show them again; they will be read with the next change",
        ));
    }
    let admitted = match mapping.scope().admits(object) {
        Ok(admitted) => admitted,
        // Who cannot be judged is neither let in nor put out.
        Err(error) => return failed(Failure::new(FailureCode::AttributeValidationFailed, error.to_string())),
    };
    let active = object.enabled && !object.soft_deleted;
    let in_scope = active && admitted;
    let unmanaged = !admitted && linked.is_some();
    let decision =
        |operation, before| Decision { operation, before, in_scope, unmanaged, pending: BTreeMap::new() };
    if !admitted && (linked.is_none() || mapping.scope().skips_out_of_scope_deletions()) {
        return decision(Operation::Skip(SkipReason::NotInScope), known());
    }
    if !active && linked.is_none() {
        return decision(Operation::Skip(SkipReason::NotActiveInSource), Attributes::new());
    }
    if let (Some((target, _)), false, None) = (linked, in_scope, mapping.enabled_attribute()) {
        // What cannot be switched off, such as a group, goes at the first event that would switch a person off.
        return decision(delete(target, mapping), known());
    }
    let is_off = |(_, shadow): (&TargetId, &Attributes)| {
        mapping.enabled_attribute().is_some_and(|path| shadow.get(path) == Some(&Value::Boolean(false)))
    };
    let was_unmanaged = case.link.is_some_and(|link| link.unmanaged);
    if unmanaged && was_unmanaged && linked.is_some_and(is_off) {
        return decision(Operation::Skip(SkipReason::NotInScope), known());
    }
    let mut mapped = match mapping.evaluate(object, !in_scope, &case.occasion) {
        Ok(mapped) => mapped,
        Err(error) => return failed(Failure::new(FailureCode::AttributeValidationFailed, error.to_string())),
    };
    let account = match (linked, case.answer) {
        (None, Some(Answer::One(_, account))) => Some((&account.id, &account.attributes)),
        (linked, _) => linked,
    };
    mapped.resolve(|anchor| match *anchor == object.id {
        // What the source of the references remembers may be an account that was found to be gone since.
        true => account.map(|(own, _)| own.clone()),
        false => case.references.get(anchor).cloned(),
    });
    let unresolved = mapping.pending(&mapped, account.map(|(_, held)| held));
    let (operation, before) = match (account, case.answer) {
        (Some((target, held)), _) => {
            let equal = match linked {
                Some(_) => Operation::Skip(SkipReason::RedundantExport),
                None => Operation::Adopt(target.clone()),
            };
            let operation = change(target, held, &mapped, mapping, equal);
            // Who dropped out of scope before is only ever switched off.
            let is_over = unmanaged && was_unmanaged && !operation.is_removal();
            (if is_over { Operation::Skip(SkipReason::NotInScope) } else { operation }, held.clone())
        }
        (None, None) => (ask(&mapped, mapping), Attributes::new()),
        (None, Some(Answer::Nobody)) => (create(mapped, case.chosen, mapping), Attributes::new()),
        (None, Some(answer)) => (Operation::Fail(conflict(answer)), Attributes::new()),
    };
    let pending = if !unmanaged && leaves_account(&operation) { unresolved } else { BTreeMap::new() };
    Decision { pending, ..decision(operation, before) }
}

/// Whether there is an account after it that is still looked after.
fn leaves_account(operation: &Operation) -> bool {
    match operation {
        Operation::Create(_) | Operation::Update(..) | Operation::Disable(..) | Operation::Adopt(_) => true,
        Operation::Skip(reason) => *reason == SkipReason::RedundantExport,
        Operation::Ask(_)
        | Operation::Choose(_)
        | Operation::Delete(_)
        | Operation::Fail(_)
        | Operation::Forget => false,
    }
}

fn delete(target: &TargetId, mapping: &Mapping) -> Operation {
    if mapping.allows(ObjectAction::Delete) {
        Operation::Delete(target.clone())
    } else {
        Operation::Skip(SkipReason::DeleteSwitchedOff)
    }
}

fn ask(mapped: &Mapped, mapping: &Mapping) -> Operation {
    let values = mapping.matching_values(mapped);
    if values.is_empty() { Operation::Skip(SkipReason::MatchingValueMissing) } else { Operation::Ask(values) }
}

fn create(mapped: Mapped, chosen: Option<&Attributes>, mapping: &Mapping) -> Operation {
    if !mapping.allows(ObjectAction::Create) {
        return Operation::Skip(SkipReason::CreateSwitchedOff);
    }
    let candidates = mapping.candidates(&mapped);
    let none = Attributes::new();
    let chosen = match chosen {
        None if !candidates.is_empty() => return Operation::Choose(candidates),
        chosen => chosen.unwrap_or(&none),
    };
    if let Some((path, values)) =
        candidates.iter().find(|(path, values)| !values.is_empty() && !chosen.contains_key(path))
    {
        return Operation::Fail(Failure::new(
            FailureCode::EntryConflict,
            format!(
                "all {} values that SelectUniqueValue gives for '{path}' are taken in the target; add one more rule",
                values.len()
            ),
        ));
    }
    match mapping.on_create(mapped, chosen) {
        Ok(attributes) => Operation::Create(attributes),
        Err(missing) => Operation::Fail(Failure::new(
            FailureCode::MissingValues,
            format!("the target requires {}, and the source has no value for it", missing.join(", ")),
        )),
    }
}

fn change(
    target: &TargetId,
    shadow: &Attributes,
    mapped: &Mapped,
    mapping: &Mapping,
    when_equal: Operation,
) -> Operation {
    let changes = mapping.on_update(mapped, shadow);
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

/// Whether the changes turn the enabled attribute off, or clear it: what the app makes of that is its own affair. An
/// account not known to be off counts as on: better one removal too many in the guard's count than one too few.
fn switches_off(changes: &[AttributeChange], mapping: &Mapping) -> bool {
    changes.iter().any(|change| {
        Some(change.path.as_str()) == mapping.enabled_attribute()
            && change.new != Some(Value::Boolean(true))
            && change.old != Some(Value::Boolean(false))
    })
}

/// Why an answer lets nobody have an account.
pub(crate) fn conflict(answer: &Answer) -> Failure {
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
mod group_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod scope_tests;

#[cfg(test)]
mod tests;

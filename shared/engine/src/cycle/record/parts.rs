//! What records are put together from.

use std::collections::BTreeMap;

use crate::cycle::plan::Planned;
use crate::decide::Operation;
use crate::escrow::Failure;
use crate::expression::{Trace, shortened_to};
use crate::model::{
    AttributeChange, Attributes, ObjectType, SkipReason, SourceId, SourceObject, TargetId, Value,
};
use crate::report::{
    Action, ErrorInformation, ModifiedProperty, Outcome, ProvisionedIdentity, StatusInfo, Step, StepType,
};

/// The vendor's code for a reference to somebody without an account.
const UNRESOLVED: &str = "UnableToResolveReferenceAttributeValue";

/// At most so many of those who have no account are named, and so many characters of each: they may be
/// distinguished names.
const NAMED: usize = 12;
const NAME: usize = 100;

/// So many characters of a trace go into a record.
const TRACE: usize = 300;

pub(super) fn action(operation: &Operation, planned: &Planned) -> Action {
    match operation {
        Operation::Create(_) => Action::Create,
        Operation::Update(..) => Action::Update,
        Operation::Disable(..) => Action::Disable,
        Operation::Delete(_) => Action::Delete,
        // What could not be decided would have been one of these two.
        Operation::Fail(_) if known_target(planned).is_some() => Action::Update,
        Operation::Fail(_) => Action::Create,
        Operation::Ask(_)
        | Operation::Choose(_)
        | Operation::Adopt(_)
        | Operation::Skip(_)
        | Operation::Forget => Action::Other,
    }
}

pub(super) fn known_target(planned: &Planned) -> Option<&TargetId> {
    planned.prior.as_ref().and_then(|link| link.target_id.as_ref())
}

/// How it ended: as its worst step did.
pub(super) fn status(operation: &Operation, failure: Option<&Failure>, steps: &[Step]) -> StatusInfo {
    let is_idle = matches!(operation, Operation::Skip(_) | Operation::Adopt(_));
    outcome(failure, steps, if is_idle { Outcome::Skipped } else { Outcome::Success })
}

pub(super) fn outcome(failure: Option<&Failure>, steps: &[Step], otherwise: Outcome) -> StatusInfo {
    let warning = steps.iter().find(|step| step.status == Outcome::Warning);
    match (failure, warning) {
        (Some(failure), _) => {
            StatusInfo { status: Outcome::Failure, error_information: Some(error_information(failure)) }
        }
        (None, Some(step)) => StatusInfo {
            status: Outcome::Warning,
            error_information: Some(ErrorInformation {
                error_code: UNRESOLVED.into(),
                error_category: "nonServiceFailure".into(),
                reason: step.description.clone(),
                additional_details: None,
                recommended_action: Some(
                    "Rollcall makes it good as soon as there is an account; bring whom it names into scope if there should be one"
                        .into(),
                ),
            }),
        },
        (None, None) => StatusInfo { status: otherwise, error_information: None },
    }
}

pub(super) fn error_information(failure: &Failure) -> ErrorInformation {
    let facts: Vec<String> = [
        failure.request.as_ref().map(|request| format!("request: {request}")),
        failure.status.map(|status| format!("status: {status}")),
        failure.extract.as_ref().map(|extract| format!("answer: {extract}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    ErrorInformation {
        error_code: failure.code.to_string(),
        error_category: "nonServiceFailure".into(),
        reason: failure.reason.clone(),
        additional_details: (!facts.is_empty()).then(|| facts.join("; ")),
        recommended_action: failure.code.recommended_action().map(str::to_owned),
    }
}

pub(super) fn imported(object: &SourceObject) -> BTreeMap<String, String> {
    let mut details = flat(&object.attributes);
    details.insert("objectId".into(), object.id.to_string());
    details.insert("accountEnabled".into(), truth(object.enabled));
    details.insert("IsSoftDeleted".into(), truth(!object.enabled || object.soft_deleted));
    details
}

pub(super) fn skip_step(reason: SkipReason) -> Step {
    step(
        "EntrySynchronizationSkip",
        StepType::Export,
        Outcome::Skipped,
        reason.sentence().into(),
        [("SkipReason", reason.code().to_owned())],
    )
}

/// The step of a removal that waits for a person.
pub(super) fn held_step(description: String, label: &str) -> Step {
    step(
        "EntrySynchronizationSkip",
        StepType::Export,
        Outcome::Skipped,
        description,
        [("SkipReason", "RemovalHeld".to_owned()), ("ReportableIdentifier", label.to_owned())],
    )
}

/// The step of references to those who have no account. `tells` makes the sentence of who they are.
pub(super) fn unresolved_step<'s>(
    anchors: impl ExactSizeIterator<Item = &'s SourceId>,
    tells: impl FnOnce(&str) -> String,
) -> Step {
    let named = named(anchors);
    step(
        "EntrySynchronizationReferenceResolution",
        StepType::ReferenceResolution,
        Outcome::Warning,
        tells(&named),
        [("ErrorCode", UNRESOLVED.to_owned()), ("UnresolvedReferences", named)],
    )
}

/// The step of groups in a group that are left out. `tells` makes the sentence of which they are.
pub(super) fn left_out_step<'s>(
    groups: impl ExactSizeIterator<Item = &'s SourceId>,
    tells: impl FnOnce(&str) -> String,
) -> Step {
    let named = named(groups);
    step(
        "EntrySynchronizationSkip",
        StepType::ReferenceResolution,
        Outcome::Skipped,
        tells(&named),
        [("SkipReason", "NestedGroupLeftOut".to_owned()), ("NestedGroups", named)],
    )
}

/// The first of them, shortened, and how many there are beyond.
pub(super) fn named<'s>(anchors: impl ExactSizeIterator<Item = &'s SourceId>) -> String {
    listed(anchors.map(|anchor| shortened_to(anchor.as_str(), NAME)), NAMED, ", ")
}

/// The first of them, and how many there are beyond.
pub(super) fn listed(mut all: impl ExactSizeIterator<Item = String>, most: usize, separator: &str) -> String {
    let more = all.len().saturating_sub(most);
    let shown: Vec<String> = all.by_ref().take(most).collect();
    match (shown.is_empty(), more) {
        (_, 0) => shown.join(separator),
        (true, more) => format!("{more} that are not named here"),
        (false, more) => format!("{} and {more} more", shown.join(separator)),
    }
}

pub(super) fn step<const N: usize>(
    name: &str,
    stage: StepType,
    status: Outcome,
    description: String,
    details: [(&str, String); N],
) -> Step {
    Step { name: name.into(), provisioning_step_type: stage, status, description, details: texts(details) }
}

pub(super) fn modified(operation: &Operation) -> Vec<ModifiedProperty> {
    match operation {
        Operation::Create(attributes) => {
            attributes.iter().map(|(name, value)| property(name, None, Some(value))).collect()
        }
        Operation::Update(_, changes) | Operation::Disable(_, changes) => changed(changes),
        _ => Vec::new(),
    }
}

pub(super) fn changed(changes: &[AttributeChange]) -> Vec<ModifiedProperty> {
    changes.iter().map(|change| property(&change.path, change.old.as_ref(), change.new.as_ref())).collect()
}

pub(super) fn property(name: &str, old: Option<&Value>, new: Option<&Value>) -> ModifiedProperty {
    ModifiedProperty {
        display_name: name.to_owned(),
        old_value: old.map(ToString::to_string),
        new_value: new.map(ToString::to_string),
    }
}

pub(super) fn target_identity(target: Option<&TargetId>, planned: &Planned) -> ProvisionedIdentity {
    let name = match &planned.operation {
        Operation::Create(attributes) if target.is_some() => attributes.get("displayName"),
        _ => planned.before.get("displayName"),
    };
    ProvisionedIdentity {
        display_name: name.map(ToString::to_string).unwrap_or_default(),
        ..identity(planned.kind, target.map(ToString::to_string).unwrap_or_default())
    }
}

/// Nothing but an id, which is empty where there is none.
pub(super) fn identity(kind: ObjectType, id: String) -> ProvisionedIdentity {
    ProvisionedIdentity {
        id,
        display_name: String::new(),
        identity_type: kind.to_string(),
        details: BTreeMap::new(),
    }
}

pub(super) fn object_details(
    kind: ObjectType,
    id: &SourceId,
    name: &str,
    label: &str,
) -> BTreeMap<String, String> {
    let mut details =
        texts([("id", id.to_string()), ("odatatype", kind.to_string()), ("DisplayName", name.to_owned())]);
    if kind == ObjectType::User {
        details.insert("UserPrincipalName".into(), label.to_owned());
    }
    details
}

/// What the target has of an object.
pub(super) fn counterpart(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::User => "account",
        ObjectType::Group => "group",
    }
}

pub(super) fn flat(attributes: &Attributes) -> BTreeMap<String, String> {
    attributes.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

pub(super) fn texts<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A trace on one line, cut where it gets long.
pub(super) fn line(trace: &Trace) -> String {
    shortened_to(&trace.to_string(), TRACE)
}

pub(super) fn truth(value: bool) -> String {
    Value::Boolean(value).to_string()
}

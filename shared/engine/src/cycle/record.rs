//! Writing provisioning records: from what was planned and what came of it to Graph's shape, step by step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::Definition;
use super::execute::Done;
use super::plan::{Planned, UnreadableRow};
use crate::decide::Operation;
use crate::escrow::{Failure, FailureCode};
use crate::expression::{Trace, shortened_to};
use crate::ids::record_id;
use crate::job::{Checkpoint, CycleKind};
use crate::mapping::Occasion;
use crate::model::{AttributeChange, Attributes, CycleId, SkipReason, SourceObject, TargetId, Value};
use crate::report::{
    Action, ErrorInformation, Initiator, ModifiedProperty, Named, Outcome, ProvisionedIdentity,
    ProvisioningRecord, StatusInfo, Step, StepType, System,
};

/// Writes the records of one cycle.
pub(super) struct Writer<'a> {
    definition: &'a Definition,
    cycle: CycleId,
    kind: CycleKind,
    began: Timestamp,
}

/// At most so many traces go into a record, and so many characters of each: a record costs at most 8 write units.
const TRACES: usize = 12;
const TRACE: usize = 300;

impl<'a> Writer<'a> {
    pub(super) fn new(definition: &'a Definition, checkpoint: &Checkpoint) -> Self {
        Self { definition, cycle: checkpoint.cycle, kind: checkpoint.kind, began: checkpoint.began }
    }

    /// The record of finished work; `None` when there is nothing to tell.
    pub(super) fn done(&self, done: &Done) -> Option<ProvisioningRecord> {
        let Done { planned, outcome, finished, milliseconds } = done;
        if planned.operation == Operation::Forget {
            return None;
        }
        if matches!(planned.operation, Operation::Skip(_)) && outcome.is_ok() && !planned.skip_is_news() {
            return None;
        }
        let failure = outcome.as_ref().err();
        let target = outcome.as_ref().ok().and_then(Option::as_ref).or_else(|| known_target(planned));
        let mut record = self.frame(planned.change_id, *finished);
        record.provisioning_action = action(&planned.operation, planned);
        record.duration_in_milliseconds = *milliseconds;
        record.source_identity = self.source_identity(planned);
        record.target_identity = target_identity(target, planned);
        record.provisioning_status_info = status(&planned.operation, failure);
        record.provisioning_steps = self.steps(planned, failure);
        record.modified_properties = modified(&planned.operation);
        Some(record)
    }

    /// The record of a removal that the guard holds.
    pub(super) fn held(&self, planned: &Planned, now: Timestamp) -> ProvisioningRecord {
        let mut record = self.frame(planned.change_id, now);
        record.provisioning_action = Action::StagedDelete;
        record.source_identity = self.source_identity(planned);
        record.target_identity = target_identity(known_target(planned), planned);
        record.provisioning_status_info = StatusInfo { status: Outcome::Skipped, error_information: None };
        let mut steps = vec![self.import(planned)];
        steps.extend(self.scoping(planned));
        steps.push(self.processing(planned, None));
        steps.push(step(
            "EntrySynchronizationSkip",
            StepType::Export,
            Outcome::Skipped,
            format!("Removing '{}' is held until a person approves", planned.label),
            [("SkipReason", "RemovalHeld".to_owned()), ("ReportableIdentifier", planned.label.clone())],
        ));
        record.provisioning_steps = steps;
        record.modified_properties = modified(&planned.operation);
        record
    }

    /// The record of a row that could not be read.
    pub(super) fn unreadable(&self, row: &UnreadableRow, now: Timestamp) -> ProvisioningRecord {
        let mut record = self.frame(row.change_id, now);
        let failure = Failure::new(FailureCode::ImportSkipped, format!("{}: {}", row.place, row.reason));
        let id = row.id.as_ref().map_or_else(|| row.place.clone(), ToString::to_string);
        record.source_identity = ProvisionedIdentity {
            id: id.clone(),
            display_name: String::new(),
            identity_type: "User".into(),
            details: BTreeMap::new(),
        };
        record.provisioning_status_info = status(&Operation::Forget, Some(&failure));
        record.provisioning_steps = vec![step(
            "EntryImport",
            StepType::Import,
            Outcome::Failure,
            failure.reason,
            [("objectId", id), ("place", row.place.clone())],
        )];
        record
    }

    fn frame(&self, change: Uuid, at: Timestamp) -> ProvisioningRecord {
        let naming = &self.definition.naming;
        let application =
            Named { id: naming.application_id.clone(), display_name: naming.application_name.clone() };
        ProvisioningRecord {
            id: record_id(change),
            activity_date_time: at,
            tenant_id: naming.tenant_id.clone(),
            job_id: self.definition.job.to_string(),
            cycle_id: self.cycle.to_string(),
            change_id: change.to_string(),
            provisioning_action: Action::Other,
            duration_in_milliseconds: 0,
            source_system: System {
                id: naming.source_id.clone(),
                display_name: naming.source_name.clone(),
                details: BTreeMap::new(),
            },
            target_system: System {
                id: naming.target_id.clone(),
                display_name: naming.application_name.clone(),
                details: texts([
                    ("ApplicationId", naming.application_id.clone()),
                    ("ServicePrincipalId", naming.application_id.clone()),
                    ("ServicePrincipalDisplayName", naming.application_name.clone()),
                ]),
            },
            service_principal: application,
            initiated_by: Initiator {
                id: String::new(),
                display_name: "Rollcall".into(),
                initiator_type: "system".into(),
            },
            source_identity: empty_identity(),
            target_identity: empty_identity(),
            provisioning_status_info: StatusInfo { status: Outcome::Success, error_information: None },
            provisioning_steps: Vec::new(),
            modified_properties: Vec::new(),
        }
    }

    fn source_identity(&self, planned: &Planned) -> ProvisionedIdentity {
        let remembered = || planned.prior.as_ref().and_then(|link| link.display_name.clone());
        let name = planned.object.as_ref().and_then(|object| object.display_name.clone()).or_else(remembered);
        ProvisionedIdentity {
            id: planned.source_id.to_string(),
            display_name: name.clone().unwrap_or_default(),
            identity_type: "User".into(),
            details: texts([
                ("id", planned.source_id.to_string()),
                ("odatatype", "User".to_owned()),
                ("DisplayName", name.unwrap_or_default()),
                ("UserPrincipalName", planned.label.clone()),
            ]),
        }
    }

    fn steps(&self, planned: &Planned, failure: Option<&Failure>) -> Vec<Step> {
        let mut steps = vec![self.import(planned)];
        steps.extend(self.scoping(planned));
        // Neither of them was compared with anything.
        if let Operation::Skip(reason @ (SkipReason::MatchingValueMissing | SkipReason::NotInScope)) =
            planned.operation
        {
            steps.push(skip_step(reason));
            return steps;
        }
        steps.push(self.processing(planned, failure));
        steps.extend(self.export(planned, failure));
        steps
    }

    fn import(&self, planned: &Planned) -> Step {
        let source = &self.definition.naming.source_name;
        let (name, arrival) = match (&planned.object, &planned.prior, self.kind) {
            (None, ..) => ("EntryImportDelete", "is gone from"),
            (Some(_), _, CycleKind::Initial) => ("EntryImport", "was read from"),
            (Some(_), None, CycleKind::Incremental) => ("EntryImportAdd", "arrived as an addition from"),
            (Some(_), Some(_), CycleKind::Incremental) => ("EntryImportUpdate", "arrived as a change from"),
        };
        let details = match &planned.object {
            Some(object) => imported(object),
            None => texts([("objectId", planned.source_id.to_string())]),
        };
        Step {
            name: name.into(),
            provisioning_step_type: StepType::Import,
            status: Outcome::Success,
            description: format!("User '{}' {arrival} {source}", planned.label),
            details,
        }
    }

    /// The step that says which account is theirs and what shall happen to it.
    fn processing(&self, planned: &Planned, failure: Option<&Failure>) -> Step {
        let target = &self.definition.naming.application_name;
        let refused = matches!(planned.operation, Operation::Fail(_));
        if let (true, Some(failure)) = (refused, failure) {
            let name = if planned.prior.is_some() {
                "EntrySynchronizationUpdate"
            } else {
                "EntrySynchronizationAdd"
            };
            let mut refused = step(name, StepType::Matching, Outcome::Failure, failure.reason.clone(), []);
            refused.details = self.failed_traces(planned);
            return refused;
        }
        if let Some(path) = &planned.matched_by {
            let description = format!("An account of '{}' in {target} matches by {path}", planned.label);
            let mut found = step("EntryImport", StepType::Matching, Outcome::Success, description, []);
            found.details = flat(&planned.before);
            return found;
        }
        let (name, stage, description) = match &planned.operation {
            Operation::Create(_) => (
                "EntrySynchronizationAdd",
                StepType::Matching,
                format!("No account in {target} matches '{}'; it will be created", planned.label),
            ),
            Operation::Delete(_) => (
                "EntrySynchronizationDelete",
                StepType::Processing,
                format!(
                    "'{}' is gone from the source; its account in {target} will be deleted",
                    planned.label
                ),
            ),
            Operation::Disable(..) => (
                "EntrySynchronizationUpdate",
                StepType::Processing,
                format!(
                    "'{}' {}; the account will be switched off",
                    planned.label,
                    if planned.unmanaged {
                        "is no longer in scope"
                    } else {
                        "is no longer active in the source"
                    }
                ),
            ),
            _ => (
                "EntrySynchronizationUpdate",
                StepType::Processing,
                format!("'{}' was compared with what {target} is known to hold", planned.label),
            ),
        };
        let mut decided = step(name, stage, Outcome::Success, description, []);
        decided.details = self.traces(planned);
        decided
    }

    /// Whether the object is switched on, assigned and admitted, clause by clause.
    fn scoping(&self, planned: &Planned) -> Option<Step> {
        let object = planned.object.as_ref()?;
        let (_, scope) = self.definition.mapping.scope().explain(object);
        let mut scoping = step(
            "EntrySynchronizationScoping",
            StepType::Scoping,
            Outcome::Success,
            "User checked for being active, against assignment and each scoping filter".into(),
            [("Active in the source system", truth(object.enabled && !object.soft_deleted))],
        );
        scoping.details.extend(scope.details());
        Some(scoping)
    }

    /// How the expressions gave the values that are written.
    fn traces(&self, planned: &Planned) -> BTreeMap<String, String> {
        let paths: Vec<&str> = match &planned.operation {
            Operation::Create(attributes) => attributes.keys().map(String::as_str).collect(),
            Operation::Update(_, changes) | Operation::Disable(_, changes) => {
                changes.iter().map(|change| change.path.as_str()).collect()
            }
            _ => Vec::new(),
        };
        let Some(object) = planned.object.as_ref().filter(|_| !paths.is_empty()) else {
            return BTreeMap::new();
        };
        let occasion = self.occasion(planned);
        let mapping = &self.definition.mapping;
        let traced = paths.into_iter().filter_map(|path| {
            let told = mapping.explain_target(path, object, !planned.in_scope, &occasion)?;
            Some((path.to_owned(), line(&told.trace?)))
        });
        traced.take(TRACES).collect()
    }

    /// What went wrong in the expressions of an object that could not be mapped.
    fn failed_traces(&self, planned: &Planned) -> BTreeMap<String, String> {
        let Some(object) = &planned.object else { return BTreeMap::new() };
        let explained = self.definition.mapping.explain(object, &self.occasion(planned));
        let failed = explained.attributes.into_iter().filter(|attribute| attribute.failed);
        failed
            .filter_map(|attribute| Some((attribute.target, line(&attribute.trace?))))
            .take(TRACES)
            .collect()
    }

    fn occasion(&self, planned: &Planned) -> Occasion {
        Occasion { now: self.began, change: planned.change_id, key: self.definition.key }
    }

    fn export(&self, planned: &Planned, failure: Option<&Failure>) -> Option<Step> {
        let target = &self.definition.naming.application_name;
        let (name, done, tried) = match &planned.operation {
            Operation::Create(_) => ("EntryExportAdd", "created", "Creating"),
            Operation::Update(..) => ("EntryExportUpdate", "updated", "Updating"),
            Operation::Disable(..) => ("EntryExportUpdate", "switched off", "Switching off"),
            Operation::Delete(_) => ("EntryExportDelete", "deleted", "Deleting"),
            Operation::Skip(reason) => return Some(skip_step(*reason)),
            Operation::Adopt(_) => return Some(skip_step(SkipReason::RedundantExport)),
            Operation::Ask(_) | Operation::Choose(_) | Operation::Fail(_) | Operation::Forget => return None,
        };
        let (status, description) = match failure {
            None => (Outcome::Success, format!("User '{}' was {done} in {target}", planned.label)),
            Some(_) => (Outcome::Failure, format!("{tried} user '{}' in {target} failed", planned.label)),
        };
        let label = [("ReportableIdentifier", planned.label.clone())];
        Some(step(name, StepType::Export, status, description, label))
    }
}

fn action(operation: &Operation, planned: &Planned) -> Action {
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

fn known_target(planned: &Planned) -> Option<&TargetId> {
    planned.prior.as_ref().and_then(|link| link.target_id.as_ref())
}

fn status(operation: &Operation, failure: Option<&Failure>) -> StatusInfo {
    match (failure, operation) {
        (Some(failure), _) => {
            StatusInfo { status: Outcome::Failure, error_information: Some(error_information(failure)) }
        }
        (None, Operation::Skip(_) | Operation::Adopt(_)) => {
            StatusInfo { status: Outcome::Skipped, error_information: None }
        }
        (None, _) => StatusInfo { status: Outcome::Success, error_information: None },
    }
}

fn error_information(failure: &Failure) -> ErrorInformation {
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

fn imported(object: &SourceObject) -> BTreeMap<String, String> {
    let mut details = flat(&object.attributes);
    details.insert("objectId".into(), object.id.to_string());
    details.insert("accountEnabled".into(), truth(object.enabled));
    details.insert("IsSoftDeleted".into(), truth(!object.enabled || object.soft_deleted));
    details
}

fn skip_step(reason: SkipReason) -> Step {
    step(
        "EntrySynchronizationSkip",
        StepType::Export,
        Outcome::Skipped,
        reason.sentence().into(),
        [("SkipReason", reason.code().to_owned())],
    )
}

fn step<const N: usize>(
    name: &str,
    stage: StepType,
    status: Outcome,
    description: String,
    details: [(&str, String); N],
) -> Step {
    Step { name: name.into(), provisioning_step_type: stage, status, description, details: texts(details) }
}

fn modified(operation: &Operation) -> Vec<ModifiedProperty> {
    let property = |name: &String, old: Option<&Value>, new: Option<&Value>| ModifiedProperty {
        display_name: name.clone(),
        old_value: old.map(ToString::to_string),
        new_value: new.map(ToString::to_string),
    };
    match operation {
        Operation::Create(attributes) => {
            attributes.iter().map(|(name, value)| property(name, None, Some(value))).collect()
        }
        Operation::Update(_, changes) | Operation::Disable(_, changes) => changes
            .iter()
            .map(|AttributeChange { path, old, new, .. }| property(path, old.as_ref(), new.as_ref()))
            .collect(),
        _ => Vec::new(),
    }
}

fn target_identity(target: Option<&TargetId>, planned: &Planned) -> ProvisionedIdentity {
    let name = match &planned.operation {
        Operation::Create(attributes) if target.is_some() => attributes.get("displayName"),
        _ => planned.before.get("displayName"),
    };
    ProvisionedIdentity {
        id: target.map(ToString::to_string).unwrap_or_default(),
        display_name: name.map(ToString::to_string).unwrap_or_default(),
        identity_type: "User".into(),
        details: BTreeMap::new(),
    }
}

fn empty_identity() -> ProvisionedIdentity {
    ProvisionedIdentity {
        id: String::new(),
        display_name: String::new(),
        identity_type: "User".into(),
        details: BTreeMap::new(),
    }
}

fn flat(attributes: &Attributes) -> BTreeMap<String, String> {
    attributes.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn texts<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A trace on one line, cut where it gets long.
fn line(trace: &Trace) -> String {
    shortened_to(&trace.to_string(), TRACE)
}

fn truth(value: bool) -> String {
    Value::Boolean(value).to_string()
}

//! Writing provisioning records: from what was planned and what came of it to Graph's shape, step by step.
//!
//! In: finished work, removals that are held, rows that could not be read, and, apart from the work on objects, what was
//! done to memberships and references. Out: one record each. Promise: a record costs at most 8 write units, however
//! large the group it tells of is.

mod drift;
mod parts;
mod references;
mod steps;

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use self::parts::{
    action, error_information, held_step, identity, known_target, modified, object_details, status, step,
    target_identity, texts,
};
pub(super) use self::references::{MembershipTold, ReferenceTold};
use super::Definition;
use super::execute::Done;
use super::plan::{Planned, UnreadableRow};
use crate::decide::Operation;
use crate::escrow::{Failure, FailureCode};
use crate::ids::record_id;
use crate::job::{Checkpoint, CycleKind};
use crate::model::{CycleId, ObjectType, SourceId, TargetId};
use crate::report::{
    Action, Initiator, Named, Outcome, ProvisionedIdentity, ProvisioningRecord, StatusInfo, StepType, System,
};

/// Writes the records of one cycle.
pub(super) struct Writer<'a> {
    definition: &'a Definition,
    cycle: CycleId,
    kind: CycleKind,
    began: Timestamp,
    asked_by: Option<&'a str>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(definition: &'a Definition, checkpoint: &Checkpoint) -> Self {
        let Checkpoint { cycle, kind, began, .. } = *checkpoint;
        Self { definition, cycle, kind, began, asked_by: None }
    }

    /// What is written was asked for by this person.
    pub(super) fn asked_by(self, person: Option<&'a str>) -> Self {
        Self { asked_by: person, ..self }
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
        record.source_identity = source_identity(planned);
        record.target_identity = target_identity(target, planned);
        record.provisioning_steps = self.steps(planned, failure);
        record.provisioning_status_info = status(&planned.operation, failure, &record.provisioning_steps);
        record.modified_properties = modified(&planned.operation);
        Some(record)
    }

    /// The record of a removal that the guard holds.
    pub(super) fn held(&self, planned: &Planned, now: Timestamp) -> ProvisioningRecord {
        let mut record = self.frame(planned.change_id, now);
        record.provisioning_action = Action::StagedDelete;
        record.source_identity = source_identity(planned);
        record.target_identity = target_identity(known_target(planned), planned);
        record.provisioning_status_info = StatusInfo { status: Outcome::Skipped, error_information: None };
        let mut steps = vec![self.import(planned)];
        steps.extend(self.scoping(planned));
        steps.push(self.processing(planned, None));
        let description = format!("Removing '{}' is held until a person approves", planned.label);
        steps.push(held_step(description, &planned.label));
        record.provisioning_steps = steps;
        record.modified_properties = modified(&planned.operation);
        record
    }

    /// The record of a row that could not be read.
    pub(super) fn unreadable(&self, row: &UnreadableRow, now: Timestamp) -> ProvisioningRecord {
        let mut record = self.frame(row.change_id, now);
        let failure = Failure::new(FailureCode::ImportSkipped, format!("{}: {}", row.place, row.reason));
        let id = row.id.as_ref().map_or_else(|| row.place.clone(), ToString::to_string);
        record.source_identity = identity(ObjectType::User, id.clone());
        record.provisioning_status_info =
            StatusInfo { status: Outcome::Failure, error_information: Some(error_information(&failure)) };
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
                display_name: self.asked_by.unwrap_or("Rollcall").into(),
                initiator_type: if self.asked_by.is_some() { "user" } else { "system" }.into(),
            },
            source_identity: identity(ObjectType::User, String::new()),
            target_identity: identity(ObjectType::User, String::new()),
            provisioning_status_info: StatusInfo { status: Outcome::Success, error_information: None },
            provisioning_steps: Vec::new(),
            modified_properties: Vec::new(),
        }
    }
}

fn source_identity(planned: &Planned) -> ProvisionedIdentity {
    let remembered = || planned.prior.as_ref().and_then(|link| link.display_name.clone());
    let name = planned.object.as_ref().and_then(|object| object.display_name.clone()).or_else(remembered);
    linked_identity(planned.kind, &planned.source_id, name, &planned.label)
}

/// An object of the source, as it is known.
fn linked_identity(
    kind: ObjectType,
    id: &SourceId,
    name: Option<String>,
    label: &str,
) -> ProvisionedIdentity {
    let name = name.unwrap_or_default();
    ProvisionedIdentity {
        details: object_details(kind, id, &name, label),
        display_name: name,
        ..identity(kind, id.to_string())
    }
}

/// An account or a group in the target whose values are not at hand.
fn account_identity(kind: ObjectType, id: &TargetId, name: Option<&String>) -> ProvisionedIdentity {
    ProvisionedIdentity { display_name: name.cloned().unwrap_or_default(), ..identity(kind, id.to_string()) }
}

#[cfg(test)]
mod tests;

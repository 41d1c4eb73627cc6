//! Records of what is done apart from the work on objects: members who come and go, references made good later.
//!
//! In: what the phase of references knows, without the objects themselves. Out: one record for a group's members or a
//! person's references. Members are named as far as the record's size allows, with how many more there are.

use jiff::Timestamp;
use uuid::Uuid;

use super::parts::{changed, held_step, left_out_step, listed, outcome, step, unresolved_step};
use super::{Writer, account_identity, linked_identity};
use crate::cycle::Nested;
use crate::cycle::references::LEVELS;
use crate::escrow::Failure;
use crate::model::{AttributeChange, ObjectType, SourceId, TargetId};
use crate::pack;
use crate::ports::MEMBERS;
use crate::report::{Action, ModifiedProperty, Outcome, ProvisioningRecord, StatusInfo, Step, StepType};

/// The most bytes of a deflated record. With some five hundred bytes of keys it fits in three write units beside the five
/// of its indexes.
const LARGEST: usize = 2_500;

/// A failure has one index more, and a unit less.
const LARGEST_FAILURE: usize = LARGEST - 1_000;

/// More members than this are not even tried: short ids that resemble one another deflate well, and nobody reads on.
const NAMED: usize = 200;

/// What was done to the members of one group.
#[derive(Debug, Clone)]
pub(in crate::cycle) struct MembershipTold {
    pub(in crate::cycle) change_id: Uuid,
    pub(in crate::cycle) group: SourceId,
    /// What people call the group.
    pub(in crate::cycle) group_label: String,
    /// The group in the target.
    pub(in crate::cycle) target: TargetId,
    pub(in crate::cycle) display_name: Option<String>,
    /// Who was put into it, or should have been.
    pub(in crate::cycle) added: Vec<(SourceId, TargetId)>,
    /// Who was taken out of it, or should have been, or waits for a person.
    pub(in crate::cycle) removed: Vec<(SourceId, TargetId)>,
    /// Who belongs to it and has no account.
    pub(in crate::cycle) unresolved: Vec<SourceId>,
    /// Groups in it whose members do not belong to it.
    pub(in crate::cycle) left_out: Vec<SourceId>,
    pub(in crate::cycle) failure: Option<Failure>,
    pub(in crate::cycle) finished: Timestamp,
    pub(in crate::cycle) milliseconds: u64,
}

/// What was done to the references of one person, once whom they name got an account.
#[derive(Debug, Clone)]
pub(in crate::cycle) struct ReferenceTold {
    pub(in crate::cycle) change_id: Uuid,
    pub(in crate::cycle) source_id: SourceId,
    /// What people call the person.
    pub(in crate::cycle) label: String,
    pub(in crate::cycle) display_name: Option<String>,
    /// The person's account.
    pub(in crate::cycle) target: TargetId,
    /// What was written, or should have been.
    pub(in crate::cycle) changes: Vec<AttributeChange>,
    pub(in crate::cycle) failure: Option<Failure>,
    pub(in crate::cycle) finished: Timestamp,
    pub(in crate::cycle) milliseconds: u64,
}

impl Writer<'_> {
    /// The record of members who came and went.
    pub(in crate::cycle) fn members(&self, told: &MembershipTold) -> ProvisioningRecord {
        fitting(|most| self.membership(told, most))
    }

    /// The record of members whose removal the guard holds.
    pub(in crate::cycle) fn held_members(&self, told: &MembershipTold) -> ProvisioningRecord {
        fitting(|most| {
            let mut record = self.of_group(told);
            record.provisioning_action = Action::StagedDelete;
            record.provisioning_status_info =
                StatusInfo { status: Outcome::Skipped, error_information: None };
            let description = format!(
                "Taking {} out of group '{}' is held until a person approves",
                members(told.removed.len()),
                told.group_label
            );
            record.provisioning_steps = vec![
                self.read_members(told),
                compared(&told.group_label, 0, told.removed.len()),
                held_step(description, &told.group_label),
            ];
            record.modified_properties = removed(told, most).into_iter().collect();
            record
        })
    }

    /// The record of references that were made good.
    pub(in crate::cycle) fn reference(&self, told: &ReferenceTold) -> ProvisioningRecord {
        let ReferenceTold { label, display_name, changes, failure, .. } = told;
        let naming = &self.definition.naming;
        let mut record = self.frame(told.change_id, told.finished);
        record.provisioning_action = Action::Update;
        record.duration_in_milliseconds = told.milliseconds;
        record.source_identity =
            linked_identity(ObjectType::User, &told.source_id, display_name.clone(), label);
        record.target_identity = account_identity(ObjectType::User, &told.target, display_name.as_ref());
        let imported = format!("User '{label}' was read from {} before", naming.source_name);
        let object = [("objectId", told.source_id.to_string())];
        let resolved =
            format!("Whom '{label}' refers to has an account in {} by now", naming.application_name);
        let mut resolution = step(
            "EntrySynchronizationReferenceResolution",
            StepType::ReferenceResolution,
            Outcome::Success,
            resolved,
            [],
        );
        let named = |change: &AttributeChange| Some((change.path.clone(), change.new.as_ref()?.to_string()));
        resolution.details = changes.iter().filter_map(named).collect();
        let (status, described) = match failure {
            None => (Outcome::Success, format!("User '{label}' was updated in {}", naming.application_name)),
            Some(_) => {
                (Outcome::Failure, format!("Updating user '{label}' in {} failed", naming.application_name))
            }
        };
        let identifier = [("ReportableIdentifier", label.clone())];
        record.provisioning_steps = vec![
            step("EntryImport", StepType::Import, Outcome::Success, imported, object),
            resolution,
            step("EntryExportUpdate", StepType::Export, status, described, identifier),
        ];
        record.provisioning_status_info =
            outcome(failure.as_ref(), &record.provisioning_steps, Outcome::Success);
        record.modified_properties = changed(changes);
        record
    }

    fn membership(&self, told: &MembershipTold, most: usize) -> ProvisioningRecord {
        let (coming, going) = (told.added.len(), told.removed.len());
        let mut record = self.of_group(told);
        // Where nobody comes or goes, the record tells only of those who should have come.
        record.provisioning_action = if coming + going == 0 { Action::Other } else { Action::Update };
        let mut steps = vec![self.read_members(told), compared(&told.group_label, coming, going)];
        steps.extend(self.without_accounts(told));
        steps.extend(self.left_out(told));
        steps.extend(self.exported(told, most));
        let idle = if coming + going == 0 { Outcome::Skipped } else { Outcome::Success };
        record.provisioning_status_info = outcome(told.failure.as_ref(), &steps, idle);
        record.provisioning_steps = steps;
        record.modified_properties = added(told, most).into_iter().chain(removed(told, most)).collect();
        record
    }

    fn of_group(&self, told: &MembershipTold) -> ProvisioningRecord {
        let MembershipTold { group, group_label, target, display_name, .. } = told;
        let mut record = self.frame(told.change_id, told.finished);
        record.duration_in_milliseconds = told.milliseconds;
        record.source_identity = linked_identity(ObjectType::Group, group, display_name.clone(), group_label);
        record.target_identity = account_identity(ObjectType::Group, target, display_name.as_ref());
        record
    }

    fn read_members(&self, told: &MembershipTold) -> Step {
        let source = &self.definition.naming.source_name;
        step(
            "EntryImport",
            StepType::Import,
            Outcome::Success,
            format!("The members of group '{}' were read from {source}", told.group_label),
            [("objectId", told.group.to_string())],
        )
    }

    fn without_accounts(&self, told: &MembershipTold) -> Option<Step> {
        let target = &self.definition.naming.application_name;
        let tells = |named: &str| {
            format!(
                "Members of '{}' without an account in {target} so far: {named}; they are added once they have one",
                told.group_label
            )
        };
        (!told.unresolved.is_empty()).then(|| unresolved_step(told.unresolved.iter(), tells))
    }

    fn left_out(&self, told: &MembershipTold) -> Option<Step> {
        let label = &told.group_label;
        let tells = |named: &str| match self.definition.nested() {
            Nested::Expand => format!(
                "Groups in '{label}' that lie more than {LEVELS} levels deep are left out: {named}; put their members \
                 into a group further up"
            ),
            Nested::Skip | Nested::Member => format!(
                "Groups in '{label}' are left out: {named}; set nestedGroups to 'expand' to have their members in it, \
                 or to 'member' to have the groups themselves"
            ),
        };
        (!told.left_out.is_empty()).then(|| left_out_step(told.left_out.iter(), tells))
    }

    fn exported(&self, told: &MembershipTold, most: usize) -> Option<Step> {
        let MembershipTold { group_label: label, added, removed, failure, .. } = told;
        let target = &self.definition.naming.application_name;
        if added.is_empty() && removed.is_empty() {
            return None;
        }
        let (status, description) = match failure {
            Some(_) => {
                (Outcome::Failure, format!("Changing the members of group '{label}' in {target} failed"))
            }
            None => {
                let done = [(added, "added to"), (removed, "taken out of")];
                let done = done.iter().filter(|(who, _)| !who.is_empty());
                let done: Vec<String> =
                    done.map(|(who, what)| format!("{} {what} it", members(who.len()))).collect();
                (Outcome::Success, format!("Group '{label}' in {target}: {}", done.join(", ")))
            }
        };
        let mut exported = step(
            "EntryExportUpdate",
            StepType::Export,
            status,
            description,
            [("ReportableIdentifier", label.clone())],
        );
        for (name, who) in [("AddedMembers", added), ("RemovedMembers", removed)] {
            if !who.is_empty() {
                let anchors = who.iter().map(|(anchor, _)| anchor.to_string());
                exported.details.insert(name.to_owned(), listed(anchors, most, ","));
            }
        }
        Some(exported)
    }
}

fn compared(label: &str, coming: usize, going: usize) -> Step {
    step(
        "EntrySynchronizationUpdate",
        StepType::Processing,
        Outcome::Success,
        format!("The members of '{label}' were compared with those it was given"),
        [("MembersToAdd", coming.to_string()), ("MembersToRemove", going.to_string())],
    )
}

fn members(count: usize) -> String {
    if count == 1 { "1 member".into() } else { format!("{count} members") }
}

fn added(told: &MembershipTold, most: usize) -> Option<ModifiedProperty> {
    let new_value = accounts(&told.added, most)?;
    Some(ModifiedProperty { display_name: MEMBERS.into(), old_value: None, new_value: Some(new_value) })
}

fn removed(told: &MembershipTold, most: usize) -> Option<ModifiedProperty> {
    let old_value = accounts(&told.removed, most)?;
    Some(ModifiedProperty { display_name: MEMBERS.into(), old_value: Some(old_value), new_value: None })
}

fn accounts(who: &[(SourceId, TargetId)], most: usize) -> Option<String> {
    let ids = who.iter().map(|(_, account)| account.to_string());
    (!who.is_empty()).then(|| listed(ids, most, ","))
}

/// The record that names as many as fit.
fn fitting(write: impl Fn(usize) -> ProvisioningRecord) -> ProvisioningRecord {
    let whole = write(NAMED);
    if fits(&whole) {
        return whole;
    }
    let (mut fewest, mut too_many) = (0, NAMED);
    while too_many - fewest > 1 {
        let middle = usize::midpoint(fewest, too_many);
        if fits(&write(middle)) {
            fewest = middle;
        } else {
            too_many = middle;
        }
    }
    write(fewest)
}

fn fits(record: &ProvisioningRecord) -> bool {
    let most = match record.provisioning_status_info.status {
        Outcome::Failure => LARGEST_FAILURE,
        _ => LARGEST,
    };
    deflated(record).is_some_and(|size| size <= most)
}

/// How large the record is when it is stored.
pub(super) fn deflated(record: &ProvisioningRecord) -> Option<usize> {
    Some(pack::deflated(&serde_json::to_vec(record).ok()?).ok()?.len())
}

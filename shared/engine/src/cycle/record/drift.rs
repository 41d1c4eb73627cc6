//! The record of an account that somebody changed in the target.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::Writer;
use super::parts::{identity, named, property, skip_step, step};
use crate::membership::MemberChange;
use crate::model::{Attributes, Link, SkipReason, SourceId, Value};
use crate::ports::MEMBERS;
use crate::report::{Action, ModifiedProperty, Outcome, ProvisioningRecord, StatusInfo, StepType};

impl Writer<'_> {
    /// The record of an account that somebody changed in the target, and that is left so: what it holds, and how its
    /// members were changed when it is a group.
    pub(in crate::cycle) fn drifted(
        &self,
        change: Uuid,
        link: &Link,
        (actual, members): (&Attributes, &[MemberChange]),
        now: Timestamp,
    ) -> ProvisioningRecord {
        let target = &self.definition.naming.application_name;
        let name = link.display_name.clone().unwrap_or_else(|| link.source_id.to_string());
        let mut record = self.frame(change, now);
        record.provisioning_action = Action::Other;
        record.source_identity = identity(link.object_type, link.source_id.to_string());
        record.source_identity.display_name.clone_from(&name);
        record.target_identity.id = link.target_id.as_ref().map(ToString::to_string).unwrap_or_default();
        record.provisioning_status_info = StatusInfo { status: Outcome::Warning, error_information: None };
        record.provisioning_steps = vec![
            step(
                "EntryImport",
                StepType::Import,
                Outcome::Success,
                format!("The account of '{name}' was read from {target} and is not as it was left"),
                [],
            ),
            skip_step(SkipReason::DriftReported),
        ];
        let paths = link.shadow.keys().chain(actual.keys()).collect::<BTreeSet<_>>();
        let differing = paths.into_iter().filter(|path| link.shadow.get(*path) != actual.get(*path));
        record.modified_properties =
            differing.map(|path| property(path, link.shadow.get(path), actual.get(path))).collect();
        record.modified_properties.extend(meddled(members));
        record
    }
}

/// Who was taken out of a group in the target, and who was put in.
fn meddled(members: &[MemberChange]) -> Option<ModifiedProperty> {
    let (put_in, taken_out): (Vec<&MemberChange>, Vec<&MemberChange>) =
        members.iter().partition(|change| matches!(change, MemberChange::Given(..)));
    let list = |changes: Vec<&MemberChange>| {
        let anchors: Vec<&SourceId> = changes.into_iter().map(MemberChange::member).collect();
        (!anchors.is_empty()).then(|| Value::text(named(anchors.into_iter())))
    };
    let (old, new) = (list(taken_out), list(put_in));
    (old.is_some() || new.is_some()).then(|| property(MEMBERS, old.as_ref(), new.as_ref()))
}

//! The record of an account that somebody changed in the target.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::Writer;
use super::parts::{identity, property, skip_step, step};
use crate::model::{Attributes, Link, SkipReason};
use crate::report::{Action, Outcome, ProvisioningRecord, StatusInfo, StepType};

impl Writer<'_> {
    /// The record of an account that somebody changed in the target, and that is left so.
    pub(in crate::cycle) fn drifted(
        &self,
        change: Uuid,
        link: &Link,
        actual: &Attributes,
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
        record
    }
}

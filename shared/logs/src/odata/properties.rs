//! The properties of a provisioning record that can be compared.

use std::borrow::Cow;

use engine::report::{ErrorInformation, ProvisioningRecord};
use jiff::Timestamp;

use crate::word;

/// A property, by the name it has in a filter.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    pub(super) read: for<'r> fn(&'r ProvisioningRecord) -> Field<'r>,
}

/// There is one of each name.
impl PartialEq for Property {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    Time,
    Number,
}

/// What a record holds there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field<'r> {
    Missing,
    Text(Cow<'r, str>),
    Time(Timestamp),
    Number(i64),
}

const OUTCOMES: &[&str] = &["success", "failure", "skipped", "warning"];

const ACTIONS: &[&str] = &["other", "create", "delete", "disable", "update", "stagedDelete"];

/// All of them, as they are listed for somebody who wrote another one.
pub(super) static PROPERTIES: &[Property] = &[
    of("id", Kind::Text, |record| owned(record.id.to_string())),
    of("activityDateTime", Kind::Time, |record| Field::Time(record.activity_date_time)),
    of("tenantId", Kind::Text, |record| text(&record.tenant_id)),
    of("jobId", Kind::Text, |record| text(&record.job_id)),
    of("cycleId", Kind::Text, |record| text(&record.cycle_id)),
    of("changeId", Kind::Text, |record| text(&record.change_id)),
    of("provisioningAction", Kind::Words(ACTIONS), |record| owned(word(record.provisioning_action))),
    of("provisioningStatusInfo/status", Kind::Words(OUTCOMES), |record| {
        owned(word(record.provisioning_status_info.status))
    }),
    of("provisioningStatusInfo/errorInformation/errorCode", Kind::Text, |record| {
        of_error(record, |error| &error.error_code)
    }),
    of("provisioningStatusInfo/errorInformation/errorCategory", Kind::Text, |record| {
        of_error(record, |error| &error.error_category)
    }),
    of("provisioningStatusInfo/errorInformation/reason", Kind::Text, |record| {
        of_error(record, |error| &error.reason)
    }),
    of("durationInMilliseconds", Kind::Number, |record| {
        Field::Number(i64::try_from(record.duration_in_milliseconds).unwrap_or(i64::MAX))
    }),
    of("servicePrincipal/id", Kind::Text, |record| text(&record.service_principal.id)),
    of("servicePrincipal/displayName", Kind::Text, |record| text(&record.service_principal.display_name)),
    // The vendor's page of the resource calls it so.
    of("servicePrincipal/name", Kind::Text, |record| text(&record.service_principal.display_name)),
    of("sourceSystem/id", Kind::Text, |record| text(&record.source_system.id)),
    of("sourceSystem/displayName", Kind::Text, |record| text(&record.source_system.display_name)),
    of("targetSystem/id", Kind::Text, |record| text(&record.target_system.id)),
    of("targetSystem/displayName", Kind::Text, |record| text(&record.target_system.display_name)),
    of("sourceIdentity/id", Kind::Text, |record| text(&record.source_identity.id)),
    of("sourceIdentity/displayName", Kind::Text, |record| text(&record.source_identity.display_name)),
    of("sourceIdentity/identityType", Kind::Text, |record| text(&record.source_identity.identity_type)),
    of("targetIdentity/id", Kind::Text, |record| text(&record.target_identity.id)),
    of("targetIdentity/displayName", Kind::Text, |record| text(&record.target_identity.display_name)),
    of("targetIdentity/identityType", Kind::Text, |record| text(&record.target_identity.identity_type)),
    of("initiatedBy/id", Kind::Text, |record| text(&record.initiated_by.id)),
    of("initiatedBy/displayName", Kind::Text, |record| text(&record.initiated_by.display_name)),
    of("initiatedBy/initiatorType", Kind::Text, |record| text(&record.initiated_by.initiator_type)),
];

const fn of(
    path: &'static str,
    kind: Kind,
    read: for<'r> fn(&'r ProvisioningRecord) -> Field<'r>,
) -> Property {
    Property { path, kind, read }
}

fn text(text: &str) -> Field<'_> {
    Field::Text(Cow::Borrowed(text))
}

fn owned<'r>(text: String) -> Field<'r> {
    Field::Text(Cow::Owned(text))
}

fn of_error(record: &ProvisioningRecord, read: fn(&ErrorInformation) -> &String) -> Field<'_> {
    let error = record.provisioning_status_info.error_information.as_ref();
    error.map_or(Field::Missing, |error| text(read(error)))
}

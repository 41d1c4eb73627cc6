//! The provisioning log record: what was done to whom, with every step, exactly in the shape of Microsoft
//! Graph's `provisioningObjectSummary`.
//!
//! In: what [`crate::decide`] decided and what came of it. Out: one record, the same in table, API, download
//! and stream.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One record per object whenever something is sent, fails or is held, and when the reason for skipping
/// someone changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisioningRecord {
    /// Derived from the change id ([`crate::ids::record_id`]).
    pub id: Uuid,
    /// When the change was finished, UTC.
    pub activity_date_time: Timestamp,
    /// The stack's tenant.
    pub tenant_id: String,
    /// The job.
    pub job_id: String,
    /// The cycle.
    pub cycle_id: String,
    /// The change within the cycle; joins the files of a CSV download.
    pub change_id: String,
    /// What was done.
    pub provisioning_action: Action,
    /// How long it took.
    pub duration_in_milliseconds: u64,
    /// The application.
    pub service_principal: Named,
    /// Where the object comes from.
    pub source_system: System,
    /// Where the account is.
    pub target_system: System,
    /// Who started it.
    pub initiated_by: Initiator,
    /// The object in the source.
    pub source_identity: ProvisionedIdentity,
    /// The account in the target; id and name are empty while there is none.
    pub target_identity: ProvisionedIdentity,
    /// How it ended.
    pub provisioning_status_info: StatusInfo,
    /// What was done, in order.
    pub provisioning_steps: Vec<Step>,
    /// Attribute changes, old and new.
    pub modified_properties: Vec<ModifiedProperty>,
}

/// Graph's `provisioningAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Nothing was written.
    Other,
    /// An account was created, or should have been.
    Create,
    /// An account was deleted.
    Delete,
    /// An account was switched off.
    Disable,
    /// Attributes were changed.
    Update,
    /// A removal is held back.
    StagedDelete,
}

/// Graph's `provisioningResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Done.
    Success,
    /// Not done, with error information.
    Failure,
    /// Nothing to do, or held.
    Skipped,
    /// Done in part.
    Warning,
}

/// An id with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
}

/// A source or target system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// `ApplicationId`, `ServicePrincipalId`, `ServicePrincipalDisplayName` for a target.
    pub details: BTreeMap<String, String>,
}

/// Who started a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Initiator {
    /// Empty for the service itself.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// `user`, `application` or `system`.
    pub initiator_type: String,
}

/// The object in one of the two systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionedIdentity {
    /// Its anchor there.
    pub id: String,
    /// Its name there.
    pub display_name: String,
    /// `User` or `Group`.
    pub identity_type: String,
    /// More about it, as text.
    pub details: BTreeMap<String, String>,
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusInfo {
    /// The outcome.
    pub status: Outcome,
    /// Only after a failure or a warning.
    pub error_information: Option<ErrorInformation>,
}

/// Graph's `provisioningErrorInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorInformation {
    /// The code.
    pub error_code: String,
    /// `failure` when Rollcall erred, `nonServiceFailure` when the target or the data did.
    pub error_category: String,
    /// What happened, for a person.
    pub reason: String,
    /// The failing request, its status and the beginning of its answer.
    pub additional_details: Option<String>,
    /// What to do.
    pub recommended_action: Option<String>,
}

/// One step of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The event's name: `EntryImportAdd`, `EntrySynchronizationScoping`, `EntryExportUpdate`, …
    pub name: String,
    /// Its stage.
    pub provisioning_step_type: StepType,
    /// How it ended.
    pub status: Outcome,
    /// A sentence.
    pub description: String,
    /// Facts, as text.
    pub details: BTreeMap<String, String>,
}

/// Graph's `provisioningStepType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepType {
    /// Read from the source.
    Import,
    /// In or out.
    Scoping,
    /// Which account is theirs.
    Matching,
    /// What to do.
    Processing,
    /// Managers and members.
    ReferenceResolution,
    /// Written to the target.
    Export,
}

/// One attribute change. Values are text; on create the old one is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModifiedProperty {
    /// Target attribute.
    pub display_name: String,
    /// Before.
    pub old_value: Option<String>,
    /// After.
    pub new_value: Option<String>,
}

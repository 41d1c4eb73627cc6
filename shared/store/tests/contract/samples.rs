//! Values to store: one of each kind.

use std::collections::BTreeMap;

use engine::escrow::{EscrowEntry, Failure, FailureCode};
use engine::fingerprint::Fingerprint;
use engine::guard::{Removed, StagedRemoval};
use engine::ids::{IdHash, change_id, digest16, record_id};
use engine::job::{CycleKind, CycleReport, CycleResult, Event, EventDetail, Figures, JobState};
use engine::model::{CycleId, JobId, Link, SourceId, SourceObject, TargetId, Value};
use engine::ports::FingerprintChange;
use engine::report::{
    Action, ErrorInformation, Initiator, ModifiedProperty, Named, Outcome, ProvisionedIdentity,
    ProvisioningRecord, StatusInfo, Step, StepType, System,
};
use jiff::Timestamp;
use store::Fact;
use uuid::Uuid;

pub(crate) fn job() -> JobId {
    JobId::new("scim.6f1d8f9e5b0a4c8c9d3527b1d5a4c0de.0b9c3f2e7c1d4e5f8a9b0c1d2e3f4a5b")
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn state() -> JobState {
    JobState::new(noon())
}

pub(crate) fn cycle(number: u128) -> CycleId {
    CycleId(Uuid::from_u128(number))
}

pub(crate) fn event(sequence: u64) -> Event {
    Event {
        id: engine::ids::event_id(job().as_str(), sequence),
        sequence,
        job: job(),
        at: noon(),
        detail: EventDetail::JobRecovered,
    }
}

pub(crate) fn fact(sequence: u64) -> Fact {
    let Event { id, sequence, job, at, detail } = event(sequence);
    Fact { event: id, sequence, job, at, kind: detail.name().to_owned() }
}

pub(crate) fn source(text: &str) -> SourceId {
    SourceId::new(text)
}

pub(crate) fn account(text: &str) -> TargetId {
    TargetId::new(text)
}

pub(crate) fn object(id: &str) -> SourceObject {
    SourceObject {
        id: source(id),
        object_type: Default::default(),
        display_name: Some(format!("{id} Example")),
        enabled: true,
        soft_deleted: false,
        attributes: BTreeMap::from([("department".to_owned(), Value::text("R&D"))]),
    }
}

pub(crate) fn link(id: &str) -> Link {
    Link {
        source_id: source(id),
        object_type: Default::default(),
        target_id: Some(account(&format!("account-{id}"))),
        shadow: BTreeMap::from([
            ("userName".to_owned(), Value::text(id)),
            ("active".to_owned(), Value::Boolean(true)),
        ]),
        in_scope: true,
        unmanaged: false,
        skipped: None,
        display_name: Some(format!("{id} Example")),
        change_id: change_id(cycle(1), &source(id), 0),
        linked_at: Some(noon()),
        pending: BTreeMap::new(),
        object: None,
    }
}

pub(crate) fn fingerprint(number: u64, version: u8) -> Fingerprint {
    Fingerprint { id: IdHash(digest16(&[&number.to_be_bytes()])), digest: [version; 16] }
}

pub(crate) fn seen(number: u64, version: u8) -> FingerprintChange {
    FingerprintChange::Seen(fingerprint(number, version))
}

pub(crate) fn gone(number: u64) -> FingerprintChange {
    FingerprintChange::Gone(fingerprint(number, 0).id)
}

pub(crate) fn removal(id: &str) -> StagedRemoval {
    StagedRemoval {
        source_id: source(id),
        removed: Removed::Users,
        count: 1,
        decision: None,
        object: Some(object(id)),
        label: String::new(),
        staged_at: noon(),
        held_record: None,
        rejection_told: None,
    }
}

pub(crate) fn escrow(id: &str, next_attempt: Option<Timestamp>) -> EscrowEntry {
    EscrowEntry {
        source_id: source(id),
        object: Some(object(id)),
        failure: Failure::new(FailureCode::EntryConflict, "the name is taken"),
        attempts: 1,
        first_failed: noon(),
        last_failed: noon(),
        next_attempt,
        change_id: change_id(cycle(1), &source(id), 0),
        object_type: Default::default(),
        reference: false,
        doubtful: false,
        ignored: None,
    }
}

pub(crate) fn report(number: u128, began: Timestamp) -> CycleReport {
    CycleReport {
        cycle: cycle(number),
        kind: CycleKind::Incremental,
        result: CycleResult::Succeeded,
        error: None,
        began,
        ended: began,
        figures: Figures { imported: 3, ..Figures::default() },
        verdicts: Vec::new(),
        no_inference: None,
    }
}

/// A record about as long as a real one: 2.5 KB of JSON.
pub(crate) fn record(id: &str, cycle: CycleId, at: Timestamp, outcome: Outcome) -> ProvisioningRecord {
    let change = change_id(cycle, &source(id), 0);
    let step = |name: &str, kind, description: &str| Step {
        name: name.to_owned(),
        provisioning_step_type: kind,
        status: Outcome::Success,
        description: description.to_owned(),
        details: BTreeMap::from([("ReportableIdentifier".to_owned(), format!("{id}@example.com"))]),
    };
    let changed = |name: &str, old: &str, new: &str| ModifiedProperty {
        display_name: name.to_owned(),
        old_value: Some(old.to_owned()),
        new_value: Some(new.to_owned()),
    };
    let identity = |id: String, name: &str| ProvisionedIdentity {
        id,
        display_name: name.to_owned(),
        identity_type: "User".to_owned(),
        details: BTreeMap::from([("userPrincipalName".to_owned(), format!("{name}@example.com"))]),
    };
    ProvisioningRecord {
        id: record_id(change),
        activity_date_time: at,
        tenant_id: "5f1d8f9e-5b0a-4c8c-9d35-27b1d5a4c0de".to_owned(),
        job_id: job().to_string(),
        cycle_id: cycle.to_string(),
        change_id: change.to_string(),
        provisioning_action: Action::Update,
        duration_in_milliseconds: 123,
        service_principal: Named { id: "0b9c3f2e-7c1d".to_owned(), display_name: "Ticketing".to_owned() },
        source_system: System {
            id: "people.csv".to_owned(),
            display_name: "Staff export".to_owned(),
            details: BTreeMap::new(),
        },
        target_system: System {
            id: "0b9c3f2e-7c1d".to_owned(),
            display_name: "Ticketing".to_owned(),
            details: BTreeMap::from([("ApplicationId".to_owned(), "0b9c3f2e-7c1d-4e5f-8a9b".to_owned())]),
        },
        initiated_by: Initiator {
            id: String::new(),
            display_name: "Rollcall provisioning".to_owned(),
            initiator_type: "system".to_owned(),
        },
        source_identity: identity(id.to_owned(), id),
        target_identity: identity(format!("account-{id}"), id),
        provisioning_status_info: StatusInfo {
            status: outcome,
            error_information: (outcome == Outcome::Failure).then(|| ErrorInformation {
                error_code: "EntryConflict".to_owned(),
                error_category: "nonServiceFailure".to_owned(),
                reason: "The user name is taken by another account, which does not match this person.".to_owned(),
                additional_details: Some(
                    "PATCH /Users/2819c223 answered 409: {\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"]}"
                        .to_owned(),
                ),
                recommended_action: Some("Change the clashing value in the source or in the target.".to_owned()),
            }),
        },
        provisioning_steps: vec![
            step("EntryImportUpdate", StepType::Import, "Received user from Staff export: it changed since the last cycle"),
            step("EntrySynchronizationScoping", StepType::Scoping, "The user is in scope: active, and no filter excludes them"),
            step("EntryMatching", StepType::Matching, "The user is linked to an account, found by its link"),
            step("EntrySynchronizationUpdate", StepType::Processing, "Two attributes differ from what Ticketing holds"),
            step("EntryExportUpdate", StepType::Export, "The account was updated in Ticketing"),
        ],
        modified_properties: vec![
            changed("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "Sales", "R&D"),
            changed("title", "Account manager", "Researcher"),
            changed("addresses[type eq \"work\"].streetAddress", "12 Old Street", "1 New Square"),
        ],
    }
}

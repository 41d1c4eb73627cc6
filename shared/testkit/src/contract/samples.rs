//! Values to store.

use std::collections::BTreeMap;

use engine::escrow::{EscrowEntry, Failure, FailureCode};
use engine::guard::{HumanDecision, Removed, StagedRemoval};
use engine::ids::change_id;
use engine::membership::PendingReference;
use engine::model::{CycleId, Link, ObjectType, SourceId, SourceObject, TargetId, Value};
use uuid::Uuid;

use super::{after, noon};

/// A cycle.
#[must_use]
pub fn cycle(number: u128) -> CycleId {
    CycleId(Uuid::from_u128(number))
}

/// An object of the source.
#[must_use]
pub fn object(id: &str, department: &str) -> SourceObject {
    SourceObject {
        id: SourceId::new(id),
        object_type: ObjectType::User,
        display_name: Some(format!("{id} Example")),
        enabled: true,
        soft_deleted: false,
        attributes: BTreeMap::from([("department".to_owned(), Value::text(department))]),
    }
}

/// A link to an account.
#[must_use]
pub fn link(id: &str) -> Link {
    Link {
        source_id: SourceId::new(id),
        object_type: ObjectType::User,
        target_id: Some(TargetId::new(format!("account-{id}"))),
        shadow: BTreeMap::from([("userName".to_owned(), Value::text(id))]),
        in_scope: true,
        unmanaged: false,
        skipped: None,
        display_name: Some(format!("{id} Example")),
        change_id: change_id(cycle(1), &SourceId::new(id), 0),
        linked_at: Some(noon()),
        pending: BTreeMap::from([("manager".to_owned(), SourceId::new("boss"))]),
        object: Some(object(id, "Sales")),
    }
}

/// A removal of an account, a group or members.
#[must_use]
pub fn removal(id: &str, removed: Removed, count: u64) -> StagedRemoval {
    StagedRemoval {
        source_id: SourceId::new(id),
        removed,
        count,
        decision: None,
        object: None,
        label: format!("{id} Example"),
        staged_at: noon(),
        held_record: None,
        rejection_told: None,
    }
}

/// What a person said.
#[must_use]
pub fn decision(approved: bool) -> HumanDecision {
    HumanDecision { approved, by: "ada".to_owned(), at: after(1) }
}

/// A failure, minutes after noon.
#[must_use]
pub fn escrow(id: &str, department: &str, minutes: i64) -> EscrowEntry {
    EscrowEntry {
        source_id: SourceId::new(id),
        object: Some(object(id, department)),
        failure: Failure::new(FailureCode::EntryConflict, "the name is taken"),
        attempts: 1,
        first_failed: noon(),
        last_failed: after(minutes),
        next_attempt: Some(after(minutes + 360)),
        change_id: change_id(cycle(1), &SourceId::new(id), 0),
        object_type: ObjectType::User,
        reference: false,
        doubtful: false,
        ignored: None,
    }
}

/// A reference to somebody without an account.
#[must_use]
pub fn reference(missing: &str, referrer: &str, path: &str) -> PendingReference {
    PendingReference {
        missing: SourceId::new(missing),
        referrer: SourceId::new(referrer),
        path: path.to_owned(),
    }
}

//! Writing the log: append-only rows with derived keys, in batches.
//!
//! # What a record costs
//! A write unit is a kilobyte, in the table and in each index. The record is deflated to a third, so that a typical
//! one fits in two; indexes hold keys only, one unit each: job, cycle, source, target, all, and for a failure one
//! more. That is at most eight units, also for the long record of a failure.

use engine::ids::IdHash;
use engine::model::{JobId, SourceId, TargetId};
use engine::ports::{Identity, StoreError};
use engine::report::{Outcome, ProvisioningRecord};
use jiff::SignedDuration;

use super::names;
use crate::DynamoStore;
use crate::item::{Draft, seconds};
use crate::keys;
use crate::pack::pack;

/// The attribute that holds the record: JSON, deflated.
pub(super) const RECORD: &str = "z";

impl DynamoStore {
    /// See [`engine::ports::Store::append_records`].
    pub(crate) async fn write_records(
        &self,
        job: &JobId,
        records: &[ProvisioningRecord],
        names: &[Identity],
    ) -> Result<(), StoreError> {
        self.logs.put_batches(self.rows(job, records, names)?).await?;
        (self.told.0)(records);
        Ok(())
    }

    /// The rows of records, and those under which their people are found by name.
    pub(crate) fn rows(
        &self,
        job: &JobId,
        records: &[ProvisioningRecord],
        names: &[Identity],
    ) -> Result<Vec<Draft>, StoreError> {
        let mut rows = Vec::with_capacity(records.len() + 3 * names.len());
        for record in records {
            rows.push(draft(job, record, self.retention)?);
        }
        rows.extend(names::rows(job, names));
        Ok(rows)
    }
}

/// A record's row.
fn draft(job: &JobId, record: &ProvisioningRecord, retention: SignedDuration) -> Result<Draft, StoreError> {
    let key = keys::record(record.id);
    let shard = keys::shard_of(record.id);
    let at = record.activity_date_time;
    let expires = at.saturating_add(retention).unwrap_or(at);
    let mut draft = Draft::new(key.clone())
        .bytes(RECORD, pack(&key, RECORD, record)?)
        .number(keys::TTL, seconds(expires))
        .text(keys::AT, keys::position(at, record.id))
        .text(keys::BY_JOB.hash, keys::job_shard(job, shard))
        .text(keys::BY_CYCLE.hash, keys::cycle_shard(&record.cycle_id, shard))
        .text(keys::ALL.hash, keys::all_shard(shard));
    if !record.source_identity.id.is_empty() {
        let source = IdHash::of(&SourceId::new(&record.source_identity.id));
        draft = draft.text(keys::BY_SOURCE.hash, source.to_string());
    }
    if !record.target_identity.id.is_empty() {
        let target = keys::target_hash(&TargetId::new(&record.target_identity.id));
        draft = draft.text(keys::BY_TARGET.hash, target.to_string());
    }
    if record.provisioning_status_info.status == Outcome::Failure {
        draft = draft.text(keys::FAILED.hash, keys::job_shard(job, shard));
    }
    Ok(draft)
}

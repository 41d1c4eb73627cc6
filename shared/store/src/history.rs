//! The history of a job: one row per finished cycle, kept for a year.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::job::CycleReport;
use engine::model::JobId;
use engine::ports::{Lease, StoreError};
use jiff::SignedDuration;

use crate::item::{Draft, Stored, seconds};
use crate::table::failed;
use crate::{DynamoStore, keys};

const REPORT: &str = "report";

/// How long a cycle is remembered: long enough to compare with the same season a year ago.
const KEPT: SignedDuration = SignedDuration::from_hours(366 * 24);

impl DynamoStore {
    /// See [`engine::ports::Store::put_cycle`].
    pub(crate) async fn write_cycle(&self, lease: &Lease, report: &CycleReport) -> Result<(), StoreError> {
        let key = keys::cycle(&lease.job, report.began, report.cycle);
        let gone = report.ended.saturating_add(KEPT).unwrap_or(report.ended);
        let draft = Draft::new(key).json(REPORT, report)?.number(keys::TTL, seconds(gone));
        self.state.put_fenced(lease, draft).await
    }

    /// The last cycles of a job, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn cycles(&self, job: &JobId, limit: u16) -> Result<Vec<CycleReport>, StoreError> {
        let answer = self
            .state
            .client
            .query()
            .table_name(&self.state.name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::cycles(job)))
            .scan_index_forward(false)
            .limit(i32::from(limit.max(1)))
            .send()
            .await
            .map_err(failed(format!("reading the history of job '{job}'")))?;
        let items = answer.items.unwrap_or_default();
        items.into_iter().map(|item| Stored::read(item)?.json(REPORT)).collect()
    }
}

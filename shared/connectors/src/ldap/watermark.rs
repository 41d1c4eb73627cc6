//! What is handed in next time. Pure.
//!
//! In: where a reading ended. Out: JSON that only this connector understands, and back. What it does not understand
//! leads to a full reading.

use engine::model::Watermark;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::Changes;
use super::draft::Presence;
use super::plan::Definitions;

/// Raised when entries are understood in another way than before, so that everyone is read again.
const VERSION: u32 = 1;

/// Where a reading ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mark {
    version: u32,
    /// Of server, selection and mapping: any other one makes another reading.
    pub(super) identity: String,
    /// By which way changes were followed.
    pub(super) changes: Changes,
    /// Where that way goes on; none: the next reading is a full one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<Value>,
    /// When everyone was read last.
    pub(super) full_at: Timestamp,
    /// Who was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) presence: Option<Presence>,
    /// What the schema said, so that it is not read again before the next full reading.
    #[serde(default)]
    pub(super) definitions: Definitions,
}

impl Mark {
    pub(super) fn new(
        identity: String,
        changes: Changes,
        full_at: Timestamp,
        definitions: Definitions,
    ) -> Self {
        Self { version: VERSION, identity, changes, position: None, full_at, presence: None, definitions }
    }

    /// Understands a watermark, when it is one of ours about this very reading.
    pub(super) fn of(watermark: &Watermark, identity: &str) -> Option<Self> {
        let mark: Self = serde_json::from_value(watermark.0.clone()).ok()?;
        (mark.version == VERSION && mark.identity == identity).then_some(mark)
    }

    pub(super) fn stored(&self) -> Watermark {
        Watermark(serde_json::to_value(self).unwrap_or_default())
    }
}

//! Operations: what was asked of `sync`, and what came of it, for whoever could not wait.
//!
//! In: an operation when it is asked for, its progress, its end. Out: the operation as it is now. Promised: one that ended
//! stays as it ended; one whose worker died shows as running until it expires, with the time at which it was asked.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::StoreError;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::item::{Draft, seconds};
use crate::table::refused;
use crate::{DynamoStore, keys};

const OPERATION: &str = "operation";

/// How long an operation can be read: a week, as long as a plan that one of them made.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What was asked of `sync`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Its id.
    pub id: Uuid,
    /// What was asked: `restart`, `export`.
    pub kind: String,
    /// The application it is about, by its id; `None` when it is about all of them.
    #[serde(default)]
    pub application: Option<String>,
    /// Who asked.
    pub by: String,
    /// When.
    pub asked_at: Timestamp,
    /// How far it is.
    pub status: OperationStatus,
    /// Objects done so far, where it counts them.
    #[serde(default)]
    pub done: Option<u64>,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// What there is to tell of it; of one that failed `status`, `code` and `message`.
    #[serde(default)]
    pub answer: Option<Value>,
}

impl Operation {
    /// One that ended: well, with what there is to tell of it, or badly, with `status`, `code` and `message`.
    #[must_use]
    pub fn ended(
        id: Uuid,
        kind: &str,
        application: Option<String>,
        by: String,
        outcome: Result<Value, Value>,
        now: Timestamp,
    ) -> Self {
        let (status, answer) = match outcome {
            Ok(told) => (OperationStatus::Succeeded, told),
            Err(refusal) => (OperationStatus::Failed, refusal),
        };
        let (kind, ended_at, answer) = (kind.to_owned(), Some(now), Some(answer));
        Self { id, kind, application, by, asked_at: now, status, done: None, ended_at, answer }
    }
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OperationStatus {
    /// It was asked for.
    Running,
    /// It ended well.
    Succeeded,
    /// It was refused, or failed.
    Failed,
}

impl DynamoStore {
    /// Remembers an operation as it is now. One that ended is left as it ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note_operation(&self, operation: &Operation) -> Result<(), StoreError> {
        let gone = operation.asked_at.saturating_add(KEPT).unwrap_or(operation.asked_at);
        let running = operation.status == OperationStatus::Running;
        let draft = Draft::new(keys::operation(operation.id))
            .json(OPERATION, operation)?
            .with("ended", AttributeValue::Bool(!running))
            .number(keys::TTL, seconds(gone));
        let answer = self
            .state
            .client
            .put_item()
            .table_name(&self.state.name)
            .set_item(Some(draft.into_item()))
            .condition_expression("attribute_not_exists(pk) OR ended = :no")
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .send()
            .await;
        match answer {
            Err(error) if !refused(&error) => {
                Err(StoreError::unavailable(format!("noting operation '{}'", operation.id), error))
            }
            _ => Ok(()),
        }
    }

    /// Remembers how an operation ended. When it was asked for, and how far it came, stays as it was noted before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn end_operation(&self, ended: Operation, now: Timestamp) -> Result<(), StoreError> {
        let known = self.operation(ended.id, now).await?;
        let asked_at = known.as_ref().map_or(now, |known| known.asked_at);
        let done = known.and_then(|known| known.done);
        self.note_operation(&Operation { asked_at, done, ..ended }).await
    }

    /// An operation; `None` when there is none, or not any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn operation(&self, id: Uuid, now: Timestamp) -> Result<Option<Operation>, StoreError> {
        let Some(stored) = self.state.get(&keys::operation(id)).await? else { return Ok(None) };
        // The table takes expired rows away when it likes.
        let gone: i64 = stored.number(keys::TTL)?;
        if gone <= seconds(now) { Ok(None) } else { stored.json(OPERATION).map(Some) }
    }
}

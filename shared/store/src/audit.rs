//! The audit: who changed what, when, from what to what.
//!
//! In: an entry, once a change was made or refused. Out: entries, the newest first. Promised: an entry is never changed,
//! and stays for a year.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::StoreError;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::item::{Draft, Stored, seconds};
use crate::table::failed;
use crate::{DynamoStore, keys};

const ENTRY: &str = "entry";

/// How long an entry stays: until the same season a year later, as finished cycles do.
const KEPT: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Months that are looked through: those that hold entries which have not expired.
const MONTHS: usize = 14;

/// A change, and who made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who, by the id of whoever issued their token.
    pub by_id: String,
    /// What they are called.
    pub by: String,
    /// What was done: `Update application`.
    pub activity: String,
    /// The application's id; `None` when it concerns all of them.
    #[serde(default)]
    pub application: Option<String>,
    /// What it was called then.
    #[serde(default)]
    pub application_name: Option<String>,
    /// Whether it was done; `None` when it goes on.
    pub succeeded: Option<bool>,
    /// Why not, or what to say of it.
    #[serde(default)]
    pub reason: Option<String>,
    /// What it was about, beside the application: field by field, old and new.
    #[serde(default)]
    pub changes: Vec<AuditChange>,
    /// The request it came with.
    #[serde(default)]
    pub request: String,
}

/// A field that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditChange {
    /// Where: `users.attributes[title].source`.
    pub field: String,
    /// What was there.
    #[serde(default)]
    pub old: Option<Value>,
    /// What is there now.
    #[serde(default)]
    pub new: Option<Value>,
}

/// The most an entry's changes may take, in bytes of JSON. An item holds 400 KB; of a longer list only the fields' names
/// stay, because every version of a document is kept anyway.
const LARGEST: usize = 300 * 1024;

impl DynamoStore {
    /// Writes an entry.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let size = serde_json::to_string(&entry.changes).map_or(0, |text| text.len());
        let short = AuditEntry {
            changes: entry
                .changes
                .iter()
                .map(|change| AuditChange { old: None, new: None, ..change.clone() })
                .collect(),
            ..entry.clone()
        };
        let entry = if size > LARGEST { &short } else { entry };
        let gone = entry.at.saturating_add(KEPT).unwrap_or(entry.at);
        let draft =
            Draft::new(keys::audit(entry.at, entry.id)).json(ENTRY, entry)?.number(keys::TTL, seconds(gone));
        let request = self.state.client.put_item().table_name(&self.state.name);
        let request = request.set_item(Some(draft.into_item()));
        request.send().await.map(drop).map_err(failed("writing the audit"))
    }

    /// Entries, the newest first, from the one after `after` on; and the position of the last one, when there may be more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn audits(
        &self,
        now: Timestamp,
        after: Option<&str>,
        most: usize,
    ) -> Result<(Vec<AuditEntry>, Option<String>), StoreError> {
        let mut found: Vec<(String, AuditEntry)> = Vec::new();
        let mut month = first_of_month(now);
        for _ in 0..MONTHS {
            let left = most.saturating_add(1).saturating_sub(found.len());
            let is_over = after.is_some_and(|after| *after < *keys::month(month));
            if !is_over {
                found.extend(self.audits_of(month, after, left, now).await?);
            }
            if found.len() > most {
                break;
            }
            month = month.checked_sub(1.month()).unwrap_or(month);
        }
        let more = found.len() > most;
        found.truncate(most);
        let last = found.last().map(|(position, _)| position.clone()).filter(|_| more);
        Ok((found.into_iter().map(|(_, entry)| entry).collect(), last))
    }

    /// Entries of a month with their positions, the newest first.
    async fn audits_of(
        &self,
        month: Date,
        after: Option<&str>,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<(String, AuditEntry)>, StoreError> {
        let before = after.unwrap_or("a");
        let pages = self
            .state
            .client
            .query()
            .table_name(&self.state.name)
            .key_condition_expression("pk = :pk AND sk < :before")
            .filter_expression("#ttl > :now")
            .expression_attribute_names("#ttl", keys::TTL)
            .expression_attribute_values(":pk", AttributeValue::S(keys::audits(month)))
            .expression_attribute_values(":before", AttributeValue::S(before.to_owned()))
            .expression_attribute_values(":now", AttributeValue::N(seconds(now).to_string()))
            .scan_index_forward(false)
            .into_paginator()
            .page_size(i32::try_from(most).unwrap_or(i32::MAX))
            .items()
            .send();
        let mut pages = std::pin::pin!(pages);
        let mut found = Vec::new();
        while found.len() < most
            && let Some(item) = pages.next().await
        {
            let stored = Stored::read(item.map_err(failed("reading the audit"))?)?;
            found.push((stored.key().sk.clone(), stored.json(ENTRY)?));
        }
        Ok(found)
    }
}

fn first_of_month(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date().first_of_month()
}

//! Staging an upload: one transaction, and again when another one came first.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use engine::ids::IdHash;
use engine::model::{JobId, SourceId, SourceObject};
use engine::ports::StoreError;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{CHANGED, DAY, Head, PEOPLE, PERSON, SEQUENCE, TODAY, UploadExtent};
use crate::batch::pause;
use crate::item::{Draft, key_item, seconds};
use crate::pack::pack;
use crate::table::failed;
use crate::{DynamoStore, keys};

/// How long it is remembered whom an upload changed: a job that stands still for a month, in quarantine or paused, goes
/// on from where it was.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(31 * 24);

/// How often an upload is tried again because another one was staged at the same time. Scripts send them one after the
/// other; with gaps growing from 50 ms these are some 12 seconds.
const ATTEMPTS: u32 = 10;

/// An upload that was staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staged {
    /// Its id.
    pub id: Uuid,
    /// How many people it names.
    pub count: usize,
}

/// Why an upload was not staged. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The day's uploads are used up.
    #[error(
        "{most} uploads were taken today, and no more are until {again}; put more people into each, or raise source.inbound.uploadsPerDay"
    )]
    TooMany {
        /// How many a day.
        most: u32,
        /// When uploads are taken again.
        again: Timestamp,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Head {
    /// The head after one more upload.
    fn next(self, now: Timestamp, most: u32) -> Result<Self, UploadError> {
        let day = now.to_zoned(TimeZone::UTC).date();
        // A clock that is behind does not begin yesterday anew.
        let (day, before) = match self.today {
            Some((last, count)) if last >= day => (last, count),
            _ => (day, 0),
        };
        if before >= most {
            let again = day.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC));
            return Err(UploadError::TooMany { most, again: again.map_or(now, |next| next.timestamp()) });
        }
        let extent = UploadExtent { sequence: self.extent.sequence + 1, ..self.extent };
        Ok(Self { extent, today: Some((day, before + 1)) })
    }

    fn draft(&self, job: &JobId) -> Draft {
        let draft = Draft::new(keys::upload_head(job))
            .number(SEQUENCE, self.extent.sequence)
            .number(PEOPLE, self.extent.people);
        match self.today {
            Some((day, count)) => draft.text(DAY, day.to_string()).number(TODAY, count),
            None => draft,
        }
    }
}

impl DynamoStore {
    /// Stages an upload: how these people are now, or `None` for those who are gone; at most 50 of them. No more than
    /// `most_a_day` uploads are taken on a day (UTC).
    ///
    /// # Errors
    /// [`UploadError::TooMany`]; [`StoreError::Missing`] when there is no such job; [`StoreError::Unavailable`] also
    /// when others kept uploading: the same upload, sent again, is staged once.
    pub async fn stage_upload(
        &self,
        job: &JobId,
        upload: Uuid,
        people: &BTreeMap<SourceId, Option<SourceObject>>,
        now: Timestamp,
        most_a_day: u32,
    ) -> Result<Staged, UploadError> {
        for attempt in 0..ATTEMPTS {
            pause(attempt).await;
            if self.try_to_stage(job, upload, people, now, most_a_day).await? {
                return Ok(Staged { id: upload, count: people.len() });
            }
        }
        Err(StoreError::unavailable(operation(job), "others kept uploading").into())
    }

    /// Whether the upload is staged now; otherwise another one came first.
    async fn try_to_stage(
        &self,
        job: &JobId,
        upload: Uuid,
        people: &BTreeMap<SourceId, Option<SourceObject>>,
        now: Timestamp,
        most_a_day: u32,
    ) -> Result<bool, UploadError> {
        let Some(head) = self.head_before(job, upload).await? else { return Ok(true) };
        let mut next = head.next(now, most_a_day)?;
        // Read after the head: when the head does not move until the transaction, these do not either.
        let ids: Vec<SourceId> = people.keys().cloned().collect();
        let known = self.uploaded(job, &ids).await?;
        let known: BTreeMap<&SourceId, &SourceObject> =
            known.iter().map(|person| (&person.id, person)).collect();
        let changed: Vec<(&SourceId, Option<&SourceObject>)> = people
            .iter()
            .map(|(id, state)| (id, state.as_ref()))
            .filter(|(id, state)| *state != known.get(id).copied())
            .collect();
        let come = changed.iter().filter(|(id, _)| !known.contains_key(id)).count() as u64;
        let left = changed.iter().filter(|(_, state)| state.is_none()).count() as u64;
        next.extent.people = (next.extent.people + come).saturating_sub(left);
        let writes = self.writes_of(job, upload, head, next, &changed, now)?;
        let request = self.state.client.transact_write_items().set_transact_items(Some(writes));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(was_overtaken) => Ok(false),
            Err(error) => Err(StoreError::unavailable(operation(job), error).into()),
        }
    }

    /// Head, log, receipt and people: all that an upload writes.
    fn writes_of(
        &self,
        job: &JobId,
        upload: Uuid,
        head: Head,
        next: Head,
        changed: &[(&SourceId, Option<&SourceObject>)],
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let number = next.extent.sequence;
        let expires = seconds(now.saturating_add(REMEMBERED).unwrap_or(now));
        let ids: Vec<&SourceId> = changed.iter().map(|(id, _)| *id).collect();
        let log = Draft::new(keys::upload_log(job, number)).number(SEQUENCE, number).json(CHANGED, &ids)?;
        let log = log.number(keys::TTL, expires);
        let receipt = Draft::new(keys::upload_receipt(job, upload)).number(keys::TTL, expires);
        let mut writes = vec![
            self.head_write(next.draft(job), head.extent.sequence)?,
            upload_write(self.put_of(log))?,
            upload_write(self.put_of(receipt).condition_expression("attribute_not_exists(pk)"))?,
        ];
        for (id, state) in changed {
            writes.push(self.person_write(job, id, *state)?);
        }
        Ok(writes)
    }

    /// The head as it is; `None` when this upload was staged before.
    async fn head_before(&self, job: &JobId, upload: Uuid) -> Result<Option<Head>, StoreError> {
        let (own, head, receipt) =
            (keys::job(job), keys::upload_head(job), keys::upload_receipt(job, upload));
        let rows = self.state.get_many(vec![own.clone(), head.clone(), receipt.clone()]).await?;
        let row = |key| rows.iter().find(|row| row.key() == key);
        if row(&own).is_none() {
            return Err(StoreError::Missing(job.clone()));
        }
        if row(&receipt).is_some() {
            return Ok(None);
        }
        row(&head).map_or_else(|| Ok(Head::default()), Head::read).map(Some)
    }

    fn head_write(&self, head: Draft, known: u64) -> Result<TransactWriteItem, StoreError> {
        let put = self.put_of(head);
        upload_write(match known {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            known => put
                .condition_expression("#sequence = :known")
                .expression_attribute_names("#sequence", SEQUENCE)
                .expression_attribute_values(":known", AttributeValue::N(known.to_string())),
        })
    }

    fn person_write(
        &self,
        job: &JobId,
        id: &SourceId,
        state: Option<&SourceObject>,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::uploaded(job, IdHash::of(id));
        match state {
            Some(person) => {
                let bytes = pack(&key, PERSON, person)?;
                upload_write(self.put_of(Draft::new(key).bytes(PERSON, bytes)))
            }
            None => {
                let delete = Delete::builder().table_name(&self.state.name).set_key(Some(key_item(&key)));
                let delete = delete.build().map_err(failed("staging an upload"))?;
                Ok(TransactWriteItem::builder().delete(delete).build())
            }
        }
    }

    fn put_of(&self, draft: Draft) -> PutBuilder {
        Put::builder().table_name(&self.state.name).set_item(Some(draft.into_item()))
    }
}

fn upload_write(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(failed("staging an upload"))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn operation(job: &JobId) -> String {
    format!("staging an upload for job '{job}'")
}

/// Whether another upload came first, or comes at this moment.
fn was_overtaken(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else { return false };
    let mut codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.any(|code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict"))
}

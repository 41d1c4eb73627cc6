//! One table and the handful of requests that everything else is made of.
//!
//! In: keys and drafts. Out: items. Promises: single items are read consistently; a fenced write is refused once a
//! newer worker wrote the item; batches go on until every row is written.
//!
//! # Throttling
//! A table that pushes back paces the cycle, it does not fail it: the SDK repeats single requests
//! ([`crate::client`]), and what a batch left over is sent again here, with growing gaps.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};
use engine::ports::{Lease, StoreError};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{Draft, Item, Stored, key_item};
use crate::keys::Key;

/// Keys in one `BatchGetItem`: DynamoDB's limit.
const READ_BATCH: usize = 100;
/// Rows in one `BatchWriteItem`: DynamoDB's limit.
const WRITE_BATCH: usize = 25;
/// Requests under way at once. Eight single writes of 5 ms each are 1,600 a second, more than a target takes;
/// more would only fill the connection pool of a small function.
const AT_ONCE: usize = 8;
/// How often the rest of a batch is sent again: with gaps doubling from 50 ms to 5 s that is about a minute,
/// longer than a new on-demand table takes to split a hot partition's load.
const BATCH_ATTEMPTS: u32 = 18;

/// The condition of every fenced write: the item is new, or nobody with a newer fence wrote it.
pub(crate) const FENCED: &str = "attribute_not_exists(fence) OR fence <= :fence";

/// A failure of the table while trying `operation`.
pub(crate) fn failed<E>(operation: impl Into<String>) -> impl FnOnce(E) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |error| StoreError::unavailable(operation, error)
}

/// A fence as an expression's value.
pub(crate) fn fence(lease: &Lease) -> AttributeValue {
    AttributeValue::N(lease.fence.to_string())
}

/// One table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// The client.
    pub(crate) client: Client,
    /// The table's name.
    pub(crate) name: String,
}

impl Table {
    /// Reads an item.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Stored>, StoreError> {
        let request = self.client.get_item().table_name(&self.name).consistent_read(true);
        let answer =
            request.set_key(Some(key_item(key))).send().await.map_err(failed(format!("reading {key}")))?;
        answer.item.map(Stored::read).transpose()
    }

    /// Reads items, in no order; absent ones are left out. `keys` must differ.
    pub(crate) async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Stored>, StoreError> {
        let batches: Vec<Vec<Key>> = keys.chunks(READ_BATCH).map(<[Key]>::to_vec).collect();
        let items: Vec<Vec<Stored>> = stream::iter(batches)
            .map(|batch| async move { self.get_batch(&batch).await })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(items.into_iter().flatten().collect())
    }

    async fn get_batch(&self, keys: &[Key]) -> Result<Vec<Stored>, StoreError> {
        let mut left: Vec<Item> = keys.iter().map(key_item).collect();
        let mut found = Vec::with_capacity(keys.len());
        for attempt in 0..BATCH_ATTEMPTS {
            pause(attempt).await;
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .consistent_read(true)
                .build()
                .map_err(failed("reading items"))?;
            let request = self.client.batch_get_item().request_items(&self.name, wanted);
            let answer = request.send().await.map_err(failed("reading items"))?;
            for item in answer.responses.unwrap_or_default().into_values().flatten() {
                found.push(Stored::read(item)?);
            }
            let rest = answer.unprocessed_keys.unwrap_or_default().into_values().next();
            left = rest.map(|rest| rest.keys).unwrap_or_default();
            if left.is_empty() {
                return Ok(found);
            }
        }
        Err(StoreError::unavailable("reading items", "the table kept throttling for a minute"))
    }

    /// Reads all items of a partition key whose range key begins with `prefix`, in the order of their range keys.
    pub(crate) async fn list(&self, pk: &str, prefix: &str) -> Result<Vec<Stored>, StoreError> {
        let condition = if prefix.is_empty() { "pk = :pk" } else { "pk = :pk AND begins_with(sk, :prefix)" };
        let mut request = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        if !prefix.is_empty() {
            request = request.expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()));
        }
        let pages = request.into_paginator().items().send();
        let items: Vec<Item> =
            pages.collect::<Result<_, _>>().await.map_err(failed(format!("listing {pk}")))?;
        items.into_iter().map(Stored::read).collect()
    }

    /// Writes an item, unless a newer worker wrote it.
    pub(crate) async fn put_fenced(&self, lease: &Lease, draft: Draft) -> Result<(), StoreError> {
        let key = draft.key().clone();
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(draft.number("fence", lease.fence).into_item()))
            .condition_expression(FENCED)
            .expression_attribute_values(":fence", fence(lease))
            .send()
            .await;
        answer.map(drop).map_err(|error| fenced(lease, &key, error))
    }

    /// Writes items as [`Table::put_fenced`] does, several at once.
    pub(crate) async fn put_all_fenced(&self, lease: &Lease, drafts: Vec<Draft>) -> Result<(), StoreError> {
        stream::iter(drafts)
            .map(|draft| self.put_fenced(lease, draft))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Deletes an item, unless a newer worker wrote it. Deleting what is absent succeeds.
    pub(crate) async fn delete_fenced(&self, lease: &Lease, key: &Key) -> Result<(), StoreError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .condition_expression(FENCED)
            .expression_attribute_values(":fence", fence(lease))
            .send()
            .await;
        answer.map(drop).map_err(|error| fenced(lease, key, error))
    }

    /// Deletes items as [`Table::delete_fenced`] does, several at once.
    pub(crate) async fn delete_all_fenced(&self, lease: &Lease, keys: Vec<Key>) -> Result<(), StoreError> {
        stream::iter(keys)
            .map(|key| async move { self.delete_fenced(lease, &key).await })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Writes rows unconditionally. Only for rows with derived keys and true content: writing them again changes
    /// nothing. Of two rows with one key the later one is written.
    pub(crate) async fn put_batches(&self, drafts: Vec<Draft>) -> Result<(), StoreError> {
        let rows: BTreeMap<Key, Draft> =
            drafts.into_iter().map(|draft| (draft.key().clone(), draft)).collect();
        let rows: Vec<Item> = rows.into_values().map(Draft::into_item).collect();
        let batches: Vec<Vec<Item>> = rows.chunks(WRITE_BATCH).map(<[Item]>::to_vec).collect();
        stream::iter(batches).map(|batch| self.put_batch(batch)).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn put_batch(&self, rows: Vec<Item>) -> Result<(), StoreError> {
        let mut left = Vec::with_capacity(rows.len());
        for row in rows {
            let put = PutRequest::builder().set_item(Some(row)).build().map_err(failed("writing rows"))?;
            left.push(WriteRequest::builder().put_request(put).build());
        }
        for attempt in 0..BATCH_ATTEMPTS {
            pause(attempt).await;
            let request = self.client.batch_write_item();
            let request = request.set_request_items(Some(HashMap::from([(self.name.clone(), left)])));
            let answer = request.send().await.map_err(failed("writing rows"))?;
            left = answer.unprocessed_items.unwrap_or_default().into_values().next().unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::unavailable("writing rows", "the table kept throttling for a minute"))
    }
}

/// Waits before sending the rest of a batch again; not before the first time.
async fn pause(attempt: u32) {
    if attempt > 0 {
        let wait = Duration::from_millis(50).saturating_mul(1 << attempt.min(7).saturating_sub(1));
        tokio::time::sleep(wait.min(Duration::from_secs(5))).await;
    }
}

/// Whether a request was refused because its condition did not hold.
pub(crate) fn refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// The error of a fenced write.
fn fenced<E, R>(lease: &Lease, key: &Key, error: SdkError<E, R>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    if refused(&error) {
        return StoreError::Fenced(lease.job.clone());
    }
    StoreError::unavailable(format!("writing {key}"), error)
}

//! Many rows in few requests.
//!
//! In: keys and drafts. Out: items. Promised: batches go on until every row is read, written or deleted. They carry no
//! conditions: only for rows with derived keys and true content, and for rows of which nobody needs to be told.
//!
//! # Throttling
//! A table that pushes back paces the cycle, it does not fail it: the SDK repeats single requests
//! ([`crate::client`]), and what a batch left over is sent again here, with growing gaps.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest};
use engine::ports::StoreError;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{Draft, Item, Stored, key_item};
use crate::keys::Key;
use crate::table::{AT_ONCE, Table, failed};

/// Keys in one `BatchGetItem`: DynamoDB's limit.
const READ_BATCH: usize = 100;
/// Rows in one `BatchWriteItem`: DynamoDB's limit.
const WRITE_BATCH: usize = 25;
/// How often the rest of a batch is sent again: with gaps doubling from 50 ms to 5 s that is about a minute,
/// longer than a new on-demand table takes to split a hot partition's load.
const BATCH_ATTEMPTS: u32 = 18;

impl Table {
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

    /// Writes rows unconditionally. Writing them again changes nothing. Of two rows with one key the later one is
    /// written.
    pub(crate) async fn put_batches(&self, drafts: Vec<Draft>) -> Result<(), StoreError> {
        let rows: BTreeMap<Key, Draft> =
            drafts.into_iter().map(|draft| (draft.key().clone(), draft)).collect();
        let mut writes = Vec::with_capacity(rows.len());
        for row in rows.into_values() {
            let put = PutRequest::builder().set_item(Some(row.into_item())).build();
            let put = put.map_err(failed("writing rows"))?;
            writes.push(WriteRequest::builder().put_request(put).build());
        }
        self.write_batches(&writes).await
    }

    /// Deletes rows unconditionally. Deleting what is absent succeeds.
    pub(crate) async fn delete_batches(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        let keys: BTreeSet<Key> = keys.into_iter().collect();
        let mut writes = Vec::with_capacity(keys.len());
        for key in &keys {
            let delete = DeleteRequest::builder().set_key(Some(key_item(key))).build();
            let delete = delete.map_err(failed("deleting rows"))?;
            writes.push(WriteRequest::builder().delete_request(delete).build());
        }
        self.write_batches(&writes).await
    }

    async fn write_batches(&self, writes: &[WriteRequest]) -> Result<(), StoreError> {
        let batches: Vec<Vec<WriteRequest>> = writes.chunks(WRITE_BATCH).map(<[_]>::to_vec).collect();
        stream::iter(batches)
            .map(|batch| self.write_batch(batch))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn write_batch(&self, mut left: Vec<WriteRequest>) -> Result<(), StoreError> {
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

/// Waits before sending the rest of a batch, or a transaction, again; not before the first time.
pub(crate) async fn pause(attempt: u32) {
    if attempt > 0 {
        let wait = Duration::from_millis(50).saturating_mul(1 << attempt.min(7).saturating_sub(1));
        tokio::time::sleep(wait.min(Duration::from_secs(5))).await;
    }
}

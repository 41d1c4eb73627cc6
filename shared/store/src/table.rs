//! One table and the handful of requests that everything else is made of.
//!
//! In: keys and drafts. Out: items. Promises: single items are read consistently; a fenced write is refused once a
//! newer worker wrote the item. Batches of them are in [`crate::batch`].

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::paginator::QueryPaginator;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Lease, StoreError};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{Draft, Item, Stored, key_item};
use crate::keys::Key;

/// Requests under way at once. Eight single writes of 5 ms each are 1,600 a second, more than a target takes;
/// more would only fill the connection pool of a small function.
pub(crate) const AT_ONCE: usize = 8;

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

    /// Reads all items of a partition key whose range key begins with `prefix`, in the order of their range keys.
    pub(crate) async fn list(&self, pk: &str, prefix: &str) -> Result<Vec<Stored>, StoreError> {
        let pages = self.pages(pk, prefix, None).items().send();
        let items: Vec<Item> =
            pages.collect::<Result<_, _>>().await.map_err(failed(format!("listing {pk}")))?;
        items.into_iter().map(Stored::read).collect()
    }

    /// The same, as many at once as are given, or as DynamoDB gives.
    pub(crate) fn pages(&self, pk: &str, prefix: &str, at_once: Option<i32>) -> QueryPaginator {
        let condition = if prefix.is_empty() { "pk = :pk" } else { "pk = :pk AND begins_with(sk, :prefix)" };
        let mut request = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .set_limit(at_once)
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        if !prefix.is_empty() {
            request = request.expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()));
        }
        request.into_paginator()
    }

    /// Reads items of a partition key in the order of their range keys, from the one after `after` on, at most `most`;
    /// fewer only at the end.
    pub(crate) async fn after(
        &self,
        pk: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let condition = if after.is_some() { "pk = :pk AND sk > :after" } else { "pk = :pk" };
        let mut found = Vec::new();
        let mut from = None;
        while found.len() < most {
            let request = self
                .client
                .query()
                .table_name(&self.name)
                .consistent_read(true)
                .limit(i32::try_from(most - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from)
                .key_condition_expression(condition)
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
            let request = match after {
                Some(after) => {
                    request.expression_attribute_values(":after", AttributeValue::S(after.to_owned()))
                }
                None => request,
            };
            let answer = request.send().await.map_err(failed(format!("listing {pk}")))?;
            for item in answer.items.unwrap_or_default() {
                found.push(Stored::read(item)?);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Reads the item of a partition key whose range key is the last.
    pub(crate) async fn last(&self, pk: &str) -> Result<Option<Stored>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(1)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .send()
            .await
            .map_err(failed(format!("listing {pk}")))?;
        answer.items.unwrap_or_default().into_iter().next().map(Stored::read).transpose()
    }

    /// The keys of a partition key whose range key begins with `prefix`; of more than `most` the first.
    pub(crate) async fn keys(&self, pk: &str, prefix: &str, most: usize) -> Result<Vec<Key>, StoreError> {
        let mut request = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .projection_expression("pk, sk")
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        if !prefix.is_empty() {
            request = request
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()));
        }
        let pages = request.into_paginator().items().send();
        let mut pages = std::pin::pin!(pages);
        let mut keys = Vec::new();
        while keys.len() < most
            && let Some(item) = pages.next().await
        {
            let item = item.map_err(failed(format!("listing {pk}")))?;
            keys.extend(key_of(&item));
        }
        Ok(keys)
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

    /// Writes the attributes of `draft`, unless a newer worker wrote the item. Its other attributes stay.
    pub(crate) async fn set_fenced(&self, lease: &Lease, draft: Draft) -> Result<(), StoreError> {
        let key = draft.key().clone();
        let mut request = self.client.update_item().table_name(&self.name).set_key(Some(key_item(&key)));
        let mut set = Vec::new();
        let attributes = draft.number("fence", lease.fence).into_item();
        let attributes = attributes.into_iter().filter(|(name, _)| name != "pk" && name != "sk");
        for (number, (name, value)) in attributes.enumerate() {
            set.push(format!("#a{number} = :a{number}"));
            request = request
                .expression_attribute_names(format!("#a{number}"), name)
                .expression_attribute_values(format!(":a{number}"), value);
        }
        let answer = request
            .update_expression(format!("SET {}", set.join(", ")))
            .condition_expression(FENCED)
            .expression_attribute_values(":fence", fence(lease))
            .send()
            .await;
        answer.map(drop).map_err(|error| fenced(lease, &key, error))
    }

    /// Writes attributes as [`Table::set_fenced`] does, several at once.
    pub(crate) async fn set_all_fenced(&self, lease: &Lease, drafts: Vec<Draft>) -> Result<(), StoreError> {
        stream::iter(drafts)
            .map(|draft| self.set_fenced(lease, draft))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Writes items as [`Table::put_fenced`] does, several at once.
    /// Each is asked for when its turn comes.
    pub(crate) async fn put_all_fenced<I>(&self, lease: &Lease, drafts: I) -> Result<(), StoreError>
    where
        I: IntoIterator<Item = Draft>,
    {
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
}

/// The key of an item that was read.
pub(crate) fn key_of(item: &Item) -> Option<Key> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(Key { pk: text("pk")?, sk: text("sk")? })
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

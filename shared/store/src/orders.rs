//! Orders: what people ask of the worker of a job, without its lease.
//!
//! In: a pause, or objects to provision now. Out: what is asked, told to the worker with every save. They are attributes
//! of the job's item that the worker's saves do not write. Whether the job is paused is for whoever has the lease to
//! say in its state; here it is only asked for.
//!
//! Objects are a set, from which exactly those are taken that were taken over: what is asked for meanwhile stays.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::model::{JobId, SourceId};
use engine::ports::{Orders, StoreError};

use crate::item::{Stored, key_item};
use crate::table::refused;
use crate::{DynamoStore, keys};

const PAUSE: &str = "askedPause";
const NOW: &str = "askedNow";

/// How many objects may wait to be provisioned now. Each is told to the worker with every save, and takes a few calls
/// between two pages; who wants more of them wants a cycle.
pub const MOST_ORDERS: usize = 100;

/// How often an order is tried again because somebody else gave one at the same time.
const ATTEMPTS: u32 = 10;

/// Why an order was not taken.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// Too many objects at once.
    #[error(
        "{waiting} people and groups wait to be provisioned already, and {MOST_ORDERS} may wait at a time; ask for fewer, or wait for them, or run a cycle"
    )]
    TooMany {
        /// How many wait.
        waiting: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DynamoStore {
    /// What is asked of the worker of a job.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such job.
    pub async fn orders(&self, job: &JobId) -> Result<Orders, StoreError> {
        match self.state.get(&keys::job(job)).await? {
            Some(stored) => read(&stored),
            None => Err(StoreError::Missing(job.clone())),
        }
    }

    /// Asks for a pause, or takes the request back.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such job.
    pub async fn order(&self, job: &JobId, pause: bool) -> Result<(), StoreError> {
        let request = self.asking(job).condition_expression("attribute_exists(pk)");
        let request = if pause {
            request
                .update_expression(format!("SET {PAUSE} = :yes"))
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
        } else {
            request.update_expression(format!("REMOVE {PAUSE}"))
        };
        self.asked(job, request).await?.then_some(()).ok_or_else(|| StoreError::Missing(job.clone()))
    }

    /// Asks for objects to be provisioned now. Asking twice is asking once.
    ///
    /// # Errors
    /// [`OrderError::TooMany`] when more than [`MOST_ORDERS`] would wait: then none of them is taken.
    /// [`StoreError::Missing`] when there is no such job.
    pub async fn order_now(&self, job: &JobId, objects: &[SourceId]) -> Result<(), OrderError> {
        if objects.is_empty() {
            return Ok(());
        }
        for _ in 0..ATTEMPTS {
            let waiting = self.orders(job).await?.now;
            let new = objects.iter().filter(|object| !waiting.contains(object));
            if waiting.len() + new.collect::<std::collections::BTreeSet<_>>().len() > MOST_ORDERS {
                return Err(OrderError::TooMany { waiting: waiting.len() });
            }
            let unchanged = if waiting.is_empty() {
                format!("attribute_exists(pk) AND attribute_not_exists({NOW})")
            } else {
                format!("{NOW} = :waiting")
            };
            let mut request = self
                .asking(job)
                .update_expression(format!("ADD {NOW} :objects"))
                .condition_expression(unchanged)
                .expression_attribute_values(":objects", set(objects));
            if !waiting.is_empty() {
                request = request.expression_attribute_values(":waiting", set(&waiting));
            }
            if self.asked(job, request).await? {
                return Ok(());
            }
        }
        Err(StoreError::unavailable(format!("writing orders of job '{job}'"), "others kept giving orders")
            .into())
    }

    /// Takes orders away that a worker took over. Those given meanwhile stay.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn clear_orders(&self, job: &JobId, taken: &Orders) -> Result<(), StoreError> {
        let mut update = String::new();
        if taken.pause {
            update.push_str(&format!("REMOVE {PAUSE} "));
        }
        let mut request = self.asking(job).condition_expression("attribute_exists(pk)");
        if !taken.now.is_empty() {
            update.push_str(&format!("DELETE {NOW} :taken"));
            request = request.expression_attribute_values(":taken", set(&taken.now));
        }
        if update.is_empty() {
            return Ok(());
        }
        self.asked(job, request.update_expression(update.trim_end())).await.map(drop)
    }

    fn asking(&self, job: &JobId) -> UpdateItemFluentBuilder {
        let request = self.state.client.update_item().table_name(&self.state.name);
        request.set_key(Some(key_item(&keys::job(job))))
    }

    /// Whether the condition held.
    async fn asked(&self, job: &JobId, request: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if refused(&error) => Ok(false),
            Err(error) => Err(StoreError::unavailable(format!("writing orders of job '{job}'"), error)),
        }
    }
}

/// The orders in a job's item.
pub(crate) fn read(stored: &Stored) -> Result<Orders, StoreError> {
    let mut now: Vec<SourceId> = stored.text_set(NOW)?.into_iter().map(SourceId::new).collect();
    now.sort();
    Ok(Orders { pause: stored.has(PAUSE), now })
}

fn set(objects: &[SourceId]) -> AttributeValue {
    let distinct: std::collections::BTreeSet<String> =
        objects.iter().map(|object| object.as_str().to_owned()).collect();
    AttributeValue::Ss(distinct.into_iter().collect())
}

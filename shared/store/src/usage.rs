//! Counting requests and capacity units, for the bench and for tests that hold a figure.
//!
//! In: a client's configuration. Out: the same with a counter in it, and what was counted. Without a counter no
//! request asks for its consumption, and nothing is parsed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
    BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation as op;
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

/// What was used.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Usage {
    /// Requests sent, repeats included, by operation.
    pub requests: BTreeMap<String, u64>,
    /// Read units.
    pub read_units: f64,
    /// Write units, those of indexes included.
    pub write_units: f64,
    /// Entries that queries went through, in tables and indexes: what DynamoDB calls the scanned count.
    pub examined: u64,
    /// Items that were fetched by their keys, in batches.
    pub fetched: u64,
}

impl Usage {
    /// Requests of all operations.
    #[must_use]
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }
}

/// Counts what goes through a client.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    usage: Arc<Mutex<Usage>>,
}

impl Counter {
    /// The client, counted.
    #[must_use]
    pub fn watch(&self, client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(self.clone()).build())
    }

    /// What was used since the last time this was asked, or since the beginning.
    pub fn take(&self) -> Usage {
        std::mem::take(&mut self.usage.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, change: impl FnOnce(&mut Usage)) {
        change(&mut self.usage.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn add_reads<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let units: f64 = consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).sum();
        self.add(|usage| usage.read_units += units);
    }

    fn add_writes<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let units: f64 = consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).sum();
        self.add(|usage| usage.write_units += units);
    }
}

/// Asks for the consumption in the input when it is one of these.
macro_rules! ask {
    ($input:expr, $($type:ty),+ $(,)?) => {
        $(if let Some(input) = $input.downcast_mut::<$type>() {
            input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
        })+
    };
}

/// Counts the consumption in the output when it is one of these.
macro_rules! count {
    ($output:expr, $add:expr, $($type:ty),+ $(,)?) => {
        $(if let Some(output) = $output.downcast_ref::<$type>() {
            $add(output.consumed_capacity());
        })+
    };
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "usage"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        ask!(
            context.input_mut(),
            op::get_item::GetItemInput,
            op::batch_get_item::BatchGetItemInput,
            op::query::QueryInput,
            op::put_item::PutItemInput,
            op::update_item::UpdateItemInput,
            op::delete_item::DeleteItemInput,
            op::batch_write_item::BatchWriteItemInput,
            op::transact_write_items::TransactWriteItemsInput,
        );
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // `X-Amz-Target: DynamoDB_20120810.PutItem`
        let target = context.request().headers().get("x-amz-target").unwrap_or("unknown");
        let operation = target.rsplit('.').next().unwrap_or(target).to_owned();
        self.add(|usage| *usage.requests.entry(operation).or_default() += 1);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        if let Some(answer) = output.downcast_ref::<op::query::QueryOutput>() {
            self.add(|usage| usage.examined += u64::try_from(answer.scanned_count()).unwrap_or_default());
        }
        if let Some(answer) = output.downcast_ref::<op::batch_get_item::BatchGetItemOutput>() {
            let items = answer.responses().into_iter().flatten().map(|(_, items)| items.len() as u64);
            self.add(|usage| usage.fetched += items.sum::<u64>());
        }
        count!(output, |consumed| self.add_reads(consumed), op::get_item::GetItemOutput);
        count!(output, |consumed| self.add_reads(consumed), op::query::QueryOutput);
        count!(output, |consumed| self.add_reads(consumed), op::batch_get_item::BatchGetItemOutput);
        count!(output, |consumed| self.add_writes(consumed), op::put_item::PutItemOutput);
        count!(output, |consumed| self.add_writes(consumed), op::update_item::UpdateItemOutput);
        count!(output, |consumed| self.add_writes(consumed), op::delete_item::DeleteItemOutput);
        count!(output, |consumed| self.add_writes(consumed), op::batch_write_item::BatchWriteItemOutput);
        count!(
            output,
            |consumed| self.add_writes(consumed),
            op::transact_write_items::TransactWriteItemsOutput
        );
        Ok(())
    }
}

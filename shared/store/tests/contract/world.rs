//! An engine, two tables, and workers on them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Lease, Store};
use jiff::{SignedDuration, Timestamp};
use store::embedded::Embedded;
use store::{DynamoStore, TableNames, Worker, client, tables};

use crate::samples::{job, noon, state};

/// Tables nobody else uses, and the engine they are in.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) names: TableNames,
    pub(crate) store: DynamoStore,
    _engine: Option<Embedded>,
}

impl World {
    /// Empty tables.
    pub(crate) async fn empty() -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let (client, engine) = match std::env::var("ROLLCALL_TEST_ENDPOINT") {
            Ok(endpoint) => (client::for_endpoint(&endpoint), None),
            Err(_) => {
                let engine = Embedded::open(None).await.unwrap();
                (engine.client(), Some(engine))
            }
        };
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let names = TableNames::with_prefix(&format!("test-{}-{number}", std::process::id()));
        tables::create(&client, &names).await.unwrap();
        let store = DynamoStore::new(client.clone(), names.clone(), worker("one"));
        Self { client, names, store, _engine: engine }
    }

    /// One job, due at noon.
    pub(crate) async fn with_job() -> Self {
        let world = Self::empty().await;
        assert!(world.store.create_job(&job(), &state()).await.unwrap());
        world
    }

    /// One job, and a lease on it.
    pub(crate) async fn working() -> (Self, Lease) {
        let world = Self::with_job().await;
        let lease = world.lease(0).await;
        (world, lease)
    }

    /// A lease of ten minutes, taken some minutes after noon.
    pub(crate) async fn lease(&self, minutes: i64) -> Lease {
        let now = after(minutes);
        self.store.acquire(&job(), now, after(minutes + 10)).await.unwrap().0
    }

    /// The store through another client.
    pub(crate) fn through(&self, client: Client) -> DynamoStore {
        DynamoStore::new(client, self.names.clone(), worker("one"))
    }

    /// The store of another worker.
    pub(crate) fn of(&self, worker: Worker) -> DynamoStore {
        DynamoStore::new(self.client.clone(), self.names.clone(), worker)
    }

    /// The keys of the state table.
    pub(crate) async fn keys(&self) -> Vec<(String, String)> {
        let items = self.client.scan().table_name(&self.names.state).into_paginator().items().send();
        let items: Vec<_> = items.collect::<Result<_, _>>().await.unwrap();
        let text = |value: &AttributeValue| value.as_s().unwrap().clone();
        let mut keys: Vec<_> = items.iter().map(|item| (text(&item["pk"]), text(&item["sk"]))).collect();
        keys.sort();
        keys
    }

    /// Deletes an item of the state table behind the store's back.
    pub(crate) async fn lose(&self, pk: &str, sk: &str) {
        let request = self.client.delete_item().table_name(&self.names.state);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        request.key("pk", text(pk)).key("sk", text(sk)).send().await.unwrap();
    }

    /// The store of a worker that dies before its write number `writes` (from 0).
    pub(crate) fn dying_after(&self, writes: i64) -> (DynamoStore, Death) {
        let death = Death { left: Arc::new(AtomicI64::new(writes)) };
        let config = self.client.config().to_builder().interceptor(death.clone()).build();
        (self.through(Client::from_conf(config)), death)
    }
}

/// A worker without a boot id.
pub(crate) fn worker(owner: &str) -> Worker {
    Worker { owner: owner.to_owned(), boot: None }
}

/// Minutes after noon.
pub(crate) fn after(minutes: i64) -> Timestamp {
    noon().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// Lets a number of writes through and fails all later ones, as if the process had been killed.
#[derive(Debug, Clone)]
pub(crate) struct Death {
    left: Arc<AtomicI64>,
}

impl Death {
    /// Whether it struck.
    pub(crate) fn struck(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }
}

impl Intercept for Death {
    fn name(&self) -> &'static str {
        "death"
    }

    fn read_before_attempt(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let reads = ["GetItem", "BatchGetItem", "Query"];
        if reads.iter().any(|read| target.ends_with(&format!(".{read}"))) {
            return Ok(());
        }
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err("the worker was killed".into());
        }
        Ok(())
    }
}

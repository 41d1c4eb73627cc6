//! What every store promises, run against this one.

use async_trait::async_trait;
use engine::guard::{HumanDecision, StagedKey};
use engine::model::{JobId, SourceId};
use engine::ports::{Orders, Store};
use jiff::Timestamp;
use store::OrderError;
use testkit::contract::{People, Subject};

use crate::samples::job;
use crate::world::World;

impl Subject for World {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn job(&self) -> JobId {
        job()
    }
}

#[async_trait]
impl People for World {
    async fn decide(&self, removals: &[StagedKey], decision: Option<&HumanDecision>) -> usize {
        self.store.decide_removals(&job(), removals, decision).await.unwrap()
    }

    async fn retry(&self, source: &SourceId, now: Timestamp) -> bool {
        self.store.retry_now(&job(), source, now).await.unwrap()
    }

    async fn ignore(&self, source: &SourceId, decision: Option<&HumanDecision>) -> bool {
        self.store.ignore_escrow(&job(), source, decision).await.unwrap()
    }

    async fn pause(&self, pause: bool) {
        self.store.order(&job(), pause).await.unwrap();
    }

    async fn order(&self, objects: &[SourceId]) -> bool {
        match self.store.order_now(&job(), objects).await {
            Ok(()) => true,
            Err(OrderError::TooMany { .. }) => false,
            Err(OrderError::Store(error)) => panic!("{error}"),
        }
    }

    async fn clear(&self, taken: &Orders) {
        self.store.clear_orders(&job(), taken).await.unwrap();
    }
}

testkit::store_contract!(World::with_job);
testkit::people_contract!(World::with_job);

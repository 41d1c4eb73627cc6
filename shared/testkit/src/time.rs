//! Time and chance that a test holds in its hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use engine::model::CycleId;
use engine::ports::{Clock, Ids};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// A clock that moves only when told to, or when the work waits because it asked for it.
#[derive(Debug)]
pub struct TestClock {
    now: Mutex<Timestamp>,
}

impl TestClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now) }
    }

    /// Moves the time forward.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, wait: Duration) {
        self.advance(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX));
    }

    async fn tick(&self, _every: Duration) {
        std::future::pending::<()>().await;
    }
}

/// A clock whose heartbeat never rests: whatever is done beside the work is done at every turn of it.
#[derive(Debug)]
pub struct Restless<'a>(pub &'a TestClock);

#[async_trait]
impl Clock for Restless<'_> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, wait: Duration) {
        self.0.sleep(wait).await;
    }

    async fn tick(&self, _every: Duration) {
        tokio::task::yield_now().await;
    }
}

/// Ids that count from 1: the same in every run.
#[derive(Debug, Default)]
pub struct CountedIds {
    last: AtomicU64,
}

impl Ids for CountedIds {
    fn cycle_id(&self) -> CycleId {
        CycleId(Uuid::from_u128(u128::from(self.last.fetch_add(1, Ordering::Relaxed) + 1)))
    }
}

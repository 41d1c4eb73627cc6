//! The system's own time and chance, for the ports of the engine.

use std::time::Duration;

use async_trait::async_trait;
use engine::model::CycleId;
use engine::ports::{Clock, Ids};
use jiff::Timestamp;
use uuid::Uuid;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    async fn tick(&self, every: Duration) {
        tokio::time::sleep(every).await;
    }
}

/// The time now, for what is not worth a clock of its own: when a process began, when a file was written.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the system's time enters")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Random ids. Cycle ids are UUIDv7: sorted by id they are sorted by time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one place where chance enters")]
    fn cycle_id(&self) -> CycleId {
        CycleId(Uuid::now_v7())
    }
}

/// A random id for things that are made once: tenants, applications, processes.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where chance enters")]
pub fn new_id() -> Uuid {
    Uuid::new_v4()
}

/// A random key of 32 bytes, of which 244 bits are chance.
#[must_use]
pub fn new_key() -> [u8; 32] {
    let mut key = [0; 32];
    let drawn = [new_id(), new_id()];
    key.iter_mut().zip(drawn.iter().flat_map(Uuid::as_bytes)).for_each(|(to, from)| *to = *from);
    key
}

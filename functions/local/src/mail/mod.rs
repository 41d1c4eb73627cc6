//! Mail of a single process: events go to the notifier, and its mails into the data folder's outbox.
//!
//! In: the events of jobs, and turns of a quarter of an hour. Out: a log line for each event, and files that
//! `rollcall mail` lists. Promised: whatever becomes of a mail, the cycle whose events these are goes its way.

mod outbox;

use std::sync::Arc;

use async_trait::async_trait;
use engine::job::Event;
use engine::model::JobId;
use engine::ports::{Clock, StoreError};
use jiff::Timestamp;
use notifier::{Folder, TURN};
use store::DynamoStore;
use sync::bus::{Bus, LogBus};

use crate::home::Home;

pub(crate) use outbox::{Mail, read_all};

/// The folder of the data folder that mails lie in.
pub(crate) const OUTBOX: &str = "outbox";

/// The bus of a process that mails what it hears.
pub(crate) struct MailBus {
    pub(crate) store: DynamoStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbox: Folder,
}

#[async_trait]
impl Bus for MailBus {
    async fn put(&self, events: &[Event]) -> anyhow::Result<()> {
        LogBus.put(events).await?;
        for event in events {
            match notifier::tell(&self.store, &self.outbox, event, self.clock.now()).await {
                Ok(()) => {}
                // The events stay where they are and come again. They cannot pile up: no cycle runs either.
                Err(error) if store_is_away(&error) => return Err(error),
                Err(error) => tracing::warn!(job.id = %event.job, "{error:#}"),
            }
        }
        Ok(())
    }

    async fn wake(&self, jobs: &[JobId], now: Timestamp) -> anyhow::Result<()> {
        LogBus.wake(jobs, now).await
    }
}

fn store_is_away(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Unavailable { .. }))
}

/// Mails what waits, every quarter of an hour, for as long as somebody waits for this.
pub(crate) async fn rounds(home: &Home) {
    let outbox = Folder::new(home.file(OUTBOX));
    loop {
        let (store, clock) = (&home.context.store, &home.context.clock);
        if let Err(error) = notifier::flush(store, &outbox, clock.now()).await {
            tracing::warn!("{error:#}; it is tried again in {} minutes", TURN.as_secs() / 60);
        }
        clock.tick(TURN).await;
    }
}

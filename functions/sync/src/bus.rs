//! Where events go: the bus, and the outbox they are drained from.
//!
//! An event is appended to the job's outbox in the same write as the fact it tells. Here it is put on the bus and
//! then taken out: a crash in between tells it twice, never not at all.

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use engine::job::Event;
use engine::model::JobId;
use store::DynamoStore;

/// Takes events.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Puts events on the bus, in order.
    ///
    /// # Errors
    /// When any of them was not taken: all of them are told again.
    async fn put(&self, events: &[Event]) -> anyhow::Result<()>;
}

/// The bus of a single process: events become log lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogBus;

#[async_trait]
impl Bus for LogBus {
    async fn put(&self, events: &[Event]) -> anyhow::Result<()> {
        for event in events {
            tracing::info!(job.id = %event.job, event.id = %event.id, event.sequence = event.sequence, "{}", event.detail.name());
        }
        Ok(())
    }
}

/// Amazon `EventBridge`.
#[derive(Debug, Clone)]
pub struct EventBridge {
    client: Client,
    bus: String,
}

impl EventBridge {
    /// A bus by its name.
    #[must_use]
    pub fn new(client: Client, bus: String) -> Self {
        Self { client, bus }
    }
}

/// `PutEvents` takes ten entries a call.
const ENTRIES: usize = 10;

#[async_trait]
impl Bus for EventBridge {
    async fn put(&self, events: &[Event]) -> anyhow::Result<()> {
        for chunk in events.chunks(ENTRIES) {
            let entries = chunk.iter().map(|event| self.entry(event)).collect::<Result<Vec<_>, _>>()?;
            let answer = self.client.put_events().set_entries(Some(entries)).send().await?;
            anyhow::ensure!(
                answer.failed_entry_count() == 0,
                "the bus '{}' refused {} of {} events",
                self.bus,
                answer.failed_entry_count(),
                chunk.len()
            );
        }
        Ok(())
    }
}

impl EventBridge {
    fn entry(&self, event: &Event) -> anyhow::Result<PutEventsRequestEntry> {
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source("rollcall")
            .detail_type(event.detail.name())
            .detail(serde_json::to_string(event)?)
            .build())
    }
}

/// Tells what is in a job's outbox, oldest first, and empties it.
///
/// # Errors
/// When the bus or the store did not take part; what was not told stays in the outbox.
pub async fn drain(store: &DynamoStore, bus: &dyn Bus, job: &JobId) -> anyhow::Result<()> {
    loop {
        let outbox = store.outbox(job).await?;
        if outbox.events.is_empty() {
            return Ok(());
        }
        bus.put(&outbox.events).await?;
        store.clear_outbox(job, &outbox).await?;
    }
}

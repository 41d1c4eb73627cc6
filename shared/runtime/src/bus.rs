//! Where events go.
//!
//! In: events out of the jobs' outboxes, and jobs that are due. Out: entries on the bus.
//!
//! `Cycle Due` is in no outbox, because it tells nothing that happened: the schedule says it again every minute for
//! as long as it is true.

use anyhow::Context as _;
use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use engine::job::Event;
use engine::model::JobId;
use jiff::Timestamp;
use serde_json::json;

/// The name of the event that begins a cycle, or goes on with one whose worker died.
pub const CYCLE_DUE: &str = "Cycle Due";

/// Takes events.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Puts events on the bus, in order.
    ///
    /// # Errors
    /// When any of them was not taken: all of them are told again.
    async fn put(&self, events: &[Event]) -> anyhow::Result<()>;

    /// Puts a `Cycle Due` on the bus for each of these jobs.
    ///
    /// # Errors
    /// When any of them was not taken. The next tick finds what is still due.
    async fn wake(&self, jobs: &[JobId], now: Timestamp) -> anyhow::Result<()>;

    /// Says something that nobody listens to, to see whether the bus is there and takes events.
    ///
    /// # Errors
    /// When it does not. A bus within the process is always there.
    async fn try_out(&self) -> anyhow::Result<()> {
        Ok(())
    }
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

    async fn wake(&self, jobs: &[JobId], _: Timestamp) -> anyhow::Result<()> {
        for job in jobs {
            tracing::info!(job.id = %job, "{CYCLE_DUE}");
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

/// Who tells our events.
pub const SOURCE: &str = "rollcall";

/// `PutEvents` takes ten entries a call.
const ENTRIES: usize = 10;

#[async_trait]
impl Bus for EventBridge {
    async fn put(&self, events: &[Event]) -> anyhow::Result<()> {
        let entry = |event: &Event| Ok(self.entry(event.detail.name(), serde_json::to_string(event)?));
        self.send(&events.iter().map(entry).collect::<anyhow::Result<Vec<_>>>()?).await
    }

    async fn wake(&self, jobs: &[JobId], now: Timestamp) -> anyhow::Result<()> {
        let entry = |job: &JobId| self.entry(CYCLE_DUE, json!({ "job": job, "at": now }).to_string());
        self.send(&jobs.iter().map(entry).collect::<Vec<_>>()).await
    }

    async fn try_out(&self) -> anyhow::Result<()> {
        self.send(&[self.entry("Checkup", json!({}).to_string())]).await
    }
}

impl EventBridge {
    fn entry(&self, name: &str, detail: String) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type(name)
            .detail(detail)
            .build()
    }

    async fn send(&self, entries: &[PutEventsRequestEntry]) -> anyhow::Result<()> {
        for chunk in entries.chunks(ENTRIES) {
            let request = self.client.put_events().set_entries(Some(chunk.to_vec()));
            let answer =
                request.send().await.with_context(|| format!("the bus '{}' took no events", self.bus))?;
            let refused =
                answer.entries().iter().find_map(|entry| entry.error_code()).unwrap_or("none given");
            anyhow::ensure!(
                answer.failed_entry_count() == 0,
                "the bus '{}' refused {} of {} events; the first reason is {refused}",
                self.bus,
                answer.failed_entry_count(),
                chunk.len()
            );
        }
        Ok(())
    }
}

//! From a job's outbox to the bus.
//!
//! An event is appended to the job's outbox in the same write as the fact it tells. Here it is put on the bus and
//! then taken out: a crash in between tells it twice, never not at all.

use engine::model::JobId;
use store::DynamoStore;

use crate::context::Context;
use runtime::bus::Bus;

/// Tells what is in a job's outbox, oldest first, and empties it. What could not be told stays there for the next
/// slice or turn; that is logged, and keeps nobody from going on.
pub(crate) async fn drain(context: &Context, job: &JobId) {
    if let Err(error) = empty(&context.store, context.bus.as_ref(), job).await {
        tracing::warn!(job.id = %job, "events stay in the outbox: {error:#}");
    }
}

async fn empty(store: &DynamoStore, bus: &dyn Bus, job: &JobId) -> anyhow::Result<()> {
    loop {
        let outbox = store.outbox(job).await?;
        if outbox.events.is_empty() {
            return Ok(());
        }
        bus.put(&outbox.events).await?;
        store.clear_outbox(job, &outbox).await?;
    }
}

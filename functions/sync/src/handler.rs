//! From an event to one slice.
//!
//! In: `Cycle Due` or `Cycle Continues`, whose detail names the job. Out: how the slice ended. An event for a job
//! that another worker holds is dropped: that worker does the work. So is a `Cycle Continues` that does not name
//! the slice that comes next: events arrive more than once, and late.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use engine::cycle::{CycleError, Ending, Request};
use engine::model::CycleId;
use engine::ports::{StoreError, Unobserved};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::context::Context;
use crate::cycle::{SliceError, run_slice};

/// Time kept at the end of an invocation for the last page, the checkpoint and the hand-over: a page of five
/// hundred people at ten a second.
const RESERVE_SECONDS: i64 = 60;

#[derive(Debug, Deserialize)]
struct Detail {
    job: String,
    /// Of a `Cycle Continues`: the slice that shall go on.
    detail: Option<Continues>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
struct Continues {
    cycle: CycleId,
    slice: u32,
}

/// Handles one invocation.
///
/// # Errors
/// When the event is none of ours, the job is unknown, or the slice failed.
pub async fn handle(context: &Context, event: LambdaEvent<EventBridgeEvent<Value>>) -> anyhow::Result<Value> {
    let (payload, invocation) = event.into_parts();
    let name = payload.detail_type.as_str();
    anyhow::ensure!(
        matches!(name, "Cycle Due" | "Cycle Continues"),
        "'{name}' is no event for sync, which takes 'Cycle Due' and 'Cycle Continues'"
    );
    let Detail { job, detail } = serde_json::from_value(payload.detail)?;
    let applications = context.store.applications().await?;
    let known = applications.iter().find(|application| application.job.as_str() == job);
    let known = known.ok_or_else(|| anyhow::anyhow!("there is no job '{job}'"))?;
    let stored = context.store.application(&known.id).await?;
    let stored = stored.ok_or_else(|| anyhow::anyhow!("the application of job '{job}' is gone"))?;
    if name == "Cycle Continues" {
        let checkpoint = context.store.job(&known.job).await?.state.checkpoint;
        let at = checkpoint.map(|checkpoint| (checkpoint.cycle, checkpoint.slice));
        if !is_next(detail, at) {
            return Ok(json!({ "ended": "stale" }));
        }
    }
    let request = Request { deadline: Some(deadline(invocation.deadline)?), approved_by: None };
    match run_slice(context, &stored, &request, &Unobserved).await {
        Ok(Ending::Completed(report)) => Ok(json!({ "ended": "completed", "report": *report })),
        Ok(Ending::Continues) => Ok(json!({ "ended": "continues" })),
        Err(SliceError::Cycle(CycleError::Store(StoreError::Busy { until, .. }))) => {
            Ok(json!({ "ended": "busy", "until": until }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether an event names the slice after the one that made the checkpoint.
fn is_next(event: Option<Continues>, checkpoint: Option<(CycleId, u32)>) -> bool {
    match (event, checkpoint) {
        (Some(event), Some((cycle, slice))) => event == Continues { cycle, slice: slice + 1 },
        _ => false,
    }
}

/// When a slice stops, for an invocation that ends at `milliseconds` since the epoch.
fn deadline(milliseconds: u64) -> anyhow::Result<Timestamp> {
    let end = Timestamp::from_millisecond(i64::try_from(milliseconds)?)?;
    Ok(end.checked_sub(jiff::SignedDuration::from_secs(RESERVE_SECONDS))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_over_that_comes_twice_or_late_is_dropped() {
        let cycle = |number| CycleId(uuid::Uuid::from_u128(number));
        let event = Some(Continues { cycle: cycle(1), slice: 3 });
        let cases = [
            (event, Some((cycle(1), 2)), true),
            (event, Some((cycle(1), 3)), false),
            (event, Some((cycle(2), 2)), false),
            (event, None, false),
            (None, Some((cycle(1), 2)), false),
        ];
        for (event, checkpoint, expected) in cases {
            assert_eq!(is_next(event, checkpoint), expected, "{event:?} at {checkpoint:?}");
        }
    }

    #[test]
    fn an_event_of_the_outbox_is_understood_when_it_comes_back() {
        let detail = engine::job::EventDetail::CycleContinues { cycle: CycleId(uuid::Uuid::nil()), slice: 2 };
        let event = engine::job::Event {
            id: uuid::Uuid::nil(),
            sequence: 1,
            job: engine::model::JobId::new("scim.x"),
            at: Timestamp::UNIX_EPOCH,
            detail,
        };
        let read: Detail = serde_json::from_value(serde_json::to_value(event).unwrap()).unwrap();
        assert_eq!(read.job, "scim.x");
        assert_eq!(read.detail, Some(Continues { cycle: CycleId(uuid::Uuid::nil()), slice: 2 }));
    }

    #[test]
    fn a_slice_stops_a_minute_before_its_invocation_ends() {
        let deadline = deadline(1_800_000_060_000).unwrap();
        assert_eq!(deadline, Timestamp::from_second(1_800_000_000).unwrap());
    }
}

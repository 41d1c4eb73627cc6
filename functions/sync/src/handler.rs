//! From an event to one slice.
//!
//! In: an event as EventBridge delivers it: a turn of the schedule, or `Cycle Due` or `Cycle Continues`, whose detail
//! names the job. Out: how it ended. A turn of the schedule runs nothing itself: it puts a `Cycle Due` on the bus for
//! each job that has work, so that jobs run side by side, each in an invocation of its own.
//!
//! # Guarantees
//! Events arrive more than once, and late. A `Cycle Due` for a job that is not due, or that another worker holds, ends
//! at once; so does a `Cycle Continues` that does not name the slice that comes next.
//!
//! # Errors
//! A cycle that stopped and shows why in its job's status is no error here: the schedule repeats it, not Lambda.
//! Errors are what nobody would learn of otherwise: foreign events, unknown jobs, a store that does not answer.
//! Those are not repeated, and lie in the dead letters at once: whatever was due is found by the next turn.

use anyhow::{Context as _, bail, ensure};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use engine::cycle::{CycleError, Ending, Request};
use engine::job::JobState;
use engine::model::{CycleId, JobId};
use engine::ports::{StoreError, Unobserved};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;
use runtime::ask::Asked;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask;
use crate::context::Context;
use crate::cycle::{SliceError, application_of, run_slice};
use crate::measure;
use crate::tick::{is_due, tick};
use runtime::bus::{CYCLE_DUE, SOURCE};
use runtime::invocation::read;
use runtime::metrics::TURNS;

/// An event as we understand it.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    /// What `control` asks.
    Asked(Box<Asked>),
    /// A turn of the schedule.
    Tick,
    /// A job shall begin a cycle, or go on with one that was cut.
    Due(JobId),
    /// A job shall go on with this slice.
    Continues(JobId, Continues),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
struct Continues {
    cycle: CycleId,
    slice: u32,
}

/// Handles one invocation.
///
/// # Errors
/// When the event is none of ours, the job is unknown, or nothing could be remembered.
pub async fn handle(context: &Context, event: LambdaEvent<Value>) -> anyhow::Result<Value> {
    let (payload, invocation) = event.into_parts();
    let (job, state) = match understand(payload)? {
        Told::Asked(asked) => {
            let deadline = deadline(invocation.deadline, context.reserve)?;
            return Ok(serde_json::to_value(ask::answer(context, &asked, Some(deadline)).await)?);
        }
        Told::Tick => {
            let now = context.clock.now();
            context.metrics.tell(now, None, &[], &[(TURNS, 1.0)]);
            let due = tick(context).await?;
            context.bus.wake(&due, now).await?;
            return Ok(json!({ "ended": "told", "due": due.len() }));
        }
        Told::Due(job) => {
            let view = context.store.job(&job).await?;
            if !is_due(&view, context.clock.now()) {
                return Ok(json!({ "ended": "not due" }));
            }
            (job, view.state)
        }
        Told::Continues(job, next) => {
            let state = context.store.job(&job).await?.state;
            let checkpoint = state.checkpoint.as_ref();
            if !checkpoint.is_some_and(|at| next == Continues { cycle: at.cycle, slice: at.slice + 1 }) {
                return Ok(json!({ "ended": "stale" }));
            }
            (job, state)
        }
    };
    let deadline = deadline(invocation.deadline, context.reserve)?;
    // A slice without time would hand over for ever.
    ensure!(
        deadline > context.clock.now(),
        "the invocation leaves no time beyond the reserve; lower ROLLCALL_RESERVE_SECONDS or raise the time-out"
    );
    slice(context, &job, &state, deadline).await
}

/// Runs one slice; how it ended.
async fn slice(
    context: &Context,
    job: &JobId,
    state: &JobState,
    deadline: Timestamp,
) -> anyhow::Result<Value> {
    let stored = application_of(context, job).await?;
    let stored = stored.with_context(|| format!("the application of job '{job}' is gone"))?;
    measure::job(&context.metrics, &stored.id, state, context.clock.now());
    let request = Request { deadline: Some(deadline), ..Request::default() };
    match run_slice(context, &stored, &request, &Unobserved).await {
        Ok(Ending::Completed(report)) => {
            measure::cycle(&context.metrics, &stored.id, &report);
            Ok(json!({ "ended": "completed", "report": *report }))
        }
        Ok(Ending::Continues) => Ok(json!({ "ended": "continues" })),
        Ok(Ending::Paused) => Ok(json!({ "ended": "paused" })),
        Err(SliceError::Cycle(CycleError::Store(StoreError::Busy { until, .. }))) => {
            Ok(json!({ "ended": "busy", "until": until }))
        }
        Err(error @ SliceError::Cycle(CycleError::Store(_))) => Err(error.into()),
        Err(error) => {
            tracing::warn!(job.id = %job, "the cycle stopped: {error}");
            Ok(json!({ "ended": "stopped", "cause": error.to_string() }))
        }
    }
}

/// What an event means.
fn understand(payload: Value) -> anyhow::Result<Told> {
    if payload.get("ask").is_some() {
        return Ok(Told::Asked(read(payload).context("an ask that cannot be read")?));
    }
    let event: EventBridgeEvent = read(payload).context("this is no event as EventBridge delivers them")?;
    match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.events", "Scheduled Event") => Ok(Told::Tick),
        (SOURCE, CYCLE_DUE) => Ok(Told::Due(job(&event.detail)?)),
        (SOURCE, name @ "Cycle Continues") => {
            let next = read(event.detail["detail"].clone())
                .with_context(|| format!("the detail of '{name}' does not say which slice comes next"))?;
            Ok(Told::Continues(job(&event.detail)?, next))
        }
        (source, name) => bail!(
            "'{name}' from '{source}' is no event for sync, which takes '{CYCLE_DUE}' and 'Cycle Continues' from \
             '{SOURCE}', and 'Scheduled Event' from 'aws.events'"
        ),
    }
}

fn job(detail: &Value) -> anyhow::Result<JobId> {
    let job = detail["job"].as_str().unwrap_or_default();
    ensure!(!job.is_empty(), "the event's detail names no job; write {{\"job\": \"…\"}}");
    Ok(JobId::new(job))
}

/// When a slice stops, for an invocation that ends at `milliseconds` since the epoch.
fn deadline(milliseconds: u64, reserve: SignedDuration) -> anyhow::Result<Timestamp> {
    let end = Timestamp::from_millisecond(i64::try_from(milliseconds)?)?;
    Ok(end.checked_sub(reserve)?)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn event(source: &str, name: &str, detail: &Value) -> Value {
        json!({
            "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": name, "source": source,
            "account": "123456789012", "time": "2026-03-02T09:00:00Z", "region": "eu-central-1",
            "resources": ["arn:aws:events:eu-central-1:123456789012:rule/tick"], "detail": detail,
        })
    }

    fn understood(source: &str, name: &str, detail: &Value) -> Result<Told, String> {
        understand(event(source, name, detail)).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn events_are_understood_as_they_come_from_the_bus() {
        assert_eq!(understood("aws.events", "Scheduled Event", &json!({})), Ok(Told::Tick));
        let due = json!({ "job": "scim.x", "at": "2026-03-02T09:00:00Z" });
        assert_eq!(understood(SOURCE, CYCLE_DUE, &due), Ok(Told::Due(JobId::new("scim.x"))));

        let cycle = CycleId(Uuid::nil());
        let told = engine::job::Event {
            id: Uuid::nil(),
            sequence: 1,
            job: JobId::new("scim.x"),
            at: Timestamp::UNIX_EPOCH,
            detail: engine::job::EventDetail::CycleContinues { cycle, slice: 2 },
        };
        let understood = understood(SOURCE, told.detail.name(), &serde_json::to_value(&told).unwrap());
        assert_eq!(understood, Ok(Told::Continues(JobId::new("scim.x"), Continues { cycle, slice: 2 })));
    }

    #[test]
    fn what_is_none_of_ours_is_refused_with_what_is() {
        let nothing = json!({});
        let cases = [
            (event("aws.ec2", "Scheduled Event", &nothing), "no event for sync"),
            (event("somebody", CYCLE_DUE, &json!({ "job": "scim.x" })), "no event for sync"),
            (event(SOURCE, "Job Quarantined", &nothing), "no event for sync"),
            (event(SOURCE, CYCLE_DUE, &nothing), "names no job"),
            (event(SOURCE, CYCLE_DUE, &json!({ "job": 7 })), "names no job"),
            (event(SOURCE, CYCLE_DUE, &json!("scim.x")), "names no job"),
            (event(SOURCE, "Cycle Continues", &json!({ "job": "scim.x" })), "which slice comes next"),
            (json!({ "Records": [] }), "as EventBridge delivers"),
            (json!({ "ask": 7 }), "an ask that cannot be read"),
            (json!(null), "as EventBridge delivers"),
        ];
        for (payload, expected) in cases {
            let error = format!("{:#}", understand(payload.clone()).unwrap_err());
            assert!(error.contains(expected), "{payload} gives: {error}");
        }
    }

    #[test]
    fn a_slice_stops_before_its_invocation_ends() {
        let deadline = deadline(1_800_000_060_000, crate::context::RESERVE).unwrap();
        assert_eq!(deadline, Timestamp::from_second(1_800_000_000).unwrap());
    }
}

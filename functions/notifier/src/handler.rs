//! What the Lambda function is woken by.
//!
//! In: an event of the stack's bus, a turn of the schedule, an event of SES, or an ask of `control`. Out: what came of it.
//!
//! # Errors
//! A mail that was refused, a store that does not answer, an event of nobody we know. Lambda repeats those twice, then they lie
//! in the dead letters and an alarm rings; a mail that was refused is tried again with each turn all the same.

use anyhow::{Context as _, bail};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use engine::job::Event;
use engine::ports::Clock;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use runtime::ask::Asked;
use runtime::invocation::read;
use serde_json::{Value, json};

use crate::{Feedback, Notifier, learn};

/// An invocation as we understand it.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    /// A turn of the schedule.
    Turn,
    /// Something happened to a job.
    Happened(Box<Event>),
    /// Something became of a mail.
    Feedback(Box<Feedback>),
    /// Somebody wants a test mail.
    Asked(Box<Asked>),
}

/// Handles one invocation.
///
/// # Errors
/// See the module.
pub async fn handle(
    notifier: &Notifier,
    clock: &dyn Clock,
    event: LambdaEvent<Value>,
) -> anyhow::Result<Value> {
    // On the heap: the compiler gives up on a future with all of SES in it.
    Box::pin(done(notifier, clock.now(), event.payload)).await
}

async fn done(notifier: &Notifier, now: Timestamp, payload: Value) -> anyhow::Result<Value> {
    match understand(payload)? {
        Told::Turn => {
            // Before the mails: the alarm may be all that is left when they fail.
            notifier.measure(now).await?;
            notifier.flush(now).await?;
        }
        Told::Happened(event) => notifier.tell(&event, now).await?,
        Told::Feedback(feedback) => {
            let ours = learn(&notifier.store, &feedback, now).await?;
            return Ok(json!({ "ours": ours }));
        }
        Told::Asked(asked) => return Ok(serde_json::to_value(notifier.answer(&asked, now).await)?),
    }
    Ok(json!({ "ended": "told" }))
}

fn understand(payload: Value) -> anyhow::Result<Told> {
    if payload.get("ask").is_some() {
        return Ok(Told::Asked(read(payload).context("an ask that cannot be read")?));
    }
    let event: EventBridgeEvent = read(payload).context("this is no event as EventBridge delivers them")?;
    let name = event.detail_type;
    let unread = || format!("'{name}' cannot be read");
    match (event.source.as_str(), name.as_str()) {
        ("aws.events" | "aws.scheduler", "Scheduled Event") => Ok(Told::Turn),
        ("rollcall", _) => Ok(Told::Happened(read(event.detail).with_context(unread)?)),
        ("aws.ses", _) => Ok(Told::Feedback(read(event.detail).with_context(unread)?)),
        (other, _) => bail!("'{name}' of '{other}' is no event for notifier"),
    }
}

//! What people ask through `control`: one request, one answer.
//!
//! In: an [`Asked`]. Out: an [`Answer`], which is also remembered under the operation's id, for whoever could not wait.
//! Whoever asked has checked that they may.
//!
//! # Guarantees
//! What touches a job is done under its lease, as by the command line: see [`crate::control`]. Answers hold no secret.

use async_trait::async_trait;
use connectors::application::filled;
use engine::cycle::{CycleError, Ending, Request};
use engine::guard::{HumanDecision, StagedKey, StagedRemoval};
use engine::model::{JobId, SourceId};
use engine::ports::{SourceError, Store as _, StoreError, Unobserved};
use jiff::Timestamp;
use runtime::ask::{Answer, Ask, AskError, Asked, PATIENCE, Refusal, Worker};
use serde_json::{Value, json};
use store::{Operation, StoredApplication};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::context::Context;
use crate::control::{self, DeleteError, Now, Paused};
use crate::cycle::{SliceError, document, make_due};
use crate::{checkup, credentials, discover, export, plan, preview};

/// Does what is asked.
/// `deadline` is the end of the invocation, where there is one.
pub async fn answer(context: &Context, asked: &Asked, deadline: Option<Timestamp>) -> Answer {
    let answer = match done(context, asked, deadline).await {
        Ok(told) => Answer::Done(told),
        Err(refusal) => Answer::Refused(refusal),
    };
    if let Err(error) = note(context, asked, &answer).await {
        tracing::warn!(operation.id = %asked.operation, "how it ended could not be noted: {error}");
    }
    answer
}

async fn note(context: &Context, asked: &Asked, answer: &Answer) -> Result<(), StoreError> {
    let now = context.clock.now();
    let outcome = match answer {
        Answer::Done(told) => Ok(told.clone()),
        Answer::Refused(refusal) => Err(json!(refusal)),
    };
    let (kind, by) = (asked.ask.name(), asked.caller.clone());
    let ended = Operation::ended(asked.operation, kind, asked.application.clone(), by, outcome, now);
    context.store.end_operation(ended, now).await
}

async fn done(context: &Context, asked: &Asked, deadline: Option<Timestamp>) -> Result<Value, Refusal> {
    if let Ask::Export(wanted) = &asked.ask {
        return export::export(context, asked, wanted, deadline).await;
    }
    if asked.ask == Ask::CheckUp {
        return checkup::look(context).await.map(|found| json!(found)).map_err(of_store);
    }
    let Some(id) = &asked.application else {
        return Err(refused(
            400,
            "Request_BadRequest",
            "what is asked is about an application, and none is named",
        ));
    };
    let stored = context.store.application(id).await.map_err(of_store)?;
    let stored = stored.ok_or_else(|| refused(404, "Request_ResourceNotFound", "the application is gone"))?;
    let told = about(context, asked, &stored, deadline).await?;
    if makes_due(&asked.ask) {
        // The schedule finds it within a minute in any case, and somebody waits.
        if let Err(error) = context.bus.wake(std::slice::from_ref(&stored.job), context.clock.now()).await {
            tracing::warn!(job.id = %stored.job, "it begins with the next turn of the schedule: {error:#}");
        }
    }
    Ok(told)
}

/// Whether a cycle may have something to do after that. One that has not, or runs already, leaves it at that.
fn makes_due(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Start
            | Ask::Restart { .. }
            | Ask::Due
            | Ask::DecideRemovals { .. }
            | Ask::DecideEscrows { ignore: false, .. }
    )
}

/// What is asked about one application.
async fn about(
    context: &Context,
    asked: &Asked,
    stored: &StoredApplication,
    deadline: Option<Timestamp>,
) -> Result<Value, Refusal> {
    let job = &stored.job;
    match &asked.ask {
        Ask::Start => {
            configured(stored)?;
            control::start(context, job).await.map_err(of_store)?;
            Ok(Value::Null)
        }
        Ask::Pause => match control::pause(context, job).await.map_err(of_store)? {
            Paused::Now => Ok(json!({ "paused": true })),
            Paused::AfterThePage => Ok(json!({ "paused": false })),
        },
        Ask::Restart { scope } => {
            configured(stored)?;
            let scope = scope.parse().map_err(|problem| {
                refused(400, "Request_BadRequest", format!("criteria.resetScope: {problem}"))
            })?;
            control::restart(context, job, &scope, &asked.by).await.map_err(of_store)?;
            Ok(Value::Null)
        }
        Ask::Delete { application: true } => {
            control::delete(context, stored).await.map_err(|error| match error {
                DeleteError::Store(error) => of_store(error),
                DeleteError::Credential(error) => {
                    tracing::error!(application.id = stored.id, "{error}");
                    let again = "its job is deleted; delete the application once more when that is mended";
                    refused(503, "serviceNotAvailable", format!("{error}; {again}"))
                }
            })?;
            Ok(Value::Null)
        }
        Ask::Delete { application: false } => {
            control::reset(context, stored).await.map_err(of_store)?;
            Ok(Value::Null)
        }
        Ask::Due => make_due(context, job).await.map(|()| Value::Null).map_err(of_store),
        Ask::ValidateCredentials { credentials } => {
            credentials::validate(context, stored, credentials.as_ref()).await.map(|()| Value::Null)
        }
        Ask::ProvisionOnDemand { objects } => provision(context, asked, stored, objects).await,
        Ask::DecideRemovals { keys, approved, staged_before } => {
            let keys = removals(context, job, keys, *approved, *staged_before).await?;
            let decided =
                control::decide(context, job, &keys, *approved, &asked.by).await.map_err(of_store)?;
            Ok(json!({ "decided": decided }))
        }
        Ask::DecideEscrows { objects, ignore } => escrows(context, asked, stored, objects, *ignore).await,
        Ask::DeleteLink { object } => {
            control::unlink(context, job, object).await.map(|()| Value::Null).map_err(|error| match error {
                control::UnlinkError::Runs => refused(
                    409,
                    "Request_Conflict",
                    "the job runs; pause it first, so that no cycle works with the link that is deleted",
                ),
                control::UnlinkError::Store(error) => of_store(error),
            })
        }
        Ask::Preview { document } => {
            let found = preview::of(context, stored, document).await?;
            serde_json::to_value(found).map_err(|error| refused(500, "UnknownError", error.to_string()))
        }
        Ask::Plan => {
            let plan = plan::make(context, stored).await.map_err(of_slice)?;
            Ok(json!({ "plan": plan.id }))
        }
        Ask::ApplyPlan { plan } => apply(context, asked, stored, *plan, deadline).await,
        Ask::Discover => {
            configured(stored)?;
            discover::discover(context, asked, stored).await
        }
        Ask::Export(_) | Ask::CheckUp => {
            Err(refused(400, "Request_BadRequest", "what is asked is about no single application"))
        }
        Ask::TestMail | Ask::CheckMail => {
            Err(refused(400, "Request_BadRequest", "mail is asked of notifier, which sends it"))
        }
    }
}

/// Refuses to run an application that lacks something still, and says how it gets it.
fn configured(stored: &StoredApplication) -> Result<(), Refusal> {
    match document(stored) {
        Ok(_) => Ok(()),
        Err(SliceError::Document { problem, .. }) if filled(&stored.document).is_some() => {
            let name = &stored.name;
            let cure = "send BaseAddress and SecretToken to synchronization/secrets";
            Err(refused(
                400,
                "NotConfigured",
                format!("application '{name}' is not configured yet ({problem}); {cure}"),
            ))
        }
        Err(error) => Err(of_slice(error)),
    }
}

async fn provision(
    context: &Context,
    asked: &Asked,
    stored: &StoredApplication,
    objects: &[SourceId],
) -> Result<Value, Refusal> {
    let request = Request { asked_by: Some(asked.by.clone()), ..Request::default() };
    let beside = context.beside("now");
    match control::provision(&beside.context, stored, objects, &request).await.map_err(of_slice)? {
        Now::Asked => Ok(json!({ "outcome": "asked" })),
        Now::Done(done) => Ok(
            json!({ "outcome": "done", "records": done.records, "unknown": done.unknown, "held": done.held }),
        ),
    }
}

/// The removals that are meant.
async fn removals(
    context: &Context,
    job: &JobId,
    keys: &[StagedKey],
    approved: Option<bool>,
    staged_before: Option<Timestamp>,
) -> Result<Vec<StagedKey>, Refusal> {
    let waiting = context.store.staged(job).await.map_err(of_store)?;
    if let Some(unknown) = keys.iter().find(|key| !waiting.iter().any(|one| one.key() == **key)) {
        let problem = format!("no removal of '{}' waits; heldRemovals has those that do", unknown.source_id);
        return Err(refused(404, "Request_ResourceNotFound", problem));
    }
    if !keys.is_empty() {
        return Ok(keys.to_vec());
    }
    let meant = |one: &&StagedRemoval| {
        one.decision.is_some() == approved.is_none()
            && staged_before.is_none_or(|moment| one.staged_at <= moment)
    };
    Ok(waiting.iter().filter(meant).map(StagedRemoval::key).collect())
}

async fn escrows(
    context: &Context,
    asked: &Asked,
    stored: &StoredApplication,
    objects: &[SourceId],
    ignore: bool,
) -> Result<Value, Refusal> {
    let (store, job, now) = (&context.store, &stored.job, context.clock.now());
    let waiting: Vec<SourceId> =
        store.escrows(job).await.map_err(of_store)?.into_iter().map(|entry| entry.source_id).collect();
    if let Some(unknown) = objects.iter().find(|object| !waiting.contains(object)) {
        let problem = format!("nothing of '{unknown}' waits in escrow; escrows has who does");
        return Err(refused(404, "Request_ResourceNotFound", problem));
    }
    let objects = if objects.is_empty() { &waiting[..] } else { objects };
    let decision = HumanDecision { approved: false, by: asked.by.clone(), at: now };
    for object in objects {
        let decided = match ignore {
            true => store.ignore_escrow(job, object, Some(&decision)).await,
            false => store.retry_now(job, object, now).await,
        };
        decided.map_err(of_store)?;
    }
    if !ignore {
        make_due(context, job).await.map_err(of_store)?;
    }
    Ok(json!({ "decided": objects.len() }))
}

async fn apply(
    context: &Context,
    asked: &Asked,
    stored: &StoredApplication,
    plan: Uuid,
    deadline: Option<Timestamp>,
) -> Result<Value, Refusal> {
    let kept = plan::kept(context, &stored.job, plan).await.map_err(of_store)?;
    let Some(kept) = kept else {
        return Err(refused(
            404,
            "Request_ResourceNotFound",
            "there is no such plan, or not any more; make a new one",
        ));
    };
    let request = Request { asked_by: Some(asked.by.clone()), deadline, ..Request::default() };
    match plan::apply(context, stored, &kept, &request, &Unobserved).await {
        Ok(Ending::Completed(report)) => Ok(json!({ "ended": "completed", "report": *report })),
        Ok(Ending::Continues) => Ok(json!({ "ended": "continues" })),
        Ok(Ending::Paused) => Ok(json!({ "ended": "paused" })),
        Err(plan::PlanError::Slice(error)) => Err(of_slice(error)),
        Err(error @ plan::PlanError::Apply(_)) => Err(refused(409, "Request_Conflict", error.to_string())),
    }
}

/// Does what is asked in this process.
pub struct InProcess(pub Context);

#[async_trait]
impl Worker for InProcess {
    async fn ask(&self, asked: Asked) -> Result<Answer, AskError> {
        let (context, clock) = (self.0.clone(), self.0.clock.clone());
        // Whoever asked may go away; what was asked is done all the same. On a thread of its own, because a cycle's future
        // stays on one thread.
        let handle = Handle::current();
        let mut work = spawn_blocking(move || handle.block_on(answer(&context, &asked, None)));
        tokio::select! {
            ended = &mut work => ended.map_err(|error| AskError::Failed(error.to_string())),
            () = clock.tick(PATIENCE.unsigned_abs()) => Err(AskError::StillAtIt),
        }
    }
}

pub(crate) fn refused(status: u16, code: &str, message: impl Into<String>) -> Refusal {
    Refusal { status, code: code.to_owned(), message: message.into() }
}

/// What the store said, for the caller; the whole of it is for the log.
pub(crate) fn of_store(error: StoreError) -> Refusal {
    match error {
        StoreError::Busy { until, .. } => refused(
            409,
            "Request_Conflict",
            format!(
                "a cycle of the job runs and does not end its page; try again, at the latest after {until}"
            ),
        ),
        StoreError::Missing(job) => {
            refused(404, "Request_ResourceNotFound", format!("there is no job '{job}'"))
        }
        other => {
            tracing::error!("what was asked could not be done: {other:#}");
            refused(503, "serviceNotAvailable", "the store did not answer; try again in a moment")
        }
    }
}

/// Why a job's systems could not be used.
pub(crate) fn of_slice(error: SliceError) -> Refusal {
    match error {
        SliceError::Cycle(CycleError::Store(error)) => of_store(error),
        SliceError::Document { .. } => refused(400, "Request_BadRequest", error.to_string()),
        SliceError::Secret(_) => refused(400, "InvalidCredentials", error.to_string()),
        SliceError::Cycle(CycleError::Source(SourceError::Refused(_))) => {
            refused(400, "SourceRefused", error.to_string())
        }
        SliceError::Cycle(_) => refused(502, "UpstreamFailed", error.to_string()),
    }
}

//! What a person does to a job: start, pause, restart, delete, decide about what waits, provision somebody now.
//!
//! In: a job and the wish. Out: the state it is in now. A worker that is at a cycle is asked, and does it after its page;
//! what concerns its state is done once it has given the lease back.
//!
//! # Guarantees
//! Whoever works on the job is never overruled: every change of its state is made under the lease.

use std::time::Duration;

use engine::cycle::on_demand::{self, Provisioned};
use engine::cycle::{CycleError, Request};
use engine::guard::{HumanDecision, StagedKey};
use engine::ids::IdHash;
use engine::job::JobState;
use engine::model::{JobId, ObjectType, SourceId};
use engine::ports::{FingerprintChange, Store as _, StoreError, Unobserved};
use engine::reset::{Reset, ResetScope};
use jiff::{SignedDuration, Timestamp};
use runtime::secrets::NotForgotten;
use serde_json::Value;
use store::{OrderError, StoredApplication};

use crate::context::Context;
use crate::cycle::{SliceError, change, connect};

/// How often a worker that was asked to stop is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How long a worker may take to end its page: five hundred people at ten a second, and some more.
const PATIENCE: SignedDuration = SignedDuration::from_secs(120);

/// How long a person waits for what a running cycle does aside.
const ASIDE: SignedDuration = SignedDuration::from_secs(25);

/// How a job was paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paused {
    /// It is.
    Now,
    /// Its worker ends its page first.
    AfterThePage,
}

/// Starts a job: it goes on where it stopped, at once. That it was unhealthy, given up or paused is over.
///
/// # Errors
/// [`StoreError`].
pub async fn start(context: &Context, job: &JobId) -> Result<(), StoreError> {
    context.store.order(job, false).await?;
    let started = change(context, job, |state, now| {
        state.start(now);
        Vec::new()
    });
    match started.await {
        // It runs already.
        Err(StoreError::Busy { .. }) => Ok(()),
        other => other,
    }
}

/// Pauses a job. Its state is kept, a cycle under way included.
///
/// # Errors
/// [`StoreError`].
pub async fn pause(context: &Context, job: &JobId) -> Result<Paused, StoreError> {
    let paused = change(context, job, |state, _| {
        state.pause();
        Vec::new()
    });
    match paused.await {
        Ok(()) => Ok(Paused::Now),
        Err(StoreError::Busy { .. }) => {
            context.store.order(job, true).await?;
            Ok(Paused::AfterThePage)
        }
        Err(error) => Err(error),
    }
}

/// Restarts a job: forgets what the scope says, and makes it due at once.
///
/// # Errors
/// [`StoreError`]; `Busy` when its worker does not end its page in time.
pub async fn restart(context: &Context, job: &JobId, scope: &ResetScope, by: &str) -> Result<(), StoreError> {
    if scope.has(Reset::ForceDeletes) {
        let staged = context.store.staged(job).await?;
        let keys: Vec<StagedKey> = staged.iter().map(engine::guard::StagedRemoval::key).collect();
        decide(context, job, &keys, Some(true), by).await?;
    }
    let lease = stopped(context, job).await?;
    if scope.has(Reset::ConnectorDataStore) {
        context.store.forget_links(&lease.0).await?;
    }
    if scope.has(Reset::Escrows) {
        context.store.forget_escrows(&lease.0).await?;
    }
    let mut state = lease.1;
    state.restart(scope, context.clock.now());
    context.store.save(&lease.0, &state, &[], true).await?;
    context.store.order(job, false).await
}

/// Why an application was not deleted, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// The job is gone, and a credential that was put away for it may still be there.
    #[error(transparent)]
    Credential(#[from] NotForgotten),
    /// The store failed; `Busy` when the job's worker does not end its page in time.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes a job with everything remembered of it, and the credentials that Rollcall put away for it; the provisioning log
/// stays. The accounts in the target stay too, and so do secrets that somebody else keeps.
///
/// # Errors
/// [`DeleteError`]; asked again, it goes on.
pub async fn delete(context: &Context, stored: &StoredApplication) -> Result<(), DeleteError> {
    match stopped(context, &stored.job).await {
        Ok((lease, _)) => context.store.delete_job(&lease).await?,
        // Deleted before, and cut before its application was.
        Err(StoreError::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    for reference in texts(&stored.document) {
        context.secrets.forget(reference, &stored.id).await?;
    }
    Ok(context.store.delete_application(stored).await?)
}

/// All texts of a document, references to secrets among them.
fn texts(document: &Value) -> Vec<&str> {
    match document {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Makes a job as new: everything remembered of it is gone, and it waits to be started. The application stays, and so do
/// its accounts in the target.
///
/// # Errors
/// [`StoreError`]; `Busy` when its worker does not end its page in time.
pub async fn reset(context: &Context, stored: &StoredApplication) -> Result<(), StoreError> {
    match stopped(context, &stored.job).await {
        Ok((lease, _)) => context.store.delete_job(&lease).await?,
        // Deleted before, and cut before it was made anew.
        Err(StoreError::Missing(_)) => {}
        Err(error) => return Err(error),
    }
    context.store.create_job(&stored.job, &JobState::unconfigured(context.clock.now())).await.map(drop)
}

/// Why a link was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// The job runs on its schedule.
    #[error("the job runs; pause it first")]
    Runs,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Forgets which account belongs to an object, so that it is found by matching again. The account stays. One that has no
/// link is as it should be.
///
/// # Errors
/// [`UnlinkError::Runs`] unless the job is paused or switched off, as Graph has it: a cycle would work with what is gone.
pub async fn unlink(context: &Context, job: &JobId, object: &SourceId) -> Result<(), UnlinkError> {
    let now = context.clock.now();
    let (lease, mut state) = context.store.acquire(job, now, later(now, PATIENCE)).await?;
    if state.runs() {
        context.store.save(&lease, &state, &[], true).await?;
        return Err(UnlinkError::Runs);
    }
    let hash = IdHash::of(object);
    let link =
        context.store.links(job, &[hash]).await?.remove(&hash).filter(|link| link.source_id == *object);
    if let Some(link) = link {
        if let Some(account) = &link.target_id {
            context.store.release_claim(&lease, link.object_type, account, object).await?;
            let linked = match link.object_type {
                ObjectType::User => &mut state.counts.linked,
                ObjectType::Group => &mut state.counts.groups.linked,
            };
            *linked = linked.saturating_sub(1);
        }
        context.store.delete_link(&lease, object).await?;
        // Whoever did not change is looked at all the same the next time they are shown.
        let gone = [FingerprintChange::Gone(hash)];
        context.store.append_fingerprints(&lease, context.ids.cycle_id(), 0, &gone).await?;
        state.unfolded = true;
    }
    context.store.save(&lease, &state, &[], true).await?;
    Ok(())
}

/// The lease of a job whose worker, if there is one, ended its page.
async fn stopped(context: &Context, job: &JobId) -> Result<(engine::ports::Lease, JobState), StoreError> {
    let give_up = later(context.clock.now(), PATIENCE);
    context.store.order(job, true).await?;
    loop {
        let now = context.clock.now();
        match context.store.acquire(job, now, later(now, PATIENCE)).await {
            Err(StoreError::Busy { .. }) if now < give_up => context.clock.sleep(LOOK).await,
            other => return other,
        }
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(now)
}

/// Approves or rejects removals that wait; `None` takes a decision back. How many of them there were. The job is due at
/// once.
///
/// # Errors
/// [`StoreError`].
pub async fn decide(
    context: &Context,
    job: &JobId,
    keys: &[StagedKey],
    approved: Option<bool>,
    by: &str,
) -> Result<usize, StoreError> {
    let decision =
        approved.map(|approved| HumanDecision { approved, by: by.to_owned(), at: context.clock.now() });
    let decided = context.store.decide_removals(job, keys, decision.as_ref()).await?;
    crate::cycle::make_due(context, job).await?;
    Ok(decided)
}

/// What became of objects that were to be provisioned now.
#[derive(Debug, Clone, PartialEq)]
pub enum Now {
    /// They were.
    Done(Box<Provisioned>),
    /// A cycle runs; its worker does it between two pages.
    Asked,
}

/// Provisions objects now, also while a cycle runs.
///
/// # Errors
/// [`SliceError`].
pub async fn provision(
    context: &Context,
    stored: &StoredApplication,
    ids: &[SourceId],
    request: &Request,
) -> Result<Now, SliceError> {
    let connected = connect(context, stored).await?;
    let ports = connected.ports(context, &Unobserved);
    let give_up = later(context.clock.now(), ASIDE);
    let mut asked = false;
    loop {
        match on_demand::provision(&ports, &connected.definition, request, ids).await {
            Ok(provisioned) => return Ok(Now::Done(Box::new(provisioned))),
            Err(CycleError::Store(StoreError::Busy { .. })) if !asked => {
                context.store.order_now(&stored.job, ids).await.map_err(|error| match error {
                    OrderError::Store(error) => SliceError::from(CycleError::Store(error)),
                    error @ OrderError::TooMany { .. } => {
                        CycleError::Store(StoreError::unavailable("asking the cycle at work", error)).into()
                    }
                })?;
                asked = true;
            }
            Err(CycleError::Store(StoreError::Busy { .. })) => {
                let orders = context.store.orders(&stored.job).await.map_err(CycleError::Store)?;
                if orders.now.is_empty() || context.clock.now() >= give_up {
                    return Ok(Now::Asked);
                }
                context.clock.sleep(LOOK).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

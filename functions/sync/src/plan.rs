//! Plans: a dry run of the next cycle, kept for some days, and its execution.
//!
//! In: an application. Out: its plan, see [`engine::cycle::rehearsal`].

use engine::cycle::rehearsal::{self, ApplyError, Plan};
use engine::cycle::{CycleError, Ending, Request};
use engine::model::JobId;
use engine::ports::{Kept, Observer, Store as _, StoreError, Unobserved};
use jiff::SignedDuration;
use store::StoredApplication;
use uuid::Uuid;

use crate::context::Context;
use crate::cycle::{SliceError, connect};
use crate::outbox::drain;

/// How long the lease is held while a plan is stored: a plan of a hundred thousand operations takes some seconds.
const WHILE_KEEPING: SignedDuration = SignedDuration::from_secs(60);

/// Makes the plan of an application's next cycle, and keeps it.
///
/// # Errors
/// [`SliceError`]; `Busy` when its cycle runs.
pub async fn make(context: &Context, stored: &StoredApplication) -> Result<Plan, SliceError> {
    let connected = connect(context, stored).await?;
    let state = context.store.job(&stored.job).await.map_err(CycleError::Store)?.state;
    let ports = connected.ports(context, &Unobserved);
    let id = context.ids.cycle_id().0;
    let plan = rehearsal::rehearse(&ports, &connected.definition, &state, id).await?;
    keep(context, &plan).await.map_err(CycleError::Store)?;
    Ok(plan)
}

async fn keep(context: &Context, plan: &Plan) -> Result<(), StoreError> {
    let bytes = plan.packed().map_err(|error| StoreError::unavailable("packing a plan", error))?;
    let now = context.clock.now();
    let until = now.saturating_add(WHILE_KEEPING).unwrap_or(now);
    let (lease, state) = context.store.acquire(&plan.job, now, until).await?;
    context.store.keep(&lease, Kept::Plan(plan.id), &bytes).await?;
    context.store.save(&lease, &state, &[], true).await?;
    Ok(())
}

/// A plan that was kept; `None` when there is none of this id, or not any more.
///
/// # Errors
/// [`StoreError`].
pub async fn kept(context: &Context, job: &JobId, id: Uuid) -> Result<Option<Plan>, StoreError> {
    let Some(bytes) = context.store.kept(job, Kept::Plan(id)).await? else { return Ok(None) };
    let plan = Plan::unpack(&bytes).map_err(|error| StoreError::unavailable("reading a plan", error))?;
    Ok(Some(plan).filter(|plan| plan.job == *job))
}

/// Why a plan was not executed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Its systems cannot be used, or the store does not answer.
    #[error(transparent)]
    Slice(#[from] SliceError),
    /// It does not fit any more, or its cycle stopped.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// Executes a plan.
///
/// # Errors
/// [`PlanError`].
pub async fn apply(
    context: &Context,
    stored: &StoredApplication,
    plan: &Plan,
    request: &Request,
    observer: &dyn Observer,
) -> Result<Ending, PlanError> {
    let connected = connect(context, stored).await?;
    let state =
        context.store.job(&stored.job).await.map_err(CycleError::Store).map_err(SliceError::from)?.state;
    let ports = connected.ports(context, observer);
    let ending = rehearsal::apply(&ports, &connected.definition, &state, request, plan).await;
    drain(context, &stored.job).await;
    Ok(ending?)
}

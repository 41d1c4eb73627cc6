//! The intent of a page: its plan, stored before its first export.
//!
//! In: a plan. Out: bytes (JSON, deflated: a page of five hundred people shrinks to some forty kilobytes). The
//! checkpoint says that there is an intent only once all of it was stored, so a torn one is never followed.

use super::plan::PagePlan;
use super::{Run, Session, Stop};
use crate::pack;
use crate::ports::StoreError;

pub(super) async fn store(run: &Run<'_>, session: &mut Session, plan: &PagePlan) -> Result<(), Stop> {
    let bytes = pack(plan).map_err(|error| StoreError::unavailable("packing a page's intent", error))?;
    run.ports.store.put_intent(&run.desk.lease().await?, &bytes).await?;
    session.checkpoint.intent = true;
    run.save(session, &[]).await
}

pub(super) async fn load(run: &Run<'_>) -> Result<PagePlan, Stop> {
    let inconsistent = |problem: String| StoreError::Inconsistent {
        key: format!("intent of job {}", run.definition.job),
        problem,
    };
    let bytes = run.ports.store.intent(&run.definition.job).await?;
    let bytes =
        bytes.ok_or_else(|| inconsistent("the checkpoint names an intent, and there is none".into()))?;
    Ok(unpack(&bytes).map_err(|error| inconsistent(error.to_string()))?)
}

fn pack(plan: &PagePlan) -> std::io::Result<Vec<u8>> {
    pack::quickly_deflated(&serde_json::to_vec(plan)?)
}

fn unpack(bytes: &[u8]) -> std::io::Result<PagePlan> {
    Ok(serde_json::from_slice(&pack::inflated(bytes)?)?)
}

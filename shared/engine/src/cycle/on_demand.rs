//! One person, or one group, now: the same decisions and the same steps as in a cycle.
//!
//! In: ids of objects in the source; people who are gone from it are found by what is remembered of them. Out: the
//! provisioning records that were written, with their steps and values.
//!
//! # Guarantees
//! * It works under the job's lease, for some seconds: nobody is provisioned by two workers at once. While a cycle runs
//!   the answer is [`StoreError::Busy`], and its worker can be asked to do it between two pages ([`Orders::now`]).
//! * A cycle that was cut keeps its checkpoint. A page that was begun before is finished first.
//! * A removal is judged by the guard as any other: on its own, and with those of the rolling day.
//!
//! [`StoreError::Busy`]: crate::ports::StoreError::Busy
//! [`Orders::now`]: crate::ports::Orders

use super::plan::{Item, PagePlan, Pass, plan_items};
use super::{
    CycleError, Definition, Ports, Request, Run, Session, Stop, Watch, commit, desk, finish, phases,
};
use crate::ids::IdHash;
use crate::job::JobState;
use crate::model::{SourceId, SourceObject};
use crate::report::ProvisioningRecord;

/// Objects in one request: a group and its members, or a handful of people; whoever wants more runs a cycle.
pub const MOST: usize = 100;

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioned {
    /// The records written, in order. Empty when everything was as it should be.
    pub records: Vec<ProvisioningRecord>,
    /// Objects that neither the source nor anything remembered knows.
    pub unknown: Vec<SourceId>,
    /// Whether a removal waits for a person, and why.
    pub held: Option<String>,
}

/// Provisions objects now.
///
/// # Errors
/// See [`CycleError`]; `Store(Busy)` while a cycle runs.
pub async fn provision(
    ports: &Ports<'_>,
    definition: &Definition,
    request: &Request,
    ids: &[SourceId],
) -> Result<Provisioned, CycleError> {
    let desk = desk::acquire(ports, &definition.job).await?;
    let before = desk.state();
    let mut session = Session::begin(before.clone(), definition, ports);
    let watch = Watch::listening();
    let run = Run::new(ports, definition, request, session.checkpoint.began, desk, &watch);
    match run.beating(Box::pin(work(&run, &mut session, ids, &before))).await {
        Ok((unknown, held)) => Ok(Provisioned { records: watch.told(), unknown, held }),
        Err(stop) => Err(finish::fail(&run, session, stop).await),
    }
}

async fn work(
    run: &Run<'_>,
    session: &mut Session,
    ids: &[SourceId],
    before: &JobState,
) -> Result<(Vec<SourceId>, Option<String>), Stop> {
    let is_cut = before.checkpoint.is_some();
    phases::resume(run, session).await?;
    let (unknown, held) = phases::now::provision_now(run, session, ids).await?;
    session.count_calls(run.ports);
    let mut state = session.state.clone();
    if is_cut {
        state.checkpoint = Some(session.checkpoint.clone());
    } else {
        // It was no cycle: the next one has everything to look at that it would have had.
        state.mapping_version.clone_from(&before.mapping_version);
        state.watermark.clone_from(&before.watermark);
        (state.initial_completed, state.evaluated_on) = (before.initial_completed, before.evaluated_on);
    }
    run.desk.show(|live| *live = None);
    run.desk.release(state, &[]).await?;
    Ok((unknown, held))
}

/// Provisions objects as one page of the cycle at work. Those that nobody knows are the answer.
pub(super) async fn now(
    run: &Run<'_>,
    session: &mut Session,
    ids: &[SourceId],
) -> Result<Vec<SourceId>, Stop> {
    let ids = ids.get(..ids.len().min(MOST)).unwrap_or_default();
    let objects = run.ports.source.get(ids).await.map_err(Stop::Source)?;
    let mut objects: Vec<SourceObject> =
        objects.into_iter().filter(|object| run.definition.manages(object.object_type)).collect();
    run.veil(&mut objects);
    let found: Vec<SourceId> = objects.iter().map(|object| object.id.clone()).collect();
    let mut items: Vec<Item> =
        objects.into_iter().map(|object| phases::item_of(run.definition, object)).collect();
    let missing: Vec<&SourceId> = ids.iter().filter(|id| !found.contains(id)).collect();
    let hashes: Vec<IdHash> = missing.iter().map(|id| IdHash::of(id)).collect();
    let links = run.ports.store.links(&run.definition.job, &hashes).await?;
    let mut unknown = Vec::new();
    for (id, hash) in missing.into_iter().zip(hashes) {
        match links.get(&hash) {
            Some(link) if run.definition.manages(link.object_type) => {
                items.push(Item::gone(link.object_type, id.clone()));
            }
            _ => unknown.push(id.clone()),
        }
    }
    let mut plan = PagePlan::new(session.checkpoint.phase.clone());
    let expected = items.len() as u64;
    plan_items(run, session, Pass::OnDemand, items, expected, &mut plan).await?;
    commit::execute_page(run, session, plan, false).await?;
    Ok(unknown)
}

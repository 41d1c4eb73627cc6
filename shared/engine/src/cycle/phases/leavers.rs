//! Who is gone: everybody known whom a complete reading did not show.

use super::PAGE;
use super::pages::gone_items;
use crate::cycle::plan::{PagePlan, Pass, plan_items};
use crate::cycle::{Run, Session, Stop, commit};
use crate::guard::shrunken_because;
use crate::ids::IdHash;
use crate::job::Phase;

/// Stages those whom a complete reading did not show.
pub(super) async fn leavers(run: &Run<'_>, session: &mut Session, after: Option<IdHash>) -> Result<(), Stop> {
    if !may_infer_leavers(run, session) {
        session.checkpoint.phase = Phase::Stored { after: None };
        return Ok(());
    }
    if session.snapshot.is_none() {
        session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
    }
    let seen = &session.checkpoint.seen;
    let gone: Vec<IdHash> = session
        .snapshot
        .as_deref()
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter(|(position, known)| !seen.has(*position) && after.is_none_or(|after| known.id > after))
        .map(|(_, known)| known.id)
        .take(PAGE)
        .collect();
    let Some(last) = gone.last().copied() else {
        session.checkpoint.phase = Phase::Stored { after: None };
        return Ok(());
    };
    let mut plan = PagePlan::new(Phase::Leavers { after: Some(last) });
    let items = gone_items(run, session, &gone, &mut plan).await?;
    plan_items(run, session, Pass::Page, items, 0, &mut plan).await?;
    commit::execute_page(run, session, plan, false).await
}

fn may_infer_leavers(run: &Run<'_>, session: &mut Session) -> bool {
    if session.checkpoint.next_watermark.is_none() {
        return false;
    }
    let shrunken = shrunken_because(session.state.last_total, session.checkpoint.read);
    session.state.suspect_reading = shrunken.filter(|_| run.request.approved_by.is_none());
    if let Some(reason) = &session.state.suspect_reading {
        session.checkpoint.no_inference.get_or_insert_with(|| reason.clone());
    }
    session.checkpoint.no_inference.is_none()
}

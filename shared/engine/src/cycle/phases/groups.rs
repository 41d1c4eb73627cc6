//! Noting which groups are to be compared, when the mapping changed, or what becomes of groups in groups.
//!
//! In: links, in the order of their id hashes. Out: every group that has an account is noted. Whom the cycle looked at for
//! another reason is noted already, but a group may look as it did and hold others.

use super::PAGE;
use crate::cycle::{Run, Session, Stop};
use crate::ids::IdHash;
use crate::job::{CycleKind, Phase};
use crate::model::{ObjectType, SourceId};

/// Notes the groups of the next page of links.
pub(super) async fn groups(run: &Run<'_>, session: &mut Session, after: Option<IdHash>) -> Result<(), Stop> {
    if !are_all_compared(run, session) {
        session.checkpoint.phase = Phase::References;
        return Ok(());
    }
    let links = run.ports.store.links_after(&run.definition.job, after, PAGE).await?;
    let groups =
        links.iter().filter(|link| link.object_type == ObjectType::Group && link.target_id.is_some());
    let groups: Vec<SourceId> = groups.map(|link| link.source_id.clone()).collect();
    if !groups.is_empty() {
        run.ports.store.mark_unsettled(&run.desk.lease().await?, &groups).await?;
        session.checkpoint.unsettled = true;
    }
    session.checkpoint.phase = match links.last() {
        Some(last) if links.len() == PAGE => Phase::Groups { after: Some(IdHash::of(&last.source_id)) },
        _ => Phase::References,
    };
    run.save_if_due(session).await
}

fn are_all_compared(run: &Run<'_>, session: &Session) -> bool {
    let is_first = session.state.last.is_none() || session.state.counts.groups.linked == 0;
    session.checkpoint.kind == CycleKind::Initial && !is_first && run.definition.provisions_members()
}

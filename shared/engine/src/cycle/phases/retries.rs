//! Trying again what failed.

use super::PAGE;
use crate::cycle::plan::{Item, PagePlan, Pass, plan_items};
use crate::cycle::{Run, Session, Stop, commit};
use jiff::Timestamp;

use crate::escrow::EscrowEntry;
use crate::ids::IdHash;
use crate::job::Phase;
use crate::model::{ObjectType, SourceId};

/// Tries again what is due in escrow and was not tried in this cycle.
pub(super) async fn retries(run: &Run<'_>, session: &mut Session) -> Result<(), Stop> {
    if session.checkpoint.no_inference.is_some() && session.snapshot.is_none() {
        session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
    }
    let now = run.ports.clock.now();
    let (began, mapping_changed) = (session.checkpoint.began, session.checkpoint.from_stored);
    let due: Vec<Item> = session
        .waiting
        .escrows
        .values()
        .filter(|entry| run.definition.manages(entry.object_type))
        // Members that failed are tried again with the references.
        .filter(|entry| !(entry.reference && entry.object_type == ObjectType::Group))
        .filter(|entry| entry.last_failed < began && (mapping_changed || is_due(entry, now)))
        .filter(|entry| !session.retried.contains(&IdHash::of(&entry.source_id)))
        .filter(|entry| !is_missing(session, &entry.source_id))
        .take(PAGE)
        .map(|entry| Item::new(entry.object_type, entry.source_id.clone(), entry.object.clone()))
        .collect();
    if due.is_empty() {
        session.checkpoint.phase = Phase::Groups { after: None };
        return Ok(());
    }
    let mut plan = PagePlan::new(Phase::Retries);
    plan.objects = due.len() as u64;
    session.checkpoint.total += plan.objects;
    let tried: Vec<IdHash> = due.iter().map(|item| IdHash::of(&item.id)).collect();
    let expected = plan.objects;
    plan_items(run, session, Pass::Retry, due, expected, &mut plan).await?;
    session.retried.extend(tried);
    commit::execute_page(run, session, plan, false).await
}

/// Whether its time has come.
fn is_due(entry: &EscrowEntry, now: Timestamp) -> bool {
    entry.ignored.is_none() && entry.next_attempt.is_some_and(|at| at <= now)
}

/// Whether this cycle's full reading did not show an object. It may be gone, and is not tried until it is seen
/// again.
fn is_missing(session: &Session, source: &SourceId) -> bool {
    // Once everyone was evaluated from what is stored, the snapshot is another one than the reading marked.
    if session.checkpoint.delta || session.checkpoint.from_stored {
        return false;
    }
    let hash = IdHash::of(source);
    let known =
        session.snapshot.as_deref().and_then(|known| known.binary_search_by_key(&hash, |k| k.id).ok());
    known.is_some_and(|position| !session.checkpoint.seen.has(position))
}

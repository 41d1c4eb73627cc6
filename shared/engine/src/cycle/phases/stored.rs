//! Evaluating everyone again from what is stored, when the mapping changed.
//!
//! In: links, with the objects as the source showed them last. Out: the same plans as if the source had shown them
//! again. Whom this cycle's reading showed was evaluated already, which the fingerprint tells.

use super::PAGE;
use crate::cycle::plan::{Item, PagePlan, Pass, plan_items};
use crate::cycle::{Run, Session, Stop, commit, day_of};
use crate::fingerprint::Fingerprint;
use crate::guard::StagedKey;
use crate::ids::IdHash;
use crate::job::Phase;
use crate::model::{Link, ObjectType, SkipReason};

/// Evaluates the next page of those whom the reading did not show.
pub(super) async fn stored(run: &Run<'_>, session: &mut Session, after: Option<IdHash>) -> Result<(), Stop> {
    let checkpoint = &session.checkpoint;
    // A reading that showed every object left nobody out.
    if !checkpoint.from_stored || !(checkpoint.delta || checkpoint.presence) {
        session.checkpoint.from_stored = false;
        session.checkpoint.phase = Phase::Retries;
        return Ok(());
    }
    if session.state.unfolded {
        // Before the pages' positions in the snapshot mean nothing any more: nobody looks for leavers from here on.
        run.save(session, &[]).await?;
        run.ports.store.fold_fingerprints(&run.desk.lease().await?).await?;
        session.state.unfolded = false;
        session.snapshot = None;
    }
    if session.snapshot.is_none() {
        session.snapshot = Some(run.ports.store.snapshot(&run.definition.job).await?);
    }
    let links = run.ports.store.links_after(&run.definition.job, after, PAGE).await?;
    let Some(last) = links.last().map(|link| IdHash::of(&link.source_id)) else {
        session.checkpoint.phase = Phase::Retries;
        return Ok(());
    };
    let mut plan = PagePlan::new(Phase::Stored { after: Some(last) });
    let items: Vec<Item> = links.into_iter().filter_map(|link| item(run, session, link)).collect();
    plan.objects = items.len() as u64;
    session.checkpoint.total += plan.objects;
    let expected = plan.objects;
    plan_items(run, session, Pass::Page, items, expected, &mut plan).await?;
    commit::execute_page(run, session, plan, false).await
}

/// What is to be evaluated of a link; `None` when it was in this cycle, or when its object is gone from the source.
fn item(run: &Run<'_>, session: &Session, link: Link) -> Option<Item> {
    let Some(object) = link.object else {
        // Gone from the source, and kept because nobody might remove it: that may have changed.
        let is_kept = link.skipped == Some(SkipReason::Protected) && run.definition.manages(link.object_type);
        return is_kept.then(|| Item::gone(link.object_type, link.source_id));
    };
    if !run.definition.manages(link.object_type) {
        return None;
    }
    let key = StagedKey { source_id: link.source_id, members: false };
    if let Some(staged) = session.waiting.staged.get(&key) {
        // As it was when it was staged: it may be gone.
        return Some(Item::new(link.object_type, key.source_id, staged.object.clone()));
    }
    if link.object_type == ObjectType::Group {
        // Its members, which count in its fingerprint, are not at hand.
        return Some(Item::present(object));
    }
    let mapping = run.definition.mapping_of(link.object_type);
    let fingerprint = Fingerprint::of(&object, mapping, day_of(run.began), session.state.generation);
    let snapshot = session.snapshot.as_deref().unwrap_or_default();
    let known = snapshot.binary_search_by_key(&fingerprint.id, |known| known.id).ok();
    let same = known.is_some_and(|position| snapshot.get(position) == Some(&fingerprint));
    (!same).then(|| Item { fingerprint: Some(fingerprint), ..Item::present(object) })
}

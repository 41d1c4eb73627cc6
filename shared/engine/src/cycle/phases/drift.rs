//! The drift sweep: a few accounts in every cycle are compared with what they should hold.
//!
//! In: links, in the order of their id hashes, from where the last cycle stopped. Out: for each account that somebody
//! changed in the target a provisioning record; and, when the job says so, the repair, planned and executed as any other
//! change. A repair that would take something away waits for the guard of the next cycle. Of groups the members are
//! compared as well, which takes another call; the phase of references puts them right.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use crate::cycle::plan::{Item, PagePlan, Pass, plan_items};
use crate::cycle::{Run, Session, Stop, commit, doubt, references};
use crate::decide::{Operation, decide};
use crate::drift::{DriftSweep, budget};
use crate::guard::StagedKey;
use crate::ids::{IdHash, change_id};
use crate::job::Phase;
use crate::mapping::ObjectAction;
use crate::membership::MemberChange;
use crate::model::{Attributes, Link, ObjectType, SkipReason, SourceId};

/// Accounts compared in one step: some seconds' worth of calls, so that the deadline is met.
const STEP: usize = 100;

/// Where the sweep begins: with the budget of one cycle.
pub(super) fn first(run: &Run<'_>, session: &Session) -> Phase {
    let counts = &session.state.counts;
    let left = match run.definition.drift {
        DriftSweep::Off => 0,
        DriftSweep::Report | DriftSweep::Repair => {
            budget(counts.linked + counts.groups.linked, run.definition.cadence.longest())
        }
    };
    Phase::Drift { left }
}

/// Compares the next accounts. `true` when there is nothing left to do in this cycle.
pub(super) async fn drift(run: &Run<'_>, session: &mut Session, left: u64) -> Result<bool, Stop> {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(STEP);
    if most == 0 {
        return Ok(true);
    }
    let links = run.ports.store.links_after(&run.definition.job, session.state.swept, most).await?;
    // Round again from the beginning with the next cycle.
    let is_round = links.len() < most;
    session.state.swept = links.last().filter(|_| !is_round).map(|link| IdHash::of(&link.source_id));
    let left = if is_round { 0 } else { left - most as u64 };
    let mut plan = PagePlan::new(Phase::Drift { left });
    let swept: Vec<Link> = links.into_iter().filter(|link| is_swept(run, session, link)).collect();
    plan.swept = swept.len() as u64;
    let meddled = meddled(run, session, &swept).await?;
    let repairs = run.definition.drift == DriftSweep::Repair;
    if repairs && !meddled.is_empty() {
        let groups: Vec<SourceId> = meddled.keys().cloned().collect();
        references::doubt_members(run, session, &groups).await?;
        session.checkpoint.aside = Some(plan.next);
        plan.next = Phase::References;
    }
    let mut items = Vec::new();
    for Compared { link, actual, is_as_wanted } in compared(run, session, swept).await? {
        let has_members = !meddled.contains_key(&link.source_id);
        plan.drifted += u64::from(!is_as_wanted || !has_members);
        let is_as_wanted = is_as_wanted && (has_members || repairs);
        match run.definition.drift {
            DriftSweep::Repair if !is_as_wanted => {
                // What the account holds is what the repair is computed against. An account that is gone holds
                // nothing: the update of it finds that out, and the person is matched or created again.
                let link = Link { shadow: actual, ..link };
                run.desk.put_link(&link).await?;
                items.extend(link.object.map(Item::present));
            }
            _ => report(run, session, link, actual, is_as_wanted, &mut plan).await?,
        }
    }
    if !repairs {
        plan.reported_members = meddled.into_iter().collect();
    }
    let expected = items.len() as u64;
    plan_items(run, session, Pass::Drift, items, expected, &mut plan).await?;
    commit::execute_page(run, session, plan, false).await?;
    Ok(false)
}

/// Whether an account can be compared: it is managed, and nothing of it waits.
fn is_swept(run: &Run<'_>, session: &Session, link: &Link) -> bool {
    let key = StagedKey { source_id: link.source_id.clone(), members: false };
    run.definition.manages(link.object_type)
        && run.definition.mapping_of(link.object_type).allows(ObjectAction::Update)
        && link.target_id.is_some()
        && link.object.is_some()
        && !link.unmanaged
        && !session.waiting.staged.contains_key(&key)
        && !session.waiting.escrows.contains_key(&IdHash::of(&link.source_id))
}

/// How somebody changed the members of groups in the target, of those whose members were changed.
async fn meddled(
    run: &Run<'_>,
    session: &Session,
    swept: &[Link],
) -> Result<BTreeMap<SourceId, Vec<MemberChange>>, Stop> {
    let is_free = |group: &&Link| {
        let key = StagedKey { source_id: group.source_id.clone(), members: true };
        group.in_scope && !session.waiting.staged.contains_key(&key)
    };
    let groups = swept.iter().filter(|link| link.object_type == ObjectType::Group).filter(is_free);
    let changes: Vec<(SourceId, Vec<MemberChange>)> = stream::iter(groups)
        .map(async |group| Ok::<_, Stop>((group.source_id.clone(), references::meddled(run, group).await?)))
        .buffered(run.ports.target.habits().concurrency)
        .try_collect()
        .await?;
    Ok(changes.into_iter().filter(|(_, changes)| !changes.is_empty()).collect())
}

/// An account that was read.
struct Compared {
    link: Link,
    actual: Attributes,
    is_as_wanted: bool,
}

async fn compared(run: &Run<'_>, session: &Session, links: Vec<Link>) -> Result<Vec<Compared>, Stop> {
    let mut items: Vec<Item> =
        links.iter().filter_map(|link| link.object.clone()).map(Item::present).collect();
    run.reread(items.iter_mut().filter_map(|item| item.object.as_mut())).await?;
    let references = references::resolve(run, &items).await?;
    let read: Vec<(Link, Item, Option<Attributes>)> = stream::iter(links.into_iter().zip(items))
        .map(async |(link, item)| Ok::<_, Stop>((doubt::held_now(run, &link).await?.ok(), link, item)))
        .buffered(run.ports.target.habits().concurrency)
        .map_ok(|(actual, link, item)| (link, item, actual))
        .try_collect()
        .await?;
    let mut compared = Vec::new();
    for (link, item, actual) in read {
        // Who could not be read is left to the next sweep.
        let Some(actual) = actual else { continue };
        let mapping = run.definition.mapping_of(item.kind);
        let seen = Link { shadow: actual.clone(), ..link.clone() };
        let occasion = run.occasion(change_id(session.checkpoint.cycle, &item.id, Pass::Drift as u8));
        let decision = decide(&item.case(Some(&seen), None, &references, occasion), mapping);
        let is_as_wanted = !matches!(decision.operation, Operation::Update(..) | Operation::Disable(..));
        compared.push(Compared { link, actual, is_as_wanted });
    }
    Ok(compared)
}

/// Tells of a difference once, however often it is seen, and forgets that it was told when it is gone.
async fn report(
    run: &Run<'_>,
    session: &Session,
    link: Link,
    actual: Attributes,
    is_as_wanted: bool,
    plan: &mut PagePlan,
) -> Result<(), Stop> {
    let is_told = link.skipped == Some(SkipReason::DriftReported);
    if is_as_wanted && is_told {
        run.desk.put_link(&Link { skipped: None, ..link }).await?;
    } else if !is_as_wanted && !is_told {
        let change = change_id(session.checkpoint.cycle, &link.source_id, Pass::Drift as u8);
        plan.reported.push((change, Link { skipped: Some(SkipReason::DriftReported), ..link }, actual));
    }
    Ok(())
}

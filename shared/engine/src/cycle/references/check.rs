//! Who of those that others wait for has an account by now.

use std::collections::BTreeMap;

use super::resolve::{Known, accounts};
use super::{BATCH, Work};
use crate::cycle::{Nested, Run, Session, Stop};
use crate::ids::IdHash;
use crate::membership::PendingReference;
use crate::model::{ObjectType, SourceId};
use crate::ports::MEMBERS;

/// How many people without an account may have a note that their old one is gone before all groups are searched for
/// them, whether they came back or not. A thousand: the notes stay a page or two to read, and a search, which reads every
/// link, happens once for as many leavers.
const NOTES: usize = 1_000;

/// Looks the next ones up; `false` when there are none.
pub(super) async fn step(run: &Run<'_>, session: &mut Session) -> Result<bool, Stop> {
    let left = session.references.unchecked.len();
    if left == 0 {
        return Ok(false);
    }
    let batch: Vec<SourceId> = session.references.unchecked.drain(..left.min(BATCH)).collect();
    let known = accounts(run, batch.iter()).await?;
    let mut rows: BTreeMap<SourceId, Vec<PendingReference>> = BTreeMap::new();
    for row in session.references.waiting() {
        rows.entry(row.missing.clone()).or_default().push(row.clone());
    }
    let mut groups = Vec::new();
    for missing in &batch {
        let known = known.get(&IdHash::of(missing));
        for row in rows.remove(missing).unwrap_or_default() {
            groups.extend(sort(run, &mut session.references, row, known));
        }
    }
    if left <= BATCH {
        forget_those_who_stay_away(&mut session.references);
    }
    if !groups.is_empty() {
        run.ports.store.mark_unsettled(&run.desk.lease().await?, &groups).await?;
        session.checkpoint.unsettled = true;
        session.references.compare(groups);
    }
    run.save_if_due(session).await?;
    Ok(true)
}

/// Puts a row where it belongs; the group to compare, when it is about a member.
fn sort(run: &Run<'_>, work: &mut Work, row: PendingReference, known: Option<&Known>) -> Option<SourceId> {
    let account = known.and_then(|known| known.account.clone());
    let kind = known.map_or(ObjectType::User, |known| known.kind);
    let can_join = kind == ObjectType::User || run.definition.nested() == Nested::Member;
    match (row.is_moved(), row.path == MEMBERS) {
        // Without an account they are noted until they have one.
        (true, _) if can_join && run.definition.provisions_members() => {
            work.moved.insert(row.missing, Known { kind, account });
            None
        }
        (false, true) if can_join && run.definition.provisions_members() => account.map(|_| row.referrer),
        (_, true) => None,
        (_, false) => {
            let account = account?;
            work.found.entry(row.referrer).or_default().insert(row.path, (row.missing, account));
            None
        }
    }
}

fn forget_those_who_stay_away(work: &mut Work) {
    let away = work.moved.values().filter(|known| known.account.is_none()).count();
    if away < NOTES {
        work.moved.retain(|_, known| known.account.is_some());
    }
}

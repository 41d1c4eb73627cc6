//! Looking for those who knew somebody under an account that is no more: their groups, and those who name them.
//!
//! There is no way from a person to their groups but to look at all of them. It is needed only when an account was
//! replaced behind our back, or when somebody who was deleted is back while their groups never dropped them.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::managers::{Named, planned};
use super::{BATCH, READING};
use crate::cycle::plan::{PagePlan, Pass};
use crate::cycle::{Run, Session, Stop, commit};
use crate::ids::IdHash;
use crate::job::Phase;
use crate::membership::PendingReference;
use crate::model::{Link, ObjectType, SourceId, Value};

/// Looks at the next page of links; `false` when nobody is looked for.
pub(super) async fn step(run: &Run<'_>, session: &mut Session) -> Result<bool, Stop> {
    if session.references.moved.is_empty() {
        return Ok(false);
    }
    let after = session.references.searched;
    let links = run.ports.store.links_after(&run.definition.job, after, BATCH).await?;
    let (groups, people): (Vec<&Link>, Vec<&Link>) =
        links.iter().partition(|link| link.object_type == ObjectType::Group);
    let affected = affected(run, session, groups).await?;
    if !affected.is_empty() {
        run.ports.store.mark_unsettled(&run.desk.lease().await?, &affected).await?;
        session.checkpoint.unsettled = true;
        session.references.compare(affected);
    }
    let mut plan = PagePlan::new(Phase::References);
    let referring = people.into_iter().filter_map(|link| Some((link, named(run, session, link)?)));
    plan.work.extend(referring.filter_map(|(link, named)| planned(run, session, Pass::Moved, link, named)));
    plan.objects = plan.work.len() as u64;
    session.checkpoint.total += plan.objects;
    session.references.searched = links.last().map(|link| IdHash::of(&link.source_id));
    let mut found = Vec::new();
    if links.len() < BATCH {
        // The note of a group is kept until its members in the target were read.
        let moved = std::mem::take(&mut session.references.moved);
        let people = moved.into_iter().filter(|(_, known)| known.kind == ObjectType::User);
        found = people.map(|(id, _)| PendingReference::moved(id)).collect();
    }
    commit::execute_page(run, session, plan, false).await?;
    super::remember::forget_waiting(run, session, &found).await?;
    Ok(true)
}

/// Those of the groups whose membership names somebody looked for.
async fn affected(run: &Run<'_>, session: &Session, groups: Vec<&Link>) -> Result<Vec<SourceId>, Stop> {
    let moved: Vec<IdHash> = session.references.moved.keys().map(IdHash::of).collect();
    let provisioned = groups.into_iter().filter(|link| link.target_id.is_some());
    let found: Vec<Option<SourceId>> = stream::iter(provisioned)
        .map(async |link| {
            let membership = run.ports.store.membership(&run.definition.job, &link.source_id).await?;
            let names = moved.iter().any(|hash| membership.members.contains_key(hash));
            Ok::<_, Stop>(names.then(|| link.source_id.clone()))
        })
        .buffered(READING)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whom the object refers to under an account that is theirs no longer.
fn named(run: &Run<'_>, session: &Session, link: &Link) -> Option<Named> {
    let object = link.object.as_ref()?;
    let references = run.definition.mapping_of(link.object_type).references(object);
    let named: BTreeMap<_, _> = references
        .into_iter()
        .filter(|(path, anchor)| link.pending.get(path) != Some(anchor))
        .filter_map(|(path, anchor)| {
            let account = session.references.moved.get(&anchor)?.account.clone()?;
            let differs = link.shadow.get(&path).is_some_and(|held| *held != Value::text(account.as_str()));
            differs.then_some((path, (anchor, account)))
        })
        .collect();
    (!named.is_empty()).then_some(named)
}

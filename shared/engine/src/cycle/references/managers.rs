//! Naming those who got an account, in the accounts of those who refer to them: one update each.

use std::collections::BTreeMap;

use super::BATCH;
use crate::cycle::plan::{PagePlan, Pass, Planned};
use crate::cycle::{Run, Session, Stop, commit};
use crate::decide::Operation;
use crate::ids::{IdHash, change_id};
use crate::job::Phase;
use crate::mapping::{Mapping, ObjectAction};
use crate::membership::PendingReference;
use crate::model::{AttributeChange, Link, SkipReason, SourceId, TargetId, Value};

/// Whom an account shall name, as which account, by target path.
pub(super) type Named = BTreeMap<String, (SourceId, TargetId)>;

/// Updates the next page of accounts; `false` when there are none.
pub(super) async fn step(run: &Run<'_>, session: &mut Session) -> Result<bool, Stop> {
    let mut page: BTreeMap<SourceId, Named> = BTreeMap::new();
    while page.len() < BATCH {
        let Some((referrer, named)) = session.references.found.pop_first() else { break };
        page.insert(referrer, named);
    }
    if page.is_empty() {
        return Ok(false);
    }
    let hashes: Vec<IdHash> = page.keys().map(IdHash::of).collect();
    let links = run.ports.store.links(&run.definition.job, &hashes).await?;
    let mut plan = PagePlan::new(Phase::References);
    let mut stale = Vec::new();
    for (referrer, mut named) in page {
        let link = links.get(&IdHash::of(&referrer));
        named.retain(|path, (missing, _)| {
            let waits = link.is_some_and(|link| link.pending.get(path) == Some(missing));
            if !waits {
                stale.push(PendingReference {
                    missing: missing.clone(),
                    referrer: referrer.clone(),
                    path: path.clone(),
                });
            }
            waits
        });
        plan.work.extend(link.and_then(|link| planned(run, session, Pass::Reference, link, named)));
    }
    super::remember::forget_waiting(run, session, &stale).await?;
    plan.objects = plan.work.len() as u64;
    session.checkpoint.total += plan.objects;
    commit::execute_page(run, session, plan, false).await?;
    Ok(true)
}

/// The update that names them; `None` when the account is to be left alone, or waits for something else.
pub(super) fn planned(
    run: &Run<'_>,
    session: &Session,
    pass: Pass,
    link: &Link,
    named: Named,
) -> Option<Planned> {
    let mapping = run.definition.mapping_of(link.object_type);
    let target = link.target_id.clone()?;
    // Whoever failed is tried again as a whole, and whoever is to be removed changes no more.
    let waits = session.waiting.escrows.contains_key(&IdHash::of(&link.source_id))
        || session.waiting.waits(&link.source_id);
    let is_ours = link.in_scope && !link.unmanaged && mapping.allows(ObjectAction::Update);
    if waits || !is_ours || named.is_empty() {
        return None;
    }
    let mut pending = link.pending.clone();
    pending.retain(|path, missing| named.get(path).is_none_or(|(found, _)| found != missing));
    let wanted = |(path, (_, account)): (&String, &(SourceId, TargetId))| {
        let (old, new) = (link.shadow.get(path).cloned(), Some(Value::text(account.as_str())));
        (old != new).then(|| AttributeChange { path: path.clone(), old, new, adds: false })
    };
    let changes: Vec<AttributeChange> = named.iter().filter_map(wanted).collect();
    let operation = match changes.is_empty() {
        true => Operation::Skip(SkipReason::RedundantExport),
        false => Operation::Update(target, changes),
    };
    Some(Planned {
        decision: None,
        change_id: change_id(session.checkpoint.cycle, &link.source_id, pass as u8),
        kind: link.object_type,
        source_id: link.source_id.clone(),
        object: link.object.clone(),
        prior: Some(link.clone()),
        before: link.shadow.clone(),
        operation,
        in_scope: link.in_scope,
        unmanaged: link.unmanaged,
        matched_by: None,
        label: label(link, mapping),
        escrow: None,
        references: named.into_values().collect(),
        pending,
        reference: true,
    })
}

/// What people call an object that has an account.
pub(super) fn label(link: &Link, mapping: &Mapping) -> String {
    let first_match = mapping.matching().iter().find_map(|path| link.shadow.get(path));
    first_match
        .map(ToString::to_string)
        .or_else(|| link.display_name.clone())
        .unwrap_or_else(|| link.source_id.to_string())
}

//! The accounts of those whom objects refer to.

use std::collections::{BTreeMap, BTreeSet};

use super::BATCH;
use crate::cycle::plan::Item;
use crate::cycle::{Run, Stop};
use crate::decide::References;
use crate::ids::IdHash;
use crate::model::{Link, ObjectType, SourceId, TargetId};

/// The accounts of everybody whom these objects refer to, as far as they have one.
pub(in crate::cycle) async fn resolve(run: &Run<'_>, items: &[Item]) -> Result<References, Stop> {
    let objects = items.iter().filter_map(|item| item.object.as_ref());
    let anchors = objects.flat_map(|object| run.definition.mapping_of(object.object_type).references(object));
    let anchors: BTreeSet<SourceId> = anchors.map(|(_, anchor)| anchor).collect();
    let known = accounts(run, anchors.iter()).await?;
    let account = |anchor: SourceId| {
        let account = known.get(&IdHash::of(&anchor))?.account.clone()?;
        Some((anchor, account))
    };
    Ok(anchors.into_iter().filter_map(account).collect())
}

/// What is known of an object that others refer to.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) kind: ObjectType,
    pub(super) account: Option<TargetId>,
}

/// What is known of these objects; absent where nothing is.
pub(super) async fn accounts<'i>(
    run: &Run<'_>,
    ids: impl Iterator<Item = &'i SourceId>,
) -> Result<BTreeMap<IdHash, Known>, Stop> {
    let hashes: Vec<IdHash> = ids.map(IdHash::of).collect();
    let mut known = BTreeMap::new();
    for batch in hashes.chunks(BATCH) {
        let links = run.ports.store.links(&run.definition.job, batch).await?;
        let told = |(hash, Link { object_type, target_id, .. })| {
            (hash, Known { kind: object_type, account: target_id })
        };
        known.extend(links.into_iter().map(told));
    }
    Ok(known)
}

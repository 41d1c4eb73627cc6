//! What an account really holds: read from the target where what is remembered may not hold.
//!
//! In: links. Out: the same links with what the target shows. A call that nobody answered may have been carried out; an
//! object whose values went back to what they were meanwhile would need nothing as far as anybody remembers, and its
//! account would keep the lost change for good.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::plan::Waiting;
use super::{Run, Stop};
use crate::escrow::Failure;
use crate::ids::IdHash;
use crate::model::{Attributes, Link, ObjectType, TargetId};

/// The links whose accounts had a call without an answer, as those accounts are now; or why they cannot be read.
pub(super) async fn cleared(
    run: &Run<'_>,
    waiting: &Waiting,
    links: &BTreeMap<IdHash, Link>,
) -> Result<BTreeMap<IdHash, Result<Link, Failure>>, Stop> {
    let is_doubtful = |hash: &IdHash| waiting.escrows.get(hash).is_some_and(|entry| entry.doubtful);
    let doubtful = links.iter().filter(|(hash, link)| link.target_id.is_some() && is_doubtful(hash));
    stream::iter(doubtful)
        .map(async |(hash, link)| {
            let held = held_now(run, link).await?;
            Ok::<_, Stop>((*hash, held.map(|shadow| Link { shadow, ..link.clone() })))
        })
        .buffer_unordered(run.ports.target.habits().concurrency.max(1))
        .try_collect()
        .await
}

/// What a linked account holds: nothing when it is gone, which the update of it finds out.
pub(super) async fn held_now(run: &Run<'_>, link: &Link) -> Result<Result<Attributes, Failure>, Stop> {
    let Some(id) = &link.target_id else { return Ok(Ok(Attributes::new())) };
    let held = held(run, link.object_type, id, Some(&link.shadow)).await?;
    Ok(held.map(Option::unwrap_or_default))
}

/// What an account holds of what the mapping writes, veiled; `None` when it is gone. What it never shows, such as a
/// password, is taken from its `shadow`.
pub(super) async fn held(
    run: &Run<'_>,
    kind: ObjectType,
    id: &TargetId,
    shadow: Option<&Attributes>,
) -> Result<Result<Option<Attributes>, Failure>, Stop> {
    let mapping = run.definition.mapping_of(kind);
    run.before_call().await?;
    match run.ports.target.get(kind, id, &mapping.target_paths()).await {
        Ok(account) => {
            run.target_is_well();
            Ok(Ok(account.map(|mut account| {
                mapping.veil_account(&mut account.attributes, shadow, &run.definition.key);
                account.attributes
            })))
        }
        Err(error) => run.judged(error).map(Err),
    }
}

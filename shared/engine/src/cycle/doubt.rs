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
use crate::model::{Attributes, Link};

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
            let held = held(run, link).await?;
            Ok::<_, Stop>((*hash, held.map(|shadow| Link { shadow, ..link.clone() })))
        })
        .buffer_unordered(run.ports.target.habits().concurrency.max(1))
        .try_collect()
        .await
}

/// What a linked account holds: nothing when it is gone, which the update of it finds out.
pub(super) async fn held(run: &Run<'_>, link: &Link) -> Result<Result<Attributes, Failure>, Stop> {
    let Some(id) = &link.target_id else { return Ok(Ok(Attributes::new())) };
    let mapping = run.definition.mapping_of(link.object_type);
    run.before_call().await?;
    match run.ports.target.get(link.object_type, id, &mapping.target_paths()).await {
        Ok(account) => {
            run.target_is_well();
            let mut attributes = account.map(|account| account.attributes).unwrap_or_default();
            mapping.veil_account(&mut attributes, Some(&link.shadow), &run.definition.key);
            Ok(Ok(attributes))
        }
        Err(error) => run.judged(error).map(Err),
    }
}

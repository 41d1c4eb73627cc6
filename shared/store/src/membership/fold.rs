//! Folding: base and log become a new base.
//!
//! Cut anywhere, the old base counts until the head of the new one is written, and the new one from then on. What is
//! left of the old is deleted by the next fold.

use engine::membership::Member;
use engine::model::SourceId;
use engine::ports::{Lease, StoreError};

use super::{BASE, End, GROUP, THROUGH, rows};
use crate::DynamoStore;
use crate::item::{Draft, wrong};
use crate::keys::{Key, Place};
use crate::pack::pack;

/// The log is not folded while it is shorter than this: it is read with the same request, and most groups never have
/// more.
const SHORT: u64 = 32 * 1024;

/// The log is folded when it has this many rows, however short they are. A group of 100,000 takes some 5,000 units to
/// fold: a thousand changes of one member at a time pay five each for it.
const MOST_ROWS: u64 = 1_000;

impl End {
    /// Half the base and no more: reading takes half as much again at the most, and a group that grows is written
    /// anew whenever it has grown by half, which is three times its final length in all.
    pub(super) fn wants_folding(self) -> bool {
        self.logged > SHORT.max(self.base / 2) || self.rows >= MOST_ROWS
    }
}

impl DynamoStore {
    /// Folds the log of a membership into its base.
    pub(super) async fn fold_membership(
        &self,
        lease: &Lease,
        place: &Place,
        group: &SourceId,
    ) -> Result<(), StoreError> {
        let items = self.state.list(&place.pk, "").await?;
        let Some((membership, through)) = rows::assemble(place, group, &items)? else {
            return Err(wrong(&place.head(), "names chunks that are not there"));
        };
        let old: Vec<Key> = items.into_iter().map(|item| item.key().clone()).collect();
        let members: Vec<Member> = membership.members.into_values().collect();
        let bytes = pack(&place.head(), BASE, &members)?;
        let more = |draft: Draft, head| {
            if head { draft.text(GROUP, group.as_str()).number(THROUGH, through) } else { draft }
        };
        self.write_blob(lease, place, &bytes, old, more).await
    }
}

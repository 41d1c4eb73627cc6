//! The rows of a membership: changes as bytes, and the membership that they amount to. No I/O.

use engine::ids::IdHash;
use engine::membership::{Member, MemberChange, Membership};
use engine::model::SourceId;
use engine::ports::StoreError;

use super::{BASE, CHANGES, End, GROUP, LOGGED, ROWS, THROUGH};
use crate::blob;
use crate::item::{Draft, Stored};
use crate::keys::{self, Place};
use crate::pack::{pack, unpack};

/// The most text of changes in one row: an item holds 400 KB, and what cannot be deflated is as long as it was.
const ROW: usize = 340_000;

/// What a row takes beyond its changes: keys and counts.
const ROW_FRAME: u64 = 256;

/// What a change takes beyond its ids, as JSON.
const FRAME: usize = 16;

/// Cuts changes into as many as fit into a row. Ids are counted twice, as if each of their characters were escaped.
pub(super) fn parts(changes: &[MemberChange]) -> Vec<&[MemberChange]> {
    let (mut parts, mut begin, mut long) = (Vec::new(), 0, 0);
    for (index, change) in changes.iter().enumerate() {
        let account = match change {
            MemberChange::Given(_, account) => account.as_str().len(),
            _ => 0,
        };
        let length = FRAME + 2 * (change.member().as_str().len() + account);
        if long + length > ROW && index > begin {
            parts.extend(changes.get(begin..index));
            (begin, long) = (index, 0);
        }
        long += length;
    }
    parts.extend(changes.get(begin..).filter(|rest| !rest.is_empty()));
    parts
}

/// The row behind `end`, and the end with it.
pub(super) fn row(
    place: &Place,
    group: &SourceId,
    changes: &[MemberChange],
    end: End,
) -> Result<(End, Draft), StoreError> {
    let key = keys::member_log(place, end.number + 1);
    let bytes = pack(&key, CHANGES, &changes)?;
    let logged = end.logged + ROW_FRAME + u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let end = End { number: end.number + 1, rows: end.rows + 1, logged, ..end };
    let draft = Draft::new(key)
        .text(GROUP, group.as_str())
        .bytes(CHANGES, bytes)
        .number(ROWS, end.rows)
        .number(LOGGED, end.logged)
        .number(BASE, end.base);
    Ok((end, draft))
}

/// The membership in these rows, and the number of the last change in it; `None` when a part of the base is missing.
pub(super) fn assemble(
    place: &Place,
    group: &SourceId,
    items: &[Stored],
) -> Result<Option<(Membership, u64)>, StoreError> {
    let head = place.head();
    let (mut membership, mut through) = (Membership::default(), 0);
    if let Some(stored) = items.iter().find(|item| *item.key() == head) {
        check(group, stored)?;
        let Some(bytes) = blob::read(place, items)? else { return Ok(None) };
        let members: Vec<Member> = unpack(&head, BASE, &bytes)?;
        membership.members = members.into_iter().map(|member| (IdHash::of(&member.id), member)).collect();
        through = stored.number(THROUGH)?;
    }
    for stored in items {
        let Some(number) = keys::member_log_number(&stored.key().sk) else { continue };
        if number <= through {
            continue;
        }
        check(group, stored)?;
        for change in stored.packed::<Vec<MemberChange>>(CHANGES)? {
            membership.apply(&change);
        }
        through = number;
    }
    Ok(Some((membership, through)))
}

/// Whether a row is this group's.
pub(super) fn check(group: &SourceId, stored: &Stored) -> Result<(), StoreError> {
    let found = stored.text(GROUP)?;
    if found == group.as_str() {
        return Ok(());
    }
    Err(stored.wrong(GROUP, format!("is '{found}', which has the same hash as '{group}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_cut_into_rows_that_fit_into_an_item() {
        let wanted = |length: usize| MemberChange::Wanted(SourceId::new("x".repeat(length)));
        let cases = [
            // (changes, members' length, rows)
            (0, 36, 0),
            (1, 36, 1),
            (3_000, 36, 1),
            (10_000, 36, 3),
            (2, 300_000, 2),
        ];
        for (count, length, rows) in cases {
            let changes = vec![wanted(length); count];
            let parts = parts(&changes);
            assert_eq!(parts.len(), rows, "{count} changes of {length}");
            assert_eq!(parts.concat(), changes);
        }
    }
}

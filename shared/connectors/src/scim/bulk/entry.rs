//! Which entry of a bulk answer is about which operation.
//!
//! In: an operation, and the entries. Out: the one that is about it. Pure.

use engine::model::{ObjectType, TargetId};
use engine::ports::TargetOperation;

use super::Item;
use crate::scim::convert::answer::BulkEntry;
use crate::scim::kind::collection;

/// An item's entry: by `bulkId`, else by the account it was about, else by its place among as many.
pub(super) fn of<'e>(
    item: &Item<'_>,
    entries: &'e [BulkEntry],
    position: Option<usize>,
) -> Option<&'e BulkEntry> {
    let bulk_id = item.bulk_id();
    let by_id = entries.iter().find(|entry| entry.bulk_id.as_deref() == Some(bulk_id.as_str()));
    let by_account = || {
        let (TargetOperation::Update(kind, id, _) | TargetOperation::Delete(kind, id)) = item.operation
        else {
            return None;
        };
        let is_it = |entry: &&BulkEntry| entry.bulk_id.is_none() && is_at(entry, *kind, id);
        entries.iter().find(is_it)
    };
    let by_place = || entries.get(position?).filter(|entry| entry.bulk_id.is_none());
    by_id.or_else(by_account).or_else(by_place)
}

/// Whether a location may be this one's: an account and a group may have the same id.
fn is_at(entry: &BulkEntry, kind: ObjectType, id: &TargetId) -> bool {
    let other = if kind == ObjectType::Group { ObjectType::User } else { ObjectType::Group };
    let is_of_other = || entry.location.as_deref().is_some_and(|place| place.contains(collection(other)));
    id_at(entry).as_ref() == Some(id) && !is_of_other()
}

/// The id at the end of a location.
pub(super) fn id_at(entry: &BulkEntry) -> Option<TargetId> {
    let location = entry.location.as_deref()?;
    let path = location.split(['?', '#']).next()?;
    let last = path.trim_end_matches('/').rsplit('/').next().filter(|last| !last.is_empty())?;
    Some(TargetId::new(decoded(last)))
}

/// Undoes percent-encoding; what is not UTF-8 afterwards is left as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code =
            tail.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

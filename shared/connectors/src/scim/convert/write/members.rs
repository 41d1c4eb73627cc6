//! Members of groups: who joins and who leaves (RFC 7644 §3.5.2).
//!
//! In: ids of the target, and where nothing else is left the group as it was read. Out: bodies. Promises: nothing is
//! ever removed from `members` without saying whom: that would empty the group; ids are quoted, so that none is read as
//! a part of the path; who is written back is written as the target wrote it.

use std::collections::BTreeSet;

use engine::model::TargetId;
use engine::ports::MEMBERS;
use serde_json::{Value as Json, json};

use super::{Style, patch, put_back, resource};
use crate::scim::config::MemberRemoval;
use crate::scim::convert::{Object, field, key, read};

/// A change of a group's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scim) enum Movement {
    /// They join.
    In,
    /// They leave.
    Out,
}

/// The body of a PATCH that adds members, or removes them.
pub(in crate::scim) fn patch_body(movement: Movement, ids: &[TargetId], removal: MemberRemoval) -> Json {
    let operations = match (movement, removal) {
        (Movement::In, _) => vec![json!({ "op": "add", "path": MEMBERS, "value": listed(ids) })],
        (Movement::Out, MemberRemoval::Value) => {
            vec![json!({ "op": "remove", "path": MEMBERS, "value": listed(ids) })]
        }
        (Movement::Out, MemberRemoval::Filtered) => ids.iter().map(filtered).collect(),
    };
    patch(&operations)
}

/// The bare form: `$ref` and `type` are the target's to know.
fn listed(ids: &[TargetId]) -> Vec<Json> {
    ids.iter().map(|id| json!({ "value": id.as_str() })).collect()
}

fn filtered(id: &TargetId) -> Json {
    let literal = Json::from(id.as_str());
    json!({ "op": "remove", "path": format!("{MEMBERS}[value eq {literal}]") })
}

/// The body of a PATCH that writes the whole list, for a target that takes nobody out alone.
pub(in crate::scim) fn whole_body(group: &Object, movement: Movement, ids: &[TargetId]) -> Json {
    patch(&[json!({ "op": "replace", "path": MEMBERS, "value": moved(group, movement, ids) })])
}

/// The body of a PUT of the group with the change made, for a target without PATCH.
pub(in crate::scim) fn put_body(style: Style, group: &Object, movement: Movement, ids: &[TargetId]) -> Json {
    let mut body = resource::merged(group, &[]);
    let name = key(&body, MEMBERS);
    body.insert(name, Json::Array(moved(group, movement, ids)));
    put_back(style, body)
}

/// The list after the change.
fn moved(group: &Object, movement: Movement, ids: &[TargetId]) -> Vec<Json> {
    let mut list = match field(group, MEMBERS) {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(list)) => list.clone(),
        Some(single) => vec![single.clone()],
    };
    match movement {
        Movement::In => {
            let held: BTreeSet<TargetId> = list.iter().filter_map(read::member).collect();
            let new: Vec<TargetId> = ids.iter().filter(|id| !held.contains(*id)).cloned().collect();
            list.extend(listed(&new));
        }
        Movement::Out => {
            let gone: BTreeSet<&TargetId> = ids.iter().collect();
            list.retain(|element| read::member(element).is_none_or(|id| !gone.contains(&id)));
        }
    }
    list
}

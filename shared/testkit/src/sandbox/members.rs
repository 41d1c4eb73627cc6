//! Who is in a group.
//!
//! In: a group that is about to be kept. Out: the same, with its members whole: each exists, is there once, and says
//! what it is, where it is and what people call it (RFC 7643 section 4.2); or the error that names the one that nobody
//! is. And a group without somebody. Promise: a quirk decides otherwise, or nothing does.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::body::Members;
use super::directory::Directory;
use super::error::ScimError;
use super::quirks::{Quirks, UnknownMembers};
use super::schema::ResourceType;

/// The members of a group.
pub(crate) fn of(group: &Value) -> &[Value] {
    group.get("members").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What people call the members of a group; of one that is nobody, its id.
pub(crate) fn names(directory: &Directory, group: &Value) -> Vec<String> {
    let ids = of(group).iter().filter_map(|member| member["value"].as_str());
    ids.map(|id| find(directory, id).and_then(|(_, name)| name).unwrap_or(id).to_owned()).collect()
}

/// The group without somebody who is gone; None when they were not in it.
pub(crate) fn without(group: &Value, id: &str) -> Option<Members> {
    let is_gone = |member: &Value| member["value"] == id;
    let left: Vec<Value> = of(group).iter().filter(|member| !is_gone(member)).cloned().collect();
    if left.len() == of(group).len() {
        return None;
    }
    let mut group = group.as_object()?.clone();
    match left.is_empty() {
        true => group.remove("members"),
        false => group.insert("members".to_owned(), left.into()),
    };
    Some(group)
}

/// Makes the members of a group whole.
///
/// # Errors
/// 400 `invalidValue`, or 404 where the quirks say so: a member is nobody.
pub(crate) fn complete(directory: &Directory, group: &mut Members, quirks: &Quirks) -> Result<(), ScimError> {
    let Some(Value::Array(members)) = group.get_mut("members") else { return Ok(()) };
    if !quirks.duplicate_members {
        let mut seen = HashSet::new();
        members.retain(|member| seen.insert(member["value"].as_str().map(str::to_owned)));
    }
    members.iter_mut().filter_map(Value::as_object_mut).try_for_each(|one| member(directory, one, quirks))
}

fn member(directory: &Directory, member: &mut Map<String, Value>, quirks: &Quirks) -> Result<(), ScimError> {
    let id = member.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some((kind, name)) = find(directory, &id) else {
        return match quirks.unknown_members {
            UnknownMembers::Kept => Ok(()),
            UnknownMembers::Refused => Err(ScimError::invalid_value(format!("the member `{id}` is nobody"))),
            UnknownMembers::NotFound => Err(ScimError::not_found(&format!("the member `{id}`"))),
        };
    };
    let address = || format!("{}/{}/{id}", directory.base_url(), kind.endpoint()).into();
    member.entry("$ref").or_insert_with(address);
    member.entry("type").or_insert_with(|| kind.name().into());
    if let Some(name) = name {
        member.entry("display").or_insert_with(|| name.into());
    }
    Ok(())
}

/// The user or group with an id: what it is, and what people call it.
fn find<'d>(directory: &'d Directory, id: &str) -> Option<(ResourceType, Option<&'d str>)> {
    [ResourceType::User, ResourceType::Group].into_iter().find_map(|kind| {
        let collection = directory.of(kind);
        let resource = collection.get(collection.number_of(id)?)?;
        Some((kind, resource.get(kind.naming_attribute()).and_then(Value::as_str)))
    })
}

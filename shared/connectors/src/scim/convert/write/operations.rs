//! The operations of a PATCH (RFC 7644 §3.5.2).
//!
//! In: changes, and how those inside lists are put. Out: operations, in which the order does not matter: none touches
//! what another one does.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::resource::{self, held, merged};
use super::{Change, Lists, elements, ends, is_id_of_manager};
use crate::scim::config::ManagerForm;
use crate::scim::convert::Object;
use crate::scim::path::ScimPath;

/// The operations that make these changes.
pub(super) fn of(changes: &[Change<'_>], lists: Lists<'_>, manager: ManagerForm) -> Vec<Json> {
    let outside = changes.iter().filter(|change| change.path.selector.is_none());
    let plain = |change| plain(change, manager);
    match lists {
        Lists::ByPath => {
            let inside = elements(changes).into_iter().flat_map(|element| by_path(&element));
            outside.map(plain).chain(inside).collect()
        }
        Lists::Added => {
            let inside = elements(changes).into_iter().filter_map(|element| added(&element));
            outside.map(plain).chain(inside).collect()
        }
        Lists::Whole(resource) => {
            let needed = outside.filter(|change| change.new.is_some() || held(resource, &change.path));
            needed.map(plain).chain(whole(resource, changes)).collect()
        }
    }
}

/// An attribute outside lists, or a list as a whole.
fn plain(change: &Change<'_>, manager: ManagerForm) -> Json {
    let is_manager = is_id_of_manager(&change.path);
    let path = if is_manager { change.path.attribute_path() } else { change.path.to_string() };
    match &change.new {
        None => json!({ "op": "remove", "path": path }),
        Some(id) if is_manager && manager == ManagerForm::Object => {
            json!({ "op": verb(change, id), "path": path, "value": { "value": id } })
        }
        Some(value) => json!({ "op": verb(change, value), "path": path, "value": value }),
    }
}

/// A list is replaced although nothing of it was known: adding would keep what the mapping does not name.
fn verb(change: &Change<'_>, value: &Json) -> &'static str {
    if change.adds || (change.old.is_none() && !value.is_array()) { "add" } else { "replace" }
}

/// One element's changes.
///
/// An element without a `value` does not exist, so a first `value` adds it. Of an address it cannot be told:
/// another part of it may be there unchanged. `replace` by path is right when it is, and answers `noTarget` when
/// it is not (RFC 7644 §3.5.2.3), whereas adding could make a second one.
fn by_path(element: &[&Change<'_>]) -> Vec<Json> {
    if ends(element) {
        let path = element.first().map(|change| change.path.element_path().to_string());
        return vec![json!({ "op": "remove", "path": path })];
    }
    let is_value = |path: &ScimPath| path.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"));
    let is_new = element.iter().all(|change| change.old.is_none() && change.new.is_some())
        && element.iter().any(|change| is_value(&change.path));
    if is_new {
        return added(element).into_iter().collect();
    }
    element.iter().map(|change| part(change)).collect()
}

/// A part of an element that is there.
fn part(change: &Change<'_>) -> Json {
    let path = change.path.to_string();
    match &change.new {
        None => json!({ "op": "remove", "path": path }),
        Some(value) => json!({ "op": "replace", "path": path, "value": value }),
    }
}

fn added(element: &[&Change<'_>]) -> Option<Json> {
    let first = &element.first()?.path;
    let mut holder = Object::new();
    for change in element {
        if let Some(value) = &change.new {
            resource::put_element(&mut holder, &change.path, value.clone());
        }
    }
    let value = holder.remove(&first.attribute)?;
    Some(json!({ "op": "add", "path": first.attribute_path(), "value": value }))
}

/// The lists that have elements changed, each as a whole. A list that is as wanted already needs nothing.
fn whole(resource: &Object, changes: &[Change<'_>]) -> Vec<Json> {
    let (before, after) = (merged(resource, &[]), merged(resource, changes));
    let lists: BTreeMap<String, &ScimPath> = changes
        .iter()
        .filter(|change| change.path.selector.is_some())
        .map(|change| (change.path.attribute_path(), &change.path))
        .collect();
    let replaced = lists.into_iter().filter_map(|(name, path)| {
        let (before, after) = (resource::list(&before, path), resource::list(&after, path));
        match after {
            _ if before == after => None,
            None => Some(json!({ "op": "remove", "path": name })),
            Some(list) => Some(json!({ "op": "replace", "path": name, "value": list })),
        }
    });
    replaced.collect()
}

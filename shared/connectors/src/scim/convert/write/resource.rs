//! Values in resources: put, removed and joined where their paths say.
//!
//! In: a resource, or an empty body, and changes. Out: the same with the changes made. Promises: objects and elements
//! are made on the way, and gone when nothing is left of them; names keep the spelling the resource has.

use serde_json::{Value as Json, json};

use super::{Change, elements, ends, tidy};
use crate::scim::convert::{Object, field, field_mut, flag, key, value};
use crate::scim::path::{Literal, ScimPath, Selector};
use crate::scim::schema;

/// A resource with changes made, spelled as it must be written.
pub(super) fn merged(resource: &Object, changes: &[Change<'_>]) -> Object {
    let mut body = resource.clone();
    tidy::straighten(&mut body);
    for change in changes.iter().filter(|change| change.path.selector.is_none()) {
        match &change.new {
            Some(value) if change.adds => unite(&mut body, &change.path, value),
            Some(value) => put(&mut body, &change.path, value.clone()),
            None => remove(&mut body, &change.path),
        }
    }
    for element in elements(changes) {
        merge_element(&mut body, &element);
    }
    body
}

fn merge_element(body: &mut Object, element: &[&Change<'_>]) {
    for change in element {
        if let (Some(selector), Some(old)) = (&change.path.selector, change.old.and_then(value::json)) {
            inside(body, &change.path, |holder| name_ours(holder, &change.path, selector, &old));
        }
    }
    let ends = ends(element);
    for change in element {
        match &change.new {
            Some(value) => put(body, &change.path, value.clone()),
            None => remove_part(body, &change.path, ends),
        }
    }
}

/// The list at a path's attribute.
pub(super) fn list<'a>(resource: &'a Object, path: &ScimPath) -> Option<&'a Json> {
    let holder = match &path.extension {
        Some(urn) => field(resource, urn)?.as_object()?,
        None => resource,
    };
    field(holder, &path.attribute)
}

/// Whether a resource has something outside lists to be removed.
pub(super) fn held(resource: &Object, path: &ScimPath) -> bool {
    let value = match (list(resource, path), &path.sub) {
        (Some(Json::Object(whole)), Some(sub)) => field(whole, sub),
        (value, _) => value,
    };
    value.is_some_and(|value| !value.is_null())
}

// ---------------------------------------------------------------------------------------------------- putting

/// Writes one value where its path says, making the objects and elements on the way.
pub(super) fn put(body: &mut Object, path: &ScimPath, value: Json) {
    inside(body, path, |holder| match (&path.selector, &path.sub) {
        (Some(_), _) => put_element(holder, path, value),
        (None, Some(sub)) => object(holder, &path.attribute, |whole| set(whole, sub, value)),
        (None, None) if schema::is_manager(path) => {
            set(holder, &path.attribute, json!({ "value": value }));
        }
        (None, None) => set(holder, &path.attribute, value),
    });
}

/// Writes a part of the element that the path selects.
pub(super) fn put_element(holder: &mut Object, path: &ScimPath, value: Json) {
    let Some(selector) = &path.selector else { return };
    let sub = path.sub.as_deref().unwrap_or("value");
    let mut list = taken(holder, &path.attribute);
    let found = list.iter_mut().filter_map(Json::as_object_mut).find(|element| selects(selector, element));
    match found {
        Some(element) => set(element, sub, value),
        None => {
            let mut element = Object::new();
            set(&mut element, &selector.attribute, selected(selector));
            set(&mut element, sub, value);
            list.push(Json::Object(element));
        }
    }
    set(holder, &path.attribute, Json::Array(list));
}

/// Names our element in the list of a server that keeps elements without what they are selected by, such as
/// django-scim2, whose one address has no type: it is the one with the value last sent. A second one beside it
/// would be ignored, because the first is the primary one.
fn name_ours(holder: &mut Object, path: &ScimPath, selector: &Selector, old: &Json) {
    let sub = path.sub.as_deref().unwrap_or("value");
    let Some(Json::Array(list)) = field_mut(holder, &path.attribute) else { return };
    let mut elements: Vec<&mut Object> = list.iter_mut().filter_map(Json::as_object_mut).collect();
    if elements.iter().any(|element| selects(selector, element)) {
        return;
    }
    let ours = elements
        .iter_mut()
        .find(|element| field(element, &selector.attribute).is_none() && field(element, sub) == Some(old));
    if let Some(element) = ours {
        set(element, &selector.attribute, selected(selector));
    }
}

// --------------------------------------------------------------------------------------------------- removing

/// Removes what stands at a path outside lists, and the object around it when that was all.
fn remove(body: &mut Object, path: &ScimPath) {
    inside(body, path, |holder| match &path.sub {
        Some(sub) if !super::is_id_of_manager(path) => {
            if let Some(Json::Object(whole)) = field_mut(holder, &path.attribute) {
                unset(whole, sub);
            }
            unset_if_empty(holder, &path.attribute);
        }
        _ => unset(holder, &path.attribute),
    });
    forget_if_empty(body, path);
}

/// Removes a part of an element, or the element: as a whole when it `ends`, or when nothing is left of it but what it
/// is selected by.
fn remove_part(body: &mut Object, path: &ScimPath, ends: bool) {
    let Some(selector) = &path.selector else { return };
    inside(body, path, |holder| {
        let mut list = taken(holder, &path.attribute);
        list.retain_mut(|element| {
            match element.as_object_mut().filter(|element| selects(selector, element)) {
                Some(_) if ends => false,
                Some(element) => {
                    unset(element, path.sub.as_deref().unwrap_or("value"));
                    element.keys().any(|name| !is_label(name, selector))
                }
                None => true,
            }
        });
        if list.is_empty() {
            unset(holder, &path.attribute);
        } else {
            set(holder, &path.attribute, Json::Array(list));
        }
    });
    forget_if_empty(body, path);
}

fn is_label(name: &str, selector: &Selector) -> bool {
    ["type", "primary", selector.attribute.as_str()].iter().any(|label| name.eq_ignore_ascii_case(label))
}

/// An extension that holds nothing any more is not one of the resource's.
fn forget_if_empty(body: &mut Object, path: &ScimPath) {
    let Some(urn) = &path.extension else { return };
    unset_if_empty(body, urn);
    if field(body, urn).is_none()
        && let Some(Json::Array(schemas)) = field_mut(body, "schemas")
    {
        schemas.retain(|schema| !schema.as_str().is_some_and(|named| named.eq_ignore_ascii_case(urn)));
    }
}

fn unset_if_empty(holder: &mut Object, name: &str) {
    if field(holder, name).and_then(Json::as_object).is_some_and(Object::is_empty) {
        unset(holder, name);
    }
}

// ---------------------------------------------------------------------------------------------------- joining

/// Adds to a list what it lacks.
fn unite(body: &mut Object, path: &ScimPath, new: &Json) {
    inside(body, path, |holder| {
        let mut list = taken(holder, &path.attribute);
        let new = new.as_array().map_or(std::slice::from_ref(new), Vec::as_slice);
        for element in new {
            join(&mut list, element);
        }
        set(holder, &path.attribute, Json::Array(list));
    });
}

/// Adds one element, or adds to the one that is the same what it does not say yet.
fn join(list: &mut Vec<Json>, new: &Json) {
    if new.get("primary").and_then(flag) == Some(true) {
        // At most one is (RFC 7643 §2.4).
        list.iter_mut().filter_map(|element| field_mut(element.as_object_mut()?, "primary")).for_each(
            |primary| {
                *primary = Json::from(false);
            },
        );
    }
    let same = list.iter_mut().find(|held| is_same(held, new));
    match (same, new) {
        (Some(Json::Object(held)), Json::Object(new)) => {
            new.iter().for_each(|(name, value)| set(held, name, value.clone()));
        }
        (Some(_), _) => {}
        (None, new) => list.push(new.clone()),
    }
}

/// Whether two elements are one: no list has two of the same type and value (RFC 7643 §2.4). Without a value all that
/// the new one says must be said.
fn is_same(held: &Json, new: &Json) -> bool {
    let (Some(held), Some(parts)) = (held.as_object(), new.as_object()) else { return held == new };
    let agree = |name| match (field(held, name), field(parts, name)) {
        (Some(held), Some(new)) => held == new,
        _ => true,
    };
    match field(parts, "value") {
        Some(value) => field(held, "value") == Some(value) && agree("type"),
        None => parts.iter().all(|(name, value)| field(held, name) == Some(value)),
    }
}

// --------------------------------------------------------------------------------------------------- elements

/// Whether a selector selects an element. Canonical values such as `work` ignore case (RFC 7643 §2.3.1).
pub(in crate::scim::convert) fn selects(selector: &Selector, element: &Object) -> bool {
    let Some(held) = field(element, &selector.attribute) else { return false };
    match &selector.value {
        Literal::Text(text) => held.as_str().is_some_and(|held| held.to_lowercase() == text.to_lowercase()),
        Literal::Boolean(wanted) => flag(held) == Some(*wanted),
    }
}

/// The value that a selector selects by.
fn selected(selector: &Selector) -> Json {
    match &selector.value {
        Literal::Text(text) => Json::from(text.as_str()),
        Literal::Boolean(flag) => Json::from(*flag),
    }
}

/// Takes a list out of its holder, leaving its name. A list of one may come as the element itself.
fn taken(holder: &mut Object, name: &str) -> Vec<Json> {
    match field_mut(holder, name).map(Json::take) {
        Some(Json::Array(list)) => list,
        None | Some(Json::Null) => Vec::new(),
        Some(single) => vec![single],
    }
}

/// Does something in the object that holds the path's attribute: the extension's, or the resource itself.
pub(super) fn inside(body: &mut Object, path: &ScimPath, edit: impl FnOnce(&mut Object)) {
    match &path.extension {
        Some(urn) => object(body, urn, edit),
        None => edit(body),
    }
}

/// Does something in the object under a name, made when there is none.
fn object(holder: &mut Object, name: &str, edit: impl FnOnce(&mut Object)) {
    let name = key(holder, name);
    let mut inner = match holder.remove(&name) {
        Some(Json::Object(inner)) => inner,
        _ => Object::new(),
    };
    edit(&mut inner);
    holder.insert(name, Json::Object(inner));
}

fn set(holder: &mut Object, name: &str, value: Json) {
    let name = key(holder, name);
    holder.insert(name, value);
}

fn unset(holder: &mut Object, name: &str) {
    let name = key(holder, name);
    holder.remove(&name);
}

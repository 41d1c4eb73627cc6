//! Bodies: what is sent to create and to change a user (RFC 7644 §3.3, §3.5).
//!
//! In: values by path, or what changed. Out: JSON. Promises: an attribute without a value is left out, never
//! `null`; Booleans are JSON Booleans; `schemas` names every extension in the body; one element per selector,
//! so that there are never two `work` addresses from one mapping.

use std::collections::BTreeMap;

use engine::model::{AttributeChange, Attributes, Value};
use serde_json::{Value as Json, json};

use super::{Object, field, flag, key};
use crate::scim::path::{CORE_USER, Literal, PathError, ScimPath, Selector};
use crate::scim::schema;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// How changes inside lists are put, from what every server should know to what every server does.
#[derive(Debug, Clone, Copy)]
pub(in crate::scim) enum Lists<'a> {
    /// The element by its value path: `emails[type eq "work"].value`. Added whole when it is new.
    ByPath,
    /// The element added whole, for a server that answered `noTarget` because it was missing after all.
    Added,
    /// The list replaced whole, starting from the resource just read, for a server without value paths.
    Whole(&'a Object),
}

/// The body of a create.
///
/// # Errors
/// [`PathError`] when an attribute is not named by a path.
pub(in crate::scim) fn create_body(attributes: &Attributes) -> Result<Json, PathError> {
    let mut body = Object::new();
    let mut lists: Vec<ScimPath> = Vec::new();
    for (path, value) in attributes {
        let path: ScimPath = path.parse()?;
        put(&mut body, &path, value);
        if path.selector.is_some() {
            lists.push(path);
        }
    }
    for list in &lists {
        inside(&mut body, list, |holder| mark_primary(holder, &list.attribute));
    }
    name_schemas(&mut body);
    Ok(Json::Object(body))
}

/// The body of a PATCH; `None` when nothing changed, and nothing must be sent.
///
/// # Errors
/// [`PathError`] when an attribute is not named by a path.
pub(in crate::scim) fn patch_body(
    changes: &[AttributeChange],
    lists: Lists<'_>,
) -> Result<Option<Json>, PathError> {
    let operations = operations(&parsed(changes)?, lists);
    Ok((!operations.is_empty()).then(|| json!({ "schemas": [PATCH_OP], "Operations": operations })))
}

/// The elements of lists that changes touch: what a dialect fallback can help with.
///
/// # Errors
/// [`PathError`] when an attribute is not named by a path.
pub(in crate::scim) fn touched_elements(changes: &[AttributeChange]) -> Result<usize, PathError> {
    Ok(elements(&parsed(changes)?).len())
}

/// The body of a PUT: the resource just read with the changes made, without what the target keeps itself
/// (RFC 7644 §3.5.1).
///
/// # Errors
/// [`PathError`] when an attribute is not named by a path.
pub(in crate::scim) fn put_body(resource: &Object, changes: &[AttributeChange]) -> Result<Json, PathError> {
    let mut body = merged(resource, &parsed(changes)?);
    let meta = key(&body, "meta");
    body.remove(&meta);
    name_schemas(&mut body);
    Ok(Json::Object(body))
}

type Change<'a> = (ScimPath, &'a AttributeChange);

fn parsed(changes: &[AttributeChange]) -> Result<Vec<Change<'_>>, PathError> {
    changes.iter().map(|change| Ok((change.path.parse()?, change))).collect()
}

// -------------------------------------------------------------------------------------------------- operations

fn operations(changes: &[Change<'_>], lists: Lists<'_>) -> Vec<Json> {
    let mut operations: Vec<Json> =
        changes.iter().filter(|(path, _)| path.selector.is_none()).map(plain).collect();
    match lists {
        Lists::ByPath => operations.extend(elements(changes).values().flat_map(|element| by_path(element))),
        Lists::Added => operations.extend(elements(changes).values().filter_map(|element| added(element))),
        Lists::Whole(resource) => operations.extend(whole(resource, changes)),
    }
    operations
}

fn verb(change: &AttributeChange) -> &'static str {
    if change.old.is_none() { "add" } else { "replace" }
}

/// An attribute outside lists. The manager is an object, even where only the id is mapped (RFC 7643 §4.3).
fn plain((path, change): &Change<'_>) -> Json {
    let value = super::json(&change.new);
    match path.sub.as_deref() {
        None | Some("value") if schema::is_manager(path) => {
            json!({ "op": verb(change), "path": path.attribute_path(), "value": { "value": value } })
        }
        _ => json!({ "op": verb(change), "path": path.to_string(), "value": value }),
    }
}

/// Changes of lists, gathered by the element they are in.
fn elements<'a, 'c>(changes: &'c [Change<'a>]) -> BTreeMap<(String, &'c Selector), Vec<&'c Change<'a>>> {
    let mut elements: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for change in changes {
        if let Some(selector) = &change.0.selector {
            elements.entry((change.0.attribute_path(), selector)).or_default().push(change);
        }
    }
    elements
}

/// One element's changes.
///
/// An element without a `value` does not exist, so a first `value` adds it. Of an address it cannot be told:
/// another part of it may be there unchanged. `replace` by path is right when it is, and answers `noTarget` when
/// it is not (RFC 7644 §3.5.2.3), whereas adding could make a second one.
fn by_path(element: &[&Change<'_>]) -> Vec<Json> {
    let is_value = |path: &ScimPath| path.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"));
    let is_new = element.iter().all(|(_, change)| change.old.is_none())
        && element.iter().any(|(path, _)| is_value(path));
    if is_new {
        return added(element).into_iter().collect();
    }
    element
        .iter()
        .map(|(path, change)| json!({ "op": "replace", "path": path.to_string(), "value": super::json(&change.new) }))
        .collect()
}

fn added(element: &[&Change<'_>]) -> Option<Json> {
    let (first, _) = element.first()?;
    let mut holder = Object::new();
    for (path, change) in element {
        put_element(&mut holder, path, &change.new);
    }
    let value = holder.remove(&first.attribute)?;
    Some(json!({ "op": "add", "path": first.attribute_path(), "value": value }))
}

fn whole(resource: &Object, changes: &[Change<'_>]) -> Vec<Json> {
    let mut merged = merged(resource, changes);
    let lists: BTreeMap<String, &ScimPath> = changes
        .iter()
        .filter(|(path, _)| path.selector.is_some())
        .map(|(path, _)| (path.attribute_path(), path))
        .collect();
    let mut operations = Vec::new();
    for (name, path) in lists {
        inside(&mut merged, path, |holder| {
            let value = field(holder, &path.attribute).cloned().unwrap_or_else(|| json!([]));
            operations.push(json!({ "op": "replace", "path": name, "value": value }));
        });
    }
    operations
}

fn merged(resource: &Object, changes: &[Change<'_>]) -> Object {
    let mut body = resource.clone();
    straighten(&mut body);
    for (path, change) in changes {
        if let (Some(selector), Some(old)) = (&path.selector, &change.old) {
            inside(&mut body, path, |holder| name_ours(holder, path, selector, &super::json(old)));
        }
        put(&mut body, path, &change.new);
    }
    body
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

/// The value that a selector selects by.
fn selected(selector: &Selector) -> Json {
    match &selector.value {
        Literal::Text(text) => Json::from(text.as_str()),
        Literal::Boolean(flag) => Json::from(*flag),
    }
}

/// Spells what was read as it must be written: servers that answer with `"True"` or with a bare manager refuse
/// both when they get them back.
fn straighten(body: &mut Object) {
    let as_flag = |value: &mut Json| {
        if let Some(flag) = flag(value) {
            *value = Json::from(flag);
        }
    };
    for (name, value) in body.iter_mut() {
        match value {
            Json::Array(list) => {
                let elements = list.iter_mut().filter_map(Json::as_object_mut);
                elements.filter_map(|element| field_mut(element, "primary")).for_each(as_flag);
            }
            value if name.eq_ignore_ascii_case("active") => as_flag(value),
            _ => {}
        }
    }
    let enterprise = field_mut(body, schema::ENTERPRISE).and_then(Json::as_object_mut);
    if let Some(manager) = enterprise.and_then(|enterprise| field_mut(enterprise, "manager"))
        && manager.is_string()
    {
        *manager = json!({ "value": manager.take() });
    }
}

fn field_mut<'a>(object: &'a mut Object, name: &str) -> Option<&'a mut Json> {
    let name = key(object, name);
    object.get_mut(&name)
}

// ------------------------------------------------------------------------------------------ values in resources

/// Writes one value where its path says, making the objects and elements on the way.
fn put(body: &mut Object, path: &ScimPath, value: &Value) {
    inside(body, path, |holder| match (&path.selector, &path.sub) {
        (Some(_), _) => put_element(holder, path, value),
        (None, Some(sub)) => object(holder, &path.attribute, |whole| set(whole, sub, super::json(value))),
        (None, None) if schema::is_manager(path) => {
            set(holder, &path.attribute, json!({ "value": super::json(value) }));
        }
        (None, None) => set(holder, &path.attribute, super::json(value)),
    });
}

fn put_element(holder: &mut Object, path: &ScimPath, value: &Value) {
    let Some(selector) = &path.selector else { return };
    let sub = path.sub.as_deref().unwrap_or("value");
    let name = key(holder, &path.attribute);
    let mut list = match holder.remove(&name) {
        Some(Json::Array(list)) => list,
        Some(single @ Json::Object(_)) => vec![single],
        _ => Vec::new(),
    };
    let found = list.iter_mut().filter_map(Json::as_object_mut).find(|element| selects(selector, element));
    match found {
        Some(element) => set(element, sub, super::json(value)),
        None => {
            let mut element = Object::new();
            set(&mut element, &selector.attribute, selected(selector));
            set(&mut element, sub, super::json(value));
            list.push(Json::Object(element));
        }
    }
    holder.insert(name, Json::Array(list));
}

/// Whether a selector selects an element. Canonical values such as `work` ignore case (RFC 7643 §2.3.1).
pub(super) fn selects(selector: &Selector, element: &Object) -> bool {
    let Some(held) = field(element, &selector.attribute) else { return false };
    match &selector.value {
        Literal::Text(text) => held.as_str().is_some_and(|held| held.to_lowercase() == text.to_lowercase()),
        Literal::Boolean(wanted) => flag(held) == Some(*wanted),
    }
}

/// Does something in the object that holds the path's attribute: the extension's, or the resource itself.
fn inside(body: &mut Object, path: &ScimPath, edit: impl FnOnce(&mut Object)) {
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

/// Marks the `work` element as the primary one, or the first where there is no `work` (at most one may be,
/// RFC 7643 §2.4). A mapping that says `primary` itself is left alone.
fn mark_primary(holder: &mut Object, name: &str) {
    let name = key(holder, name);
    let Some(Json::Array(list)) = holder.get_mut(&name) else { return };
    let mut elements: Vec<&mut Object> = list.iter_mut().filter_map(Json::as_object_mut).collect();
    if elements.iter().any(|element| field(element, "primary").is_some()) {
        return;
    }
    let is_work = |element: &&mut Object| field(element, "type").and_then(Json::as_str) == Some("work");
    let chosen = elements.iter().position(is_work).unwrap_or(0);
    if let Some(element) = elements.get_mut(chosen) {
        element.insert("primary".into(), Json::from(true));
    }
}

/// Names in `schemas` the core schema and every extension the body carries (RFC 7643 §3.3), after those that a
/// resource just read names already.
fn name_schemas(body: &mut Object) {
    let name = key(body, "schemas");
    let mut schemas = match body.remove(&name) {
        Some(Json::Array(schemas)) if !schemas.is_empty() => schemas,
        _ => vec![Json::from(CORE_USER)],
    };
    for extension in
        body.keys().filter(|key| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")))
    {
        let named = |schema: &Json| schema.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(extension));
        if !schemas.iter().any(named) {
            schemas.push(Json::from(extension.as_str()));
        }
    }
    body.insert("schemas".into(), Json::Array(schemas));
}

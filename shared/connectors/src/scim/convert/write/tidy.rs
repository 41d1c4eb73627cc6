//! Spells resources as servers take them. In: a resource. Out: the same, in the RFC's spelling.

use engine::model::ObjectType;
use serde_json::{Value as Json, json};

use crate::scim::config::ManagerForm;
use crate::scim::convert::{Object, field, field_mut, flag, key};
use crate::scim::kind::core_schema;
use crate::scim::schema;

/// Spells what was read as it must be written: servers that answer with `"True"` or with a bare manager refuse
/// both when they get them back.
pub(super) fn straighten(body: &mut Object) {
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
    if let Some(manager) = manager_of(body) {
        if let Json::Array(list) = manager {
            *manager = if list.len() == 1 { list.remove(0) } else { Json::Null };
        }
        if manager.is_string() {
            *manager = json!({ "value": manager.take() });
        }
    }
}

/// Spells the manager as this target wants it.
pub(super) fn spell_manager(body: &mut Object, form: ManagerForm) {
    if let (ManagerForm::Text, Some(manager)) = (form, manager_of(body))
        && let Some(id) = manager.as_object().and_then(|manager| field(manager, "value")).cloned()
    {
        *manager = id;
    }
}

fn manager_of(body: &mut Object) -> Option<&mut Json> {
    field_mut(field_mut(body, schema::ENTERPRISE)?.as_object_mut()?, "manager")
}

/// Marks the `work` element as the primary one, or the first where there is no `work` (at most one may be,
/// RFC 7643 §2.4). A mapping that says `primary` itself is left alone.
pub(super) fn mark_primary(holder: &mut Object, name: &str) {
    let Some(Json::Array(list)) = field_mut(holder, name) else { return };
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
pub(super) fn name_schemas(body: &mut Object, kind: ObjectType) {
    let name = key(body, "schemas");
    let mut schemas = match body.remove(&name) {
        Some(Json::Array(schemas)) if !schemas.is_empty() => schemas,
        _ => vec![Json::from(core_schema(kind))],
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

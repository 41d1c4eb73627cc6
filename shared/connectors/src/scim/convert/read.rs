//! Reading a resource: from the JSON a target sent to values by path.
//!
//! In: a resource and the paths that are asked for. Out: a [`TargetObject`]. Promises: `null`, `[]` and absence
//! are the same (RFC 7643 §2.5); names ignore case; a value arrives in the type its attribute has in the
//! schema, whatever the server made of it, so that comparing it with a mapped value is fair.

use engine::mapping::ValueType;
use engine::model::{TargetId, TargetObject, Value};
use serde_json::Value as Json;

use super::write::selects;
use super::{Object, field, flag};
use crate::scim::path::{PathError, ScimPath};
use crate::scim::schema;

/// Reduces a resource to the paths asked for; `None` when it has no id.
pub(in crate::scim) fn target_object(resource: &Object, paths: &[ScimPath]) -> Option<TargetObject> {
    let attributes = paths
        .iter()
        .filter_map(|path| Some((path.to_string(), values(resource, path).into_iter().next()?)))
        .collect();
    Some(TargetObject { id: id(resource)?, attributes })
}

/// Parses the paths that are asked for.
///
/// # Errors
/// [`PathError`] for the first that is none.
pub(in crate::scim) fn paths(texts: &[String]) -> Result<Vec<ScimPath>, PathError> {
    texts.iter().map(|text| text.parse()).collect()
}

/// The id the target gave a resource (RFC 7643 §3.1). Some write it as a number.
pub(in crate::scim) fn id(resource: &Object) -> Option<TargetId> {
    match field(resource, "id")? {
        Json::String(text) if !text.is_empty() => Some(TargetId::new(text.as_str())),
        Json::Number(number) => Some(TargetId::new(number.to_string())),
        _ => None,
    }
}

/// Every value at a path: several where a list has several elements that the selector selects.
pub(in crate::scim) fn values(resource: &Object, path: &ScimPath) -> Vec<Value> {
    let holder = match &path.extension {
        Some(urn) => field(resource, urn).and_then(Json::as_object),
        None => Some(resource),
    };
    let Some(held) = holder.and_then(|holder| field(holder, &path.attribute)) else { return Vec::new() };
    let value_type = schema::value_type(path);
    candidates(held, path)
        .into_iter()
        .filter_map(|candidate| part(candidate, path.sub.as_deref()))
        .filter_map(|value| typed(value, value_type))
        .collect()
}

/// The elements that the path selects. A complex attribute may come as a list of one, and a list of one as the
/// element itself: both occur.
fn candidates<'a>(held: &'a Json, path: &ScimPath) -> Vec<&'a Json> {
    let all: Vec<&Json> = match held {
        Json::Array(list) => list.iter().collect(),
        other => vec![other],
    };
    match &path.selector {
        Some(selector) => all
            .into_iter()
            .filter(|element| element.as_object().is_some_and(|element| selects(selector, element)))
            .collect(),
        None if path.sub.is_some() || schema::is_manager(path) => all,
        None => vec![held],
    }
}

/// The sub-attribute of a complex value. A bare text stands for its `value`: so some servers write the manager.
fn part<'a>(candidate: &'a Json, sub: Option<&str>) -> Option<&'a Json> {
    match (candidate, sub) {
        (Json::Object(object), sub) => field(object, sub.unwrap_or("value")),
        (bare, None) => Some(bare),
        (bare, Some(sub)) => sub.eq_ignore_ascii_case("value").then_some(bare),
    }
}

fn typed(value: &Json, value_type: ValueType) -> Option<Value> {
    if let Json::Array(list) = value {
        let values: Vec<Value> =
            list.iter().filter_map(|element| typed(part(element, None)?, value_type)).collect();
        return (!values.is_empty()).then_some(Value::List(values));
    }
    match value_type {
        ValueType::Boolean => flag(value).map(Value::Boolean),
        ValueType::Integer => match value {
            Json::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        }
        .map(Value::Integer),
        ValueType::Text => match value {
            Json::String(text) => Some(Value::text(text.as_str())),
            Json::Bool(_) | Json::Number(_) => Some(Value::text(value.to_string())),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        },
    }
}

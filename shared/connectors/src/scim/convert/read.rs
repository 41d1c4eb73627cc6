//! Reading a resource: from the JSON a target sent to values by path.
//!
//! In: a resource and the paths that are asked for. Out: a [`TargetObject`], with the paths spelled as they were asked
//! for. Promises: `null`, `[]` and absence are the same (RFC 7643 §2.5); names ignore case; a value arrives in the type
//! its attribute has in the schema, whatever the server made of it, so that comparing it with a mapped value is fair;
//! what is only ever written is never read, even where a server shows it.
//!
//! A list as a whole is reduced to what a mapping can write: the parts that the schema knows, `primary` only where it
//! is true, without `$ref` and whatever else a server adds; an element of which only its first part is left is that
//! value. Its order is the server's, and means nothing.

use std::collections::BTreeSet;

use engine::mapping::ValueType;
use engine::model::{Attributes, TargetId, TargetObject, Value};
use engine::ports::MEMBERS;
use serde_json::Value as Json;

use super::write::selects;
use super::{Object, field, flag};
use crate::scim::path::{PathError, ScimPath};
use crate::scim::schema::{self, Form, Sub};

/// A path that is asked for.
pub(in crate::scim) struct Asked {
    /// As the mapping spells it.
    text: String,
    path: ScimPath,
    form: Form,
}

/// Reduces a resource to the paths asked for; `None` when it has no id.
pub(in crate::scim) fn target_object(resource: &Object, asked: &[Asked]) -> Option<TargetObject> {
    let value = |asked: &Asked| read(resource, &asked.path, asked.form).into_iter().next();
    let attributes = asked.iter().filter_map(|asked| Some((asked.text.clone(), value(asked)?))).collect();
    Some(TargetObject { id: id(resource)?, attributes })
}

/// Parses the paths that are asked for. Members of groups are read by [`members`] alone: others answer with them although
/// they were asked not to.
///
/// # Errors
/// [`PathError`] for the first that is none.
pub(in crate::scim) fn paths(texts: &[String]) -> Result<Vec<Asked>, PathError> {
    let asked = |text: &String| {
        let path: ScimPath = text.parse()?;
        Ok(Asked { text: text.clone(), form: schema::form(&path), path })
    };
    texts.iter().filter(|text| *text != MEMBERS).map(asked).collect()
}

/// The id the target gave a resource (RFC 7643 §3.1). Some write it as a number.
pub(in crate::scim) fn id(resource: &Object) -> Option<TargetId> {
    target_id(field(resource, "id")?)
}

fn target_id(id: &Json) -> Option<TargetId> {
    match id {
        Json::String(text) if !text.is_empty() => Some(TargetId::new(text.as_str())),
        Json::Number(number) => Some(TargetId::new(number.to_string())),
        _ => None,
    }
}

/// Who is in a group; `None` where it does not show that: some never do, and some do not for an empty one.
pub(in crate::scim) fn members(group: &Object) -> Option<BTreeSet<TargetId>> {
    let held = field(group, MEMBERS)?;
    let list = match held {
        Json::Null => return None,
        Json::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    };
    Some(list.iter().filter_map(member).collect())
}

/// The id of one member: an object with `value` by the RFC, the bare id from some.
pub(in crate::scim) fn member(element: &Json) -> Option<TargetId> {
    target_id(part(element, None)?)
}

/// Every value at a path: several where a list has several elements that the selector selects.
pub(in crate::scim) fn values(resource: &Object, path: &ScimPath) -> Vec<Value> {
    read(resource, path, schema::form(path))
}

fn read(resource: &Object, path: &ScimPath, form: Form) -> Vec<Value> {
    let holder = match &path.extension {
        Some(urn) => field(resource, urn).and_then(Json::as_object),
        None => Some(resource),
    };
    let Some(held) = holder.and_then(|holder| field(holder, &path.attribute)) else { return Vec::new() };
    let parts = || candidates(held, path).into_iter().filter_map(|one| part(one, path.sub.as_deref()));
    match form {
        Form::WriteOnly => Vec::new(),
        Form::Whole(subs) => whole(held, subs).into_iter().collect(),
        Form::One(value_type) => parts().filter_map(|value| typed(value, value_type)).collect(),
        Form::Custom => parts().filter_map(as_it_is).collect(),
    }
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
        let values = list.iter().filter_map(|element| typed(part(element, None)?, value_type));
        return several(values.collect());
    }
    match (value_type, value) {
        (ValueType::Boolean, value) => flag(value).map(Value::Boolean),
        (ValueType::Integer, Json::String(text)) => text.trim().parse().ok().map(Value::Integer),
        (ValueType::Integer, value) => value.as_i64().map(Value::Integer),
        (_, Json::String(text)) => Some(Value::text(text.as_str())),
        (_, Json::Bool(_) | Json::Number(_)) => Some(Value::text(value.to_string())),
        (_, Json::Null | Json::Array(_) | Json::Object(_)) => None,
    }
}

/// A value of which the schema says nothing, in the type that JSON gives it.
fn as_it_is(value: &Json) -> Option<Value> {
    match value {
        Json::Array(list) => several(list.iter().filter_map(|value| element(value, &[])).collect()),
        Json::Bool(flag) => Some(Value::Boolean(*flag)),
        Json::Number(number) if number.is_i64() => number.as_i64().map(Value::Integer),
        other => typed(other, ValueType::Text),
    }
}

// ---------------------------------------------------------------------------------------------- lists as a whole

fn whole(held: &Json, subs: &[Sub]) -> Option<Value> {
    let list = held.as_array().map_or(std::slice::from_ref(held), Vec::as_slice);
    several(list.iter().filter_map(|value| element(value, subs)).collect())
}

fn several(values: Vec<Value>) -> Option<Value> {
    (!values.is_empty()).then_some(Value::List(values))
}

fn element(value: &Json, subs: &[Sub]) -> Option<Value> {
    let Json::Object(object) = value else { return plain(value, subs.is_empty()) };
    let mut parts = reduced(object, subs);
    let main = subs.first().map_or("value", |sub| sub.name);
    match parts.remove(main) {
        Some(only) if parts.is_empty() => Some(only),
        main_part => {
            parts.extend(main_part.map(|part| (main.to_owned(), part)));
            (!parts.is_empty()).then_some(Value::Complex(parts))
        }
    }
}

/// An element that is no object. Where the schema knows its parts it stands for the first, and is text as that is.
fn plain(value: &Json, is_custom: bool) -> Option<Value> {
    match value {
        Json::Array(_) => None,
        value if is_custom => as_it_is(value),
        value => typed(value, ValueType::Text),
    }
}

/// The parts that a mapping can write: those of the schema, or where it knows none all that have a plain value.
fn reduced(object: &Object, subs: &[Sub]) -> Attributes {
    let known = subs
        .iter()
        .filter_map(|sub| Some((sub.name.to_owned(), typed(field(object, sub.name)?, sub.value_type)?)));
    let of_custom =
        object.iter().filter(|(name, _)| subs.is_empty() && *name != "$ref").filter_map(|(name, value)| {
            let value = if value.is_array() { None } else { as_it_is(value) };
            Some((name.clone(), value?))
        });
    let is_said = |(name, value): &(String, Value)| {
        !(name.eq_ignore_ascii_case("primary") && *value == Value::Boolean(false))
    };
    known.chain(of_custom).filter(is_said).collect()
}

//! Values as JSON, on their way out.
//!
//! In: a path and its value. Out: the JSON that stands there. Promises: Booleans are Booleans; the elements of a list
//! the schema knows are objects, because many servers refuse plain texts there; the text of a secret is taken out
//! here and nowhere else.

use engine::mapping::ValueType;
use engine::model::{Attributes, Value};
use serde_json::Value as Json;

use super::{Object, flag};
use crate::scim::path::ScimPath;
use crate::scim::schema::{self, Form, Sub};

/// A value as it is; `None` when it is, or holds, a secret whose text is not at hand.
pub(in crate::scim) fn json(value: &Value) -> Option<Json> {
    match value {
        Value::Boolean(flag) => Some(Json::from(*flag)),
        Value::Integer(number) => Some(Json::from(*number)),
        Value::Text(text) => Some(Json::from(text.as_str())),
        Value::List(values) => values.iter().map(|value| element(value, &[])).collect(),
        Value::Secret(secret) => secret.expose().map(Json::from),
        Value::Complex(parts) => object(parts, &[]),
    }
}

/// A value as it stands at a path; `None` as in [`json`].
pub(super) fn written(path: &ScimPath, value: &Value) -> Option<Json> {
    match (schema::form(path), value) {
        (Form::Whole(subs), Value::List(values)) => values.iter().map(|value| element(value, subs)).collect(),
        (Form::Whole(subs), single) => Some(Json::Array(vec![element(single, subs)?])),
        _ => json(value),
    }
}

/// One element of a list. Where the schema knows its parts, a plain value is the first of them.
fn element(value: &Value, subs: &[Sub]) -> Option<Json> {
    match (value, subs.first()) {
        (Value::Complex(parts), _) => object(parts, subs),
        (plain, Some(main)) => {
            Some(Json::Object(Object::from_iter([(main.name.to_owned(), typed(json(plain)?, Some(main)))])))
        }
        (plain, None) => json(plain),
    }
}

/// An element is not the primary one unless it says so (RFC 7643 §2.4). Saying that it is not makes servers that look
/// for the same element before they add it find a different one.
fn object(parts: &Attributes, subs: &[Sub]) -> Option<Json> {
    let mut object = Object::new();
    for (name, part) in parts {
        let sub = subs.iter().find(|sub| sub.name.eq_ignore_ascii_case(name));
        let value = typed(json(part)?, sub);
        if !(name.eq_ignore_ascii_case("primary") && flag(&value) == Some(false)) {
            object.insert(sub.map_or(name.as_str(), |sub| sub.name).to_owned(), value);
        }
    }
    Some(Json::Object(object))
}

/// A part in the type that the schema gives it: expressions yield `"True"` and numbers.
fn typed(value: Json, sub: Option<&Sub>) -> Json {
    match (sub.map(|sub| sub.value_type), &value) {
        (Some(ValueType::Boolean), _) => flag(&value).map_or(value, Json::from),
        (Some(_), Json::Bool(_) | Json::Number(_)) => Json::from(value.to_string()),
        _ => value,
    }
}

//! Between mapped attributes and SCIM's JSON, in both directions. Pure: no request is sent from here.
//!
//! | Module | In | Out |
//! |---|---|---|
//! | [`mod@write`] | attributes by path, changes, members | bodies of POST, PATCH and PUT |
//! | [`mod@value`] | a path and a value | the JSON that stands there |
//! | [`read`] | a resource as the target sent it | attributes by path |
//! | [`filter`] | a path and a value | the text of a query, and the exact check of what it found |
//! | [`answer`] | an answer's body | a list, an error, a bulk result, what the target offers |
//! | [`described`] | the same | schemas and types of resources |
//!
//! Promise: what [`mod@write`] makes of attributes, [`read`] reads back as the same attributes, except for those that
//! nobody can read.

pub(super) mod answer;
pub(super) mod described;
pub(super) mod filter;
pub(super) mod read;
mod value;
pub(super) mod write;

use serde_json::{Map, Value as Json};

/// A JSON object.
pub(super) type Object = Map<String, Json>;

/// A field of an object, whatever the case of its name (RFC 7643 §2.1).
pub(super) fn field<'a>(object: &'a Object, name: &str) -> Option<&'a Json> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// The name under which an object holds a field, or the name itself where it holds none.
fn key(object: &Object, name: &str) -> String {
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).map_or_else(|| name.to_owned(), Clone::clone)
}

/// A field of an object to be changed, whatever the case of its name.
fn field_mut<'a>(object: &'a mut Object, name: &str) -> Option<&'a mut Json> {
    let name = key(object, name);
    object.get_mut(&name)
}

/// A Boolean in any of the spellings that servers use: `true`, `"True"`, `1`.
fn flag(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Json::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number that may be written as text.
fn number(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

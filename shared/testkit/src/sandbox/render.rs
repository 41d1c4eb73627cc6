//! How resources leave the sandbox.
//!
//! In: a resource, the attributes that were asked for (RFC 7644 section 3.9), and the quirks. Out: JSON. Promise: a
//! resource that is shown whole is not copied.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::error::ScimError;
use super::listing::Page;
use super::path::{AttributePath, is_urn};
use super::quirks::Quirks;
use super::schema::ENTERPRISE_URN;

/// The `schemas` entry of every list.
pub(crate) const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Attributes that are always shown.
const ALWAYS: [&str; 2] = ["id", "schemas"];

/// Which attributes an answer shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Projection {
    Whole,
    Only(Vec<AttributePath>),
    Without(Vec<AttributePath>),
}

impl Projection {
    /// From the `attributes` and `excludedAttributes` parameters, which exclude each other.
    pub(crate) fn new(attributes: &[String], excluded: &[String]) -> Result<Self, ScimError> {
        let paths = |names: &[String]| {
            let parse = |name: &String| {
                AttributePath::parse(name)
                    .ok_or_else(|| ScimError::invalid_value(format!("`{name}` is not an attribute")))
            };
            names.iter().filter(|name| !name.is_empty()).map(parse).collect::<Result<Vec<_>, _>>()
        };
        match (attributes, excluded) {
            ([], []) => Ok(Self::Whole),
            (only, []) => Ok(Self::Only(paths(only)?)),
            ([], without) => Ok(Self::Without(paths(without)?)),
            _ => Err(ScimError::invalid_value("attributes and excludedAttributes exclude each other")),
        }
    }

    fn apply(&self, resource: &Value) -> Value {
        let Some(members) = resource.as_object() else { return resource.clone() };
        let kept = members.iter().filter_map(|(name, value)| {
            let value = match self {
                _ if ALWAYS.contains(&name.as_str()) => Some(value.clone()),
                Self::Whole => Some(value.clone()),
                Self::Only(paths) => only(name, value, paths),
                Self::Without(paths) => without(name, value, paths),
            };
            Some((name.clone(), value?))
        });
        kept.collect::<Map<_, _>>().into()
    }
}

/// What a list of paths says about one member of a resource.
enum Named {
    Not,
    Whole,
    Parts(Vec<AttributePath>),
}

fn named(name: &str, paths: &[AttributePath]) -> Named {
    let mut parts = Vec::new();
    for path in paths {
        // Below an extension's URN its attributes take the place of sub-attributes.
        let (first, rest) = match &path.schema {
            Some(urn) => {
                let rest = (!path.name.is_empty()).then(|| (path.name.clone(), path.sub.clone()));
                (urn, rest)
            }
            None => (&path.name, path.sub.clone().map(|sub| (sub, None))),
        };
        if first.eq_ignore_ascii_case(name) {
            match rest {
                None => return Named::Whole,
                Some((name, sub)) => parts.push(AttributePath { schema: None, name, sub }),
            }
        }
    }
    if parts.is_empty() { Named::Not } else { Named::Parts(parts) }
}

fn only(name: &str, value: &Value, paths: &[AttributePath]) -> Option<Value> {
    match named(name, paths) {
        Named::Not => None,
        Named::Whole => Some(value.clone()),
        Named::Parts(parts) => Some(each_object(value, |name, value| only(name, value, &parts))),
    }
}

fn without(name: &str, value: &Value, paths: &[AttributePath]) -> Option<Value> {
    match named(name, paths) {
        Named::Not => Some(value.clone()),
        Named::Whole => None,
        Named::Parts(parts) => Some(each_object(value, |name, value| without(name, value, &parts))),
    }
}

/// The object, or each object of an array, with the members that `keep` leaves.
fn each_object(value: &Value, keep: impl Fn(&str, &Value) -> Option<Value> + Copy) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| each_object(item, keep)).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(name, value)| Some((name.clone(), keep(name, value)?)));
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

/// A resource as the client sees it. `listed` says that it is one of a list.
pub(crate) fn shown<'a>(
    resource: &'a Value,
    projection: &Projection,
    quirks: &Quirks,
    listed: bool,
) -> Cow<'a, Value> {
    let hides_extensions = listed && quirks.list_hides_extension;
    let changed = quirks.no_etag
        || quirks.answers_text_booleans
        || quirks.manager_as_text
        || quirks.hide_members
        || hides_extensions;
    if *projection == Projection::Whole && !changed {
        return Cow::Borrowed(resource);
    }
    let mut shown = projection.apply(resource);
    if let Some(meta) = shown.get_mut("meta").and_then(Value::as_object_mut).filter(|_| quirks.no_etag) {
        meta.remove("version");
    }
    if let Some(members) = shown.as_object_mut().filter(|_| hides_extensions) {
        members.retain(|name, _| !is_urn(name));
    }
    if let Some(members) = shown.as_object_mut().filter(|_| quirks.hide_members) {
        members.remove("members");
    }
    if quirks.manager_as_text {
        manager_as_text(&mut shown);
    }
    if quirks.answers_text_booleans {
        booleans_as_text(&mut shown);
    }
    Cow::Owned(shown)
}

fn manager_as_text(resource: &mut Value) {
    let manager = resource.get_mut(ENTERPRISE_URN).and_then(|extension| extension.get_mut("manager"));
    if let Some(manager) = manager.filter(|manager| manager.is_object()) {
        *manager = manager.get_mut("value").map(Value::take).unwrap_or_default();
    }
}

fn booleans_as_text(value: &mut Value) {
    match value {
        Value::Bool(flag) => *value = if *flag { "True" } else { "False" }.into(),
        Value::Array(items) => items.iter_mut().for_each(booleans_as_text),
        Value::Object(members) => members.values_mut().for_each(booleans_as_text),
        _ => {}
    }
}

/// The body of a list.
pub(crate) struct ListBody<'a> {
    pub(crate) page: &'a Page,
    pub(crate) projection: &'a Projection,
    pub(crate) quirks: &'a Quirks,
}

impl Serialize for ListBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { page, projection, quirks } = self;
        let mut body = serializer.serialize_map(Some(5))?;
        body.serialize_entry("schemas", &[LIST_URN])?;
        if quirks.total_results_as_text {
            body.serialize_entry("totalResults", &page.total.to_string())?;
        } else {
            body.serialize_entry("totalResults", &page.total)?;
        }
        body.serialize_entry("startIndex", &page.start_index)?;
        body.serialize_entry("itemsPerPage", &page.resources.len())?;
        let resources = if quirks.lowercase_resources { "resources" } else { "Resources" };
        let shown: Vec<Cow<'_, Value>> =
            page.resources.iter().map(|resource| shown(resource, projection, quirks, true)).collect();
        body.serialize_entry(resources, &shown)?;
        body.end()
    }
}

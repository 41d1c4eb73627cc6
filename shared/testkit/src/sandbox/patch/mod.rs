//! PATCH (RFC 7644 section 3.5.2) as a function over JSON values.
//!
//! In: a resource and the operations of a request. Out: the changed resource, or the first operation's error.
//! Promise: atomic, since the given resource is never touched; operations run in their order; `op` compares
//! without regard to case; an outcome equal to the input means that nothing changed.
//!
//! Where the RFC leaves room, the sandbox does this: `add` with `attribute[filter]` that selects nothing creates
//! the element if the filter is made of equalities only; `remove` with a filter that selects nothing changes
//! nothing; `remove` of a multi-valued attribute without a filter empties it, whatever `value` says, but of `members`
//! it removes those that `value` lists, unless a quirk says otherwise.

mod target;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::body::{Members, check_member_cap, checked};
use super::error::ScimError;
use super::filter::{PatchPath, parse_patch_path};
use super::path::{AttributePath, key_of, member};
use super::quirks::Quirks;
use super::schema::{Attribute, Mutability, ResourceType, find};
use target::Target;

/// The `schemas` entry of a PATCH body.
const PATCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Replace,
    Remove,
}

/// One operation of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    verb: Verb,
    path: Option<String>,
    value: Value,
}

/// Reads the operations of a PATCH body.
pub(crate) fn operations(body: &Value) -> Result<Vec<Operation>, ScimError> {
    let announced = body.get("schemas").and_then(Value::as_array).is_some_and(|urns| {
        urns.iter().filter_map(Value::as_str).any(|urn| urn.eq_ignore_ascii_case(PATCH_URN))
    });
    if !announced {
        return Err(ScimError::invalid_syntax(format!("schemas of a PATCH must name {PATCH_URN}")));
    }
    match body.as_object().and_then(|body| member(body, "Operations")) {
        Some(Value::Array(items)) if !items.is_empty() => items.iter().map(operation).collect(),
        _ => Err(ScimError::invalid_syntax("Operations must be a non-empty array")),
    }
}

fn operation(item: &Value) -> Result<Operation, ScimError> {
    let name = item.get("op").and_then(Value::as_str).unwrap_or_default();
    let verb = match name.to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        _ => return Err(ScimError::invalid_syntax("op must be add, replace or remove")),
    };
    let path = match item.get("path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path.clone()),
        Some(_) => return Err(ScimError::invalid_path("path must be a string")),
    };
    let value = item.get("value").cloned();
    if value.is_none() && verb != Verb::Remove {
        return Err(ScimError::invalid_value(format!("{name} needs a value")));
    }
    Ok(Operation { verb, path, value: value.unwrap_or_default() })
}

/// The resource after the operations. `id` and `meta` are as they were.
pub(crate) fn apply(
    kind: ResourceType,
    resource: &Members,
    operations: &[Operation],
    quirks: &Quirks,
) -> Result<Members, ScimError> {
    let mut patch = Patch { kind, quirks, resource: resource.clone(), members: 0 };
    for operation in operations {
        patch.run(operation)?;
    }
    check_member_cap(patch.members, quirks)?;
    let size_is_free = Quirks { member_cap: None, ..quirks.clone() };
    let mut outcome = checked(kind, patch.resource, &size_is_free)?;
    for kept in ["id", "meta"] {
        outcome.extend(resource.get(kept).map(|value| (kept.to_owned(), value.clone())));
    }
    Ok(outcome)
}

struct Patch<'a> {
    kind: ResourceType,
    quirks: &'a Quirks,
    resource: Members,
    /// How many members the operations named so far.
    members: usize,
}

impl Patch<'_> {
    fn run(&mut self, operation: &Operation) -> Result<(), ScimError> {
        if operation.verb == Verb::Remove && self.quirks.refuse_remove_value && !operation.value.is_null() {
            return Err(ScimError::invalid_value("remove takes no value here"));
        }
        let Some(text) = &operation.path else { return self.without_path(operation) };
        let path = parse_patch_path(text).map_err(ScimError::invalid_path)?;
        if path.filter.is_some() && self.quirks.no_value_path {
            return Err(ScimError::invalid_path(format!("a filter in a path is not supported here: {text}")));
        }
        self.at(&path, operation.verb, &operation.value)
    }

    fn without_path(&mut self, operation: &Operation) -> Result<(), ScimError> {
        if operation.verb == Verb::Remove {
            return Err(ScimError::no_target("remove needs a path"));
        }
        if self.quirks.no_pathless_patch {
            return Err(ScimError::invalid_syntax("an operation needs a path here"));
        }
        self.merge(operation.verb, &operation.value)
    }

    /// Each member of the object as if it had been given with its name as the path.
    fn merge(&mut self, verb: Verb, object: &Value) -> Result<(), ScimError> {
        let Value::Object(members) = object else {
            return Err(ScimError::invalid_value("without a path to an attribute, value must be an object"));
        };
        for (name, value) in members {
            let attribute = AttributePath::parse(name)
                .ok_or_else(|| ScimError::invalid_path(format!("`{name}` is not an attribute's name")))?;
            let unchanged = member(&self.resource, name) == Some(value);
            if !unchanged {
                self.at(&PatchPath { attribute, filter: None }, verb, value)?;
            }
        }
        Ok(())
    }

    fn at(&mut self, path: &PatchPath, verb: Verb, value: &Value) -> Result<(), ScimError> {
        let attribute = &path.attribute;
        match (&attribute.schema, attribute.name.as_str()) {
            (None, "") => self.merge(verb, value),
            (Some(urn), "") => self.extension(urn, verb, value),
            (None, name) if name.eq_ignore_ascii_case("schemas") => Ok(()), // worked out from what is there
            _ => self.attribute(path, verb, value),
        }
    }

    /// A whole extension object.
    fn extension(&mut self, urn: &str, verb: Verb, value: &Value) -> Result<(), ScimError> {
        if verb == Verb::Remove || value.is_null() {
            if let Some(key) = key_of(&self.resource, urn) {
                self.resource.remove(&key);
            }
            return Ok(());
        }
        let Value::Object(members) = value else {
            return Err(ScimError::invalid_value(format!("{urn} must be an object")));
        };
        for (name, value) in members {
            let attribute = AttributePath { schema: Some(urn.to_owned()), name: name.clone(), sub: None };
            self.attribute(&PatchPath { attribute, filter: None }, verb, value)?;
        }
        Ok(())
    }

    fn attribute(&mut self, path: &PatchPath, verb: Verb, value: &Value) -> Result<(), ScimError> {
        let definition = self.kind.attribute(&path.attribute);
        check_mutability(definition, path, verb)?;
        if path.attribute.name.eq_ignore_ascii_case("members") {
            self.members += value.as_array().map_or(1, Vec::len);
        }
        let target = Target::new(definition, path, self.quirks);
        match &path.attribute.schema {
            None => target.change(&mut self.resource, verb, value),
            Some(urn) => {
                let key = key_of(&self.resource, urn).unwrap_or_else(|| urn.clone());
                let extension = self.resource.entry(key).or_insert_with(|| Members::new().into());
                match extension {
                    Value::Object(members) => target.change(members, verb, value),
                    _ => Err(ScimError::invalid_path(format!("{urn} is not an object"))),
                }
            }
        }
    }
}

/// Read-only attributes stay as they are, required ones stay, and a member's parts change only with the member.
fn check_mutability(
    attribute: Option<&'static Attribute>,
    path: &PatchPath,
    verb: Verb,
) -> Result<(), ScimError> {
    let Some(attribute) = attribute else { return Ok(()) };
    let sub = path.attribute.sub.as_deref().and_then(|sub| find(attribute.sub_attributes, sub));
    let fixed = attribute.mutability == Mutability::ReadOnly
        || sub.is_some_and(|sub| matches!(sub.mutability, Mutability::ReadOnly | Mutability::Immutable));
    if fixed {
        return Err(ScimError::mutability(format!("{} cannot be changed", path.attribute)));
    }
    if verb == Verb::Remove && attribute.required {
        return Err(ScimError::mutability(format!("{} is required and cannot be removed", attribute.name)));
    }
    Ok(())
}

//! What a resource must look like to be kept.
//!
//! In: the attributes of a POST, a PUT, or the outcome of a PATCH. Out: the same under their schema's spelling,
//! with `schemas` worked out, or the error that names the attribute. Promise: read-only and write-only
//! attributes are gone, unassigned values too (RFC 7643 section 2.5); unknown attributes and extensions are kept.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::error::ScimError;
use super::path::is_urn;
use super::quirks::Quirks;
use super::schema::{Attribute, COMMON, ENTERPRISE_URN, Mutability, ResourceType, Type, extension, find};

/// A JSON object's members.
pub(crate) type Members = Map<String, Value>;

/// Checks a whole resource. `id`, `meta` and `schemas` are dropped: the server's own are put in their place.
pub(crate) fn checked(kind: ResourceType, given: Members, quirks: &Quirks) -> Result<Members, ScimError> {
    let check = Check {
        text_booleans: !quirks.refuse_text_booleans,
        manager_must_be_text: quirks.manager_must_be_text,
    };
    let mut kept = Members::new();
    let mut schemas = vec![Value::from(kind.urn())];
    for (name, value) in given {
        let (name, value) = if is_urn(&name) {
            let (urn, value) = check.extension(name, value)?;
            schemas.extend(value.is_some().then(|| urn.as_str().into()));
            (urn, value)
        } else {
            let definition = find(kind.attributes(), &name).or_else(|| find(COMMON, &name));
            check.member(definition, name, value)?
        };
        kept.extend(value.map(|value| (name, value)));
    }
    require_name(kind, &kept)?;
    check_member_cap(kept.get("members").and_then(Value::as_array).map_or(0, Vec::len), quirks)?;
    kept.insert("schemas".to_owned(), schemas.into());
    Ok(kept)
}

/// Without its name a resource cannot be found again.
fn require_name(kind: ResourceType, kept: &Members) -> Result<(), ScimError> {
    let name = kind.naming_attribute();
    match kept.get(name).and_then(Value::as_str) {
        Some(text) if !text.trim().is_empty() => Ok(()),
        _ => Err(ScimError::invalid_value(format!("{name} is required and must not be empty"))),
    }
}

/// Refuses more members than [`Quirks::member_cap`] allows in one request.
pub(crate) fn check_member_cap(members: usize, quirks: &Quirks) -> Result<(), ScimError> {
    match quirks.member_cap {
        Some(cap) if members > cap => {
            let detail = format!("{members} members in one request; at most {cap} are taken");
            Err(match quirks.member_cap_answers413 {
                true => ScimError::too_large(detail),
                false => ScimError::invalid_value(detail),
            })
        }
        _ => Ok(()),
    }
}

/// Refuses a change that turns `active` on and is not alone, where [`Quirks::refuse_reactivation_with_changes`] is.
pub(crate) fn check_reactivation(
    before: &Members,
    after: &Members,
    quirks: &Quirks,
) -> Result<(), ScimError> {
    let is = |user: &Members, flag: bool| user.get("active") == Some(&Value::Bool(flag));
    let others = |user: &Members| {
        let mut others = user.clone();
        others.remove("active");
        others
    };
    let is_refused = quirks.refuse_reactivation_with_changes && is(before, false) && is(after, true);
    if is_refused && others(before) != others(after) {
        let detail = "an inactive user can be activated, and nothing else, in one request";
        return Err(ScimError::new(StatusCode::BAD_REQUEST, detail));
    }
    Ok(())
}

struct Check {
    text_booleans: bool,
    manager_must_be_text: bool,
}

impl Check {
    fn extension(&self, urn: String, value: Value) -> Result<(String, Option<Value>), ScimError> {
        let known = extension(&urn);
        let urn = if known.is_some() { ENTERPRISE_URN.to_owned() } else { urn };
        let value = match (known, value) {
            (Some(attributes), Value::Object(members)) => self.object(attributes, members, &urn)?,
            (Some(_), value) if !value.is_null() => return Err(wrong_type(&urn, "an object")),
            (_, value) => super::filter::is_present(&value).then_some(value),
        };
        Ok((urn, value))
    }

    /// One attribute: its name as the schema spells it, and its value unless there is none to keep.
    fn member(
        &self,
        definition: Option<&'static Attribute>,
        name: String,
        value: Value,
    ) -> Result<(String, Option<Value>), ScimError> {
        let Some(attribute) = definition else {
            return Ok((name, super::filter::is_present(&value).then_some(value)));
        };
        let name = attribute.name.to_owned();
        if value.is_null() || attribute.mutability == Mutability::ReadOnly {
            return Ok((name, None));
        }
        let value = self.value(attribute, value)?;
        Ok((name, value.filter(|_| attribute.mutability != Mutability::WriteOnly)))
    }

    fn value(&self, attribute: &'static Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        if !attribute.multi_valued {
            return self.single(attribute, value);
        }
        let Value::Array(items) = value else { return Err(wrong_type(attribute.name, "an array")) };
        let mut kept = Vec::with_capacity(items.len());
        for item in items {
            kept.extend(self.single(attribute, item)?);
        }
        if kept.iter().filter(|item| is_primary(item)).count() > 1 {
            return Err(ScimError::invalid_value(format!(
                "{} has more than one primary value",
                attribute.name
            )));
        }
        Ok((!kept.is_empty()).then_some(Value::Array(kept)))
    }

    fn single(&self, attribute: &'static Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        match (attribute.kind, value) {
            (Type::Complex, value) if self.manager_must_be_text && attribute.name == "manager" => {
                if value.is_string() {
                    Ok(Some(value))
                } else {
                    Err(wrong_type("manager", "the id of a user"))
                }
            }
            (Type::Complex, Value::Object(members)) => {
                self.object(attribute.sub_attributes, members, attribute.name)
            }
            (Type::Complex, _) => Err(wrong_type(attribute.name, "an object")),
            (Type::Boolean, Value::Bool(flag)) => Ok(Some(flag.into())),
            (Type::Boolean, Value::String(text)) if self.text_booleans => {
                match text.to_ascii_lowercase().parse() {
                    Ok(flag) => Ok(Some(Value::Bool(flag))),
                    Err(_) => Err(wrong_type(attribute.name, "true or false")),
                }
            }
            (Type::Boolean, _) => Err(wrong_type(attribute.name, "true or false, not in quotes")),
            (_, Value::String(text)) => Ok(Some(text.into())),
            _ => Err(wrong_type(attribute.name, "a string")),
        }
    }

    fn object(
        &self,
        attributes: &'static [Attribute],
        members: Members,
        place: &str,
    ) -> Result<Option<Value>, ScimError> {
        let mut kept = Members::new();
        for (name, value) in members {
            let (name, value) = self
                .member(find(attributes, &name), name, value)
                .map_err(|error| ScimError { detail: format!("in {place}: {}", error.detail), ..error })?;
            kept.extend(value.map(|value| (name, value)));
        }
        Ok((!kept.is_empty()).then_some(Value::Object(kept)))
    }
}

/// Whether an element says that it is the primary one.
pub(crate) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

fn wrong_type(name: &str, expected: &str) -> ScimError {
    ScimError::invalid_value(format!("{name} must be {expected}"))
}

//! One operation on one attribute, in the object that holds it (RFC 7644 sections 3.5.2.1 to 3.5.2.3).
//!
//! In: the object, what to do, and a value. Out: the object changed, or an error, after which the object is in
//! no particular state; the caller works on a copy. Promise: at most one element ends up primary when an
//! operation makes one primary.

use std::collections::HashSet;

use serde_json::Value;

use super::Verb;
use crate::sandbox::body::{Members, is_primary};
use crate::sandbox::error::ScimError;
use crate::sandbox::filter::{Filter, Operator, PatchPath, Scope, matches};
use crate::sandbox::path::key_of;
use crate::sandbox::quirks::Quirks;
use crate::sandbox::schema::{Attribute, find};

/// Where an operation acts within the object that holds the attribute.
pub(super) struct Target<'a> {
    definition: Option<&'static Attribute>,
    name: &'a str,
    sub: Option<&'a str>,
    filter: Option<&'a Filter>,
    quirks: &'a Quirks,
}

impl<'a> Target<'a> {
    /// The target of a path. Names take the schema's spelling where there is one.
    pub(super) fn new(
        definition: Option<&'static Attribute>,
        path: &'a PatchPath,
        quirks: &'a Quirks,
    ) -> Self {
        let sub_attributes = definition.map_or(&[][..], |attribute| attribute.sub_attributes);
        let sub = path.attribute.sub.as_deref();
        Self {
            definition,
            name: definition.map_or(&path.attribute.name, |attribute| attribute.name),
            sub: sub.map(|sub| find(sub_attributes, sub).map_or(sub, |found| found.name)),
            filter: path.filter.as_ref(),
            quirks,
        }
    }

    /// Carries the operation out.
    pub(super) fn change(&self, holder: &mut Members, verb: Verb, value: &Value) -> Result<(), ScimError> {
        let key = key_of(holder, self.name).unwrap_or_else(|| self.name.to_owned());
        let mut current = holder.remove(&key).unwrap_or_default();
        let many = self.definition.map_or(current.is_array() || value.is_array(), |found| found.multi_valued);
        match (self.filter, self.sub) {
            (Some(filter), _) => self.selected(&mut current, filter, verb, value)?,
            (None, Some(sub)) if many => self.in_every_element(&mut current, sub, verb, value)?,
            (None, Some(sub)) => self.part(&mut current, sub, verb, value)?,
            (None, None) if verb == Verb::Remove && self.removes_members(value) => {
                remove_members(self.elements(&mut current)?, value);
            }
            (None, None) if verb == Verb::Remove => current = Value::Null,
            (None, None) if many => self.all_elements(&mut current, verb, value)?,
            (None, None) => whole(&mut current, verb, value),
        }
        if !is_empty(&current) {
            holder.insert(key, current);
        }
        Ok(())
    }

    /// Whether a removal means certain members, and not all of them.
    fn removes_members(&self, value: &Value) -> bool {
        self.name == "members" && !value.is_null() && !self.quirks.remove_members_ignores_value
    }

    /// `name.familyName`
    fn part(&self, current: &mut Value, sub: &str, verb: Verb, value: &Value) -> Result<(), ScimError> {
        if current.is_null() {
            *current = Members::new().into();
        }
        let Value::Object(members) = current else {
            return Err(ScimError::invalid_path(format!("{} has no sub-attributes", self.name)));
        };
        set(members, sub, verb, value);
        Ok(())
    }

    /// `emails`
    fn all_elements(&self, current: &mut Value, verb: Verb, value: &Value) -> Result<(), ScimError> {
        let given = match value {
            Value::Array(items) => items.clone(),
            Value::Null => Vec::new(),
            single => vec![single.clone()],
        };
        if verb == Verb::Replace {
            *current = given.into();
            return Ok(());
        }
        let elements = self.elements(current)?;
        let before = elements.len();
        if self.name == "members" && self.quirks.duplicate_members {
            elements.extend(given);
        } else if self.name == "members" {
            add_members(elements, given);
        } else {
            for item in given {
                if !elements.iter().any(|element| contains(element, &item)) {
                    elements.push(item);
                }
            }
        }
        let added: Vec<usize> = (before..elements.len()).collect();
        keep_primary(elements, &added);
        Ok(())
    }

    /// `emails.value`, which means that part of each of them.
    fn in_every_element(
        &self,
        current: &mut Value,
        sub: &str,
        verb: Verb,
        value: &Value,
    ) -> Result<(), ScimError> {
        let elements = self.elements(current)?;
        match verb {
            Verb::Replace if elements.is_empty() => return Err(self.nothing_selected()),
            Verb::Add if elements.is_empty() => elements.push(Members::new().into()),
            _ => {}
        }
        for members in elements.iter_mut().filter_map(Value::as_object_mut) {
            set(members, sub, verb, value);
        }
        elements.retain(|element| !is_empty(element));
        Ok(())
    }

    /// `emails[type eq "work"]` and `emails[type eq "work"].value`
    fn selected(
        &self,
        current: &mut Value,
        filter: &Filter,
        verb: Verb,
        value: &Value,
    ) -> Result<(), ScimError> {
        if self.definition.is_some_and(|attribute| !attribute.multi_valued) {
            return Err(ScimError::invalid_path(format!("{} is not multi-valued", self.name)));
        }
        let scope = Scope::Element(self.definition.map_or(&[][..], |attribute| attribute.sub_attributes));
        let elements = self.elements(current)?;
        let selects = |element: &Value| matches(filter, element, scope);
        let mut selected: Vec<usize> = (0..elements.len()).filter(|at| selects(&elements[*at])).collect();
        if verb == Verb::Remove && self.sub.is_none() {
            elements.retain(|element| !selects(element));
            return Ok(());
        }
        if selected.is_empty() && verb != Verb::Remove {
            let created = (verb == Verb::Add).then(|| element_of(filter)).flatten();
            elements.push(created.ok_or_else(|| self.nothing_selected())?);
            selected.push(elements.len() - 1);
        }
        for at in &selected {
            self.change_element(&mut elements[*at], verb, value)?;
        }
        keep_primary(elements, &selected);
        elements.retain(|element| !is_empty(element));
        Ok(())
    }

    fn change_element(&self, element: &mut Value, verb: Verb, value: &Value) -> Result<(), ScimError> {
        match (self.sub, element) {
            (Some(sub), Value::Object(members)) => set(members, sub, verb, value),
            (Some(_), _) => {
                return Err(ScimError::invalid_path(format!("{} has no sub-attributes", self.name)));
            }
            (None, element) if verb == Verb::Replace => *element = value.clone(),
            (None, element) => whole(element, verb, value),
        }
        Ok(())
    }

    fn elements<'v>(&self, current: &'v mut Value) -> Result<&'v mut Vec<Value>, ScimError> {
        if current.is_null() {
            *current = Value::Array(Vec::new());
        }
        let name = self.name;
        current.as_array_mut().ok_or_else(|| ScimError::invalid_path(format!("{name} is not multi-valued")))
    }

    fn nothing_selected(&self) -> ScimError {
        ScimError::no_target(format!("the path selects no value of {}", self.name))
    }
}

/// Sets a single value; an object changes only the sub-attributes it names.
fn whole(current: &mut Value, verb: Verb, value: &Value) {
    match (current, value) {
        (Value::Object(members), Value::Object(given)) => {
            given.iter().for_each(|(name, value)| set(members, name, verb, value));
        }
        (_, Value::Null) if verb == Verb::Add => {}
        (current, value) => *current = value.clone(),
    }
}

fn set(members: &mut Members, name: &str, verb: Verb, value: &Value) {
    let key = key_of(members, name).unwrap_or_else(|| name.to_owned());
    if verb == Verb::Remove || value.is_null() {
        members.remove(&key);
    } else {
        members.insert(key, value.clone());
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Whether all that `item` says is said by `element` already.
fn contains(element: &Value, item: &Value) -> bool {
    match (element, item) {
        (Value::Object(element), Value::Object(item)) => {
            item.iter().all(|(name, value)| key_of(element, name).is_some_and(|key| element[&key] == *value))
        }
        _ => element == item,
    }
}

/// Members are the same when their `value` is, whatever else is said about them. A set keeps large groups quick.
fn add_members(elements: &mut Vec<Value>, given: Vec<Value>) {
    let id = |member: &Value| member.get("value").and_then(Value::as_str).map(str::to_owned);
    let mut present: HashSet<Option<String>> = elements.iter().map(id).collect();
    elements.extend(given.into_iter().filter(|member| present.insert(id(member))));
}

/// Removes the members that are listed by their `value`, or as bare ids.
fn remove_members(elements: &mut Vec<Value>, listed: &Value) {
    let id = |member: &Value| member.get("value").unwrap_or(member).as_str().map(str::to_owned);
    let listed = listed.as_array().map_or(std::slice::from_ref(listed), Vec::as_slice);
    let gone: HashSet<String> = listed.iter().filter_map(id).collect();
    elements.retain(|element| id(element).is_none_or(|id| !gone.contains(&id)));
}

/// When an operation made an element primary, the others no longer are (RFC 7644 section 3.5.2).
fn keep_primary(elements: &mut [Value], changed: &[usize]) {
    if !changed.iter().any(|at| is_primary(&elements[*at])) {
        return;
    }
    for (at, element) in elements.iter_mut().enumerate() {
        if is_primary(element) && !changed.contains(&at) {
            element["primary"] = false.into();
        }
    }
}

/// The element that a filter of equalities describes: `type eq "work"` gives `{"type": "work"}`.
fn element_of(filter: &Filter) -> Option<Value> {
    fn collect(filter: &Filter, members: &mut Members) -> Option<()> {
        match filter {
            Filter::And(parts) => parts.iter().try_for_each(|part| collect(part, members)),
            Filter::Compare(path, Operator::Equal, value) if path.schema.is_none() && path.sub.is_none() => {
                members.insert(path.name.clone(), value.clone());
                Some(())
            }
            _ => None,
        }
    }
    let mut members = Members::new();
    collect(filter, &mut members)?;
    Some(members.into())
}

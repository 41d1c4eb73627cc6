//! Whether a resource matches a filter.
//!
//! In: a filter, a JSON value, and the definitions that apply to it. Out: yes or no, never an error. Promise:
//! strings compare as their attribute's `caseExact` says, and without regard to case where it is unknown; a
//! multi-valued attribute matches when one of its values does; `ne` is the opposite of `eq`, so it also holds
//! for an attribute that is not there.

use std::cmp::Ordering;

use serde_json::Value;

use super::{AttributePath, Filter, Operator};
use crate::sandbox::path::member;
use crate::sandbox::schema::{Attribute, ResourceType, Type, find};

/// Which definitions apply to the value at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    /// A whole resource. `exact_user_name` makes `userName` case-sensitive, which is wrong and common.
    Resource { kind: ResourceType, exact_user_name: bool },
    /// One element of a multi-valued attribute.
    Element(&'static [Attribute]),
}

impl Scope {
    /// The attribute a path starts at.
    fn attribute(self, path: &AttributePath) -> Option<&'static Attribute> {
        match self {
            Self::Resource { kind, .. } => kind.attribute(path),
            Self::Element(attributes) => find(attributes, &path.name),
        }
    }

    /// The attribute whose values are compared: the sub-attribute, or the implied `value` of a complex one.
    fn compared(self, path: &AttributePath) -> Option<&'static Attribute> {
        let attribute = self.attribute(path)?;
        match (&path.sub, attribute.kind) {
            (Some(sub), _) => find(attribute.sub_attributes, sub),
            (None, Type::Complex) => find(attribute.sub_attributes, "value"),
            (None, _) => Some(attribute),
        }
    }

    fn is_case_exact(self, path: &AttributePath) -> bool {
        let quirk = matches!(self, Self::Resource { kind: ResourceType::User, exact_user_name: true })
            && path.schema.is_none()
            && path.name.eq_ignore_ascii_case("userName");
        quirk || self.compared(path).is_some_and(|attribute| attribute.case_exact)
    }
}

/// Whether the value matches the filter.
pub(crate) fn matches(filter: &Filter, value: &Value, scope: Scope) -> bool {
    match filter {
        Filter::Present(path) => any(value, path, &mut is_present),
        Filter::Compare(path, operator, expected) => compare(value, path, *operator, expected, scope),
        Filter::And(parts) => parts.iter().all(|part| matches(part, value, scope)),
        Filter::Or(parts) => parts.iter().any(|part| matches(part, value, scope)),
        Filter::Not(inner) => !matches(inner, value, scope),
        Filter::Element(path, inner) => {
            let inside = Scope::Element(scope.attribute(path).map_or(&[], |found| found.sub_attributes));
            elements(value, path).iter().any(|element| matches(inner, element, inside))
        }
    }
}

fn compare(value: &Value, path: &AttributePath, operator: Operator, expected: &Value, scope: Scope) -> bool {
    match operator {
        Operator::NotEqual => !compare(value, path, Operator::Equal, expected, scope),
        Operator::Equal if expected.is_null() => !any(value, path, &mut is_present),
        _ => {
            let exact = scope.is_case_exact(path);
            let dated = scope.compared(path).is_some_and(|attribute| attribute.kind == Type::DateTime);
            any(value, path, &mut |actual| holds(operator, actual, expected, exact, dated))
        }
    }
}

fn holds(operator: Operator, actual: &Value, expected: &Value, exact: bool, dated: bool) -> bool {
    match (actual, expected) {
        (Value::String(actual), Value::String(expected)) if dated => {
            let times = actual.parse::<jiff::Timestamp>().ok().zip(expected.parse::<jiff::Timestamp>().ok());
            times.map_or_else(
                || text_holds(operator, actual, expected),
                |(actual, expected)| order_holds(operator, Some(actual.cmp(&expected))),
            )
        }
        (Value::String(actual), Value::String(expected)) if exact => text_holds(operator, actual, expected),
        (Value::String(actual), Value::String(expected)) => {
            text_holds(operator, &fold(actual), &fold(expected))
        }
        (Value::Bool(actual), Value::Bool(expected)) => operator == Operator::Equal && actual == expected,
        (Value::Number(actual), Value::Number(expected)) => {
            order_holds(operator, actual.as_f64().partial_cmp(&expected.as_f64()))
        }
        _ => false,
    }
}

fn text_holds(operator: Operator, actual: &str, expected: &str) -> bool {
    match operator {
        Operator::Contains => actual.contains(expected),
        Operator::StartsWith => actual.starts_with(expected),
        Operator::EndsWith => actual.ends_with(expected),
        _ => order_holds(operator, Some(actual.cmp(expected))),
    }
}

fn order_holds(operator: Operator, order: Option<Ordering>) -> bool {
    order.is_some_and(|order| match operator {
        Operator::Equal => order.is_eq(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        _ => false,
    })
}

/// The form in which strings are compared when case does not matter.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// Whether a value counts as assigned: `null`, an empty array and an empty object do not (RFC 7643 section 2.5).
pub(crate) fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(is_present),
        Value::Object(members) => members.values().any(is_present),
        Value::String(_) | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// How two resources are sorted by an attribute; those without it come last (RFC 7644 section 3.4.2.3).
pub(crate) fn order(a: &Value, b: &Value, path: &AttributePath, scope: Scope) -> Ordering {
    let exact = scope.is_case_exact(path);
    let key = |resource: &Value| {
        let mut key = None;
        any(resource, path, &mut |value| {
            key = Some(match value {
                Value::String(text) if !exact => fold(text),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            true
        });
        key
    };
    let (a, b) = (key(a), key(b));
    a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(&b))
}

/// The elements of a multi-valued attribute, or the one value of a single-valued one.
fn elements<'a>(value: &'a Value, path: &AttributePath) -> &'a [Value] {
    match attribute_of(value, path) {
        Some(Value::Array(items)) => items,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

fn attribute_of<'a>(value: &'a Value, path: &AttributePath) -> Option<&'a Value> {
    let Some(object) = value.as_object() else {
        // An element of a multi-valued attribute of simple type: `value` means the element itself.
        return path.name.eq_ignore_ascii_case("value").then_some(value);
    };
    let Some(schema) = &path.schema else { return member(object, &path.name) };
    let extension = member(object, schema)?;
    if path.name.is_empty() { Some(extension) } else { member(extension.as_object()?, &path.name) }
}

/// Whether a test holds for one of the values at a path.
fn any(value: &Value, path: &AttributePath, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    elements(value, path).iter().any(|element| match (element.as_object(), &path.sub) {
        (Some(object), Some(sub)) => member(object, sub).is_some_and(&mut *test),
        (Some(object), None) => test(member(object, "value").unwrap_or(element)),
        (None, None) => test(element),
        (None, Some(_)) => false,
    })
}

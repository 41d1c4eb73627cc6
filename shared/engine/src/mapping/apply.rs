//! Mapping one object: from source attributes to target values.

use super::check::{CheckedAttribute, Mapping, ValueSource};
use super::{FlowType, ValueType};
use crate::model::{AttributeChange, Attributes, SourceObject, Value};

/// What the target shall hold for one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Values for a create, defaults included.
    pub on_create: Attributes,
    /// Values for an update: without defaults and without what is written on create only.
    pub on_update: Attributes,
    /// Values of the attributes that match accounts, in order of priority.
    pub matching: Vec<(String, Value)>,
    /// Required attributes that have no value: the account cannot be created.
    pub missing: Vec<String>,
}

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value for '{target}' cannot be used: {problem}")]
pub struct MappedError {
    /// The target attribute.
    pub target: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Mapping {
    /// Maps one object. `soft_deleted` is the computed `IsSoftDeleted`: switched off, in the recycle bin, or out
    /// of scope.
    ///
    /// # Errors
    /// [`MappedError`] when a value cannot be converted to its target attribute's type.
    pub fn apply(&self, object: &SourceObject, soft_deleted: bool) -> Result<Mapped, MappedError> {
        let mut mapped = Mapped {
            on_create: Attributes::new(),
            on_update: Attributes::new(),
            matching: Vec::new(),
            missing: Vec::new(),
        };
        let mut own = Attributes::new();
        for attribute in &self.attributes {
            let wrong = |problem| MappedError { target: attribute.target.clone(), problem };
            let value = value_of(attribute, object, soft_deleted).map_err(wrong)?;
            if let (Some(value), FlowType::Always) = (&value, attribute.flow_type) {
                mapped.on_update.insert(attribute.target.clone(), value.clone());
            }
            // A default value is nobody's own: it never matches.
            if let Some(value) = &value {
                own.insert(attribute.target.clone(), value.clone());
            }
            let on_create = match (value, &attribute.default_value) {
                (Some(value), _) => Some(value),
                (None, Some(text)) => Some(converted(text, attribute.value_type).map_err(wrong)?),
                (None, None) => None,
            };
            match on_create {
                Some(value) => {
                    mapped.on_create.insert(attribute.target.clone(), value);
                }
                None if attribute.required => mapped.missing.push(attribute.target.clone()),
                None => {}
            }
        }
        mapped.matching =
            self.matching().iter().filter_map(|path| Some((path.clone(), own.get(path)?.clone()))).collect();
        Ok(mapped)
    }
}

/// What differs between the shadow of an account and what it shall hold. A value the source no longer has
/// changes nothing: nulls do not flow.
#[must_use]
pub(crate) fn differences(shadow: &Attributes, wanted: &Attributes) -> Vec<AttributeChange> {
    wanted
        .iter()
        .filter(|(path, new)| shadow.get(*path) != Some(new))
        .map(|(path, new)| AttributeChange {
            path: path.clone(),
            old: shadow.get(path).cloned(),
            new: new.clone(),
        })
        .collect()
}

fn value_of(
    attribute: &CheckedAttribute,
    object: &SourceObject,
    soft_deleted: bool,
) -> Result<Option<Value>, String> {
    match &attribute.value {
        ValueSource::Attribute(name) => match object.attributes.get(name) {
            Some(value) => typed(value, attribute.value_type).map(Some),
            None => Ok(None),
        },
        ValueSource::Constant(text) => converted(text, attribute.value_type).map(Some),
        ValueSource::NotSoftDeleted => {
            let active = Value::Boolean(!soft_deleted);
            typed(&active, attribute.value_type).map(Some)
        }
    }
}

fn typed(value: &Value, wanted: ValueType) -> Result<Value, String> {
    match (value, wanted) {
        (Value::List(_), _) => {
            Err("the source gives several values where the target takes one; map a single value".into())
        }
        (Value::Boolean(_), ValueType::Boolean) | (Value::Integer(_), ValueType::Integer) => {
            Ok(value.clone())
        }
        (other, _) => converted(&other.to_string(), wanted),
    }
}

/// Text as a value of the wanted type. Booleans come as true/false or 1/0, in any case.
pub(super) fn converted(text: &str, wanted: ValueType) -> Result<Value, String> {
    match wanted {
        ValueType::Text => Ok(Value::text(text)),
        ValueType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Value::Boolean(true)),
            "false" | "0" => Ok(Value::Boolean(false)),
            _ => Err("the target takes true or false".into()),
        },
        ValueType::Integer => {
            text.trim().parse().map(Value::Integer).map_err(|_| "the target takes a whole number".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_the_type_the_target_takes_or_is_refused() {
        let cases = [
            ("Ada", ValueType::Text, Ok(Value::text("Ada"))),
            ("TRUE", ValueType::Boolean, Ok(Value::Boolean(true))),
            ("0", ValueType::Boolean, Ok(Value::Boolean(false))),
            ("yes", ValueType::Boolean, Err(())),
            (" 42 ", ValueType::Integer, Ok(Value::Integer(42))),
            ("4.2", ValueType::Integer, Err(())),
        ];
        for (text, wanted, expected) in cases {
            assert_eq!(converted(text, wanted).map_err(|_| ()), expected, "{text} as {wanted:?}");
        }
    }

    #[test]
    fn a_value_the_source_no_longer_has_clears_nothing() {
        let shadow = Attributes::from([("title".into(), Value::text("Boss"))]);
        assert!(differences(&shadow, &Attributes::new()).is_empty());
    }

    #[test]
    fn only_what_differs_is_sent_with_its_old_value() {
        let shadow = Attributes::from([("a".into(), Value::text("1")), ("b".into(), Value::text("2"))]);
        let wanted = Attributes::from([
            ("a".into(), Value::text("1")),
            ("b".into(), Value::text("3")),
            ("c".into(), Value::text("4")),
        ]);
        let changes = differences(&shadow, &wanted);
        assert_eq!(
            changes,
            [
                AttributeChange { path: "b".into(), old: Some(Value::text("2")), new: Value::text("3") },
                AttributeChange { path: "c".into(), old: None, new: Value::text("4") },
            ]
        );
    }
}

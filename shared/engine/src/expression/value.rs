//! Values while an expression is evaluated: they borrow from the object and from the expression, so that most
//! results cost no allocation before the last.

use std::borrow::Cow;

use crate::model::{Attributes, Value};

/// What a part of an expression yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluated<'a> {
    /// No value: the attribute is absent, or a function says so.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text, and everything that is written as text: decimals, dates, references, base64.
    Text(Cow<'a, str>),
    /// Several values. Never holds another list.
    List(Vec<Evaluated<'a>>),
    /// Parts by name, such as a role with its `value` and `display`.
    Complex(Cow<'a, Attributes>),
    /// `IgnoreFlowIfNullOrEmpty` found nothing: the attribute is left out of this operation, whatever encloses it.
    Ignored,
}

impl<'a> Evaluated<'a> {
    /// Borrowed or owned text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// Whether it is absent or an empty text; a list is empty without elements.
    #[must_use]
    pub fn is_null_or_empty(&self) -> bool {
        match self {
            Self::Null | Self::Ignored => true,
            Self::Text(text) => text.is_empty(),
            Self::List(values) => values.is_empty(),
            Self::Boolean(_) | Self::Integer(_) | Self::Complex(_) => false,
        }
    }

    /// Text as the language spells it: Booleans are `True` and `False`. `None` for null, lists and complex values.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Boolean(true) => Some(Cow::Borrowed("True")),
            Self::Boolean(false) => Some(Cow::Borrowed("False")),
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Null | Self::Ignored | Self::List(_) | Self::Complex(_) => None,
        }
    }

    /// The value as the rest of Rollcall holds it; `None` for null.
    #[must_use]
    pub fn into_value(self) -> Option<Value> {
        match self {
            Self::Null | Self::Ignored => None,
            Self::Boolean(truth) => Some(Value::Boolean(truth)),
            Self::Integer(number) => Some(Value::Integer(number)),
            Self::Text(text) => Some(Value::Text(text.into_owned())),
            Self::List(values) => {
                Some(Value::List(values.into_iter().filter_map(Evaluated::into_value).collect()))
            }
            Self::Complex(parts) => Some(Value::Complex(parts.into_owned())),
        }
    }
}

impl<'a> From<&'a Value> for Evaluated<'a> {
    /// A secret shows its text here, and only here: what reads it is veiled by the mapping.
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Boolean(truth) => Self::Boolean(*truth),
            Value::Integer(number) => Self::Integer(*number),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::List(values) => Self::List(values.iter().map(Self::from).collect()),
            Value::Secret(secret) => {
                secret.expose().map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
            }
            Value::Complex(parts) => Self::Complex(Cow::Borrowed(parts)),
        }
    }
}

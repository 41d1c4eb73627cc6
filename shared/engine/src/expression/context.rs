//! What an expression is evaluated against: one object, one moment, one chance.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Evaluated;
use crate::model::{SourceObject, Value, elements};

/// Everything an evaluation may look at. The same context gives the same result.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The person.
    pub object: &'a SourceObject,
    /// The computed `IsSoftDeleted`: switched off, in the recycle bin, or out of scope.
    pub soft_deleted: bool,
    /// The time, for `Now`.
    pub now: Timestamp,
    /// Where random functions begin. Secret: who knows it can draw the same password again.
    pub seed: [u8; 32],
    /// What the administrator set for all expressions.
    pub settings: &'a Settings,
}

impl fmt::Debug for Context<'_> {
    /// Without the seed, which is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("object", &self.object)
            .field("soft_deleted", &self.soft_deleted)
            .field("now", &self.now)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What holds for all expressions of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// What `DefaultDomain()` gives: the organisation's own domain, such as `tessera.example`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_domain: Option<String>,
    /// Refuse what Entra refuses: a condition of `IIF` whose attribute has no value fails the person, instead of
    /// comparing as an empty text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict_entra: bool,
}

/// An attribute that an expression reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttributeRef {
    /// `IsSoftDeleted`, which no source has.
    SoftDeleted,
    /// By the source's name. `objectId` and `accountEnabled` mean what every object has, unless the source has an
    /// attribute of that name.
    Named(String),
}

impl AttributeRef {
    /// Whether every object has an attribute of this name, whatever its source.
    pub(crate) fn is_of_every_object(name: &str) -> bool {
        matches!(name, "objectId" | "accountEnabled")
    }

    pub(crate) fn new(name: &str) -> Self {
        if name.eq_ignore_ascii_case("IsSoftDeleted") {
            Self::SoftDeleted
        } else {
            Self::Named(name.to_owned())
        }
    }
}

impl<'a> Context<'a> {
    /// Whether what the person has under a name is a secret: some expression of the mapping redacts it.
    pub(super) fn hides(&self, name: &str) -> bool {
        let values = self.object.attributes.get(name).map(elements).unwrap_or_default();
        values.iter().any(|value| matches!(value, Value::Secret(_)))
    }

    /// Whether an attribute is absent or empty. Asked often in one evaluation, and so without copying lists.
    pub(crate) fn lacks(&self, attribute: &AttributeRef) -> bool {
        match attribute {
            AttributeRef::Named(name) => match self.object.attributes.get(name) {
                Some(Value::List(values)) => values.is_empty(),
                _ => self.value(attribute).is_null_or_empty(),
            },
            AttributeRef::SoftDeleted => false,
        }
    }

    pub(crate) fn value(&self, attribute: &AttributeRef) -> Evaluated<'a> {
        match attribute {
            AttributeRef::SoftDeleted => Evaluated::Boolean(self.soft_deleted),
            AttributeRef::Named(name) => match self.object.attributes.get(name) {
                Some(value) => Evaluated::from(value),
                None if name == "objectId" => Evaluated::text(self.object.id.as_str()),
                None if name == "accountEnabled" => Evaluated::Boolean(self.object.enabled),
                None => Evaluated::Null,
            },
        }
    }
}

//! What the unit tests of this crate share: somebody, and a small target.

use crate::mapping::{AttributeDefinition, TargetSchema, ValueType};
use crate::model::{Attributes, ObjectType, SourceId, SourceObject};

/// Somebody with these attributes, switched on.
pub(crate) fn somebody(attributes: Attributes) -> SourceObject {
    SourceObject {
        id: SourceId::new("7"),
        object_type: ObjectType::User,
        display_name: None,
        enabled: true,
        soft_deleted: false,
        attributes,
    }
}

/// A target with lists, a password, an attribute its schema does not know, and texts under any other name.
pub(crate) struct SmallTarget;

impl TargetSchema for SmallTarget {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        let value_type = match path {
            "active" => ValueType::Boolean,
            "badge" => ValueType::Integer,
            _ => ValueType::Text,
        };
        Ok(AttributeDefinition {
            value_type,
            writable: true,
            matchable: true,
            multivalued: matches!(path, "roles" | "groups"),
            write_only: path == "password",
            custom: path == "shoeSize",
        })
    }

    fn required(&self) -> &[&str] {
        &["userName"]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        Some("active")
    }
}

//! What the unit tests of this crate share: somebody, and small targets.

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

/// A target with lists, references, a password, an attribute its schema does not know, and texts under any other name.
pub(crate) struct SmallTarget;

impl TargetSchema for SmallTarget {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        let value_type = match path {
            "active" => ValueType::Boolean,
            "badge" => ValueType::Integer,
            "manager" | "members" => ValueType::Reference,
            _ => ValueType::Text,
        };
        Ok(AttributeDefinition {
            value_type,
            writable: true,
            matchable: true,
            multivalued: matches!(path, "roles" | "groups" | "members"),
            write_only: path == "password",
            custom: path == "shoeSize",
            refers: matches!(path, "manager" | "members"),
        })
    }

    fn required(&self) -> &[&str] {
        &["userName"]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        Some("active")
    }
}

/// A target of groups: they have a name and members, and cannot be switched off.
pub(crate) struct SmallGroups;

impl TargetSchema for SmallGroups {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        SmallTarget.attribute(path)
    }

    fn required(&self) -> &[&str] {
        &["displayName"]
    }

    fn enabled_attribute(&self) -> Option<&str> {
        None
    }
}

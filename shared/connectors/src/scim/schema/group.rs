//! What a SCIM group can hold (RFC 7643 §4.2).
//!
//! In: a path of a mapping. Out: its type and what may be done with it, or a sentence that says what to write
//! instead. Promise: as of [`super::ScimSchema`].

use engine::mapping::{AttributeDefinition, AttributeMapping, TargetSchema, ValueType, defaults};
use engine::ports::MEMBERS;

use super::{ENTERPRISE, conflict, custom};
use crate::scim::kind::CORE_GROUP;
use crate::scim::path::{PathError, ScimPath};

/// The schema that mappings of groups are checked against. Attributes of custom extensions are accepted as what the
/// mapping says they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScimGroupSchema;

impl TargetSchema for ScimGroupSchema {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        let mut parsed: ScimPath = path.parse().map_err(|error: PathError| error.to_string())?;
        if parsed.extension.as_deref().is_some_and(|urn| urn.eq_ignore_ascii_case(CORE_GROUP)) {
            parsed.extension = None;
        }
        let (definition, canonical) = define(&parsed)?;
        if canonical == path {
            Ok(definition)
        } else {
            Err(format!(
                "write '{canonical}' instead of '{path}': SCIM takes them for the same, one spelling keeps the log readable"
            ))
        }
    }

    fn required(&self) -> &[&str] {
        &["displayName"]
    }

    fn default_attributes(&self) -> Vec<AttributeMapping> {
        defaults::group().attributes
    }

    /// A group is there or not: nothing switches it off.
    fn enabled_attribute(&self) -> Option<&str> {
        None
    }

    fn conflict(&self, path: &str, other: &str) -> Option<String> {
        conflict::between(path, other)
    }
}

const TEXT: AttributeDefinition = AttributeDefinition {
    value_type: ValueType::Text,
    writable: true,
    matchable: true,
    multivalued: false,
    write_only: false,
    custom: false,
    refers: false,
};

/// The attributes that a mapping of groups may name.
const ATTRIBUTES: [(&str, AttributeDefinition); 4] = [
    ("displayName", TEXT),
    ("externalId", TEXT),
    (
        MEMBERS,
        AttributeDefinition {
            value_type: ValueType::Reference,
            matchable: false,
            multivalued: true,
            refers: true,
            ..TEXT
        },
    ),
    ("id", AttributeDefinition { writable: false, ..TEXT }),
];

/// What is known of a path, and the path as the schema spells it.
pub(super) fn define(path: &ScimPath) -> Result<(AttributeDefinition, String), String> {
    match &path.extension {
        Some(urn) if urn.eq_ignore_ascii_case(ENTERPRISE) => {
            return Err(format!("'{path}' is an attribute of users; remove it from the mapping of groups"));
        }
        Some(_) => return custom(path).map(|(definition, path)| (definition, path.to_string())),
        None => {}
    }
    if path.attribute.eq_ignore_ascii_case("schemas") {
        return Err("'schemas' is written by the connector itself; remove this mapping".into());
    }
    let known = ATTRIBUTES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&path.attribute));
    let Some((name, definition)) = known else {
        return Err(format!(
            "there is no attribute '{}' in {CORE_GROUP}, which has displayName, externalId and members; an attribute of the app's own is written with its extension: urn:ietf:params:scim:schemas:extension:<Name>:2.0:Group:{}",
            path.attribute, path.attribute
        ));
    };
    if path.is_bare() {
        return Ok((*definition, (*name).to_owned()));
    }
    Err(match *name {
        MEMBERS => "members are put in and taken out one by one by the connector; write 'members'".to_owned(),
        name => format!("'{name}' has no parts; write '{name}'"),
    })
}

//! From schemas as a target describes them to the attributes that mappings may name.
//!
//! In: a schema, whose resources it describes, and whether it is their own or an extension. Out: definitions by path, and
//! how many attributes have none. Pure.
//!
//! | The target has | Paths |
//! |---|---|
//! | a value, or several | `title` |
//! | an object | `name.givenName`, one for each part |
//! | a list of objects | `emails` as a whole; `emails[type eq "work"].value` for each usual type and part |
//! | any of these in an extension | `urn:…:2.0:User:floor`; lists as a whole alone |
//!
//! # Guarantees
//! A mapping may name whatever comes out, spelled as it is here. What is in RFC 7643's own schemas has the type that
//! mappings write it with, whatever the target calls it. Everything is `caseExact`: a target that does not tell *a* from
//! *A* when it compares still shows the one that was written, and a change of case alone is a change.

use engine::mapping::{self, TargetSchema, ValueType};
use engine::model::ObjectType;
use engine::schema::document::AttributeDefinition;
use engine::schema::export::{definition, reference};
use engine::schema::spelling::Mutability;

use super::{ENTERPRISE, ScimGroupSchema, ScimSchema, group, is_manager};
use crate::scim::convert::described::{Described, Schema};
use crate::scim::path::{Literal, ScimPath, Selector};

/// 256 bytes: with the longest URNs in use, paths have 120. What is kept of a target must have an end.
const LONGEST_PATH: usize = 256;

/// Definitions for the attributes of a schema, and how many attributes have none.
pub(in crate::scim) fn definitions(
    kind: ObjectType,
    schema: &Schema,
    is_extension: bool,
) -> (Vec<AttributeDefinition>, usize) {
    let (mut found, mut left_out) = (Vec::new(), schema.left_out);
    for attribute in &schema.attributes {
        let bare = ScimPath {
            extension: is_extension.then(|| schema.id.clone()),
            attribute: attribute.name.clone(),
            selector: None,
            sub: None,
        };
        let before = found.len();
        found.extend(paths(bare, attribute).into_iter().filter_map(|one| defined(kind, attribute, one)));
        // The connector writes it itself.
        let is_missed = found.len() == before && !attribute.name.eq_ignore_ascii_case("schemas");
        left_out += usize::from(is_missed);
    }
    (found, left_out)
}

/// The paths of one attribute, each with the part it leads to.
fn paths(bare: ScimPath, attribute: &Described) -> Vec<(ScimPath, Option<&Described>)> {
    let within = |selector: Option<&Selector>, part: &Described| ScimPath {
        selector: selector.cloned(),
        sub: Some(part.name.clone()),
        ..bare.clone()
    };
    if attribute.value_type != ValueType::Complex || is_manager(&bare) {
        return vec![(bare, None)];
    }
    if !attribute.multivalued {
        return attribute.parts.iter().map(|part| (within(None, part), Some(part))).collect();
    }
    let mut all = vec![(bare.clone(), None)];
    let by = attribute.parts.iter().find(|part| part.name.eq_ignore_ascii_case("type"));
    for value in by.iter().flat_map(|by| &by.canonical) {
        let selector = Selector { attribute: "type".to_owned(), value: Literal::Text(value.clone()) };
        all.extend(attribute.parts.iter().map(|part| (within(Some(&selector), part), Some(part))));
    }
    all
}

/// The definition of what is at a path; `None` when no mapping may name it.
fn defined(
    kind: ObjectType,
    attribute: &Described,
    (path, part): (ScimPath, Option<&Described>),
) -> Option<AttributeDefinition> {
    let (known, path) = named(kind, &path).filter(|(_, path)| path.len() <= LONGEST_PATH)?;
    let target = part.unwrap_or(attribute);
    let (value_type, multivalued) = match known.custom {
        true => (target.value_type, target.multivalued),
        false => (known.value_type, known.multivalued),
    };
    let definition = match known.refers {
        true => reference(&path, multivalued, ENTERPRISE),
        false => definition(&path, value_type.into()),
    };
    let mutability = match part {
        Some(part) if attribute.mutability == Mutability::ReadWrite => &part.mutability,
        _ => &attribute.mutability,
    };
    Some(AttributeDefinition {
        multivalued: multivalued.into(),
        mutability: if known.writable { mutability.clone() } else { Mutability::ReadOnly }.into(),
        // Not of an element of a list: who must have an address need not have one of this type.
        required: (attribute.required && part.is_none_or(|part| part.required && !attribute.multivalued))
            .into(),
        ..definition
    })
}

/// What a mapping knows at a path, and how it spells it.
fn named(kind: ObjectType, path: &ScimPath) -> Option<(mapping::AttributeDefinition, String)> {
    let spelled = match kind {
        ObjectType::User => super::define(path).ok()?.1.to_string(),
        ObjectType::Group => group::define(path).ok()?.1,
    };
    let known = match kind {
        ObjectType::User => ScimSchema.attribute(&spelled),
        ObjectType::Group => ScimGroupSchema.attribute(&spelled),
    };
    Some((known.ok()?, spelled))
}

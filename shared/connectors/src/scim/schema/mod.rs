//! What a SCIM user can hold: the core and the enterprise schema (RFC 7643 §4.1, §4.3, §8.7.1) as a table; and what
//! a group can, in [`mod@group`]; and what a target says of itself, in the same terms, in [`discovered`].
//!
//! In: a path of a mapping. Out: its type and what may be done with it, or a sentence that says what to write
//! instead. Promise: an accepted path is spelled canonically, so that logs and comparisons see one spelling,
//! although SCIM itself ignores the case of names (RFC 7643 §2.1). One second spelling is accepted because it comes
//! with every configuration brought from Entra: `roles[primary eq "True"].value`.

mod conflict;
mod discovered;
mod group;
mod suggest;
mod table;

use engine::mapping::{AttributeDefinition, AttributeMapping, TargetSchema, ValueType, defaults};

pub(super) use self::discovered::definitions;
pub use self::group::ScimGroupSchema;
pub(super) use self::table::Sub;
use self::table::{Attribute, CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, Mutability, Shape};
use super::path::{Literal, ScimPath, Selector};

/// The enterprise extension (RFC 7643 §4.3).
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The SCIM schema that mappings are checked against. Attributes of custom extensions are accepted as what the
/// mapping says they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScimSchema;

impl TargetSchema for ScimSchema {
    fn attribute(&self, path: &str) -> Result<AttributeDefinition, String> {
        let parsed: ScimPath = path.parse().map_err(|error: super::PathError| error.to_string())?;
        let (definition, canonical) = define(&parsed)?;
        if canonical.is_spelled(path) {
            Ok(definition)
        } else {
            Err(format!(
                "write '{canonical}' instead of '{path}': SCIM takes them for the same, one spelling keeps the log readable"
            ))
        }
    }

    fn required(&self) -> &[&str] {
        &["userName"]
    }

    fn default_attributes(&self) -> Vec<AttributeMapping> {
        defaults::user().attributes
    }

    fn enabled_attribute(&self) -> Option<&str> {
        Some("active")
    }

    fn conflict(&self, path: &str, other: &str) -> Option<String> {
        conflict::between(path, other)
    }
}

/// How the values at a path are built, as far as the schema knows.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// One value of this type.
    One(ValueType),
    /// A list as a whole, of elements with these parts. They are known by the first, which stands for the element
    /// where a mapping gives plain values: a role's `value`, an address's `formatted`.
    Whole(&'static [Sub]),
    /// Never read back.
    WriteOnly,
    /// The schema does not say: JSON's own types hold.
    Custom,
}

/// The form of the values at a path.
pub(super) fn form(path: &ScimPath) -> Form {
    match (known(path), define(path)) {
        (Some(Attribute { mutability: Mutability::WriteOnly, .. }), _) => Form::WriteOnly,
        (Some(Attribute { shape: Shape::Many(subs, _), .. }), _) if path.is_bare() => Form::Whole(subs),
        (Some(_), Ok((definition, _))) => Form::One(definition.value_type),
        _ => Form::Custom,
    }
}

/// Whether values at a path differ when only their case does (RFC 7643 §3.1; everything else of a user's core
/// attributes is `caseExact: false`).
pub(super) fn is_case_exact(path: &ScimPath) -> bool {
    path.extension.is_none()
        && ["id", "externalId"].iter().any(|name| path.attribute.eq_ignore_ascii_case(name))
}

/// The attribute that stands for the person's manager: its value is an object, whatever was mapped to it.
pub(super) fn is_manager(path: &ScimPath) -> bool {
    path.extension.as_deref().is_some_and(|urn| urn.eq_ignore_ascii_case(ENTERPRISE))
        && path.attribute.eq_ignore_ascii_case("manager")
}

fn table(path: &ScimPath) -> Option<&'static [Attribute]> {
    match &path.extension {
        None => Some(CORE_ATTRIBUTES),
        Some(urn) if urn.eq_ignore_ascii_case(ENTERPRISE) => Some(ENTERPRISE_ATTRIBUTES),
        Some(_) => None,
    }
}

fn known(path: &ScimPath) -> Option<&'static Attribute> {
    table(path)?.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(&path.attribute))
}

/// What is known of a path, and the path as the schema spells it.
fn define(path: &ScimPath) -> Result<(AttributeDefinition, ScimPath), String> {
    if table(path).is_none() {
        return custom(path);
    }
    if path.extension.is_none() && path.attribute.eq_ignore_ascii_case("schemas") {
        return Err("'schemas' is written by the connector itself; remove this mapping".into());
    }
    let attribute = known(path).ok_or_else(|| suggest::unknown(path))?;
    let mut canonical = path.clone();
    canonical.extension = path.extension.as_ref().map(|_| ENTERPRISE.to_owned());
    attribute.name.clone_into(&mut canonical.attribute);
    let (value_type, writable) = match &attribute.shape {
        Shape::Simple(value_type) => (*value_type, simple(path, attribute)?),
        Shape::Complex(subs) => single(path, &mut canonical, attribute, subs)?,
        Shape::Many(..) if path.is_bare() => (ValueType::Complex, true),
        Shape::Many(subs, example) => element(path, &mut canonical, attribute, subs, example)?,
    };
    let write_only = attribute.mutability == Mutability::WriteOnly;
    let matchable = value_type == ValueType::Text
        && !write_only
        && !matches!(attribute.name, "manager" | "x509Certificates");
    let definition = AttributeDefinition {
        value_type,
        writable: writable && attribute.mutability != Mutability::ReadOnly,
        matchable,
        multivalued: value_type == ValueType::Complex,
        write_only,
        custom: false,
        refers: attribute.name == "manager" && value_type == ValueType::Reference,
    };
    Ok((definition, canonical))
}

/// Attributes of custom extensions are unknown here: text, one value, unless the mapping says otherwise. Called a
/// `Reference` by a mapping they are still written as they come: of what they hold the id nobody knows.
fn custom(path: &ScimPath) -> Result<(AttributeDefinition, ScimPath), String> {
    if path.selector.is_some() {
        return Err(format!(
            "'{path}' selects from a list, which this version cannot do in a custom extension; map a single value, or the whole list with multivalued: true and without the bracket"
        ));
    }
    let definition = AttributeDefinition {
        value_type: ValueType::Text,
        writable: true,
        matchable: true,
        multivalued: false,
        write_only: false,
        custom: true,
        refers: false,
    };
    Ok((definition, path.clone()))
}

fn simple(path: &ScimPath, attribute: &Attribute) -> Result<bool, String> {
    if path.is_bare() {
        return Ok(true);
    }
    Err(format!("'{}' has no parts; write '{}'", attribute.name, bare(path, attribute)))
}

fn single(
    path: &ScimPath,
    canonical: &mut ScimPath,
    attribute: &Attribute,
    subs: &[Sub],
) -> Result<(ValueType, bool), String> {
    if path.selector.is_some() {
        return Err(format!("'{}' is one object and not a list; leave the bracket out", attribute.name));
    }
    match &path.sub {
        // The short form that Entra's administrators know: the manager is meant by the id.
        None if attribute.name == "manager" => Ok((ValueType::Reference, true)),
        None => Err(format!(
            "'{}' has parts; write one of {}",
            attribute.name,
            subs.iter()
                .map(|sub| format!("'{}.{}'", bare(path, attribute), sub.name))
                .collect::<Vec<_>>()
                .join(", ")
        )),
        Some(name) => part(name, canonical, attribute, subs),
    }
}

fn element(
    path: &ScimPath,
    canonical: &mut ScimPath,
    attribute: &Attribute,
    subs: &[Sub],
    example: &str,
) -> Result<(ValueType, bool), String> {
    let last = if attribute.name == "addresses" { "locality" } else { "value" };
    let (Some(selector), Some(name)) = (&path.selector, &path.sub) else {
        return Err(format!(
            "'{}' holds several values; say which one: {}[type eq \"{example}\"].{last}, or map a list to '{}'",
            attribute.name, attribute.name, attribute.name
        ));
    };
    let by = selecting(selector, attribute, subs)?;
    if by.name.eq_ignore_ascii_case(name) {
        return Err(format!(
            "'{}' is said by the bracket already; end the path with .{last}",
            selector.attribute
        ));
    }
    if let Some(selector) = &mut canonical.selector {
        by.name.clone_into(&mut selector.attribute);
    }
    part(name, canonical, attribute, subs)
}

/// The part that a selector compares. Compared with a value of another type it would select nothing, ever.
fn selecting<'s>(selector: &Selector, attribute: &Attribute, subs: &'s [Sub]) -> Result<&'s Sub, String> {
    let by = subs.iter().find(|sub| sub.name.eq_ignore_ascii_case(&selector.attribute)).ok_or_else(|| {
        format!("'{}' has no part '{}' to select by; use type", attribute.name, selector.attribute)
    })?;
    match (by.value_type, &selector.value) {
        (ValueType::Boolean, Literal::Text(_)) => {
            Err(format!("'{}' is true or false; write [{} eq true]", by.name, by.name))
        }
        (ValueType::Boolean, Literal::Boolean(_)) | (_, Literal::Text(_)) => Ok(by),
        (_, Literal::Boolean(flag)) => {
            Err(format!("'{}' is text; write [{} eq \"{flag}\"]", by.name, by.name))
        }
    }
}

fn part(
    name: &str,
    canonical: &mut ScimPath,
    attribute: &Attribute,
    subs: &[Sub],
) -> Result<(ValueType, bool), String> {
    let sub = subs.iter().find(|sub| sub.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<_> = subs.iter().map(|sub| sub.name).collect();
        format!("'{}' has no part '{name}'; it has {}", attribute.name, names.join(", "))
    })?;
    canonical.sub = Some(sub.name.to_owned());
    Ok((sub.value_type, sub.writable))
}

fn bare(path: &ScimPath, attribute: &Attribute) -> String {
    match &path.extension {
        Some(_) => format!("{ENTERPRISE}:{}", attribute.name),
        None => attribute.name.to_owned(),
    }
}

//! What a target says of itself at `/Schemas` and `/ResourceTypes` (RFC 7643 §6, §7), read with tolerance.
//!
//! In: the JSON of an answer. Out: its resources, and the schemas and types among them; or a sentence that says why it
//! is none. Promises: pure; what is no schema or no attribute is passed over and counted; so much is kept and no more,
//! whoever answers.

use engine::mapping::ValueType;
use engine::schema::spelling::Mutability;
use serde_json::Value as Json;

use super::{Object, answer, field, flag};

/// 32 parts of one attribute, and kinds of one list: RFC 7643 has 8 and 6 at the most.
const MOST_PARTS: usize = 32;

/// 64 extensions of one type: identity services that sell everything in one have some thirty.
const MOST_EXTENSIONS: usize = 64;

/// 256 bytes of a name, a URN or a usual value: the longest URNs in use have 90.
const LONGEST_TEXT: usize = 256;

/// How many attributes and parts may still be read.
///
/// It begins at 10,000: the widest apps have some three hundred attributes, each of a few parts.
#[derive(Debug)]
pub(in crate::scim) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(10_000)
    }
}

impl Room {
    fn take(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(1)?;
        Some(())
    }
}

/// A schema, as far as it is used.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scim) struct Schema {
    /// Its URN.
    pub(in crate::scim) id: String,
    /// Its attributes.
    pub(in crate::scim) attributes: Vec<Described>,
    /// Attributes that cannot be read, or for which there is no room.
    pub(in crate::scim) left_out: usize,
}

/// An attribute, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scim) struct Described {
    /// Its name.
    pub(in crate::scim) name: String,
    /// Its type.
    pub(in crate::scim) value_type: ValueType,
    /// Whether it holds several values.
    pub(in crate::scim) multivalued: bool,
    /// Whether a resource cannot do without it.
    pub(in crate::scim) required: bool,
    /// Who may write it.
    pub(in crate::scim) mutability: Mutability,
    /// The values that are usual for it.
    pub(in crate::scim) canonical: Vec<String>,
    /// Its parts.
    pub(in crate::scim) parts: Vec<Self>,
}

/// A type of resource: which schemas it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scim) struct ResourceType {
    /// The last part of its address: `Users`.
    pub(in crate::scim) endpoint: String,
    /// The schema whose attributes stand without its name.
    pub(in crate::scim) schema: String,
    /// The schemas whose attributes stand with it.
    pub(in crate::scim) extensions: Vec<String>,
}

/// The resources of an answer, and how many there are in all when it says. Both addresses answer with a list; some
/// servers with a bare array, and some that have one schema alone with the schema itself.
///
/// # Errors
/// A sentence, when there is nothing of the kind.
pub(in crate::scim) fn resources(body: &Json) -> Result<(Vec<&Object>, Option<u64>), String> {
    if let Json::Array(all) = body {
        return Ok((all.iter().filter_map(Json::as_object).collect(), None));
    }
    let object = body.as_object().ok_or("it is neither a JSON object nor a list")?;
    if field(object, "Resources").is_none() && field(object, "id").is_some() {
        return Ok((vec![object], None));
    }
    let total = answer::list(body)?.total;
    let listed = field(object, "Resources").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok((listed.iter().filter_map(Json::as_object).collect(), total))
}

/// The name of a schema.
pub(in crate::scim) fn id(resource: &Object) -> Option<String> {
    text(resource, "id")
}

/// A schema; `None` when it has no name.
pub(in crate::scim) fn schema(resource: &Object, room: &mut Room) -> Option<Schema> {
    let given = list(resource, "attributes");
    let attributes: Vec<_> = given.iter().filter_map(|one| described(one, true, room)).collect();
    let left_out = given.len().saturating_sub(attributes.len());
    Some(Schema { id: id(resource)?, attributes, left_out })
}

/// An attribute, or a part of one, which has no parts of its own (RFC 7643 §2.3.8).
fn described(json: &Json, has_parts: bool, room: &mut Room) -> Option<Described> {
    let object = json.as_object()?;
    let name = text(object, "name")?;
    room.take()?;
    let said = |name| field(object, name).and_then(flag).unwrap_or(false);
    let parts = list(object, "subAttributes").iter().filter(|_| has_parts).take(MOST_PARTS);
    let canonical = list(object, "canonicalValues").iter().filter_map(Json::as_str);
    Some(Described {
        name,
        value_type: value_type(object),
        multivalued: said("multiValued"),
        required: said("required"),
        mutability: mutability(object),
        canonical: canonical.filter(is_sound).take(MOST_PARTS).map(str::to_owned).collect(),
        parts: parts.filter_map(|part| described(part, false, room)).collect(),
    })
}

/// The type (RFC 7643 §2.3). Decimals have no counterpart, and are written as text; so is a reference to something that is
/// neither a user nor a group: it is a URI.
fn value_type(object: &Object) -> ValueType {
    let refers = || {
        let types = list(object, "referenceTypes").iter().filter_map(Json::as_str);
        types.into_iter().any(|one| ["User", "Group"].iter().any(|known| known.eq_ignore_ascii_case(one)))
    };
    match text(object, "type").unwrap_or_default().to_ascii_lowercase().as_str() {
        "boolean" => ValueType::Boolean,
        "integer" => ValueType::Integer,
        "datetime" => ValueType::DateTime,
        "binary" => ValueType::Binary,
        "complex" => ValueType::Complex,
        "reference" if refers() => ValueType::Reference,
        _ => ValueType::Text,
    }
}

/// What it is when nothing, or nothing that is known, is said: readWrite (RFC 7643 §2.2).
fn mutability(object: &Object) -> Mutability {
    match text(object, "mutability").unwrap_or_default().parse() {
        Ok(Mutability::Other(_)) => Mutability::ReadWrite,
        Ok(known) => known,
        Err(never) => match never {},
    }
}

/// A type of resource; `None` when it does not say where it is or what it is made of. Addresses may be whole URLs.
pub(in crate::scim) fn resource_type(resource: &Object) -> Option<ResourceType> {
    let endpoint = text(resource, "endpoint")?;
    let extensions =
        list(resource, "schemaExtensions").iter().take(MOST_EXTENSIONS).filter_map(|one| match one {
            Json::String(urn) => Some(urn.clone()),
            other => text(other.as_object()?, "schema"),
        });
    Some(ResourceType {
        endpoint: endpoint.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(),
        schema: text(resource, "schema")?,
        extensions: extensions.collect(),
    })
}

fn text(object: &Object, name: &str) -> Option<String> {
    field(object, name).and_then(Json::as_str).filter(is_sound).map(str::to_owned)
}

fn is_sound(text: &&str) -> bool {
    (1..=LONGEST_TEXT).contains(&text.len())
}

fn list<'a>(object: &'a Object, name: &str) -> &'a [Json] {
    field(object, name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

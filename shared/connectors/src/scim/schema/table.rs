//! The attributes of RFC 7643 as data.
//!
//! In: nothing. Out: one table for each schema. Promise: names are spelled as the RFC spells them.

use engine::mapping::ValueType;

/// One attribute of the table.
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) mutability: Mutability,
}

/// Who may write and read an attribute (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutability {
    /// Clients do both.
    ReadWrite,
    /// The target fills it.
    ReadOnly,
    /// Clients write it, and nobody reads it back.
    WriteOnly,
}

/// How an attribute's value is built.
pub(super) enum Shape {
    /// One value.
    Simple(ValueType),
    /// One object.
    Complex(&'static [Sub]),
    /// A list of objects, which are known by their first part; the second is the `type` that examples show.
    Many(&'static [Sub], &'static str),
}

/// A sub-attribute.
pub(in crate::scim) struct Sub {
    pub(in crate::scim) name: &'static str,
    pub(in crate::scim) value_type: ValueType,
    pub(super) writable: bool,
}

const fn writable(name: &'static str, shape: Shape) -> Attribute {
    Attribute { name, shape, mutability: Mutability::ReadWrite }
}

const fn text(name: &'static str) -> Attribute {
    writable(name, Shape::Simple(ValueType::Text))
}

const fn filled_by_target(name: &'static str, shape: Shape) -> Attribute {
    Attribute { name, shape, mutability: Mutability::ReadOnly }
}

const fn complex(name: &'static str, subs: &'static [Sub]) -> Attribute {
    writable(name, Shape::Complex(subs))
}

const fn many(name: &'static str, subs: &'static [Sub], example: &'static str) -> Attribute {
    writable(name, Shape::Many(subs, example))
}

const fn sub(name: &'static str) -> Sub {
    typed(name, ValueType::Text)
}

const fn typed(name: &'static str, value_type: ValueType) -> Sub {
    Sub { name, value_type, writable: true }
}

const PRIMARY: Sub = typed("primary", ValueType::Boolean);

/// The default sub-attributes of a multi-valued attribute (RFC 7643 §2.4).
const PLURAL: &[Sub] = &[sub("value"), sub("display"), sub("type"), PRIMARY];

const NAME: &[Sub] = &[
    sub("formatted"),
    sub("familyName"),
    sub("givenName"),
    sub("middleName"),
    sub("honorificPrefix"),
    sub("honorificSuffix"),
];

const ADDRESS: &[Sub] = &[
    sub("formatted"),
    sub("streetAddress"),
    sub("locality"),
    sub("region"),
    sub("postalCode"),
    sub("country"),
    sub("type"),
    PRIMARY,
];

/// The value is the DER certificate in base64.
const CERTIFICATE: &[Sub] = &[typed("value", ValueType::Binary), sub("display"), sub("type"), PRIMARY];

const META: &[Sub] = &[
    sub("resourceType"),
    typed("created", ValueType::DateTime),
    typed("lastModified", ValueType::DateTime),
    sub("location"),
    sub("version"),
];

const MANAGER: &[Sub] = &[
    typed("value", ValueType::Reference),
    sub("$ref"),
    Sub { name: "displayName", value_type: ValueType::Text, writable: false },
];

pub(super) static CORE_ATTRIBUTES: &[Attribute] = &[
    filled_by_target("id", Shape::Simple(ValueType::Text)),
    text("externalId"),
    filled_by_target("meta", Shape::Complex(META)),
    text("userName"),
    complex("name", NAME),
    text("displayName"),
    text("nickName"),
    text("profileUrl"),
    text("title"),
    text("userType"),
    text("preferredLanguage"),
    text("locale"),
    text("timezone"),
    writable("active", Shape::Simple(ValueType::Boolean)),
    Attribute { name: "password", shape: Shape::Simple(ValueType::Text), mutability: Mutability::WriteOnly },
    many("emails", PLURAL, "work"),
    many("phoneNumbers", PLURAL, "mobile"),
    many("ims", PLURAL, "xmpp"),
    many("photos", PLURAL, "photo"),
    many("addresses", ADDRESS, "work"),
    filled_by_target("groups", Shape::Many(PLURAL, "direct")),
    many("entitlements", PLURAL, "licence"),
    many("roles", PLURAL, "app"),
    many("x509Certificates", CERTIFICATE, "work"),
];

pub(super) static ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber"),
    text("costCenter"),
    text("organization"),
    text("division"),
    text("department"),
    complex("manager", MANAGER),
];

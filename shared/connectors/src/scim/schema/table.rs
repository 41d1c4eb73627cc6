//! The attributes of RFC 7643 as data.
//!
//! In: nothing. Out: one table for each schema. Promise: names are spelled as the RFC spells them.

use engine::mapping::ValueType;

/// One attribute of the table.
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) writable: bool,
}

/// How an attribute's value is built.
pub(super) enum Shape {
    /// One value.
    Simple(ValueType),
    /// One object.
    Complex(&'static [Sub]),
    /// A list of objects; the second is the `type` that examples show.
    Many(&'static [Sub], &'static str),
}

/// A sub-attribute.
pub(super) struct Sub {
    pub(super) name: &'static str,
    pub(super) value_type: ValueType,
    pub(super) writable: bool,
}

const fn text(name: &'static str) -> Attribute {
    Attribute { name, shape: Shape::Simple(ValueType::Text), writable: true }
}

const fn filled_by_target(name: &'static str, shape: Shape) -> Attribute {
    Attribute { name, shape, writable: false }
}

const fn complex(name: &'static str, subs: &'static [Sub]) -> Attribute {
    Attribute { name, shape: Shape::Complex(subs), writable: true }
}

const fn many(name: &'static str, subs: &'static [Sub], example: &'static str) -> Attribute {
    Attribute { name, shape: Shape::Many(subs, example), writable: true }
}

const fn sub(name: &'static str) -> Sub {
    Sub { name, value_type: ValueType::Text, writable: true }
}

const PRIMARY: Sub = Sub { name: "primary", value_type: ValueType::Boolean, writable: true };

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

const META: &[Sub] =
    &[sub("resourceType"), sub("created"), sub("lastModified"), sub("location"), sub("version")];

const MANAGER: &[Sub] =
    &[sub("value"), sub("$ref"), Sub { name: "displayName", value_type: ValueType::Text, writable: false }];

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
    Attribute { name: "active", shape: Shape::Simple(ValueType::Boolean), writable: true },
    many("emails", PLURAL, "work"),
    many("phoneNumbers", PLURAL, "mobile"),
    many("ims", PLURAL, "xmpp"),
    many("photos", PLURAL, "photo"),
    many("addresses", ADDRESS, "work"),
    filled_by_target("groups", Shape::Many(PLURAL, "direct")),
    many("entitlements", PLURAL, "licence"),
    many("roles", PLURAL, "app"),
    many("x509Certificates", PLURAL, "work"),
];

pub(super) static ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber"),
    text("costCenter"),
    text("organization"),
    text("division"),
    text("department"),
    complex("manager", MANAGER),
];

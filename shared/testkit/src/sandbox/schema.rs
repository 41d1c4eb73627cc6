//! The schemas the sandbox knows: User, EnterpriseUser and Group (RFC 7643 sections 4.1 to 4.3).
//!
//! In: an attribute's name or path. Out: its definition, which says how to compare, check and change it, and
//! from which `/Schemas` is written. Promise: names compare without regard to case (RFC 7643 section 2.1), and
//! an attribute that is not listed here is "unknown", which the sandbox keeps rather than refuses.

use super::path::AttributePath;

/// The core User schema.
pub(crate) const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema.
pub(crate) const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of the User schema.
pub(crate) const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a value may be (RFC 7643 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Boolean,
    DateTime,
    Binary,
    Reference,
    Complex,
}

/// Who may change an attribute, and when (RFC 7643 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
    WriteOnly,
}

/// One attribute's definition (RFC 7643 section 7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) kind: Type,
    pub(crate) multi_valued: bool,
    pub(crate) required: bool,
    pub(crate) case_exact: bool,
    pub(crate) unique: bool,
    pub(crate) mutability: Mutability,
    pub(crate) canonical_values: &'static [&'static str],
    pub(crate) reference_types: &'static [&'static str],
    pub(crate) sub_attributes: &'static [Attribute],
}

impl Attribute {
    const fn new(name: &'static str, kind: Type, description: &'static str) -> Self {
        Self {
            name,
            description,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            unique: false,
            mutability: Mutability::ReadWrite,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
        }
    }
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    const fn case_exact(self) -> Self {
        Self { case_exact: true, ..self }
    }
    const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
    const fn mutability(self, mutability: Mutability) -> Self {
        Self { mutability, ..self }
    }
    const fn one_of(self, canonical_values: &'static [&'static str]) -> Self {
        Self { canonical_values, ..self }
    }
    const fn many(self) -> Self {
        Self { multi_valued: true, ..self }
    }
}

const fn text(name: &'static str, description: &'static str) -> Attribute {
    Attribute::new(name, Type::Text, description)
}
const fn flag(name: &'static str, description: &'static str) -> Attribute {
    Attribute::new(name, Type::Boolean, description)
}
const fn time(name: &'static str, description: &'static str) -> Attribute {
    Attribute::new(name, Type::DateTime, description).mutability(Mutability::ReadOnly)
}
const fn link(name: &'static str, types: &'static [&'static str], description: &'static str) -> Attribute {
    let attribute = Attribute::new(name, Type::Reference, description).case_exact();
    Attribute { reference_types: types, ..attribute }
}
const fn complex(
    name: &'static str,
    description: &'static str,
    sub_attributes: &'static [Attribute],
) -> Attribute {
    Attribute { sub_attributes, ..Attribute::new(name, Type::Complex, description) }
}

const VALUE: Attribute = text("value", "The value itself.");
const DISPLAY: Attribute = text("display", "The value in a form for people.");
const TYPE: Attribute = text("type", "A label for what the value is for.");
const PRIMARY: Attribute = flag("primary", "Whether this is the preferred value; true at most once.");

const LABELLED: &[Attribute] = &[VALUE, DISPLAY, TYPE, PRIMARY];
const NAME: &[Attribute] = &[
    text("formatted", "The full name, ready to show."),
    text("familyName", "The family name."),
    text("givenName", "The given name."),
    text("middleName", "The middle names."),
    text("honorificPrefix", "A title before the name."),
    text("honorificSuffix", "A suffix after the name."),
];
const EMAILS: &[Attribute] = &[VALUE, DISPLAY, TYPE.one_of(&["work", "home", "other"]), PRIMARY];
const PHONES: &[Attribute] =
    &[VALUE, DISPLAY, TYPE.one_of(&["work", "home", "mobile", "fax", "pager", "other"]), PRIMARY];
const PHOTOS: &[Attribute] = &[
    link("value", &["external"], "Where the picture is."),
    DISPLAY,
    TYPE.one_of(&["photo", "thumbnail"]),
    PRIMARY,
];
const ADDRESSES: &[Attribute] = &[
    text("formatted", "The full address, ready to show."),
    text("streetAddress", "Street and number."),
    text("locality", "City."),
    text("region", "State or region."),
    text("postalCode", "Postal code."),
    text("country", "Country, ISO 3166-1 alpha-2."),
    TYPE.one_of(&["work", "home", "other"]),
    PRIMARY,
];
const CERTIFICATES: &[Attribute] = &[
    Attribute::new("value", Type::Binary, "The DER certificate, in base64.").case_exact(),
    DISPLAY,
    TYPE,
    PRIMARY,
];

/// Attributes of the core User schema (RFC 7643 section 4.1). `groups` is left out: it is optional and read-only.
pub(crate) const USER: &[Attribute] = &[
    text("userName", "The name the person signs in with.").required().unique(),
    complex("name", "The parts of the person's name.", NAME),
    text("displayName", "The name to show."),
    text("nickName", "What the person is called."),
    link("profileUrl", &["external"], "The person's page."),
    text("title", "The job title."),
    text("userType", "The relation to the organization, such as Employee."),
    text("preferredLanguage", "The language the person reads, as in Accept-Language."),
    text("locale", "How dates and numbers are written, such as en-US."),
    text("timezone", "The time zone, as in the IANA database."),
    flag("active", "Whether the person may sign in."),
    text("password", "The password; accepted and never kept.").case_exact().mutability(Mutability::WriteOnly),
    complex("emails", "E-mail addresses.", EMAILS).many(),
    complex("phoneNumbers", "Telephone numbers.", PHONES).many(),
    complex("ims", "Instant-messaging addresses.", LABELLED).many(),
    complex("photos", "Pictures.", PHOTOS).many(),
    complex("addresses", "Postal addresses.", ADDRESSES).many(),
    complex("entitlements", "Things the person may have.", LABELLED).many(),
    complex("roles", "Roles the person has.", LABELLED).many(),
    complex("x509Certificates", "Certificates of the person.", CERTIFICATES).many(),
];

const MANAGER: &[Attribute] = &[
    text("value", "The manager's id.").case_exact(),
    link("$ref", &["User"], "The manager's address on this server."),
    text("displayName", "The manager's name.").mutability(Mutability::ReadOnly),
];

/// Attributes of the enterprise extension (RFC 7643 section 4.3).
pub(crate) const ENTERPRISE: &[Attribute] = &[
    text("employeeNumber", "The number the organization gave the person."),
    text("costCenter", "The cost center."),
    text("organization", "The organization."),
    text("division", "The division."),
    text("department", "The department."),
    complex("manager", "The person's manager.", MANAGER),
];

const MEMBERS: &[Attribute] = &[
    text("value", "The member's id.").case_exact().mutability(Mutability::Immutable),
    link("$ref", &["User", "Group"], "The member's address on this server.")
        .mutability(Mutability::Immutable),
    text("type", "User or Group.").one_of(&["User", "Group"]).mutability(Mutability::Immutable),
    text("display", "The member's name.").mutability(Mutability::Immutable),
];

/// Attributes of the Group schema (RFC 7643 section 4.2).
pub(crate) const GROUP: &[Attribute] = &[
    text("displayName", "The group's name.").required(),
    complex("members", "Who is in the group.", MEMBERS).many(),
];

/// Attributes of every resource (RFC 7643 section 3.1); `/Schemas` does not list them.
pub(crate) const COMMON: &[Attribute] = &[
    text("id", "The server's identifier.").case_exact().mutability(Mutability::ReadOnly),
    text("externalId", "The client's identifier.").case_exact(),
    link("schemas", &["uri"], "The schemas of the resource.").many().mutability(Mutability::ReadOnly),
    complex(
        "meta",
        "What the server says about the resource.",
        &[
            text("resourceType", "The type's name.").case_exact(),
            time("created", "When the resource was created."),
            time("lastModified", "When the resource was last changed."),
            link("location", &["uri"], "The resource's address."),
            text("version", "The entity tag.").case_exact(),
        ],
    )
    .mutability(Mutability::ReadOnly),
];

/// The kinds of resource the sandbox serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceType {
    User,
    Group,
}

impl ResourceType {
    /// The type served at an endpoint such as `Users`.
    pub(crate) fn at_endpoint(endpoint: &str) -> Option<Self> {
        match endpoint {
            "Users" => Some(Self::User),
            "Groups" => Some(Self::Group),
            _ => None,
        }
    }

    /// `Users` or `Groups`.
    pub(crate) const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// `User` or `Group`, as in `meta.resourceType`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The core schema's URN.
    pub(crate) const fn urn(self) -> &'static str {
        match self {
            Self::User => USER_URN,
            Self::Group => GROUP_URN,
        }
    }

    /// The attribute by which people know the resource; it is required.
    pub(crate) const fn naming_attribute(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "displayName",
        }
    }

    /// The core schema's attributes.
    pub(crate) const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// The attribute a path starts at, before its sub-attribute.
    pub(crate) fn attribute(self, path: &AttributePath) -> Option<&'static Attribute> {
        match &path.schema {
            Some(urn) => find(extension(urn)?, &path.name),
            None => find(self.attributes(), &path.name).or_else(|| find(COMMON, &path.name)),
        }
    }
}

/// The attributes of a known extension schema.
pub(crate) fn extension(urn: &str) -> Option<&'static [Attribute]> {
    urn.eq_ignore_ascii_case(ENTERPRISE_URN).then_some(ENTERPRISE)
}

/// The definition with this name.
pub(crate) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

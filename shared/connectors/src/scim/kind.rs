//! Users and groups: what differs between them on the wire.
//!
//! In: which of the two. Out: addresses, names, schemas. Pure. Promise: nothing is read of a group with its members
//! unless they are asked for, since a large group takes a megabyte.

use engine::model::{ObjectType, TargetId};

use super::convert::filter;
use super::path::CORE_USER;

/// The schema of groups (RFC 7643 §4.2).
pub(crate) const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The collection (RFC 7644 §3.2).
pub(super) fn collection(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::User => "/Users",
        ObjectType::Group => "/Groups",
    }
}

/// The address of one account or group; ids are opaque, and may hold a slash.
pub(super) fn address(kind: ObjectType, id: &TargetId) -> String {
    format!("{}/{}", collection(kind), filter::percent_encoded(id.as_str()))
}

/// The schema that the resource is an instance of.
pub(super) fn core_schema(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::User => CORE_USER,
        ObjectType::Group => CORE_GROUP,
    }
}

/// The attribute that every one of them has.
pub(super) fn naming_attribute(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::User => "userName",
        ObjectType::Group => "displayName",
    }
}

/// What a query says so that groups come without their members (RFC 7644 §3.9).
pub(super) fn without_members(kind: ObjectType) -> Option<&'static str> {
    match kind {
        ObjectType::User => None,
        ObjectType::Group => Some("excludedAttributes=members"),
    }
}

/// What errors call one of them.
pub(super) fn noun(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::User => "account",
        ObjectType::Group => "group",
    }
}

/// The same with its article.
pub(super) fn one(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::User => "an account",
        ObjectType::Group => "a group",
    }
}

//! Attribute paths: `userName`, `name.familyName`, `urn:…:enterprise:2.0:User:manager.value`
//! (RFC 7644 section 3.10).
//!
//! In: the text of a path. Out: its schema, attribute and sub-attribute, and a way to find a member of a JSON
//! object by a name whose case does not matter. Promise: printing a path and reading it again gives the same path.

use std::fmt;

use serde_json::{Map, Value};

use super::schema::{GROUP_URN, USER_URN};

/// Where in a resource an attribute is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributePath {
    /// The extension's URN; none for attributes of the core schemas, whether or not they were written with one.
    pub(crate) schema: Option<String>,
    /// The attribute's name; empty when the path is a bare URN and means everything under it.
    pub(crate) name: String,
    /// The sub-attribute's name.
    pub(crate) sub: Option<String>,
}

impl AttributePath {
    /// Reads a path. None when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (schema, rest) = split_urn(text);
        if rest.is_empty() {
            return schema.map(|urn| Self { schema: extension_only(urn), name: String::new(), sub: None });
        }
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        let valid = is_name(name) && sub.is_none_or(is_name);
        valid.then(|| Self {
            schema: schema.and_then(extension_only),
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.schema.is_some() && !self.name.is_empty() { ":" } else { "" };
        write!(f, "{}{colon}{}", self.schema.as_deref().unwrap_or_default(), self.name)?;
        self.sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

/// The core schemas are where a path without a URN looks anyway.
fn extension_only(urn: &str) -> Option<String> {
    let core = urn.eq_ignore_ascii_case(USER_URN) || urn.eq_ignore_ascii_case(GROUP_URN);
    (!core).then(|| urn.to_owned())
}

/// Splits at the last colon, unless what follows it still belongs to the URN: a version such as `2.0`, or the
/// type's name that comes after the version.
fn split_urn(text: &str) -> (Option<&str>, &str) {
    if !is_urn(text) {
        return (None, text);
    }
    match text.rsplit_once(':') {
        Some((urn, rest)) if !starts_with_digit(rest) && !ends_with_version(urn) => (Some(urn), rest),
        _ => (Some(text), ""),
    }
}

/// Whether a name is a URN, as the names of extensions are.
pub(crate) fn is_urn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn ends_with_version(urn: &str) -> bool {
    urn.rsplit(':').next().is_some_and(|segment| starts_with_digit(segment) && segment.contains('.'))
}

/// `ATTRNAME` of RFC 7643 section 2.1, and `$ref`.
fn is_name(text: &str) -> bool {
    let bare = text.strip_prefix('$').unwrap_or(text);
    bare.starts_with(|c: char| c.is_ascii_alphabetic())
        && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The spelling under which an object holds a name.
pub(crate) fn key_of(object: &Map<String, Value>, name: &str) -> Option<String> {
    if object.contains_key(name) {
        return Some(name.to_owned());
    }
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()
}

/// The member of an object with this name, whatever its case.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_splits_into_schema_attribute_and_sub_attribute() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let cases = [
            ("userName".to_owned(), (None, "userName", None)),
            ("name.familyName".to_owned(), (None, "name", Some("familyName"))),
            ("members.$ref".to_owned(), (None, "members", Some("$ref"))),
            (enterprise.to_owned(), (Some(enterprise), "", None)),
            (format!("{enterprise}:manager.value"), (Some(enterprise), "manager", Some("value"))),
            (format!("{USER_URN}:userName"), (None, "userName", None)),
            (USER_URN.to_owned(), (None, "", None)),
            ("urn:example:2.0".to_owned(), (Some("urn:example:2.0"), "", None)),
        ];
        for (text, (schema, name, sub)) in cases {
            let path = AttributePath::parse(&text).unwrap_or_else(|| panic!("{text} is a path"));
            assert_eq!(
                (path.schema.as_deref(), path.name.as_str(), path.sub.as_deref()),
                (schema, name, sub)
            );
        }
    }

    #[test]
    fn what_is_no_name_is_no_path() {
        for text in ["", ".", "a.", ".a", "a.b.c", "1a", "a b", "a[", "$"] {
            assert_eq!(AttributePath::parse(text), None, "{text:?}");
        }
    }
}

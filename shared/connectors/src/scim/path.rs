//! Attribute paths: which value of a user is meant.
//!
//! In: a path as the administrator writes it in a mapping. Out: a [`ScimPath`], or a sentence that says how to
//! write it. Promise: what is printed parses to the same path again, and printing is the one canonical
//! spelling.
//!
//! | Path | Means |
//! |---|---|
//! | `userName` | an attribute |
//! | `name.givenName` | a sub-attribute of a complex one |
//! | `roles` | a list as a whole, where the attribute holds several values |
//! | `emails[type eq "work"].value` | a sub-attribute of the element of a list that the filter selects |
//! | `roles[primary eq true].value` | the same; Entra writes `"True"`, which is understood |
//! | `urn:…:enterprise:2.0:User:department` | an attribute of an extension (RFC 7644 §3.10) |
//!
//! Of the grammar for PATCH paths (RFC 7644 §3.5.2, figure 7) this is the part that mappings need: a filter
//! selects by one comparison with `eq`.

use std::fmt;
use std::str::FromStr;

/// The schema whose attributes are written without its name in front (RFC 7643 §4.1).
pub(super) const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A parsed path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScimPath {
    /// The extension's URN; `None` for the core schema.
    pub(super) extension: Option<String>,
    /// The attribute.
    pub(super) attribute: String,
    /// Which element of a multi-valued attribute.
    pub(super) selector: Option<Selector>,
    /// The sub-attribute.
    pub(super) sub: Option<String>,
}

/// The filter inside a path: one comparison.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Selector {
    /// The sub-attribute that is compared, mostly `type`.
    pub(super) attribute: String,
    /// What it is compared with.
    pub(super) value: Literal,
}

/// The right side of a selector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Literal {
    /// A quoted string.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
}

/// A path that cannot be read; `Display` says what is wrong and how to write it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{path}' is not an attribute path: {problem}")]
pub struct PathError {
    path: String,
    problem: String,
}

impl FromStr for ScimPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        parse(text).map_err(|problem| PathError { path: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<ScimPath, String> {
    // What stands in brackets is cut out first: it may contain colons and dots of its own.
    let (head, selector, tail) = match text.split_once('[') {
        Some((head, rest)) => {
            let (inside, tail) = rest
                .rsplit_once(']')
                .ok_or("the bracket is not closed; write emails[type eq \"work\"].value")?;
            (head, Some(selector(inside)?), tail)
        }
        None => (text, None, ""),
    };
    let (extension, names) = split_urn(head)?;
    let (attribute, sub) = match (&selector, names.split_once('.')) {
        (None, Some((attribute, sub))) => (attribute, Some(sub)),
        (None, None) => (names, None),
        (Some(_), _) if tail.is_empty() => (names, None),
        (Some(_), _) => {
            let sub = tail.strip_prefix('.').ok_or("after the bracket comes a dot and a sub-attribute")?;
            (names, Some(sub))
        }
    };
    Ok(ScimPath {
        extension: extension.filter(|urn| !urn.eq_ignore_ascii_case(CORE_USER)).map(str::to_owned),
        attribute: name(attribute)?,
        selector,
        sub: sub.map(name).transpose()?,
    })
}

/// Cuts `urn:…:2.0:User:` off. A URN contains dots, so this comes before any split at a dot.
fn split_urn(head: &str) -> Result<(Option<&str>, &str), String> {
    if !head.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        return Ok((None, head));
    }
    let Some((urn, names)) = head.rsplit_once(':').filter(|(urn, _)| urn.contains(':')) else {
        return Err("it begins like a URN, but names no attribute".into());
    };
    let before = urn.rsplit(':').next().unwrap_or_default();
    if is_version(before) || is_version(names) {
        return Err(format!("it names a whole extension; add the attribute: {head}:department"));
    }
    Ok((Some(urn), names))
}

/// Whether a segment of a URN is a version, such as `2.0`.
fn is_version(segment: &str) -> bool {
    segment.split_once('.').is_some_and(|(major, minor)| {
        [major, minor].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// RFC 7643 §2.1: a letter, then letters, digits, `-` and `_`; and `$ref`.
fn name(text: &str) -> Result<String, String> {
    let mut characters = text.chars();
    let sound = characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if sound || text == "$ref" {
        Ok(text.to_owned())
    } else if text.is_empty() {
        Err("an attribute name is missing".into())
    } else {
        Err(format!("'{text}' is not an attribute name, which has letters, digits, '-' and '_'"))
    }
}

fn selector(inside: &str) -> Result<Selector, String> {
    let wanted = || "in the brackets one comparison is understood, such as type eq \"work\"".to_owned();
    let (attribute, rest) = inside.trim().split_once(' ').ok_or_else(wanted)?;
    let (operator, literal) = rest.trim_start().split_once(' ').ok_or_else(wanted)?;
    if !operator.eq_ignore_ascii_case("eq") {
        return Err(wanted());
    }
    let attribute = name(attribute)?;
    let value = match serde_json::from_str(literal.trim()) {
        Ok(serde_json::Value::String(text)) => text_or_flag(&attribute, text),
        Ok(serde_json::Value::Bool(flag)) => Literal::Boolean(flag),
        _ => return Err("what is compared with must be in double quotes: type eq \"work\"".into()),
    };
    Ok(Selector { attribute, value })
}

/// Entra writes `primary eq "True"`, where RFC 7644 has a Boolean.
fn text_or_flag(attribute: &str, text: String) -> Literal {
    let primary = attribute.eq_ignore_ascii_case("primary");
    match text.to_ascii_lowercase().as_str() {
        "true" if primary => Literal::Boolean(true),
        "false" if primary => Literal::Boolean(false),
        _ => Literal::Text(text),
    }
}

impl ScimPath {
    /// The attribute with its extension in front, as a PATCH names it.
    pub(super) fn attribute_path(&self) -> String {
        match &self.extension {
            Some(urn) => format!("{urn}:{}", self.attribute),
            None => self.attribute.clone(),
        }
    }

    /// The element that it is in: without the sub-attribute.
    pub(super) fn element_path(&self) -> Self {
        Self { sub: None, ..self.clone() }
    }

    /// Whether it is in this attribute of the core schema.
    pub(super) fn is_core(&self, attribute: &str) -> bool {
        self.extension.is_none() && self.attribute.eq_ignore_ascii_case(attribute)
    }

    /// Whether it names an attribute and nothing in it.
    pub(super) fn is_bare(&self) -> bool {
        self.selector.is_none() && self.sub.is_none()
    }

    /// Whether a text is the canonical spelling, or Entra's of a Boolean.
    pub(super) fn is_spelled(&self, text: &str) -> bool {
        text == self.to_string() || self.in_entras_spelling().is_some_and(|entras| text == entras)
    }

    fn in_entras_spelling(&self) -> Option<String> {
        let Selector { attribute, value: Literal::Boolean(flag) } = self.selector.as_ref()? else {
            return None;
        };
        let value = Literal::Text(if *flag { "True" } else { "False" }.to_owned());
        let selector = Some(Selector { attribute: attribute.clone(), value });
        Some(Self { selector, ..self.clone() }.to_string())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A JSON string: quotes, backslashes and control characters are escaped (RFC 7644 §3.4.2.2).
            Self::Text(text) => serde_json::Value::from(text.as_str()).fmt(f),
            Self::Boolean(flag) => flag.fmt(f),
        }
    }
}

impl fmt::Display for ScimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attribute_path())?;
        if let Some(Selector { attribute, value }) = &self.selector {
            write!(f, "[{attribute} eq {value}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

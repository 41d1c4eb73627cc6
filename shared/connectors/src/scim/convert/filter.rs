//! Queries: finding the accounts whose attribute has a value (RFC 7644 §3.4.2.2).
//!
//! In: a path and a value. Out: the text of a filter, its spelling in a URL, and afterwards the exact check of
//! what the target returned, because many compare more loosely than they should. Promise: whatever the value
//! contains, the target reads that value.

use engine::model::Value;
use serde_json::Value as Json;

use super::{Object, read};
use crate::scim::path::ScimPath;
use crate::scim::schema;

/// Whether a resource really has the value that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scim) enum Verdict {
    /// It has.
    Same,
    /// It has another one.
    Different,
    /// The answer does not show the attribute: lists of some servers leave extensions out.
    NotShown,
}

/// The text of the filter. A selected element is asked for with the value inside the brackets; `[…].value eq`
/// is not in the grammar.
///
/// # Errors
/// A sentence, when the value cannot be compared with `eq`.
pub(in crate::scim) fn text(path: &ScimPath, value: &Value) -> Result<String, String> {
    let literal = match value {
        Value::List(_) => return Err(format!("'{path}' has several values here; match by a single one")),
        Value::Secret(_) | Value::Complex(_) => {
            return Err(format!("'{path}' has a hidden value or one with parts here; match by a plain one"));
        }
        Value::Boolean(flag) => Json::from(*flag),
        Value::Integer(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
    };
    let attribute = path.attribute_path();
    Ok(match (&path.selector, &path.sub) {
        (Some(selector), sub) => {
            let sub = sub.as_deref().unwrap_or("value");
            format!("{attribute}[{} eq {} and {sub} eq {literal}]", selector.attribute, selector.value)
        }
        (None, Some(sub)) => format!("{attribute}.{sub} eq {literal}"),
        (None, None) if schema::is_manager(path) => format!("{attribute}.value eq {literal}"),
        (None, None) => format!("{attribute} eq {literal}"),
    })
}

/// Compares as the schema does: without regard to case, unless the attribute is `caseExact`.
pub(in crate::scim) fn judge(resource: &Object, path: &ScimPath, wanted: &Value) -> Verdict {
    let held = read::values(resource, path);
    if held.is_empty() {
        return Verdict::NotShown;
    }
    if held.iter().any(|held| same(held, wanted, schema::is_case_exact(path))) {
        Verdict::Same
    } else {
        Verdict::Different
    }
}

/// A number in a custom extension is a number to some servers and text to others: it is compared as text.
fn same(held: &Value, wanted: &Value, case_exact: bool) -> bool {
    let (held, wanted) = (held.to_string(), wanted.to_string());
    if case_exact { held == wanted } else { held.to_lowercase() == wanted.to_lowercase() }
}

/// Percent-encodes all but RFC 3986's unreserved characters. A form's encoding will not do: it writes a space as
/// `+`, which many servers then look for.
pub(in crate::scim) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

//! What changed in a document: field by field, old and new.
//!
//! Documents hold references to secrets, never secrets, so that every value may be shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where: `users.attributes[title].source`.
    pub field: String,
    /// What was there; absent when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What is there now; absent when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// The fields in which two documents differ. Empty for two that differ in the order of their attributes alone.
#[must_use]
pub fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(old), Some(new), &mut found);
    found
}

/// Whether the differences change nothing for people: only when cycles run, and who is told.
#[must_use]
pub fn concern_nobody(old: &Value, new: &Value) -> bool {
    let matters = |document: &Value| {
        let mut document = document.clone();
        if let Value::Object(fields) = &mut document {
            fields.retain(|name, _| !["schedule", "notification"].contains(&name.as_str()));
        }
        document
    };
    matters(old) == matters(new)
}

fn compare(field: String, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Difference>) {
    if old == new {
        return;
    }
    if let (Some(before), Some(after)) = (old.and_then(fields), new.and_then(fields)) {
        let names: BTreeSet<&str> = before.iter().chain(&after).map(|(name, _)| *name).collect();
        for name in names {
            let of = |fields: &[(&str, &'_ Value)]| fields.iter().position(|(known, _)| *known == name);
            let inner = match (old, field.as_str()) {
                (Some(Value::Array(_)), _) => format!("{field}[{name}]"),
                (_, "") => name.to_owned(),
                _ => format!("{field}.{name}"),
            };
            let (old, new) = (of(&before).map(|at| before[at].1), of(&after).map(|at| after[at].1));
            compare(inner, old, new, found);
        }
        return;
    }
    found.push(Difference { field, old: old.cloned(), new: new.cloned() });
}

/// What is inside a value, by name: the fields of an object, and attributes by their target.
fn fields(value: &Value) -> Option<Vec<(&str, &Value)>> {
    match value {
        Value::Object(fields) => Some(fields.iter().map(|(name, value)| (name.as_str(), value)).collect()),
        Value::Array(values) if !values.is_empty() => {
            values.iter().map(|value| Some((value.get("target")?.as_str()?, value))).collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(old: &Value, new: &Value) -> Vec<String> {
        let text = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
        let differences = differences(old, new);
        differences.iter().map(|d| format!("{}: {} -> {}", d.field, text(&d.old), text(&d.new))).collect()
    }

    #[test]
    fn fields_are_named_by_their_place_and_attributes_by_their_target() {
        let old = json!({
            "target": { "scim": { "url": "https://a", "token": "env:A" } },
            "users": {
                "actions": ["create", "update"],
                "attributes": [{ "target": "title", "source": "jobTitle" }, { "target": "active", "constant": "true" }]
            },
        });
        let new = json!({
            "target": { "scim": { "url": "https://b", "token": "env:A" } },
            "users": {
                "actions": ["create"],
                "attributes": [{ "target": "nickName", "source": "nick" }, { "target": "title", "source": "role" }]
            },
            "removals": { "maximum": 1 },
        });
        assert_eq!(
            shown(&old, &new),
            [
                r#"removals: nothing -> {"maximum":1}"#,
                r#"target.scim.url: "https://a" -> "https://b""#,
                r#"users.actions: ["create","update"] -> ["create"]"#,
                r#"users.attributes[active]: {"constant":"true","target":"active"} -> nothing"#,
                r#"users.attributes[nickName]: nothing -> {"source":"nick","target":"nickName"}"#,
                r#"users.attributes[title].source: "jobTitle" -> "role""#,
            ]
        );
    }

    #[test]
    fn another_order_of_attributes_is_no_difference_of_a_field() {
        let attributes =
            |targets: [&str; 2]| json!({ "attributes": targets.map(|t| json!({ "target": t })) });
        assert!(differences(&attributes(["a", "b"]), &attributes(["b", "a"])).is_empty());
    }

    #[test]
    fn the_schedule_and_who_is_told_concern_nobody_in_the_directory() {
        let with = |interval: &str, url: &str| json!({ "schedule": { "interval": interval }, "target": { "scim": { "url": url } } });
        assert!(concern_nobody(&with("40m", "https://a"), &with("2h", "https://a")));
        assert!(!concern_nobody(&with("40m", "https://a"), &with("40m", "https://b")));
    }
}

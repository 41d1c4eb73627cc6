//! Words of enumerations.

/// An enum as it stands on the wire: `stagedDelete`, `success`.
#[must_use]
pub fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

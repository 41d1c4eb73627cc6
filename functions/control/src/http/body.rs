//! What callers send along: JSON, a document also as YAML, and the version they changed.

use api::ApiError;
use api::answer::YAML;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use connectors::application::Application;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a body. Annotations such as `@odata.type`, which some clients add, are for types to pass over.
///
/// # Errors
/// 400 with the place in the body.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(ApiError::bad_request("the body is empty; send a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let said = error.to_string();
        ApiError::bad_request(format!("the body is not what this path takes: {said}"))
    })
}

/// Reads a document: JSON, or the file itself when the header says so (RFC 9512).
///
/// # Errors
/// 400 with the place in the document.
pub(super) fn document(headers: &HeaderMap, body: &Bytes) -> Result<Value, ApiError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some(YAML) {
        return read(body);
    }
    let text = std::str::from_utf8(body)
        .map_err(|_| ApiError::bad_request("the document is no UTF-8; save it as such"))?;
    let application = Application::from_yaml(text, "the document")
        .map_err(|error| ApiError::bad_request(error.to_string()))?;
    serde_json::to_value(application)
        .map_err(|error| ApiError::bad_request(format!("the document cannot be kept: {error}")))
}

/// Reads a body that may be left out.
///
/// # Errors
/// 400 with the place in the body.
pub(super) fn read_or_default<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T, ApiError> {
    if body.is_empty() { Ok(T::default()) } else { read(body) }
}

/// Refuses a change that was made from another version than the present one. Without `If-Match` any version is meant.
///
/// # Errors
/// 400 for a header that is no version, 412 for another version.
pub(super) fn matches(headers: &HeaderMap, version: u32) -> Result<(), ApiError> {
    let Some(header) = headers.get(IF_MATCH) else { return Ok(()) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(());
    }
    let tag = text.trim_start_matches("W/").trim_matches('"').trim_start_matches('v');
    match tag.parse::<u32>() {
        Ok(given) if given == version => Ok(()),
        Ok(given) => Err(ApiError::changed_meanwhile(format!(
            "version {version} is the present one, and this change was made from version {given}; read it again and repeat the change"
        ))),
        Err(_) => {
            Err(ApiError::bad_request("If-Match is no version of this; send the ETag as it was given, or *"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_version_it_was_made_from_or_none() {
        let cases = [
            (None, 200),
            (Some("*"), 200),
            (Some("\"3\""), 200),
            (Some("W/\"v3\""), 200),
            (Some("3"), 200),
            (Some("\"2\""), 412),
            (Some("\"new\""), 400),
            (Some("\"-3\""), 400),
        ];
        for (header, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(text) = header {
                headers.insert(IF_MATCH, text.parse().unwrap());
            }
            let status = matches(&headers, 3).err().map_or(200, |error| error.status().as_u16());
            assert_eq!(status, expected, "{header:?}");
        }
    }
}

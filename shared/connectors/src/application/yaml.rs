//! From YAML to an [`Application`].
//!
//! In: the text and the name of its file. Out: the document, or one sentence with line, column, field and cure.
//!
//! # Guarantees
//! Of the document only names are repeated in messages (of fields, systems, closed lists), no text or numbers: a
//! token may stand where something else belongs. A document is bounded in size, depth and aliases while it is read.

use std::collections::BTreeMap;

use engine::mapping::ObjectMapping;
use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Options};

use super::Application;

/// The largest document: a mapping of a thousand attributes takes a tenth of it.
const MAX_BYTES: usize = 1 << 20;

/// Why a document could not be understood. `Display` is one sentence with the place and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationError {
    /// It is larger than a megabyte.
    #[error("{file} is larger than {MAX_BYTES} bytes; a document describes one application, split it")]
    TooLarge {
        /// The file's name.
        file: String,
    },
    /// It is no YAML, or not the document of an application.
    #[error("{file}{}: {problem}", place(.position))]
    Unreadable {
        /// The file's name.
        file: String,
        /// Line and column, counted from 1, where they are known.
        position: Option<(u64, u64)>,
        /// What is wrong and how to mend it.
        problem: String,
    },
}

fn place(position: &Option<(u64, u64)>) -> String {
    position.map(|(line, column)| format!(" line {line}, column {column}")).unwrap_or_default()
}

/// The `users` section of a document, for a mapping that came from elsewhere.
///
/// # Errors
/// When it cannot be written as YAML, which no mapping is known to do.
pub fn users_section(mapping: &ObjectMapping) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&BTreeMap::from([("users", mapping)]))
}

/// A stored document as the file it could have come from; one that is not whole yet with its fields by name.
///
/// # Errors
/// When it cannot be written as YAML, which no document is known to do.
pub fn as_yaml(document: &Value) -> Result<String, serde_saphyr::ser::Error> {
    match serde_json::from_value::<Application>(document.clone()) {
        Ok(application) => serde_saphyr::to_string(&application),
        Err(_) => serde_saphyr::to_string(document),
    }
}

impl Application {
    /// Reads a document; `file` is what it is called in messages.
    ///
    /// # Errors
    /// The first thing that cannot be understood. Whether the document makes sense is [`Application::check`]'s
    /// question.
    pub fn from_yaml(text: &str, file: &str) -> Result<Self, ApplicationError> {
        if text.len() > MAX_BYTES {
            return Err(ApplicationError::TooLarge { file: file.to_owned() });
        }
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
            let error = error.without_snippet();
            let at = error.location().filter(|at| at.line() > 0).map(|at| (at.line(), at.column()));
            let field = at.and_then(|(line, column)| field_at(text, line, column));
            ApplicationError::Unreadable {
                file: file.to_owned(),
                position: at,
                problem: sentence(error, field),
            }
        })
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        // The deepest document has six levels and a long mapping a thousand attributes of six values.
        budget: serde_saphyr::budget! {
            max_depth: 32, max_nodes: 20_000, max_aliases: 100, max_anchors: 100,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        reject_unsupported_tags: true,
        // A snippet would show the lines around, and with them what stands there.
        with_snippet: false,
    }
}

fn sentence(error: &Error, field: Option<&str>) -> String {
    let field = field.map_or_else(|| "the document ".to_owned(), |field| format!("'{field}' "));
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("the field '{field}' is not known here; accepted: {}", listed(expected))
        }
        // What YAML reads where nothing was written.
        Error::SerdeUnknownVariant { variant, expected, .. } if variant == "~" => {
            format!("no system is named here; accepted: {}", listed(expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("'{variant}' is not known here; accepted: {}", listed(expected))
        }
        Error::SerdeMissingField { field, .. } => format!("the field '{field}' is missing; add it here"),
        Error::DuplicateMappingKey { key, .. } => {
            format!("the field '{}' is written twice; remove one", key.as_deref().unwrap_or("?"))
        }
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => {
            "a second system stands here; source and target name exactly one each, remove the other".into()
        }
        Error::Unexpected { expected, .. } => format!("{field}must be {}; correct it", shape(expected)),
        Error::InvalidScalar { ty, .. } => format!("{field}must be {}; correct it", shape(ty)),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("{field}must be {expected}; correct it")
        }
        Error::Message { msg, .. } => format!("{field}cannot be accepted: {msg}"),
        Error::MultipleDocuments { .. } => {
            "a second document begins here; a file describes one application, move it into its own".into()
        }
        Error::Eof { .. } => "the document ends here, too early; complete it".into(),
        Error::Budget { .. } => {
            "the document is too deep or too large, or repeats itself too often; simplify it".into()
        }
        other => format!("{field}cannot be understood: {}", without_place(&other.to_string())),
    }
}

/// The parser's words in those of a document.
fn shape(expected: &str) -> &str {
    match expected {
        "mapping start" => "fields with values, { field: value }",
        "sequence start" => "a list, [a, b]",
        "string scalar" => "text",
        "floating point" => "a number",
        "u64" | "u32" => "a whole number, 0 or more",
        other => other,
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The first line of the parser's message, without the place that is named before it.
fn without_place(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.rsplit_once(" at line ").map_or(line, |(message, _)| message)
}

/// The key before a position: whose value it is, or which key it is itself.
fn field_at(text: &str, line: u64, column: u64) -> Option<&str> {
    let line = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let column = usize::try_from(column).ok()?.saturating_sub(1);
    let end = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    // An empty value is reported at the colon.
    let end = if line[end..].starts_with(':') { end + 1 } else { end };
    let (before, _) = line[..end].rsplit_once(':')?;
    let start = before.rfind(['{', ',', ' ', '-']).map_or(0, |at| at + 1);
    Some(before[start..].trim_matches(['"', '\''])).filter(|key| !key.is_empty())
}

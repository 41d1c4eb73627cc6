//! `$filter` in OData's words, as far as Microsoft Graph takes it for the provisioning log, and a little further.
//!
//! In: the text of a filter. Out: whether a record is what was asked for ([`Filter::holds`]), and what every such record
//! has in common, for an index to be asked ([`Filter::known`]); or a refusal with the column and the cure.
//!
//! ```text
//! filter     = either
//! either     = all { "or" all }
//! all        = one { "and" one }
//! one        = "not" one | "(" either ")" | test [ "eq" ( "true" | "false" ) ] | comparison
//! test       = ( "contains" | "startswith" | "endswith" ) "(" operand "," text ")"
//! comparison = operand ( "eq" | "ne" | "gt" | "ge" | "lt" | "le" ) value
//!            | operand "in" "(" value { "," value } ")"
//! operand    = property | ( "tolower" | "toupper" ) "(" property ")"
//! value      = text | time | number | "null"
//! text       = "'" { character | "''" } "'"
//! ```
//!
//! Properties are named as in the record, with a slash between their parts: `sourceIdentity/displayName`. Texts are compared
//! as they are written, as Graph does; the words of enumerations (`success`, `stagedDelete`) in any case. What is missing
//! equals `null` and nothing else.
//!
//! # Guarantees
//! * Any text is answered, in time that grows with its length, and never with a panic.
//! * Parentheses and `not` nest [`DEEPEST`] levels at the most, so that everything that walks a filter may recurse.

mod holds;
mod known;
mod parse;
mod properties;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;

pub use known::Known;
use properties::Property;

/// The longest filter, in bytes: twenty comparisons with long ids.
pub const LONGEST: usize = 8_192;

/// How deep parentheses and `not` may nest. Filters that programs write nest three or four levels.
pub const DEEPEST: usize = 32;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter(Option<Condition>);

/// Why a filter was refused. `Display` names the column, the problem and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("$filter, column {column}: {problem}")]
pub struct FilterError {
    /// Where: the first character is column 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub problem: String,
}

impl FilterError {
    /// A problem at a byte offset of `text`.
    fn at(text: &str, offset: usize, problem: impl Into<String>) -> Self {
        let before = text.char_indices().take_while(|(at, _)| *at < offset).count();
        Self { column: before + 1, problem: problem.into() }
    }
}

/// Something that holds for a record or does not.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Value),
    Text(Operand, TextTest, String),
}

/// A property, as it is or folded.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Operand {
    property: &'static Property,
    fold: Fold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    AsItIs,
    Lower,
    Upper,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

/// What a property is compared with, of the property's own type.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    Text(String),
    /// The word of an enumeration, as the record writes it.
    Word(&'static str),
    Time(Timestamp),
    Number(i64),
}

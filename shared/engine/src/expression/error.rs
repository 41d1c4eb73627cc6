//! What can be wrong with an expression: when it is saved ([`ExpressionError`]), and when it meets a person
//! ([`EvaluationError`]).

use std::fmt;
use std::ops::Range;

/// Why an expression was refused when it was saved. `Display` names the column, the problem and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct ExpressionError {
    /// Where: the first character is column 1; a column is a character, not a byte.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub problem: String,
}

impl ExpressionError {
    /// A problem at a byte offset of `text`.
    #[must_use]
    pub fn at(text: &str, offset: usize, problem: impl Into<String>) -> Self {
        Self { column: column(text, offset), problem: problem.into() }
    }

    /// The text with a caret below the column, for a terminal; long texts are cut around it.
    #[must_use]
    pub fn pointer(&self, text: &str) -> String {
        /// Characters shown on each side of the column: together they fit on a terminal of 80.
        const AROUND: usize = 36;
        let line: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let begin = self.column.saturating_sub(AROUND + 1).min(line.len());
        let end = (self.column + AROUND).min(line.len());
        let shown: String = line[begin..end].iter().collect();
        format!("{shown}\n{}^", " ".repeat(self.column.saturating_sub(begin + 1)))
    }
}

/// The column of a byte offset.
pub(crate) fn column(text: &str, offset: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < offset).count() + 1
}

/// Why an expression has no result for one person. The value that was wrong is kept apart from the sentence, so
/// that what passes through `Redact` never shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationError {
    /// Where in the expression.
    pub at: Range<usize>,
    /// What is wrong and what would be right, without any value: "takes a whole number".
    pub problem: String,
    /// The value that was wrong, when it may be shown.
    pub value: Option<String>,
}

impl EvaluationError {
    /// The same error without the value.
    #[must_use]
    pub fn veiled(self) -> Self {
        Self { value: None, ..self }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        match &self.value {
            Some(value) => write!(f, " (it is '{}')", shortened(value)),
            None => Ok(()),
        }
    }
}

/// At most this many characters of a value are shown in a message or a trace.
const SHOWN: usize = 120;

/// A value as messages and traces show it.
pub(crate) fn shortened(value: &str) -> String {
    shortened_to(value, SHOWN)
}

/// A text of at most so many characters, with a mark where it was cut.
pub(crate) fn shortened_to(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

//! The attribute-mapping expression language: what administrators write in Entra ID means the same here.
//!
//! In: the text of an expression, once. Out: an [`Expression`], or an error that points at the column and names
//! the cure. Then, for each person: a value, or an error that is that person's alone.
//!
//! ```text
//! text ─parse─▶ Syntax ─check─▶ Node ─evaluate(person)─▶ Evaluated
//!         │               │                │
//!   ExpressionError  ExpressionError  EvaluationError, and on request a Trace
//! ```
//!
//! # Guarantees
//! * What passes the check fails later only for a person's values: patterns, formats, arity and names are judged
//!   when the expression is saved.
//! * The same context gives the same result: time and chance are part of it.
//! * No evaluation runs away: expressions are at most 10,000 characters, nesting and pattern steps are bounded.
//! * What `Redact` encloses shows in no trace and no message, nor what is a secret of the person already.

mod ast;
mod check;
mod context;
mod error;
mod evaluate;
mod functions;
mod parse;
mod print;
mod syntax;
#[cfg(test)]
mod tests;
mod trace;

use std::fmt;
use std::str::FromStr;

pub use ast::Facts;
pub use context::{Context, Settings};
pub use error::{EvaluationError, ExpressionError};
pub use functions::{Function, Help, Kind, Nature, Parameter, all as functions};
pub use parse::{LONGEST, parse};
pub use syntax::{Comparison, Syntax, SyntaxKind};
pub use trace::{REDACTED, Trace, shown};
pub use value::Evaluated;

mod value;

pub(crate) use context::AttributeRef;
pub(crate) use error::{shortened, shortened_to};

/// A checked expression, ready to be evaluated for everyone.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    syntax: Syntax,
    root: ast::Node,
    facts: Facts,
    notices: Vec<ExpressionError>,
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let syntax = parse(text)?;
        let check::Checked { root, facts, notices } = check::check(text, &syntax)?;
        Ok(Self { text: text.to_owned(), syntax, root, facts, notices })
    }
}

impl Expression {
    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree as it was written.
    #[must_use]
    pub fn syntax(&self) -> &Syntax {
        &self.syntax
    }

    /// What it reads and depends on.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What was understood although it is not quite right: function names in another case.
    #[must_use]
    pub fn notices(&self) -> &[ExpressionError] {
        &self.notices
    }

    /// Evaluates it for one person. `SelectUniqueValue` yields the list of its candidates.
    ///
    /// # Errors
    /// [`EvaluationError`], which is this person's alone.
    pub fn evaluate<'a>(&'a self, context: &Context<'a>) -> Result<Evaluated<'a>, EvaluationError> {
        evaluate::evaluate(&self.root, context, &mut evaluate::Nobody)
            .map_err(|error| self.veil(error, context))
    }

    /// The column of a place in the expression.
    #[must_use]
    pub fn column(&self, offset: usize) -> usize {
        error::column(&self.text, offset)
    }

    fn veil(&self, error: EvaluationError, context: &Context<'_>) -> EvaluationError {
        if self.hides(context) { error.veiled() } else { error }
    }

    /// Whether nothing it handles may show: `Redact` is in it, or it reads what another expression passes through
    /// `Redact`.
    fn hides(&self, context: &Context<'_>) -> bool {
        self.facts.redacts || self.facts.attributes.iter().any(|name| context.hides(name))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.syntax.fmt(f)
    }
}

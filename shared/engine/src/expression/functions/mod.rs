//! The functions of the language, one file a family, each a row of data with a body.
//!
//! In: arguments, already evaluated ([`Arguments`]) or still to be ([`Lazy`]). Out: a value, or a [`Problem`]
//! that fails the person and nobody else. What can be judged when an expression is saved (constant patterns,
//! formats, enumerations, numbers) is judged there, by a row's `prepare`.

mod arguments;
mod conversion;
mod dates;
mod lists;
mod logic;
mod random;
mod replace;
mod roles;
mod text;

use std::fmt;

use super::{Context, Evaluated};
pub(super) use arguments::{Arguments, Lazy, plain_text};

/// One function: its signature as data, its behaviour as a body.
pub struct Function {
    /// Its name, spelled as documented. Other spellings of its case are understood, with a notice.
    pub name: &'static str,
    /// Its parameters by position. A repeating one stands last, with the ones that repeat along with it.
    pub parameters: &'static [Parameter],
    /// How many of the last parameters repeat together: 0 for none, 1 for `Join`, 2 for the pairs of `Switch`.
    pub repeating: usize,
    /// What it yields.
    pub returns: Kind,
    /// What evaluating it depends on besides its arguments.
    pub nature: Nature,
    /// One sentence for people, and an example they can paste.
    pub help: Help,
    /// What can be judged and made ready when an expression is saved.
    pub(super) prepare: Option<Prepare>,
    /// What it does.
    pub(super) body: Body,
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name as the management API spells it (`source`, `Find`).
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether its slot must be filled.
    pub required: bool,
}

impl Parameter {
    /// A parameter that must be given.
    #[must_use]
    pub const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: true }
    }

    /// A parameter that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false }
    }
}

/// What a parameter takes or a function yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Any,
    /// Text; numbers and Booleans are taken as they are written.
    Text,
    /// A whole number, also written as text.
    Integer,
    /// True or false, also written as text; a comparison.
    Boolean,
    /// A date and time, written as text.
    DateTime,
    /// Several values; a single one counts as a list of one.
    List,
    /// One of these words, written without quotes or with them.
    Enumeration(&'static [&'static str]),
}

/// What evaluating a function depends on besides its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Nothing.
    Pure,
    /// The time: mappings that use it are evaluated again every day.
    Time,
    /// Chance: only for attributes that are written when an account is created.
    Chance,
    /// The administrator's settings.
    Settings,
    /// The roles that are assigned to the person.
    Roles,
    /// The target is asked: only as the outermost function.
    Unique,
}

/// How a function is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Help {
    /// One sentence.
    pub says: &'static str,
    /// A call that can be pasted.
    pub example: &'static str,
}

/// Judges constant arguments when an expression is saved. The slice has one entry a parameter slot that was
/// given: the constant's text, [`Constant::Omitted`] for an empty slot, or [`Constant::Computed`] when only a
/// person will tell.
pub(super) type Prepare = fn(&[Constant<'_>]) -> Result<Prepared, ArgumentProblem>;

/// An argument, seen when the expression is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constant<'a> {
    /// Text, a number or an enumeration's constant.
    Text(&'a str),
    /// The slot was left empty, or not reached.
    Omitted,
    /// An attribute or another call.
    Computed,
}

/// What is wrong with which argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArgumentProblem {
    /// The argument's position, from 0; `None` when it is the call as a whole.
    pub(super) argument: Option<usize>,
    /// What is wrong and what to write instead.
    pub(super) problem: String,
}

/// What a function made ready when its expression was saved.
#[derive(Debug, Clone)]
pub(super) enum Prepared {
    /// Nothing to make ready.
    Nothing,
    /// `Replace`: its mode, pattern and substitution.
    Replace(std::sync::Arc<replace::Plan>),
    /// `Error`: its message, when it is a constant.
    Message(std::sync::Arc<str>),
    /// `FormatDateTime`: its styles and formats.
    Formats(std::sync::Arc<dates::Formats>),
}

/// What a function does.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// Takes its arguments evaluated.
    Strict(for<'a> fn(&mut Arguments<'_, 'a>) -> Outcome<'a>),
    /// Evaluates those of its arguments that it needs.
    Lazy(for<'a> fn(&mut dyn Lazy<'a>) -> Outcome<'a>),
}

/// A value, or why there is none.
pub(super) type Outcome<'a> = Result<Evaluated<'a>, Problem>;

/// Why a function has no value for this person. The offending value is kept apart from the sentence, because
/// it must not show where `Redact` is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The argument's position, from 0, when one is to blame.
    pub(super) argument: Option<usize>,
    /// What is wrong and what would be right, without any value of the person.
    pub(super) problem: String,
    /// The value that was wrong.
    pub(super) value: Option<String>,
    /// Set when the error arose deeper inside and was told there already.
    pub(super) told: Option<Box<super::EvaluationError>>,
}

impl Problem {
    /// A problem of the call as a whole.
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { argument: None, problem: problem.into(), value: None, told: None }
    }

    /// A problem of one argument, with the value that was wrong.
    pub(super) fn of(argument: usize, problem: impl Into<String>, value: impl Into<String>) -> Self {
        Self { argument: Some(argument), problem: problem.into(), value: Some(value.into()), told: None }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

/// Every function, family by family.
pub fn all() -> impl Iterator<Item = &'static Function> {
    [
        text::FUNCTIONS,
        logic::FUNCTIONS,
        lists::FUNCTIONS,
        roles::FUNCTIONS,
        dates::FUNCTIONS,
        conversion::FUNCTIONS,
        random::FUNCTIONS,
        replace::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

/// The function of a name, whatever its case.
pub(super) fn named(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
pub(super) mod testing {
    //! For the tables of cases in each family's tests.

    use super::super::{Context, Expression, Settings};
    use crate::model::{SourceObject, Value};

    /// A person with these attributes.
    pub(crate) fn person(attributes: &[(&str, Value)]) -> SourceObject {
        crate::testing::somebody(
            attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        )
    }

    /// Evaluates `expression` for a person with these attributes, at 2026-03-09T08:05:00Z. `Ok(None)` is null;
    /// `Err` holds the sentence of an evaluation error, or of a refusal when it is saved.
    pub(crate) fn evaluate_with(
        expression: &str,
        attributes: &[(&str, Value)],
    ) -> Result<Option<Value>, String> {
        let expression: Expression =
            expression.parse().map_err(|error: super::super::ExpressionError| error.to_string())?;
        let object = person(attributes);
        let settings = Settings { default_domain: Some("acme.example".into()), strict_entra: false };
        let context = Context {
            object: &object,
            soft_deleted: false,
            now: "2026-03-09T08:05:00Z".parse().unwrap(),
            seed: [7; 32],
            settings: &settings,
        };
        expression
            .evaluate(&context)
            .map(super::super::Evaluated::into_value)
            .map_err(|error| error.to_string())
    }

    /// [`evaluate_with`] for somebody without attributes.
    pub(crate) fn evaluate(expression: &str) -> Result<Option<Value>, String> {
        evaluate_with(expression, &[])
    }

    /// The text an expression without attributes yields.
    pub(crate) fn text_of(expression: &str) -> Option<String> {
        evaluate(expression).unwrap().map(|value| value.to_string())
    }
}

//! Arguments as a function's body sees them.
//!
//! The accessors hold the language's rules in one place: what counts as text, as a number, as a list; what null
//! becomes; what a list of one element stands for.

use std::borrow::Cow;

use super::{Context, Evaluated, Outcome, Prepared, Problem};

/// The evaluated arguments of a call.
pub(in super::super) struct Arguments<'call, 'a> {
    pub(in super::super) values: Vec<Option<Evaluated<'a>>>,
    pub(in super::super) context: &'call Context<'a>,
    pub(in super::super) prepared: &'call Prepared,
    /// Where the call stands, so that two calls of `Guid()` in one expression draw differently.
    pub(in super::super) place: usize,
}

impl<'a> Arguments<'_, 'a> {
    /// How many slots the call has, empty ones included.
    pub(in super::super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether a slot was filled. An empty text fills it; so does an expression that yields null.
    pub(in super::super) fn is_given(&self, position: usize) -> bool {
        matches!(self.values.get(position), Some(Some(_)))
    }

    /// Takes the value of a slot as it is; null when it was left empty.
    pub(in super::super) fn take(&mut self, position: usize) -> Evaluated<'a> {
        self.values.get_mut(position).and_then(Option::take).unwrap_or(Evaluated::Null)
    }

    /// Takes a slot as text; `None` for null and empty slots. A list of one element stands for it, an empty list
    /// for null.
    ///
    /// # Errors
    /// When it is a list of several elements or a complex value.
    pub(in super::super) fn text(&mut self, position: usize) -> Result<Option<Cow<'a, str>>, Problem> {
        let value = self.take(position);
        text_of(single(value, position)?, position)
    }

    /// Takes a slot as a whole number; `None` for null and empty slots. Decimals are refused.
    ///
    /// # Errors
    /// When it is anything else.
    pub(in super::super) fn integer(&mut self, position: usize) -> Result<Option<i64>, Problem> {
        let value = self.take(position);
        match single(value, position)? {
            Evaluated::Null => Ok(None),
            Evaluated::Integer(number) => Ok(Some(number)),
            other => {
                let Some(text) = text_of(other, position)? else { return Ok(None) };
                match text.trim().parse() {
                    Ok(number) => Ok(Some(number)),
                    Err(_) => Err(Problem::of(position, "takes a whole number", text)),
                }
            }
        }
    }

    /// Takes a slot as a list: null is no element, a single value one.
    pub(in super::super) fn list(&mut self, position: usize) -> Vec<Evaluated<'a>> {
        match self.take(position) {
            Evaluated::Null | Evaluated::Ignored => Vec::new(),
            Evaluated::List(values) => values,
            one => vec![one],
        }
    }
}

/// The arguments of a call that decides itself which of them are evaluated.
pub(in super::super) trait Lazy<'a> {
    /// How many slots the call has, empty ones included.
    fn len(&self) -> usize;

    /// Evaluates a slot; null when it was left empty.
    ///
    /// # Errors
    /// What went wrong inside.
    fn value(&mut self, position: usize) -> Outcome<'a>;

    /// What the evaluation may look at.
    fn context(&self) -> &Context<'a>;

    /// Whether a slot is an expression that reads an attribute which has no value: what Entra refuses in the
    /// condition of `IIF`.
    fn lacks_value(&self, position: usize) -> bool;
}

/// A list of one element stands for it, an empty list for null.
pub(in super::super) fn single(value: Evaluated<'_>, position: usize) -> Result<Evaluated<'_>, Problem> {
    match value {
        Evaluated::List(mut values) => match values.len() {
            0 => Ok(Evaluated::Null),
            1 => Ok(values.remove(0)),
            several => Err(Problem::of(
                position,
                "takes one value and gets several; choose one with Item, or put them together with Join",
                format!("{several} values"),
            )),
        },
        other => Ok(other),
    }
}

/// One value as text, a list of one element included; `None` for null.
pub(in super::super) fn plain_text(value: Evaluated<'_>) -> Result<Option<Cow<'_, str>>, Problem> {
    text_of(single(value, 0)?, 0)
}

/// A single value as text.
pub(in super::super) fn text_of(
    value: Evaluated<'_>,
    position: usize,
) -> Result<Option<Cow<'_, str>>, Problem> {
    match value {
        Evaluated::Null | Evaluated::Ignored => Ok(None),
        Evaluated::Text(text) => Ok(Some(text)),
        Evaluated::Boolean(true) => Ok(Some(Cow::Borrowed("True"))),
        Evaluated::Boolean(false) => Ok(Some(Cow::Borrowed("False"))),
        Evaluated::Integer(number) => Ok(Some(Cow::Owned(number.to_string()))),
        Evaluated::List(_) | Evaluated::Complex(_) => {
            Err(Problem::of(position, "takes text, and gets a value with parts", "a value with parts"))
        }
    }
}

//! What the functions of [`super`] do.

use std::borrow::Cow;

use super::super::arguments::{Arguments, Lazy, single, text_of};
use super::super::{Outcome, Prepared, Problem};
use crate::expression::Evaluated;
use crate::expression::evaluate::Decimal;

pub(super) fn iif<'a>(arguments: &mut dyn Lazy<'a>) -> Outcome<'a> {
    if arguments.context().settings.strict_entra && arguments.lacks_value(0) {
        let problem = "reads an attribute that has no value, which Entra refuses; use Switch with the key \"\", or set strictEntra to false";
        return Err(Problem { argument: Some(0), ..Problem::new(problem) });
    }
    let condition = arguments.value(0)?;
    if condition == Evaluated::Ignored {
        return Ok(condition);
    }
    let branch = if truth(condition)? { 1 } else { 2 };
    arguments.value(branch)
}

pub(super) fn switch<'a>(arguments: &mut dyn Lazy<'a>) -> Outcome<'a> {
    let source = arguments.value(0)?;
    if source == Evaluated::Ignored {
        return Ok(source);
    }
    match taken(arguments, source)? {
        Some(position) => arguments.value(position),
        None => Ok(Evaluated::Ignored),
    }
}

/// Which argument `Switch` gives; `None` when a key was ignored. Kept apart, because a debug build keeps room on the
/// stack for all a function mentions, and the value may be the next of many `Switch` within `Switch`.
fn taken<'a>(arguments: &mut dyn Lazy<'a>, source: Evaluated<'a>) -> Result<Option<usize>, Problem> {
    let source = one_text(source, 0)?.unwrap_or_default();
    // Pairs begin at 2; a slot that was left empty behind the last pair is none.
    for key in (2..arguments.len().saturating_sub(1)).step_by(2) {
        let wanted = arguments.value(key)?;
        if wanted == Evaluated::Ignored {
            return Ok(None);
        }
        // A key without value is no key: who means a source without value writes "".
        if one_text(wanted, key)?.is_some_and(|wanted| wanted == source) {
            return Ok(Some(key + 1));
        }
    }
    Ok(Some(1))
}

fn one_text(value: Evaluated<'_>, position: usize) -> Result<Option<Cow<'_, str>>, Problem> {
    text_of(single(value, position)?, position)
}

pub(super) fn coalesce<'a>(arguments: &mut dyn Lazy<'a>) -> Outcome<'a> {
    for position in 0..arguments.len() {
        let value = arguments.value(position)?;
        if !is_absent(&value) || value == Evaluated::Ignored {
            return Ok(value);
        }
    }
    Ok(Evaluated::Null)
}

pub(super) fn is_null<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(Evaluated::Boolean(is_absent(&arguments.take(0))))
}

pub(super) fn is_null_or_empty<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(Evaluated::Boolean(is_empty(&arguments.take(0))))
}

pub(super) fn is_present<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(Evaluated::Boolean(!is_empty(&arguments.take(0))))
}

pub(super) fn is_string<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let value = arguments.take(0);
    Ok(Evaluated::Boolean(one_of(&value).as_text().is_some()))
}

pub(super) fn to_boolean<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    truth(arguments.take(0)).map(Evaluated::Boolean)
}

pub(super) fn not<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let value = arguments.take(0);
    let is_true = one_of(&value).as_text().is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
    Ok(Evaluated::Boolean(!is_true))
}

pub(super) fn ignore_if_empty<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let value = arguments.take(0);
    Ok(if is_empty(&value) { Evaluated::Ignored } else { value })
}

/// A constant message is the expression's own and may always show. What was computed holds values of the person,
/// so it stands where `Redact` hides it.
pub(super) fn error<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    if let Prepared::Message(message) = arguments.prepared {
        return Err(Problem::new(message.as_ref()));
    }
    let message = arguments.text(0)?.map(Cow::into_owned);
    Err(Problem { value: message, ..Problem::new("the expression refuses this person with a message") })
}

pub(super) fn redact<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    Ok(arguments.take(0))
}

/// The candidates in order, each once: the target is asked for them one by one, and the first that is free wins.
pub(super) fn candidates<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let mut candidates: Vec<Evaluated<'a>> = Vec::new();
    for position in 0..arguments.len() {
        let Some(text) = arguments.text(position)?.filter(|text| !text.is_empty()) else { continue };
        let candidate = Evaluated::Text(text);
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    Ok(if candidates.is_empty() { Evaluated::Null } else { Evaluated::List(candidates) })
}

/// What counts as true: `true` in any case, and every number but 0. Null and an empty text are false, because they
/// compare as nothing.
fn truth(value: Evaluated<'_>) -> Result<bool, Problem> {
    let text = one_text(value, 0)?.unwrap_or_default();
    let plain = text.trim();
    if plain.is_empty() || plain.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    if plain.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    match Decimal::read(plain) {
        Some(number) => Ok(!number.is_zero()),
        None => Err(Problem::of(0, "takes true, false, a number or a comparison", text)),
    }
}

/// A list of one element stands for it, an empty list for null.
fn one_of<'e, 'a>(value: &'e Evaluated<'a>) -> &'e Evaluated<'a> {
    match value {
        Evaluated::List(values) => match values.as_slice() {
            [] => &Evaluated::Null,
            [one] => one,
            _ => value,
        },
        _ => value,
    }
}

fn is_absent(value: &Evaluated<'_>) -> bool {
    matches!(one_of(value), Evaluated::Null | Evaluated::Ignored)
}

fn is_empty(value: &Evaluated<'_>) -> bool {
    one_of(value).is_null_or_empty()
}

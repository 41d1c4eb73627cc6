//! `Append`, `Prepend` and `Join`, which put texts together; `Word`, `Split`, `Trim` and `StripSpaces`, which take
//! them apart.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::arguments::text_of;
use super::super::{ArgumentProblem, Arguments, Constant, Evaluated, Outcome, Prepared, Problem};
use super::{Growing, part, refused, whole_number};

/// `Append(source, suffix)`: nothing for somebody without a source, rather than a bare suffix.
pub(super) fn append<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    match arguments.text(1)? {
        Some(suffix) => together(&source, &suffix),
        None => Ok(Evaluated::Text(source)),
    }
}

/// `Prepend(prefix, source)`: nothing for somebody without a source, rather than a bare prefix.
pub(super) fn prepend<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let prefix = arguments.text(0)?;
    let Some(source) = arguments.text(1)? else { return Ok(Evaluated::Null) };
    match prefix {
        Some(prefix) => together(&prefix, &source),
        None => Ok(Evaluated::Text(source)),
    }
}

fn together<'a>(first: &str, second: &str) -> Outcome<'a> {
    let mut text = Growing::default();
    text.push(first)?;
    text.push(second)?;
    Ok(Evaluated::text(text.into_text()))
}

/// `Join(separator, source, …)`: what is absent or empty gets no separator either.
pub(super) fn join<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let separator = arguments.text(0)?.unwrap_or_default();
    let mut joined = Growing::default();
    let mut is_first = true;
    for position in 1..arguments.len() {
        for value in arguments.list(position) {
            let text = text_of(value, position)?.unwrap_or_default();
            if text.is_empty() {
                continue;
            }
            if !is_first {
                joined.push(&separator)?;
            }
            joined.push(&text)?;
            is_first = false;
        }
    }
    Ok(Evaluated::text(joined.into_text()))
}

/// `Word(String, WordNumber, Delimiters)`: empty when there is no such word. Delimiters side by side enclose no word.
pub(super) fn word<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(text) = arguments.text(0)? else { return Ok(Evaluated::text("")) };
    let number = whole_number(arguments, 1)?;
    let delimiters: BTreeSet<char> = arguments.text(2)?.unwrap_or_default().chars().collect();
    let Some(before) = usize::try_from(number).ok().and_then(|number| number.checked_sub(1)) else {
        return Ok(Evaluated::text(""));
    };
    Ok(Evaluated::Text(part(text, |text| {
        let mut words = text.split(|c| delimiters.contains(&c)).filter(|word| !word.is_empty());
        words.nth(before).unwrap_or_default()
    })))
}

/// What a delimiter must be.
const NO_DELIMITER: &str = "takes the character to split at, and an empty text is none";

/// `Split(source, delimiter)`: elements without white space around them. Two delimiters side by side enclose an empty
/// element, so that the others keep their numbers for `Item`.
pub(super) fn split<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let delimiter = arguments.text(1)?.unwrap_or_default();
    if delimiter.is_empty() {
        return Err(Problem::of(1, NO_DELIMITER, ""));
    }
    Ok(Evaluated::List(match source {
        Cow::Borrowed(source) => {
            source.split(&*delimiter).map(|element| Evaluated::text(element.trim())).collect()
        }
        Cow::Owned(source) => {
            source.split(&*delimiter).map(|element| Evaluated::text(element.trim().to_owned())).collect()
        }
    }))
}

/// Judges a constant delimiter.
pub(super) fn split_constants(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    match constants.get(1) {
        Some(Constant::Text("")) => Err(refused("Split", "delimiter", 1, NO_DELIMITER)),
        _ => Ok(Prepared::Nothing),
    }
}

/// `Trim(value)`: each element of a list on its own.
pub(super) fn trim<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    match arguments.take(0) {
        Evaluated::List(values) => {
            Ok(Evaluated::List(values.into_iter().map(trimmed).collect::<Result<_, _>>()?))
        }
        value => trimmed(value),
    }
}

fn trimmed(value: Evaluated<'_>) -> Outcome<'_> {
    Ok(text_of(value, 0)?.map_or(Evaluated::Null, |text| Evaluated::Text(part(text, str::trim))))
}

/// `StripSpaces(source)`: the space U+0020 alone; tabs and no-break spaces stay.
pub(super) fn strip_spaces<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(source) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    Ok(Evaluated::Text(if source.contains(' ') { Cow::Owned(source.replace(' ', "")) } else { source }))
}

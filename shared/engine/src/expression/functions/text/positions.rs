//! `Left`, `Mid` and `InStr`: positions in a text.
//!
//! Positions count as .NET counts, so that a configuration gives the same result here: in UTF-16 units, in which a
//! character beyond U+FFFF (most emoji, rare ideographs) counts two. Such a character is never cut: one that a part
//! holds only half of is left out of it.

use super::super::{ArgumentProblem, Arguments, Constant, Evaluated, Outcome, Prepared, Problem};
use super::case::Rules;
use super::{number, part, refused, whole_number};

/// What a position must be.
const FROM_ONE: &str = "counts from 1, which is the first character";

/// What a length must be.
const NOT_NEGATIVE: &str = "takes 0 or more; leave it out for everything up to the end";

/// The part that begins behind `skipped` units and has at most `length` of them, in whole characters.
pub(super) fn units(text: &str, skipped: usize, length: usize) -> &str {
    let end = skipped.saturating_add(length);
    let mut begins = None;
    let mut ends = 0;
    let mut unit = 0;
    for (at, c) in text.char_indices() {
        let next = unit + c.len_utf16();
        if next > end {
            break;
        }
        if unit >= skipped {
            begins.get_or_insert(at);
            ends = at + c.len_utf8();
        }
        unit = next;
    }
    begins.and_then(|begins| text.get(begins..ends)).unwrap_or_default()
}

/// The first place of `sought` in `text`, counted from 1, that is not before `start`; 0 when there is none.
pub(super) fn place(text: &str, sought: &str, start: usize) -> usize {
    let mut unit = 1;
    let mut rest = text.chars();
    while unit < start {
        match rest.next() {
            Some(c) => unit += c.len_utf16(),
            None => return 0,
        }
    }
    rest.as_str().split_once(sought).map_or(0, |(before, _)| unit + before.encode_utf16().count())
}

/// `Left(String, NumChars)`
pub(super) fn left<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(text) = arguments.text(0)? else { return Ok(Evaluated::text("")) };
    let length = whole_number(arguments, 1)?;
    Ok(Evaluated::Text(match usize::try_from(length) {
        Ok(length) => part(text, |text| units(text, 0, length)),
        // Documented: a negative number gives the whole text.
        Err(_) => text,
    }))
}

/// `Mid(source, start, length)`
pub(super) fn mid<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let Some(text) = arguments.text(0)? else { return Ok(Evaluated::Null) };
    let start = start(whole_number(arguments, 1)?, 1)?;
    let length = if arguments.is_given(2) {
        let length = whole_number(arguments, 2)?;
        usize::try_from(length).map_err(|_| Problem::of(2, NOT_NEGATIVE, length.to_string()))?
    } else {
        usize::MAX
    };
    Ok(Evaluated::Text(part(text, |text| units(text, start - 1, length))))
}

/// `InStr(value1, value2, start, compareType)`
pub(super) fn in_str<'a>(arguments: &mut Arguments<'_, 'a>) -> Outcome<'a> {
    let (Some(text), Some(sought)) = (arguments.text(0)?, arguments.text(1)?) else {
        return Ok(Evaluated::Null);
    };
    let start = match arguments.integer(2)? {
        None => 1,
        Some(number) => start(number, 2)?,
    };
    let place = match arguments.text(3)? {
        Some(word) if word.eq_ignore_ascii_case(COMPARE_TYPES[1]) => {
            place(&folded(&text), &folded(&sought), start)
        }
        Some(word) if !word.eq_ignore_ascii_case(COMPARE_TYPES[0]) => {
            return Err(Problem::of(3, format!("is one of {}", COMPARE_TYPES.join(", ")), word));
        }
        Some(_) | None => place(&text, &sought, start),
    };
    Ok(Evaluated::Integer(i64::try_from(place).unwrap_or(i64::MAX)))
}

/// How `InStr` compares: case-sensitive, which is also what it does without being told, or not.
pub(super) const COMPARE_TYPES: &[&str] = &["vbBinaryCompare", "vbTextCompare"];

/// Without case. Each character keeps its width, so a place in it is a place in the text.
fn folded(text: &str) -> String {
    text.chars().map(|c| Rules::Invariant.upper(c)).collect()
}

fn start(number: i64, position: usize) -> Result<usize, Problem> {
    usize::try_from(number)
        .ok()
        .filter(|start| *start > 0)
        .ok_or_else(|| Problem::of(position, FROM_ONE, number.to_string()))
}

/// Judges constant positions and lengths.
pub(super) fn mid_constants(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    if number(constants, 1).is_some_and(|start| start < 1) {
        return Err(refused("Mid", "start", 1, FROM_ONE));
    }
    if number(constants, 2).is_some_and(|length| length < 0) {
        return Err(refused("Mid", "length", 2, NOT_NEGATIVE));
    }
    Ok(Prepared::Nothing)
}

/// Judges a constant position.
pub(super) fn in_str_constants(constants: &[Constant<'_>]) -> Result<Prepared, ArgumentProblem> {
    match number(constants, 2) {
        Some(start) if start < 1 => Err(refused("InStr", "start", 2, FROM_ONE)),
        _ => Ok(Prepared::Nothing),
    }
}

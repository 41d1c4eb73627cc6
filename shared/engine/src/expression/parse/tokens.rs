//! The tokens. Each parser begins where its token does and ends right behind it, so that white space behind a value
//! is not part of its place.

use winnow::ascii::{digit1, hex_digit1};
use winnow::combinator::{alt, opt, peek, preceded, repeat};
use winnow::prelude::*;
use winnow::stream::Stream;
use winnow::token::{one_of, take_till, take_while};

use super::super::{Comparison, Syntax, SyntaxKind};
use super::{Input, Parsed, Refusal, blank, mistakes, next, offset, rest};

/// An attribute, a text or a number.
pub(super) fn constant(input: &mut Input<'_>) -> Parsed<Syntax> {
    let start = offset(input);
    let kind = match next(input) {
        Some('[') => SyntaxKind::Attribute(attribute(input)?),
        Some('"') => SyntaxKind::Text(text(input)?),
        _ => number(input)?,
    };
    Ok(Syntax { kind, at: start..offset(input) })
}

/// A function's name or an enumeration's constant. Letters of all alphabets and `_` are taken, so that the check can
/// say what to write for the whole word.
pub(super) fn word<'t>(input: &mut Input<'t>) -> Parsed<&'t str> {
    (one_of(char::is_alphabetic), take_while(0.., is_of_a_word)).take().parse_next(input)
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Refuses what sticks to a word or a number and makes it text that lacks its quotes: `en-US`, `user.mail`, `3rd`.
pub(super) fn refuse_more_of_a_word(input: &mut Input<'_>, word: &str) -> Parsed<()> {
    let more = take_while(0.., mistakes::may_stick_to_a_word).parse_next(input)?;
    if more.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(offset(input) - more.len() - word.len(), mistakes::bare(&format!("{word}{more}"))))
}

/// Refuses `Join " ", [givenName]`.
pub(super) fn refuse_arguments_without_parentheses(input: &mut Input<'_>, word: &str) -> Parsed<()> {
    let open = offset(input);
    match behind_blanks(input, peek(one_of(['"', '[']))) {
        Some(_) => Err(Refusal::new(open, mistakes::no_parentheses(word))),
        None => Ok(()),
    }
}

/// Whether an opening parenthesis follows; goes before it if so.
pub(super) fn opens(input: &mut Input<'_>) -> bool {
    behind_blanks(input, peek('(')).is_some()
}

/// A decimal or a hexadecimal number.
fn number(input: &mut Input<'_>) -> Parsed<SyntaxKind> {
    let hex = preceded("&H", hex_digit1).map(|digits: &str| SyntaxKind::Hex(digits.to_owned()));
    let decimal = (opt('-'), digit1, opt(('.', digit1)));
    let decimal = decimal.take().map(|digits: &str| SyntaxKind::Number(digits.to_owned()));
    match opt(alt((hex, decimal)).with_taken()).parse_next(input)? {
        Some((kind, written)) => refuse_more_of_a_word(input, written).map(|()| kind),
        None => Err(mistakes::instead_of_a_value(input)),
    }
}

/// A text in quotes. A backslash that stands before anything but a backslash or a quote stands for itself.
fn text(input: &mut Input<'_>) -> Parsed<String> {
    let open = offset(input);
    let begun = rest(input);
    let fragment = alt((take_till(1.., ['\\', '"']), "\\\\".value("\\"), "\\\"".value("\""), "\\"));
    let fragments = repeat(0.., fragment).fold(String::new, |mut text, part: &str| {
        text.push_str(part);
        text
    });
    let text = preceded('"', fragments).parse_next(input)?;
    if opt('"').parse_next(input)?.is_none() {
        return Err(Refusal::new(open, mistakes::unclosed_text(begun)));
    }
    match next(input) {
        Some('"') => Err(Refusal::here(input, mistakes::DOUBLED_QUOTE)),
        _ => Ok(text),
    }
}

/// The name of an attribute, from the opening bracket to the one that closes it.
fn attribute(input: &mut Input<'_>) -> Parsed<String> {
    let open = offset(input);
    let Some(length) = bracketed(rest(input)) else {
        return Err(Refusal::new(open, mistakes::UNCLOSED_BRACKET));
    };
    let name = input.next_slice(length);
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    match mistakes::within_a_name(name) {
        Some(problem) => Err(Refusal::new(open, problem)),
        None => Ok(name.to_owned()),
    }
}

/// The length of what stands in balanced brackets at the beginning of a text. Brackets within quotes do not count:
/// `[emails[type eq "a]b"].value]`.
fn bracketed(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in outside_quotes(text) {
        match c {
            '[' => depth += 1,
            ']' if depth == 1 => return Some(at + 1),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The characters that stand in no quotes, with their places. In quotes, a backslash makes the next character one like
/// any other.
pub(super) fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut within_quotes = false;
    let mut is_escaped = false;
    text.char_indices().filter(move |(_, c)| {
        let was_escaped = is_escaped;
        is_escaped = within_quotes && !was_escaped && *c == '\\';
        if *c == '"' && !was_escaped {
            within_quotes = !within_quotes;
            return false;
        }
        !within_quotes
    })
}

/// The comparison that follows, if one does; goes behind it.
pub(super) fn comparison(input: &mut Input<'_>) -> Option<Comparison> {
    let sign = alt((
        "<>".value(Comparison::NotEqual),
        ">=".value(Comparison::GreaterOrEqual),
        "<=".value(Comparison::LessOrEqual),
        '='.value(Comparison::Equal),
        '>'.value(Comparison::Greater),
        '<'.value(Comparison::Less),
    ));
    behind_blanks(input, sign)
}

/// Whether `&` follows; goes behind it. This is where operators of other languages are noticed, because it is asked
/// behind every term.
pub(super) fn ampersand(input: &mut Input<'_>) -> Parsed<bool> {
    let following = rest(input).trim_start();
    if let Some(problem) = mistakes::foreign_operator(following) {
        blank(input);
        return Err(Refusal::here(input, problem));
    }
    Ok(behind_blanks(input, '&').is_some())
}

/// What follows behind white space, if it does; otherwise nothing is taken.
fn behind_blanks<'t, T>(input: &mut Input<'t>, token: impl Parser<Input<'t>, T, Refusal>) -> Option<T> {
    opt(preceded(take_while(0.., char::is_whitespace), token)).parse_next(input).ok().flatten()
}

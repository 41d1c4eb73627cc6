//! From text to the syntax tree, by recursive descent.
//!
//! In: what an administrator typed or pasted. Out: a [`Syntax`] whose parts know their places, or the first problem
//! with its column and its cure. Names mean nothing yet: whether a function exists is asked by the check.
//!
//! ```text
//! value     = concat [ ("=" | "<>" | ">=" | "<=" | ">" | "<") concat ]
//! concat    = term { "&" term }
//! term      = call | attribute | text | number | hex | word | "(" value ")"
//! call      = word "(" [ slot { "," slot } ] ")"
//! slot      = [ value ]
//! attribute = "[" name, its inner brackets and quotes balanced "]"
//! text      = '"' { character | '\"' | '\\' } '"'
//! number    = [ "-" ] digits [ "." digits ]
//! hex       = "&H" hexadecimal digits
//! ```
//!
//! White space between tokens means nothing, line breaks included. Parentheses only group and leave no node.
//!
//! # Guarantees
//! * Any text is answered, in time that grows with its length, and never with a panic.
//! * A tree is at most [`DEEPEST`] levels deep: everything that walks it may recurse.
//! * Printing a tree and parsing the print gives an equal tree, as long as the print is not longer than
//!   [`LONGEST`]; the blanks of the normal form count.

mod mistakes;
mod tokens;

use std::borrow::Cow;

use winnow::error::ParserError;
use winnow::stream::{LocatingSlice, Location, Stateful, Stream};

use super::{Comparison, ExpressionError, Syntax, SyntaxKind};

/// The longest expression, in characters: the limit Entra documents.
pub const LONGEST: usize = 10_000;

/// The deepest tree: this many parts of an expression may stand one within the other, parentheses counted as well. A
/// chain of `IIF` with one link for each of the world's 250 countries passes. There must be a bound, because walking
/// a tree takes stack: in a debug build up to 6 KiB a level, of the 2 MiB that threads have.
pub(super) const DEEPEST: usize = 300;

/// Parses an expression.
///
/// # Errors
/// The first thing that is wrong: where, what, and what to write instead.
pub fn parse(text: &str) -> Result<Syntax, ExpressionError> {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        return Err(ExpressionError::at(text, end, mistakes::too_long(text.chars().count())));
    }
    let mut input = Input { input: LocatingSlice::new(text), state: Depth::default() };
    let root = whole(&mut input).map_err(|refusal| ExpressionError::at(text, refusal.at, refusal.problem))?;
    match deeper_than(DEEPEST, &root) {
        Some(part) => Err(ExpressionError::at(text, part.at.start, mistakes::too_deep())),
        None => Ok(root),
    }
}

/// A part that has too many others around it. Parentheses are counted while they are parsed; comparisons and
/// concatenations only show afterwards.
fn deeper_than(levels: usize, part: &Syntax) -> Option<&Syntax> {
    match (&part.kind, levels.checked_sub(1)) {
        (SyntaxKind::Call { .. } | SyntaxKind::Compare { .. } | SyntaxKind::Concat(_), None) => Some(part),
        (SyntaxKind::Call { arguments, .. }, Some(levels)) => {
            arguments.iter().flatten().find_map(|argument| deeper_than(levels, argument))
        }
        (SyntaxKind::Compare { left, right, .. }, Some(levels)) => {
            deeper_than(levels, left).or_else(|| deeper_than(levels, right))
        }
        (SyntaxKind::Concat(parts), Some(levels)) => parts.iter().find_map(|part| deeper_than(levels, part)),
        _ => None,
    }
}

/// What is left of the text, and how deep it is.
type Input<'t> = Stateful<LocatingSlice<&'t str>, Depth>;

/// How many parentheses are open.
#[derive(Debug, Clone, Copy, Default)]
struct Depth(usize);

/// What a parser yields.
type Parsed<T> = Result<T, Refusal>;

/// A problem at a byte offset.
#[derive(Debug)]
struct Refusal {
    at: usize,
    problem: Cow<'static, str>,
}

impl Refusal {
    fn new(at: usize, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { at, problem: problem.into() }
    }

    fn here(input: &Input<'_>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::new(offset(input), problem)
    }
}

/// So that winnow's own parsers can fail with it: they serve single tokens, and those that use them know better what
/// to say.
impl<'t> ParserError<Input<'t>> for Refusal {
    type Inner = Self;

    fn from_input(input: &Input<'t>) -> Self {
        Self::here(input, "this is not understood")
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

fn whole(input: &mut Input<'_>) -> Parsed<Syntax> {
    blank(input);
    match next(input) {
        None => return Err(Refusal::here(input, mistakes::EMPTY)),
        Some('=') => return Err(Refusal::here(input, "an expression begins without '='; leave it out")),
        Some(_) => {}
    }
    let root = value(input)?;
    blank(input);
    match next(input) {
        None => Ok(root),
        Some(sign) => Err(mistakes::behind_the_end(input, sign)),
    }
}

// The next functions recurse. Each does little and leaves the words of errors to others, because a debug build keeps
// room on the stack for everything a function mentions.

fn value(input: &mut Input<'_>) -> Parsed<Syntax> {
    let start = blank(input);
    let left = concat(input)?;
    match tokens::comparison(input) {
        Some(comparison) => compare(input, start, left, comparison),
        None => Ok(left),
    }
}

fn compare(input: &mut Input<'_>, start: usize, left: Syntax, comparison: Comparison) -> Parsed<Syntax> {
    let right = concat(input)?;
    let at = start..offset(input);
    let behind = blank(input);
    if tokens::comparison(input).is_some() {
        return Err(Refusal::new(behind, mistakes::SECOND_COMPARISON));
    }
    let kind = SyntaxKind::Compare { comparison, left: Box::new(left), right: Box::new(right) };
    Ok(Syntax { kind, at })
}

fn concat(input: &mut Input<'_>) -> Parsed<Syntax> {
    let start = blank(input);
    let first = term(input)?;
    if tokens::ampersand(input)? { joined(input, start, first) } else { Ok(first) }
}

fn joined(input: &mut Input<'_>, start: usize, first: Syntax) -> Parsed<Syntax> {
    let mut parts = Vec::new();
    add_part(&mut parts, first);
    loop {
        add_part(&mut parts, term(input)?);
        let at = start..offset(input);
        if !tokens::ampersand(input)? {
            return Ok(Syntax { kind: SyntaxKind::Concat(parts), at });
        }
    }
}

/// Where parentheses stand makes no difference to a concatenation.
fn add_part(parts: &mut Vec<Syntax>, part: Syntax) {
    match part.kind {
        SyntaxKind::Concat(inner) => parts.extend(inner),
        _ => parts.push(part),
    }
}

fn term(input: &mut Input<'_>) -> Parsed<Syntax> {
    blank(input);
    match next(input) {
        Some('(') => group(input),
        Some(first) if first.is_alphabetic() => call(input),
        _ => tokens::constant(input),
    }
}

/// A value in parentheses. They are not part of its place.
fn group(input: &mut Input<'_>) -> Parsed<Syntax> {
    let open = begin(input)?;
    let inner = value(input)?;
    blank(input);
    match next(input) {
        Some(')') => end(input),
        _ => return Err(mistakes::within_a_group(input, open)),
    }
    Ok(inner)
}

/// A call; without a parenthesis, a word.
fn call(input: &mut Input<'_>) -> Parsed<Syntax> {
    let start = offset(input);
    let name = tokens::word(input)?;
    let kind = if tokens::opens(input) {
        SyntaxKind::Call { name: name.to_owned(), arguments: arguments(input, name)? }
    } else {
        tokens::refuse_more_of_a_word(input, name)?;
        tokens::refuse_arguments_without_parentheses(input, name)?;
        SyntaxKind::Identifier(name.to_owned())
    };
    Ok(Syntax { kind, at: start..offset(input) })
}

fn arguments(input: &mut Input<'_>, name: &str) -> Parsed<Vec<Option<Syntax>>> {
    let open = begin(input)?;
    let mut arguments = Vec::new();
    loop {
        blank(input);
        match next(input) {
            Some(',' | ')') | None => arguments.push(None),
            Some(_) => arguments.push(Some(value(input)?)),
        }
        blank(input);
        match next(input) {
            Some(',') => skip(input),
            Some(')') => break,
            _ => return Err(mistakes::within_a_call(input, open, name)),
        }
    }
    end(input);
    // `f()` has no slot; one that is left empty shows by its comma.
    if matches!(*arguments, [None]) {
        arguments.clear();
    }
    Ok(arguments)
}

/// Goes behind an opening parenthesis and tells where it stands.
fn begin(input: &mut Input<'_>) -> Parsed<usize> {
    let open = offset(input);
    if input.state.0 == DEEPEST {
        return Err(Refusal::new(open, mistakes::too_deep()));
    }
    input.state.0 += 1;
    skip(input);
    Ok(open)
}

/// Goes behind a closing parenthesis.
fn end(input: &mut Input<'_>) {
    skip(input);
    input.state.0 -= 1;
}

/// Goes behind white space, including the kinds that come along when text is pasted from a web page. Tells where the
/// next token begins.
fn blank(input: &mut Input<'_>) -> usize {
    let rest = rest(input);
    input.next_slice(rest.len() - rest.trim_start().len());
    offset(input)
}

/// The next character.
fn next(input: &Input<'_>) -> Option<char> {
    input.peek_token()
}

/// Goes behind the next character, which is one byte long.
fn skip(input: &mut Input<'_>) {
    input.next_slice(1);
}

/// Where the next token begins, or white space before it; the previous one ends here.
fn offset(input: &Input<'_>) -> usize {
    input.current_token_start()
}

/// Everything that is still to be parsed.
fn rest<'t>(input: &Input<'t>) -> &'t str {
    input.peek_finish()
}

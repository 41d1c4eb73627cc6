//! Patterns and substitutions in .NET's notation.
//!
//! In: the text of a pattern, when a configuration is saved. Out: a [`Pattern`], or a [`PatternError`] that says what in
//! it cannot be honoured and what to write instead. Then, for each value: whether it matches, what a group holds, or
//! the value with its matches replaced; or [`Exploded`], which is that value's alone.
//!
//! ```text
//! pattern ─parse─▶ Node ─translate─▶ the engine's notation ─compile─▶ Pattern
//!            │                                               │
//!       PatternError                                    PatternError
//! ```
//!
//! # Guarantees
//! * Nothing is silently different from .NET: every part is translated to the same meaning or refused. That includes
//!   the things that look alike everywhere and are not: what `\w`, `\b`, `$` and case mean, how groups are numbered, and
//!   characters beyond U+FFFF, which are two to .NET.
//! * Nothing runs away: the lengths of pattern and value, the size of what is compiled and the steps of a search are
//!   bounded.
//!
//! # Caveats
//! * .NET finds case by the culture of the server; here no culture holds. They differ for the Turkish `İ` and `ı` only.
//! * Which characters are letters follows Unicode's version: what was added to it lately may be a letter on one side.

mod class;
mod cost;
mod differ;
mod error;
mod escape;
mod groups;
mod parentheses;
mod parse;
mod substitution;
mod syntax;
#[cfg(test)]
mod tests;
mod translate;
mod units;

use std::borrow::Cow;
use std::ops::Range;

use fancy_regex::{Captures, Error, Regex, RegexBuilder};

use cost::{Effort, HEAVY, LIGHT};
pub(crate) use differ::readings_differ;
pub(crate) use error::{Exploded, PatternError};
use groups::Groups;
pub(crate) use substitution::Substitution;
use syntax::Node;

/// The longest pattern, in characters: far more than anybody writes by hand, and compiled in some tenths of a second at
/// worst.
pub(crate) const LONGEST_PATTERN: usize = 1_000;

/// The longest value that is searched, in characters: as much as a directory keeps in its longest texts about a person,
/// and little enough that looking at all of it takes about ten microseconds.
pub(crate) const LONGEST_VALUE: usize = 1_024;

/// The longest result of a replacement, in bytes. Replacements can be nested, and each could multiply its input.
pub(crate) const LONGEST_RESULT: usize = 100_000;

/// How many instructions a pattern may have where the engine goes step by step.
const INSTRUCTIONS: usize = 20_000;

/// What all patterns of one expression, or of one scope, may weigh together: hundreds of those that people write, and
/// not so much that saving or evaluating them takes seconds.
pub(crate) const HEAVIEST: u32 = 100_000;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// Searches with few steps, or with none.
    quick: Regex,
    /// The same with more steps; absent when the engine needs none.
    patient: Option<Regex>,
    effort: Effort,
    weight: u32,
    groups: Groups,
}

/// Where a match and its groups stand, in bytes of the split value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Match(Vec<Option<Range<usize>>>);

impl Match {
    fn of(captures: &Captures<'_, str>) -> Self {
        Self((0..captures.len()).map(|index| captures.get(index).map(|found| found.range())).collect())
    }

    fn whole(&self) -> Range<usize> {
        self.group(0).unwrap_or_default()
    }

    fn group(&self, index: usize) -> Option<Range<usize>> {
        self.0.get(index).cloned().flatten()
    }
}

impl Pattern {
    /// A pattern that may match anywhere in a value: .NET's own reading.
    ///
    /// # Errors
    /// What cannot be honoured.
    pub(crate) fn search(pattern: &str) -> Result<Self, PatternError> {
        let (node, groups) = read(pattern)?;
        Self::compile(&translate::translate(&node), &node, groups)
    }

    /// A pattern that must match a whole value.
    ///
    /// # Errors
    /// What cannot be honoured.
    pub(crate) fn whole(pattern: &str) -> Result<Self, PatternError> {
        let (node, groups) = read(pattern)?;
        Self::compile(&format!(r"\A(?:{})\z", translate::translate(&node)), &node, groups)
    }

    fn compile(notation: &str, node: &Node, groups: Groups) -> Result<Self, PatternError> {
        if cost::reads_again(node) {
            return Err(PatternError::ReadsAgain);
        }
        let efforts: &[Effort] = if cost::reads_on(node) { &[HEAVY] } else { &[LIGHT, HEAVY] };
        for effort in efforts {
            let build = |steps| {
                RegexBuilder::new(notation)
                    .backtrack_limit(steps)
                    .delegate_size_limit(effort.compiled)
                    .delegate_dfa_size_limit(LIGHT.compiled)
                    .max_prog_size(INSTRUCTIONS)
                    .build()
                    .ok()
            };
            let Some(quick) = build(effort.few_steps) else { continue };
            let patient = if cost::takes_steps(node) { build(effort.steps) } else { None };
            return Ok(Self { quick, patient, effort: *effort, weight: cost::weight(node), groups });
        }
        Err(PatternError::TooLarge)
    }

    /// About how much was compiled; several patterns together stay below [`HEAVIEST`].
    pub(crate) fn weight(&self) -> u32 {
        self.weight
    }

    /// Whether it has a group of this name or number.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.groups.called(name).is_some()
    }

    /// The names of its groups, for messages.
    pub(crate) fn group_names(&self) -> Vec<&str> {
        self.groups.names().collect()
    }

    /// Reads a substitution for this pattern.
    pub(crate) fn substitution(&self, text: &str) -> Substitution {
        Substitution::read(&units::split(text), &self.groups)
    }

    /// Whether a value matches.
    ///
    /// # Errors
    /// When the value costs too much.
    pub(crate) fn is_match(&self, value: &str) -> Result<bool, Exploded> {
        let text = measured(value)?;
        match (self.quick.is_match(&*text), &self.patient) {
            (Ok(is), _) => Ok(is),
            (Err(_), Some(patient)) => patient.is_match(&*text).map_err(exploded),
            (Err(error), None) => Err(exploded(error)),
        }
    }

    /// The text of a group in the first match; `None` without a match, or when the group took no part in it.
    ///
    /// # Errors
    /// When the value costs too much.
    pub(crate) fn group_of(&self, value: &str, group: &str) -> Result<Option<String>, Exploded> {
        let text = measured(value)?;
        let Some(index) = self.groups.called(group) else { return Ok(None) };
        let found = self.next(&text, 0, &mut 0)?;
        let part = found.and_then(|found| text.get(found.group(index)?));
        part.map(joined).transpose()
    }

    /// The value with every match replaced; `None` without a match.
    ///
    /// # Errors
    /// When the value costs too much.
    pub(crate) fn replace_all(&self, value: &str, by: &Substitution) -> Result<Option<String>, Exploded> {
        let text = measured(value)?;
        let matches = self.matches(&text)?;
        let spans = matches.iter().map(|found| (found.whole(), by.pieces(&text, found)));
        replaced(&text, spans)
    }

    /// The value with what a group holds in every match replaced by a text as it is; `None` when it holds nothing in
    /// any.
    ///
    /// # Errors
    /// When the value costs too much.
    pub(crate) fn replace_group(
        &self,
        value: &str,
        group: &str,
        by: &str,
    ) -> Result<Option<String>, Exploded> {
        let text = measured(value)?;
        let Some(index) = self.groups.called(group) else { return Ok(None) };
        let matches = self.matches(&text)?;
        let by = units::split(by);
        replaced(&text, matches.iter().filter_map(|found| Some((found.group(index)?, [&*by]))))
    }

    /// Every match, in .NET's way: behind an empty one the search goes on a character further, and an empty one may
    /// follow directly on another.
    fn matches(&self, text: &str) -> Result<Vec<Match>, Exploded> {
        let mut long_searches = 0;
        let mut matches = Vec::new();
        let mut from = 0;
        while let Some(found) = self.next(text, from, &mut long_searches)? {
            let whole = found.whole();
            matches.push(found);
            if matches.len() > self.effort.searches {
                return Err(Exploded::TooManySteps);
            }
            from = whole.end;
            if whole.is_empty() {
                match text.get(from..).and_then(|rest| rest.chars().next()) {
                    Some(c) => from += c.len_utf8(),
                    None => break,
                }
            }
        }
        Ok(matches)
    }

    /// The next match, with few steps if they suffice; counts when they do not.
    fn next(&self, text: &str, from: usize, long_searches: &mut usize) -> Result<Option<Match>, Exploded> {
        let found = match (self.quick.captures_from_pos(text, from), &self.patient) {
            (Ok(found), _) => found,
            (Err(_), Some(patient)) if *long_searches < self.effort.long_searches => {
                *long_searches += 1;
                patient.captures_from_pos(text, from).map_err(exploded)?
            }
            (Err(error), _) => return Err(exploded(error)),
        };
        Ok(found.as_ref().map(Match::of))
    }
}

fn read(pattern: &str) -> Result<(Node, Groups), PatternError> {
    let length = pattern.chars().count();
    if length > LONGEST_PATTERN {
        return Err(PatternError::TooLong(length));
    }
    parse::parse(pattern)
}

/// A value, one character for each of .NET's, unless there are too many.
fn measured(value: &str) -> Result<Cow<'_, str>, Exploded> {
    let text = units::split(value);
    match text.char_indices().nth(LONGEST_VALUE) {
        Some(_) => Err(Exploded::TooLong),
        None => Ok(text),
    }
}

fn joined(text: &str) -> Result<String, Exploded> {
    units::join(text).ok_or(Exploded::CutCharacter)
}

/// Once a pattern is compiled, nothing but its bounds can stop a search.
fn exploded(_: Error) -> Exploded {
    Exploded::TooManySteps
}

/// A text with spans of it replaced. One that begins inside of another before it has been replaced along with it.
fn replaced<'a, P>(
    text: &'a str,
    spans: impl Iterator<Item = (Range<usize>, P)>,
) -> Result<Option<String>, Exploded>
where
    P: IntoIterator<Item = &'a str>,
{
    let mut result = String::new();
    let mut done = 0;
    let mut any = false;
    for (span, pieces) in spans {
        let Some(kept) = text.get(done..span.start) else { continue };
        any = true;
        done = span.end;
        for piece in std::iter::once(kept).chain(pieces) {
            result.push_str(piece);
            if result.len() > LONGEST_RESULT {
                return Err(Exploded::TooLarge);
            }
        }
    }
    if !any {
        return Ok(None);
    }
    result.push_str(text.get(done..).unwrap_or_default());
    joined(&result).map(Some)
}

//! What can be wrong with a pattern: when it is saved ([`PatternError`]), and when it meets a value ([`Exploded`]).

use super::{LONGEST_PATTERN, LONGEST_RESULT, LONGEST_VALUE};

/// Why a pattern was refused when it was saved. `Display` names the problem, the cure and the position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    /// Something at a place in it.
    #[error("{problem} (character {at} of the pattern)")]
    At {
        /// The first character is 1.
        at: usize,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// It is longer than [`LONGEST_PATTERN`].
    #[error("the pattern has {0} characters, more than {LONGEST_PATTERN}; describe less of the value")]
    TooLong(usize),
    /// It reads the value over and over, which no bound on steps would keep short.
    #[error(
        "a look-around stands in a repetition inside of another look-around or of '(?>…)', which would read the value over and over; move it out of there"
    )]
    ReadsAgain,
    /// It becomes too large when it is compiled.
    #[error(
        "the pattern is too large; repeat fewer characters, or use '*' or '+' where the number is not needed"
    )]
    TooLarge,
}

impl PatternError {
    pub(super) fn at(at: usize, problem: impl Into<String>) -> Self {
        Self::At { at, problem: problem.into() }
    }
}

/// Why a value could not be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exploded {
    /// More steps than one value may take.
    #[error(
        "the pattern needs too many steps for this value; avoid repeating what is repeated already, as in '(a+)+'"
    )]
    TooManySteps,
    /// The value is longer than [`LONGEST_VALUE`].
    #[error(
        "the value is longer than the {LONGEST_VALUE} characters that are searched; shorten it first, with Left or Mid"
    )]
    TooLong,
    /// The result is longer than [`LONGEST_RESULT`].
    #[error(
        "the replacement makes the value longer than {LONGEST_RESULT} bytes; put in less text for each match"
    )]
    TooLarge,
    /// A match ends between the halves of a character beyond U+FFFF.
    #[error("the pattern cuts a character such as an emoji in two; match it whole, with '..' or as text")]
    CutCharacter,
}

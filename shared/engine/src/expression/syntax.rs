//! The syntax tree: an expression as it was written, before anybody asked what its names mean.
//!
//! In: text, through [`super::parse()`]. Out: a tree whose nodes know where they stand, so that every later
//! complaint points at a column. Printing a tree and parsing the print yields the same tree.

use std::ops::Range;

/// A part of an expression, with its place. Two are equal when they say the same, wherever they stand.
#[derive(Debug, Clone, Eq)]
pub struct Syntax {
    /// What it is.
    pub kind: SyntaxKind,
    /// Where it stands: byte offsets into the text. Parentheses around the whole part are not in it.
    pub at: Range<usize>,
}

impl PartialEq for Syntax {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// What a part of an expression can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxKind {
    /// `[department]`: the name without its brackets, as it was written between them.
    Attribute(String),
    /// `"text"`, its escapes resolved.
    Text(String),
    /// `42`, `-1.5`: as it was written.
    Number(String),
    /// `&H1C`: the hexadecimal digits as they were written.
    Hex(String),
    /// `vbTextCompare`: an enumeration's constant.
    Identifier(String),
    /// `Join(" ", [givenName], )`: an argument that was left empty is `None`, also the last one.
    Call {
        /// The function's name as it was written.
        name: String,
        /// The arguments by position.
        arguments: Vec<Option<Syntax>>,
    },
    /// `[a] >= 3`. Comparisons do not associate: one inside another stands in parentheses.
    Compare {
        /// Which comparison.
        comparison: Comparison,
        /// What stands before it.
        left: Box<Syntax>,
        /// What stands behind it.
        right: Box<Syntax>,
    },
    /// `[a] & "-" & [b]`: two parts or more, none of them a concatenation itself.
    Concat(Vec<Syntax>),
}

/// The comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
}

impl Comparison {
    /// The operator as it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::GreaterOrEqual => ">=",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::Less => "<",
        }
    }
}

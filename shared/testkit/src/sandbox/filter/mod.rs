//! Filters (RFC 7644 section 3.4.2.2).
//!
//! In: the text of a filter, and later a resource. Out: a tree, and whether the resource matches. Promise:
//! printing a tree and parsing it again gives the same tree; nesting and length cannot exhaust the stack.

mod eval;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

pub(crate) use eval::{Scope, fold, is_present, matches, order};
pub(crate) use parse::{PatchPath, parse, parse_patch_path};

use super::path::AttributePath;

/// How an attribute is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Operators and their spelling.
const OPERATORS: [(&str, Operator); 9] = [
    ("eq", Operator::Equal),
    ("ne", Operator::NotEqual),
    ("co", Operator::Contains),
    ("sw", Operator::StartsWith),
    ("ew", Operator::EndsWith),
    ("gt", Operator::Greater),
    ("ge", Operator::GreaterOrEqual),
    ("lt", Operator::Less),
    ("le", Operator::LessOrEqual),
];

impl Operator {
    fn parse(word: &str) -> Option<Self> {
        OPERATORS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, operator)| *operator)
    }

    fn name(self) -> &'static str {
        OPERATORS.iter().find(|(_, operator)| *operator == self).map_or("eq", |(name, _)| *name)
    }
}

/// A parsed filter. `And` and `Or` are flat, so that a long chain of them does not nest deeply.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    Present(AttributePath),
    Compare(AttributePath, Operator, Value),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// `emails[type eq "work"]`: some one element matches all of the inner filter.
    Element(AttributePath, Box<Filter>),
}

impl Filter {
    fn is_chain(&self) -> bool {
        matches!(self, Self::And(_) | Self::Or(_))
    }

    /// Whether every comparison in it is `eq` and nothing is negated or listed as an alternative.
    pub(crate) fn only_equalities(&self) -> bool {
        match self {
            Self::Compare(_, operator, _) => *operator == Operator::Equal,
            Self::And(parts) => parts.iter().all(Self::only_equalities),
            Self::Element(_, inner) => inner.only_equalities(),
            Self::Present(_) | Self::Or(_) | Self::Not(_) => false,
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare(path, operator, value) => write!(f, "{path} {} {value}", operator.name()),
            Self::And(parts) => chain(f, parts, " and "),
            Self::Or(parts) => chain(f, parts, " or "),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Element(path, inner) => write!(f, "{path}[{inner}]"),
        }
    }
}

fn chain(f: &mut fmt::Formatter<'_>, parts: &[Filter], word: &str) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        let word = if position == 0 { "" } else { word };
        if part.is_chain() { write!(f, "{word}({part})")? } else { write!(f, "{word}{part}")? }
    }
    Ok(())
}

//! Scoping: who is provisioned.
//!
//! In: the scope as the administrator wrote it ([`Scope`]). Out: a [`CheckedScope`], or every problem with its
//! place and cure; then, for each object, a yes or no, and on request why.
//!
//! ```text
//! in scope = (nothing is assigned  OR  the person is  OR  one of their groups is)
//!        AND (there is no filter   OR  all clauses of some group hold)
//! ```
//!
//! # Guarantees
//! * Operators mean what they mean in Entra ID: texts are compared by their characters, case matters, and of a
//!   person without a value nothing holds but `IS NULL`, not even `NOT EQUALS`.
//! * Nobody leaves the scope by accident: what cannot be judged (several values where one is compared, a pattern
//!   that takes too many steps) is a [`ScopeError`], that person's alone, unless the rest decides without it.
//! * [`CheckedScope::admits`] and [`CheckedScope::explain`] always agree.

mod check;
mod evaluate;
mod explain;
mod operator;
#[cfg(test)]
mod tests;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::CheckedScope;
pub use evaluate::ScopeError;
pub use explain::{AssignmentTrace, ClauseTrace, GroupTrace, ScopeTrace};
pub use operator::{Arity, MultivaluedComparison, Operator, UnknownOperator};

/// Who is provisioned: who is assigned, if that is asked for, **and** whom the filter admits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// Only these; without it everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Assignment>,
    /// Groups of clauses. Whoever meets all clauses of at least one group is in scope; without groups everyone is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = check::MOST_CLAUSES))]
    pub filter: Vec<FilterGroup>,
    /// Leave the accounts of people who drop out of scope as they are, instead of switching them off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_out_of_scope_deletions: bool,
}

impl Scope {
    /// Whether nothing narrows it.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        *self == Self::default()
    }
}

/// Assigned users and groups. Members of a group that is nested in an assigned group are not assigned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assignment {
    /// Ids of people in the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = check::MOST_ASSIGNED))]
    pub users: Vec<String>,
    /// Groups, spelled as the attribute that `memberOf` names spells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = check::MOST_ASSIGNED))]
    pub groups: Vec<String>,
    /// The source attribute that lists the groups a person is a direct member of; needed with `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_of: Option<String>,
}

/// Clauses that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterGroup {
    /// What it selects, for people: the title under which its clauses stand in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The clauses.
    #[schemars(length(min = 1, max = check::MOST_CLAUSES))]
    pub clauses: Vec<Clause>,
}

/// One condition on one source attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "if" = { "properties": { "operator": { "enum": ["IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL"] } } },
    "then" = { "not": { "required": ["value"] } },
    "else" = { "required": ["value"] }
))]
pub struct Clause {
    /// The source attribute, with a single value. `objectId` and `accountEnabled` are what every person has, unless
    /// the source has an attribute of that name.
    pub attribute: String,
    /// How it is judged.
    pub operator: Operator,
    /// What it is compared with; `IS TRUE`, `IS FALSE`, `IS NULL` and `IS NOT NULL` take none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Of `REGEX MATCH` and `NOT REGEX MATCH`: whether the whole value meets the pattern, as without this field, or
    /// some part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<PatternReading>,
}

/// The two readings of a pattern that says nothing of the beginning and the end of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PatternReading {
    /// The whole value meets the pattern.
    #[default]
    Whole,
    /// Some part of the value does.
    Search,
}

impl fmt::Display for Clause {
    /// In words: `department NOT EQUALS 'Sales'`. Long values are shortened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", shortened(&self.attribute), self.operator)?;
        if let Some(value) = &self.value {
            write!(f, " '{}'", shortened(value))?;
        }
        match self.matches {
            Some(PatternReading::Search) => f.write_str(" (some part)"),
            Some(PatternReading::Whole) | None => Ok(()),
        }
    }
}

/// A text as messages and traces show it: on one line, and at most 120 characters of it, which tell which one is meant.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 120;
    let mut rest = text.chars();
    let mut shown: String = rest.by_ref().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

//! Telling why somebody is in scope or not: everything is evaluated, nothing is cut short, so that an administrator
//! sees every clause at once. Made only for objects that are logged or explained.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::check::{CheckedAssignment, CheckedClause, CheckedGroup, CheckedScope};
use super::evaluate::{ScopeError, Subject, Way, all, any};
use super::shortened;
use crate::expression::REDACTED;
use crate::model::{SourceObject, Value, elements};

/// Why an object is in scope or not. Where `holds` is absent it cannot be told, and a note or a reason says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeTrace {
    /// Whether it is.
    pub holds: Option<bool>,
    /// How it is assigned; `None` when the scope does not ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment: Option<AssignmentTrace>,
    /// Every group of the filter, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupTrace>,
}

/// How an object is assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentTrace {
    /// Whether it is.
    pub holds: Option<bool>,
    /// In words: "assigned directly", "member of 'Finance'", "neither assigned nor a member of an assigned group".
    pub reason: String,
}

/// What a group of clauses said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupTrace {
    /// Its name, or `Group 1`.
    pub name: String,
    /// Whether all clauses hold.
    pub holds: Option<bool>,
    /// Every clause, in order.
    pub clauses: Vec<ClauseTrace>,
}

/// What a clause said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClauseTrace {
    /// The clause in words: `department NOT EQUALS 'Sales'`.
    pub clause: String,
    /// The object's value, shortened, texts in quotes; `null` without one.
    pub value: String,
    /// Whether it holds.
    pub holds: Option<bool>,
    /// Why it cannot be told, or why it fails where that may surprise: the value is no whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl CheckedScope {
    /// Whether an object is in scope, and why. Always agrees with [`CheckedScope::admits`].
    pub fn explain(&self, object: &SourceObject) -> (Result<bool, ScopeError>, ScopeTrace) {
        let assigned = self.assignment.as_ref().map(|assignment| self.explain_assignment(assignment, object));
        let groups: Vec<_> = self.groups.iter().map(|group| self.explain_group(group, object)).collect();
        let (filtered, groups): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        let (assigned, assignment) = assigned.unzip();
        let filtered = (!filtered.is_empty()).then(|| any(filtered));
        let outcome = all(assigned.into_iter().chain(filtered));
        let trace = ScopeTrace { holds: outcome.as_ref().ok().copied(), assignment, groups };
        (outcome, trace)
    }

    fn explain_assignment(
        &self,
        assignment: &CheckedAssignment,
        object: &SourceObject,
    ) -> (Result<bool, ScopeError>, AssignmentTrace) {
        let way = assignment.way(object);
        let hides = assignment.member_of.as_ref().is_some_and(|attribute| self.hides(object, attribute));
        let reason = match way {
            Ok(Some(Way::Directly)) => "assigned directly".to_owned(),
            Ok(Some(Way::Member(_))) if hides => "member of an assigned group".to_owned(),
            Ok(Some(Way::Member(group))) => format!("member of '{}'", shortened(group)),
            Ok(None) => "neither assigned nor a member of an assigned group".to_owned(),
            Err(problem) => problem.sentence().to_owned(),
        };
        let outcome = way.map(|way| way.is_some());
        let trace = AssignmentTrace { holds: outcome.ok(), reason };
        (outcome.map_err(|problem| assignment.error(problem)), trace)
    }

    fn explain_group(
        &self,
        group: &CheckedGroup,
        object: &SourceObject,
    ) -> (Result<bool, ScopeError>, GroupTrace) {
        let clauses: Vec<_> =
            group.clauses.iter().map(|clause| self.explain_clause(clause, object)).collect();
        let (outcomes, clauses): (Vec<_>, Vec<_>) = clauses.into_iter().unzip();
        let outcome = all(outcomes);
        let trace = GroupTrace { name: group.name.clone(), holds: outcome.as_ref().ok().copied(), clauses };
        (outcome, trace)
    }

    fn explain_clause(
        &self,
        clause: &CheckedClause,
        object: &SourceObject,
    ) -> (Result<bool, ScopeError>, ClauseTrace) {
        let outcome = clause.holds(object);
        let subject = Subject::find(object, &clause.attribute);
        let note = match outcome {
            Ok(_) => clause.test.surprise(subject),
            Err(problem) => Some(problem.sentence()),
        };
        let trace = ClauseTrace {
            clause: clause.words.clone(),
            value: if self.hides(object, &clause.attribute) {
                REDACTED.to_owned()
            } else {
                told(object, &clause.attribute)
            },
            holds: outcome.ok(),
            note: note.map(str::to_owned),
        };
        (outcome.map_err(|problem| clause.error(problem)), trace)
    }

    /// Whether what an object has under a name shows nowhere.
    fn hides(&self, object: &SourceObject, attribute: &str) -> bool {
        let values = object.attributes.get(attribute).map(elements).unwrap_or_default();
        self.veiled.contains(attribute) || values.iter().any(|value| matches!(value, Value::Secret(_)))
    }
}

/// What an object has under a name, for people.
fn told(object: &SourceObject, attribute: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", shortened(text));
    match object.attributes.get(attribute) {
        Some(Value::Text(text)) => quoted(text),
        Some(Value::List(values)) => {
            let values: Vec<_> = values.iter().take(TOLD).map(Value::to_string).collect();
            format!("[{}]", shortened(&values.join(", ")))
        }
        Some(value) => shortened(&value.to_string()),
        None => match Subject::find(object, attribute) {
            Subject::Text(id) => quoted(id),
            Subject::Boolean(truth) => spelled(Some(truth)).to_owned(),
            Subject::Null | Subject::Integer(_) | Subject::Unjudged(_) => "null".to_owned(),
        },
    }
}

/// At most this many clauses are told in a line or in a log record: more than anybody reads, and a record stays at
/// some kilobytes.
const TOLD: usize = 20;

impl ScopeTrace {
    /// What a scoping step of the log says, key and value: the flags that the vendor's records have, and each clause
    /// under the title of its group, as in `French staff.country EQUALS 'FR'`.
    #[must_use]
    pub fn details(&self) -> BTreeMap<String, String> {
        let mut details = BTreeMap::new();
        let filter = any(self.groups.iter().map(|group| group.holds.ok_or(())));
        let filter = if self.groups.is_empty() { Some(true) } else { filter.ok() };
        details.insert("Scoping filter evaluation passed".to_owned(), spelled(filter).to_owned());
        match &self.assignment {
            Some(assignment) => {
                details
                    .insert("Assigned to the application".to_owned(), spelled(assignment.holds).to_owned());
                details.insert("Assignment".to_owned(), assignment.reason.clone());
            }
            None => {
                details.insert("Scope sync all".to_owned(), spelled(Some(true)).to_owned());
            }
        }
        for (group, clause) in self.clauses().take(TOLD) {
            let key = format!("{}.{}", shortened(&group.name), clause.clause);
            details.insert(key, spelled(clause.holds).to_owned());
        }
        if let Some(more) = self.more() {
            details.insert("Further clauses".to_owned(), more.to_string());
        }
        details
    }

    fn clauses(&self) -> impl Iterator<Item = (&GroupTrace, &ClauseTrace)> {
        self.groups.iter().flat_map(|group| group.clauses.iter().map(move |clause| (group, clause)))
    }

    /// How many clauses are not told.
    fn more(&self) -> Option<usize> {
        self.clauses().count().checked_sub(TOLD).filter(|more| *more > 0)
    }
}

/// As the log spells it.
fn spelled(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    }
}

impl fmt::Display for ScopeTrace {
    /// One line: `in scope = False (assigned = True, member of 'Finance'; French staff: country EQUALS 'FR' = False for "DE")`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in scope = {}", spelled(self.holds))?;
        let assignment = self
            .assignment
            .iter()
            .map(|assignment| format!("assigned = {}, {}", spelled(assignment.holds), assignment.reason));
        let clauses =
            self.clauses().take(TOLD).map(|(group, clause)| format!("{}: {clause}", shortened(&group.name)));
        let more = self.more().into_iter().map(|more| format!("{more} further clauses"));
        let parts: Vec<_> = assignment.chain(clauses).chain(more).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " ({})", parts.join("; ")) }
    }
}

impl fmt::Display for ClauseTrace {
    /// `country EQUALS 'FR' = False for "DE"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} for {}", self.clause, spelled(self.holds), self.value)?;
        self.note.as_ref().map_or(Ok(()), |note| write!(f, ", {note}"))
    }
}

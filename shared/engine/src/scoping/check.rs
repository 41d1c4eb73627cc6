//! Checking a scope once, when it is saved: names, operands and patterns are judged and made ready, so that people
//! are compared and nothing else.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::evaluate::{Test, whole_number};
use super::{Arity, Assignment, Clause, FilterGroup, Operator, PatternReading, Scope, shortened};
use crate::dotnet::pattern::{HEAVIEST, Pattern, readings_differ};
use crate::mapping::MappingProblem;

/// The most clauses of a filter, all groups taken together: more than anybody keeps in view, and with 200,000 people
/// still only seconds of comparing in a cycle.
pub(super) const MOST_CLAUSES: usize = 200;

/// The most people and the most groups that are assigned one by one. As ids of 36 letters these are some 200
/// kilobytes of a document that may have one megabyte; beyond that a group is the better list.
pub(super) const MOST_ASSIGNED: usize = 5_000;

/// The longest value of a clause, in characters: room for a list of a thousand codes in `&`. Patterns have a limit of
/// their own.
const LONGEST_VALUE: usize = 4_000;

/// The longest name of an attribute and of a group of clauses, in characters. Directories end names at 256.
const LONGEST_NAME: usize = 256;

/// The longest id of a person or a group, in characters: distinguished names stay far below.
const LONGEST_ID: usize = 1_024;

/// A scope that was checked, its operands and patterns ready.
#[derive(Debug, Clone)]
pub struct CheckedScope {
    pub(super) assignment: Option<CheckedAssignment>,
    pub(super) groups: Vec<CheckedGroup>,
    /// Attributes whose values show nowhere.
    pub(super) veiled: BTreeSet<String>,
    attributes: BTreeSet<String>,
    skip_out_of_scope_deletions: bool,
}

/// Who is assigned.
#[derive(Debug, Clone)]
pub(super) struct CheckedAssignment {
    pub(super) users: HashSet<String>,
    pub(super) groups: HashSet<String>,
    pub(super) member_of: Option<String>,
}

/// Clauses that must all hold.
#[derive(Debug, Clone)]
pub(super) struct CheckedGroup {
    pub(super) name: String,
    pub(super) clauses: Vec<CheckedClause>,
}

/// A clause, ready.
#[derive(Debug, Clone)]
pub(super) struct CheckedClause {
    pub(super) attribute: String,
    /// As people read it.
    pub(super) words: String,
    pub(super) test: Test,
    /// Whether the clause holds for values that do *not* meet the test.
    pub(super) negated: bool,
}

impl Scope {
    /// Checks a scope.
    ///
    /// # Errors
    /// Every problem found, with its place from `scope` on: `scope.filter[0].clauses[1].value`.
    pub fn check(&self) -> Result<CheckedScope, Vec<MappingProblem>> {
        let mut problems = Problems::default();
        let assignment = self.assigned.as_ref().map(|assigned| problems.assignment(assigned));
        let groups = problems.groups(&self.filter);
        problems.weight(&groups);
        if !problems.0.is_empty() {
            return Err(problems.0);
        }
        let clauses = groups.iter().flat_map(|group| &group.clauses).map(|clause| &clause.attribute);
        let member_of = assignment.iter().filter_map(|assignment| assignment.member_of.as_ref());
        Ok(CheckedScope {
            attributes: clauses.chain(member_of).cloned().collect(),
            assignment,
            groups,
            veiled: BTreeSet::new(),
            skip_out_of_scope_deletions: self.skip_out_of_scope_deletions,
        })
    }

    /// What is understood and yet worth a second look, with its place: patterns that select other people under the
    /// reading that was not chosen, while nobody said which one is meant. The vendor documents neither.
    #[must_use]
    pub fn notices(&self) -> Vec<MappingProblem> {
        let clauses = self.filter.iter().enumerate().flat_map(|(group, content)| {
            content.clauses.iter().enumerate().map(move |(clause, content)| (group, clause, content))
        });
        let notice = |(group, position, clause): (usize, usize, &Clause)| {
            let pattern = clause
                .value
                .as_deref()
                .filter(|_| clause.operator.takes_pattern() && clause.matches.is_none())?;
            let difference = readings_differ(pattern)?;
            Some(MappingProblem {
                place: format!("scope.filter[{group}].clauses[{position}].matches"),
                problem: format!(
                    "the whole value has to meet the pattern, and {difference}; write matches: whole if that is meant, else matches: search"
                ),
            })
        };
        clauses.filter_map(notice).collect()
    }
}

impl Problems {
    /// Patterns that are sound one by one can be too much together.
    fn weight(&mut self, groups: &[CheckedGroup]) {
        let weight = |clause: &CheckedClause| match &clause.test {
            Test::Meets(pattern) => pattern.weight(),
            _ => 0,
        };
        let together =
            groups.iter().flat_map(|group| &group.clauses).map(weight).fold(0, u32::saturating_add);
        if together > HEAVIEST {
            self.0.push(MappingProblem {
                place: "scope.filter".into(),
                problem: "its patterns repeat too much together; use smaller repetitions such as {1,20}, or + and *".into(),
            });
        }
    }
}

impl CheckedScope {
    /// The same scope, telling no value of these attributes: those that a mapping reads within `Redact`.
    #[must_use]
    pub fn veiling(mut self, attributes: &BTreeSet<String>) -> Self {
        self.veiled.extend(attributes.iter().cloned());
        self
    }

    /// Every source attribute that it reads.
    #[must_use]
    pub fn attributes(&self) -> &BTreeSet<String> {
        &self.attributes
    }

    /// Whether accounts of people who drop out of scope are left as they are.
    #[must_use]
    pub fn skips_out_of_scope_deletions(&self) -> bool {
        self.skip_out_of_scope_deletions
    }
}

/// What was found so far.
#[derive(Default)]
struct Problems(Vec<MappingProblem>);

impl Problems {
    fn add(&mut self, place: impl Into<String>, problem: impl Into<String>) {
        self.0.push(MappingProblem { place: place.into(), problem: problem.into() });
    }

    fn assignment(&mut self, assigned: &Assignment) -> CheckedAssignment {
        const PLACE: &str = "scope.assigned";
        if assigned.users.is_empty() && assigned.groups.is_empty() {
            self.add(PLACE, "nobody is assigned, so nobody would be provisioned; list users or groups, or remove assigned to take everyone");
        }
        match &assigned.member_of {
            Some(attribute) => self.attribute(&format!("{PLACE}.memberOf"), attribute),
            None if assigned.groups.is_empty() => {}
            None => self.add(
                format!("{PLACE}.memberOf"),
                "nothing says which groups a person is in; name the source attribute that lists them, for example memberOf: memberOf",
            ),
        }
        CheckedAssignment {
            users: self.ids(&format!("{PLACE}.users"), &assigned.users),
            groups: self.ids(&format!("{PLACE}.groups"), &assigned.groups),
            member_of: assigned.member_of.clone().filter(|_| !assigned.groups.is_empty()),
        }
    }

    fn ids(&mut self, list: &str, ids: &[String]) -> HashSet<String> {
        if ids.len() > MOST_ASSIGNED {
            self.add(
                list,
                format!(
                    "lists {}, and at most {MOST_ASSIGNED} are taken; assign groups, or use a filter",
                    ids.len()
                ),
            );
        }
        let mut first = HashMap::new();
        for (position, id) in ids.iter().enumerate().take(MOST_ASSIGNED) {
            let place = format!("{list}[{position}]");
            self.name(&place, id, LONGEST_ID);
            if let Some(before) = first.insert(id, position) {
                self.add(
                    place,
                    format!("'{}' stands in {list}[{before}] already; remove one of them", shortened(id)),
                );
            }
        }
        ids.iter().cloned().collect()
    }

    fn groups(&mut self, groups: &[FilterGroup]) -> Vec<CheckedGroup> {
        let clauses: usize = groups.iter().map(|group| group.clauses.len().max(1)).sum();
        if clauses > MOST_CLAUSES {
            self.add("scope.filter", format!("has {clauses} clauses, and at most {MOST_CLAUSES} are taken; put values together in a REGEX MATCH, or in &"));
            return Vec::new();
        }
        let named = |(position, group): (usize, &FilterGroup)| {
            group.name.clone().unwrap_or_else(|| format!("Group {}", position + 1))
        };
        let names: Vec<String> = groups.iter().enumerate().map(named).collect();
        let mut checked = Vec::new();
        for (position, (group, name)) in groups.iter().zip(&names).enumerate() {
            let place = format!("scope.filter[{position}]");
            self.name(&format!("{place}.name"), name, LONGEST_NAME);
            if let Some(before) = names.iter().take(position).position(|before| before == name) {
                self.add(
                    format!("{place}.name"),
                    format!("scope.filter[{before}] is called '{}' too, and the log could not tell them apart; call it something else", shortened(name)),
                );
            }
            let same = |before: &FilterGroup| !group.clauses.is_empty() && before.clauses == group.clauses;
            if let Some(before) = groups.iter().take(position).position(same) {
                self.add(
                    place.as_str(),
                    format!("has the clauses of scope.filter[{before}]; remove one of them"),
                );
            }
            let clauses = self.clauses(&format!("{place}.clauses"), &group.clauses);
            checked.push(CheckedGroup { name: name.clone(), clauses });
        }
        checked
    }

    fn clauses(&mut self, list: &str, clauses: &[Clause]) -> Vec<CheckedClause> {
        if clauses.is_empty() {
            self.add(
                list,
                "a group without clauses would take everyone; write a clause, or remove the group",
            );
        }
        let mut checked = Vec::new();
        for (position, clause) in clauses.iter().enumerate() {
            let place = format!("{list}[{position}]");
            if let Some(before) = clauses.iter().take(position).position(|before| before == clause) {
                self.add(place.as_str(), format!("is the same as {list}[{before}]; remove one of them"));
            }
            checked.extend(self.clause(&place, clause));
        }
        checked
    }

    fn clause(&mut self, place: &str, clause: &Clause) -> Option<CheckedClause> {
        self.attribute(&format!("{place}.attribute"), &clause.attribute);
        if clause.matches.is_some() && !clause.operator.takes_pattern() {
            self.add(
                format!("{place}.matches"),
                format!(
                    "belongs to REGEX MATCH and NOT REGEX MATCH; remove it, {} has one reading only",
                    clause.operator
                ),
            );
        }
        let (test, negated) =
            test(clause).map_err(|problem| self.add(format!("{place}.value"), problem)).ok()?;
        Some(CheckedClause { attribute: clause.attribute.clone(), words: clause.to_string(), test, negated })
    }

    /// The vendor takes no clauses on `manager`, `userType`, `appRoleAssignments`, dates and memberships. To Rollcall
    /// they are attributes like any other, judged as what the source gives: a text, or several values that cannot be.
    /// Only the one is refused that scoping itself decides.
    fn attribute(&mut self, place: &str, attribute: &str) {
        self.name(place, attribute, LONGEST_NAME);
        if attribute.eq_ignore_ascii_case("IsSoftDeleted") {
            self.add(place, "IsSoftDeleted is known only once the scope is decided; write accountEnabled with IS TRUE to leave out people who are switched off");
        }
        if let Some(name) = attribute.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            self.add(
                place,
                format!("write {} without brackets; those belong to expressions", shortened(name)),
            );
        }
    }

    fn name(&mut self, place: &str, name: &str, longest: usize) {
        if name.trim().is_empty() {
            self.add(place, "is empty; fill it in, or remove what it belongs to");
        } else if name.trim() != name {
            self.add(
                place,
                format!("'{}' has white space at its beginning or end; remove it", shortened(name)),
            );
        }
        if name.chars().count() > longest {
            self.add(place, format!("is longer than {longest} characters; no source has such a name"));
        }
    }
}

/// What a clause tests, and whether it asks for the opposite.
fn test(clause: &Clause) -> Result<(Test, bool), String> {
    let operator = clause.operator;
    let operand = operand(clause)?;
    let text = || operand.to_owned();
    let number = || {
        whole_number(operand).ok_or_else(|| {
            format!("'{}' is no whole number, and {operator} compares only those; write digits, for example 2000000", shortened(operand))
        })
    };
    let pattern = || {
        let pattern = match clause.matches.unwrap_or_default() {
            PatternReading::Whole => Pattern::whole(operand),
            PatternReading::Search => Pattern::search(operand),
        };
        pattern.map(Box::new).map_err(|error| error.to_string())
    };
    Ok(match operator {
        Operator::Equals => (Test::Equals(text()), false),
        Operator::NotEquals => (Test::Equals(text()), true),
        Operator::IsTrue => (Test::Says(true), false),
        Operator::IsFalse => (Test::Says(false), false),
        Operator::IsNull => (Test::Null, false),
        Operator::IsNotNull => (Test::Null, true),
        Operator::RegexMatch => (Test::Meets(pattern()?), false),
        Operator::NotRegexMatch => (Test::Meets(pattern()?), true),
        Operator::GreaterThan => (Test::Above(number()?), false),
        Operator::GreaterThanOrEquals => (Test::AtLeast(number()?), false),
        Operator::Includes => (Test::Includes(text()), false),
        Operator::EndsWith => (Test::EndsWith(text()), false),
        Operator::Within => (Test::Within(text()), false),
        Operator::NotWithin => (Test::Within(text()), true),
    })
}

/// What a clause compares with; empty for operators that take nothing.
fn operand(clause: &Clause) -> Result<&str, String> {
    let operator = clause.operator;
    match (operator.arity(), clause.value.as_deref()) {
        (Arity::Unary, None) => Ok(""),
        (Arity::Unary, Some(_)) => Err(format!("{operator} compares with nothing; remove the value")),
        (Arity::Binary, None) => Err(format!("{operator} needs something to compare with; write a value")),
        // Without a value nothing holds but IS NULL, so an empty one would be met by nobody or by everybody else.
        (Arity::Binary, Some("")) => {
            Err("nobody's value is compared with an empty one; use IS NULL or IS NOT NULL".to_owned())
        }
        (Arity::Binary, Some(value)) if value.chars().count() > LONGEST_VALUE => Err(format!(
            "is longer than {LONGEST_VALUE} characters; spread it over several clauses or groups"
        )),
        (Arity::Binary, Some(value)) => Ok(value),
    }
}

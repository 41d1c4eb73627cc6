//! Filters: who is in scope.
//!
//! A regular expression that says nothing of the beginning and the end of the value can be read in two ways, and
//! the API's documentation shows examples of both. Such a clause waits for a decision, which is given with the
//! annotation [`READING`] in the clause: `"whole"` or `"search"`.

use serde_json::Value;

use super::super::document::{Filter, FilterClause, FilterGroup};
use super::super::finding::Findings;
use super::Kept;
use crate::dotnet::pattern::readings_differ;
use crate::scoping::{self, Arity, Clause, Operator, PatternReading, Scope};

/// The OData annotation of a clause that says how its pattern is read. Services must ignore annotations they do
/// not know, so that a schema with it is still one for others.
pub(in super::super) const READING: &str = "@rollcall.matches";

/// The scope of an object mapping.
pub(super) fn to_scope(filter: Option<&Filter>, kept: &Kept, place: &str, findings: &mut Findings) -> Scope {
    let mut scope = Scope {
        assigned: kept.assigned.clone(),
        filter: Vec::new(),
        skip_out_of_scope_deletions: kept.skip_out_of_scope_deletions,
    };
    let Some(filter) = filter else { return scope };
    let place = format!("{place}.scope");
    if !filter.input_filter_groups.each().is_empty() {
        findings.problem(
            format!("{place}.inputFilterGroups"),
            "people who drop out of an input filter keep their accounts, which is not supported; move its clauses into groups, where dropping out switches the account off",
        );
    }
    if !filter.category_filter_groups.each().is_empty() {
        findings.problem(
            format!("{place}.categoryFilterGroups"),
            "choosing among several mappings by a filter is not supported; move its clauses into groups",
        );
    }
    for (position, group) in filter.groups.each().iter().enumerate() {
        scope.filter.push(to_group(group, &format!("{place}.groups[{position}]"), findings));
    }
    scope
}

fn to_group(group: &FilterGroup, place: &str, findings: &mut Findings) -> scoping::FilterGroup {
    if group.clauses.each().is_empty() {
        findings.problem(
            place,
            "a group without clauses lets everyone pass; give it a clause, or remove all groups",
        );
    }
    let clauses = group.clauses.each().iter().enumerate();
    scoping::FilterGroup {
        name: group.name.text().filter(|name| !name.is_empty()).map(str::to_owned),
        clauses: clauses
            .filter_map(|(position, clause)| {
                to_clause(clause, &format!("{place}.clauses[{position}]"), findings)
            })
            .collect(),
    }
}

fn to_clause(clause: &FilterClause, place: &str, findings: &mut Findings) -> Option<Clause> {
    let Some(attribute) = clause.source_operand_name.text().filter(|name| !name.is_empty()) else {
        findings.problem(
            format!("{place}.sourceOperandName"),
            "the clause names no attribute; write one of the source's",
        );
        return None;
    };
    let operator = match clause.operator_name.text().unwrap_or_default().parse::<Operator>() {
        Ok(operator) => operator,
        Err(error) => {
            findings.problem(format!("{place}.operatorName"), error.to_string());
            return None;
        }
    };
    let value = value(clause, operator, place, findings);
    let matches = match &value {
        Some(pattern) if operator.takes_pattern() => reading(clause, pattern, place, findings),
        _ => None,
    };
    Some(Clause { attribute: attribute.to_owned(), operator, value, matches })
}

fn value(clause: &FilterClause, operator: Operator, place: &str, findings: &mut Findings) -> Option<String> {
    let values = clause.target_operand.value().map_or(&[][..], |operand| operand.values.each());
    let place = format!("{place}.targetOperand.values");
    match values {
        _ if operator.arity() == Arity::Unary => {
            if values.iter().any(|value| !value.is_empty()) {
                findings.notice(place, format!("{operator} compares with nothing; the value has no effect"));
            }
            None
        }
        [value] => Some(value.clone()),
        [] => {
            findings.problem(place, format!("{operator} compares with a value; write one"));
            None
        }
        several => {
            findings.problem(
                place,
                format!(
                    "{operator} compares with one value and has {}; write a group for each of them",
                    several.len()
                ),
            );
            None
        }
    }
}

/// `None` is the whole value, as in clauses that say nothing.
fn reading(
    clause: &FilterClause,
    pattern: &str,
    place: &str,
    findings: &mut Findings,
) -> Option<PatternReading> {
    match clause.extra.get(READING) {
        Some(Value::String(word)) if word.eq_ignore_ascii_case("whole") => {
            return None;
        }
        Some(Value::String(word)) if word.eq_ignore_ascii_case("search") => {
            return Some(PatternReading::Search);
        }
        Some(_) => findings.problem(format!("{place}.{READING}"), "the reading is \"whole\" or \"search\""),
        None => {
            if let Some(difference) = readings_differ(pattern) {
                findings.decision(
                    place,
                    format!(
                        "'{pattern}' can be meant for the whole value or for any part of it, and it matters: {difference}; write \"{READING}\": \"whole\" or \"{READING}\": \"search\" into the clause, or begin the pattern with ^ and end it with $"
                    ),
                );
            }
        }
    }
    None
}

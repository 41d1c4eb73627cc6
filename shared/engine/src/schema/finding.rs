//! What was found while a schema became a mapping: never silence about something that would mean another thing.

use std::fmt;

use serde::Serialize;

/// One remark on one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What follows from it.
    pub kind: FindingKind,
    /// Where: `synchronizationRules[0].objectMappings[1].scope.groups[0]`.
    pub place: String,
    /// What it is, and what to do.
    pub says: String,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FindingKind {
    /// It cannot be honoured: the schema is refused.
    Problem,
    /// It can be read in two ways: the administrator says which before the schema is taken.
    Decision,
    /// It is kept, and has no effect here.
    Notice,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.says)
    }
}

/// Collects findings.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn problem(&mut self, place: impl Into<String>, says: impl Into<String>) {
        self.add(FindingKind::Problem, place, says);
    }

    pub(super) fn decision(&mut self, place: impl Into<String>, says: impl Into<String>) {
        self.add(FindingKind::Decision, place, says);
    }

    pub(super) fn notice(&mut self, place: impl Into<String>, says: impl Into<String>) {
        self.add(FindingKind::Notice, place, says);
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    fn add(&mut self, kind: FindingKind, place: impl Into<String>, says: impl Into<String>) {
        self.0.push(Finding { kind, place: place.into(), says: says.into() });
    }
}

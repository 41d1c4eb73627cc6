//! A question about the log, and whom to ask for the answer.

use std::collections::BTreeSet;

use engine::ids::record_id;
use engine::model::{CycleId, JobId, SourceId, TargetId};
use engine::report::{Outcome, ProvisioningRecord};
use jiff::{SignedDuration, Timestamp};
use store::{By, RecordQuery};
use uuid::Uuid;

use crate::odata::{Filter, Known};

/// Records asked of the store at once, unless somebody says otherwise.
const CHUNK: usize = 100;

/// Which records somebody looks for, and in which order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    /// What they have in common.
    pub filter: Filter,
    /// The beginning of a word of a person's name, or an id in either system.
    pub search: Option<String>,
    /// The oldest first; the newest otherwise.
    pub oldest_first: bool,
    /// The jobs whose records may be shown; all of them when absent.
    pub jobs: Option<BTreeSet<String>>,
}

impl Question {
    /// Whether a record that the store found is an answer.
    #[must_use]
    pub fn holds(&self, record: &ProvisioningRecord) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| jobs.contains(&record.job_id)) && self.filter.holds(record)
    }

    /// The one record that is asked for, by its own id or its change's. An id that none can have is nobody's. With a search
    /// it is looked for like any other.
    #[must_use]
    pub fn one(&self) -> Option<Uuid> {
        if self.search.is_some() {
            return None;
        }
        let uuid = |text: String| text.parse().unwrap_or(Uuid::nil());
        let Known { id, change, .. } = self.filter.known();
        id.map(uuid).or_else(|| change.map(|change| record_id(uuid(change))))
    }

    /// The question for the store: by the index that leaves the least to compare. `None` when nothing can match.
    #[must_use]
    pub fn query(&self) -> Option<RecordQuery> {
        if self.jobs.as_ref().is_some_and(BTreeSet::is_empty) {
            return None;
        }
        let known = self.filter.known();
        // What is nobody's id is in no index.
        let given = |id: Option<String>| id.filter(|id| !id.is_empty());
        let by = if let Some(text) = &self.search {
            By::Anybody(text.clone())
        } else if let Some(id) = given(known.source) {
            By::Source(SourceId::new(id))
        } else if let Some(id) = given(known.target) {
            By::Target(TargetId::new(id))
        } else if let Some(id) = given(known.either) {
            By::Identity(id)
        } else if let Some(cycle) = known.cycle {
            By::Cycle(CycleId(cycle.parse().ok()?))
        } else if known.status == Some(Outcome::Failure) {
            By::Failures
        } else {
            By::All
        };
        // The index knows milliseconds; exactly is compared afterwards.
        let after = |at: Timestamp| at.saturating_add(SignedDuration::from_millis(1)).unwrap_or(at);
        Some(RecordQuery {
            job: known.job.or_else(|| self.only_job()).map(JobId::new),
            by,
            since: known.from,
            until: known.to.map(after),
            oldest_first: self.oldest_first,
            page_size: CHUNK,
            token: None,
        })
    }

    /// The job, when there is no other whose records may be shown.
    fn only_job(&self) -> Option<String> {
        self.jobs.as_ref().filter(|jobs| jobs.len() == 1).and_then(|jobs| jobs.first().cloned())
    }
}

/// Whether `$orderby` puts the oldest first: `activityDateTime desc`, as when nobody says, or `asc`, which is OData's way when
/// no direction is given.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn oldest_first(value: &str) -> Result<bool, String> {
    match value.split_whitespace().collect::<Vec<_>>()[..] {
        ["activityDateTime", "desc"] => Ok(false),
        ["activityDateTime"] | ["activityDateTime", "asc"] => Ok(true),
        _ => Err(format!(
            "'{value}' is no order of the log; $orderby is activityDateTime desc or activityDateTime asc"
        )),
    }
}

/// A name or an id out of `$search`; OData's double quotes around it may be there.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn text_to_search(value: &str) -> Result<String, String> {
    let name = value.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name).trim();
    match name.chars().count() {
        0 => Err("$search is empty; write the beginning of a name, or an id".to_owned()),
        1..=1_000 => Ok(name.to_owned()),
        _ => Err("$search is longer than a name or an id".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_of_the_index_that_leaves_the_least_to_compare() {
        let target = || By::Target(TargetId::new("t"));
        let cases = [
            (None, "", By::All),
            (None, "jobId eq 'j'", By::All),
            (None, "provisioningStatusInfo/status eq 'failure'", By::Failures),
            (None, "provisioningStatusInfo/status eq 'success'", By::All),
            (None, "targetIdentity/id eq 't' and provisioningStatusInfo/status eq 'failure'", target()),
            (None, "targetIdentity/id eq 't' and sourceIdentity/id eq 's'", By::Source(SourceId::new("s"))),
            (None, "targetIdentity/id eq 't' or sourceIdentity/id eq 's'", By::All),
            (None, "targetIdentity/id eq ''", By::All),
            (None, "sourceIdentity/id eq 'x' or targetIdentity/id eq 'x'", By::Identity("x".to_owned())),
            (None, "targetIdentity/id eq 'x' or sourceIdentity/id eq 'x'", By::Identity("x".to_owned())),
            (None, "sourceIdentity/id eq 'x' or targetIdentity/id eq 'x' or jobId eq 'j'", By::All),
            (None, "sourceIdentity/id eq 'x' or tolower(targetIdentity/id) eq 'x'", By::All),
            (Some("Nadia"), "sourceIdentity/id eq 's'", By::Anybody("Nadia".to_owned())),
        ];
        for (search, filter, expected) in cases {
            assert_eq!(question(search, filter).query().unwrap().by, expected, "{filter}");
        }
        assert_eq!(question(None, "cycleId eq 'none'").query(), None);
    }

    fn question(search: Option<&str>, filter: &str) -> Question {
        let filter = if filter.is_empty() { Filter::default() } else { Filter::parse(filter).unwrap() };
        Question { filter, search: search.map(str::to_owned), ..Question::default() }
    }
}

//! A question about the log, and whom to ask for the answer.

use engine::model::{CycleId, JobId, SourceId, TargetId};
use engine::report::{Outcome, ProvisioningRecord};
use jiff::{SignedDuration, Timestamp};
use store::{By, DynamoStore, QueryError, RecordQuery};

use crate::odata::Filter;

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
}

impl Question {
    /// The question for the store: by the index that leaves the least to compare. `None` when nothing can match.
    #[must_use]
    pub fn query(&self) -> Option<RecordQuery> {
        let known = self.filter.known();
        let by = if let Some(text) = &self.search {
            By::Anybody(text.clone())
        } else if let Some(id) = known.source {
            By::Source(SourceId::new(id))
        } else if let Some(id) = known.target {
            By::Target(TargetId::new(id))
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
            job: known.job.map(JobId::new),
            by,
            since: known.from,
            until: known.to.map(after),
            oldest_first: self.oldest_first,
            page_size: CHUNK,
            token: None,
        })
    }
}

/// Finds at most `limit` records, newest first, that also ended as `status` says.
///
/// # Errors
/// See [`QueryError`].
pub async fn search(
    store: &DynamoStore,
    mut query: RecordQuery,
    status: Option<Outcome>,
    limit: usize,
) -> Result<Vec<ProvisioningRecord>, QueryError> {
    let mut found = Vec::new();
    loop {
        let page = store.records(&query).await?;
        let wanted = |record: &ProvisioningRecord| {
            status.is_none_or(|status| record.provisioning_status_info.status == status)
        };
        found.extend(page.records.into_iter().filter(wanted).take(limit - found.len()));
        query.token = page.token;
        if query.token.is_none() || found.len() >= limit {
            return Ok(found);
        }
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
            (Some("Nadia"), "sourceIdentity/id eq 's'", By::Anybody("Nadia".to_owned())),
        ];
        for (search, filter, expected) in cases {
            assert_eq!(question(search, filter).query().unwrap().by, expected, "{filter}");
        }
        assert_eq!(question(None, "cycleId eq 'none'").query(), None);
    }

    fn question(search: Option<&str>, filter: &str) -> Question {
        let filter = if filter.is_empty() { Filter::default() } else { Filter::parse(filter).unwrap() };
        Question { filter, search: search.map(str::to_owned), oldest_first: false }
    }
}

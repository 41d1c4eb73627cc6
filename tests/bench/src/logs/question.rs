//! What is asked of the log.

use engine::model::TargetId;
use serde::Serialize;
use store::{By, RecordQuery};

use super::invented::{self, Invented};

/// Pages of a walk: the first, and the next ten.
pub(super) const PAGES: u64 = 11;

/// One way to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Question {
    /// A person's records, by their id in the source.
    Source,
    /// An account's records, by its id in the target.
    Target,
    /// The records of ten people, by the beginning of a word of their names.
    Name,
    /// A cycle's.
    Cycle,
    /// A job's failures.
    Failures,
    /// All there is.
    Newest,
}

impl Question {
    pub(super) const ALL: [Self; 6] =
        [Self::Source, Self::Target, Self::Name, Self::Cycle, Self::Failures, Self::Newest];

    /// As it is shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Source => "source id",
            Self::Target => "target id",
            Self::Name => "name prefix",
            Self::Cycle => "cycle",
            Self::Failures => "failures",
            Self::Newest => "newest",
        }
    }

    /// Records of a page: the API's hundred, and ten of one person, who has no more than 120.
    pub(super) fn page(self) -> usize {
        if matches!(self, Self::Source | Self::Target) { 10 } else { 100 }
    }

    /// The first page of a walk. Each walk asks for somebody else, or for another cycle.
    pub(super) fn query(self, invented: Invented, walk: u64) -> anyhow::Result<RecordQuery> {
        let busy = invented.busy_person(walk);
        let by = match self {
            Self::Source => By::Source(invented::source(busy)),
            Self::Target => By::Target(TargetId::new(invented::target(busy))),
            Self::Name => By::Person(invented.last_name(walk)),
            Self::Cycle => By::Cycle(invented.some_cycle(walk)?),
            Self::Failures => By::Failures,
            Self::Newest => By::All,
        };
        // Names and failures are kept by job; whoever asks for all jobs asks for each.
        let job = matches!(self, Self::Name | Self::Failures).then(Invented::job);
        Ok(RecordQuery {
            job,
            by,
            since: None,
            until: None,
            oldest_first: false,
            page_size: self.page(),
            token: None,
        })
    }
}

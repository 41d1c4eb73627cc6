//! The cycles that are measured, and what each may cost.

use serde::Serialize;

use crate::cli::Options;
use crate::limit::Limit;

/// One of the measured cycles, which follow one another in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Cycle {
    /// Everyone is new, the app is empty.
    Initial,
    /// Nothing changed.
    Untouched,
    /// The file was written anew, in another order, with equal values.
    Rewritten,
    /// Some have another job title.
    Changed,
    /// Another job's first cycle over the app as the others left it: equal to the file.
    Brownfield,
}

impl Cycle {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 5] =
        [Self::Initial, Self::Untouched, Self::Rewritten, Self::Changed, Self::Brownfield];

    /// Its name, as shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Untouched => "untouched",
            Self::Rewritten => "rewritten",
            Self::Changed => "changed",
            Self::Brownfield => "brownfield",
        }
    }

    /// What it may cost.
    pub(crate) fn limits(self, options: &Options) -> Limits {
        let (people, changed) = (options.people, options.changed);
        let listing = people / u64::from(options.page_cap) + SLACK;
        let created = if options.bulk { people / LEAST_BATCH } else { people };
        match self {
            Self::Initial => Limits {
                target_calls: Limit::AtMost(created + listing),
                target_writes: Limit::Exactly(people),
                log_records: Limit::Exactly(people),
                requests: None,
            },
            Self::Untouched => Limits::NOTHING,
            Self::Rewritten => Limits {
                requests: Some(Limit::AtMost((people / PEOPLE_PER_REQUEST).max(LEAST_REQUESTS))),
                ..Limits::NOTHING
            },
            Self::Changed => Limits {
                target_calls: Limit::AtMost(changed + 2),
                target_writes: Limit::Exactly(changed),
                log_records: Limit::Exactly(changed),
                requests: None,
            },
            Self::Brownfield => Limits {
                target_calls: Limit::AtMost(listing),
                target_writes: Limit::Exactly(0),
                // What exactly is told of people who need nothing is not a matter of cost.
                log_records: Limit::AtMost(people),
                requests: None,
            },
        }
    }
}

/// Calls allowed beside those that grow with the people: a listing's last page, a repetition.
const SLACK: u64 = 10;
/// Operations a bulk request carries at least, on average.
const LEAST_BATCH: u64 = 50;
/// People whom a request to DynamoDB covers at least, when all are read and none changed.
const PEOPLE_PER_REQUEST: u64 = 500;
/// Requests to DynamoDB allowed to the smallest cycle: lease, snapshot, a few saves.
const LEAST_REQUESTS: u64 = 10;

/// What a cycle may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) target_calls: Limit,
    /// Creates, changes and removals, those in bulk requests included.
    pub(crate) target_writes: Limit,
    pub(crate) log_records: Limit,
    /// Requests to DynamoDB.
    pub(crate) requests: Option<Limit>,
}

impl Limits {
    const NOTHING: Self = Self {
        target_calls: Limit::Exactly(0),
        target_writes: Limit::Exactly(0),
        log_records: Limit::Exactly(0),
        requests: None,
    };
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Bench, Cli};

    fn options(arguments: &[&str]) -> Options {
        let Bench::Cycle(options) =
            Cli::parse_from(["bench", "cycle"].iter().chain(arguments).copied()).bench
        else {
            panic!("asked for cycles")
        };
        options
    }

    #[test]
    fn limits_grow_with_people_pages_and_batches() {
        let calls = |cycle: Cycle, arguments: &[&str]| cycle.limits(&options(arguments)).target_calls;
        assert_eq!(calls(Cycle::Initial, &[]), Limit::AtMost(1_020));
        assert_eq!(calls(Cycle::Initial, &["--bulk"]), Limit::AtMost(40));
        assert_eq!(calls(Cycle::Initial, &["--page-cap", "50"]), Limit::AtMost(1_030));
        assert_eq!(calls(Cycle::Changed, &["--changed", "7"]), Limit::AtMost(9));
        assert_eq!(calls(Cycle::Brownfield, &["--people", "10000"]), Limit::AtMost(110));
    }

    #[test]
    fn ten_requests_are_allowed_to_the_smallest_quiet_cycle() {
        let requests = |arguments: &[&str]| Cycle::Rewritten.limits(&options(arguments)).requests;
        assert_eq!(requests(&[]), Some(Limit::AtMost(10)));
        assert_eq!(requests(&["--people", "100000"]), Some(Limit::AtMost(200)));
    }
}

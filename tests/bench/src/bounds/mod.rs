//! What Rollcall must reach: figures with bounds, scenario by scenario.
//!
//! In: names of scenarios. Out: every figure with its bound and whether it is kept, as a table or as JSON.
//!
//! ```text
//!  this process                          the syncing process, one per slice
//!  ┌──────────────┬──────────┐   SCIM    ┌───────────────────────────────┐
//!  │ sandbox app  │ DynamoDB │◀──────────│ files ─▶ engine               │
//!  │ (counts)     │ engine   │◀──────────│ (memory, time, requests)      │
//!  └──────────────┴──────────┘  loopback └───────────────────────────────┘
//! ```
//!
//! Read [`run::scenario`] first. [`world`] is what scenarios play in, [`facts`] how figures are shown, [`groups`] how
//! uneven groups are made.
//!
//! # Caveats
//! Both processes share the machine's cores. Preparation (the first cycle of a quiet one) is not measured, and goes the
//! quickest way: in bulk, to an app that answers at once.

mod facts;
mod groups;
mod run;
mod world;

use clap::ValueEnum;
use serde::Serialize;

use crate::cli::BoundsOptions;

/// One thing that is measured, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// 10,000 new users, one call each; also with the tables in a file, which has no bound.
    Initial,
    /// The same in bulk requests.
    Bulk,
    /// 10,000 new users in 200 groups of uneven size with 30,000 members.
    Groups,
    /// 100,000 users, the file written anew with the same values: nothing to do.
    Quiet,
    /// 100,000 users, a source that shows changes only, one row written anew with the same values.
    Delta,
    /// A first cycle before an app that takes 25 calls a second, for 70 seconds.
    Bucket,
    /// 100,000 new users in slices of 20 seconds, compared with one uncut run.
    Slices,
    /// A million new users: memory. Takes an hour, and 20 GB for app and tables; runs when it is named only.
    Million,
}

impl Scenario {
    /// Those that run when none is named, in the order in which they take longer.
    const USUAL: [Self; 7] =
        [Self::Initial, Self::Bulk, Self::Groups, Self::Quiet, Self::Delta, Self::Bucket, Self::Slices];

    /// As it is written on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Measures; whether every bound was kept.
pub(crate) async fn run(options: &BoundsOptions) -> anyhow::Result<bool> {
    let named = &options.scenarios;
    let scenarios = if named.is_empty() { Scenario::USUAL.to_vec() } else { named.clone() };
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        eprintln!("{}…", scenario.name());
        outcomes.push(run::scenario(scenario, options.people).await?);
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&outcomes)?);
    } else {
        facts::print(&outcomes);
    }
    Ok(facts::met(&outcomes))
}

//! The provisioning log at a size at which a search that reads too much shows.
//!
//! In: how many records. Out: what a search reads for each record it returns, how long it takes compared with a log of
//! ten thousand ([`search`]); how long the console's pages take ([`pages`]); what a file costs ([`csv`]); what the `query` function does before its first
//! answer ([`start`]).
//!
//! ```text
//!  invented records ─library─▶ file, kept between runs ([`seed`])
//!  questions ─▶ store ─loopback─▶ DynamoDB engine on it     counted on the way, by the store's own counter
//! ```
//!
//! # Caveats
//! Store and DynamoDB engine share the process and its cores, as on a laptop. Times are those of the store's answer:
//! the API adds the writing of JSON, which does not depend on how much there is. SQLite is not DynamoDB: entries and
//! fetches hold for both, times for the laptop only.

mod company;
mod console;
mod csv;
mod invented;
mod pages;
mod question;
mod search;
mod seed;
mod start;
mod tally;

use clap::ValueEnum;

pub(crate) use self::csv::work as write_csv;
pub(crate) use self::tally::median;
use crate::cli::LogsOptions;

/// Records of the log that others are compared with.
const FEW: u64 = 10_000;
/// Records of the large log.
const MANY: u64 = 1_000_000;
/// Records of a file.
const IN_A_FILE: u64 = 250_000;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measurement {
    /// Six questions, page after page.
    Search,
    /// A file of 250,000 records.
    Csv,
    /// The console's pages, over the log and over ten thousand applications.
    Pages,
    /// The `query` function, from its start to its first answer.
    Start,
}

/// Measures; whether every bound was kept.
pub(crate) async fn run(options: &LogsOptions) -> anyhow::Result<bool> {
    match options.what {
        Measurement::Search => search::run(options, options.records.unwrap_or(MANY)).await,
        Measurement::Csv => csv::run(options, options.records.unwrap_or(IN_A_FILE)).await,
        Measurement::Pages => pages::run(options, options.records.unwrap_or(MANY)).await,
        Measurement::Start => start::run(options, options.records.unwrap_or(FEW)).await,
    }
}

//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::bounds::Scenario;
use crate::logs::Measurement;

/// Counts what Rollcall costs, in one process on loopback.
#[derive(Debug, Parser)]
#[command(name = "bench", max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) bench: Bench,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Five cycles over N people: initial, two without a change, one with C changes, and one over an app that has
    /// everyone already.
    #[command(after_help = EXPLAINED)]
    Cycle(Options),
    /// Cycles over a real OpenLDAP with N people: initial, nothing changed, one changed, everyone read again.
    ///
    /// Runs the `rollcall` beside this program in a process of its own; build it before. A quiet cycle may make no call
    /// to the app, and its process may hold 150 MiB at once.
    Directory(DirectoryOptions),
    /// What must be reached: figures with their bounds, scenario by scenario.
    #[command(after_help = BOUNDS_EXPLAINED)]
    Bounds(BoundsOptions),
    /// The provisioning log with a million records: searches, a file of it, the start of the function that reads it.
    #[command(after_help = LOGS_EXPLAINED)]
    Logs(LogsOptions),
    /// The start of the function that sends mail: runs the `notifier` beside this program; build it before.
    Mail(MailOptions),
    /// A file of the log, for the bench above: reads what to write from standard input.
    #[command(hide = true)]
    LogWriter,
    /// One slice of a cycle, for the other benches: reads what to do from standard input.
    #[command(hide = true)]
    Worker,
}

/// Which scenarios.
#[derive(Debug, Clone, Args)]
pub(crate) struct BoundsOptions {
    /// What to measure; without a name everything but `million`.
    #[arg(value_enum, value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<Scenario>,

    /// Other people than the scenario has; bounds that grow with them follow, times keep theirs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    pub(crate) people: Option<u64>,

    /// Print one JSON document, with everything that was counted, instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the bounds are measured.
const BOUNDS_EXPLAINED: &str = "\
The cycle runs in a process of its own, started anew for each slice; the app (the sandbox,
20 ms an answer) and the tables (the DynamoDB engine, in memory) are in this one, reached over
loopback. So memory is the engine's and the connectors' alone. Of `rollcall` on a laptop, whose
process holds the DynamoDB engine too, `bench directory` tells the memory.

Calls are counted by the app, DynamoDB requests on their way, by the store. What an app offers
(ServiceProviderConfig) is asked for once a slice and is not in the calls. MB are millions of
bytes. Time is that of the cycle, without the start of its process; it is the machine's as
much as ours: let nothing else run, and build with --release.

  bench bounds                              everything but a million users, some ten minutes
  bench bounds initial bulk                 two scenarios
  bench bounds quiet --json                 for a program
  bench bounds million --people 200000      how memory grows, before the whole of it

Exit codes: 0 every bound is kept; 1 some bound is not; 2 something could not be measured.";

/// The size of the log.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogsOptions {
    /// What to measure.
    #[arg(value_enum, default_value = "search")]
    pub(crate) what: Measurement,

    /// Records of the log, a multiple of 5,000: 1,000,000 to search and for pages, 250,000 for a file, 10,000 for a start.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(5_000..=1_000_000))]
    pub(crate) records: Option<u64>,

    /// Requests of a run, with each question.
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u64).range(11..=1_000_000))]
    pub(crate) requests: u64,

    /// Runs, or starts, of which the middle one counts.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=99))]
    pub(crate) runs: u64,

    /// Where logs are kept between runs: a million records take some 6 GB.
    #[arg(long, default_value = "target/bench-logs", value_name = "FOLDER")]
    pub(crate) data: PathBuf,

    /// Print one JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How often the function is started.
#[derive(Debug, Clone, Args)]
pub(crate) struct MailOptions {
    /// Starts, of which the middle one counts.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=99))]
    pub(crate) runs: u64,

    /// Print one JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How logs are measured.
const LOGS_EXPLAINED: &str = "\
  bench logs                                search a million records, compared with ten thousand
  bench logs pages --requests 300           the console's pages over a million records, and
                                            over ten thousand applications
  bench logs csv                            a file of 250,000 records, by a process of its own
  bench logs start                          the `query` beside this program; build it before

A search may read two entries of indexes for each record it returns (people found by name
count as entries; records fetched by their keys are counted apart), and its 99th percentile
may be 1.5 times that of ten thousand records. Of the console's pages 99 of a hundred are made
in 30 ms (in a second where ten thousand names are searched), and each is smaller than 50 KB. A
file may take 150 MB. `query` answers 50 ms after its process starts, in 40 MB, and 10 MB packed.

A log is made once, and kept: a million records take some minutes. Time is the machine's as
much as ours: let nothing else run, and build with --release.

Exit codes: 0 every bound is kept; 1 some bound is not; 2 something could not be measured.";

/// The size of the directory.
#[derive(Debug, Clone, Args)]
pub(crate) struct DirectoryOptions {
    /// People in the directory.
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) people: u64,

    /// How changes are learnt.
    #[arg(long, default_value = "sync", value_parser = ["sync", "modifyTimestamp", "none"])]
    pub(crate) changes: String,

    /// Print one JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How to read the tables.
const EXPLAINED: &str = "\
The cycles, and what each may cost (P is the page cap):
  initial     everyone is new, the app is empty: N + N/P + 10 calls to the app,
              or N/50 + N/P + 10 with --bulk
  untouched   nothing changed: no call, no log record
  rewritten   the file was written anew, in another order, with equal values: no call,
              no log record, N/500 DynamoDB requests (10 are allowed to any cycle)
  changed     C people have another job title: C + 2 calls
  brownfield  a job's first cycle over an app that holds all of them, equal to the file:
              N/P + 10 calls, and nothing is written to the app

Calls are counted by the app, and compared with Rollcall's own figure. What an app offers
(ServiceProviderConfig) is asked for once a cycle and is not in them. People a second are
people of the file, whether or not anything was to be done for them. Memory is the peak of
the whole process: Rollcall, app and DynamoDB engine.

Exit codes: 0 every count keeps its bound; 1 some count does not; 2 nothing was measured.
Times have no bounds. Build with --release, and let nothing else run.";

/// The size of the run.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Options {
    /// People in the file.
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) people: u64,

    /// People whose job title changes before the fourth cycle; at most N.
    #[arg(long, default_value_t = 100, value_name = "C")]
    pub(crate) changed: u64,

    /// Milliseconds for which the app holds back each answer.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub(crate) latency: u64,

    /// Let operations travel in bulk requests, which the app offers.
    #[arg(long)]
    pub(crate) bulk: bool,

    /// Keep the tables in a file in a temporary folder rather than in memory.
    #[arg(long)]
    pub(crate) disk: bool,

    /// Accounts the app lists per page.
    #[arg(long, default_value_t = 100, value_name = "P", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) page_cap: u32,

    /// Print one JSON document instead of tables.
    #[arg(long)]
    #[serde(skip)]
    pub(crate) json: bool,
}

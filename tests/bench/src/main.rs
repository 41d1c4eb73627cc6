//! What a cycle costs, counted: calls to the app, requests and capacity units of the tables, memory, time.
//!
//! In: how many people, and how slow the app. Out: a table, or one JSON document. A count above its bound ends the
//! run with exit code 1; a time never does, because times are the machine's, and counts are ours.
//!
//! ```text
//!  people.csv ─▶ engine ─▶ sandbox app    counts what arrived
//!                  │
//!                  └─────▶ DynamoDB       counted on the way, by the store's own counter
//! ```
//!
//! Read [`cycles`] first: which cycles there are, and what each may cost. Then [`stage`] (everything a cycle needs, in
//! one process), [`measure`] (one cycle, counted), [`report`].
//!
//! [`bounds`] measures what must be reached, scenario by scenario, with the syncing process apart ([`worker`]).
//! [`logs`] searches a log with a million records; [`mail`] starts the function that sends mail.
//! [`directory`] is another bench: a large OpenLDAP in which nothing happens, read by the command in a process of its
//! own.
//!
//! # Caveats
//! Sandbox, DynamoDB engine and Rollcall share the process and its cores: memory and time are of all three.

mod bounds;
mod cli;
mod cycles;
mod directory;
mod lambda;
mod limit;
mod logs;
mod mail;
mod measure;
mod memory;
mod people;
mod progress;
mod report;
mod stage;
mod work;
mod worker;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Bench, Cli, Options};
use crate::cycles::Cycle;
use crate::stage::Stage;

/// Some figure does not keep its bound.
const EXCEEDED: u8 = 1;
/// Nothing could be measured.
const BROKEN: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    runtime::tracing::for_terminal();
    let outcome = match Cli::parse().bench {
        Bench::Cycle(options) => run(&options).await,
        Bench::Directory(options) => directory::run(&options).await,
        Bench::Bounds(options) => bounds::run(&options).await,
        Bench::Logs(options) => logs::run(&options).await,
        Bench::Mail(options) => mail::run(&options).await,
        Bench::LogWriter => logs::write_csv().await.map(|()| true),
        Bench::Worker => worker::work().await.map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(EXCEEDED),
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(BROKEN)
        }
    }
}

/// Measures all cycles; whether every bound was met.
async fn run(options: &Options) -> anyhow::Result<bool> {
    let mut stage = Stage::build(options).await?;
    let mut measured = Vec::new();
    for cycle in Cycle::ALL {
        stage.prepare(cycle)?;
        measured.push(measure::cycle(&stage, cycle, options).await?);
    }
    let report = report::Report::new(options, measured);
    if options.json {
        report.print_json()?;
    } else {
        report.print_tables();
    }
    Ok(report.met)
}

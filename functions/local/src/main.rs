//! `rollcall`: the whole service in one process, and the command line to it.
//!
//! In: a command. Out: text for people or JSON for programs on standard output, log lines on standard error, and an
//! exit code that means something ([`exit`]).

mod api;
mod cli;
mod client;
mod commands;
mod data_dir;
mod demo;
mod exit;
mod home;
mod login;
mod mail;
mod output;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

fn main() -> std::process::ExitCode {
    runtime::tracing::for_terminal();
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|tokio| tokio.block_on(run(&cli)));
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) if output::nobody_reads_on(&error) => Exit::Done.into(),
        Err(error) => {
            output::error(&error, cli.json);
            exit::of(&error).into()
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<Exit> {
    cli.may_be_asked_elsewhere()?;
    match &cli.command {
        Command::Demo(demo) => demo::run(cli, demo).await,
        Command::Apply(options) => commands::apply::run(cli, options).await,
        Command::Cycle { job, allow_removals } => commands::cycle::run(cli, job, *allow_removals).await,
        Command::Plan { job, limit } => commands::plan::make(cli, job, *limit).await,
        Command::ApplyPlan { job, plan, allow_removals } => {
            commands::plan::apply(cli, job, *plan, *allow_removals).await
        }
        Command::Provision { job, ids } => commands::provision::run(cli, job, ids).await,
        Command::Escrow { job, retry, ignore } => commands::escrow::run(cli, job, retry, ignore).await,
        Command::Removals { job, approve, reject } => {
            commands::removals::run(cli, job, approve, reject).await
        }
        Command::Start { job } => commands::control::start(cli, job).await,
        Command::Pause { job } => commands::control::pause(cli, job).await,
        Command::Restart { job, reset_scope } => commands::control::restart(cli, job, reset_scope).await,
        Command::Delete { job, yes } => commands::control::delete(cli, job, *yes).await,
        Command::Serve(options) => commands::serve::run(cli, options).await,
        Command::Status { job, watch } => commands::status::run(cli, job.as_deref(), *watch).await,
        Command::Jobs => commands::jobs::run(cli).await,
        Command::Doctor => commands::doctor::run(cli).await,
        Command::Login(options) => login::log_in(cli, options).await,
        Command::Logout => login::log_out(cli),
        Command::Logs(logs) => commands::logs::run(cli, logs).await,
        Command::Explain { job, person } => commands::explain::run(cli, job, person).await,
        Command::Expr(options) => commands::expr::run(options, cli.json),
        Command::Import(options) => commands::import::run(options, cli.json),
        Command::Mail { test: Some(job), .. } => commands::mail::test(cli, job).await,
        Command::Mail { which, .. } => commands::mail::run(cli, which.as_deref()),
        Command::Schema => commands::schema::run(),
        Command::Sandbox(sandbox) => commands::sandbox::run(cli, sandbox).await,
    }
}

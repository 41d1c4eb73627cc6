//! Tracing for people and for programs.
//!
//! Fields are dotted and spelled the same everywhere: `job.id`, `cycle.id`, `duration_ms`. Values of people's
//! attributes are never logged; the provisioning record is the one place that holds them.

use std::fmt::Display;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::clock;
use crate::env::{self, EnvError};
use crate::metrics::{Metrics, PANICS};

/// Log lines as JSON on standard output, for CloudWatch Logs, each with the request and the trace it belongs to. A panic is a
/// line, too, and is counted. Out: metrics of this function's stack.
///
/// # Errors
/// When the environment does not say how metrics are told.
pub fn for_function(function: &'static str) -> Result<Metrics, EnvError> {
    let filter = match env::optional("ROLLCALL_LOG") {
        Ok(None) => Some(EnvFilter::new("info")),
        Ok(Some(text)) => EnvFilter::try_new(text).ok(),
        Err(_) => None,
    };
    let unread = filter.is_none();
    let filter = filter.unwrap_or_else(|| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_current_span(false).init();
    if unread {
        tracing::warn!(
            "the variable ROLLCALL_LOG holds no filter such as info or sync=debug; it is taken for info"
        );
    }
    let metrics = Metrics::from_env()?;
    let told = metrics.clone();
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.place = place, "a fault of ours: {}", literal(panic));
        told.tell(clock::now(), None, &[("Function", function)], &[(PANICS, 1.0)]);
    }));
    Ok(metrics)
}

/// How a function's process ends. Why it could not start, or go on, is a line of its log like any other.
pub fn ended(outcome: Result<(), impl Display>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    tracing::error!("the function cannot go on: {error:#}");
    ExitCode::FAILURE
}

/// The message of a panic, unless it was put together: then a value may be in it.
fn literal<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    panic
        .payload()
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("its message may hold a value and is left out")
}

/// Log lines for a terminal on standard error, warnings unless `ROLLCALL_LOG` asks for more.
pub fn for_terminal() {
    let filter =
        EnvFilter::try_from_env("ROLLCALL_LOG").unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).compact().init();
}

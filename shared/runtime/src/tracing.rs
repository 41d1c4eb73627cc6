//! Tracing for people and for programs.
//!
//! Fields are dotted and spelled the same everywhere: `job.id`, `cycle.id`, `duration_ms`. Values of people's
//! attributes are never logged; the provisioning record is the one place that holds them.

use std::panic::{self, PanicHookInfo};

use tracing_subscriber::EnvFilter;

use crate::clock;
use crate::env::EnvError;
use crate::metrics::{Metrics, PANICS};

/// Log lines as JSON on standard output, for CloudWatch Logs, each with the request and the trace it belongs to. A panic is a
/// line, too, and is counted. Out: metrics of this function's stack.
///
/// # Errors
/// When the environment does not say how metrics are told.
pub fn for_function(function: &'static str) -> Result<Metrics, EnvError> {
    let filter = EnvFilter::try_from_env("ROLLCALL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_current_span(false).init();
    let metrics = Metrics::from_env()?;
    let told = metrics.clone();
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.place = place, "a fault of ours: {}", literal(panic));
        told.tell(clock::now(), None, &[("Function", function)], &[(PANICS, 1.0)]);
    }));
    Ok(metrics)
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

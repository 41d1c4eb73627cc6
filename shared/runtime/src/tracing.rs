//! Tracing for people and for programs.
//!
//! Fields are dotted and spelled the same everywhere: `job.id`, `cycle.id`, `duration_ms`. Values of people's
//! attributes are never logged; the provisioning record is the one place that holds them.

use tracing_subscriber::EnvFilter;

/// Log lines as JSON on standard output, for CloudWatch Logs.
pub fn for_functions() {
    let filter = EnvFilter::try_from_env("ROLLCALL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_current_span(false).init();
}

/// Log lines for a terminal on standard error, warnings unless `ROLLCALL_LOG` asks for more.
pub fn for_terminal() {
    let filter =
        EnvFilter::try_from_env("ROLLCALL_LOG").unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).compact().init();
}

//! Output: tables for people, JSON for programs, errors with their causes.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;

/// A table as wide as the terminal.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().copied());
    table
}

/// One line on standard output.
pub(crate) fn line(text: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// One JSON value on standard output.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string_pretty(value)?)?)
}

/// One JSON value on one line of standard output: what a program reads as it comes.
pub(crate) fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string(value)?)?)
}

/// Whether a command ended because nobody reads on: `rollcall logs | head`. That is no failure.
pub(crate) fn nobody_reads_on(error: &anyhow::Error) -> bool {
    let broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        let in_csv = cause.downcast_ref::<csv::Error>().and_then(|error| match error.kind() {
            csv::ErrorKind::Io(error) => Some(error),
            _ => None,
        });
        cause.downcast_ref::<std::io::Error>().or(in_csv).is_some_and(broken)
    })
}

/// An error with its causes, on standard error.
pub(crate) fn error(error: &anyhow::Error, as_json: bool) {
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Errors that speak for their cause as well need not say it twice.
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    if as_json {
        eprintln!("{}", json!({ "error": { "message": message } }));
    } else {
        eprintln!("rollcall: {message}");
    }
}

/// A time as people read it: seconds are enough.
pub(crate) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

//! Records as lines of JSON: in files, and on the output of whoever writes the log.

use std::io::Write;

use engine::report::ProvisioningRecord;

/// A record as one line, as the API shows it; its end is not part of it.
///
/// # Errors
/// None that a record is known to give.
pub fn line(record: &ProvisioningRecord) -> serde_json::Result<String> {
    serde_json::to_string(record)
}

/// Records on standard output, a line each. In a function that is its log group, which keeps, finds and counts them beside
/// the table. Output that nobody takes is no reason to stop: the table has them.
pub fn print(records: &[ProvisioningRecord]) {
    let mut out = std::io::stdout().lock();
    for line in records.iter().filter_map(|record| line(record).ok()) {
        let _ = writeln!(out, "{line}");
    }
}

//! Records as CSV (RFC 4180): one file with a row each, and beside it, in a zip, one with their steps and one with what was
//! changed. `changeId` joins them.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front; every other cell is as it is in the
//! record. What is missing is an empty cell.

mod cut;
mod spool;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use engine::report::{ErrorInformation, ModifiedProperty, ProvisioningRecord, Step};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use self::cut::{Cut, CutOnDrop};
use self::spool::Spool;
use crate::word;

/// The columns of the main file: a row for each record.
const RECORDS: [&str; 28] = [
    "id",
    "activityDateTime",
    "tenantId",
    "jobId",
    "cycleId",
    "changeId",
    "action",
    "status",
    "errorCode",
    "errorCategory",
    "reason",
    "recommendedAction",
    "durationInMilliseconds",
    "servicePrincipalId",
    "servicePrincipalName",
    "sourceSystemId",
    "sourceSystemName",
    "targetSystemId",
    "targetSystemName",
    "sourceIdentityId",
    "sourceIdentityType",
    "sourceIdentityName",
    "targetIdentityId",
    "targetIdentityType",
    "targetIdentityName",
    "initiatorType",
    "initiatorId",
    "initiatorName",
];

/// The columns of the file of steps.
const STEPS: [&str; 7] =
    ["changeId", "stepIndex", "name", "stepType", "status", "description", "detailsJson"];

/// The columns of the file of changed properties.
const CHANGES: [&str; 4] = ["changeId", "displayName", "oldValue", "newValue"];

/// The files, as the zip names them.
pub(crate) const FILES: [&str; 3] = [
    "ProvisioningLogs.csv",
    "ProvisioningLogs_ProvisioningSteps.csv",
    "ProvisioningLogs_ModifiedProperties.csv",
];

/// Records as the main file alone, without their steps and changes.
///
/// # Errors
/// When the writer does not take it.
pub fn write(records: &[ProvisioningRecord], mut out: impl Write) -> ::csv::Result<()> {
    rows(&mut out, [RECORDS])?;
    rows(&mut out, records.iter().map(record_row))?;
    Ok(())
}

/// The zip, while it is written. The first file grows in it; the other two wait in temporary files, because the files of a
/// zip lie one after the other.
pub(crate) struct Joined<W: Write> {
    /// Before the zip, so that it is dropped before it.
    cut: CutOnDrop,
    zip: ZipWriter<StreamWriter<Cut<W>>>,
    steps: Spool,
    changes: Spool,
}

impl<W: Write> Joined<W> {
    /// The beginning of a zip. `work` is a folder for temporary files.
    pub(crate) fn new(out: W, work: &Path) -> io::Result<Self> {
        let (cut, out) = cut::new(out);
        let mut zip = ZipWriter::new_stream(out);
        let [records, ..] = FILES;
        zip.start_file(records, options())?;
        let (mut steps, mut changes) = (Spool::new(work)?, Spool::new(work)?);
        rows(&mut zip, [RECORDS])?;
        rows(&mut steps, [STEPS])?;
        rows(&mut changes, [CHANGES])?;
        Ok(Self { cut, zip, steps, changes })
    }

    /// Some more records.
    pub(crate) fn add(&mut self, records: &[ProvisioningRecord]) -> io::Result<()> {
        rows(&mut self.zip, records.iter().map(record_row))?;
        rows(&mut self.steps, records.iter().flat_map(step_rows))?;
        rows(&mut self.changes, records.iter().flat_map(change_rows))
    }

    /// The end of the zip.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let [_, steps, changes] = FILES;
        for (name, spool) in [(steps, self.steps), (changes, self.changes)] {
            self.zip.start_file(name, options())?;
            io::copy(&mut spool.read()?, &mut self.zip)?;
        }
        let out = self.zip.finish()?.into_inner().into_inner();
        drop(self.cut);
        Ok(out)
    }
}

/// Nobody knows beforehand whether a file stays below 4 GiB, so all of them may be larger.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true)
}

/// Writes rows whose cells are harmless.
fn rows<const N: usize, C: AsRef<str>>(
    out: &mut impl Write,
    rows: impl IntoIterator<Item = [C; N]>,
) -> io::Result<()> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    for row in rows {
        for cell in &row {
            writer.write_field(harmless(cell.as_ref()).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

fn record_row(record: &ProvisioningRecord) -> [String; 28] {
    let error = record.provisioning_status_info.error_information.as_ref();
    let of_error = |read: fn(&ErrorInformation) -> Option<String>| error.and_then(read).unwrap_or_default();
    [
        record.id.to_string(),
        record.activity_date_time.to_string(),
        record.tenant_id.clone(),
        record.job_id.clone(),
        record.cycle_id.clone(),
        record.change_id.clone(),
        word(record.provisioning_action),
        word(record.provisioning_status_info.status),
        of_error(|error| Some(error.error_code.clone())),
        of_error(|error| Some(error.error_category.clone())),
        of_error(|error| Some(error.reason.clone())),
        of_error(|error| error.recommended_action.clone()),
        record.duration_in_milliseconds.to_string(),
        record.service_principal.id.clone(),
        record.service_principal.display_name.clone(),
        record.source_system.id.clone(),
        record.source_system.display_name.clone(),
        record.target_system.id.clone(),
        record.target_system.display_name.clone(),
        record.source_identity.id.clone(),
        record.source_identity.identity_type.clone(),
        record.source_identity.display_name.clone(),
        record.target_identity.id.clone(),
        record.target_identity.identity_type.clone(),
        record.target_identity.display_name.clone(),
        record.initiated_by.initiator_type.clone(),
        record.initiated_by.id.clone(),
        record.initiated_by.display_name.clone(),
    ]
}

fn step_rows(record: &ProvisioningRecord) -> impl Iterator<Item = [String; 7]> {
    record.provisioning_steps.iter().enumerate().map(|(index, step)| step_row(&record.change_id, index, step))
}

fn step_row(change: &str, index: usize, step: &Step) -> [String; 7] {
    [
        change.to_owned(),
        index.to_string(),
        step.name.clone(),
        word(step.provisioning_step_type),
        word(step.status),
        step.description.clone(),
        // Texts by name: it can always be written.
        serde_json::to_string(&step.details).unwrap_or_default(),
    ]
}

fn change_rows(record: &ProvisioningRecord) -> impl Iterator<Item = [String; 4]> {
    record.modified_properties.iter().map(|property| change_row(&record.change_id, property))
}

fn change_row(change: &str, property: &ModifiedProperty) -> [String; 4] {
    let ModifiedProperty { display_name, old_value, new_value } = property;
    let value = |value: &Option<String>| value.clone().unwrap_or_default();
    [change.to_owned(), display_name.clone(), value(old_value), value(new_value)]
}

/// A cell that no spreadsheet takes for a formula, also one that was typed in full width.
fn harmless(cell: &str) -> Cow<'_, str> {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{cell}"))
        }
        _ => Cow::Borrowed(cell),
    }
}

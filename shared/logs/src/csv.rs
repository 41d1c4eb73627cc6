//! Records as CSV, one row each.

use engine::report::ProvisioningRecord;

use crate::word;

/// The columns of the main file of a CSV download.
const COLUMNS: [&str; 28] = [
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

/// Records as CSV (RFC 4180), one row each. A cell that a spreadsheet would take for a formula gets an apostrophe in
/// front.
///
/// # Errors
/// When the writer does not take it.
pub fn write(records: &[ProvisioningRecord], out: impl std::io::Write) -> ::csv::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for record in records {
        writer.write_record(row(record).iter().map(|cell| harmless(cell)))?;
    }
    writer.flush()?;
    Ok(())
}

fn row(record: &ProvisioningRecord) -> [String; 28] {
    let error = record.provisioning_status_info.error_information.as_ref();
    let of_error = |read: fn(&engine::report::ErrorInformation) -> Option<String>| {
        error.and_then(read).unwrap_or_default()
    };
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

fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_made_harmless() {
        let cases = [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+33 1", "'+33 1"),
            ("@here", "'@here"),
            ("Nadia", "Nadia"),
            ("", ""),
        ];
        for (cell, expected) in cases {
            assert_eq!(harmless(cell), expected);
        }
    }
}

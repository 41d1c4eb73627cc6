//! Any text is answered: with a filter that holds for a record or does not, or with an error that points into the text. What
//! is known of all records asked for never leaves out one that the filter holds for: an index is asked by it.
#![no_main]

use std::sync::LazyLock;

use engine::report::ProvisioningRecord;
use libfuzzer_sys::fuzz_target;
use logs::odata::{Filter, Known};
use serde_json::json;

fuzz_target!(|text: &str| {
    match Filter::parse(text) {
        Ok(filter) => {
            let holds = filter.holds(&RECORD);
            assert_eq!(filter.holds(&RECORD), holds, "asked twice");
            assert!(!holds || is_among(&filter.known(), &RECORD), "{:?}", filter.known());
        }
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}");
            assert!(!error.problem.is_empty());
        }
    }
});

/// Whether the record can be found by what is known.
fn is_among(known: &Known, record: &ProvisioningRecord) -> bool {
    let is = |known: &Option<String>, held: &str| known.as_ref().is_none_or(|known| known == held);
    is(&known.id, &record.id.to_string())
        && is(&known.change, &record.change_id)
        && is(&known.cycle, &record.cycle_id)
        && is(&known.job, &record.job_id)
        && is(&known.source, &record.source_identity.id)
        && is(&known.target, &record.target_identity.id)
        && known.status.is_none_or(|status| status == record.provisioning_status_info.status)
        && known.from.is_none_or(|from| from <= record.activity_date_time)
        && known.to.is_none_or(|to| to >= record.activity_date_time)
}

/// A record with short values, which chance finds soon.
static RECORD: LazyLock<ProvisioningRecord> = LazyLock::new(|| {
    let named = json!({ "id": "a", "displayName": "Nadia O'Neil", "details": {} });
    let identity =
        json!({ "id": "E1", "displayName": "Nadia O'Neil", "identityType": "User", "details": {} });
    let id = "00000000-0000-0000-0000-000000000001";
    serde_json::from_value(json!({
        "id": id, "activityDateTime": "2026-03-02T12:00:00Z", "tenantId": "t", "jobId": "a", "cycleId": id, "changeId": id,
        "provisioningAction": "create", "durationInMilliseconds": 12, "servicePrincipal": named,
        "sourceSystem": named, "targetSystem": named,
        "initiatedBy": { "id": "", "displayName": "Rollcall", "initiatorType": "system" },
        "sourceIdentity": identity, "targetIdentity": identity,
        "provisioningStatusInfo": { "status": "failure", "errorInformation": null },
        "provisioningSteps": [], "modifiedProperties": [],
    }))
    .expect("a record is read")
});

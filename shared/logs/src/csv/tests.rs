//! The files of a CSV download, read back as others read them.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read};
use std::process::Command;

use engine::report::{
    Action, ErrorInformation, Initiator, ModifiedProperty, Named, Outcome, ProvisionedIdentity, StatusInfo,
    StepType, System,
};
use proptest::prelude::*;
use uuid::Uuid;
use zip::ZipArchive;

use super::*;

/// A record all of whose texts are this one, but for its ids.
fn record(number: u128, text: &str, steps: usize, changes: usize) -> ProvisioningRecord {
    let text = || text.to_owned();
    let system = || System { id: text(), display_name: text(), details: BTreeMap::new() };
    let identity = || ProvisionedIdentity {
        id: text(),
        display_name: text(),
        identity_type: text(),
        details: BTreeMap::new(),
    };
    let step = || Step {
        name: text(),
        provisioning_step_type: StepType::Export,
        status: Outcome::Failure,
        description: text(),
        details: BTreeMap::from([(text(), text())]),
    };
    let change = || ModifiedProperty { display_name: text(), old_value: None, new_value: Some(text()) };
    ProvisioningRecord {
        id: Uuid::from_u128(number),
        activity_date_time: "2026-03-02T12:00:00Z".parse().unwrap(),
        tenant_id: text(),
        job_id: text(),
        cycle_id: text(),
        change_id: format!("change-{number}"),
        provisioning_action: Action::StagedDelete,
        duration_in_milliseconds: 12,
        service_principal: Named { id: text(), display_name: text() },
        source_system: system(),
        target_system: system(),
        initiated_by: Initiator { id: text(), display_name: text(), initiator_type: text() },
        source_identity: identity(),
        target_identity: identity(),
        provisioning_status_info: StatusInfo {
            status: Outcome::Failure,
            error_information: Some(ErrorInformation {
                error_code: text(),
                error_category: text(),
                reason: text(),
                additional_details: None,
                recommended_action: Some(text()),
            }),
        },
        provisioning_steps: (0..steps).map(|_| step()).collect(),
        modified_properties: (0..changes).map(|_| change()).collect(),
    }
}

fn zipped(records: &[ProvisioningRecord]) -> Vec<u8> {
    let mut joined = Joined::new(Vec::new(), &std::env::temp_dir()).unwrap();
    for some in records.chunks(2) {
        joined.add(some).unwrap();
    }
    joined.finish().unwrap()
}

/// The rows of each file, by the names of their columns.
fn read(zip: &[u8]) -> [Vec<HashMap<String, String>>; 3] {
    let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    assert_eq!(zip.len(), FILES.len());
    FILES.map(|name| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(|row| row.unwrap()).collect()
    })
}

#[test]
fn the_columns_are_those_that_are_documented() {
    let zip = zipped(&[record(1, "x", 1, 1)]);
    let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    let documented = include_str!("../../../../docs/downloads.md");
    for name in FILES {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        let header = text.split("\r\n").next().unwrap().replace(',', ", ");
        assert!(documented.contains(&format!("| `{name}` | `{header}` |")), "{name}: {header}");
    }
}

#[test]
fn a_change_joins_a_record_with_its_steps_and_changed_properties() {
    let records = [record(1, "a", 2, 3), record(2, "b", 0, 0), record(3, "c", 1, 1)];
    let [main, steps, changes] = read(&zipped(&records));
    let of = |rows: &[HashMap<String, String>]| -> Vec<String> {
        rows.iter().map(|row| row["changeId"].clone()).collect()
    };
    assert_eq!(of(&main), ["change-1", "change-2", "change-3"]);
    assert_eq!(of(&steps), ["change-1", "change-1", "change-3"]);
    assert_eq!(of(&changes), ["change-1", "change-1", "change-1", "change-3"]);
    let indexes: Vec<_> = steps.iter().map(|step| step["stepIndex"].as_str()).collect();
    assert_eq!(indexes, ["0", "1", "0"]);
    let step = &steps[0];
    assert_eq!(
        [&*step["stepType"], &step["status"], &step["detailsJson"]],
        ["export", "failure", r#"{"a":"a"}"#]
    );
    assert_eq!([&*changes[0]["oldValue"], &changes[0]["newValue"]], ["", "a"]);
    assert_eq!([&*main[0]["action"], &main[0]["durationInMilliseconds"]], ["stagedDelete", "12"]);
}

#[test]
fn a_log_without_records_is_three_files_with_their_headings() {
    assert_eq!(read(&zipped(&[])), [vec![], vec![], vec![]]);
}

#[test]
fn other_programs_open_the_zip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.zip");
    std::fs::write(&path, zipped(&[record(1, "Zoë, \"the\nfirst\"", 3, 3)])).unwrap();
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(*z.namelist())";
    let Ok(told) = Command::new("python3").args(["-c", script]).arg(&path).output() else {
        // The zip crate read it in the tests above.
        return;
    };
    assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), FILES.join(" "), "{told:?}");
}

#[test]
fn a_zip_that_is_not_finished_has_no_table_of_contents() {
    let mut out = Vec::new();
    let mut joined = Joined::new(&mut out, &std::env::temp_dir()).unwrap();
    joined.add(&[record(1, "a", 1, 1)]).unwrap();
    drop(joined);
    assert!(!out.is_empty());
    assert!(ZipArchive::new(Cursor::new(out)).is_err());
}

proptest! {
    #[test]
    fn every_text_is_read_back_as_it_was_and_none_is_a_formula(
        text in prop_oneof!["[=+@\t\r\n\"', a-]{0,6}", "\\PC{0,8}", "[＝＋－＠]\\PC?"],
    ) {
        let files = read(&zipped(&[record(1, &text, 1, 1)]));
        let expected = harmless(&text);
        let beginning = expected.chars().next();
        prop_assert!(!beginning.is_some_and(|first| "=+-@\t\r\n＝＋－＠".contains(first)));
        let plain = ["id", "activityDateTime", "changeId", "action", "status", "durationInMilliseconds", "stepIndex",
            "stepType", "detailsJson", "oldValue"];
        for row in files.iter().flatten() {
            for (column, cell) in row.iter().filter(|(column, _)| !plain.contains(&column.as_str())) {
                prop_assert_eq!(cell, &*expected, "{}", column);
            }
        }
        prop_assert_eq!(files.map(|file| file.len()), [1, 1, 1]);
    }
}

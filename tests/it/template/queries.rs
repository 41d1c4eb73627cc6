//! The saved queries, run on the lines of a small company's log.

use std::collections::BTreeSet;

use engine::ports::Clock;
use engine::report::ProvisioningRecord;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::By;
use testkit::sandbox::Faults;

use super::insights::{Row, run};
use super::{list, of_type, template, text};
use crate::world::{World, person, set};

/// Insights finds so many fields in a line.
const FIELDS: usize = 200;

/// The query that is saved under this name.
fn saved(name: &str) -> String {
    let template = template();
    let queries = of_type(&template, "AWS::Logs::QueryDefinition");
    let wanted = format!("${{AWS::StackName}}/{name}");
    let (_, query) = queries.into_iter().find(|(_, query)| query["Name"] == wanted).unwrap();
    text(&query["QueryString"]).to_owned()
}

/// A record as the line that `sync` writes.
fn line(record: &ProvisioningRecord) -> (Timestamp, String) {
    (record.activity_date_time, serde_json::to_string(record).unwrap())
}

/// Two days: Ada and Bo come and Cleo is refused, a group comes with somebody whom nobody knows; then Ada moves,
/// Bo goes, and Cleo is refused again.
async fn company() -> (World, Vec<(Timestamp, String)>) {
    let world = World::with_groups().await;
    world
        .app
        .set_faults(Faults { poisoned_user: Some("cleo@tessera.example".to_owned()), ..Faults::default() });
    for (id, name) in [("01", "Ada"), ("02", "Bo"), ("03", "Cleo")] {
        world.directory.put(person(id, name, "Clerk"));
    }
    world.group("Staff", &["01", "99"]);
    world.cycle().await.unwrap();
    world.clock.advance(SignedDuration::from_hours(24));
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));
    world.directory.remove("02");
    world.cycle().await.unwrap();
    let lines = world.records(By::All).await.iter().map(line).collect();
    (world, lines)
}

/// The rows of a saved query, each as the values of these columns.
fn rows(query: &str, lines: &[(Timestamp, String)], columns: &[&str]) -> BTreeSet<String> {
    let value = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
    let told = |row: Row| columns.iter().map(|name| value(&row, name)).collect::<Vec<_>>().join(" ");
    run(query, lines).into_iter().map(told).collect()
}

fn expected<const N: usize>(rows: [&str; N]) -> BTreeSet<String> {
    BTreeSet::from(rows.map(ToOwned::to_owned))
}

const ACTION: &str = "provisioningAction";
const STATUS: &str = "provisioningStatusInfo.status";
const CODE: &str = "provisioningStatusInfo.errorInformation.errorCode";

#[tokio::test]
async fn the_saved_queries_answer_what_they_are_called() {
    let (world, lines) = company().await;
    let days: Vec<String> = [0, 24]
        .map(|ago| (world.clock.now() - SignedDuration::from_hours(ago)).strftime("%Y-%m-%d").to_string())
        .into();
    let [today, yesterday] = [&days[0], &days[1]];

    let history = saved("history of a person").replace("THE ID IN THE SOURCE", "01");
    assert_eq!(rows(&history, &lines, &[ACTION, STATUS]), expected(["create success", "update success"]));

    let failures = rows(&saved("failures by code"), &lines, &["failures", CODE]);
    assert_eq!(failures, expected(["2 UnprocessableEntity"]));

    let by_day = rows(&saved("actions by day"), &lines, &["bin(1d)", ACTION, "records"]);
    for row in [format!("{today} update 1"), format!("{today} delete 1"), format!("{yesterday} create 4")] {
        assert!(by_day.contains(&row), "{row} in {by_day:?}");
    }

    let types = rows(&saved("successes by type"), &lines, &["type", ACTION, "records"]);
    assert!(types.is_superset(&expected(["user create 2", "user update 1", "user delete 1"])), "{types:?}");

    let job = serde_json::from_str::<Value>(&lines[0].1).unwrap()["jobId"].as_str().unwrap().to_owned();
    let steps = rows(&saved("last steps of a job").replace("THE JOB", &job), &lines, &["lastStep"]);
    assert!(
        steps.is_superset(&expected(["EntryExportAdd", "EntryExportUpdate", "EntryExportDelete"])),
        "{steps:?}"
    );

    let left_out = saved("groups with members left out").replace("THE JOB", &job);
    let left_out = rows(&left_out, &lines, &["sourceIdentity.displayName"]);
    assert_eq!(left_out, expected(["Staff"]));

    let removals = ["records", "people", ACTION];
    assert_eq!(rows(&saved("removals by application"), &lines, &removals), expected(["1 1 delete"]));
}

#[tokio::test]
async fn what_the_queries_ask_for_is_among_the_fields_that_are_found() {
    let (_, lines) = company().await;
    let template = template();
    let queries = of_type(&template, "AWS::Logs::QueryDefinition").into_iter();
    let of_records = queries.filter(|(_, query)| list(&query["LogGroupNames"]) == ["RecordLogs"]);
    let asked: String = of_records.map(|(_, query)| text(&query["QueryString"]).to_owned()).collect();
    for (_, line) in &lines {
        // In the order of the line: steps and changed attributes, of which there may be many, come last.
        let record: ProvisioningRecord = serde_json::from_str(line).unwrap();
        let head = line.split("\"provisioningSteps\"").next().unwrap();
        let fields = head.matches("\":").count();
        assert!(fields < FIELDS / 2, "{fields} fields before the steps of {}", record.id);
    }
    assert!(!asked.contains("provisioningSteps.") && !asked.contains("modifiedProperties."), "{asked}");
}

#[test]
fn trouble_in_the_functions_is_found_in_all_of_them() {
    let template = template();
    let queries = of_type(&template, "AWS::Logs::QueryDefinition");
    let (_, query) = queries.into_iter().find(|(id, _)| *id == "TroubleInTheFunctions").unwrap();
    assert_eq!(list(&query["LogGroupNames"]), ["SyncLogs", "QueryLogs", "ControlLogs", "NotifierLogs"]);
    let at = Timestamp::UNIX_EPOCH;
    let line = |level: &str| (at, format!(r#"{{"level":"{level}","fields":{{"message":"it was so"}}}}"#));
    let lines = ["INFO", "WARN", "ERROR", "DEBUG"].map(line);
    assert_eq!(rows(text(&query["QueryString"]), &lines, &["level"]), expected(["WARN", "ERROR"]));
}

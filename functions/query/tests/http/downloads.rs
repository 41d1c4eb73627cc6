//! The log as a file: whatever the format, the records are those the API shows.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::report::{Action, ModifiedProperty, Outcome, ProvisioningRecord, Step, StepType};
use jiff::SignedDuration;
use logs::Format;
use logs::exports::Exports;
use serde_json::{Value, json};
use store::{Operation, OperationStatus};
use uuid::Uuid;
use zip::ZipArchive;

use crate::stage::{CYCLE, JOB, LOG, Stage, noon, record};

const EXPORTS: &str = "/v1.0/auditLogs/provisioning/exports";

/// More people than the store gives at once, with names that spreadsheets and CSV take for something else.
async fn with_a_longer_log() -> (Stage, Vec<ProvisioningRecord>) {
    let stage = Stage::new().await;
    let records: Vec<_> = (0..620).map(person).collect();
    stage.log(&records).await;
    (stage, records)
}

fn person(number: i64) -> ProvisioningRecord {
    let names = ["Nadia El-Sayed", "=HYPERLINK(\"x\")", "Kim, \"the\nfirst\"", "+33 1", "Zoë"];
    let name = names[usize::try_from(number).unwrap() % names.len()];
    let outcome = if number % 10 == 0 { Outcome::Failure } else { Outcome::Success };
    let mut record = record(&format!("E{number:03}"), name, number, outcome);
    record.provisioning_action = if number % 3 == 0 { Action::Update } else { Action::Create };
    record.provisioning_steps = vec![Step {
        name: "EntryExportUpdate".to_owned(),
        provisioning_step_type: StepType::Export,
        status: outcome,
        description: format!("{name} was sent"),
        details: BTreeMap::new(),
    }];
    let changes = usize::try_from(number % 3).unwrap();
    record.modified_properties =
        vec![
            ModifiedProperty { display_name: "title".to_owned(), old_value: None, new_value: None };
            changes
        ];
    record
}

#[tokio::test]
async fn the_files_hold_what_the_api_shows_in_the_same_order() {
    let (stage, written) = with_a_longer_log().await;
    let one = &written[7];
    let questions = [
        String::new(),
        "$orderby=activityDateTime asc".to_owned(),
        "$filter=provisioningStatusInfo/status eq 'failure'".to_owned(),
        format!("$filter=cycleId eq '{CYCLE}' and provisioningAction eq 'update'"),
        format!(
            "$filter=jobId eq '{JOB}' and not contains(sourceIdentity/displayName,'Kim')&$orderby=activityDateTime"
        ),
        "$filter=activityDateTime ge 2026-03-02T05:00:00Z and activityDateTime lt 2026-03-02T11:00:00Z"
            .to_owned(),
        format!("$filter=changeId eq '{}'", one.change_id),
        format!("$filter=id eq '{}' and jobId eq 'scim.other'", one.id),
        "$search=E007".to_owned(),
        "$filter=jobId eq 'scim.other'".to_owned(),
    ];
    let mut sizes = Vec::new();
    for question in questions {
        let shown = shown(&stage, &question).await;
        let download = |format: &str| format!("{LOG}/download?$format={format}&{question}");

        let (headers, array) = stage.file(&download("json")).await;
        assert_eq!(headers["content-type"], "application/json");
        let array: Vec<Value> = serde_json::from_slice(&array.unwrap()).unwrap();
        assert_eq!(array, shown, "{question}");

        let (headers, lines) = stage.file(&download("ndjson")).await;
        assert_eq!(headers["content-disposition"], "attachment; filename=\"provisioning-logs.ndjson\"");
        let lines = String::from_utf8(lines.unwrap().to_vec()).unwrap();
        let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(records, shown, "{question}");
        // The lines that `sync` writes on its output.
        let told: Vec<String> = lines.lines().map(str::to_owned).collect();
        let records =
            shown.iter().map(|shown| written.iter().find(|one| shown["id"] == one.id.to_string()).unwrap());
        assert_eq!(told, records.map(|record| logs::line(record).unwrap()).collect::<Vec<_>>());

        let (headers, zip) = stage.file(&download("csv")).await;
        assert_eq!(headers["content-type"], "application/zip");
        let zip = zip.unwrap();
        let changes = |file| column(&zip, file, "changeId");
        let count = |list: &str| {
            let of =
                |record: &Value| vec![record["changeId"].clone(); record[list].as_array().unwrap().len()];
            shown.iter().flat_map(of).collect::<Vec<_>>()
        };
        let ids: Vec<Value> = shown.iter().map(|record| record["changeId"].clone()).collect();
        assert_eq!(changes("ProvisioningLogs.csv"), ids, "{question}");
        assert_eq!(
            changes("ProvisioningLogs_ProvisioningSteps.csv"),
            count("provisioningSteps"),
            "{question}"
        );
        assert_eq!(
            changes("ProvisioningLogs_ModifiedProperties.csv"),
            count("modifiedProperties"),
            "{question}"
        );
        sizes.push(shown.len());
    }
    assert_eq!(sizes, [620, 620, 62, 207, 496, 360, 1, 0, 1, 0]);
}

/// What the API shows of a question, page after page.
async fn shown(stage: &Stage, question: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), Some(format!("{LOG}?{question}")));
    while let Some(path) = next {
        let mut page = stage.get(&path).await.good();
        found.append(page["value"].as_array_mut().unwrap());
        let link = page.get("@odata.nextLink").map(|link| link.as_str().unwrap().to_owned());
        next = link.map(|link| link.strip_prefix("http://rollcall.example").unwrap().to_owned());
    }
    found
}

/// A column of a file in a zip.
fn column(zip: &[u8], file: &str, name: &str) -> Vec<Value> {
    let mut text = String::new();
    let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    zip.by_name(file).unwrap().read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place = reader.headers().unwrap().iter().position(|heading| heading == name).unwrap();
    reader.records().map(|row| json!(row.unwrap().get(place).unwrap())).collect()
}

#[tokio::test]
async fn what_is_wrong_with_the_question_is_refused_before_the_first_byte() {
    let stage = Stage::new().await;
    let cases = [
        ("$filter=jobId eq", "$filter, column"),
        ("$search=x", "too short"),
        ("$top=5", "'$top' is no option"),
    ];
    for (question, expected) in cases {
        let refused = stage.get(&format!("{LOG}/download?$format=csv&{question}")).await;
        let message = refused.refused(400, "Request_BadRequest");
        assert!(message.contains(expected), "{question}: {message}");
    }
}

#[tokio::test]
async fn a_file_that_lacks_records_breaks_off() {
    let (stage, records) = with_a_longer_log().await;
    let key = AttributeValue::S(format!("RECORD#{}", records.last().unwrap().id));
    let request = stage.engine.client().update_item().table_name("api-logs");
    let request = request.key("pk", key).key("sk", AttributeValue::S("RECORD".to_owned()));
    let request = request.update_expression("SET z = :z");
    let broken = AttributeValue::B(Blob::new(*b"broken"));
    request.expression_attribute_values(":z", broken).send().await.unwrap();
    for format in ["csv", "json", "ndjson"] {
        let (_, body) = stage.file(&format!("{LOG}/download?$format={format}")).await;
        assert!(body.is_err(), "{format}");
    }
}

#[tokio::test]
async fn where_answers_are_short_a_download_is_refused_with_what_to_do_instead() {
    let mut stage = Stage::new().await;
    stage.exports = bucket();
    let refused = stage.get(&format!("{LOG}/download?$format=csv")).await;
    assert!(refused.refused(400, "Request_BadRequest").contains("POST /v1.0/auditLogs/provisioning/exports"));
}

/// An export as `sync` left it.
pub(crate) async fn export(
    stage: &Stage,
    number: u128,
    status: OperationStatus,
    answer: Option<Value>,
) -> Uuid {
    let id = Uuid::from_u128(number);
    let operation = Operation {
        id,
        kind: "export".to_owned(),
        application: None,
        by: "nadia@example.com".to_owned(),
        asked_at: noon(),
        status,
        done: Some(5_000),
        ended_at: None,
        answer,
    };
    stage.store.note_operation(&operation).await.unwrap();
    id
}

pub(crate) fn succeeded() -> Option<Value> {
    Some(json!({ "format": "csv", "records": 7, "bytes": 3, "key": "exports/x.zip" }))
}

pub(crate) fn bucket() -> Exports {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("eu-central-1"))
        .credentials_provider(aws_sdk_s3::config::Credentials::new("key", "secret", None, None, "test"))
        .build();
    Exports::Bucket { client: aws_sdk_s3::Client::from_conf(config), name: "exports".to_owned() }
}

#[tokio::test]
async fn an_export_tells_how_far_it_is_and_where_its_file_is() {
    let mut stage = Stage::new().await;
    let running = export(&stage, 1, OperationStatus::Running, None).await;
    let told = stage.get(&format!("{EXPORTS}/{running}")).await.good();
    assert_eq!([&told["status"], &told["recordsDone"]], [&json!("running"), &json!(5_000)]);
    assert_eq!(told.get("downloadUrl"), None);
    stage.get(&format!("{EXPORTS}/{running}/content")).await.refused(404, "Request_ResourceNotFound");

    let why = json!({ "status": 400, "code": "exportTooLarge", "message": "narrow activityDateTime" });
    let failed = export(&stage, 2, OperationStatus::Failed, Some(why)).await;
    let told = stage.get(&format!("{EXPORTS}/{failed}")).await.good();
    assert_eq!(told["error"], json!({ "code": "exportTooLarge", "message": "narrow activityDateTime" }));

    let done = export(&stage, 3, OperationStatus::Succeeded, succeeded()).await;
    let path = stage.exports.path(done, Format::Csv).unwrap();
    stage.get(&format!("{EXPORTS}/{done}/content")).await.refused(404, "Request_ResourceNotFound");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "zip").unwrap();
    let told = stage.get(&format!("{EXPORTS}/{done}")).await.good();
    assert_eq!([&told["records"], &told["recordsDone"], &told["bytes"]], [7, 7, 3]);
    let link = told["downloadUrl"].as_str().unwrap().strip_prefix("http://rollcall.example").unwrap();
    let (headers, body) = stage.file(link).await;
    assert_eq!((&headers["content-length"], &*body.unwrap()), (&"3".parse().unwrap(), &b"zip"[..]));

    stage.exports = bucket();
    let told = stage.get(&format!("{EXPORTS}/{done}")).await.good();
    let link = told["downloadUrl"].as_str().unwrap();
    assert!(link.starts_with("https://") && link.contains("X-Amz-Signature="), "{link}");
    assert_eq!(told["expiresDateTime"], json!(noon() + SignedDuration::from_mins(5)));
}

#[tokio::test]
async fn what_is_no_export_is_not_there() {
    let stage = Stage::new().await;
    let restart = Operation {
        id: Uuid::from_u128(4),
        kind: "restart".to_owned(),
        application: None,
        by: "nadia@example.com".to_owned(),
        asked_at: noon(),
        status: OperationStatus::Running,
        done: None,
        ended_at: None,
        answer: None,
    };
    stage.store.note_operation(&restart).await.unwrap();
    for id in [restart.id.to_string(), Uuid::from_u128(5).to_string(), "none".to_owned()] {
        for path in [format!("{EXPORTS}/{id}"), format!("{EXPORTS}/{id}/content")] {
            stage.get(&path).await.refused(404, "Request_ResourceNotFound");
        }
    }
}

//! Exports from end to end: from the log in the store to a file in a folder.

#![cfg(test)]

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use engine::ids::{change_id, record_id};
use engine::model::{CycleId, JobId, SourceId};
use engine::ports::Store;
use engine::report::{
    Action, Initiator, Named, Outcome, ProvisionedIdentity, ProvisioningRecord, StatusInfo, System,
};
use flate2::read::GzDecoder;
use jiff::{SignedDuration, Timestamp};
use logs::Format;
use runtime::ask::{Ask, Asked, Export, Refusal};
use runtime::bus::LogBus;
use runtime::metrics::Metrics;
use runtime::secrets::Secrets;
use serde_json::{Value, json};
use store::embedded::Embedded;
use store::{DynamoStore, Operation, OperationStatus, StoredApplication, TableNames, Worker};
use sync::context::{Context, Exports, RESERVE};
use sync::export::export;
use sync::records::Records;
use tempfile::TempDir;
use testkit::time::{CountedIds, TestClock};
use uuid::Uuid;

const JOBS: [&str; 2] = ["scim.ledgerly", "scim.wiki"];

struct Stage {
    _engine: Embedded,
    folder: TempDir,
    context: Context,
}

impl Stage {
    async fn new() -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let names = TableNames::with_prefix("export");
        store::tables::create(&engine.client(), &names).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(noon()));
        let worker = Worker { owner: "export".to_owned(), boot: None };
        let context = Context {
            store: DynamoStore::new(engine.client(), names, worker),
            bus: Arc::new(LogBus),
            secrets: Secrets::new(clock.clone()),
            clock,
            ids: Arc::new(CountedIds::default()),
            s3: None,
            work: folder.path().join("work"),
            exports: Exports::Folder(folder.path().join("out")),
            tenant: Uuid::from_u128(1),
            reserve: RESERVE,
            metrics: Metrics::default(),
            records: Records::printed(),
        };
        Self { _engine: engine, folder, context }
    }

    /// So many people in each job.
    async fn with_people(people: i64) -> Self {
        let stage = Self::new().await;
        for job in JOBS {
            let application = StoredApplication {
                id: job.to_owned(),
                name: job.to_owned(),
                version: 1,
                document: Value::Null,
                job: JobId::new(job),
            };
            stage.context.store.save_application(&application, None).await.unwrap();
            let records: Vec<_> = (0..people).map(|number| record(job, number)).collect();
            stage.context.store.append_records(&JobId::new(job), &records, &[]).await.unwrap();
        }
        stage
    }

    async fn export(&self, export: Export) -> Result<Value, Refusal> {
        self.until(None, export).await
    }

    async fn until(&self, deadline: Option<Timestamp>, wanted: Export) -> Result<Value, Refusal> {
        let asked = Asked {
            operation: operation().id,
            application: None,
            by: "nadia".to_owned(),
            caller: "nadia".to_owned(),
            ask: Ask::Export(wanted.clone()),
        };
        export(&self.context, &asked, &wanted, deadline).await
    }

    fn file(&self, format: Format) -> Option<Vec<u8>> {
        std::fs::read(self.context.exports.path(operation().id, format).unwrap()).ok()
    }

    /// The records of an export of lines.
    fn lines(&self) -> Vec<Value> {
        let mut text = String::new();
        GzDecoder::new(&*self.file(Format::Ndjson).unwrap()).read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn operation() -> Operation {
    Operation {
        id: Uuid::from_u128(9),
        kind: "export".to_owned(),
        application: None,
        by: "nadia".to_owned(),
        asked_at: noon(),
        status: OperationStatus::Running,
        done: None,
        ended_at: None,
        answer: None,
    }
}

fn wanted(format: &str) -> Export {
    Export { format: format.to_owned(), ..Export::default() }
}

/// A record of a person, so many seconds before noon. Every fourth failed.
fn record(job: &str, number: i64) -> ProvisioningRecord {
    let person = format!("{job}-{number}");
    let cycle = CycleId(Uuid::from_u128(7));
    let change = change_id(cycle, &SourceId::new(&person), 0);
    let system = || System { id: "s".to_owned(), display_name: "s".to_owned(), details: BTreeMap::new() };
    let identity = |id: &str| ProvisionedIdentity {
        id: id.to_owned(),
        display_name: "Kim".to_owned(),
        identity_type: "User".to_owned(),
        details: BTreeMap::new(),
    };
    let status = if number % 4 == 0 { Outcome::Failure } else { Outcome::Success };
    ProvisioningRecord {
        id: record_id(change),
        activity_date_time: noon() - SignedDuration::from_secs(number),
        tenant_id: "tenant".to_owned(),
        job_id: job.to_owned(),
        cycle_id: cycle.to_string(),
        change_id: change.to_string(),
        provisioning_action: Action::Create,
        duration_in_milliseconds: 12,
        service_principal: Named { id: "a".to_owned(), display_name: job.to_owned() },
        source_system: system(),
        target_system: system(),
        initiated_by: Initiator {
            id: String::new(),
            display_name: "Rollcall".to_owned(),
            initiator_type: "system".to_owned(),
        },
        source_identity: identity(&person),
        target_identity: identity(""),
        provisioning_status_info: StatusInfo { status, error_information: None },
        provisioning_steps: Vec::new(),
        modified_properties: Vec::new(),
    }
}

#[tokio::test]
async fn an_export_holds_what_was_asked_for() {
    let stage = Stage::with_people(20).await;
    let failures = || Some("provisioningStatusInfo/status eq 'failure'".to_owned());
    let jobs = |jobs: &[&str]| Some(jobs.iter().map(|job| (*job).to_owned()).collect());
    let cases = [
        (wanted("ndjson"), 40),
        (Export { filter: failures(), ..wanted("ndjson") }, 10),
        (Export { jobs: jobs(&JOBS[..1]), ..wanted("ndjson") }, 20),
        (Export { jobs: jobs(&JOBS), ..wanted("ndjson") }, 40),
        (Export { jobs: jobs(&[]), ..wanted("ndjson") }, 0),
        (Export { jobs: jobs(&JOBS[1..]), filter: failures(), ..wanted("ndjson") }, 5),
        (
            Export {
                jobs: jobs(&JOBS[..1]),
                filter: Some("jobId eq 'scim.wiki'".to_owned()),
                ..wanted("ndjson")
            },
            0,
        ),
        (Export { search: Some("scim.wiki-7".to_owned()), ..wanted("ndjson") }, 1),
        (Export { search: Some("scim.wiki-7".to_owned()), jobs: jobs(&JOBS[..1]), ..wanted("ndjson") }, 0),
    ];
    for (export, expected) in cases {
        let told = stage.export(export.clone()).await.unwrap();
        assert_eq!(told["records"], expected, "{export:?}");
        let lines = stage.lines();
        assert_eq!(lines.len(), expected, "{export:?}");
        let seen = |line: &Value| {
            export.jobs.as_ref().is_none_or(|jobs| jobs.iter().any(|job| line["jobId"] == **job))
        };
        assert!(lines.iter().all(seen), "{export:?}");
    }
}

#[tokio::test]
async fn the_answer_tells_what_was_written_and_nothing_else_is_left() {
    let stage = Stage::with_people(3).await;
    for (format, ending) in [(Format::Csv, "zip"), (Format::Json, "json.gz"), (Format::Ndjson, "ndjson.gz")] {
        let told = stage.export(wanted(format.word())).await.unwrap();
        let file = stage.file(format).unwrap();
        let key = format!("exports/{}.{ending}", operation().id);
        let expected = json!({ "format": format.word(), "records": 6, "bytes": file.len(), "key": key });
        assert_eq!(told, expected);
    }
    let mut array = String::new();
    GzDecoder::new(&*stage.file(Format::Json).unwrap()).read_to_string(&mut array).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Value>>(&array).unwrap().len(), 6);
    let left = |folder: &str| std::fs::read_dir(stage.folder.path().join(folder)).unwrap().count();
    assert_eq!((left("work"), left("out/exports")), (0, 3));
}

#[tokio::test]
async fn an_operation_shows_how_far_its_export_is() {
    let stage = Stage::with_people(2_600).await;
    stage.context.store.note_operation(&operation()).await.unwrap();
    stage.export(wanted("csv")).await.unwrap();
    let noted = stage.context.store.operation(operation().id, noon()).await.unwrap().unwrap();
    assert_eq!((noted.status, noted.done), (OperationStatus::Running, Some(5_000)));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_leaves_no_file() {
    let stage = Stage::with_people(3).await;
    let refused = stage.until(Some(noon()), wanted("csv")).await.unwrap_err();
    assert_eq!((refused.status, &*refused.code), (400, "exportTooLarge"));
    assert!(refused.message.contains("narrow activityDateTime"), "{refused:?}");
    assert_eq!(stage.file(Format::Csv), None);
    assert_eq!(std::fs::read_dir(&stage.context.work).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_the_question_is_refused() {
    let stage = Stage::new().await;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (wanted("xlsx"), "'xlsx' is no format"),
        (Export { filter: text("jobId eq"), ..wanted("csv") }, "$filter, column"),
        (Export { search: text(" "), ..wanted("csv") }, "$search is empty"),
        (Export { search: text("x"), ..wanted("csv") }, "too short"),
    ];
    for (export, expected) in cases {
        let refused = stage.export(export).await.unwrap_err();
        assert_eq!((refused.status, &*refused.code), (400, "Request_BadRequest"));
        assert!(refused.message.contains(expected), "{refused:?}");
    }
}

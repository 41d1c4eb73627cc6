//! What owners of applications see of the log: their records, and nothing that tells of others.

use std::sync::Arc;

use ::logs::exports::Exports;
use api::token::{KEY, Signer};
use engine::model::SourceId;
use engine::ports::{Identity, Store as _};
use jiff::Timestamp;
use store::embedded::Embedded;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use testkit::time::TestClock;

use super::super::downloads::Downloads;
use super::*;

struct Stage {
    _engine: Embedded,
    api: Api,
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// A record of a job; every hundredth job and number is somebody of their own.
fn record(job: &str, number: u128) -> ProvisioningRecord {
    let named = |name: &str| json!({ "id": name, "displayName": name });
    let identity = json!({ "id": format!("{job}-{number}"), "displayName": "Kim Doe", "identityType": "User", "details": {} });
    let at = noon() - jiff::SignedDuration::from_secs(i64::try_from(number).unwrap());
    let id = Uuid::from_u128(number * 10 + job.len() as u128);
    serde_json::from_value(json!({
        "id": id, "activityDateTime": at, "tenantId": "t", "jobId": job, "cycleId": Uuid::nil(), "changeId": id,
        "provisioningAction": "create", "durationInMilliseconds": 1, "servicePrincipal": named(job),
        "sourceSystem": { "id": "s", "displayName": "s", "details": {} },
        "targetSystem": { "id": "t", "displayName": "t", "details": {} },
        "initiatedBy": { "id": "", "displayName": "Rollcall", "initiatorType": "system" },
        "sourceIdentity": identity, "targetIdentity": identity,
        "provisioningStatusInfo": { "status": "success", "errorInformation": null },
        "provisioningSteps": [], "modifiedProperties": [],
    }))
    .unwrap()
}

impl Stage {
    /// Applications with their owners, and so many records in each of their logs.
    async fn new(applications: &[(&str, &str, u128)]) -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let names = TableNames::with_prefix("logs");
        store::tables::create(&engine.client(), &names).await.unwrap();
        let store = DynamoStore::new(engine.client(), names, Worker { owner: "logs".to_owned(), boot: None });
        for (name, owner, count) in applications {
            let stored = StoredApplication {
                id: (*name).to_owned(),
                name: (*name).to_owned(),
                version: 1,
                document: json!({ "owners": [owner] }),
                job: JobId::new(*name),
            };
            store.save_application(&stored, None).await.unwrap();
            let records: Vec<_> = (1..=*count).map(|number| record(name, number)).collect();
            let people: Vec<_> = records
                .iter()
                .map(|record| Identity {
                    source_id: SourceId::new(&record.source_identity.id),
                    name: record.source_identity.display_name.clone(),
                })
                .collect();
            store.append_records(&stored.job, &records, &people).await.unwrap();
        }
        let clock = Arc::new(TestClock::at(noon()));
        let downloads = Downloads::new(Exports::Folder(std::path::PathBuf::new()));
        Self { _engine: engine, api: Api { store, clock, signer: Signer::new(&[7; KEY]), downloads } }
    }

    async fn page(&self, caller: &str, query: &str) -> Result<Value, ApiError> {
        let query = RawQuery(Some(query.to_owned()));
        list(State(self.api.clone()), Extension(owner(caller)), query, HeaderMap::new())
            .await
            .map(|Json(page)| page)
    }

    /// Everything, by the links; and how many pages that took.
    async fn all(&self, caller: &str, query: &str) -> (Vec<String>, usize) {
        let (mut found, mut pages, mut query) = (Vec::new(), 0, query.to_owned());
        loop {
            let page = self.page(caller, &query).await.unwrap();
            let records = page["value"].as_array().unwrap();
            found.extend(
                records.iter().map(|record| record["sourceIdentity"]["id"].as_str().unwrap().to_owned()),
            );
            pages += 1;
            match page.get("@odata.nextLink").and_then(Value::as_str) {
                Some(link) => query = link.split_once('?').unwrap().1.to_owned(),
                None => return (found, pages),
            }
        }
    }
}

fn owner(id: &str) -> Caller {
    Caller { id: id.to_owned(), name: id.to_owned(), owner_only: true }
}

#[tokio::test]
async fn an_owner_sees_the_records_of_their_applications_whatever_they_ask() {
    let stage = Stage::new(&[("a", "ada", 3), ("bb", "kim", 2), ("ccc", "ada", 2)]).await;
    let adas = ["a-1", "ccc-1", "a-2", "ccc-2", "a-3"];
    let cases: [(&str, &str, &[&str]); 9] = [
        ("kim", "", &["bb-1", "bb-2"]),
        ("kim", "$top=1", &["bb-1", "bb-2"]),
        ("ada", "$filter=jobId eq 'a'", &["a-1", "a-2", "a-3"]),
        ("ada", "$filter=jobId eq 'bb'", &[]),
        ("ada", "$filter=servicePrincipal/id eq 'bb'", &[]),
        ("kim", "$search=kim", &["bb-1", "bb-2"]),
        ("kim", "$search=a-1", &[]),
        ("kim", "$filter=sourceIdentity/id eq 'a-1'", &[]),
        ("kim", "$filter=id eq '00000000-0000-0000-0000-00000000000b'", &[]),
    ];
    for (caller, query, expected) in cases {
        assert_eq!(stage.all(caller, query).await.0, expected, "{caller} {query}");
    }
    for query in ["", "$top=2", "$search=kim", "$filter=jobId ne 'bb'"] {
        let (mut found, _) = stage.all("ada", query).await;
        found.sort_unstable();
        let mut expected = adas;
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(stage.page("ada", "$count=true&$top=1").await.unwrap()["@odata.count"], 5);
}

#[tokio::test]
async fn a_record_of_somebody_elses_application_is_not_there() {
    let stage = Stage::new(&[("a", "ada", 1), ("bb", "kim", 1)]).await;
    let id = record("a", 1).id.to_string();
    let asked = async |caller: &str| {
        let path = Path(id.clone());
        one(State(stage.api.clone()), Extension(owner(caller)), path, HeaderMap::new()).await.map(|_| ())
    };
    assert_eq!(asked("ada").await, Ok(()));
    assert_eq!(asked("kim").await, Err(ApiError::not_found(format!("there is no record '{id}'"))));
}

#[tokio::test]
async fn whose_records_are_rare_among_others_is_led_on_within_the_budget() {
    let stage = Stage::new(&[("a", "ada", 1), ("bb", "kim", 2_500), ("ccc", "ada", 1)]).await;
    let oldest_first = "$orderby=activityDateTime asc";
    let (mut found, pages) = stage.all("ada", oldest_first).await;
    found.sort_unstable();
    assert_eq!(
        (found, pages),
        (vec!["a-1".to_owned(), "ccc-1".to_owned()], 2),
        "the first page looks at 2,000"
    );
}

#[tokio::test]
async fn how_many_people_others_have_is_not_told() {
    let stage = Stage::new(&[("a", "ada", 1), ("bb", "kim", 120), ("ccc", "ada", 1)]).await;
    let refusal = format!("{:?}", stage.page("ada", "$search=kim").await.unwrap_err());
    assert!(refusal.contains("jobId eq") && !refusal.contains("12"), "{refusal}");
    assert_eq!(stage.all("ada", "$search=kim&$filter=jobId eq 'a'").await.0, ["a-1"]);
}

#[tokio::test]
async fn a_link_of_one_owner_does_not_fit_another_caller() {
    let stage = Stage::new(&[("a", "ada", 3), ("bb", "kim", 3)]).await;
    let page = stage.page("ada", "$top=1").await.unwrap();
    let (_, query) = page["@odata.nextLink"].as_str().unwrap().split_once('?').unwrap();
    assert!(stage.page("ada", query).await.is_ok());
    assert!(format!("{:?}", stage.page("kim", query).await.unwrap_err()).contains("begin again"));
}

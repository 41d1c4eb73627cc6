//! An application with a job and a log, and a caller.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Access;
use api::token::{KEY, Signer};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use engine::ids::{change_id, record_id};
use engine::job::{Counts, JobState, Progress, QuarantineReason, StatusCode as Health};
use engine::model::{CycleId, JobId, SourceId};
use engine::ports::{Identity, Store};
use engine::report::{
    Action, Initiator, Named, Outcome, ProvisionedIdentity, ProvisioningRecord, StatusInfo, System,
};
use jiff::{SignedDuration, Timestamp};
use logs::exports::Exports;
use query::http::{Settings, router};
use serde_json::{Value, json};
use store::embedded::Embedded;
use store::usage::Counter;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use tempfile::TempDir;
use testkit::time::TestClock;
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const APPLICATION: &str = "0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b";
pub(crate) const JOB: &str = "scim.t.0b9c3f2e-7c1d-4e5f-8a9b-0c1d2e3f4a5b";
pub(crate) const TOKEN: &str = "s3cret";
pub(crate) const LOG: &str = "/v1.0/auditLogs/provisioning";

/// Both jobs' first cycle.
pub(crate) const CYCLE: CycleId = CycleId(Uuid::from_u128(7));

pub(crate) struct Stage {
    pub(crate) engine: Embedded,
    pub(crate) store: DynamoStore,
    pub(crate) exports: Exports,
    pub(crate) clock: Arc<TestClock>,
    _folder: TempDir,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Stage {
    /// An application whose job was made and never ran.
    pub(crate) async fn new() -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let names = TableNames::with_prefix("api");
        store::tables::create(&engine.client(), &names).await.unwrap();
        let worker = Worker { owner: "api".to_owned(), boot: None };
        let store = DynamoStore::new(engine.client(), names, worker);
        let application = StoredApplication {
            id: APPLICATION.to_owned(),
            name: "Ledgerly".to_owned(),
            version: 1,
            document: json!({
                "application": "Ledgerly",
                "source": { "inbound": {} },
                "target": { "scim": {} },
                "users": {},
                "schedule": { "interval": "1h 30m" },
            }),
            job: JobId::new(JOB),
        };
        store.save_application(&application, None).await.unwrap();
        store.create_job(&application.job, &JobState::new(noon())).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let exports = Exports::Folder(folder.path().to_owned());
        let clock = Arc::new(TestClock::at(noon()));
        Self { engine, store: store.with_clock(clock.clone()), exports, clock, _folder: folder }
    }

    /// The same over a store whose requests are counted from now on.
    pub(crate) fn counted(self) -> (Self, Counter) {
        let counter = Counter::default();
        let worker = Worker { owner: "api".to_owned(), boot: None };
        let names = TableNames::with_prefix("api");
        let store = DynamoStore::new(counter.watch(&self.engine.client()), names, worker);
        (Self { store: store.with_clock(self.clock.clone()), ..self }, counter)
    }

    /// Changes the job as a worker does who is still at it.
    pub(crate) async fn working(&self, change: impl FnOnce(&mut JobState)) {
        let until = noon() + SignedDuration::from_mins(1);
        let (lease, mut state) = self.store.acquire(&JobId::new(JOB), noon(), until).await.unwrap();
        change(&mut state);
        self.store.save(&lease, &state, &[], false).await.unwrap();
    }

    /// Writes records and the names of their people into the log.
    pub(crate) async fn log(&self, records: &[ProvisioningRecord]) {
        let named = |record: &ProvisioningRecord| Identity {
            source_id: SourceId::new(&record.source_identity.id),
            name: record.source_identity.display_name.clone(),
        };
        let names: Vec<Identity> = records.iter().map(named).collect();
        self.store.append_records(&JobId::new(JOB), records, &names).await.unwrap();
    }

    /// Another application, which somebody owns.
    pub(crate) async fn owned_by(&self, name: &str, owner: &str) {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string();
        let application = StoredApplication {
            job: JobId::new(format!("scim.t.{id}")),
            id,
            name: name.to_owned(),
            version: 1,
            document: json!({ "target": { "scim": {} }, "owners": ["nobody", owner] }),
        };
        self.store.save_application(&application, None).await.unwrap();
        self.store.create_job(&application.job, &JobState::new(noon())).await.unwrap();
    }

    /// Asks with the token of this process.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(encoded(path)).header("authorization", format!("Bearer {TOKEN}"))).await
    }

    /// Asks as one does on loopback.
    pub(crate) async fn ask(&self, request: axum::http::request::Builder) -> Answer {
        let request = request.header("host", "rollcall.example").body(Body::empty()).unwrap();
        self.answer(Access::local(TOKEN.into(), "nadia"), request).await
    }

    /// Asks for a file; its body is an error when it broke off.
    pub(crate) async fn file(&self, path: &str) -> (HeaderMap, Result<Bytes, axum::Error>) {
        self.file_in(path, "*/*").await
    }

    /// The same, of a kind.
    pub(crate) async fn file_in(&self, path: &str, kind: &str) -> (HeaderMap, Result<Bytes, axum::Error>) {
        let request = Request::get(encoded(path)).header("authorization", format!("Bearer {TOKEN}"));
        let request = request.header("accept", kind);
        let access = Access::local(TOKEN.into(), "nadia");
        let response = self.response(access, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        (response.headers().clone(), to_bytes(response.into_body(), 64 << 20).await)
    }

    async fn response(&self, access: Access, request: Request<Body>) -> axum::response::Response {
        router(self.store.clone(), self.settings(access)).oneshot(request).await.unwrap()
    }

    pub(crate) fn settings(&self, access: Access) -> Settings {
        let signer = Signer::new(&[7; KEY]);
        let exports = self.exports.clone();
        Settings { access, clock: self.clock.clone(), signer, limited: false, exports }
    }

    pub(crate) async fn answer(&self, access: Access, request: Request<Body>) -> Answer {
        let response = self.response(access, request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
    }
}

impl Answer {
    /// Ends the test unless the answer is 200.
    #[track_caller]
    pub(crate) fn good(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{:#}", self.body);
        self.body
    }

    /// Ends the test unless the answer is this refusal; its message.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> &str {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        assert_eq!(self.body["error"]["code"], code, "{:#}", self.body);
        let id = self.headers["request-id"].to_str().unwrap();
        assert_eq!(self.body["error"]["innerError"]["request-id"], id);
        self.body["error"]["message"].as_str().unwrap()
    }
}

/// Blanks and quotes as browsers write them.
fn encoded(path: &str) -> String {
    path.replace(' ', "%20").replace('\'', "%27").replace('"', "%22")
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// The state of a job in the middle of its first cycle, in trouble.
pub(crate) fn in_trouble(state: &mut JobState) {
    state.code = Health::Quarantine;
    let told = state.impose(
        &JobId::new(JOB),
        QuarantineReason::EncounteredQuarantineException,
        None,
        "the app answered 401 to GET /Users".to_owned(),
        noon(),
    );
    assert!(told.is_some());
    state.progress = Some(Progress {
        completed_units: 40,
        total_units: 100,
        observed_at: noon(),
        since: None,
        calls_per_second: None,
        waits_until: None,
    });
    state.counts = Counts { linked: 39, in_scope: 40, ever_linked: 41, ..Counts::default() };
}

/// A record of a person, so many minutes before noon.
pub(crate) fn record(id: &str, name: &str, minutes: i64, outcome: Outcome) -> ProvisioningRecord {
    let source = SourceId::new(id);
    let change = change_id(CYCLE, &source, 0);
    let system =
        |name: &str| System { id: name.to_owned(), display_name: name.to_owned(), details: BTreeMap::new() };
    let identity = |id: String, name: &str| ProvisionedIdentity {
        id,
        display_name: name.to_owned(),
        identity_type: "User".to_owned(),
        details: BTreeMap::new(),
    };
    ProvisioningRecord {
        id: record_id(change),
        activity_date_time: noon() - SignedDuration::from_mins(minutes),
        tenant_id: "tenant".to_owned(),
        job_id: JOB.to_owned(),
        cycle_id: CYCLE.to_string(),
        change_id: change.to_string(),
        provisioning_action: Action::Create,
        duration_in_milliseconds: 12,
        service_principal: Named { id: APPLICATION.to_owned(), display_name: "Ledgerly".to_owned() },
        source_system: system("people"),
        target_system: system("Ledgerly"),
        initiated_by: Initiator {
            id: String::new(),
            display_name: "Rollcall".to_owned(),
            initiator_type: "system".to_owned(),
        },
        source_identity: identity(id.to_owned(), name),
        target_identity: identity(format!("account-{id}"), ""),
        provisioning_status_info: StatusInfo { status: outcome, error_information: None },
        provisioning_steps: Vec::new(),
        modified_properties: Vec::new(),
    }
}

//! Hand-over events between the slices of a cycle, as a bus delivers them: once, twice, late, at the same instant, or not
//! at all.
//!
//! A file, an app over HTTP, the tables, and the function that takes the events. Its clock moves by a second whenever
//! somebody looks at it, so that a slice ends while there is work left.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use connectors::application::Application;
use engine::job::{CycleReport, Event, JobState};
use engine::model::JobId;
use engine::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;
use runtime::bus::{Bus, CYCLE_DUE, SOURCE};
use runtime::metrics::Metrics;
use runtime::secrets::Secrets;
use serde_json::{Value, json};
use store::embedded::Embedded;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use sync::context::{Context, Exports};
use sync::handler::handle;
use sync::records::Records;
use tempfile::TempDir;
use testkit::sandbox::{Sandbox, Settings};
use testkit::time::{CountedIds, TestClock};

use crate::support::{HEADER, Person, application};

const PEOPLE: usize = 40;

/// How long a slice may take: enough looks at the clock for a step or two of the cycle.
const SLICE: SignedDuration = SignedDuration::from_secs(12);

/// More slices than any of these cycles has.
const MANY: usize = 50;

/// A clock by which time passes.
struct Passing(TestClock);

#[async_trait]
impl Clock for Passing {
    fn now(&self) -> Timestamp {
        self.0.advance(SignedDuration::from_secs(1));
        self.0.now()
    }

    async fn sleep(&self, wait: Duration) {
        self.0.sleep(wait).await;
    }

    async fn tick(&self, every: Duration) {
        self.0.tick(every).await;
    }
}

/// A bus that keeps what was put on it until somebody delivers it.
#[derive(Default)]
struct Waiting(Mutex<Vec<Value>>);

impl Waiting {
    fn put(&self, name: &str, detail: &Value) {
        let event = json!({
            "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": name, "source": SOURCE,
            "account": "123456789012", "time": "2026-03-02T09:00:00Z", "region": "eu-central-1",
            "resources": [], "detail": detail,
        });
        self.0.lock().unwrap().push(event);
    }

    /// What was put on it since, as far as it concerns the function.
    fn take(&self) -> Vec<Value> {
        let mut events = std::mem::take(&mut *self.0.lock().unwrap());
        events.retain(|event| event["detail-type"] == CYCLE_DUE || event["detail-type"] == "Cycle Continues");
        events
    }
}

#[async_trait]
impl Bus for Waiting {
    async fn put(&self, events: &[Event]) -> Result<()> {
        for event in events {
            self.put(event.detail.name(), &serde_json::to_value(event)?);
        }
        Ok(())
    }

    async fn wake(&self, jobs: &[JobId], now: Timestamp) -> Result<()> {
        jobs.iter().for_each(|job| self.put(CYCLE_DUE, &json!({ "job": job, "at": now })));
        Ok(())
    }
}

/// A deployed job with everybody still to come.
struct Deployed {
    _engine: Embedded,
    _folder: TempDir,
    app: Sandbox,
    bus: Arc<Waiting>,
    context: Context,
    job: JobId,
}

impl Deployed {
    async fn new() -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let client = engine.client();
        let names = TableNames::with_prefix("rollcall");
        store::tables::create(&client, &names).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let rows: String = Person::many(PEOPLE).iter().map(|person| person.row() + "\n").collect();
        std::fs::write(path("people.csv"), format!("{HEADER}\n{rows}")).unwrap();
        std::fs::write(path("token"), "sandbox").unwrap();
        let settings = Settings { token: "sandbox".to_owned(), ..Settings::default() };
        let app = Sandbox::start(settings).await.unwrap();
        let (clock, bus) = (TestClock::at("2026-03-02T09:00:00Z".parse().unwrap()), Arc::default());
        let clock = Arc::new(Passing(clock));
        let context = Context {
            store: DynamoStore::new(client, names, Worker { owner: "sync".to_owned(), boot: None }),
            bus: Arc::clone(&bus) as Arc<dyn Bus>,
            secrets: Secrets::new(clock.clone()),
            clock,
            ids: Arc::new(CountedIds::default()),
            s3: None,
            work: path("work"),
            exports: Exports::Folder(path("files")),
            tenant: uuid::Uuid::nil(),
            reserve: SignedDuration::ZERO,
            metrics: Metrics::default(),
            records: Records::printed(),
        };
        let text = application(&app.base_url())
            .replace("people.csv", &path("people.csv").display().to_string())
            .replace("env:TOKEN", &format!("file:{}", path("token").display()));
        let document = serde_json::to_value(Application::from_yaml(&text, "Ledgerly").unwrap()).unwrap();
        let job = JobId::new("scim.Ledgerly");
        let stored = StoredApplication {
            id: uuid::Uuid::from_u128(1).to_string(),
            name: "Ledgerly".to_owned(),
            version: 1,
            document,
            job: job.clone(),
        };
        context.store.create_job(&job, &JobState::new(context.clock.now())).await.unwrap();
        context.store.save_application(&stored, None).await.unwrap();
        Self { _engine: engine, _folder: folder, app, bus, context, job }
    }

    /// An event arrives; how its slice ended, in a word.
    async fn deliver(&self, event: &Value) -> String {
        let mut invocation = lambda_runtime::Context::default();
        let end = self.context.clock.now() + SLICE;
        invocation.deadline = u64::try_from(end.as_millisecond()).unwrap();
        let answer = handle(&self.context, LambdaEvent::new(event.clone(), invocation)).await.unwrap();
        answer["ended"].as_str().unwrap().to_owned()
    }

    /// A turn of the schedule, a minute later; the events that it put on the bus.
    async fn turn(&self) -> Vec<Value> {
        self.context.clock.sleep(Duration::from_secs(60)).await;
        let event = json!({
            "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
            "source": "aws.events", "account": "123456789012", "time": "2026-03-02T09:00:00Z",
            "region": "eu-central-1", "resources": [], "detail": {},
        });
        assert_eq!(self.deliver(&event).await, "told");
        self.bus.take()
    }

    async fn state(&self) -> JobState {
        self.context.store.job(&self.job).await.unwrap().state
    }

    /// The one event that waits.
    #[track_caller]
    fn next(&self) -> Value {
        let events = self.bus.take();
        let [event] = events.as_slice() else { panic!("one event should wait: {events:#?}") };
        event.clone()
    }

    /// Everybody was created once, in one cycle of several slices.
    async fn is_done_once(&self) -> CycleReport {
        let state = self.state().await;
        assert_eq!(state.checkpoint, None);
        let report = state.last.expect("the cycle ended");
        assert_eq!((report.figures.created, report.figures.failed), (PEOPLE as u64, 0));
        assert_eq!(self.app.users().len(), PEOPLE);
        assert_eq!((state.counts.linked, state.counts.ever_linked), (PEOPLE as u64, PEOPLE as u64));
        assert_eq!(report.figures.log_records, PEOPLE as u64);
        report
    }
}

#[tokio::test]
async fn an_event_that_comes_twice_or_late_starts_nothing_a_second_time() {
    let deployed = Deployed::new().await;
    let due = deployed.turn().await.pop().expect("the job is due");
    assert_eq!(deployed.deliver(&due).await, "continues");
    let mut told = Vec::new();
    while deployed.state().await.last.is_none() {
        let next = deployed.next();
        let ended = deployed.deliver(&next).await;
        assert!(["continues", "completed"].contains(&&*ended), "{ended}");
        // The same once more, and all those before it.
        told.push(next);
        assert!(told.len() < MANY, "it goes on for ever");
        for late in &told {
            assert_eq!(deployed.deliver(late).await, "stale");
        }
    }
    assert!(told.len() >= 2, "{} slices after the first prove little", told.len());
    assert!(deployed.bus.take().is_empty());
    deployed.is_done_once().await;
}

#[tokio::test]
async fn an_event_that_comes_twice_at_the_same_instant_starts_one_slice() {
    let deployed = Deployed::new().await;
    let mut next = deployed.turn().await.pop().expect("the job is due");
    for slice in 1.. {
        assert!(slice < MANY, "it goes on for ever");
        let (one, other) = tokio::join!(deployed.deliver(&next), deployed.deliver(&next));
        // The other one finds the job taken, or the slice begun.
        let (ended, idle) = match (one.as_str(), other.as_str()) {
            (idle @ ("busy" | "stale"), ended) | (ended, idle) => (ended, idle),
        };
        assert!(["busy", "stale"].contains(&idle), "{ended}, {idle}");
        match ended {
            "continues" => next = deployed.next(),
            "completed" => break,
            other => panic!("of two one gets the lease: {other}"),
        }
    }
    deployed.is_done_once().await;
}

#[tokio::test]
async fn an_event_that_is_lost_is_replaced_by_the_next_turn_of_the_schedule() {
    let deployed = Deployed::new().await;
    let mut lost = 0;
    while deployed.state().await.last.is_none() {
        let due = deployed.turn().await;
        let [due] = due.as_slice() else { panic!("the job is due: {due:?}") };
        let before = deployed.state().await.checkpoint.map(|checkpoint| checkpoint.cycle);
        if deployed.deliver(due).await == "continues" {
            let checkpoint = deployed.state().await.checkpoint.expect("it was cut");
            assert!(before.is_none_or(|before| before == checkpoint.cycle), "the same cycle goes on");
            assert_eq!(deployed.next()["detail-type"], "Cycle Continues", "and nobody will ever hear it");
            lost += 1;
            assert!(lost < MANY, "it goes on for ever");
        }
    }
    assert!(lost >= 2, "{lost} lost events prove little");
    deployed.is_done_once().await;
}

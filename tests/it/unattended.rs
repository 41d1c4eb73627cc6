//! Without a command: the scheduler of `rollcall serve` over simulated days, with files, an app and the store as they
//! are, and a clock that moves when told to.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connectors::application::Application;
use engine::cycle::Ending;
use engine::job::{CycleKind, CycleReport, JobState, QuarantineReason, StatusCode};
use engine::model::JobId;
use engine::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use runtime::bus::LogBus;
use runtime::metrics::Metrics;
use runtime::secrets::Secrets;
use store::embedded::Embedded;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use sync::context::{Context, Exports, RESERVE};
use sync::records::Records;
use sync::scheduler::{Ended, Scheduler};
use tempfile::TempDir;
use testkit::sandbox::{Sandbox, Settings};
use testkit::time::{CountedIds, TestClock};

use crate::support::{HEADER, Person, application};

/// Time between two turns.
const TURN: SignedDuration = SignedDuration::from_secs(45);

/// An office that nobody attends to.
struct Unattended {
    _engine: Embedded,
    folder: TempDir,
    app: Sandbox,
    clock: Arc<TestClock>,
    context: Context,
}

impl Unattended {
    async fn new() -> Self {
        Self::with_latency(Duration::ZERO).await
    }

    async fn with_latency(latency: Duration) -> Self {
        let engine = Embedded::open(None).await.unwrap();
        let client = store::client::for_endpoint(engine.endpoint());
        let names = TableNames::with_prefix("rollcall");
        store::tables::create(&client, &names).await.unwrap();
        let worker = Worker { owner: "serve".to_owned(), boot: Some(uuid::Uuid::from_u128(1)) };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "sandbox").unwrap();
        let clock = Arc::new(TestClock::at("2026-03-02T09:00:00Z".parse().unwrap()));
        let context = Context {
            store: DynamoStore::new(client, names, worker),
            bus: Arc::new(LogBus),
            secrets: Secrets::new(clock.clone()),
            clock: clock.clone(),
            ids: Arc::new(CountedIds::default()),
            s3: None,
            work: folder.path().join("work"),
            exports: Exports::Folder(folder.path().join("files")),
            tenant: uuid::Uuid::nil(),
            reserve: RESERVE,
            metrics: Metrics::default(),
            records: Records::printed(),
        };
        let settings = Settings { token: "sandbox".to_owned(), latency, ..Settings::default() };
        let app = Sandbox::start(settings).await.unwrap();
        Self { _engine: engine, folder, app, clock, context }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn people(&self, people: &[Person]) {
        let rows: String = people.iter().map(|person| person.row() + "\n").collect();
        std::fs::write(self.path("people.csv"), format!("{HEADER}\n{rows}")).unwrap();
    }

    /// Saves an application of this name, due at once.
    async fn save(&self, name: &str, schedule: &str) -> JobId {
        let people = self.path("people.csv");
        let token = format!("file:{}", self.path("token").display());
        let text = application(&self.app.base_url())
            .replace("application: Ledgerly", &format!("application: {name}"))
            .replace("people.csv", &people.display().to_string())
            .replace("env:TOKEN", &token)
            + schedule;
        let document = serde_json::to_value(Application::from_yaml(&text, name).unwrap()).unwrap();
        let job = JobId::new(format!("scim.{name}"));
        let stored = StoredApplication {
            id: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string(),
            name: name.to_owned(),
            version: 1,
            document,
            job: job.clone(),
        };
        let store = &self.context.store;
        store.create_job(&job, &JobState::new(self.clock.now())).await.unwrap();
        store.save_application(&stored, None).await.unwrap();
        job
    }

    fn scheduler(&self) -> Scheduler {
        Scheduler::new(self.context.clone(), 4)
    }

    /// Waits until whatever is due has begun: on a machine that is busy a thread takes its time.
    async fn begun(&self) {
        let now = self.clock.now();
        for known in self.context.store.applications().await.unwrap() {
            loop {
                let state = self.state(&known.job).await;
                if state.checkpoint.is_some() || state.next_due > now {
                    break;
                }
            }
        }
    }

    async fn state(&self, job: &JobId) -> JobState {
        self.context.store.job(job).await.unwrap().state
    }
}

fn completed(ended: Ended) -> CycleReport {
    match ended.outcome.unwrap() {
        Ending::Completed(report) => *report,
        Ending::Continues | Ending::Paused => panic!("nobody asked the cycle to stop"),
    }
}

/// Turns until `end`, less than a minute apart. While a cycle runs, nine minutes pass beside it.
async fn live(
    office: &Unattended,
    scheduler: &mut Scheduler,
    end: Timestamp,
) -> BTreeMap<String, Vec<CycleReport>> {
    let mut reports: BTreeMap<String, Vec<CycleReport>> = BTreeMap::new();
    while office.clock.now() < end {
        scheduler.turn().await.unwrap();
        let turns_beside_a_cycle = if scheduler.is_busy() { 12 } else { 0 };
        for _ in 0..turns_beside_a_cycle {
            office.begun().await;
            office.clock.advance(TURN);
            scheduler.turn().await.unwrap();
        }
        while let Some(ended) = scheduler.ended().await {
            let name = ended.application.clone();
            reports.entry(name).or_default().push(completed(ended));
        }
        office.clock.advance(TURN);
    }
    reports
}

#[tokio::test]
async fn over_two_days_a_cycle_begins_every_20_to_40_minutes_and_none_meets_another() {
    // An app slow enough for some turns to pass beside a cycle.
    let office = Unattended::with_latency(Duration::from_millis(50)).await;
    office.people(&Person::many(5));
    office.save("Ledgerly", "").await;
    office.save("Halfhourly", "schedule: { interval: 30m }\n").await;
    let mut scheduler = office.scheduler();
    let began = office.clock.now();
    let mut reports: BTreeMap<String, Vec<CycleReport>> = BTreeMap::new();
    for hour in 1..=48_u8 {
        // By day somebody joins every hour; at night nothing happens.
        if (1..10).contains(&(hour % 24)) {
            office.people(&Person::many(5 + usize::from(hour)));
        }
        let end = began + SignedDuration::from_hours(hour.into());
        for (name, found) in live(&office, &mut scheduler, end).await {
            reports.entry(name).or_default().extend(found);
        }
    }
    for (name, reports) in &reports {
        assert_eq!(reports[0].kind, CycleKind::Initial);
        assert!(reports[0].began.duration_since(began) <= TURN, "{name} was due at once");
        for pair in reports.windows(2) {
            let gap = pair[1].began.duration_since(pair[0].began);
            let allowed = match name.as_str() {
                "Halfhourly" => 30 * 60..=31 * 60,
                _ => 20 * 60..=40 * 60,
            };
            assert!(allowed.contains(&gap.as_secs()), "{name}: {gap:#} from {}", pair[0].began);
            assert!(pair[1].began >= pair[0].ended, "{name}: two cycles met at {}", pair[1].began);
        }
    }
    let gaps = |busy: bool| -> Vec<i64> {
        let pairs = reports["Ledgerly"].windows(2);
        pairs
            .filter(|pair| (pair[0].figures.exported() > 0) == busy)
            .map(|pair| pair[1].began.duration_since(pair[0].began).as_mins())
            .collect()
    };
    let (busy, quiet) = (gaps(true), gaps(false));
    assert!(busy.iter().all(|gap| *gap <= 23), "soon after changes: {busy:?}");
    assert!(quiet.iter().all(|gap| *gap >= 25), "later when quiet: {quiet:?}");
    assert!(quiet.iter().filter(|gap| **gap >= 36).count() > 20, "and later yet at night: {quiet:?}");
}

#[tokio::test]
async fn a_clock_that_was_put_back_keeps_nobody_waiting() {
    let office = Unattended::new().await;
    office.people(&Person::many(3));
    let job = office.save("Ledgerly", "").await;
    let mut scheduler = office.scheduler();
    let noon = office.clock.now();
    live(&office, &mut scheduler, noon + TURN).await;
    office.clock.advance(SignedDuration::from_hours(-5));

    let back = office.clock.now();
    let reports = live(&office, &mut scheduler, back + SignedDuration::from_mins(2)).await;

    assert_eq!(reports["Ledgerly"].len(), 1);
    assert!(office.state(&job).await.next_due < back + SignedDuration::from_mins(41));
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_makes_a_job_due_once_and_not_many_times() {
    let office = Unattended::new().await;
    office.people(&Person::many(3));
    office.save("Ledgerly", "").await;
    let mut scheduler = office.scheduler();
    let noon = office.clock.now();
    live(&office, &mut scheduler, noon + TURN).await;
    office.clock.advance(SignedDuration::from_hours(72));

    let ahead = office.clock.now();
    let reports = live(&office, &mut scheduler, ahead + SignedDuration::from_mins(15)).await;

    assert_eq!(reports["Ledgerly"].len(), 1);
}

#[tokio::test]
async fn a_cycle_that_is_asked_to_stop_goes_on_at_the_next_start() {
    let office = Unattended::new().await;
    // Two pages of the file, and a page more for those who are never read.
    office.people(&Person::many(1_200));
    let job = office.save("Ledgerly", "").await;
    let mut scheduler = office.scheduler();
    scheduler.turn().await.unwrap();
    scheduler.stop();
    let ended = scheduler.ended().await.unwrap();
    assert!(matches!(ended.outcome, Ok(Ending::Continues)), "{ended:?}");
    assert!(office.app.users().len() < 1_200);
    assert!(office.state(&job).await.checkpoint.is_some());

    let mut next = office.scheduler();
    next.turn().await.unwrap();
    let report = completed(next.ended().await.unwrap());

    assert_eq!((report.figures.created, office.app.users().len()), (1_200, 1_200));
}

#[tokio::test]
async fn a_document_that_changes_while_its_cycle_runs_is_due_again_at_once() {
    let office = Unattended::with_latency(Duration::from_millis(50)).await;
    office.people(&Person::many(40));
    office.save("Ledgerly", "").await;
    let mut scheduler = office.scheduler();
    scheduler.turn().await.unwrap();
    office.begun().await;
    let store = &office.context.store;
    let mut stored = store.application_by_name("Ledgerly").await.unwrap().unwrap();
    stored.version = 2;
    for attribute in stored.document["users"]["attributes"].as_array_mut().unwrap() {
        if attribute["target"] == "title" {
            attribute["source"] = "department".into();
        }
    }
    store.save_application(&stored, Some(1)).await.unwrap();
    assert_eq!(completed(scheduler.ended().await.unwrap()).figures.created, 40);

    scheduler.turn().await.unwrap();
    let again = completed(scheduler.ended().await.unwrap());

    assert_eq!((again.kind, again.figures.updated), (CycleKind::Initial, 40));
}

#[tokio::test]
async fn a_job_without_its_secret_says_so_and_waits_for_its_next_time() {
    let office = Unattended::new().await;
    office.people(&Person::many(3));
    let job = office.save("Ledgerly", "").await;
    std::fs::remove_file(office.path("token")).unwrap();
    let mut scheduler = office.scheduler();
    scheduler.turn().await.unwrap();
    assert!(scheduler.ended().await.unwrap().outcome.is_err());

    let state = office.state(&job).await;
    let quarantine = state.quarantine.unwrap();
    assert_eq!(quarantine.reason, QuarantineReason::EncounteredQuarantineException);
    assert!(quarantine.message.contains("token"), "{}", quarantine.message);
    scheduler.turn().await.unwrap();
    assert!(!scheduler.is_busy(), "it is not tried at every turn");

    std::fs::write(office.path("token"), "sandbox").unwrap();
    office.clock.advance(SignedDuration::from_mins(40));
    scheduler.turn().await.unwrap();
    assert_eq!(completed(scheduler.ended().await.unwrap()).figures.created, 3);
    assert_eq!(office.state(&job).await.code, StatusCode::Active);
}

#[tokio::test]
async fn a_stored_document_of_another_version_stops_its_own_job_only() {
    let office = Unattended::new().await;
    office.people(&Person::many(3));
    office.save("Ledgerly", "").await;
    let strange = office.save("Strange", "").await;
    let store = &office.context.store;
    let mut stored = store.application_by_name("Strange").await.unwrap().unwrap();
    stored.version = 2;
    stored.document = serde_json::json!({ "application": "Strange", "source": { "telepathy": {} } });
    store.save_application(&stored, Some(1)).await.unwrap();
    let mut scheduler = office.scheduler();
    scheduler.turn().await.unwrap();
    let mut outcomes = BTreeMap::new();
    while let Some(ended) = scheduler.ended().await {
        outcomes.insert(ended.application.clone(), ended.outcome.is_ok());
    }

    assert_eq!(outcomes, BTreeMap::from([("Ledgerly".to_owned(), true), ("Strange".to_owned(), false)]));
    let message = office.state(&strange).await.quarantine.unwrap().message;
    assert!(message.contains("Apply its file again"), "{message}");
    assert!(Path::new(&office.path("work")).exists());
}

//! An application whose job falls ill and recovers when told to, and the notifier that hears of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use engine::job::{
    CycleKind, CycleReport, CycleResult, Event, EventDetail, Figures, JobState, QuarantineReason, Side,
};
use engine::model::JobId;
use engine::ports::{Clock, Store};
use jiff::{SignedDuration, Timestamp};
use mail_parser::MessageParser;
use notifier::{Calls, Folder, Letter, Mailer, Notifier, Place, SendError, Sender};
use runtime::clock::SystemClock;
use runtime::secrets::Secrets;
use serde_json::{Value, json};
use store::embedded::Embedded;
use store::usage::Counter;
use store::{DynamoStore, StoredApplication, TableNames, Worker};
use tempfile::TempDir;
use testkit::time::TestClock;

/// What a job suffers from: reason, side, and the cause in words.
pub(super) type Trouble = (QuarantineReason, Option<Side>, &'static str);

pub(super) const NO_TOKEN: Trouble = (
    QuarantineReason::EncounteredQuarantineException,
    Some(Side::Target),
    "The target did not accept the token (401: \"expired\"); renew it and put it where the application's token reference points (GET /Users?startIndex=1&count=1)",
);
pub(super) const NO_FILE: Trouble = (
    QuarantineReason::IngestionInterrupted,
    Some(Side::Source),
    "people.csv cannot be read: it is not there; put it back",
);
pub(super) const TOO_MANY: Trouble = (
    QuarantineReason::TooManyDeletes,
    None,
    "60 of 100 managed accounts would be removed. Creates and updates go on. Correct the source, or approve those that are meant",
);

/// One application, due to be told about, and a folder for its mail.
pub(super) struct Stage {
    engine: Embedded,
    pub(super) store: DynamoStore,
    pub(super) clock: TestClock,
    folder: TempDir,
    pub(super) job: JobId,
}

/// A mail as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mail {
    pub(super) at: Timestamp,
    pub(super) to: Vec<String>,
    pub(super) subject: String,
    pub(super) text: String,
    /// The page.
    pub(super) html: String,
}

impl Stage {
    /// Ledgerly, whose document names these recipients.
    pub(super) async fn with(notification: Value) -> Self {
        let engine = Embedded::open(None).await.unwrap();
        store::tables::create(&engine.client(), &TableNames::default()).await.unwrap();
        let stage = Self {
            store: worker(&engine, "one"),
            engine,
            clock: TestClock::at("2026-03-02T09:00:00Z".parse().unwrap()),
            folder: tempfile::tempdir().unwrap(),
            job: JobId::new("scim.ledgerly"),
        };
        // Nobody waits for its cycles: the day on which it is due is far away.
        let due = stage.now() + SignedDuration::from_hours(24 * 365);
        let state = JobState { next_due: due, ..JobState::new(stage.now()) };
        stage.store.create_job(&stage.job, &state).await.unwrap();
        stage.apply("Ledgerly", json!({ "notification": notification })).await;
        stage
    }

    pub(super) async fn new() -> Self {
        Self::with(json!({ "to": ["it-ops@tessera.example"] })).await
    }

    /// Saves another version of the document.
    pub(super) async fn apply(&self, name: &str, document: Value) {
        let before = self.store.application("ledgerly").await.unwrap().map(|before| before.version);
        let stored = StoredApplication {
            id: "ledgerly".to_owned(),
            name: name.to_owned(),
            version: before.unwrap_or_default() + 1,
            document,
            job: self.job.clone(),
        };
        self.store.save_application(&stored, before).await.unwrap();
    }

    /// The store as another process sees it.
    pub(super) fn worker(&self, name: &str) -> DynamoStore {
        worker(&self.engine, name)
    }

    /// The store with its requests counted.
    pub(super) fn counted(&self) -> (DynamoStore, Counter) {
        let counter = Counter::default();
        let worker = Worker { owner: "counted".to_owned(), boot: None };
        let client = counter.watch(&self.engine.client());
        (DynamoStore::new(client, TableNames::default(), worker), counter)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn hours_pass(&self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
    }

    pub(super) fn outbox(&self) -> PathBuf {
        self.folder.path().join("outbox")
    }

    /// A cycle fails; the events that tell of it.
    pub(super) async fn falls_ill(&self, (reason, side, cause): Trouble) -> Vec<Event> {
        let held = EventDetail::RemovalsHeld { removals: 60, managed: 100 };
        self.changes(|state, job, now| {
            let told = state.impose(job, reason, side, cause.to_owned(), now);
            let held = (told.is_some() && reason == QuarantineReason::TooManyDeletes)
                .then(|| state.tell(job, now, held));
            told.into_iter().chain(held).collect()
        })
        .await
    }

    /// A cycle goes through.
    pub(super) async fn recovers(&self) -> Vec<Event> {
        self.changes(|state, job, now| {
            let was_ill = state.quarantine.take().is_some();
            was_ill.then(|| state.tell(job, now, EventDetail::JobRecovered)).into_iter().collect()
        })
        .await
    }

    /// Something else happens to the job.
    pub(super) async fn changes(
        &self,
        change: impl FnOnce(&mut JobState, &JobId, Timestamp) -> Vec<Event>,
    ) -> Vec<Event> {
        let now = self.now();
        let until = now + SignedDuration::from_mins(1);
        let (lease, mut state) = self.store.acquire(&self.job, now, until).await.unwrap();
        let events = change(&mut state, &self.job, now);
        self.store.save(&lease, &state, &events, true).await.unwrap();
        events
    }

    /// A cycle comes to its end, with nothing wrong.
    pub(super) async fn completes_a_cycle(&self) {
        self.changes(|state, _, now| {
            let cycle = engine::model::CycleId(uuid::Uuid::nil());
            state.last = Some(CycleReport {
                cycle,
                kind: CycleKind::Incremental,
                result: CycleResult::Succeeded,
                error: None,
                began: now,
                ended: now,
                figures: Figures::default(),
                verdicts: Vec::new(),
                no_inference: None,
            });
            state.next_due = now + SignedDuration::from_mins(30);
            Vec::new()
        })
        .await;
    }

    /// The notifier whose mail goes into the outbox.
    pub(super) fn notifier(&self) -> Notifier {
        let sender = Sender { from: "rollcall@tessera.example".parse().unwrap(), reply_to: None };
        self.mailing(self.store.clone(), Arc::new(Folder::new(self.outbox(), sender)))
    }

    /// A notifier with a store and mail of its own.
    pub(super) fn mailing(&self, store: DynamoStore, mailer: Arc<dyn Mailer>) -> Notifier {
        let place = Place::parse("https://rollcall.tessera.example").unwrap();
        let calls = Calls::new(Secrets::new(Arc::new(SystemClock)));
        Notifier::new(store, mailer, calls, Some(place))
    }

    /// The notifier hears of events.
    pub(super) async fn hears(&self, events: &[Event]) {
        for event in events {
            self.notifier().tell(event, self.now()).await.unwrap();
        }
    }

    pub(super) async fn flushes(&self) {
        self.notifier().flush(self.now()).await.unwrap();
    }

    /// The files of the outbox, oldest first.
    pub(super) fn files(&self) -> Vec<String> {
        files(&self.outbox())
    }

    /// The mails of the outbox, oldest first.
    pub(super) fn mails(&self) -> Vec<Mail> {
        read_all(&self.outbox())
    }

    /// The only mail.
    #[track_caller]
    pub(super) fn only_mail(&self) -> Mail {
        match self.mails().as_slice() {
            [one] => one.clone(),
            mails => panic!("there should be one mail: {mails:#?}"),
        }
    }
}

fn worker(engine: &Embedded, name: &str) -> DynamoStore {
    let worker = Worker { owner: name.to_owned(), boot: None };
    DynamoStore::new(engine.client(), TableNames::default(), worker)
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths: std::collections::BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The mails in a folder, oldest first.
pub(super) fn read_all(folder: &Path) -> Vec<Mail> {
    files(folder).iter().map(|file| read(file)).collect()
}

pub(super) fn read(file: &str) -> Mail {
    let message = MessageParser::default().parse(file.as_bytes()).unwrap();
    let to = message.to().unwrap().iter().map(|to| to.address().unwrap().to_owned()).collect();
    Mail {
        at: Timestamp::from_second(message.date().unwrap().to_timestamp()).unwrap(),
        to,
        subject: message.subject().unwrap().to_owned(),
        text: message.body_text(0).unwrap().replace("\r\n", "\n"),
        html: message.body_html(0).unwrap().replace("\r\n", "\n"),
    }
}

/// A mailer that loses every mail, as a process does that is killed between claim and file.
pub(super) struct Lost;

#[async_trait]
impl Mailer for Lost {
    async fn send(&self, _: &Letter) -> Result<(), SendError> {
        Err(SendError::Unanswered("killed".to_owned()))
    }
}

/// A mailer that takes no mail.
pub(super) struct Refusing;

#[async_trait]
impl Mailer for Refusing {
    async fn send(&self, _: &Letter) -> Result<(), SendError> {
        Err(SendError::Refused("the sender is not verified".to_owned()))
    }
}

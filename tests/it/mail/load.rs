//! A hundred events about each of many applications, each told twice, in any order, to eight workers at a time, while mail is
//! refused or gets no answer. A hundred applications take minutes: that is for `tests/run --full`, and ten for every day.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::job::{Event, EventDetail, JobState};
use engine::model::JobId;
use engine::ports::Store;
use jiff::{SignedDuration, Timestamp};
use notifier::{Calls, Letter, Mailer, Notifier, SendError};
use runtime::clock::SystemClock;
use runtime::secrets::Secrets;
use serde_json::json;
use store::embedded::Embedded;
use store::{DynamoStore, StoredApplication, TableNames, Worker};

use super::stage::{NO_FILE, NO_TOKEN, TOO_MANY};

fn applications() -> usize {
    if std::env::var_os("ROLLCALL_FULL").is_some() { 100 } else { 10 }
}

const WORKERS: usize = 8;

/// Rounds of four changes: 25 of them, 55 minutes apart, are over two hours before the second day.
const ROUNDS: i64 = 25;
const CHANGES: usize = 4;
const APART: SignedDuration = SignedDuration::from_mins(55);

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Fewer than there are, which makes it harder: a mail that was refused has fewer chances.
const TURN: SignedDuration = SignedDuration::from_hours(1);

/// Chance, the same at each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

/// A mail service on a bad day: 30 of 100 mails are refused, and 5 get no answer.
struct Post {
    began: Timestamp,
    dice: Mutex<Dice>,
    arrived: Mutex<BTreeMap<String, Vec<Letter>>>,
    outcomes: Mutex<BTreeMap<&'static str, usize>>,
}

impl Post {
    fn take(&self, outcome: &'static str, letter: Option<&Letter>) {
        *self.outcomes.lock().unwrap().entry(outcome).or_default() += 1;
        if let Some(letter) = letter {
            self.arrived.lock().unwrap().entry(letter.about.clone()).or_default().push(letter.clone());
        }
    }
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let (chance, coin) = {
            let mut dice = self.dice.lock().unwrap();
            (dice.below(100), dice.below(2))
        };
        // One that was lost without a word can be repeated after a day only. On the second day none is, or nothing could be
        // told by its end.
        let lost = coin == 0 && letter.at.duration_since(self.began) < DAY;
        match chance {
            0..30 => {
                self.take("refused", None);
                Err(SendError::Refused("no".to_owned()))
            }
            30..35 if lost => {
                self.take("lost", None);
                Err(SendError::Unanswered("no answer".to_owned()))
            }
            30..35 => {
                self.take("unanswered", Some(letter));
                Err(SendError::Unanswered("no answer".to_owned()))
            }
            _ => {
                self.take("sent", Some(letter));
                Ok(())
            }
        }
    }
}

struct World {
    _engine: Embedded,
    store: DynamoStore,
    workers: Vec<Notifier>,
    now: Timestamp,
    dice: Dice,
    post: Arc<Post>,
}

fn id(number: usize) -> (String, JobId) {
    (format!("app-{number:03}"), JobId::new(format!("scim.{number:03}")))
}

impl World {
    async fn new() -> Self {
        let engine = Embedded::open(None).await.unwrap();
        store::tables::create(&engine.client(), &TableNames::default()).await.unwrap();
        let worker = |number: usize| {
            let worker = Worker { owner: format!("worker {number}"), boot: None };
            DynamoStore::new(engine.client(), TableNames::default(), worker)
        };
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let post = Arc::new(Post {
            began: now,
            dice: Mutex::new(Dice(7)),
            arrived: Mutex::default(),
            outcomes: Mutex::default(),
        });
        let calls = Calls::new(Secrets::new(Arc::new(SystemClock)));
        let notifier = |number| Notifier::new(worker(number), post.clone(), calls.clone(), None);
        let workers = (0..WORKERS).map(notifier).collect();
        let store = worker(WORKERS);
        for number in 0..applications() {
            let (id, job) = id(number);
            let state = JobState { next_due: now + DAY * 365, ..JobState::new(now) };
            store.create_job(&job, &state).await.unwrap();
            let document = json!({ "notification": { "to": ["it-ops@tessera.example"] } });
            let stored =
                StoredApplication { name: format!("Application {number}"), id, version: 1, document, job };
            store.save_application(&stored, None).await.unwrap();
        }
        Self { _engine: engine, store, workers, now, dice: Dice(2026), post }
    }

    /// Something happens to each job.
    async fn changes(&mut self, round: i64) -> Vec<Event> {
        let mut told = Vec::new();
        for number in 0..applications() {
            let (_, job) = id(number);
            let until = self.now + SignedDuration::from_mins(1);
            let (lease, mut state) = self.store.acquire(&job, self.now, until).await.unwrap();
            let mut events = Vec::new();
            while events.len() < CHANGES {
                let message = format!("trouble {round}.{} of {number}", events.len());
                events.extend(self.change(&mut state, &job, message));
            }
            self.store.save(&lease, &state, &events, true).await.unwrap();
            told.extend(events);
        }
        told
    }

    fn change(&mut self, state: &mut JobState, job: &JobId, message: String) -> Option<Event> {
        if self.dice.below(3) == 0 && state.quarantine.take().is_some() {
            return Some(state.tell(job, self.now, EventDetail::JobRecovered));
        }
        let (reason, side, _) = [NO_TOKEN, NO_FILE, TOO_MANY][self.dice.below(3)];
        state.impose(job, reason, side, message, self.now)
    }

    /// All workers hear events at the same time.
    async fn deliver(&self, events: Vec<Event>) {
        let share = events.len().div_ceil(WORKERS).max(1);
        let now = self.now;
        let hearing = events.chunks(share).zip(&self.workers).map(|(events, worker)| {
            let (events, worker) = (events.to_vec(), worker.clone());
            tokio::spawn(async move {
                for event in events {
                    // A mail that fails is an error; the promise is about what follows from it.
                    let _ = worker.tell(&event, now).await;
                }
            })
        });
        for hears in hearing.collect::<Vec<_>>() {
            hears.await.unwrap();
        }
    }

    /// Turns of the schedule until then, each of them twice at the same time.
    async fn turns_until(&mut self, then: Timestamp) {
        while self.now < then {
            self.now = then.min(self.now + TURN);
            let [one, other, ..] = self.workers.as_slice() else { unreachable!() };
            let _ = tokio::join!(one.flush(self.now), other.flush(self.now));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_events_come_and_mails_fail_nobody_gets_two_a_day_and_all_learn_the_end() {
    let mut world = World::new().await;
    let began = world.now;
    let (mut under_way, mut told) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        world.turns_until(began + APART * i32::try_from(round).unwrap()).await;
        let events = world.changes(round).await;
        told += events.len();
        under_way.extend([events.clone(), events].concat());
        world.dice.shuffle(&mut under_way);
        let late = under_way.split_off(under_way.len() / 2);
        world.deliver(std::mem::replace(&mut under_way, late)).await;
    }
    world.deliver(std::mem::take(&mut under_way)).await;
    world.turns_until(began + DAY * 2).await;
    assert_eq!(told, 100 * applications());

    let arrived = world.post.arrived.lock().unwrap().clone();
    for (application, letters) in &arrived {
        for pair in letters.windows(2) {
            let gap = pair[1].at.duration_since(pair[0].at);
            assert!(gap >= DAY, "{application} has two mails within {gap:#}");
        }
    }
    for number in 0..applications() {
        let (id, job) = id(number);
        let state = world.store.job(&job).await.unwrap().state;
        let last = arrived.get(&id).and_then(|letters| letters.last()).map(|letter| letter.text.as_str());
        match state.quarantine {
            Some(ill) => assert!(last.is_some_and(|last| last.contains(&ill.message)), "{ill:?}: {last:?}"),
            None => assert!(last.is_none_or(|last| last.contains("healthy again")), "{id}: {last:?}"),
        }
    }
    let outcomes = world.post.outcomes.lock().unwrap().clone();
    for outcome in ["sent", "refused"] {
        assert!(outcomes.contains_key(outcome), "nothing was {outcome}: {outcomes:?}");
    }
    println!("{told} events, mails by outcome: {outcomes:?}");
}

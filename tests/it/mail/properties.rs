//! Whatever happens over some days, in whichever order two workers hear of it, and whatever becomes of their mails.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::job::Event;
use jiff::{SignedDuration, Timestamp};
use notifier::{Letter, Mailer, Notifier, SendError};
use proptest::prelude::*;

use super::stage::{NO_FILE, NO_TOKEN, Stage, TOO_MANY, Trouble};

const TROUBLES: [Trouble; 3] = [NO_TOKEN, NO_FILE, TOO_MANY];

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Ill(usize),
    Well,
    /// Each worker hears an event at the same instant: which, and whether it will come again.
    Hear([(prop::sample::Index, bool); 2]),
    Flush,
    Pass(i64),
    /// What becomes of the next mails.
    Fate(Fate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    /// Nobody gets it, and that is certain.
    Refused,
    /// Nobody gets it, and nobody learns that.
    Lost,
    /// Somebody gets it, and nobody learns that.
    Unanswered,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let heard = || (any::<prop::sample::Index>(), prop::bool::weighted(0.3));
    let fate =
        prop::sample::select(vec![Fate::Sent, Fate::Sent, Fate::Refused, Fate::Lost, Fate::Unanswered]);
    let step = prop_oneof![
        3 => (0..TROUBLES.len()).prop_map(Step::Ill),
        2 => Just(Step::Well),
        5 => (heard(), heard()).prop_map(|(one, other)| Step::Hear([one, other])),
        2 => Just(Step::Flush),
        4 => prop_oneof![0_i64..90, 60_i64..900, 1_430_i64..1_450].prop_map(Step::Pass),
        1 => fate.prop_map(Step::Fate),
    ];
    prop::collection::vec(step, 1..60)
}

/// Everything that reached somebody.
struct Post {
    fate: Mutex<Fate>,
    arrived: Mutex<Vec<(Timestamp, String)>>,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let fate = *self.fate.lock().unwrap();
        if matches!(fate, Fate::Sent | Fate::Unanswered) {
            self.arrived.lock().unwrap().push((letter.at, letter.text.clone()));
        }
        match fate {
            Fate::Sent => Ok(()),
            Fate::Refused => Err(SendError::Refused("no".to_owned())),
            Fate::Lost | Fate::Unanswered => Err(SendError::Unanswered("no answer".to_owned())),
        }
    }
}

struct Days {
    stage: Stage,
    workers: [Notifier; 2],
    post: Arc<Post>,
    /// Events on their way.
    under_way: Vec<Event>,
}

impl Days {
    async fn take(&mut self, step: Step) {
        match step {
            Step::Ill(trouble) => self.under_way.extend(self.stage.falls_ill(TROUBLES[trouble]).await),
            Step::Well => self.under_way.extend(self.stage.recovers().await),
            Step::Hear(which) => self.hear(which).await,
            Step::Flush => self.flush().await,
            Step::Pass(minutes) => self.stage.clock.advance(SignedDuration::from_mins(minutes)),
            Step::Fate(fate) => *self.post.fate.lock().unwrap() = fate,
        }
    }

    async fn hear(&mut self, which: [(prop::sample::Index, bool); 2]) {
        if self.under_way.is_empty() {
            return;
        }
        let events = which.map(|(index, _)| self.under_way[index.index(self.under_way.len())].clone());
        let now = self.stage.now();
        let [one, other] = &self.workers;
        // A mail that fails is an error; the promise is about what follows from it.
        let _ = tokio::join!(one.tell(&events[0], now), other.tell(&events[1], now));
        for (event, (_, again)) in events.iter().zip(which) {
            if !again {
                self.under_way.retain(|under_way| under_way.id != event.id);
            }
        }
    }

    async fn flush(&self) {
        let now = self.stage.now();
        let [one, other] = &self.workers;
        let _ = tokio::join!(one.flush(now), other.flush(now));
    }

    /// Everything under way arrives, and mail works again.
    async fn settle(&mut self) {
        *self.post.fate.lock().unwrap() = Fate::Sent;
        while let Some(event) = self.under_way.pop() {
            self.workers[0].tell(&event, self.stage.now()).await.unwrap();
        }
        for _ in 0..2 {
            self.stage.hours_pass(24);
            self.flush().await;
        }
    }
}

async fn check(steps: Vec<Step>) {
    let stage = Stage::new().await;
    let post = Arc::new(Post { fate: Mutex::new(Fate::Sent), arrived: Mutex::default() });
    let workers = ["one", "two"].map(|name| stage.mailing(stage.worker(name), post.clone()));
    let mut days = Days { stage, workers, post, under_way: Vec::new() };
    for step in steps {
        days.take(step).await;
    }
    days.settle().await;

    let arrived = days.post.arrived.lock().unwrap().clone();
    for pair in arrived.windows(2) {
        let gap = pair[1].0.duration_since(pair[0].0);
        assert!(gap >= SignedDuration::from_hours(24), "two mails within {gap:#}: {arrived:#?}");
    }
    let state = days.stage.store.job(&days.stage.job).await.unwrap().state;
    let last = arrived.last().map(|(_, text)| text.as_str());
    match state.quarantine {
        Some(quarantine) => {
            assert!(last.is_some_and(|last| last.contains(&quarantine.message)), "{quarantine:?}, {last:?}");
        }
        None => assert!(last.is_none_or(|last| last.contains("healthy again")), "{last:?}"),
    }
    if days.stage.store.job(&days.stage.job).await.unwrap().state.quarantine.is_none() {
        let before = arrived.len();
        days.stage.hours_pass(100);
        days.flush().await;
        assert_eq!(days.post.arrived.lock().unwrap().len(), before, "nothing is left to tell");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn at_most_one_mail_a_day_and_the_last_state_is_told_in_the_end(steps in steps()) {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        threads.block_on(check(steps));
    }

    #[test]
    fn an_address_that_apply_accepts_can_be_written_to(
        local in "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}){0,2}",
        domain in "[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?){0,3}",
    ) {
        let address = format!("{local}@{domain}");
        let document = crate::support::application("https://ledgerly.example/scim")
            + &format!("notification: {{ to: ['{}'] }}\n", address.replace('\'', "''"));
        let application = connectors::application::Application::from_yaml(&document, "x").unwrap();
        if application.check().is_ok() {
            prop_assert!(address.parse::<lettre::Address>().is_ok(), "{address}");
        }
    }
}

fn cases() -> u32 {
    if std::env::var_os("ROLLCALL_FULL").is_some() { 512 } else { 32 }
}

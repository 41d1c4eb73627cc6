//! Mails about jobs that should have succeeded and have not.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::job::{Event, EventDetail};
use engine::model::JobId;
use jiff::{SignedDuration, Timestamp};
use runtime::bus::Bus;
use runtime::metrics::Metrics;
use serde_json::{Value, json};

use super::stage::{NO_TOKEN, Stage};

/// A bus that keeps what it takes.
#[derive(Default)]
struct Kept(Mutex<Vec<Event>>);

#[async_trait]
impl Bus for Kept {
    async fn put(&self, events: &[Event]) -> anyhow::Result<()> {
        self.0.lock().unwrap().extend_from_slice(events);
        Ok(())
    }

    async fn wake(&self, _: &[JobId], _: Timestamp) -> anyhow::Result<()> {
        anyhow::bail!("nobody is woken here")
    }
}

/// A job of which a cycle has just gone through, and the next is due in half an hour.
async fn runs() -> Stage {
    let stage = Stage::new().await;
    stage.completes_a_cycle().await;
    stage
}

#[tokio::test]
async fn a_job_that_nothing_starts_any_more_is_told_by_the_schedule_alone() {
    let stage = runs().await;
    // Twice the 39 minutes that a cycle begins after at the latest, and the quarter of an hour of a turn.
    for _ in 0..5 {
        stage.clock.advance(SignedDuration::from_mins(15));
        stage.flushes().await;
    }
    assert!(stage.mails().is_empty());
    for _ in 0..2 {
        stage.clock.advance(SignedDuration::from_mins(15));
        stage.flushes().await;
    }
    let mail = stage.only_mail();
    assert!(
        mail.subject.contains("Ledgerly: overdue - no cycle has gone through for 90 minutes"),
        "{}",
        mail.subject
    );
    for words in
        ["was due 2026-03-02 09:30 UTC and did not begin", "Last complete cycle: 2026-03-02 09:00 UTC"]
    {
        assert!(mail.text.contains(words), "{words} in {}", mail.text);
    }

    stage.completes_a_cycle().await;
    stage.hours_pass(23);
    stage.completes_a_cycle().await;
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1);
    stage.hours_pass(1);
    stage.completes_a_cycle().await;
    stage.flushes().await;
    assert!(stage.mails().pop().unwrap().subject.contains("recovered"));
}

#[tokio::test]
async fn a_job_that_never_ran_is_overdue_and_told_again_each_day() {
    let stage = Stage::new().await;
    stage
        .changes(|state, _, now| {
            state.next_due = now;
            Vec::new()
        })
        .await;
    stage.hours_pass(1);
    stage.flushes().await;
    assert!(stage.only_mail().text.contains("Last complete cycle: none yet"));
    stage.hours_pass(24);
    stage.flushes().await;
    assert!(stage.mails().pop().unwrap().subject.ends_with("for 25 hours (day 2)"));
}

#[tokio::test]
async fn who_listens_to_the_bus_hears_of_it_once_and_again_when_it_comes_again() {
    let stage = runs().await;
    let bus = Arc::new(Kept::default());
    let notifier = stage.notifier().announcing(bus.clone());
    for _ in 0..3 {
        stage.hours_pass(24);
        notifier.flush(stage.now()).await.unwrap();
    }
    let [event] = &bus.0.lock().unwrap().clone()[..] else { panic!("it is told once") };
    assert_eq!((event.detail.name(), &event.job), ("Cycle Overdue", &stage.job));
    let EventDetail::CycleOverdue { due, last } = event.detail else { panic!("{event:?}") };
    assert_eq!(
        (due.to_string(), last.unwrap().to_string()),
        ("2026-03-02T09:30:00Z".into(), "2026-03-02T09:00:00Z".into())
    );
    assert_eq!(stage.mails().len(), 3);

    // It is nobody's reason to mail once more.
    notifier.tell(event, stage.now()).await.unwrap();
    assert_eq!(stage.mails().len(), 3);

    stage.hours_pass(24);
    stage.completes_a_cycle().await;
    notifier.flush(stage.now()).await.unwrap();
    stage.hours_pass(48);
    notifier.flush(stage.now()).await.unwrap();
    let told = bus.0.lock().unwrap().clone();
    assert_eq!(told.len(), 2);
    assert_ne!(told[0].id, told[1].id);
}

#[tokio::test]
async fn overdue_jobs_are_counted_whoever_is_told_of_them() {
    let stage = runs().await;
    stage.apply("Ledgerly", json!({})).await;
    let lines = Arc::new(Mutex::new(Vec::<Value>::new()));
    let kept = lines.clone();
    let out = move |line: &str| kept.lock().unwrap().push(serde_json::from_str(line).unwrap());
    let notifier = stage.notifier().measuring(Metrics::new("prod".to_owned(), true, out));
    let counts = async || {
        notifier.measure(stage.now()).await.unwrap();
        std::mem::take(&mut *lines.lock().unwrap())
    };
    let told = counts().await;
    assert_eq!((told.len(), &told[0]["JobsOverdue"]), (1, &json!(0.0)));

    stage.hours_pass(3);
    let told = counts().await;
    assert_eq!(
        (&told[0]["Application"], &told[0]["SecondsSinceSuccess"]),
        (&json!("ledgerly"), &json!(10_800.0))
    );
    assert_eq!(told[1]["JobsOverdue"], 1.0);

    stage.completes_a_cycle().await;
    assert_eq!(counts().await[0]["JobsOverdue"], 0.0);
}

#[tokio::test]
async fn the_document_says_how_many_cycles_may_be_missed() {
    let stage = runs().await;
    let to = ["it-ops@tessera.example"];
    let document =
        json!({ "schedule": { "interval": "30m" }, "notification": { "to": to, "overdueIntervals": 10 } });
    stage.apply("Ledgerly", document).await;
    stage.hours_pass(5);
    stage.flushes().await;
    assert!(stage.mails().is_empty());
    stage.clock.advance(SignedDuration::from_mins(1));
    stage.flushes().await;
    stage.only_mail();
}

#[tokio::test]
async fn a_job_in_quarantine_is_told_as_that_and_not_as_overdue() {
    let stage = runs().await;
    stage.falls_ill(NO_TOKEN).await;
    stage.hours_pass(10);
    stage.flushes().await;
    let mail = stage.only_mail();
    assert!(mail.subject.contains("quarantined") && !mail.text.contains("overdue"), "{mail:?}");
}

#[tokio::test]
async fn mails_that_are_switched_off_are_not_written_until_they_are_on_again() {
    let stage = runs().await;
    let to = ["it-ops@tessera.example"];
    stage.apply("Ledgerly", json!({ "notification": { "to": to, "enabled": false } })).await;
    stage.hours_pass(10);
    stage.flushes().await;
    assert!(stage.mails().is_empty());
    stage.apply("Ledgerly", json!({ "notification": { "to": to } })).await;
    stage.flushes().await;
    stage.only_mail();
}

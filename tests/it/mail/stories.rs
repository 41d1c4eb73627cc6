//! What an administrator gets to read, and when.

use std::os::unix::fs::PermissionsExt;

use jiff::SignedDuration;
use serde_json::json;

use std::sync::Arc;

use super::stage::{Lost, NO_FILE, NO_TOKEN, Refusing, Stage, TOO_MANY};

#[tokio::test]
async fn a_quarantine_is_mailed_at_once_and_names_the_failing_call() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;

    let mail = stage.only_mail();
    assert_eq!(mail.to, ["it-ops@tessera.example"]);
    assert_eq!(mail.at, stage.now());
    assert!(mail.subject.starts_with("[Rollcall] Ledgerly: quarantined - "), "{}", mail.subject);
    for words in [
        "(401: \"expired\")",
        "GET /Users?startIndex=1&count=1",
        "2026-03-02 09:00 UTC",
        "rollcall status Ledgerly",
        "rollcall logs Ledgerly --status failure",
    ] {
        assert!(mail.text.contains(words), "{words} in {}", mail.text);
    }
}

#[tokio::test]
async fn a_mail_as_it_lies_in_the_outbox() {
    let stage =
        Stage::with(json!({ "to": ["it-ops@tessera.example", "o'hara_{x}@xn--bcher-kva.example"] })).await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    insta::assert_snapshot!(stage.files()[0].replace("\r\n", "\n"));
}

#[tokio::test]
async fn ten_more_events_within_the_day_write_nothing_and_go_out_together_after_it() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    for hour in 0..10 {
        stage.hours_pass(2);
        let trouble = if hour % 2 == 0 { NO_FILE } else { NO_TOKEN };
        let told = stage.falls_ill(trouble).await;
        assert_eq!(told.len(), 1);
        stage.hears(&told).await;
        stage.hears(&told).await;
        stage.flushes().await;
    }
    assert_eq!(stage.mails().len(), 1);

    stage.clock.advance(SignedDuration::from_secs(4 * 3_600 - 1));
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1, "a second is missing");
    stage.clock.advance(SignedDuration::from_secs(1));
    stage.flushes().await;

    let second = stage.mails().pop().unwrap();
    assert_eq!(stage.mails().len(), 2);
    assert!(second.text.contains("did not accept the token"), "the newest state: {}", second.text);
    assert!(second.text.contains("9 further events were merged"), "{}", second.text);
    stage.hours_pass(23);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 2);
}

#[tokio::test]
async fn removals_that_are_held_are_one_mail_with_the_word_that_releases_them() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(TOO_MANY).await;
    assert_eq!(told.len(), 2);
    stage.hears(&told).await;
    let mail = stage.only_mail();
    assert_eq!(mail.subject, "[Rollcall] Ledgerly: removals held - a person has to decide");
    assert!(mail.text.contains("60 of 100"), "{}", mail.text);
    assert!(mail.text.contains("rollcall cycle Ledgerly --allow-removals"), "{}", mail.text);
    stage.hours_pass(23);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1, "the second event tells nothing new");
    stage.hours_pass(1);
    stage.flushes().await;
    assert!(stage.mails().pop().unwrap().subject.ends_with("a person has to decide (day 2)"));
}

#[tokio::test]
async fn the_all_clear_waits_for_the_day_to_be_over() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    stage.hours_pass(3);
    let told = stage.recovers().await;
    stage.hears(&told).await;
    stage.hours_pass(20);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1);

    stage.hours_pass(1);
    stage.flushes().await;
    let all_clear = stage.mails().pop().unwrap();
    assert_eq!(all_clear.subject, "[Rollcall] Ledgerly: recovered - cycles run again");
    assert!(all_clear.text.contains("In trouble since: 2026-03-02 09:00 UTC"), "{}", all_clear.text);
    assert!(all_clear.text.contains("Healthy since: 2026-03-02 12:00 UTC"), "{}", all_clear.text);
}

#[tokio::test]
async fn a_trouble_that_came_and_went_untold_is_told_to_nobody_and_uses_up_nothing() {
    let stage = Stage::new().await;
    let mut told = stage.falls_ill(NO_TOKEN).await;
    told.extend(stage.recovers().await);
    // The bus was slow.
    stage.hears(&told).await;
    stage.flushes().await;
    assert!(stage.mails().is_empty());

    stage.hours_pass(1);
    let told = stage.falls_ill(NO_FILE).await;
    stage.hears(&told).await;
    assert!(stage.only_mail().text.contains("people.csv"));
}

#[tokio::test]
async fn a_trouble_that_went_before_its_turn_is_told_as_gone_when_the_first_was_told() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    for trouble in [NO_FILE, TOO_MANY] {
        stage.hours_pass(1);
        let told = stage.falls_ill(trouble).await;
        stage.hears(&told).await;
        let told = stage.recovers().await;
        stage.hears(&told).await;
    }
    stage.hours_pass(22);
    stage.flushes().await;
    let second = stage.mails().pop().unwrap();
    assert!(second.subject.contains("recovered"), "{second:?}");
    assert_eq!(stage.mails().len(), 2);
}

#[tokio::test]
async fn whatever_comes_late_or_in_another_order_changes_nothing() {
    let stage = Stage::new().await;
    let first = stage.falls_ill(NO_TOKEN).await;
    let second = stage.falls_ill(NO_FILE).await;
    stage.hears(&second).await;
    assert!(stage.only_mail().text.contains("people.csv"));
    stage.recovers().await;
    stage.hours_pass(30);
    stage.hears(&first).await;
    stage.hears(&second).await;
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1);
}

#[tokio::test]
async fn a_process_killed_between_claim_and_file_has_its_mail_written_after_a_day() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    let dying = stage.mailing(stage.worker("killed"), Arc::new(Lost));
    let killed = dying.tell(&told[0], stage.now()).await;
    assert!(killed.is_err());

    stage.hears(&told).await;
    stage.flushes().await;
    assert!(stage.mails().is_empty(), "nobody knows whether it was sent");
    stage.hours_pass(24);
    stage.flushes().await;
    let mail = stage.only_mail();
    assert!(mail.text.contains("GET /Users"), "{}", mail.text);
    assert!(mail.text.contains("An earlier mail may not have reached you"), "{}", mail.text);
    stage.hours_pass(24);
    stage.flushes().await;
    assert!(!stage.mails().pop().unwrap().text.contains("may not have reached you"), "this one did");
}

#[tokio::test]
async fn an_all_clear_that_was_lost_is_repeated_too() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    let told = stage.recovers().await;
    stage.hears(&told).await;
    stage.hours_pass(24);
    assert!(stage.mailing(stage.store.clone(), Arc::new(Lost)).flush(stage.now()).await.is_err());
    stage.hours_pass(24);
    stage.flushes().await;
    assert!(stage.mails().pop().unwrap().subject.contains("recovered"));
    assert_eq!(stage.mails().len(), 2);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_and_its_mail_is_repeated() {
    let stage = Stage::new().await;
    std::fs::write(stage.outbox(), "a file where the folder belongs").unwrap();
    let told = stage.falls_ill(NO_TOKEN).await;
    let error = stage.notifier().tell(&told[0], stage.now()).await.unwrap_err();
    assert!(format!("{error:#}").contains("outbox"), "{error:#}");

    std::fs::remove_file(stage.outbox()).unwrap();
    stage.flushes().await;
    stage.only_mail();
}

#[tokio::test]
async fn without_recipients_nobody_is_written_to_until_there_are_some() {
    for nobody in [json!(null), json!({ "to": [] })] {
        let stage = Stage::with(nobody).await;
        let told = stage.falls_ill(NO_TOKEN).await;
        stage.hears(&told).await;
        stage.hours_pass(48);
        stage.flushes().await;
        assert!(stage.mails().is_empty());
        assert!(!stage.outbox().exists());

        stage.apply("Ledgerly", json!({ "notification": { "to": ["ops@tessera.example"] } })).await;
        stage.flushes().await;
        assert_eq!(stage.only_mail().to, ["ops@tessera.example"]);
    }
}

#[tokio::test]
async fn an_event_of_a_job_without_application_is_dropped() {
    let stage = Stage::new().await;
    let mut told = stage.falls_ill(NO_TOKEN).await;
    told[0].job = engine::model::JobId::new("scim.gone");
    stage.hears(&told).await;
    assert!(stage.mails().is_empty());
}

#[tokio::test]
async fn nothing_that_is_stored_can_write_a_header() {
    let evil = "x\r\nBcc: eve@evil.example\r\n\r\nHello";
    let to = json!(["a@b.example\r\nBcc: eve@evil.example", evil, "good@tessera.example", 7]);
    let stage = Stage::with(json!({ "to": to })).await;
    stage.apply(evil, json!({ "notification": { "to": to } })).await;
    let told =
        stage.falls_ill((NO_TOKEN.0, NO_TOKEN.1, "broken\r\n.\r\nBcc: eve@evil.example\u{1b}[2J")).await;
    stage.hears(&told).await;

    let file = &stage.files()[0];
    let (head, _) = file.split_once("\r\n\r\n").unwrap();
    let names: Vec<&str> = head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    let expected =
        ["From", "Date", "Message-ID", "Subject", "Auto-Submitted", "To", "MIME-Version", "Content-Type"];
    assert_eq!(names, expected);
    assert_eq!(stage.only_mail().to, ["good@tessera.example"]);
    assert!(!stage.only_mail().text.contains('\u{1b}'), "no text of others moves a terminal's cursor");
}

#[tokio::test]
async fn a_mail_is_for_its_owner_alone_and_no_draft_stays_behind() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    let rights = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(rights(&stage.outbox()), 0o700);
    let entries: Vec<_> =
        std::fs::read_dir(stage.outbox()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(rights(&entries[0]), 0o600);
    let name = entries[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("20260302T090000.000Z-Ledgerly-") && name.ends_with(".eml"), "{name}");
}

#[tokio::test]
async fn within_the_24_hours_a_turn_costs_two_requests_and_after_them_four() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    let (store, counter) = stage.counted();
    let notifier = stage.mailing(store, Arc::new(Lost));
    stage.hours_pass(23);
    notifier.flush(stage.now()).await.unwrap();
    assert_eq!(counter.take().total_requests(), 2, "the names, and what was told");

    let told = stage.recovers().await;
    stage.hears(&told).await;
    stage.hours_pass(1);
    stage.flushes().await;
    stage.hours_pass(25);
    counter.take();
    notifier.flush(stage.now()).await.unwrap();
    assert_eq!(counter.take().total_requests(), 4, "the application and its job as well");
}

#[tokio::test]
async fn a_trouble_that_lasts_is_told_again_each_day_and_no_sooner() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    for day in 2..=4 {
        for _ in 0..95 {
            stage.clock.advance(SignedDuration::from_mins(15));
            stage.flushes().await;
        }
        assert_eq!(stage.mails().len(), day - 1, "a quarter of an hour is missing");
        stage.clock.advance(SignedDuration::from_mins(15));
        stage.flushes().await;
        let subject = stage.mails().pop().unwrap().subject;
        assert!(subject.ends_with(&format!("(day {day})")), "{subject}");
    }
    let told = stage.recovers().await;
    stage.hears(&told).await;
    stage.hours_pass(24);
    stage.flushes().await;
    assert!(stage.mails().pop().unwrap().subject.contains("recovered"));
    stage.hours_pass(100);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 5);
}

#[tokio::test]
async fn an_event_that_was_lost_keeps_nothing_from_being_told() {
    let stage = Stage::new().await;
    stage.falls_ill(NO_TOKEN).await;
    stage.flushes().await;
    assert!(stage.only_mail().subject.contains("quarantined"));
    stage.recovers().await;
    stage.hours_pass(30);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1, "no cycle has gone through since: that is no all-clear");
    stage.completes_a_cycle().await;
    stage.flushes().await;
    assert!(stage.mails().pop().unwrap().subject.contains("recovered"));
}

#[tokio::test]
async fn a_job_that_was_started_anew_is_well_once_a_cycle_went_through() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    stage.clock.advance(SignedDuration::from_mins(23 * 60 + 30));
    let started = stage.changes(|state, _, now| {
        state.start(now);
        Vec::new()
    });
    started.await;
    stage.clock.advance(SignedDuration::from_mins(30));
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1);
    stage.completes_a_cycle().await;
    stage.flushes().await;
    assert!(stage.mails().pop().unwrap().subject.contains("recovered"));
}

#[tokio::test]
async fn who_paused_a_job_in_trouble_is_not_reminded_of_it() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    let paused = stage.changes(|state, _, _| {
        state.pause();
        Vec::new()
    });
    paused.await;
    stage.hours_pass(48);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_that_was_refused_uses_up_nothing_and_is_tried_again_with_the_next_turn() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    let refusing = stage.mailing(stage.worker("two"), Arc::new(Refusing));
    let error = refusing.tell(&told[0], stage.now()).await.unwrap_err();
    assert!(format!("{error:#}").contains("the sender is not verified"), "{error:#}");
    assert!(refusing.flush(stage.now()).await.is_err(), "it is an error each time, for the alarm");

    stage.clock.advance(SignedDuration::from_mins(15));
    let more = stage.falls_ill(NO_FILE).await;
    assert!(refusing.tell(&more[0], stage.now()).await.is_err());
    stage.flushes().await;
    let mail = stage.only_mail();
    assert!(
        mail.text.contains("people.csv") && mail.text.contains("1 further event was merged"),
        "{}",
        mail.text
    );
    assert!(!mail.text.contains("may not have reached you"), "nobody got the refused one: {}", mail.text);
    stage.hours_pass(23);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_nobody_answered_for_is_settled_by_the_word_that_it_was_sent() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    let silent = Arc::new(Remembering::default());
    assert!(stage.mailing(stage.worker("two"), silent.clone()).tell(&told[0], stage.now()).await.is_err());
    let letter = silent.0.lock().unwrap().clone().expect("it was sent");
    let sent = json!({
        "eventType": "Send",
        "mail": { "tags": { "rollcall-claim": [letter.id], "rollcall-application": [letter.about] } },
    });
    for _ in 0..2 {
        let feedback = serde_json::from_value(sent.clone()).unwrap();
        assert!(notifier::learn(&stage.store, &feedback, stage.now()).await.unwrap());
    }
    let told = stage.recovers().await;
    stage.hears(&told).await;
    stage.hours_pass(24);
    stage.flushes().await;
    let mail = stage.only_mail();
    assert!(mail.subject.contains("recovered"), "{mail:?}");
    assert!(!mail.text.contains("may not have reached you"), "{}", mail.text);
}

/// A mailer that sends, and never answers.
#[derive(Default)]
struct Remembering(std::sync::Mutex<Option<notifier::Letter>>);

#[async_trait::async_trait]
impl notifier::Mailer for Remembering {
    async fn send(&self, letter: &notifier::Letter) -> Result<(), notifier::SendError> {
        *self.0.lock().unwrap() = Some(letter.clone());
        Err(notifier::SendError::Unanswered("no answer".to_owned()))
    }
}

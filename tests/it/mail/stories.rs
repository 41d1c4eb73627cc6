//! What an administrator gets to read, and when.

use std::os::unix::fs::PermissionsExt;

use jiff::SignedDuration;
use serde_json::json;

use super::stage::{Lost, NO_FILE, NO_TOKEN, Stage, TOO_MANY};

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
    stage.hours_pass(24);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 2, "nothing is left to tell");
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
    stage.hours_pass(24);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1, "the second event tells nothing new");
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
    assert!(all_clear.text.contains("Healthy since:    2026-03-02 12:00 UTC"), "{}", all_clear.text);
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
    let killed = notifier::tell(&stage.worker("killed"), &Lost, &told[0], stage.now()).await;
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
    assert_eq!(stage.mails().len(), 1);
}

#[tokio::test]
async fn an_all_clear_that_was_lost_is_repeated_too() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    let told = stage.recovers().await;
    stage.hears(&told).await;
    stage.hours_pass(24);
    assert!(notifier::flush(&stage.store, &Lost, stage.now()).await.is_err());
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
    let folder = notifier::Folder::new(stage.outbox());
    let error = notifier::tell(&stage.store, &folder, &told[0], stage.now()).await.unwrap_err();
    assert!(format!("{error:#}").contains("outbox"), "{error:#}");

    std::fs::remove_file(stage.outbox()).unwrap();
    stage.hours_pass(24);
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
    stage.hours_pass(24);
    stage.flushes().await;
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
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    let expected = [
        "From",
        "Date",
        "Message-ID",
        "Subject",
        "Auto-Submitted",
        "Content-Type",
        "To",
        "Content-Transfer-Encoding",
    ];
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
async fn while_nothing_waits_a_turn_costs_two_requests() {
    let stage = Stage::new().await;
    let told = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&told).await;
    let (store, counter) = stage.counted();
    stage.hours_pass(48);
    notifier::flush(&store, &Lost, stage.now()).await.unwrap();
    assert_eq!(counter.take().total_requests(), 2, "the names, and the one application's item");
}

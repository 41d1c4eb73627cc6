//! Mails about what ends: credentials, and jobs that were in trouble for too long.

use engine::job::{Cause, Event, EventDetail, QuarantineReason, Side};
use engine::quarantine::Trouble;
use jiff::{SignedDuration, Timestamp};

use super::stage::{NO_TOKEN, Stage};

/// The app's token ends so many days from now, and a cycle announces it.
async fn announces(stage: &Stage, days: i64) -> Vec<Event> {
    let expires = stage.now() + SignedDuration::from_hours(days * 24);
    stage
        .changes(|state, job, now| {
            state.expiry_told = vec![(Side::Target, expires, 7)];
            vec![state.tell(job, now, EventDetail::CredentialsExpiring { side: Side::Target, expires })]
        })
        .await
}

#[tokio::test]
async fn credentials_that_end_soon_are_a_mail_of_their_own_until_they_are_renewed() {
    let stage = Stage::new().await;
    let told = announces(&stage, 5).await;
    stage.hears(&told).await;
    let mail = stage.only_mail();
    assert_eq!(mail.subject, "[Rollcall] Ledgerly: credentials end soon - renew them");
    assert!(mail.text.contains("The app's credentials end on 2026-03-07 09:00 UTC"), "{}", mail.text);

    stage.hours_pass(1);
    let told = announces(&stage, 4).await;
    stage.hears(&told).await;
    let renewed = |state: &mut engine::job::JobState, _: &_, _: Timestamp| {
        state.expiry_told.clear();
        Vec::new()
    };
    stage.changes(renewed).await;
    stage.hours_pass(24);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1, "nobody has to renew what is renewed");
}

#[tokio::test]
async fn credentials_that_have_ended_say_so() {
    let stage = Stage::new().await;
    let told = announces(&stage, 0).await;
    stage.hears(&told).await;
    assert_eq!(stage.only_mail().subject, "[Rollcall] Ledgerly: credentials have ended - renew them");
}

#[tokio::test]
async fn a_trouble_and_credentials_that_end_are_one_mail() {
    let stage = Stage::new().await;
    let mut told = announces(&stage, 5).await;
    told.extend(stage.falls_ill(NO_TOKEN).await);
    // In whatever order they come.
    stage.hears(&told[1..]).await;
    let mail = stage.only_mail();
    assert!(mail.subject.contains("quarantined"), "{mail:?}");
    assert!(mail.text.contains("Besides:\nThe app's credentials end on"), "{}", mail.text);

    stage.hears(&told[..1]).await;
    stage.hours_pass(23);
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 1);
}

#[tokio::test]
async fn a_job_that_is_given_up_is_mailed_with_the_word_that_starts_it_again() {
    let stage = Stage::new().await;
    stage.falls_ill(NO_TOKEN).await;
    stage.hours_pass(28 * 24);
    let told = stage.changes(|state, job, now| state.schedule(job, now, now).into_iter().collect()).await;
    assert_eq!(told.len(), 1);
    stage.hears(&told).await;
    let mail = stage.only_mail();
    assert_eq!(mail.subject, "[Rollcall] Ledgerly: switched off - a person has to start it again");
    assert!(mail.text.contains("rollcall start Ledgerly"), "{}", mail.text);
}

#[tokio::test]
async fn a_mail_names_the_call_how_often_it_was_seen_and_what_to_do() {
    let stage = Stage::new().await;
    let trouble = || Trouble {
        reason: QuarantineReason::EncounteredEscrowProportionThreshold,
        side: None,
        message: "21 of 50 objects failed".to_owned(),
        cause: Cause {
            request: Some("POST /Users".to_owned()),
            status: Some(400),
            advice: Some("Correct the value in the source".to_owned()),
            ..Cause::default()
        },
    };
    let told = stage
        .changes(|state, job, now| {
            let told = state.impose_for(job, trouble(), now);
            let again = state.impose_for(job, trouble(), now);
            told.into_iter().chain(again).collect()
        })
        .await;
    stage.hears(&told).await;
    let mail = stage.only_mail();
    assert!(mail.subject.contains("a large share of all objects fails"), "{}", mail.subject);
    for words in ["Seen: 2 times", "Call: POST /Users, answered with 400", "To do: Correct the value"] {
        assert!(mail.text.contains(words), "{words} in {}", mail.text);
    }
}

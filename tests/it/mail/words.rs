//! Every mail, word by word; and nothing that others wrote can be more than words.

use std::fmt::Write as _;

use engine::job::{Cause, Event, EventDetail, JobState, QuarantineReason, Side};
use engine::model::JobId;
use engine::quarantine::Trouble;
use jiff::{SignedDuration, Timestamp};
use runtime::ask::{Answer, Ask, Asked};
use serde_json::json;
use store::OperationStatus;

use super::stage::{Mail, Stage};

/// A call to the app that was answered so.
fn of_app(status: Option<u16>, message: &str) -> Trouble {
    let request = Some("GET /Users".to_owned());
    let advice = Some("Renew the token and put it where the application's file points".to_owned());
    Trouble {
        reason: QuarantineReason::EncounteredQuarantineException,
        side: Some(Side::Target),
        message: message.to_owned(),
        cause: Cause { request, status, advice, ..Cause::default() },
    }
}

fn of(reason: QuarantineReason, side: Option<Side>, message: &str) -> Trouble {
    Trouble { reason, side, message: message.to_owned(), cause: Cause::default() }
}

/// The mail about a trouble.
async fn told(trouble: Trouble) -> Mail {
    let stage = Stage::new().await;
    let events = stage.changes(|state, job, now| {
        state.counts.linked = 302;
        state.counts.escrowed = 21;
        state.impose_for(job, trouble, now).into_iter().collect()
    });
    let events = events.await;
    stage.hears(&events).await;
    stage.only_mail()
}

/// All that a job can suffer from.
fn troubles() -> Vec<Trouble> {
    use QuarantineReason as Reason;
    let failing = |reason| of(reason, None, "21 of 50 objects failed and wait to be tried again");
    vec![
        of_app(Some(401), "The target did not accept the token; renew it (GET /Users)"),
        of_app(Some(403), "The target refused (GET /Users)"),
        of_app(None, "The target did not answer within 30 s (GET /Users)"),
        of(
            Reason::EncounteredQuarantineException,
            Some(Side::Source),
            "ldap://dc1 did not accept the bind account",
        ),
        of(
            Reason::EncounteredQuarantineException,
            None,
            "the secret 'env:TOKEN' cannot be had: it is not set",
        ),
        of(Reason::IngestionInterrupted, Some(Side::Source), "people.csv cannot be read: it is not there"),
        of(Reason::TooManyDeletes, None, "60 of 100 managed accounts would be removed"),
        failing(Reason::EncounteredEscrowProportionThreshold),
        failing(Reason::EncounteredBaseEscrowThreshold),
        failing(Reason::EncounteredTotalEscrowThreshold),
        of(Reason::QuarantinedOnDemand, None, "Stopped by Ada"),
        of(Reason::Unknown, None, "Nobody knows"),
    ]
}

#[tokio::test]
async fn each_trouble_word_by_word() {
    let mut all = String::new();
    for trouble in troubles() {
        let Mail { subject, text, .. } = told(trouble).await;
        writeln!(all, "Subject: {subject}\n\n{text}\n=====\n").unwrap();
    }
    insta::assert_snapshot!(all);
}

/// A day on which much happened, and its end.
#[tokio::test]
async fn what_was_merged_is_listed_newest_first_and_what_is_over_says_so() {
    let stage = Stage::new().await;
    let mut events = Vec::new();
    for (hour, trouble) in troubles().into_iter().take(4).enumerate() {
        stage.hours_pass(1);
        events.extend(
            stage.changes(|state, job, now| state.impose_for(job, trouble, now).into_iter().collect()).await,
        );
        if hour == 1 {
            events.extend(stage.recovers().await);
        }
    }
    let ends = stage.now() + SignedDuration::from_hours(100);
    let expiring = stage.changes(|state, job, now| {
        state.expiry_told = vec![(Side::Target, ends, 7)];
        vec![state.tell(job, now, EventDetail::CredentialsExpiring { side: Side::Target, expires: ends })]
    });
    events.extend(expiring.await);
    // They waited for somebody to be named.
    let to = json!({ "notification": { "to": ["it-ops@tessera.example"] } });
    stage.apply("Ledgerly", json!({})).await;
    stage.hears(&events).await;
    stage.apply("Ledgerly", to).await;
    stage.flushes().await;
    let mail = stage.only_mail();
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
}

/// Everything else that is written about: what is overdue, what ends, what is over, and a test.
#[tokio::test]
async fn each_other_mail_word_by_word() {
    let stage = Stage::new().await;
    let told = async |what: &str| {
        stage.flushes().await;
        let mail = stage.mails().pop().unwrap();
        stage.hours_pass(24);
        format!("# {what}\nSubject: {}\n\n{}\n=====\n\n", mail.subject, mail.text)
    };
    let mut all = String::new();

    stage.changes(due_hours_ago(4)).await;
    all += &told("no cycle began").await;
    stage.completes_a_cycle().await;
    all += &told("it runs again").await;

    let expires = stage.now() + SignedDuration::from_hours(72);
    let events = stage.changes(expiring(Side::Target, expires)).await;
    stage.hears(&events).await;
    all += &told("credentials end").await;
    let expires = stage.now() - SignedDuration::from_hours(1);
    let events = stage.changes(expiring(Side::Source, expires)).await;
    stage.hears(&events).await;
    all += &told("credentials have ended").await;

    let events = stage.changes(|state, job, now| {
        state.expiry_told.clear();
        let trouble = of_app(Some(401), "The target did not accept the token; renew it (GET /Users)");
        let told = state.impose_for(job, trouble, now - SignedDuration::from_hours(28 * 24));
        state.disabled = Some(now);
        told.into_iter()
            .chain([state.tell(
                job,
                now,
                EventDetail::JobDisabled { reason: QuarantineReason::EncounteredQuarantineException },
            )])
            .collect()
    });
    let events = events.await;
    stage.hears(&events).await;
    all += &told("a job is given up").await;

    let asked = Asked {
        operation: uuid::Uuid::from_u128(7),
        application: Some("ledgerly".to_owned()),
        by: "Ada Lovelace".to_owned(),
        caller: "ada".to_owned(),
        ask: Ask::TestMail,
    };
    let stage = Stage::new().await;
    let answer = stage.notifier().answer(&asked, stage.now()).await;
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    let Mail { subject, text, .. } = stage.only_mail();
    write!(all, "# a test\nSubject: {subject}\n\n{text}").unwrap();
    insta::assert_snapshot!(all);

    let operation = stage.store.operation(asked.operation, stage.now()).await.unwrap().unwrap();
    assert_eq!(operation.status, OperationStatus::Succeeded, "whoever did not wait can see what came of it");
}

fn due_hours_ago(hours: i64) -> impl FnOnce(&mut JobState, &JobId, Timestamp) -> Vec<Event> {
    move |state, _, now| {
        state.next_due = now - SignedDuration::from_hours(hours);
        Vec::new()
    }
}

fn expiring(side: Side, expires: Timestamp) -> impl FnOnce(&mut JobState, &JobId, Timestamp) -> Vec<Event> {
    move |state, job, now| {
        state.next_due = now + SignedDuration::from_hours(24 * 365);
        state.expiry_told = vec![(side, expires, 3)];
        vec![state.tell(job, now, EventDetail::CredentialsExpiring { side, expires })]
    }
}

#[tokio::test]
async fn nothing_that_others_wrote_is_more_than_words_on_the_page() {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let stage = Stage::new().await;
    stage.apply(evil, json!({ "notification": { "to": ["it-ops@tessera.example"] } })).await;
    let mut trouble = of_app(Some(401), evil);
    trouble.cause.request = Some(evil.to_owned());
    trouble.cause.advice = Some(evil.to_owned());
    trouble.cause.object = Some(engine::model::SourceId::new(evil));
    let events =
        stage.changes(|state, job, now| state.impose_for(job, trouble, now).into_iter().collect()).await;
    stage.hears(&events).await;
    let page = stage.only_mail().html;
    let [tags, shown] = ["<script", "&#60;script&#62;alert(1)"].map(|words| page.matches(words).count());
    assert_eq!(tags, 0, "{page}");
    assert!(shown >= 6, "{shown}: {page}");
    assert!(!page.contains("<img"), "{page}");
    let links: Vec<&str> =
        page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(link.starts_with("https://rollcall.tessera.example/"), "{link}");
    }
}

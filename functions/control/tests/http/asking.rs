//! What takes longer than a request may, and what is not answered at all.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use runtime::ask::{Answer, Ask, AskError, Asked, Refusal, Worker};
use serde_json::{Value, json};
use store::OperationStatus;

use crate::stage::Stage;

struct Never(fn() -> AskError);

#[async_trait]
impl Worker for Never {
    async fn ask(&self, _: Asked) -> Result<Answer, AskError> {
        Err((self.0)())
    }
}

#[tokio::test]
async fn what_takes_longer_is_an_operation_to_look_at() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let stage = stage.with_worker(Arc::new(Never(|| AskError::StillAtIt)));
    let answer = stage.post(&format!("{job}/restart"), &Value::Null).await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(answer.headers["retry-after"], "5");
    let told = answer.is(202);
    let id = told["id"].as_str().unwrap();
    assert_eq!(place, format!("http://rollcall.example/v1.0/operations/{id}"));
    let now = stage.context.clock.now();
    let operation = stage.context.store.operation(id.parse().unwrap(), now).await.unwrap().unwrap();
    assert_eq!((operation.kind.as_str(), operation.status), ("restart", OperationStatus::Running));
    let audits = stage.audits().await;
    assert_eq!((audits[0].activity.as_str(), audits[0].succeeded), ("Restart job", None));
}

#[tokio::test]
async fn a_worker_that_does_not_answer_is_told_without_its_words() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    let stage = stage.with_worker(Arc::new(Never(|| AskError::Failed("arn:aws:lambda s3cret".to_owned()))));
    let answer = stage.post(&format!("{job}/start"), &Value::Null).await;
    assert_eq!(answer.headers["retry-after"], "5");
    let why = answer.refused(503);
    assert!(!why.contains("s3cret"), "{why}");
    assert_eq!(stage.audits().await[0].succeeded, Some(false));
}

#[tokio::test]
async fn an_operation_that_ended_stays_as_it_ended() {
    let stage = Stage::new().await;
    let (_, job) = stage.ledgerly().await;
    stage.post(&format!("{job}/start"), &Value::Null).await.is(204);
    let stored = stage.stored("Ledgerly").await;
    let asked = Asked {
        operation: uuid::Uuid::from_u128(7),
        application: Some(stored.id),
        by: "me".to_owned(),
        caller: "me".to_owned(),
        ask: runtime::ask::Ask::Pause,
    };
    let answer = sync::ask::answer(&stage.context, &asked, None).await;
    assert!(matches!(answer, Answer::Done(_)));
    let now = stage.context.clock.now();
    let ended = stage.context.store.operation(asked.operation, now).await.unwrap().unwrap();
    assert_eq!(ended.status, OperationStatus::Succeeded);
    let late = store::Operation { status: OperationStatus::Running, ..ended.clone() };
    stage.context.store.note_operation(&late).await.unwrap();
    assert_eq!(stage.context.store.operation(asked.operation, now).await.unwrap(), Some(ended));
    let week = now + jiff::SignedDuration::from_hours(7 * 24);
    assert_eq!(stage.context.store.operation(asked.operation, week).await.unwrap(), None);
}

/// Takes every ask, and refuses it.
struct Refuses(Mutex<Vec<Ask>>);

#[async_trait]
impl Worker for Refuses {
    async fn ask(&self, asked: Asked) -> Result<Answer, AskError> {
        self.0.lock().unwrap().push(asked.ask);
        let refusal =
            Refusal { status: 502, code: "MailRefused".to_owned(), message: "verify the sender".to_owned() };
        Ok(Answer::Refused(refusal))
    }
}

#[tokio::test]
async fn a_test_mail_is_asked_of_who_sends_mail_and_its_words_are_passed_on() {
    let notifier = Arc::new(Refuses(Mutex::default()));
    let stage = Stage::new().await.with_notifier(notifier.clone());
    let (principal, _) = stage.ledgerly().await;
    let answer = stage.post(&format!("{principal}/synchronization/notification/test"), &Value::Null).await;
    assert_eq!(answer.refused(502), "verify the sender");
    assert_eq!(*notifier.0.lock().unwrap(), [Ask::TestMail]);
    let audits = stage.audits().await;
    assert_eq!((audits[0].activity.as_str(), audits[0].succeeded), ("Send test mail", Some(false)));
}

/// Found all to be well.
struct Well;

#[async_trait]
impl Worker for Well {
    async fn ask(&self, asked: Asked) -> Result<Answer, AskError> {
        assert_eq!(asked.ask, Ask::CheckMail);
        Ok(Answer::Done(json!([{ "check": "mail", "verdict": "good", "words": "mail goes out" }])))
    }
}

/// What the functions found: check, verdict, words.
async fn checkup(stage: &Stage) -> Vec<(String, String, String)> {
    let told = stage.post("/v1.0/checkups", &Value::Null).await.is(200);
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let found = told["value"].as_array().unwrap().iter();
    found.map(|one| (text(one, "check"), text(one, "verdict"), text(one, "words"))).collect()
}

#[tokio::test]
async fn the_functions_look_at_themselves_and_tell_it_in_one_answer() {
    let stage = Stage::new().await.with_notifier(Arc::new(Well));
    let names = |found: Vec<(String, String, String)>| {
        found.into_iter().map(|(check, verdict, _)| format!("{check} {verdict}")).collect::<Vec<_>>()
    };
    let all_well = ["events good", "records good", "exports good", "mail good"];
    assert_eq!(names(checkup(&stage).await), all_well, "nothing refers to a secret yet");
    stage.ledgerly().await;
    let [before @ .., mail] = all_well;
    assert_eq!(names(checkup(&stage).await), [&before[..], &["secrets good", mail]].concat());
    assert_eq!(stage.audits().await[0].activity, "Check functions");

    std::fs::remove_file(stage.folder.path().join("token")).unwrap();
    let found = checkup(&stage).await;
    let (_, verdict, words) = found.iter().find(|(check, ..)| check == "secrets").unwrap();
    assert!(verdict == "problem" && words.contains("Ledgerly") && words.contains("/token"), "{words}");
}

#[tokio::test]
async fn a_function_that_cannot_look_at_itself_is_a_finding() {
    let refuses = || Arc::new(Refuses(Mutex::default()));
    let stage = Stage::new().await.with_notifier(refuses());
    let is_told = |found: Vec<(String, String, String)>, function: &str, verdict: &str, words: &str| {
        let is =
            |one: &&(String, String, String)| one.0 == function && one.1 == verdict && one.2.contains(words);
        assert!(found.iter().any(|one| is(&one)), "{function} {verdict} {words} in {found:#?}");
    };
    is_told(checkup(&stage).await, "notifier", "problem", "verify the sender");
    let stage = stage.with_worker(Arc::new(Never(|| AskError::Failed("s3cret".to_owned()))));
    let found = checkup(&stage).await;
    assert!(!format!("{found:?}").contains("s3cret"));
    is_told(found, "sync", "problem", "did not answer");
    let stage = stage.with_worker(Arc::new(Never(|| AskError::StillAtIt)));
    is_told(checkup(&stage).await, "sync", "warning", "longer than 25 seconds");
    let stage = stage.with_worker(Arc::new(Odd));
    is_told(checkup(&stage).await, "sync", "problem", "of another version than control");
}

/// Answers as a later version might.
struct Odd;

#[async_trait]
impl Worker for Odd {
    async fn ask(&self, _: Asked) -> Result<Answer, AskError> {
        Ok(Answer::Done(json!({ "all": "well" })))
    }
}

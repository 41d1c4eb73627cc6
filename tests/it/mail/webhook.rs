//! The webhook beside mail: the same news, as often, in signed calls; repeated word for word until they are taken.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use engine::job::{EventDetail, QuarantineReason};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::Channel;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::stage::{NO_TOKEN, Refusing, Stage, TOO_MANY};
use crate::support::{App, Office, eventually, free_port};

const KEY: &str = "whsec_QkFTRTY0LU9GLVRIRS1LRVktT0YtVEhFLVRFU1RT";

/// A call as it arrives.
#[derive(Debug, Clone, PartialEq)]
struct Call {
    id: String,
    at: i64,
    signature: String,
    body: Value,
}

#[derive(Debug, Clone, Default)]
struct Heard {
    calls: Arc<Mutex<Vec<Call>>>,
    /// What the next calls are answered with; 204 afterwards.
    answers: Arc<Mutex<Vec<u16>>>,
}

/// Somebody's receiver, which takes whatever comes.
struct Receiver {
    heard: Heard,
    url: String,
    folder: TempDir,
}

impl Receiver {
    async fn start() -> Self {
        let heard = Heard::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?team=it", listener.local_addr().unwrap());
        let router = Router::new().fallback(hear).with_state(heard.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), format!("{KEY}\n")).unwrap();
        Self { heard, url, folder }
    }

    /// The part of a document that names it.
    fn webhook(&self) -> Value {
        json!({ "url": self.url, "secret": format!("file:{}", self.folder.path().join("key").display()) })
    }

    fn answers(&self, statuses: &[u16]) {
        *self.heard.answers.lock().unwrap() = statuses.to_vec();
    }

    fn calls(&self) -> Vec<Call> {
        self.heard.calls.lock().unwrap().clone()
    }

    fn types(&self) -> Vec<String> {
        self.calls().iter().map(|call| call.body["type"].as_str().unwrap().to_owned()).collect()
    }
}

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: String) -> Response {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let call = Call {
        id: text("webhook-id"),
        at: text("webhook-timestamp").parse().unwrap(),
        signature: text("webhook-signature"),
        body: serde_json::from_str(&body).unwrap(),
    };
    heard.calls.lock().unwrap().push(call);
    let mut answers = heard.answers.lock().unwrap();
    let status = if answers.is_empty() { 204 } else { answers.remove(0) };
    let elsewhere = [(header::LOCATION, "http://127.0.0.1:9/")];
    (StatusCode::from_u16(status).unwrap(), elsewhere).into_response()
}

async fn both() -> (Receiver, Stage) {
    let receiver = Receiver::start().await;
    let stage = Stage::with(json!({ "to": ["it-ops@tessera.example"], "webhook": receiver.webhook() })).await;
    (receiver, stage)
}

#[tokio::test]
async fn a_program_is_told_what_a_mail_says_and_as_often() {
    let (receiver, stage) = both().await;
    let ill = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&ill).await;
    stage.hears(&ill).await;
    assert_eq!((stage.mails().len(), receiver.types()), (1, vec!["application.quarantined".to_owned()]));
    let [call] = &receiver.calls()[..] else { unreachable!() };
    insta::assert_snapshot!(serde_json::to_string_pretty(&call.body).unwrap());
    assert_eq!(call.at, stage.now().as_second());
    assert!(call.id.starts_with("msg_") && call.signature.starts_with("v1,"), "{call:?}");

    let well = stage.recovers().await;
    stage.hears(&well).await;
    stage.hours_pass(23);
    stage.flushes().await;
    assert_eq!((stage.mails().len(), receiver.calls().len()), (1, 1), "the day is not over");
    stage.hours_pass(1);
    stage.flushes().await;
    stage.flushes().await;
    assert_eq!(stage.mails().len(), 2);
    assert_eq!(receiver.types(), ["application.quarantined", "application.recovered"]);
}

#[tokio::test]
async fn each_kind_of_news_has_a_type_of_its_own() {
    let ends = EventDetail::CredentialsExpiring {
        side: engine::job::Side::Target,
        expires: "2026-03-05T09:00:00Z".parse().unwrap(),
    };
    let (receiver, stage) = both().await;
    let events = stage.falls_ill(TOO_MANY).await;
    stage.hears(&events).await;
    stage.hours_pass(24);
    let events = stage
        .changes(|state, job, now| {
            state.disabled = Some(now);
            vec![state.tell(job, now, EventDetail::JobDisabled { reason: QuarantineReason::TooManyDeletes })]
        })
        .await;
    stage.hears(&events).await;
    stage.hours_pass(24);
    let events = stage
        .changes(|state, job, now| {
            (state.disabled, state.quarantine) = (None, None);
            vec![state.tell(job, now, EventDetail::JobRecovered)]
        })
        .await;
    stage.hears(&events).await;
    stage.hours_pass(24);
    let events = stage
        .changes(|state, job, now| {
            let expires = now + SignedDuration::from_hours(72);
            state.expiry_told = vec![(engine::job::Side::Target, expires, 3)];
            vec![state.tell(job, now, ends)]
        })
        .await;
    stage.hears(&events).await;
    stage.hours_pass(24);
    stage
        .changes(|state, _, now| {
            state.expiry_told.clear();
            state.next_due = now - SignedDuration::from_hours(9);
            Vec::new()
        })
        .await;
    stage.flushes().await;
    let types = ["removalsHeld", "disabled", "recovered", "credentialsExpiring", "overdue"];
    assert_eq!(receiver.types(), types.map(|kind| format!("application.{kind}")));
}

#[tokio::test]
async fn a_call_that_is_not_taken_is_repeated_word_for_word_under_its_id_until_it_is() {
    let (receiver, stage) = both().await;
    receiver.answers(&[503, 302, 401]);
    let events = stage.falls_ill(NO_TOKEN).await;
    let told = stage.notifier().tell(&events[0], stage.now()).await.unwrap_err();
    assert!(format!("{told:#}").contains("127.0.0.1 answered with 503"), "{told:#}");
    assert_eq!(stage.mails().len(), 1, "mail goes its way");
    let problem = async || {
        let box_ = stage.store.mailbox("ledgerly", Channel::Webhook).await.unwrap();
        box_.problem().map(str::to_owned)
    };
    assert!(problem().await.unwrap().contains("503"));

    for words in ["redirects are not followed", "the same key"] {
        stage.clock.advance(SignedDuration::from_mins(15));
        let error = stage.notifier().flush(stage.now()).await.unwrap_err();
        assert!(format!("{error:#}").contains(words), "{error:#}");
        assert!(problem().await.unwrap().contains(words));
    }
    for _ in 0..3 {
        stage.clock.advance(SignedDuration::from_mins(15));
        stage.flushes().await;
    }
    let calls = receiver.calls();
    assert_eq!(calls.len(), 4, "it was taken the fourth time");
    for (number, call) in calls.iter().enumerate() {
        assert_eq!((&call.id, &call.body), (&calls[0].id, &calls[0].body));
        assert_eq!(call.at - calls[0].at, i64::try_from(number).unwrap() * 15 * 60, "signed anew");
    }
    assert_eq!((problem().await, stage.mails().len()), (None, 1));
}

#[tokio::test]
async fn what_nobody_took_for_a_day_gives_way_to_the_state_of_the_next() {
    let (receiver, stage) = both().await;
    receiver.answers(&[500; 2]);
    let events = stage.falls_ill(NO_TOKEN).await;
    stage.notifier().tell(&events[0], stage.now()).await.unwrap_err();
    let events = stage.falls_ill(TOO_MANY).await;
    stage.hours_pass(23);
    for event in &events {
        stage.notifier().tell(event, stage.now()).await.ok();
    }
    stage.hours_pass(1);
    stage.flushes().await;
    let calls = receiver.calls();
    let first = &calls[0];
    let (last, before) = calls.split_last().unwrap();
    assert!(before.iter().all(|call| call.id == first.id && call.body == first.body));
    assert_ne!(last.id, first.id);
    assert_eq!(last.body["type"], "application.removalsHeld");
}

#[tokio::test]
async fn mail_that_is_refused_keeps_no_webhook_waiting() {
    let (receiver, stage) = both().await;
    let notifier = stage.mailing(stage.store.clone(), Arc::new(Refusing));
    let events = stage.falls_ill(NO_TOKEN).await;
    let error = notifier.tell(&events[0], stage.now()).await.unwrap_err();
    assert!(format!("{error:#}").contains("not verified"), "{error:#}");
    assert_eq!(receiver.calls().len(), 1);
    assert!(notifier.flush(stage.now()).await.is_err());
    assert_eq!(receiver.calls().len(), 1, "the mail is tried again, the call is not");
}

#[tokio::test]
async fn a_webhook_is_told_without_recipients_and_is_switched_off_with_them() {
    let receiver = Receiver::start().await;
    let stage = Stage::with(json!({ "webhook": receiver.webhook() })).await;
    let events = stage.falls_ill(NO_TOKEN).await;
    stage.hears(&events).await;
    assert_eq!((stage.mails().len(), receiver.calls().len()), (0, 1));

    let off = json!({ "notification": { "webhook": receiver.webhook(), "enabled": false } });
    stage.apply("Ledgerly", off).await;
    stage.hours_pass(48);
    stage.flushes().await;
    assert_eq!(receiver.calls().len(), 1);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_called_says_why_without_its_path_or_its_key() {
    let receiver = Receiver::start().await;
    let key = |text: &str| {
        std::fs::write(receiver.folder.path().join("wrong"), text).unwrap();
        format!("file:{}", receiver.folder.path().join("wrong").display())
    };
    let nobody = format!("http://127.0.0.1:{}/hunter2", free_port());
    let good = receiver.webhook()["secret"].clone();
    for (url, secret, words) in [
        (json!(nobody), good.clone(), "127.0.0.1 could not be reached"),
        (json!(receiver.url), json!(key("hunter2")), "write whsec_"),
        (json!(receiver.url), json!("env:HUNTERS_OF_TWO"), "env:HUNTERS_OF_TWO"),
        (json!("hunter2"), good.clone(), "notification.webhook.url is no address"),
        (json!(receiver.url), Value::Null, "no url and secret"),
    ] {
        let stage = Stage::with(json!({ "webhook": { "url": url, "secret": secret } })).await;
        let events = stage.falls_ill(NO_TOKEN).await;
        let error = stage.notifier().tell(&events[0], stage.now()).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("the webhook of 'Ledgerly'") && error.contains(words), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(receiver.calls().is_empty());
}

/// A receiver that is made of the reference library of Standard Webhooks; it ends with the value.
struct Reference(Child);

impl Reference {
    fn start(port: &str, calls: &Path) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let process = Command::new(here.join(".tools/venv/bin/python"))
            .arg(here.join("servers/webhook.py"))
            .args([port, KEY])
            .arg(calls)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("the receiver cannot be started ({error}): run tests/run"));
        let address = format!("127.0.0.1:{port}");
        eventually("the receiver listens", || std::net::TcpStream::connect(&address).is_ok());
        Self(process)
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Fails when it ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An office whose Ledgerly tells trouble to a webhook there, with its key in the file `key`.
fn telling(app: &App, hook: &str) -> Office {
    let office = app.office();
    let document = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    let key = office.path("key");
    let webhook =
        format!("notification: {{ webhook: {{ url: '{hook}', secret: 'file:{}' }} }}\n", key.display());
    office.write("ledgerly.yaml", format!("{document}{webhook}"));
    office.apply_offline();
    office
}

#[test]
fn the_doctor_says_whether_the_keys_of_webhooks_are_there_and_calls_nobody() {
    let app = App::start();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    nobody.set_nonblocking(true).unwrap();
    let office = telling(&app, &format!("http://{}/hook", nobody.local_addr().unwrap()));
    for (key, verdict, words) in [
        (None, "problem", "Ledgerly: the secret 'file:"),
        (Some("hunter2"), "problem", "Ledgerly: notification.webhook.secret leads to no key: write whsec_"),
        (Some(KEY), "good", "the keys of webhooks are there (1)"),
    ] {
        if let Some(key) = key {
            office.write("key", key);
        }
        let said = office.rollcall(&["doctor", "--json"]).json();
        let found: Vec<&Value> =
            said.as_array().unwrap().iter().filter(|one| one["check"] == "webhooks").collect();
        let [found] = found[..] else { panic!("{said:#}") };
        assert_eq!(found["verdict"], verdict, "{found}");
        let told = found["words"].as_str().unwrap();
        assert!(told.contains(words) && !told.contains("hunter2"), "{found}");
    }
    assert!(nobody.accept().is_err());
}

#[test]
fn a_receiver_that_others_wrote_takes_what_is_signed_with_its_key_and_nothing_else() {
    let app = App::start();
    let port = free_port();
    let office = telling(&app, &format!("http://127.0.0.1:{port}/hook"));
    office.write("key", KEY.replace("QkFT", "QkFU"));
    let calls = office.path("calls");
    let _receiver = Reference::start(&port, &calls);

    office.rollcall(&["mail", "--test", "Ledgerly"]).exits(1).says(&["401", "the same key"]);
    assert!(!calls.exists());

    office.write("key", KEY);
    *office.token.borrow_mut() = "stale".to_owned();
    office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    let taken = std::fs::read_to_string(&calls).unwrap();
    let taken: Vec<Value> = taken.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0]["body"]["type"], "application.quarantined");
    assert_eq!(taken[0]["body"]["data"]["application"]["displayName"], "Ledgerly");
}

//! What is said to Amazon SES over HTTP, and how its answers are understood: handed over once, tagged with its claim, no faster than
//! the account may.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_sesv2::config::{BehaviorVersion, Config, Credentials, Region};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use notifier::{Letter, Mailer as _, SendError, Sender, Ses};
use runtime::checkup::Verdict;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

/// What was asked of it, and what it answers a mail with.
#[derive(Clone)]
struct Account {
    asked: Arc<Mutex<Vec<(String, Value)>>>,
    answer: (u16, &'static str, &'static str),
    /// What it says of the account; nothing if it refuses to.
    account: Value,
    /// What it says of an identity, with its status.
    identity: (u16, Value),
}

async fn service(State(region): State<Account>, uri: Uri, _: HeaderMap, body: String) -> Response {
    let said = serde_json::from_str(&body).unwrap_or(Value::Null);
    region.asked.lock().unwrap().push((uri.path().to_owned(), said));
    if uri.path() == "/v2/email/account" {
        if region.account.is_null() {
            return StatusCode::FORBIDDEN.into_response();
        }
        return axum::Json(region.account).into_response();
    }
    if uri.path().starts_with("/v2/email/identities/") {
        let (status, told) = region.identity;
        let code = if status == 404 { "NotFoundException" } else { "AccessDeniedException" };
        let status = StatusCode::from_u16(status).unwrap();
        return (status, [("x-amzn-errortype", code)], axum::Json(told)).into_response();
    }
    let (status, code, message) = region.answer;
    let headers = [("x-amzn-errortype", code), ("content-type", "application/json")];
    let told = if status == 200 { json!({ "MessageId": "1" }) } else { json!({ "message": message }) };
    (StatusCode::from_u16(status).unwrap(), headers, told.to_string()).into_response()
}

/// A mailer whose SES answers so, and what it was asked.
async fn ses(answer: (u16, &'static str, &'static str), account: Value) -> (Ses, Account) {
    let identity = (200, json!({ "VerifiedForSendingStatus": true }));
    serving(Account { asked: Arc::default(), answer, account, identity }).await
}

async fn serving(region: Account) -> (Ses, Account) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(service).with_state(region.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (at(&url), region)
}

fn at(url: &str) -> Ses {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .http_client(runtime::aws::http_client())
        .endpoint_url(url)
        .build();
    let from = "rollcall@tessera.example".parse().unwrap();
    let reply_to = Some("helpdesk@tessera.example".parse().unwrap());
    let (identity, set) = ("tessera.example".to_owned(), "stack-mail".to_owned());
    Ses::new(&config, Sender { from, reply_to }, Some(identity), Some(set))
}

/// An account that may send so many mails a second.
fn may(rate: f64, production: bool) -> Value {
    json!({ "SendQuota": { "MaxSendRate": rate, "Max24HourSend": 50_000.0 }, "ProductionAccessEnabled": production })
}

fn letter() -> Letter {
    Letter {
        id: Uuid::from_u128(7),
        at: "2026-03-02T09:00:00Z".parse().unwrap(),
        about: "0b9c3f2e".to_owned(),
        application: "Ledgerly".to_owned(),
        to: ["it-ops@tessera.example", "eve@tessera.example"].map(|to| to.parse().unwrap()).into(),
        subject: "[Rollcall] Ledgerly: quarantined".to_owned(),
        text: "in words".to_owned(),
        html: "<p>on a page</p>".to_owned(),
    }
}

fn mails(region: &Account) -> Vec<Value> {
    let asked = region.asked.lock().unwrap();
    asked
        .iter()
        .filter(|(path, _)| path == "/v2/email/outbound-emails")
        .map(|(_, said)| said.clone())
        .collect()
}

/// How often it was asked what the account may.
fn questions(region: &Account) -> usize {
    region.asked.lock().unwrap().iter().filter(|(path, _)| path == "/v2/email/account").count()
}

#[tokio::test]
async fn one_message_goes_to_all_recipients_and_carries_its_claim() {
    let (ses, region) = ses((200, "", ""), may(50.0, true)).await;
    ses.send(&letter()).await.unwrap();
    let [said] = &mails(&region)[..] else { panic!("one mail is handed over") };
    assert_eq!(said["FromEmailAddress"], "Rollcall <rollcall@tessera.example>");
    assert_eq!(said["ReplyToAddresses"], json!(["helpdesk@tessera.example"]));
    assert_eq!(said["Destination"]["ToAddresses"], json!(["it-ops@tessera.example", "eve@tessera.example"]));
    assert_eq!(said["ConfigurationSetName"], "stack-mail");
    let tags = json!([
        { "Name": "rollcall-claim", "Value": "00000000-0000-0000-0000-000000000007" },
        { "Name": "rollcall-application", "Value": "0b9c3f2e" },
    ]);
    assert_eq!(said["EmailTags"], tags);
    let message = &said["Content"]["Simple"];
    assert_eq!(message["Subject"]["Data"], "[Rollcall] Ledgerly: quarantined");
    assert_eq!(message["Body"]["Text"]["Data"], "in words");
    assert_eq!(message["Body"]["Html"]["Data"], "<p>on a page</p>");
    assert_eq!(message["Headers"], json!([{ "Name": "Auto-Submitted", "Value": "auto-generated" }]));
}

#[tokio::test]
async fn what_ses_refuses_was_not_sent_and_the_cure_is_named() {
    let unverified = "Email address is not verified. The following identities failed the check";
    for (status, code, said, production, cure) in [
        (
            400,
            "MessageRejected",
            unverified,
            true,
            "verify the identity of the sender rollcall@tessera.example",
        ),
        (400, "MessageRejected", unverified, false, "sandbox"),
        (400, "MailFromDomainNotVerifiedException", "no MX", true, "MAIL FROM domain's DNS"),
        (400, "AccountSuspendedException", "suspended", true, "reputation page"),
        (400, "SendingPausedException", "paused", true, "reputation page"),
        (429, "TooManyRequestsException", "slow down", true, "it is tried again"),
        (400, "LimitExceededException", "quota", true, "it is tried again"),
        (404, "NotFoundException", "no such set", true, "configuration set is gone"),
        (400, "BadRequestException", "odd", true, "look the error up"),
    ] {
        let (ses, region) = ses((status, code, said), may(50.0, production)).await;
        match ses.send(&letter()).await {
            Err(SendError::Refused(why)) => {
                assert!(why.contains(cure) && why.contains(said), "{code}: {why}");
            }
            other => panic!("{code}: {other:?}"),
        }
        assert_eq!(mails(&region).len(), 1, "{code} is not repeated");
    }
}

#[tokio::test]
async fn whether_mail_would_go_out_is_known_without_sending_one() {
    let account = |sending: bool, production: bool, sent: f64| {
        let quota = json!({ "Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": sent });
        json!({ "SendingEnabled": sending, "ProductionAccessEnabled": production, "SendQuota": quota })
    };
    let verified = |is: bool| (200, json!({ "VerifiedForSendingStatus": is }));
    let fine = || account(true, true, 0.0);
    for (account, identity, verdict, words) in [
        (fine(), verified(true), Verdict::Good, "SES sends mail as rollcall@tessera.example"),
        (account(true, false, 0.0), verified(true), Verdict::Warning, "sandbox in eu-central-1"),
        (account(false, true, 0.0), verified(true), Verdict::Problem, "reputation page"),
        (account(true, true, 200.0), verified(true), Verdict::Problem, "quota of the day is used up"),
        (fine(), verified(false), Verdict::Problem, "tessera.example is not verified yet; verify"),
        (fine(), (404, json!({})), Verdict::Problem, "SES does not know tessera.example; verify"),
        (fine(), (403, json!({ "message": "not authorized" })), Verdict::Problem, "not authorized"),
    ] {
        let answer = (200, "", "");
        let (ses, region) = serving(Account { asked: Arc::default(), answer, account, identity }).await;
        let [found] = &ses.look().await[..] else { panic!("one finding of '{words}'") };
        assert_eq!((found.check.as_str(), found.verdict), ("mail", verdict), "{words}: {found:?}");
        assert!(found.words.contains(words), "{words}: {found:?}");
        assert!(mails(&region).is_empty());
    }
}

#[tokio::test]
async fn what_ses_failed_at_may_have_been_sent_and_is_not_repeated() {
    for status in [500, 502, 503] {
        let (ses, region) = ses((status, "InternalFailure", "oops"), may(50.0, true)).await;
        let outcome = ses.send(&letter()).await;
        assert!(matches!(outcome, Err(SendError::Unanswered(_))), "{status}: {outcome:?}");
        assert_eq!(mails(&region).len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_may_have_been_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(0));
    let counter = heard.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
            *counter.lock().unwrap() += 1;
            drop(stream);
        }
    });
    let outcome = at(&url).send(&letter()).await;
    assert!(matches!(outcome, Err(SendError::Unanswered(_))), "{outcome:?}");
    assert_eq!(
        *heard.lock().unwrap(),
        2,
        "how fast the account may send is asked once, and a mail handed over once"
    );
}

#[tokio::test]
async fn the_account_is_asked_once_how_fast_it_may_send_and_is_obeyed() {
    let (ses, region) = ses((200, "", ""), may(20.0, true)).await;
    let began = Instant::now();
    for _ in 0..4 {
        ses.send(&letter()).await.unwrap();
    }
    let gaps = Duration::from_millis(3 * 50);
    assert!(began.elapsed() >= gaps, "four mails at 20 a second took {:?}", began.elapsed());
    assert_eq!(questions(&region), 1);
}

#[tokio::test]
async fn while_ses_does_not_say_how_fast_mail_may_go_it_goes_slowly_and_ses_is_asked_again() {
    let (ses, region) = ses((200, "", ""), Value::Null).await;
    let began = Instant::now();
    for _ in 0..2 {
        ses.send(&letter()).await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_secs(1), "two mails took {:?}", began.elapsed());
    assert_eq!(questions(&region), 2);
}

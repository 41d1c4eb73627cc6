//! The client against a service that answers what a test laid down, one request after the other.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use jiff::SignedDuration;
use serde_json::json;
use testkit::time::TestClock;

use super::*;
use crate::login::Tokens;

/// What is answered: status, `Retry-After`, `Location`, body.
type Answer = (u16, Option<&'static str>, Option<&'static str>, Value);

#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<String>>,
}

/// A service on loopback, its client, and the time.
struct Desk {
    client: Client,
    script: Arc<Script>,
    clock: Arc<TestClock>,
}

impl Desk {
    async fn with(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script =
            Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self::at(&url, script)
    }

    fn at(url: &str, script: Arc<Script>) -> Self {
        let address = Address::parse(url).unwrap();
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        let there = There::with(address.clone(), Tokens::given("the-token", clock.clone())).unwrap();
        let service = Service::There(Box::new(there));
        let client = Client { service, place: Where::There(address), clock: clock.clone() };
        Self { client, script, clock }
    }

    fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn waited(&self) -> SignedDuration {
        self.clock.now().duration_since(Timestamp::UNIX_EPOCH)
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    assert_eq!(request.headers()["authorization"], "Bearer the-token");
    let asked = format!("{} {}", request.method(), request.uri());
    script.asked.lock().unwrap().push(asked);
    let (status, pause, place, body) = script.answers.lock().unwrap().pop_front().expect("nobody asks more");
    let mut response = Response::builder().status(status);
    for (name, value) in [("retry-after", pause), ("location", place)] {
        if let Some(value) = value {
            response = response.header(name, value);
        }
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    response.body(body).unwrap()
}

fn page(entries: &[u32], next: Option<&str>) -> Answer {
    let mut page = json!({ "value": entries });
    if let Some(next) = next {
        page["@odata.nextLink"] = json!(next);
    }
    (200, None, None, page)
}

#[tokio::test]
async fn a_list_is_read_to_its_end_over_empty_pages_at_the_address_that_was_named() {
    let links =
        ["https://elsewhere.example/v1.0/list?$skiptoken=a", "http://127.0.0.1:1/v1.0/list?$skiptoken=b"];
    let desk = Desk::with([page(&[1, 2], Some(links[0])), page(&[], Some(links[1])), page(&[3], None)]).await;

    let found = desk.client.list("/list?$top=2", usize::MAX).await.unwrap();

    assert_eq!(found, [json!(1), json!(2), json!(3)]);
    let asked = ["GET /v1.0/list?$top=2", "GET /v1.0/list?$skiptoken=a", "GET /v1.0/list?$skiptoken=b"];
    assert_eq!(desk.asked(), asked);
}

#[tokio::test]
async fn a_list_is_read_no_further_than_it_is_wanted() {
    let desk = Desk::with([
        page(&[1, 2], Some("http://a/v1.0/list?b")),
        page(&[3, 4], Some("http://a/v1.0/list?c")),
    ])
    .await;
    assert_eq!(desk.client.list("/list", 3).await.unwrap(), [json!(1), json!(2), json!(3)]);
    assert!(desk.client.list("/list", 0).await.unwrap().is_empty());
    assert_eq!(desk.asked().len(), 2);
}

#[tokio::test]
async fn a_link_out_of_the_api_and_a_page_without_entries_are_not_followed() {
    let cases =
        [page(&[1], Some("https://elsewhere.example/steal")), (200, None, None, json!({ "values": [] }))];
    for answer in cases {
        let desk = Desk::with([answer]).await;
        let problem = desk.client.list("/list", 5).await.unwrap_err().to_string();
        assert!(problem.contains("check that --url names a Rollcall service"), "{problem}");
    }
}

#[tokio::test]
async fn a_service_that_asks_for_a_pause_gets_it_so_many_times() {
    let busy = |status, pause| (status, Some(pause), None, Value::Null);
    let ok = || (200, None, None, json!({}));
    let get = Method::GET;
    let cases = [
        (get.clone(), vec![busy(429, "3"), busy(503, "4"), ok()], 7, true),
        (get.clone(), vec![busy(429, "1"); 5], 4, false),
        (get.clone(), vec![busy(429, "3600")], 0, false),
        (get.clone(), vec![busy(429, "tomorrow")], 0, false),
        (get, vec![busy(504, "1")], 0, false),
        (Method::POST, vec![busy(429, "2"), ok()], 2, true),
        // It may have been done.
        (Method::POST, vec![busy(503, "2")], 0, false),
    ];
    for (method, answers, seconds, succeeds) in cases {
        let (count, desk) = (answers.len(), Desk::with(answers).await);
        let result = desk.client.ask(method.clone(), "/jobs", None).await;
        assert_eq!(result.is_ok(), succeeds, "{method} {count}");
        assert_eq!((desk.waited().as_secs(), desk.asked().len()), (seconds, count));
    }
}

#[tokio::test]
async fn what_takes_longer_is_waited_for() {
    let accepted = || (202, Some("2"), Some("https://elsewhere.example/v1.0/operations/o1"), json!({}));
    let operation = |status: &str, more: Value| {
        let mut told = json!({ "status": status, "objectsDone": 5, "result": null, "error": null });
        told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (200, None, None, told)
    };
    let running = || operation("running", json!({}));
    let done = operation("succeeded", json!({ "result": { "decided": 3 } }));
    let desk = Desk::with([accepted(), running(), running(), done]).await;
    let told = desk.client.change(Method::POST, "/start", None).await.unwrap();
    assert_eq!(told, json!({ "decided": 3 }));
    assert_eq!(desk.waited().as_secs(), 6);
    assert_eq!(desk.asked()[1..], ["GET /v1.0/operations/o1"; 3]);

    let error = json!({ "error": { "status": 409, "code": "c", "message": "a cycle of the job runs" } });
    let desk = Desk::with([accepted(), operation("failed", error)]).await;
    let problem = desk.client.change(Method::POST, "/start", None).await.unwrap_err();
    assert!(matches!(problem, ClientError::Refused(StatusCode::CONFLICT, _)));
    assert_eq!(problem.to_string(), "a cycle of the job runs");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let desk = Desk::with([(302, None, Some("http://127.0.0.1:1/v1.0/list"), Value::Null)]).await;
    let problem = desk.client.get("/list").await.unwrap_err().to_string();
    assert!(problem.contains("sends elsewhere"), "{problem}");
    assert_eq!(desk.asked().len(), 1);
}

#[tokio::test]
async fn where_nobody_listens_the_address_is_named_with_the_cure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let problem = Desk::at(&url, Arc::default()).client.get("/list").await.unwrap_err().to_string();
    assert!(problem.contains(&url) && problem.contains("check the address"), "{problem}");
}

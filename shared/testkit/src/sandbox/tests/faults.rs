//! Tokens, limits, faults, and what the counters say about them.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn a_request_without_the_token_is_unauthorized_and_counted() {
    let visitor = Visitor::new(Settings::default()).await;
    let url = format!("{}/Users", visitor.sandbox.base_url());
    for request in [visitor.client.get(&url), visitor.client.get(&url).bearer_auth("wrong")] {
        let response = request.send().await.expect("an answer");
        assert!(response.headers()["www-authenticate"].to_str().expect("text").starts_with("Bearer"));
        assert_eq!(refusal(response).await.0, 401);
    }
    let expected = Counters { total: 2, list: 2, unauthorized: 2, peak_concurrent: 1, ..Counters::default() };
    assert_eq!(visitor.sandbox.counters(), expected);
    visitor.sandbox.reset_counters();
    assert_eq!(visitor.sandbox.counters(), Counters::default());
}

#[tokio::test]
async fn requests_are_counted_by_kind() {
    let visitor = Visitor::new(Settings::default()).await;
    let nadia = visitor.create("nadia").await;
    visitor.get("/Users").await;
    visitor.get("/Users?filter=userName%20pr").await;
    visitor.get(&path_of(&nadia)).await;
    visitor.patch(&nadia, json!([{ "op": "add", "path": "title", "value": "Chef" }])).await;
    visitor.send(Method::PUT, &path_of(&nadia), &user("nadia")).await;
    visitor.send(Method::DELETE, &path_of(&nadia), &json!(null)).await;
    let expected = Counters {
        total: 7,
        create: 1,
        list: 1,
        query: 1,
        read: 1,
        patch: 1,
        replace: 1,
        delete: 1,
        peak_concurrent: 1,
        ..Counters::default()
    };
    assert_eq!(visitor.sandbox.counters(), expected);
}

#[tokio::test]
async fn a_throttled_request_is_not_carried_out() {
    let throttle = Some(Throttle { every: 2, retry_after_seconds: Some(7) });
    let visitor = Visitor::with_faults(Faults { throttle, ..Faults::default() }).await;
    visitor.create("a").await;
    let response = visitor.post("/Users", &user("b")).await;
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(refusal(response).await.0, 429);
    assert_eq!(visitor.sandbox.users().len(), 1);
    let counters = visitor.sandbox.counters();
    assert_eq!((counters.create, counters.throttled, counters.failed), (2, 1, 0));
}

#[tokio::test]
async fn a_rate_limit_gives_its_burst_and_then_says_when_to_come_back() {
    let rate = Some(RateLimit { per_second: 0.1, burst: 2 });
    let visitor = Visitor::new(Settings { rate, ..Settings::default() }).await;
    assert_eq!([visitor.get("/Users").await.status(), visitor.get("/Users").await.status()], [200, 200]);
    let response = visitor.get("/Users").await;
    let seconds: u64 = response.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((9..=11).contains(&seconds), "{seconds}");
    assert_eq!(response.status(), 429);
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_write_behind() {
    let next = vec![Fault { on: Kind::Create, does: Does::DropAnswer }];
    let visitor = Visitor::with_faults(Faults { next, ..Faults::default() }).await;
    let request = visitor.request(Method::POST, "/Users").json(&user("nadia"));
    assert!(request.send().await.is_err(), "the connection closes without an answer");
    assert!(visitor.sandbox.user_by_name("nadia").is_some());
    assert_eq!(refusal(visitor.post("/Users", &user("nadia")).await).await.0, 409);
    assert_eq!(visitor.sandbox.counters().failed, 1);
}

#[tokio::test]
async fn a_request_that_times_out_is_not_carried_out() {
    let faults = Faults { timeout_every: Some(1), timeout_millis: 5, ..Faults::default() };
    let visitor = Visitor::with_faults(faults).await;
    let begun = Instant::now();
    let request = visitor.request(Method::POST, "/Users").json(&user("nadia"));
    assert!(request.send().await.is_err());
    assert!(begun.elapsed() >= Duration::from_millis(5));
    assert_eq!(visitor.sandbox.users().len(), 0);
}

#[tokio::test]
async fn errors_and_garbage_come_in_their_turn() {
    let faults = Faults {
        error_every: Some(ErrorEvery { every: 2, status: 503 }),
        garbage_every: Some(3),
        ..Faults::default()
    };
    let visitor = Visitor::with_faults(faults).await;
    assert_eq!(visitor.get("/Users").await.status(), 200);
    assert_eq!(refusal(visitor.get("/Users").await).await.0, 503);
    let garbage = visitor.get("/Users").await;
    assert_eq!(
        (garbage.status().as_u16(), &garbage.headers()["content-type"] == "text/html; charset=utf-8"),
        (200, true)
    );
    assert_eq!(visitor.sandbox.counters().failed, 2);
}

#[tokio::test]
async fn a_poisoned_user_fails_by_any_write_and_nobody_else_does() {
    let visitor = Visitor::new(Settings::default()).await;
    let (bob, eve) = (visitor.create("Bob").await, visitor.create("eve").await);
    visitor.sandbox.set_faults(Faults { poisoned_user: Some("bob".to_owned()), ..Faults::default() });
    let poisoned = (400, "invalidValue".to_owned());
    let title = json!([{ "op": "add", "path": "title", "value": "Chef" }]);
    assert_eq!(refusal(visitor.patch(&bob, title.clone()).await).await, poisoned);
    assert_eq!(visitor.patch(&eve, title).await.status(), 200);
    let rename = json!([{ "op": "replace", "path": "userName", "value": "BOB" }]);
    assert_eq!(refusal(visitor.patch(&eve, rename).await).await, poisoned);
    assert_eq!(refusal(visitor.post("/Users", &user("bob")).await).await, poisoned);
    assert_eq!(refusal(visitor.send(Method::DELETE, &path_of(&bob), &json!(null)).await).await, poisoned);
    assert_eq!(visitor.get(&path_of(&bob)).await.status(), 200);
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{ "method": "POST", "path": "/Users", "bulkId": "1", "data": user("bob") }],
    });
    assert_eq!(body(visitor.post("/Bulk", &bulk).await).await["Operations"][0]["status"], "400");
    assert_eq!(visitor.sandbox.counters().failed, 5);
}

#[tokio::test]
async fn lasting_faults_hold_until_they_are_switched_off() {
    let visitor = Visitor::new(Settings::default()).await;
    let nadia = visitor.create("nadia").await;
    visitor.sandbox.set_faults(Faults { unauthorized: true, ..Faults::default() });
    assert_eq!(visitor.get("/ServiceProviderConfig").await.status(), 401);
    visitor.sandbox.set_faults(Faults { collection_missing: true, ..Faults::default() });
    assert_eq!(refusal(visitor.get("/Users").await).await.0, 404);
    assert_eq!(visitor.get(&path_of(&nadia)).await.status(), 200);
    let only = Some(vec![Kind::Read]);
    visitor.sandbox.set_faults(Faults { html: true, only, ..Faults::default() });
    assert!(visitor.get(&path_of(&nadia)).await.text().await.expect("text").contains("<html>"));
    assert_eq!(visitor.get("/Users").await.status(), 200);
    visitor.sandbox.set_faults(Faults::default());
    assert_eq!(visitor.get(&path_of(&nadia)).await.status(), 200);
}

#[tokio::test]
async fn latency_holds_answers_back_and_the_peak_counts_who_waits() {
    let latency = Duration::from_millis(20);
    let visitor = Visitor::new(Settings { latency, ..Settings::default() }).await;
    let begun = Instant::now();
    let (one, other) = tokio::join!(visitor.get("/Users"), visitor.get("/Users"));
    assert_eq!([one.status(), other.status()], [200, 200]);
    assert!(begun.elapsed() >= latency);
    assert_eq!(visitor.sandbox.counters().peak_concurrent, 2);
}

#[tokio::test]
async fn a_sandbox_that_was_shut_down_frees_its_port() {
    let visitor = Visitor::new(Settings::default()).await;
    visitor.get("/Users").await;
    let port = visitor.sandbox.base_url().trim_end_matches("/scim/v2").rsplit(':').next().map(str::parse);
    let port: u16 = port.expect("a port").expect("a number");
    visitor.sandbox.shutdown().await;
    let again = Sandbox::start(Settings { port, ..Settings::default() }).await;
    assert_eq!(again.expect("the port is free").users(), Vec::<Value>::new());
}

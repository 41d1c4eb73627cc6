//! How fast a target is called: the preset, what is learnt from refusals, and what the status is told.

use std::time::Duration;

use engine::model::ObjectType;
use engine::ports::{Clock, Pace, Target, TargetErrorKind as Kind};
use jiff::SignedDuration;
use serde_json::{Number, json};

use super::super::ScimConfig;
use super::server::{Reply, Server};
use super::{TOKEN, bulk_target_at, config, target_at, target_with};

fn nobody() -> Reply {
    Reply::json(200, &json!({ "totalResults": 0, "Resources": [] }))
}

fn slow(seconds: u64) -> Reply {
    Reply::raw(429, "").header("retry-after", seconds.to_string())
}

fn limited(url: &str, rate: f64) -> ScimConfig {
    ScimConfig { rate_limit: Number::from_f64(rate), ..config(url) }
}

#[tokio::test]
async fn the_preset_keeps_calls_apart_and_is_no_throttling() {
    let server = Server::start([nobody(), nobody(), nobody()]).await;
    let (target, clock) = target_with(&limited(&server.url(), 2.5), TOKEN);
    let begun = clock.now();
    for _ in 0..3 {
        target.list(ObjectType::User, &[], None).await.unwrap();
    }
    assert_eq!(clock.now().duration_since(begun), SignedDuration::from_millis(800));
    assert_eq!(target.pace(), Pace { per_second: Some(2.5), ..Pace::default() });
}

#[tokio::test]
async fn a_target_that_takes_everything_is_not_paced() {
    let server = Server::start([nobody(), Reply::raw(500, ""), nobody(), nobody()]).await;
    let (target, clock) = target_at(&server.url(), TOKEN);
    for _ in 0..3 {
        target.list(ObjectType::User, &[], None).await.unwrap();
    }
    assert_eq!(clock.slept(), [1], "between a fault and the next try, and that is no throttling");
    assert_eq!(target.pace(), Pace::default());
}

#[tokio::test]
async fn after_a_refusal_calls_keep_to_the_pace_that_the_target_took_before() {
    let server = Server::start([nobody(), nobody(), slow(4), nobody(), nobody()]).await;
    let (target, clock) = target_at(&server.url(), TOKEN);
    for _ in 0..3 {
        target.list(ObjectType::User, &[], None).await.unwrap();
    }
    let pace = target.pace();
    // Two calls in the four seconds that it takes until it wants more, and a little less.
    assert_eq!((pace.refusals, pace.waits_until, pace.throttled), (1, None, Duration::from_secs(4)));
    let rate = pace.per_second.unwrap();
    assert!((rate - 0.49 * 1.5).abs() < 0.001, "{rate}: grown by half for the call it took since");
    let before = clock.now();
    target.list(ObjectType::User, &[], None).await.unwrap();
    let waited = clock.now().duration_since(before).as_secs_f64();
    assert!((waited - 1.0 / 0.49).abs() < 0.01, "{waited}");
}

#[tokio::test]
async fn the_status_can_tell_until_when_the_target_wants_no_calls() {
    let server = Server::start([slow(500)]).await;
    let (target, clock) = target_at(&server.url(), TOKEN);
    assert_eq!(target.list(ObjectType::User, &[], None).await.unwrap_err().kind, Kind::Throttled);
    assert_eq!(target.pace().waits_until, Some(clock.now() + Duration::from_secs(500)));
}

#[tokio::test]
async fn discovery_waits_like_everything_else() {
    let server = Server::start([slow(100), nobody()]).await;
    let (target, clock) = bulk_target_at(&server.url(), TOKEN);
    let begun = clock.now();
    target.list(ObjectType::User, &[], None).await.unwrap();
    target.batch_size().await;
    assert_eq!(
        clock.now().duration_since(begun),
        SignedDuration::from_secs(110),
        "100 s, and at 0.1 a second"
    );
}

#[tokio::test]
async fn a_call_whose_turn_comes_too_late_says_so() {
    let server = Server::start([slow(201), slow(5)]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    let error = target.list(ObjectType::User, &[], None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
    assert!(error.summary.contains("At 0.1 calls a second"), "{error}");
    assert_eq!(server.lines().len(), 2);
}

#[test]
fn a_rate_limit_is_a_number_of_calls_a_second() {
    for (written, rate) in [(json!(25), 25.0), (json!(0.33), 0.33), (json!(1000), 1000.0)] {
        let document = json!({ "url": "https://a", "token": "env:T", "rateLimit": written });
        let config: ScimConfig = serde_json::from_value(document).unwrap();
        assert_eq!(config.checked().unwrap().rate_limit, Some(rate));
    }
    for written in [json!(0), json!(-1), json!(0.09), json!(1001)] {
        let document = json!({ "url": "https://a", "token": "env:T", "rateLimit": written });
        let config: ScimConfig = serde_json::from_value(document).unwrap();
        let problem = config.check().unwrap_err();
        assert_eq!(problem.field, "rateLimit");
        assert!(problem.to_string().contains("0.1 to 1000"), "{problem}");
    }
    let plain = serde_json::to_value(config("https://a")).unwrap();
    assert!(plain.get("rateLimit").is_none(), "documents without one stay as they are: {plain}");
}

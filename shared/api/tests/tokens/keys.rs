//! When the issuer's keys are fetched, and what counts meanwhile.

use api::access::{Roles, SettingsError, Verifier};
use serde_json::{Value, json};

use crate::stage::{Stage, key};

/// A token that does not end while a test moves the clock.
fn lasting(stage: &Stage) -> Value {
    stage.claims_with("exp", json!(i64::MAX))
}

#[tokio::test]
async fn keys_are_fetched_with_the_first_token_and_again_after_an_hour() {
    let key = key("ES256", "one");
    let stage = Stage::new(&[&key]).await;
    let token = key.token(&lasting(&stage)).unwrap();
    assert_eq!(stage.issuer.fetched(), 0);
    for (wait, fetched) in [(0, 1), (0, 1), (3599, 1), (1, 2), (3599, 2)] {
        stage.wait(wait);
        stage.ask(&token).await.opened();
        assert_eq!(stage.issuer.fetched(), fetched, "after {wait} s more");
    }
}

#[tokio::test]
async fn a_key_that_is_not_known_is_looked_for_once_a_minute() {
    let (known, invented) = (key("ES256", "one"), key("ES256", "two"));
    let stage = Stage::new(&[&known]).await;
    let token = invented.token(&lasting(&stage)).unwrap();
    stage.ask(&known.token(&lasting(&stage)).unwrap()).await.opened();
    for (wait, fetched) in [(0, 1), (59, 1), (1, 2), (0, 2), (59, 2), (1, 3)] {
        stage.wait(wait);
        assert!(stage.ask(&token).await.refused().contains("does not publish"));
        assert_eq!(stage.issuer.fetched(), fetched, "after {wait} s more");
    }
}

#[tokio::test]
async fn a_key_that_was_changed_without_notice_is_known_a_minute_later() {
    let (old, new) = (key("ES256", "one"), key("RS256", "two"));
    let stage = Stage::new(&[&old]).await;
    let tokens = [&old, &new].map(|key| key.token(&lasting(&stage)).unwrap());
    stage.ask(&tokens[0]).await.opened();
    stage.issuer.publish(vec![new.jwk()]);
    stage.wait(60);
    stage.ask(&tokens[1]).await.opened();
    // The old one was taken back, and counts no more.
    assert!(stage.ask(&tokens[0]).await.refused().contains("does not publish"));
}

#[tokio::test]
async fn while_the_issuer_is_down_the_keys_that_are_known_count() {
    let (known, other) = (key("ES256", "one"), key("ES256", "two"));
    let stage = Stage::new(&[&known]).await;
    let token = known.token(&lasting(&stage)).unwrap();
    stage.ask(&token).await.opened();
    stage.issuer.set_down(true);
    stage.wait(24 * 3600);
    for fetched in [2, 2] {
        stage.ask(&token).await.opened();
        assert_eq!(stage.issuer.fetched(), fetched);
    }
    assert!(stage.ask(&other.token(&lasting(&stage)).unwrap()).await.refused().contains("does not publish"));
}

#[tokio::test]
async fn before_there_are_keys_nobody_gets_in_and_nobody_is_told_that_the_token_is_bad() {
    let key = key("ES256", "one");
    let stage = Stage::new(&[&key]).await;
    let token = key.token(&lasting(&stage)).unwrap();
    stage.issuer.set_down(true);
    for (wait, fetched) in [(0, 1), (4, 1), (1, 2)] {
        stage.wait(wait);
        let answer = stage.ask(&token).await;
        assert_eq!((answer.status, answer.challenge.as_str()), (503, ""), "{answer:?}");
        assert_eq!(answer.body["error"]["code"], "serviceNotAvailable");
        assert_eq!(stage.issuer.fetched(), fetched);
    }
    stage.issuer.set_down(false);
    stage.wait(5);
    stage.ask(&token).await.opened();
}

#[tokio::test]
async fn an_issuer_that_is_not_the_one_it_was_taken_for_gives_no_keys() {
    let key = key("ES256", "one");
    let stage = Stage::new(&[&key]).await;
    let url = stage.issuer.url().to_owned();
    let token = key.token(&lasting(&stage)).unwrap();
    let bad = [
        json!({ "issuer": "https://issuer.example", "jwks_uri": format!("{url}/keys") }),
        json!({ "issuer": url, "jwks_uri": "http://issuer.example/keys" }),
        json!({ "issuer": url, "jwks_uri": "file:///etc/passwd" }),
        json!({ "issuer": url }),
        json!([]),
        json!({ "issuer": url, "jwks_uri": format!("{url}/keys"), "padding": "x".repeat(300_000) }),
    ];
    for discovery in bad {
        stage.issuer.describe(discovery.clone());
        stage.wait(5);
        let shown = discovery.to_string().chars().take(90).collect::<String>();
        assert_eq!(stage.ask(&token).await.status, 503, "{shown}");
    }
    stage.issuer.describe(json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }));
    stage.wait(5);
    stage.ask(&token).await.opened();
}

#[tokio::test]
async fn keys_that_are_not_understood_hide_no_others() {
    let key = key("ES256", "one");
    let stage = Stage::new(&[]).await;
    stage.issuer.publish(vec![
        json!(null),
        json!({ "kty": "EC", "crv": "P-521", "kid": "a", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "b", "x": "AA", "y": "AA" }),
        json!({ "kty": "AKP", "kid": "c", "alg": "ML-DSA-65", "pub": "AA" }),
        json!({ "kty": "oct", "kid": "d", "k": "c2VjcmV0" }),
        json!({ "kty": "RSA", "kid": "e", "n": "%", "e": "AQAB" }),
        key.jwk(),
    ]);
    stage.ask(&key.token(&lasting(&stage)).unwrap()).await.opened();
}

#[tokio::test]
async fn a_token_that_names_no_key_is_checked_with_the_only_one_that_fits() {
    let (one, two, other) = (key("ES256", "one"), key("ES256", "two"), key("RS256", "three"));
    let stage = Stage::new(&[&one, &other]).await;
    let token = one.token_with(&json!({ "alg": "ES256" }), &lasting(&stage)).unwrap();
    stage.ask(&token).await.opened();
    stage.issuer.publish(vec![one.jwk(), two.jwk()]);
    stage.wait(3600);
    stage.ask(&token).await.refused();
}

#[test]
fn an_issuer_whose_keys_anybody_on_the_way_could_change_is_no_issuer() {
    let verifier = |issuer: &str, audiences: &[&str]| {
        let audiences = audiences.iter().map(|one| (*one).to_owned()).collect();
        let clock = std::sync::Arc::new(testkit::time::TestClock::at(crate::stage::noon()));
        Verifier::new(issuer, audiences, Roles::default(), clock).err()
    };
    for issuer in ["http://issuer.example", "http://localhost.example", "issuer.example", "", "file:///keys"]
    {
        assert_eq!(verifier(issuer, &["api"]), Some(SettingsError::Issuer), "{issuer}");
    }
    for issuer in ["https://issuer.example/v2.0", "http://127.0.0.1:8080", "http://[::1]:8080/realms/a"] {
        assert_eq!(verifier(issuer, &["api"]), None, "{issuer}");
    }
    assert_eq!(verifier("https://issuer.example", &[]), Some(SettingsError::Audience));
}

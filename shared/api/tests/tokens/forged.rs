//! Tokens that the issuer did not sign, and bytes that are no token.

use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::issuer::{SigningKey, joined};

use crate::stage::{Stage, key};

/// The bytes of a key's JSON Web Key, decoded: what a forger could take for a secret.
fn public_bytes(key: &SigningKey) -> Vec<Vec<u8>> {
    let jwk = key.jwk();
    let encoded = jwk["n"].as_str().unwrap();
    vec![jwk.to_string().into_bytes(), encoded.as_bytes().to_vec()]
}

#[tokio::test]
async fn a_token_that_somebody_else_signed_opens_nothing() {
    for algorithm in ["ES256", "ES384", "EdDSA"] {
        let (ours, forgers) = (key(algorithm, "one"), key(algorithm, "one"));
        let stage = Stage::new(&[&ours]).await;
        let token = forgers.token(&stage.claims()).unwrap();
        assert!(stage.ask(&token).await.refused().contains("signature"), "{algorithm}");
    }
}

#[tokio::test]
async fn a_token_whose_claims_were_changed_opens_nothing() {
    for algorithm in ["RS256", "PS512", "ES256", "EdDSA"] {
        let key = key(algorithm, "one");
        let stage = Stage::new(&[&key]).await;
        let token = key.token(&stage.claims()).unwrap();
        let signature = token.rsplit('.').next().unwrap();
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": "one" });
        let changed = joined(&header, &stage.claims_with("sub", json!("somebody-else")));
        let answer = stage.ask(&format!("{changed}.{signature}")).await;
        assert!(answer.refused().contains("signature"), "{algorithm}");
    }
}

#[tokio::test]
async fn a_token_that_says_it_needs_no_signature_opens_nothing() {
    let key = key("RS256", "one");
    let stage = Stage::new(&[&key]).await;
    let signed = key.token(&stage.claims()).unwrap();
    let signature = signed.rsplit('.').next().unwrap();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let message = joined(&json!({ "typ": "JWT", "alg": none, "kid": "one" }), &stage.claims());
        for token in [format!("{message}."), format!("{message}.{signature}"), message.clone()] {
            stage.ask(&token).await.refused();
        }
    }
    let message = joined(&json!({ "typ": "JWT", "kid": "one" }), &stage.claims());
    stage.ask(&format!("{message}.{signature}")).await.refused();
    // A good header, and nothing behind the last dot.
    stage
        .ask(signed.rsplit_once('.').map(|(message, _)| format!("{message}.")).unwrap().as_str())
        .await
        .refused();
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let key = key("RS256", "one");
    for publishes_alg in [true, false] {
        let stage = Stage::new(&[&key]).await;
        let mut jwk = key.jwk();
        if !publishes_alg {
            jwk.as_object_mut().unwrap().remove("alg");
        }
        stage.issuer.publish(vec![jwk]);
        for secret in public_bytes(&key) {
            let forger = SigningKey::hs256(&secret, "one");
            assert!(
                stage.ask(&forger.token(&stage.claims()).unwrap()).await.refused().contains("RS, PS or ES")
            );
        }
        stage.ask(&key.token(&stage.claims()).unwrap()).await.opened();
    }
}

#[tokio::test]
async fn a_token_is_checked_with_the_algorithm_of_its_key_and_no_other() {
    let named = [
        ("RS256", "ES256"),
        ("RS256", "EdDSA"),
        ("ES256", "RS256"),
        ("ES256", "ES384"),
        ("EdDSA", "ES256"),
        ("RS256", "PS256"),
        ("PS256", "RS512"),
    ];
    for (published, used) in named {
        let (ours, forgers) = (key(published, "one"), key(used, "one"));
        let stage = Stage::new(&[&ours]).await;
        let answer = stage.ask(&forgers.token(&stage.claims()).unwrap()).await;
        assert!(answer.refused().contains("algorithm"), "{used} with a key for {published}");
        assert_eq!(stage.issuer.fetched(), 1);
    }
}

#[tokio::test]
async fn a_key_for_something_else_checks_no_signature() {
    let key = key("RS256", "one");
    let stage = Stage::new(&[&key]).await;
    let cases = [
        ("use", json!("enc"), false),
        ("use", Value::Null, true),
        ("use", json!("sig"), true),
        ("key_ops", json!(["encrypt"]), false),
        ("key_ops", json!(["verify"]), true),
        ("alg", json!("RSA-OAEP"), false),
        ("alg", json!("RS512"), false),
        ("alg", Value::Null, true),
    ];
    for (member, value, opens) in cases {
        let mut jwk = key.jwk();
        jwk[member] = value.clone();
        if value.is_null() {
            jwk.as_object_mut().unwrap().remove(member);
        }
        stage.issuer.publish(vec![jwk]);
        stage.wait(3601);
        let mut claims = stage.claims();
        claims["exp"] = json!(i64::MAX);
        let answer = stage.ask(&key.token(&claims).unwrap()).await;
        if opens {
            drop(answer.opened());
        } else {
            assert!(answer.refused().contains("algorithm"), "{member} = {value}");
        }
    }
}

#[tokio::test]
async fn a_header_cannot_bring_its_own_key_or_ask_for_what_is_not_understood() {
    let (ours, forgers) = (key("ES256", "one"), key("ES256", "one"));
    let stage = Stage::new(&[&ours]).await;
    let header = |more: Value| {
        let mut header = json!({ "typ": "JWT", "alg": "ES256", "kid": "one" });
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        header
    };
    let own = [json!({ "jwk": forgers.jwk() }), json!({ "jku": format!("{}/keys", stage.issuer.url()) })];
    for more in own {
        let token = forgers.token_with(&header(more), &stage.claims()).unwrap();
        assert!(stage.ask(&token).await.refused().contains("signature"));
    }
    let token = ours.token_with(&header(json!({ "crit": ["b64"], "b64": false })), &stage.claims()).unwrap();
    stage.ask(&token).await.refused();
}

#[tokio::test]
async fn a_token_that_is_too_large_is_not_read() {
    let key = key("ES256", "one");
    let stage = Stage::new(&[&key]).await;
    let padded = |length: usize| key.token(&stage.claims_with("groups", json!("x".repeat(length)))).unwrap();
    let smallest = padded(0).len();
    // Base64 makes four characters of three bytes.
    let (fits, too_large) =
        (padded((16 * 1024 - smallest) / 4 * 3 - 3), padded((16 * 1024 - smallest) / 4 * 3 + 6));
    assert!(fits.len() <= 16 * 1024 && too_large.len() > 16 * 1024, "{} {}", fits.len(), too_large.len());
    stage.ask(&fits).await.opened();
    assert!(stage.ask(&too_large).await.refused().contains("16384 bytes"));
    assert!(stage.ask(&"x".repeat(200_000)).await.refused().contains("16384 bytes"));
}

/// One issuer for all cases of a property: only the tokens differ.
fn asked(token: &[u8]) -> Option<crate::stage::Answer> {
    static WORLD: OnceLock<(tokio::runtime::Runtime, Stage)> = OnceLock::new();
    let (runtime, stage) = WORLD.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let stage = runtime.block_on(Stage::new(&[good_key()]));
        (runtime, stage)
    });
    runtime.block_on(stage.ask_bytes(token))
}

fn good_key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| key("ES256", "one"))
}

/// Three parts whose first two are JSON, more or less.
fn almost_a_token() -> impl Strategy<Value = Vec<u8>> {
    let algorithm = prop::sample::select(vec!["RS256", "ES256", "EdDSA", "HS256", "none", "ES512", "é"]);
    let json = prop_oneof![
        Just("{}".to_owned()),
        Just("[]".to_owned()),
        Just("null".to_owned()),
        ".{0,40}",
        Just("[".repeat(2_000))
    ];
    (algorithm, "[a-z]{0,3}", json, prop::collection::vec(any::<u8>(), 0..100)).prop_map(
        |(algorithm, id, claims, signature)| {
            use base64::Engine as _;
            use base64::engine::general_purpose::URL_SAFE_NO_PAD;
            let header = json!({ "alg": algorithm, "kid": id }).to_string();
            let parts = [header.into_bytes(), claims.into_bytes(), signature];
            parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".").into_bytes()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_comes_as_a_token_is_refused_and_nothing_worse(
        token in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[ -~]{0,200}".prop_map(String::into_bytes),
            "[A-Za-z0-9_.-]{0,200}".prop_map(String::into_bytes),
            almost_a_token(),
        ],
    ) {
        // What no header can hold does not arrive.
        let Some(answer) = asked(&token) else { return Ok(()) };
        prop_assert_eq!(answer.status, 401);
        prop_assert!(answer.challenge.starts_with("Bearer"));
    }

    #[test]
    fn a_good_token_with_one_character_changed_is_refused(place in any::<prop::sample::Index>(), other in "[ -~]") {
        // The issuer's address is the stage's own, so this one is another issuer's; its signature is looked at first.
        let claims = json!({ "iss": "nobody", "sub": "nadia-1", "exp": i64::MAX });
        let mut token = good_key().token(&claims).unwrap().into_bytes();
        let good = asked(&token).unwrap();
        prop_assert!(good.refused().contains("another issuer's"));
        let place = place.index(token.len());
        prop_assume!(token[place] != other.as_bytes()[0]);
        token[place] = other.as_bytes()[0];
        let changed = asked(&token).unwrap();
        prop_assert!(!changed.refused().contains("another issuer's"), "{}", changed.refused());
    }
}

//! What a genuine token says: whose it is, whom it is for, and when.

use serde_json::{Value, json};

use crate::stage::{AUDIENCE, Stage, key, noon};

#[tokio::test]
async fn a_token_opens_with_every_algorithm_that_is_accepted() {
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
        let key = key(algorithm, "one");
        let stage = Stage::new(&[&key]).await;
        let answer = stage.ask(&key.token(&stage.claims()).unwrap()).await.opened();
        assert_eq!(answer, json!({ "id": "nadia-1", "name": "nadia-1", "ownerOnly": false }), "{algorithm}");
    }
}

#[tokio::test]
async fn a_token_is_for_this_issuer_this_audience_and_this_moment() {
    let key = key("ES256", "one");
    let stage = Stage::new(&[&key]).await;
    let now = noon().as_second();
    let url = stage.issuer.url();
    let cases: [(&str, Value, Option<&str>); 30] = [
        ("iss", json!("https://issuer.example"), Some("another issuer's")),
        ("iss", json!(format!("{url}/")), Some("another issuer's")),
        ("iss", json!([url]), Some("another issuer's")),
        ("iss", Value::Null, Some("another issuer's")),
        ("aud", json!([AUDIENCE]), None),
        ("aud", json!(["other", AUDIENCE]), None),
        ("aud", json!("another"), None),
        ("aud", json!("api://rollcall2"), Some("another audience")),
        ("aud", json!("api://"), Some("another audience")),
        ("aud", json!(["other"]), Some("another audience")),
        ("aud", json!([]), Some("another audience")),
        ("aud", json!(""), Some("another audience")),
        ("aud", Value::Null, Some("another audience")),
        // Right at the edges of the 60 seconds that clocks may be apart.
        ("exp", json!(now - 59), None),
        ("exp", json!(now - 60), Some("has expired")),
        ("exp", json!(now as f64 - 58.5), None),
        ("exp", json!(-1), Some("has expired")),
        ("exp", json!(i64::MIN), Some("has expired")),
        ("exp", json!(i64::MAX), None),
        ("exp", json!(1e300), None),
        ("exp", json!((now + 60).to_string()), Some("claim exp")),
        ("exp", Value::Null, Some("claim exp")),
        ("nbf", json!(now + 60), None),
        ("nbf", json!(now + 61), Some("not valid yet")),
        ("nbf", json!("soon"), Some("claim nbf")),
        ("nbf", Value::Null, None),
        ("sub", json!("  "), Some("claim sub")),
        ("sub", json!(7), Some("claim sub")),
        ("sub", Value::Null, Some("claim sub")),
        ("token_use", json!("id"), Some("access token")),
    ];
    for (name, value, expected) in cases {
        let answer = stage.ask(&key.token(&stage.claims_with(name, value.clone())).unwrap()).await;
        match expected {
            None => drop(answer.opened()),
            Some(words) => {
                assert!(answer.refused().contains(words), "{name} = {value}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_expires_by_the_clock() {
    let key = key("ES256", "one");
    let stage = Stage::new(&[&key]).await;
    let token = key.token(&stage.claims()).unwrap();
    stage.ask(&token).await.opened();
    stage.wait(3600 + 59);
    stage.ask(&token).await.opened();
    stage.wait(1);
    assert!(stage.ask(&token).await.refused().contains("has expired"));
}

#[tokio::test]
async fn cognito_names_the_client_where_others_name_the_audience() {
    let key = key("RS256", "one");
    let stage = Stage::new(&[&key]).await;
    let mut claims = stage.claims_with("aud", Value::Null);
    claims["client_id"] = json!(AUDIENCE);
    claims["token_use"] = json!("access");
    claims["username"] = json!("nadia");
    let answer = stage.ask(&key.token(&claims).unwrap()).await.opened();
    assert_eq!(answer, json!({ "id": "nadia-1", "name": "nadia", "ownerOnly": false }));
    // With an audience it is the audience that counts.
    claims["aud"] = json!("other");
    assert!(stage.ask(&key.token(&claims).unwrap()).await.refused().contains("another audience"));
}

#[tokio::test]
async fn a_caller_is_known_by_the_id_that_stays_and_the_name_that_people_know() {
    let key = key("ES384", "one");
    let stage = Stage::new(&[&key]).await;
    let cases = [
        // Entra: a person, and a program.
        (
            json!({ "oid": "o", "sub": "s", "azp": "c", "preferred_username": "nadia@tessera.example" }),
            ["o", "nadia@tessera.example"],
        ),
        (json!({ "oid": "o", "sub": "o", "appid": "c", "app_displayname": "Exporter" }), ["o", "Exporter"]),
        // A person's token, and the program they used: the program is not who asks.
        (
            json!({ "sub": "s", "client_id": "c", "email": "nadia@tessera.example" }),
            ["s", "nadia@tessera.example"],
        ),
        (json!({ "sub": null, "client_id": "c" }), ["c", "c"]),
    ];
    for (told, [id, name]) in cases {
        let mut claims = stage.claims();
        claims.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        let answer = stage.ask(&key.token(&claims).unwrap()).await.opened();
        assert_eq!([&answer["id"], &answer["name"]], [id, name], "{told}");
    }
}

#[tokio::test]
async fn without_a_permission_only_what_the_caller_owns_is_there() {
    let key = key("EdDSA", "one");
    let stage = Stage::new(&[&key]).await;
    for scope in ["openid", "Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"] {
        let token = key.token(&stage.claims_with("scp", json!(scope))).unwrap();
        assert_eq!(stage.ask(&token).await.opened()["ownerOnly"], true, "{scope}");
    }
    let both = "Application.ReadWrite.OwnedBy ProvisioningLog.Read.All";
    let token = key.token(&stage.claims_with("scp", json!(both))).unwrap();
    assert_eq!(stage.ask(&token).await.opened()["ownerOnly"], false, "all of them wins");
}

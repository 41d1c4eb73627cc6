//! Hidden values: they reach the target, and show nowhere else.

use engine::model::{AttributeChange, Secret, TargetId, Value};
use engine::ports::{Target, TargetError, TargetErrorKind as Kind, TargetOperation};
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::super::convert::read;
use super::super::convert::write::{Lists, Unwritable};
use super::super::mask::Mask;
use super::server::{Reply, Server};
use super::{
    TOKEN, USER, attributes, bulk_target_at, create_body, execute, patch_body, paths, put_body, target_at,
    text,
};

const PASSWORD: &str = r#"h"u/nt<er>é 2"#;

fn secret(text: &str) -> Value {
    Value::Secret(Secret::new(text, &engine::ids::Key::new([7; 32])))
}

/// What is left of a secret after it was stored.
fn stored(text: &str) -> Value {
    serde_json::from_value(serde_json::to_value(secret(text)).unwrap()).unwrap()
}

fn creating(password: Value) -> TargetOperation {
    TargetOperation::Create(USER, attributes([("userName", text("anna")), ("password", password)]))
}

fn changing(old: Option<Value>, new: Value) -> TargetOperation {
    let change = AttributeChange { path: "password".into(), old, new: Some(new), adds: false };
    TargetOperation::Update(USER, TargetId::new("1"), vec![change])
}

/// Whether an error shows the password, in any spelling.
fn shows(error: &TargetError, password: &str) -> bool {
    let shown = format!("{error:?} {error} {}", serde_json::to_string(error).unwrap());
    let json = Json::from(password).to_string();
    [password, json.trim_matches('"')].iter().any(|spelling| shown.contains(spelling))
}

#[tokio::test]
async fn a_password_is_written_on_create_and_on_change() {
    let server = Server::start([Reply::json(201, &json!({ "id": "1" })), Reply::raw(204, "")]).await;
    let (target, _) = target_at(&server.url(), TOKEN);
    execute(&target, creating(secret(PASSWORD))).await.unwrap();
    execute(&target, changing(Some(stored("before")), secret(PASSWORD))).await.unwrap();
    assert_eq!(server.arrived()[0].json()["password"], PASSWORD);
    let expected = json!([{ "op": "replace", "path": "password", "value": PASSWORD }]);
    assert_eq!(server.arrived()[1].json()["Operations"], expected);
}

#[tokio::test]
async fn a_secret_that_lost_its_text_is_an_error_and_nothing_is_sent() {
    let server = Server::start([]).await;
    let (single, _) = target_at(&server.url(), TOKEN);
    let operations = [creating(stored("hunter2")), changing(None, stored("hunter2"))];
    for operation in operations.clone() {
        let error = execute(&single, operation).await.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidValue);
        assert!(error.summary.contains("'password' is hidden"), "{error}");
        assert!(!shows(&error, "hunter2"));
    }
    let (bulk, _) = bulk_target_at(&server.url(), TOKEN);
    assert!(bulk.execute(&operations).await.iter().all(Result::is_err));
    assert_eq!(server.lines(), Vec::<String>::new());
}

#[test]
fn a_lost_text_fails_in_whatever_holds_it_and_only_where_it_would_be_written() {
    let hidden = |path: &str, value: Value| create_body(&attributes([(path, value)])).unwrap_err();
    let nested = [
        ("password", stored("x")),
        ("roles", Value::List(vec![stored("x")])),
        ("roles", Value::List(vec![super::parts([("value", stored("x"))])])),
        ("urn:contoso:2.0:User:pin", Value::List(vec![stored("x")])),
    ];
    for (path, value) in nested {
        assert_eq!(hidden(path, value), Unwritable::Hidden(path.to_owned()));
    }
    let cleared = AttributeChange { path: "password".into(), old: Some(stored("x")), new: None, adds: false };
    let removal = patch_body(std::slice::from_ref(&cleared), Lists::ByPath).unwrap().unwrap();
    assert_eq!(removal["Operations"], json!([{ "op": "remove", "path": "password" }]));
    assert!(put_body(&serde_json::Map::new(), &[cleared]).is_ok());
}

#[test]
fn a_password_that_a_server_shows_is_not_read() {
    let user = serde_json::from_value(json!({ "id": "1", "password": "hunter2" })).unwrap();
    let held = read::target_object(&user, &read::paths(&paths(["password"])).unwrap()).unwrap();
    assert!(held.attributes.is_empty());
}

#[tokio::test]
async fn a_password_that_a_target_echoes_shows_in_no_error() {
    let quoted = json!({ "detail": format!("the password {PASSWORD:?} is too short"), "you sent": PASSWORD });
    let nested = json!({ "detail": json!({ "password": PASSWORD }).to_string() });
    let escaped = quoted.to_string().replace('/', "\\/").replace('é', "\\u00e9");
    let page =
        format!("<p>{}</p>", PASSWORD.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"));
    let echoes = [
        Reply::json(400, &quoted),
        Reply::json(422, &nested),
        Reply::raw(400, escaped),
        Reply::raw(400, PASSWORD),
        Reply::raw(200, page),
        Reply::json(200, &json!({ "password": PASSWORD })),
    ];
    let mut failed = 0;
    for echo in echoes {
        for operation in [creating(secret(PASSWORD)), changing(None, secret(PASSWORD))] {
            let server = Server::start([echo.clone()]).await;
            let (target, _) = target_at(&server.url(), TOKEN);
            if let Err(error) = execute(&target, operation).await {
                failed += 1;
                assert!(!shows(&error, PASSWORD), "{error:?}");
                assert!(format!("{error:?}").contains("[redacted]"), "{error:?}");
            }
        }
    }
    assert_eq!(failed, 11, "all but a change that succeeds, whatever its answer shows");
}

#[tokio::test]
async fn a_put_and_a_bulk_hide_what_they_write_too() {
    let echo = || Reply::json(400, &json!({ "detail": format!("bad: {PASSWORD}") }));
    let put = Server::start([Reply::raw(501, ""), Reply::json(200, &json!({ "id": "1" })), echo()]).await;
    let (target, _) = target_at(&put.url(), TOKEN);
    let error = execute(&target, changing(None, secret(PASSWORD))).await.unwrap_err();
    assert_eq!(error.request, "PUT /Users/1");
    assert!(!shows(&error, PASSWORD), "{error:?}");

    let sandbox = testkit::sandbox::Sandbox::start(testkit::sandbox::Settings::default()).await.unwrap();
    let (target, _) = bulk_target_at(&sandbox.base_url(), sandbox.token());
    // The sandbox names the user whom it refuses, and her name is part of what is hidden here.
    sandbox.set_faults(testkit::sandbox::Faults {
        poisoned_user: Some("anna-7c1e".into()),
        ..Default::default()
    });
    let hidden = TargetOperation::Create(USER, attributes([("userName", secret("anna-7c1e"))]));
    let plain = TargetOperation::Create(USER, attributes([("userName", text("bo"))]));
    let outcomes = target.execute(&[hidden, plain]).await;
    let error = outcomes[0].as_ref().unwrap_err();
    assert!(error.request.starts_with("POST /Bulk"), "{error:?}");
    assert!(!shows(error, "anna-7c1e") && error.summary.contains("[redacted]"), "{error:?}");
    assert!(outcomes[1].is_ok());
}

#[test]
fn a_mask_hides_the_longest_first_and_everything_around_a_very_short_one() {
    let mask = |passwords: &[&str]| {
        let operations: Vec<_> = passwords.iter().map(|password| creating(secret(password))).collect();
        Mask::new(SecretString::from(TOKEN)).with(&operations)
    };
    let cases: [(&[&str], &str, &str); 6] = [
        (&["hunter2"], "hunter2 and hunter2", "[redacted] and [redacted]"),
        (&["hunter", "hunter2"], "hunter2", "[redacted]"),
        (&["hunter2"], TOKEN, "[redacted]"),
        (&["a b"], "q=a%20b", "[redacted]"),
        (&["e"], "the letter", "[redacted]"),
        (&[""], "nothing to hide", "nothing to hide"),
    ];
    for (passwords, said, shown) in cases {
        assert_eq!(mask(passwords).apply(said), shown, "{passwords:?}");
    }
}

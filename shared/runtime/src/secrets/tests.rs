//! A stub of Secrets Manager answers here; `tests/it/functions` asks a server that others wrote.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::*;

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rollcall/ledgerly-a1B2c3";

/// A clock moved by hand.
struct Hand(Mutex<Timestamp>);

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, _: std::time::Duration) {}

    async fn tick(&self, _: std::time::Duration) {}
}

struct Stage {
    secrets: Secrets,
    clock: Arc<Hand>,
    asked: Arc<AtomicUsize>,
}

impl Stage {
    /// Secrets Manager as it answers with this status and body.
    async fn answering(status: u16, body: Value) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let stub = axum::Router::new().fallback(async move |headers: HeaderMap| {
            // The scope of the signature: the region of the secret, not of the process.
            let signed = headers["authorization"].to_str().unwrap();
            assert!(signed.contains("/eu-central-1/secretsmanager/"), "{signed}");
            counter.fetch_add(1, Ordering::Relaxed);
            (StatusCode::from_u16(status).unwrap(), body.to_string())
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        tokio::spawn(async { axum::serve(listener, stub).await });
        let clock = Arc::new(Hand(Mutex::new(Timestamp::UNIX_EPOCH)));
        Self { secrets: Secrets::with_client(clock.clone(), Client::from_conf(config)), clock, asked }
    }

    async fn holding(text: &str) -> Self {
        Self::answering(200, json!({ "ARN": ARN, "SecretString": text })).await
    }

    async fn refusing(code: &str) -> Self {
        Self::answering(400, json!({ "__type": code, "Message": "no" })).await
    }

    async fn ask(&self, behind: &str) -> Result<String, String> {
        let found = self.secrets.resolve(&format!("secretsmanager:{ARN}{behind}")).await;
        found.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn advance(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }
}

/// A resolver for references that do not lead to AWS.
fn offline() -> Secrets {
    Secrets::new(Arc::new(crate::clock::SystemClock))
}

#[tokio::test]
async fn a_file_reference_is_read_without_its_trailing_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "s3cret\n").unwrap();
    let secret = offline().resolve(&format!("file:{}", path.display())).await.unwrap();
    assert_eq!(secret.expose_secret(), "s3cret");
    assert!(!format!("{secret:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_cannot_be_resolved_names_its_reference_and_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let cases = [
        ("env:ROLLCALL_NO_SUCH_VARIABLE".to_owned(), "is not set"),
        ("file:/no/such/file".to_owned(), "/no/such/file"),
        (format!("file:{}", empty.display()), "is empty"),
        ("hunter2".to_owned(), "env:NAME, file:PATH or secretsmanager:ARN"),
    ];
    for (reference, expected) in cases {
        let error = offline().resolve(&reference).await.unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(&reference), "{error} should contain {expected}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_five_minutes_and_then_asked_for_again() {
    let stage = Stage::holding("s3cret\n").await;
    assert_eq!(stage.ask("").await.unwrap(), "s3cret");
    stage.advance(299);
    assert_eq!(stage.ask("").await.unwrap(), "s3cret");
    assert_eq!(stage.asked(), 1);
    stage.advance(1);
    assert_eq!(stage.ask("").await.unwrap(), "s3cret");
    assert_eq!(stage.asked(), 2);
}

#[tokio::test]
async fn what_was_put_away_for_an_application_goes_with_it_and_nothing_else_does() {
    let app = "0192d3a0-5b7e-7cc3-98c4-dc0c0c07398f";
    let folder = tempfile::tempdir().unwrap();
    for owner in [app, "another"] {
        std::fs::create_dir(folder.path().join(owner)).unwrap();
        std::fs::write(folder.path().join(owner).join("SecretToken"), "s3cret").unwrap();
    }
    let file = |owner: &str| folder.path().join(owner).join("SecretToken").display().to_string();
    let secret =
        |name: &str| format!("secretsmanager:arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}");
    for (reference, asked) in [
        (format!("file:{}", file(app)), 0),
        // Once more, or cut the first time.
        (format!("file:{}", file(app)), 0),
        (format!("file:{}", file("another")), 0),
        (secret(&format!("prod/{app}/SecretToken-a1B2c3")), 1),
        (secret(&format!("prod-{app}/SecretToken-a1B2c3")), 1),
        (secret("prod/another/SecretToken-a1B2c3"), 0),
        (secret(&format!("prod/{app}-a1B2c3")), 0),
        ("env:TOKEN".to_owned(), 0),
        ("https://app.example".to_owned(), 0),
        ("people.csv".to_owned(), 0),
    ] {
        let stage = Stage::answering(200, json!({ "ARN": ARN })).await;
        stage.secrets.forget(&reference, app).await.unwrap();
        assert_eq!(stage.asked(), asked, "{reference}");
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["another"]);
}

#[tokio::test]
async fn a_secret_that_may_still_be_there_is_told_with_the_cure() {
    let owner = "rollcall";
    for (code, cure) in [
        ("ResourceNotFoundException", None),
        ("InvalidRequestException", None),
        ("AccessDeniedException", Some("allow secretsmanager:DeleteSecret")),
        ("InvalidParameterException", Some("answers InvalidParameterException: no")),
    ] {
        let stage = Stage::refusing(code).await;
        let told = stage
            .secrets
            .forget(&format!("secretsmanager:{ARN}"), owner)
            .await
            .map_err(|error| error.to_string());
        let is = match cure {
            None => told == Ok(()),
            Some(cure) => told.as_ref().is_err_and(|told| told.contains(cure) && told.contains(ARN)),
        };
        assert!(is, "{code}: {told:?}");
    }
}

#[tokio::test]
async fn one_document_yields_each_of_its_values() {
    let stage = Stage::holding(r#"{ "token": "s3cret", "port": 443 }"#).await;
    assert_eq!(stage.ask("#token").await.unwrap(), "s3cret");
    assert_eq!(stage.ask("#*").await.unwrap(), r#"{ "token": "s3cret", "port": 443 }"#);
    let cases =
        [("", "#NAME behind the ARN"), ("#port", "'port' is not text"), ("#Token", "no value 'Token'")];
    for (behind, expected) in cases {
        let error = stage.ask(behind).await.unwrap_err();
        assert!(error.contains(expected) && !error.contains("s3cret"), "{error} should contain {expected}");
    }
    assert_eq!(stage.asked(), 1, "one document is asked for once");
}

#[tokio::test]
async fn a_name_behind_a_plain_secret_is_a_mistake() {
    let error = Stage::holding("s3cret").await.ask("#token").await.unwrap_err();
    assert!(error.contains("leave #token away") && !error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_is_not_kept() {
    let cases = [
        ("ResourceNotFoundException", "no such secret"),
        ("AccessDeniedException", "SecretPrefix"),
        ("DecryptionFailure", "kms:Decrypt"),
        ("InvalidRequestException", "scheduled for deletion"),
        ("InvalidParameterException", "InvalidParameterException: no"),
    ];
    for (code, expected) in cases {
        let stage = Stage::refusing(code).await;
        let error = stage.ask("").await.unwrap_err();
        assert!(error.contains(expected) && error.contains(ARN), "{error} should contain {expected}");
        assert!(stage.ask("").await.is_err());
        assert_eq!(stage.asked(), 2, "{code}");
    }
}

#[tokio::test]
async fn a_binary_secret_is_refused() {
    let stage = Stage::answering(200, json!({ "ARN": ARN, "SecretBinary": "AAEC" })).await;
    let error = stage.ask("").await.unwrap_err();
    assert!(error.contains("store it as text"), "{error}");
}

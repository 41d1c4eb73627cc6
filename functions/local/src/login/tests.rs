//! Logins at an issuer on loopback. The time stands still but for what the work waits for.

use secrecy::ExposeSecret as _;
use serde_json::Value;
use testkit::issuer::Issuer as Imitation;
use testkit::time::TestClock;

use super::*;

fn clock() -> TestClock {
    TestClock::at("2026-03-01T08:00:00Z".parse().unwrap())
}

fn granted(token: &str) -> (u16, Value) {
    let refresh = format!("refresh-{token}");
    (
        200,
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh }),
    )
}

fn refusal(error: &str) -> (u16, Value) {
    (400, json!({ "error": error }))
}

fn wish() -> Wish {
    Wish {
        client_id: "rollcall-cli".to_owned(),
        scope: Some("read offline_access".to_owned()),
        audience: Some("https://api.tessera.example".to_owned()),
    }
}

async fn log_in(imitation: &Imitation, clock: &TestClock) -> anyhow::Result<device::Tokens> {
    let issuer = Issuer::discover(imitation.url()).await?;
    issuer.log_in(&wish(), clock, |_| Ok(())).await
}

#[tokio::test]
async fn a_login_waits_until_the_code_was_entered_and_longer_when_it_is_told_to() {
    let imitation = Imitation::start(&[]).await.unwrap();
    let pending = refusal("authorization_pending");
    imitation.answer_for_tokens([pending.clone(), refusal("slow_down"), pending, granted("access")]);
    let (clock, began) = (clock(), clock().now());
    let issuer = Issuer::discover(imitation.url()).await.unwrap();
    let mut shown = Vec::new();

    let show = |code: &Code| {
        shown.extend([code.code.clone(), code.address.clone(), code.complete.clone().unwrap()]);
        Ok(())
    };
    let given = issuer.log_in(&wish(), &clock, show).await.unwrap();

    let enter = format!("{}/enter", imitation.url());
    assert_eq!(shown, ["WDJB-MJHT".to_owned(), enter.clone(), format!("{enter}?user_code=WDJB-MJHT")]);
    assert_eq!(given.access.expose_secret(), "access");
    // The issuer's own pause is none; after slow_down it is five seconds, twice.
    assert_eq!(clock.now().duration_since(began).as_secs(), 10);
    assert_eq!(given.expires.unwrap().duration_since(clock.now()).as_secs(), 3_600);
    let forms = imitation.forms();
    assert_eq!(forms.len(), 5);
    let of = |form: usize, name: &str| forms[form].get(name).cloned().unwrap_or_default();
    assert_eq!([of(0, "client_id"), of(0, "scope")], ["rollcall-cli", "read offline_access"]);
    assert_eq!(of(0, "audience"), "https://api.tessera.example");
    assert_eq!([of(1, "client_id"), of(1, "device_code")], ["rollcall-cli", "the-device's-own"]);
    assert_eq!(of(1, "grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
}

#[tokio::test]
async fn a_login_that_comes_to_nothing_says_why() {
    let strange = (200, json!({ "access_token": "a-secret", "token_type": 7 }));
    let described = (400, json!({ "error": "invalid_client", "error_description": "no\u{1b} such client" }));
    let cases = [
        (refusal("access_denied"), "the login was refused there"),
        (refusal("authorization_declined"), "the login was refused there"),
        (refusal("expired_token"), "nobody entered the code in time"),
        (refusal("unauthorized_client"), "does not let this client"),
        (described, "it says invalid_client (no such client)"),
        (strange, "something else than OAuth 2.0's words"),
    ];
    for (answer, expected) in cases {
        let imitation = Imitation::start(&[]).await.unwrap();
        imitation.answer_for_tokens([answer]);
        let problem = log_in(&imitation, &clock()).await.err().unwrap().to_string();
        assert!(problem.contains(expected) && problem.contains(imitation.url()), "{problem}");
        assert!(!problem.contains("a-secret"), "{problem}");
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_used_is_refused_with_the_cure() {
    let imitation = Imitation::start(&[]).await.unwrap();
    let (url, token) = (imitation.url().to_owned(), format!("{}/token", imitation.url()));
    let cases = [
        (json!({ "issuer": url, "token_endpoint": token }), "ROLLCALL_TOKEN"),
        (
            json!({ "issuer": "https://other.example", "token_endpoint": token }),
            "calls itself https://other.example",
        ),
        (json!({ "issuer": url, "token_endpoint": "http://other.example/token" }), "no https addresses"),
        (json!({ "issuer": url }), "not OpenID Connect's"),
    ];
    for (description, expected) in cases {
        imitation.describe(description);
        let problem = log_in(&imitation, &clock()).await.err().unwrap();
        assert!(problem.is::<Refusal>() && problem.to_string().contains(expected), "{problem}");
    }
    imitation.set_down(true);
    assert!(log_in(&imitation, &clock()).await.err().unwrap().to_string().contains("503"));
    for insecure in ["http://login.tessera.example", "login.tessera.example", ""] {
        let problem = Issuer::discover(insecure).await.err().unwrap().to_string();
        assert!(problem.contains("is no https address"), "{insecure}: {problem}");
    }
}

/// A login of a minute's worth, saved.
struct Desk {
    _folder: tempfile::TempDir,
    place: Place,
    clock: Arc<TestClock>,
}

impl Desk {
    fn new(imitation: &Imitation, refresh: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::parse("https://api.tessera.example").unwrap();
        let place = Place::within(folder.path(), &address);
        let clock = Arc::new(clock());
        place
            .write(&Login {
                url: address.to_string(),
                issuer: imitation.url().to_owned(),
                client_id: "rollcall-cli".to_owned(),
                scope: None,
                audience: None,
                token_endpoint: format!("{}/token", imitation.url()),
                access_token: SecretString::from("first"),
                refresh_token: refresh.map(SecretString::from),
                expires: Some(clock.now() + jiff::SignedDuration::from_hours(1)),
            })
            .unwrap();
        Self { _folder: folder, place, clock }
    }

    fn tokens(&self) -> Tokens {
        Tokens { source: Source::saved(self.place.clone()).unwrap(), clock: self.clock.clone() }
    }
}

async fn shown(tokens: &Tokens) -> String {
    tokens.bearer().await.unwrap().unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_once_for_all_commands() {
    let imitation = Imitation::start(&[]).await.unwrap();
    imitation.answer_for_tokens([granted("second")]);
    let desk = Desk::new(&imitation, Some("refresh-first"));
    let (one, other) = (desk.tokens(), desk.tokens());
    assert_eq!(shown(&one).await, "first");
    desk.clock.advance(jiff::SignedDuration::from_mins(59));

    assert_eq!(shown(&one).await, "second");
    assert_eq!(shown(&one).await, "second");
    assert_eq!(shown(&other).await, "second", "it finds what the first one got");

    let forms = imitation.forms();
    assert_eq!((forms.len(), forms[0]["refresh_token"].as_str()), (1, "refresh-first"));
    assert_eq!(
        (forms[0]["grant_type"].as_str(), forms[0]["client_id"].as_str()),
        ("refresh_token", "rollcall-cli")
    );
    let kept = desk.place.read().unwrap().unwrap();
    assert_eq!(kept.refresh_token.unwrap().expose_secret(), "refresh-second");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(desk.place.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "only its owner reads it");
    }
}

#[tokio::test]
async fn an_issuer_that_gives_no_other_refresh_token_goes_on_with_the_one_it_gave() {
    let imitation = Imitation::start(&[]).await.unwrap();
    imitation.answer_for_tokens([(200, json!({ "access_token": "second", "token_type": "bearer" }))]);
    let desk = Desk::new(&imitation, Some("for-good"));
    desk.clock.advance(jiff::SignedDuration::from_hours(2));
    assert_eq!(shown(&desk.tokens()).await, "second");
    assert_eq!(desk.place.read().unwrap().unwrap().refresh_token.unwrap().expose_secret(), "for-good");
}

#[tokio::test]
async fn a_login_that_has_ended_says_how_to_log_in_again() {
    let imitation = Imitation::start(&[]).await.unwrap();
    imitation.answer_for_tokens([refusal("invalid_grant"), (503, json!("down"))]);
    let again = "log in again with: rollcall login --url https://api.tessera.example";
    let cases = [
        (Some("taken-back"), "it does not go on from this login", true),
        (Some("kept"), "the login cannot be renewed", false),
        (None, "has ended", true),
    ];
    for (refresh, expected, ended) in cases {
        let desk = Desk::new(&imitation, refresh);
        desk.clock.advance(jiff::SignedDuration::from_hours(2));
        let problem = desk.tokens().bearer().await.unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
        assert_eq!(problem.contains(again), ended, "{problem}");
    }
}

#[test]
fn a_file_that_is_no_login_is_named_and_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::within(folder.path(), &Address::parse("https://a.example").unwrap());
    std::fs::write(place.path(), r#"{"accessToken":"a-secret"}"#).unwrap();
    let problem = place.read().unwrap_err().to_string();
    assert!(problem.contains("holds no login") && !problem.contains("a-secret"), "{problem}");
}

#[test]
fn a_token_is_one_word() {
    for (text, expected) in [("abc.def\n", Some("abc.def")), ("", None), ("two words", None), ("tökén", None)]
    {
        let token = shown_in_a_header(VARIABLE, text).ok();
        assert_eq!(token.as_ref().map(SecretString::expose_secret), expected, "{text}");
    }
}

#[test]
fn a_login_without_a_word_about_the_issuer_is_the_last_one_again() {
    let given = |issuer: Option<&str>, client: Option<&str>| cli::Login {
        issuer: issuer.map(ToOwned::to_owned),
        client_id: client.map(ToOwned::to_owned),
        scope: None,
        audience: None,
    };
    let last = Login {
        url: "https://api.tessera.example".to_owned(),
        issuer: "https://login.tessera.example".to_owned(),
        client_id: "c".to_owned(),
        scope: Some("s".to_owned()),
        audience: None,
        token_endpoint: "https://login.tessera.example/token".to_owned(),
        access_token: SecretString::from("a"),
        refresh_token: None,
        expires: None,
    };
    let (issuer, again) = wish_of(&given(None, None), Some(&last)).unwrap();
    assert_eq!(
        (issuer, again.client_id, again.scope),
        (last.issuer.clone(), "c".to_owned(), Some("s".to_owned()))
    );
    let other = given(Some("https://other.example"), Some("d"));
    assert_eq!(wish_of(&other, Some(&last)).unwrap().1.scope, None, "another issuer has other scopes");
    for lacking in [given(None, None), given(Some("https://other.example"), None), given(None, Some("d"))] {
        assert!(wish_of(&lacking, None).is_err());
    }
    assert!(wish_of(&given(Some("https://other.example"), None), Some(&last)).is_err());
}

//! Signing in to the console at an issuer, and who sees what then.

use std::collections::BTreeMap;

use api::Access;
use api::access::{Roles, Verifier};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, Response, StatusCode};
use jiff::SignedDuration;
use query::http::router;
use serde_json::{Value, json};
use testkit::issuer::{Issuer, SigningKey};
use tower::ServiceExt as _;
use url::Url;
use webconsole::Console;

use crate::stage::{APPLICATION, Stage, in_trouble, noon};

/// The console of a stage, behind an issuer.
pub(crate) struct Cloud {
    pub(crate) stage: Stage,
    issuer: Issuer,
    key: SigningKey,
    pub(crate) router: Router,
}

/// A browser: it keeps cookies, and follows nothing by itself.
pub(crate) struct Browser<'a> {
    cloud: &'a Cloud,
    cookies: BTreeMap<String, String>,
}

/// What a browser was answered.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    location: Option<String>,
    pub(crate) text: String,
}

impl Cloud {
    pub(crate) async fn new() -> Self {
        let key = SigningKey::new("ES256", "one").unwrap();
        let issuer = Issuer::start(&[&key]).await.unwrap();
        let stage = Stage::new().await;
        stage.working(in_trouble).await;
        let audience = vec!["rollcall".to_owned()];
        let verifier = Verifier::new(issuer.url(), audience, Roles::default(), stage.clock.clone()).unwrap();
        let access = Access::tokens(verifier);
        let api = router(stage.store.clone(), stage.settings(access.clone()));
        let client =
            webconsole::Issuer::new(issuer.url(), "console", "openid rollcall/Synchronization.Read.All");
        let console = Console::new(api.clone(), access, client, &[7; 32], stage.clock.clone());
        let router = webconsole::pages(console).fallback_service(api);
        Self { stage, issuer, key, router }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { cloud: self, cookies: BTreeMap::new() }
    }

    /// What the issuer gives for the next code: an access token with these claims besides the usual ones.
    pub(crate) fn lets_in(&self, claims: &Value) {
        let end = noon().as_second() + 3600;
        let mut all = json!({ "iss": self.issuer.url(), "aud": "rollcall", "sub": "ada", "exp": end });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let token = self.key.token(&all).unwrap();
        self.issuer.answer_for_tokens([(200, json!({ "access_token": token, "token_type": "Bearer" }))]);
    }
}

impl Browser<'_> {
    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    async fn post(&mut self, path: &str, form: &str) -> Page {
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form.to_owned())).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header("host", "rollcall.example")
            .header("x-forwarded-proto", "https")
            .header(COOKIE, cookies.join("; "));
        let response = self.cloud.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        self.keep(&response);
        assert!(
            response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'")
        );
        let (status, headers) = (response.status(), response.headers().clone());
        let location = headers.get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let text = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Page { status, location, text: String::from_utf8(text.to_vec()).unwrap() }
    }

    fn keep(&mut self, response: &Response<Body>) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }

    /// Asks for a page signed out, goes to the issuer, and comes back with its code; where that leads.
    pub(crate) async fn sign_in(&mut self, page: &str) -> Page {
        let led = self.get(page).await.location.unwrap();
        assert!(led.starts_with("/sign-in?to="), "{led}");
        let issuers = self.get(&led).await.location.unwrap();
        let state = asked(&issuers)["state"].clone();
        self.get(&format!("/sign-in/back?code=c0de&state={state}")).await
    }
}

/// What the browser asks of the issuer.
fn asked(url: &str) -> BTreeMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

pub(crate) fn page() -> String {
    format!("/applications/{APPLICATION}")
}

const READER: &[&str] = &["Reports Reader"];

#[tokio::test]
async fn whoever_is_signed_out_signs_in_and_comes_back_to_the_very_page() {
    let cloud = Cloud::new().await;
    cloud.lets_in(&json!({ "roles": READER, "preferred_username": "ada@example.com" }));
    let mut browser = cloud.browser();
    let asked_for = format!("{}?x=1&y=a%20b", page());
    let led = browser.get(&asked_for).await.location.unwrap();
    let issuers = browser.get(&led).await.location.unwrap();
    assert!(issuers.starts_with(&format!("{}/authorize?", cloud.issuer.url())), "{issuers}");
    let asked = asked(&issuers);
    let expected = [
        ("response_type", "code"),
        ("client_id", "console"),
        ("scope", "openid rollcall/Synchronization.Read.All"),
        ("redirect_uri", "https://rollcall.example/sign-in/back"),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in expected {
        assert_eq!(asked[name], value);
    }
    let back = browser.get(&format!("/sign-in/back?code=c0de&state={}", asked["state"])).await;
    assert_eq!(back.location.as_deref(), Some(asked_for.as_str()), "{}", back.text);
    let form = &cloud.issuer.forms()[0];
    assert_eq!((form["code"].as_str(), form["client_id"].as_str()), ("c0de", "console"));
    assert_eq!(form["redirect_uri"], "https://rollcall.example/sign-in/back");
    assert!(form["code_verifier"].len() >= 43 && form["code_verifier"] != asked["code_challenge"]);

    let shown = browser.get(&asked_for).await;
    assert_eq!(shown.status, StatusCode::OK);
    for text in
        ["ada@example.com", "In quarantine", "the app answered 401 to GET /Users", "40 %: 40 of 100 objects"]
    {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
}

#[tokio::test]
async fn whoever_signs_in_without_a_role_reads_a_plain_refusal_and_an_owner_sees_what_is_theirs() {
    let cloud = Cloud::new().await;
    cloud.stage.owned_by("Payroll", "ada").await;
    cloud.lets_in(&json!({}));
    let mut browser = cloud.browser();
    let back = browser.sign_in(&page()).await;
    assert_eq!(back.location, Some(page()), "{}", back.text);
    let refused = browser.get(&page()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        refused.text.contains("You may not see this") && !refused.text.contains("quarantine"),
        "{}",
        refused.text
    );
    let all = browser.get("/").await;
    assert!(all.text.contains("Payroll") && !all.text.contains("Ledgerly"), "{}", all.text);
}

#[tokio::test]
async fn buttons_are_for_whoever_may_press_them() {
    let cloud = Cloud::new().await;
    cloud.stage.owned_by("Payroll", "ada").await;
    let (ledgerly, payroll) = (page(), "/applications/Payroll".to_owned());
    let administrator: &[&str] = &["Application Administrator"];
    for (roles, person, page, may) in [
        (READER, "eve", &ledgerly, false),
        (administrator, "eve", &ledgerly, true),
        // Who reads all may change what is theirs.
        (READER, "ada", &payroll, true),
        (READER, "ada", &ledgerly, false),
        (&[], "ada", &payroll, true),
    ] {
        cloud.lets_in(&json!({ "roles": roles, "sub": person }));
        let mut browser = cloud.browser();
        browser.sign_in("/").await;
        for below in ["", "/waiting", "/restart", "/provision", "/configuration", "/expression"] {
            let shown = browser.get(&format!("{page}{below}")).await;
            assert_eq!(shown.status, StatusCode::OK, "{person} {page}{below}");
            let buttons = shown.text.split("<main").nth(1).unwrap().contains("<button");
            // Nothing waits there: nobody decides.
            assert_eq!(buttons, may && below != "/waiting", "{roles:?} {person} {page}{below}");
        }
    }
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_by_signing_out() {
    let cloud = Cloud::new().await;
    cloud.lets_in(&json!({ "roles": READER }));
    let mut browser = cloud.browser();
    browser.sign_in("/").await;
    let shown = browser.get("/").await;
    let token = shown.text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();

    let foreign = browser.post("/sign-out", "form_token=somebody-elses").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "nobody was signed out");

    let mut other = Browser { cloud: &cloud, cookies: browser.cookies.clone() };
    assert_eq!(browser.post("/sign-out", &format!("form_token={token}")).await.status, StatusCode::OK);
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);

    assert_eq!(other.get("/").await.status, StatusCode::OK);
    cloud.stage.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(other.get("/").await.location.as_deref(), Some("/sign-in?to=%2F"));
}

#[tokio::test]
async fn nobody_is_signed_in_by_what_was_not_begun_in_this_browser() {
    let cloud = Cloud::new().await;
    cloud.lets_in(&json!({ "roles": READER }));
    let mut browser = cloud.browser();
    for path in ["/sign-in/back?code=c0de&state=theirs", "/sign-in/back?code=c0de", "/sign-in/back"] {
        assert_eq!(browser.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    browser.get("/sign-in").await;
    let theirs = browser.get("/sign-in/back?code=c0de&state=theirs").await;
    assert_eq!(theirs.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    assert!(cloud.issuer.forms().is_empty(), "no code was spent");
    // Nor by a token in an address: that is a laptop's way.
    assert!(browser.get("/sign-in?token=s3cret").await.location.unwrap().contains("/authorize?"));
}

#[tokio::test]
async fn what_the_issuer_refuses_is_told_and_nobody_is_signed_in() {
    let cloud = Cloud::new().await;
    let mut browser = cloud.browser();
    let issuers = browser.get("/sign-in?to=%2F").await.location.unwrap();
    let state = &asked(&issuers)["state"];
    let denied = browser.get(&format!("/sign-in/back?error=access_denied%3Cb%3E&state={state}")).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    assert!(denied.text.contains("it says access_denied&#60;b&#62;"), "{}", denied.text);

    cloud.issuer.answer_for_tokens([(400, json!({ "error": "invalid_grant" }))]);
    assert_eq!(browser.sign_in("/").await.status, StatusCode::BAD_GATEWAY);
    // A token for somebody else's API is none for this one.
    cloud.lets_in(&json!({ "roles": READER, "aud": "another" }));
    let other = browser.sign_in("/").await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);
    assert!(other.text.contains("the token is for another audience"), "{}", other.text);
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "nobody is signed in");
}

#[tokio::test]
async fn without_a_session_no_page_tells_anything() {
    let cloud = Cloud::new().await;
    for path in ["/", &page(), "/applications/none", "/?q=led"] {
        let answer = cloud.browser().get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.text.is_empty(), "{path}");
    }
}

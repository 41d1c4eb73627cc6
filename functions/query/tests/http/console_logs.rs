//! The console's provisioning log: what is looked for, a page at a time, a record in its tabs, a file.

use api::Access;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use engine::report::{ErrorInformation, ModifiedProperty, Outcome, ProvisioningRecord};
use query::http::router;
use tower::ServiceExt as _;
use webconsole::Console;

use crate::stage::{Stage, TOKEN, record};

/// What would run, or end an attribute, if anything were shown as it stands.
pub(crate) const PLANTED: &str = "\"'><script>alert(1)</script>&amp;<img src=x>";

/// A console over a stage, for whoever opened the start-up link.
pub(crate) struct Browser {
    router: Router,
    cookie: String,
    _stage: Stage,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) async fn over(stage: Stage) -> Self {
        let access = Access::local(TOKEN.into(), "nadia");
        let api = router(stage.store.clone(), stage.settings(access.clone()));
        let console = Console::local(api, access, &[7; 32], stage.clock.clone());
        let router = webconsole::pages(console);
        let link = Request::get(format!("/sign-in?token={TOKEN}")).body(Body::empty()).unwrap();
        let signed_in = router.clone().oneshot(link).await.unwrap();
        let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { router, cookie, _stage: stage }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        let request = Request::get(path).header(COOKIE, &self.cookie).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = to_bytes(response.into_body(), 16 << 20).await.unwrap();
        Page { status, headers, text: String::from_utf8_lossy(&text).into_owned() }
    }
}

impl Page {
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.text.contains(word), "{word}: {}", self.text);
        }
    }

    #[track_caller]
    pub(crate) fn keeps_quiet_about(&self, words: &[&str]) {
        for word in words {
            assert!(!self.text.contains(word), "{word}: {}", self.text);
        }
    }

    /// How many records are in the table.
    pub(crate) fn rows(&self) -> usize {
        self.text.matches("<th scope=\"row\">").count()
    }

    pub(crate) fn link(&self, words: &str) -> String {
        let before = self.text.split(words).next().unwrap();
        let link = before.rsplit("href=\"").next().unwrap().split('"').next().unwrap();
        link.replace("&#38;", "&").replace("&amp;", "&")
    }
}

/// Zoë's account was refused, in words that somebody planted.
fn refused() -> ProvisioningRecord {
    let mut zoe = record("zoe", "Zoë", 5, Outcome::Failure);
    zoe.source_identity.display_name = format!("Zoë {PLANTED}");
    zoe.service_principal.display_name = PLANTED.to_owned();
    zoe.provisioning_status_info.error_information = Some(ErrorInformation {
        error_code: "EntryConflict".to_owned(),
        error_category: "nonServiceFailure".to_owned(),
        reason: format!("The name is taken {PLANTED}"),
        additional_details: Some(PLANTED.to_owned()),
        recommended_action: Some("Change the clashing value.".to_owned()),
    });
    zoe.modified_properties = vec![ModifiedProperty {
        display_name: PLANTED.to_owned(),
        old_value: None,
        new_value: Some(PLANTED.to_owned()),
    }];
    zoe
}

#[tokio::test]
async fn an_administrator_finds_out_what_happened_to_somebody_and_why() {
    let stage = Stage::new().await;
    stage.log(&[record("ada", "Ada", 1, Outcome::Success), refused()]).await;
    let browser = Browser::over(stage).await;

    let all = browser.get("/logs").await;
    assert_eq!((all.status, all.rows()), (StatusCode::OK, 2));
    let failed = browser.get("/logs?status=failure&q=zo").await;
    assert_eq!(failed.rows(), 1);
    failed.says(&["Zoë", "The name is taken", "value=\"zo\"", "<option selected>failure</option>"]);

    let id = refused().id;
    let shown = browser.get(&format!("/logs/{id}")).await;
    shown.says(&["EntryConflict", "Change the clashing value.", "aria-current=\"page\">Troubleshooting"]);
    for (tab, words) in
        [("steps", "<h2>Steps</h2>"), ("properties", "nothing"), ("summary", "<code>zoe</code>")]
    {
        browser.get(&format!("/logs/{id}?tab={tab}")).await.says(&[words]);
    }
    let everything = browser.get(&shown.link("Everything that happened to them")).await;
    assert_eq!(everything.rows(), 1);
    assert_eq!(browser.get("/logs/00000000-0000-0000-0000-000000000000").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_out_of_a_directory_is_taken_for_html() {
    let stage = Stage::new().await;
    stage.log(&[refused()]).await;
    let browser = Browser::over(stage).await;
    let id = refused().id;
    let mut paths = vec![
        "/logs".to_owned(),
        "/logs?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&cycle=%22%3E%3Cimg%20src=x%3E".to_owned(),
    ];
    paths.extend(
        ["steps", "troubleshooting", "properties", "summary"].map(|tab| format!("/logs/{id}?tab={tab}")),
    );
    for path in paths {
        let page = browser.get(&path).await;
        page.keeps_quiet_about(&["<script>alert", "<img", "\"'>"]);
        assert!(page.text.len() < 50_000, "{path} has {} bytes", page.text.len());
    }
}

#[tokio::test]
async fn a_long_log_is_gone_through_page_by_page() {
    let stage = Stage::new().await;
    let records: Vec<_> =
        (0..120).map(|number| record(&format!("p{number:03}"), "Pat", number, Outcome::Success)).collect();
    stage.log(&records).await;
    let browser = Browser::over(stage).await;
    let mut page = browser.get("/logs?days=1").await;
    let mut rows = vec![page.rows()];
    while page.text.contains("Older records") {
        page = browser.get(&page.link("\" rel=\"next\">Older records")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        rows.push(page.rows());
    }
    assert_eq!(rows, [50, 50, 20]);
    page.says(&["p119", "Begin again"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_told_beside_the_form() {
    let browser = Browser::over(Stage::new().await).await;
    for (path, words) in [
        ("/logs?q=z", "at least two letters"),
        ("/logs?from=yesterday", "the first day is no date"),
        ("/logs?status=failed", "none of those offered"),
        ("/logs?token=x&since=2026-03-01T00:00:00Z", "role=\"alert\""),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{path}");
        page.says(&[words, "<form class=\"filter\""]);
    }
    let empty = browser.get("/logs?q=nobody").await;
    assert_eq!(empty.status, StatusCode::OK);
    empty.says(&["Nothing happened", "Look through 30 days"]);
}

#[tokio::test]
async fn what_is_looked_for_is_downloaded_as_a_file() {
    let stage = Stage::new().await;
    stage.log(&[record("ada", "Ada", 1, Outcome::Success), refused()]).await;
    let browser = Browser::over(stage).await;
    let page = browser.get("/logs?status=failure").await;
    let file = browser.get(&page.link("\">NDJSON")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text);
    assert!(file.headers[CONTENT_TYPE].to_str().unwrap().contains("ndjson"), "{:?}", file.headers);
    assert_eq!(file.text.lines().count(), 1);
    assert_eq!(browser.get("/logs/download?format=pdf").await.status, StatusCode::BAD_REQUEST);
}

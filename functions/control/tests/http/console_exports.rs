//! The console's form that asks for a file of the log.

use api::Access;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use store::OperationStatus;
use tower::ServiceExt as _;
use uuid::Uuid;
use webconsole::Console;

use crate::stage::{Stage, TOKEN};

/// A browser that is signed in, and has a page with a form before it.
struct Browser {
    router: Router,
    cookie: String,
    form_token: String,
}

impl Browser {
    async fn over(stage: &Stage) -> Self {
        let access = Access::local(TOKEN.into(), "nadia");
        let api = stage.router(access.clone());
        let console = Console::local(api, access, &[7; 32], stage.context.clock.clone());
        let router = webconsole::pages(console.clone()).merge(webconsole::forms(console));
        let link = Request::get(format!("/sign-in?token={TOKEN}")).body(Body::empty()).unwrap();
        let signed_in = router.clone().oneshot(link).await.unwrap();
        let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = Request::get("/").header(COOKIE, &cookie).body(Body::empty()).unwrap();
        let page = router.clone().oneshot(page).await.unwrap();
        let text = String::from_utf8(to_bytes(page.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        let form_token = text.split("name=\"form_token\" value=\"").nth(1).unwrap();
        Self { router, cookie, form_token: form_token.split('"').next().unwrap().to_owned() }
    }

    /// Sends the form: the status, where it leads, and what is told.
    async fn send(&self, path: &str, form_token: &str) -> (StatusCode, Option<String>, String) {
        let request = Request::post(path)
            .header(COOKIE, &self.cookie)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("form_token={form_token}")));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let place = headers.get(LOCATION).map(|place| place.to_str().unwrap().to_owned());
        (status, place, String::from_utf8_lossy(&text).into_owned())
    }
}

/// The search of a page: its times are those between which it looked.
const SEARCH: &str = "q=nadia&since=2026-03-01T00:00:00Z&until=2026-03-03T00:00:00Z";

#[tokio::test]
async fn a_form_begins_an_export_of_what_is_looked_for() {
    let stage = Stage::new().await;
    stage.ledgerly().await;
    stage.cycle("Ledgerly").await;
    let browser = Browser::over(&stage).await;
    for (search, records) in [(SEARCH, 1), (&SEARCH[8..], 2), ("status=failure&days=1", 0)] {
        let (status, place, text) =
            browser.send(&format!("/forms/exports/ndjson?{search}"), &browser.form_token).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{search}: {text}");
        let id: Uuid = place.unwrap().strip_prefix("/exports/").unwrap().parse().unwrap();
        let export = stage.context.store.operation(id, stage.context.clock.now()).await.unwrap().unwrap();
        assert_eq!((export.kind.as_str(), export.status), ("export", OperationStatus::Succeeded));
        assert_eq!(export.answer.unwrap()["records"], records, "{search}");
        assert!(stage.context.exports.path(id, logs::Format::Ndjson).unwrap().exists());
    }
}

#[tokio::test]
async fn a_form_that_is_not_ours_or_not_understood_begins_nothing() {
    let stage = Stage::new().await;
    let browser = Browser::over(&stage).await;
    let csv = format!("/forms/exports/csv?{SEARCH}");
    let (status, _, text) = browser.send(&csv, "somebody-elses").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
    for (path, words) in [
        ("/forms/exports/csv?staus=failure", "unknown field"),
        ("/forms/exports/csv?status=failed", "none of those offered"),
        ("/forms/exports/pdf", "no format"),
    ] {
        let (status, _, text) = browser.send(path, &browser.form_token).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {text}");
        assert!(text.contains(words), "{path}: {text}");
    }
    let stranger = Browser { cookie: String::new(), ..browser };
    let (status, place, _) = stranger.send(&csv, &stranger.form_token).await;
    assert_eq!((status, place.as_deref()), (StatusCode::SEE_OTHER, Some("/sign-in?to=%2F")));
    assert_eq!(stage.audits().await.len(), 0);
}

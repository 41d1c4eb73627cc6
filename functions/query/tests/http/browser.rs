//! A console on a laptop, and a browser that shows it.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::Access;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::middleware::map_request;
use query::http::router;
use tower::ServiceExt as _;
use webconsole::Console;

use crate::stage::{Stage, TOKEN};

/// What would run, or end an attribute, if anything were shown as it stands.
pub(crate) const PLANTED: &str = "\"'><script>alert(1)</script>&amp;<img src=x>";

/// A console over a stage, for whoever opened the start-up link.
pub(crate) struct Browser {
    router: Router,
    cookie: String,
    asked: Arc<AtomicUsize>,
    pub(crate) stage: Stage,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) async fn over(stage: Stage) -> Self {
        let access = Access::local(TOKEN.into(), "nadia");
        let asked = Arc::new(AtomicUsize::new(0));
        let api = router(stage.store.clone(), stage.settings(access.clone()));
        let counted = asked.clone();
        let api = api.layer(map_request(move |request: Request<Body>| {
            counted.fetch_add(1, Ordering::Relaxed);
            ready(request)
        }));
        let console = Console::local(api, access, &[7; 32], stage.clock.clone());
        let router = webconsole::pages(console);
        let link = Request::get(format!("/sign-in?token={TOKEN}")).body(Body::empty()).unwrap();
        let signed_in = router.clone().oneshot(link).await.unwrap();
        let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { router, cookie, asked, stage }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        let request = Request::get(path).header(COOKIE, &self.cookie).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = to_bytes(response.into_body(), 16 << 20).await.unwrap();
        Page { status, headers, text: String::from_utf8_lossy(&text).into_owned() }
    }
}

impl Browser {
    /// How often the API was asked since the last look.
    pub(crate) fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
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

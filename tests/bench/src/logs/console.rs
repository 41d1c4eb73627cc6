//! The console over tables, in this process, as a browser meets it that signed in.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, ensure};
use api::Access;
use api::token::{KEY, Signer};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::middleware::{Next, from_fn};
use axum::{Router, response::Response};
use engine::ports::Clock;
use jiff::Timestamp;
use logs::exports::Exports;
use query::http::{Settings, router};
use store::DynamoStore;
use testkit::time::TestClock;
use tower::ServiceExt as _;
use webconsole::Console;

/// What opens the console. It is reached by nobody but this process.
const TOKEN: &str = "bench";

/// The largest page that is read.
const LARGEST: usize = 64 << 20;

/// A browser, and the console that it looks at.
pub(super) struct Browser {
    pages: Router,
    cookie: String,
    /// Requests to the API.
    asked: Arc<AtomicU64>,
}

impl Browser {
    /// Signs in to the console over a store, at a time at which the log's records are new.
    pub(super) async fn open(store: DynamoStore, now: Timestamp, exports: &Path) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(now));
        let access = Access::local(TOKEN.into(), "bench");
        let settings = Settings {
            access: access.clone(),
            clock: clock.clone(),
            signer: Signer::new(&[7; KEY]),
            limited: false,
            exports: Exports::Folder(exports.to_owned()),
        };
        let asked = Arc::<AtomicU64>::default();
        let counted = asked.clone();
        let count = from_fn(move |request: Request, next: Next| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move { next.run(request).await }
        });
        let api = router(store, settings).layer(count);
        let pages = webconsole::pages(Console::local(api, access, &[7; 32], clock));
        let link = Request::get(format!("/sign-in?token={TOKEN}")).body(Body::empty())?;
        let Ok(signed_in) = pages.clone().oneshot(link).await;
        let cookie = cookie(&signed_in).context("the console lets nobody in")?;
        Ok(Self { pages, cookie, asked })
    }

    /// The page at an address.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<String> {
        let request = Request::get(path).header(COOKIE, &self.cookie).body(Body::empty())?;
        let Ok(response) = self.pages.clone().oneshot(request).await;
        let status = response.status();
        let text = String::from_utf8(to_bytes(response.into_body(), LARGEST).await?.to_vec())?;
        ensure!(status == StatusCode::OK, "{path} is answered {status}: {text}");
        Ok(text)
    }

    /// Requests to the API since this was asked last.
    pub(super) fn asked(&self) -> u64 {
        self.asked.swap(0, Ordering::Relaxed)
    }
}

fn cookie(response: &Response) -> Option<String> {
    let cookie = response.headers().get(SET_COOKIE)?.to_str().ok()?;
    Some(cookie.split(';').next()?.to_owned())
}

//! Style, script and icon, each one request, kept by the browser.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

/// The addresses carry the program's version: a new one is asked for anew.
pub(crate) const STYLE: &str = concat!("/console-", env!("CARGO_PKG_VERSION"), ".css");
pub(crate) const SCRIPT: &str = concat!("/console-", env!("CARGO_PKG_VERSION"), ".js");

pub(crate) const ICON: &str = concat!("/console-", env!("CARGO_PKG_VERSION"), ".svg");

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(STYLE, get(async || file("text/css; charset=utf-8", include_str!("../assets/console.css"))))
        .route(
            SCRIPT,
            get(async || file("text/javascript; charset=utf-8", include_str!("../assets/console.js"))),
        )
        .route(ICON, get(async || file("image/svg+xml", include_str!("../assets/console.svg"))))
}

/// An hour: short enough for who builds their own without a new version.
fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "private, max-age=3600")], text)
}

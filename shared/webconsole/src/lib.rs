//! The administrator's web console: pages made on the server, over the HTTPS API.
//!
//! ```text
//!  browser ─▶ pages ─▶ the API's reading routes     in the same process, for whoever signed in
//!          ─▶ forms ─▶ the API's changing routes    the same; then back to the page
//! ```
//!
//! In: a request of a browser. Out: HTML that works without JavaScript. The console is a client of the API, as a script is:
//! it shows and does nothing that the API would not show and do, for the same person, with the same refusals.
//!
//! # Promises
//! * Nothing is shown to whoever did not sign in; whoever signed in without a role reads a plain refusal.
//! * Whatever stands in a directory is text: templates escape it, and the content security policy runs no script but ours.
//! * No request leaves for anybody else's server; no style, script or picture is inline.

mod asking;
mod assets;
mod forms;
mod pages;
mod session;
mod sign_in;
mod times;

use std::sync::Arc;

use api::Access;
use axum::Router;
use axum_extra::extract::cookie::Key;
use engine::ports::Clock;

pub use self::forms::forms;
pub use self::pages::pages;

use self::asking::Api;
use self::session::Cookies;

/// What the console needs.
#[derive(Clone)]
pub struct Console {
    api: Api,
    access: Access,
    cookies: Cookies,
    clock: Arc<dyn Clock>,
}

impl Console {
    /// Over these routes of the API. `key` seals cookies: all processes that answer for one stack have the same. `secure`:
    /// whether the browser speaks TLS to us, as everywhere but on loopback.
    #[must_use]
    pub fn new(api: Router, access: Access, key: &[u8; 32], secure: bool, clock: Arc<dyn Clock>) -> Self {
        let cookies = Cookies { key: Key::derive_from(key), secure };
        Self { api: Api(api), access, cookies, clock }
    }
}

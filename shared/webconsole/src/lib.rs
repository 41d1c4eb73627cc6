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
use sha2::{Digest as _, Sha256};

pub use self::forms::forms;
pub use self::pages::pages;
pub use self::sign_in::Issuer;

use self::asking::Api;
use self::session::Cookies;

/// What the console needs.
#[derive(Clone)]
pub struct Console {
    api: Api,
    access: Access,
    cookies: Cookies,
    /// Where people sign in; on a laptop nowhere, but by the link that is printed.
    issuer: Option<Arc<Issuer>>,
    files: Files,
    clock: Arc<dyn Clock>,
}

/// How files of the log come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    /// Written while they are sent.
    Streamed,
    /// Asked for, and fetched once they are written: a function's answer ends at 6 MB.
    Exported,
}

impl Console {
    /// On loopback, over these routes of the API, for whoever has the token that opens them.
    #[must_use]
    pub fn local(api: Router, access: Access, key: &[u8; 32], clock: Arc<dyn Clock>) -> Self {
        let cookies = Cookies { key: cookie_key(key), secure: false };
        Self { api: Api(api), access, cookies, issuer: None, files: Files::Streamed, clock }
    }

    /// Over these routes of the API, for people who sign in at an issuer. `key` is the stack's: whatever answers for it has
    /// the same.
    #[must_use]
    pub fn new(api: Router, access: Access, issuer: Issuer, key: &[u8; 32], clock: Arc<dyn Clock>) -> Self {
        let cookies = Cookies { key: cookie_key(key), secure: true };
        let issuer = Some(Arc::new(issuer));
        Self { api: Api(api), access, cookies, issuer, files: Files::Exported, clock }
    }
}

/// A key for cookies alone: what is sealed with it is never what the stack's key signs elsewhere.
fn cookie_key(key: &[u8; 32]) -> Key {
    let mut digest = Sha256::new();
    digest.update(b"rollcall console cookies");
    digest.update(key);
    Key::derive_from(&digest.finalize())
}

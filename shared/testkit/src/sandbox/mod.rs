//! A SCIM 2.0 server on loopback, in memory, to rehearse and to measure against (RFC 7643, RFC 7644).
//!
//! In: [`Settings`], and SCIM requests. Out: answers as a correct server gives them, unless a [quirk](Quirks) or a
//! [fault](Faults) says otherwise, and [`Counters`] of what arrived.
//!
//! ```text
//!  connection ── serve ── gate ─── routes ─── directory ── collection
//!                  │        │        ├─ listing ── filter      (resources and indexes)
//!                  │        │        ├─ bulk
//!               control   faults     └─ body, patch            (what may be kept)
//!              /_sandbox  quirks, counters
//! ```
//!
//! **Guarantees.** It listens on 127.0.0.1 only. Look-ups by `id`, `userName`, `externalId` and e-mail take
//! constant time, and pages take time in their own length, also among 100,000 users. The same requests in the
//! same order give the same ids. Dropping the [`Sandbox`] closes its port and its connections.
//!
//! **Caveats.** Nothing is kept when it stops. A user's `groups` attribute is not computed. Cursor paging (RFC 9865), `/Me` and passwords are not served.

mod body;
mod bulk;
mod collection;
mod control;
mod counters;
mod directory;
mod discovery;
mod error;
mod faults;
mod filter;
mod gate;
mod listing;
mod members;
mod patch;
mod path;
mod quirks;
mod render;
mod routes;
mod schema;
mod serve;
mod settings;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use counters::{Counters, Kind};
pub use faults::{Does, ErrorEvery, Fault, Faults, Throttle};
pub use quirks::{Quirks, UnknownMembers};
pub use settings::{RateLimit, Settings};

use schema::ResourceType;
use shared::Shared;

/// A running sandbox.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use testkit::sandbox::{Sandbox, Settings};
///
/// let sandbox = Sandbox::start(Settings::default()).await?;
/// sandbox.seed(vec![serde_json::json!({ "userName": "nadia@example.com" })]).unwrap();
/// assert!(sandbox.base_url().starts_with("http://127.0.0.1:"));
/// assert_eq!(sandbox.users().len(), 1);
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub struct Sandbox {
    shared: Arc<Shared>,
    connections: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a sandbox on the current tokio runtime. It answers as soon as this returns.
    ///
    /// # Errors
    /// When the port is taken or may not be used.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let base_url = format!("http://{}{}", listener.local_addr()?, serve::PREFIX);
        let shared = Arc::new(Shared::new(settings, base_url));
        let connections = tokio::spawn(serve::accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, connections })
    }

    /// `http://127.0.0.1:PORT/scim/v2`
    #[must_use]
    pub fn base_url(&self) -> String {
        self.shared.base_url.clone()
    }

    /// The bearer token that requests must carry.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.shared.settings.token
    }

    /// What arrived since the start or the last reset of the counters.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.tally.snapshot()
    }

    /// Starts counting at zero.
    pub fn reset_counters(&self) {
        self.shared.tally.reset();
    }

    /// All users, whole, in creation order.
    #[must_use]
    pub fn users(&self) -> Vec<Value> {
        self.all(ResourceType::User)
    }

    /// All groups, whole, in creation order.
    #[must_use]
    pub fn groups(&self) -> Vec<Value> {
        self.all(ResourceType::Group)
    }

    /// Who is in which group: under the `displayName` of each group the `userName`s of its users, and the
    /// `displayName`s of the groups in it. A member that nobody is appears under its id. Groups of the same name are
    /// taken together.
    #[must_use]
    pub fn memberships(&self) -> BTreeMap<String, BTreeSet<String>> {
        let directory = self.shared.directory();
        let mut memberships: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for group in directory.of(ResourceType::Group).iter() {
            let name = group["displayName"].as_str().unwrap_or_default().to_owned();
            memberships.entry(name).or_default().extend(members::names(&directory, group));
        }
        memberships
    }

    fn all(&self, kind: ResourceType) -> Vec<Value> {
        self.shared.directory().of(kind).iter().map(|resource| Value::clone(resource)).collect()
    }

    /// The user with this `userName`, whatever its case.
    #[must_use]
    pub fn user_by_name(&self, user_name: &str) -> Option<Value> {
        self.shared.directory().user_by_name(user_name).map(|user| Value::clone(user))
    }

    /// Adds users as if they had been created, without counting. `schemas` may be left out.
    ///
    /// # Errors
    /// The first user that a create would refuse. Those before it were added.
    pub fn seed(&self, users: Vec<Value>) -> Result<(), SeedError> {
        let quirks = self.shared.quirks();
        let rules = self.shared.plain_rules(&quirks);
        let mut directory = self.shared.directory_mut();
        for (at, user) in users.into_iter().enumerate() {
            let Value::Object(members) = user else {
                return Err(SeedError { position: at + 1, reason: "it is not an object".to_owned() });
            };
            let created = directory.create(ResourceType::User, members, rules);
            created.map_err(|error| SeedError { position: at + 1, reason: error.detail })?;
        }
        Ok(())
    }

    /// Switches faults; their counting starts anew.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.set_faults(faults);
    }

    /// Switches quirks, from the next request on.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.shared.set_quirks(quirks);
    }

    /// Forgets all users and groups. Their ids stay used, so that a link to one of them finds nobody.
    pub fn clear(&self) {
        self.shared.directory_mut().clear();
    }

    /// Stops, and waits until the port is free. Requests under way get no answer.
    pub async fn shutdown(mut self) {
        self.connections.abort();
        // The only outcome of an aborted task is that it was aborted.
        let _aborted = (&mut self.connections).await;
    }
}

/// Shows where it is, and not its token.
impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.shared.base_url).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.connections.abort();
    }
}

/// A user of a seed that could not be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("user {position} of the seed was refused: {reason}")]
pub struct SeedError {
    /// Which one, counted from 1.
    pub position: usize,
    /// Why, in words.
    pub reason: String,
}

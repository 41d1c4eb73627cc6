//! The engine's port to a SCIM service, put together from [`super::listing`], [`super::execute`] and
//! [`super::bulk`].
//!
//! In: paths, values, operations. Out: accounts reduced to the paths that are asked for, and outcomes. Promises:
//! every call ends within [`Habits::longest_call`]; what the service offers is asked for once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use engine::model::{Cursor, TargetId, TargetObject, Value};
use engine::ports::{Clock, Habits, Target, TargetError, TargetErrorKind, TargetOperation, TargetPage};
use jiff::Timestamp;
use reqwest::Method;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::client::{Client, Request};
use super::config::{BulkUse, ConfigError, Connection, MatchBy, ScimConfig};
use super::convert::Object;
use super::convert::answer::{self, Offer};
use super::convert::filter;
use super::convert::read::{self, Asked};
use super::error::{About, failed};
use super::listing::{Position, after};
use super::path::{PathError, ScimPath};

/// The collection of users (RFC 7644 §3.2).
pub(super) const USERS: &str = "/Users";

/// A user name that nobody has, drawn once for all probes.
const NOBODY: &str = "6d0b3f8e-5c1a-4f27-9b64-0e9d7a2c81f3";

/// 2 minutes of waiting for a target that throttles: limits are mostly counted per minute, so that one passes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Answers that one call may have to wait for in full: three tries and a read before the last fallback.
const ANSWERS: u32 = 4;

/// 100: what bulk servers commonly allow, and few enough that one lost answer leaves little to ask for again.
const LARGEST_BATCH: usize = 100;

/// 2 KiB: a create with every core attribute mapped. A batch is sized by it, and halved if that was too little.
const OPERATION_BYTES: usize = 2 * 1024;

/// 3 times: a server that fails on this one address for good must not be asked along with every change.
const VAIN_DISCOVERIES: u32 = 3;

/// A SCIM service in which accounts are made.
pub struct ScimTarget {
    pub(super) client: Client,
    pub(super) connection: Connection,
    offer: OnceCell<Offer>,
    /// How often nobody said what the target offers.
    vain_discoveries: AtomicU32,
    /// PATCH was answered with 405 or 501.
    pub(super) without_patch: AtomicBool,
    /// `/Bulk` was answered with 404, 405 or 501, or refused what it was sent.
    pub(super) without_bulk: AtomicBool,
}

impl ScimTarget {
    /// Prepares a connection. Nothing is sent; of files only `caBundle` is read.
    ///
    /// # Errors
    /// The field of the configuration that cannot work, and its cure.
    pub fn connect(
        config: &ScimConfig,
        token: SecretString,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let connection = config.checked()?;
        Ok(Self {
            client: Client::new(&connection, token, clock)?,
            connection,
            offer: OnceCell::new(),
            vain_discoveries: AtomicU32::new(0),
            without_patch: AtomicBool::new(false),
            without_bulk: AtomicBool::new(false),
        })
    }

    /// Requests sent to learn what the target offers and to probe it, which [`Target::calls`] leaves out.
    #[must_use]
    pub fn discovery_calls(&self) -> u64 {
        self.client.discoveries()
    }

    /// By when a call that begins now must be over.
    pub(super) fn deadline(&self) -> Timestamp {
        self.client.deadline(self.longest_call())
    }

    fn longest_call(&self) -> Duration {
        PATIENCE + self.connection.timeout * ANSWERS
    }

    /// What the target offers, asked for once. Servers without `ServiceProviderConfig` are common; only when
    /// nobody answered is it asked for again, a few times.
    pub(super) async fn offer(&self) -> Offer {
        let ask = || async {
            let request = Request::new(Method::GET, "/ServiceProviderConfig", About::Discovery);
            match self.client.discover(&request, self.deadline()).await {
                Ok(answer) => Ok(answer::offer(&answer.body)),
                Err(refusal) if self.is_worth_asking_again(refusal.error.kind) => Err(()),
                Err(_) => Ok(Offer::default()),
            }
        };
        self.offer.get_or_try_init(ask).await.copied().unwrap_or_default()
    }

    fn is_worth_asking_again(&self, kind: TargetErrorKind) -> bool {
        matches!(
            kind,
            TargetErrorKind::Unreachable
                | TargetErrorKind::Throttled
                | TargetErrorKind::ServerError
                | TargetErrorKind::Credentials
        ) && self.vain_discoveries.fetch_add(1, Ordering::Relaxed) + 1 < VAIN_DISCOVERIES
    }
}

/// The address of one account; ids are opaque, and may hold a slash.
pub(super) fn account(id: &TargetId) -> String {
    format!("{USERS}/{}", filter::percent_encoded(id.as_str()))
}

/// What cannot be said in a request: a path that the check of the mapping would have refused, a lost secret.
pub(super) fn unmapped(request: impl Into<String>, error: &dyn std::error::Error) -> TargetError {
    failed(TargetErrorKind::InvalidValue, request.into(), error.to_string()).error
}

fn reduced(resource: &Object, paths: &[Asked]) -> Result<TargetObject, TargetError> {
    read::target_object(resource, paths).ok_or_else(|| {
        failed(
            TargetErrorKind::Incompatible,
            format!("GET {USERS}"),
            "The target lists an account without an id, so it cannot be told from others; ask the app's maker",
        )
        .error
    })
}

#[async_trait]
impl Target for ScimTarget {
    async fn list(&self, paths: &[String], cursor: Option<&Cursor>) -> Result<TargetPage, TargetError> {
        let request = format!("GET {USERS}");
        let paths = read::paths(paths).map_err(|error| unmapped(&request, &error))?;
        let position = match cursor {
            None => Position::FIRST,
            Some(Cursor(json)) => serde_json::from_value(json.clone()).map_err(|_| {
                let why = "The place at which the listing was cut cannot be read; begin it again";
                failed(TargetErrorKind::Incompatible, request, why).error
            })?,
        };
        let list = self.page(None, position.start_index, self.deadline()).await?;
        let next = after(&position, &list)?;
        Ok(TargetPage {
            objects: list
                .resources
                .iter()
                .map(|resource| reduced(resource, &paths))
                .collect::<Result<_, _>>()?,
            next: next.and_then(|next| serde_json::to_value(next).ok()).map(Cursor),
            total: list.total,
        })
    }

    async fn find(
        &self,
        path: &str,
        value: &Value,
        paths: &[String],
    ) -> Result<Vec<TargetObject>, TargetError> {
        let request = format!("GET {USERS}");
        let path: ScimPath = path.parse().map_err(|error: PathError| unmapped(&request, &error))?;
        let paths = read::paths(paths).map_err(|error| unmapped(&request, &error))?;
        let hits = self.hits(&path, value, self.deadline()).await?;
        hits.iter().map(|hit| reduced(hit, &paths)).collect()
    }

    async fn get(&self, id: &TargetId, paths: &[String]) -> Result<Option<TargetObject>, TargetError> {
        let paths = read::paths(paths).map_err(|error| unmapped(format!("GET {}", account(id)), &error))?;
        let resource = self.resource(id, self.deadline()).await?;
        resource.map(|resource| reduced(&resource, &paths)).transpose()
    }

    async fn batch_size(&self) -> usize {
        if self.connection.bulk == BulkUse::Never || self.without_bulk.load(Ordering::Relaxed) {
            return 1;
        }
        match self.offer().await.bulk {
            Some(bulk) => bulk.operations.min(LARGEST_BATCH).min(bulk.bytes / OPERATION_BYTES).max(1),
            None => 1,
        }
    }

    async fn execute(&self, operations: &[TargetOperation]) -> Vec<Result<TargetId, TargetError>> {
        let deadline = self.deadline();
        match operations {
            [single] => vec![self.execute_one(single, deadline).await],
            several => self.execute_all(several, deadline).await,
        }
    }

    /// Asks for a user that does not exist, as Entra does: URL, token and filter are proven at once.
    async fn probe(&self) -> Result<(), TargetError> {
        let query = if self.habits().can_find {
            let filter = format!("userName eq \"{NOBODY}\"");
            format!("filter={}&count=1", filter::percent_encoded(&filter))
        } else {
            "count=1".into()
        };
        let request = Request { probe: true, ..Request::new(Method::GET, USERS, About::List) }.query(query);
        let answer = self.client.send(&request, self.deadline()).await.map_err(|refusal| refusal.error)?;
        self.list_of(&request, &answer).map(|_| ())
    }

    fn habits(&self) -> Habits {
        let filters = self.offer.get().is_none_or(|offer| offer.filter);
        Habits {
            can_list: self.connection.match_by != MatchBy::Filter,
            can_find: match self.connection.match_by {
                MatchBy::Auto => filters,
                MatchBy::List => false,
                MatchBy::Filter => true,
            },
            concurrency: self.connection.concurrency,
            longest_call: self.longest_call(),
        }
    }

    fn calls(&self) -> u64 {
        self.client.calls()
    }
}

impl fmt::Debug for ScimTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimTarget").field("client", &self.client).finish_non_exhaustive()
    }
}

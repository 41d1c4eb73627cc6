//! The engine's port to a SCIM service, put together from [`super::listing`], [`super::execute`],
//! [`super::members`] and [`super::bulk`].
//!
//! In: paths, values, operations. Out: accounts and groups reduced to the paths that are asked for, and outcomes.
//! Promise: every call ends within [`Habits::longest_call`].

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::model::{Cursor, ObjectType, TargetId, TargetObject, Value};
use engine::ports::{Clock, Habits, Pace, Target, TargetError, TargetErrorKind, TargetOperation, TargetPage};
use jiff::Timestamp;
use reqwest::Method;
use secrecy::SecretString;

use super::client::{Client, Request};
use super::config::{BulkUse, ConfigError, Connection, MatchBy, ScimConfig};
use super::convert::read::{self, Asked};
use super::convert::{Object, filter};
use super::error::{About, failed};
use super::groups::Groups;
use super::kind::{address, collection, naming_attribute, one, without_members};
use super::learnt::Learnt;
use super::listing::{Position, after};
use super::path::{PathError, ScimPath};

/// A name that nobody and no group has, drawn once for all probes.
const NOBODY: &str = "6d0b3f8e-5c1a-4f27-9b64-0e9d7a2c81f3";

/// 2 minutes of waiting for a target that throttles: limits are mostly counted per minute, so that one passes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Answers that one call may have to wait for in full: three tries and a read before the last fallback.
const ANSWERS: u32 = 4;

/// 100: what bulk servers commonly allow, and few enough that one lost answer leaves little to ask for again.
const LARGEST_BATCH: usize = 100;

/// 2 KiB: a create with every core attribute mapped. A batch is sized by it, and halved if that was too little.
const OPERATION_BYTES: usize = 2 * 1024;

/// A SCIM service in which accounts and groups are made.
pub struct ScimTarget {
    pub(super) client: Client,
    pub(super) connection: Connection,
    pub(super) learnt: Learnt,
    pub(super) groups: Groups,
    /// Whether groups are provisioned, too.
    proves_groups: bool,
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
            learnt: Learnt::default(),
            groups: Groups::default(),
            proves_groups: false,
        })
    }

    /// Says that groups are provisioned, too: a probe proves `/Groups` then.
    #[must_use]
    pub fn with_groups(self) -> Self {
        Self { proves_groups: true, ..self }
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

    /// Asks for what does not exist, as Entra does: URL, token and filter are proven at once.
    async fn probe_for(&self, kind: ObjectType) -> Result<(), TargetError> {
        let filter = self.habits().can_find.then(|| {
            let filter = format!("{} eq \"{NOBODY}\"", naming_attribute(kind));
            format!("filter={}", filter::percent_encoded(&filter))
        });
        let query: Vec<String> = filter
            .into_iter()
            .chain(["count=1".into()])
            .chain(without_members(kind).map(Into::into))
            .collect();
        let request = Request::new(Method::GET, collection(kind), About::list(kind)).query(query.join("&"));
        let request = Request { probe: true, ..request };
        let answer = self.client.send(&request, self.deadline()).await.map_err(|refusal| refusal.error)?;
        self.list_of(&request, &answer).map(|_| ())
    }
}

/// What cannot be said in a request: a path that the check of the mapping would have refused, a lost secret.
pub(super) fn unmapped(request: impl Into<String>, error: &dyn std::error::Error) -> TargetError {
    failed(TargetErrorKind::InvalidValue, request.into(), error.to_string()).error
}

fn reduced(kind: ObjectType, resource: &Object, paths: &[Asked]) -> Result<TargetObject, TargetError> {
    read::target_object(resource, paths).ok_or_else(|| {
        let why = format!(
            "The target lists {} without an id, so it cannot be told from others; ask the app's maker",
            one(kind)
        );
        failed(TargetErrorKind::Incompatible, format!("GET {}", collection(kind)), why).error
    })
}

#[async_trait]
impl Target for ScimTarget {
    async fn list(
        &self,
        kind: ObjectType,
        paths: &[String],
        cursor: Option<&Cursor>,
    ) -> Result<TargetPage, TargetError> {
        let request = format!("GET {}", collection(kind));
        let paths = read::paths(paths).map_err(|error| unmapped(&request, &error))?;
        let position = match cursor {
            None => Position::FIRST,
            Some(Cursor(json)) => serde_json::from_value(json.clone()).map_err(|_| {
                let why = "The place at which the listing was cut cannot be read; begin it again";
                failed(TargetErrorKind::Incompatible, request, why).error
            })?,
        };
        let list = self.page(kind, None, position.start_index, self.deadline()).await?;
        let next = after(kind, &position, &list)?;
        Ok(TargetPage {
            objects: list
                .resources
                .iter()
                .map(|resource| reduced(kind, resource, &paths))
                .collect::<Result<_, _>>()?,
            next: next.and_then(|next| serde_json::to_value(next).ok()).map(Cursor),
            total: list.total,
        })
    }

    async fn find(
        &self,
        kind: ObjectType,
        path: &str,
        value: &Value,
        paths: &[String],
    ) -> Result<Vec<TargetObject>, TargetError> {
        let request = format!("GET {}", collection(kind));
        let path: ScimPath = path.parse().map_err(|error: PathError| unmapped(&request, &error))?;
        let paths = read::paths(paths).map_err(|error| unmapped(&request, &error))?;
        let hits = self.hits(kind, &path, value, self.deadline()).await?;
        hits.iter().map(|hit| reduced(kind, hit, &paths)).collect()
    }

    async fn get(
        &self,
        kind: ObjectType,
        id: &TargetId,
        paths: &[String],
    ) -> Result<Option<TargetObject>, TargetError> {
        let paths =
            read::paths(paths).map_err(|error| unmapped(format!("GET {}", address(kind, id)), &error))?;
        let resource = self.resource(kind, id, self.deadline()).await?;
        resource.map(|resource| reduced(kind, &resource, &paths)).transpose()
    }

    async fn members(&self, group: &TargetId) -> Result<Option<BTreeSet<TargetId>>, TargetError> {
        let group = self.whole_group(group, self.deadline()).await?;
        Ok(read::members(&group))
    }

    async fn batch_size(&self) -> usize {
        if self.connection.bulk == BulkUse::Never || self.learnt.without_bulk.is_on() {
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

    async fn probe(&self) -> Result<(), TargetError> {
        self.probe_for(ObjectType::User).await?;
        if self.proves_groups { self.probe_for(ObjectType::Group).await } else { Ok(()) }
    }

    fn habits(&self) -> Habits {
        let filters = self.learnt.offer().is_none_or(|offer| offer.filter);
        Habits {
            can_list: self.connection.match_by != MatchBy::Filter,
            can_find: match self.connection.match_by {
                MatchBy::Auto => filters,
                MatchBy::List => false,
                MatchBy::Filter => true,
            },
            concurrency: self.client.width(),
            members_per_call: self.connection.members_per_call,
            longest_call: self.longest_call(),
        }
    }

    fn calls(&self) -> u64 {
        self.client.calls()
    }

    fn pace(&self) -> Pace {
        self.client.pace()
    }
}

impl fmt::Debug for ScimTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimTarget").field("client", &self.client).finish_non_exhaustive()
    }
}

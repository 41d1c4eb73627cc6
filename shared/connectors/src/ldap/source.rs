//! The port: a reading of one state of a directory.
//!
//! # Expected flow
//! `open` connects, reads everyone or what changed since the watermark to the end, keeps it in a private spool and
//! signs off. `read` goes through the spool; no connection is held while accounts are made.
//!
//! # Guarantees
//! A cursor points into the spool of one reading under one configuration and mapping; any other answers
//! [`SourceError::Moved`].

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use engine::ids::{IdHash, digest16};
use engine::model::{Cursor, ObjectType, SourceId, SourceObject, Watermark};
use engine::ports::{Clock, Reading, Source, SourceError, SourcePage, Unreadable};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::binary;
use super::client::{ANSWER, Address, Client};
use super::config::LdapConfig;
use super::convert;
use super::error::LdapFailure;
use super::plan::{Definitions, Wanted};
use super::references;
use super::server::Server;
use super::spool::{Line, Spool, Spools};
use super::tls;

/// Lines a page.
const PAGE: usize = 500;

/// Anchors asked for in one search: servers limit the length of a filter.
const ASKED_AT_ONCE: usize = 50;

/// An LDAP directory as a source of people and groups.
pub struct LdapSource {
    pub(super) config: LdapConfig,
    pub(super) address: Address,
    pub(super) password: SecretString,
    pub(super) users: Wanted,
    pub(super) groups: Option<Wanted>,
    pub(super) identity: String,
    pub(super) spools: Spools,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) calls: Arc<AtomicU64>,
    pub(super) definitions: Mutex<Option<Definitions>>,
}

/// A cursor, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    spool: String,
    offset: u64,
}

impl LdapSource {
    /// A source that keeps its spools in `work`, a folder of its own. A relative path begins at `base`, the folder of
    /// the application's document. `users` and `groups` are what someone asks for of each; without `groups` users alone
    /// are read.
    ///
    /// # Errors
    /// [`SourceError::Refused`] when the configuration cannot work, [`SourceError::Credentials`] without a password.
    /// Nobody is called yet.
    pub fn connect(
        config: LdapConfig,
        base: &Path,
        work: &Path,
        password: Option<SecretString>,
        users: Wanted,
        groups: Option<Wanted>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        if let Some((field, problem)) = config.problems().into_iter().next() {
            return Err(LdapFailure::Config { field, problem }.into());
        }
        if groups.is_some() && config.groups.is_none() {
            let problem =
                "is missing although the document has a groups section; write their base".to_owned();
            return Err(LdapFailure::Config { field: "groups".into(), problem }.into());
        }
        let url = config.url.trim().trim_end_matches('/').to_owned();
        let ca_file = config.ca_file.as_deref().map(|path| base.join(path));
        let address = Address {
            start_tls: config.start_tls,
            tls: tls::trust(ca_file.as_deref())?,
            bind_dn: config.bind_dn.trim().to_owned(),
            url,
            patience: ANSWER,
        };
        Ok(Self {
            identity: identity(&config, &users, groups.as_ref()),
            password: usable(password, &address.url)?,
            address,
            users,
            groups,
            spools: Spools::new(work),
            clock,
            calls: Arc::default(),
            definitions: Mutex::default(),
            config,
        })
    }

    /// Waits that long for each answer, so that a test need not wait as long as a cycle would.
    #[doc(hidden)]
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.address.patience = patience;
        self
    }

    pub(super) fn described(&self, spool: &Spool, offset: u64) -> Result<Reading, LdapFailure> {
        let cursor = self.cursor(&spool.name, offset)?;
        let (total, watermark) = (Some(spool.slip.lines), spool.slip.watermark.clone());
        Ok(if spool.slip.delta {
            Reading::Delta { cursor, total, watermark }
        } else {
            Reading::Full { cursor, total, attributes: None, watermark }
        })
    }

    fn cursor(&self, spool: &str, offset: u64) -> Result<Cursor, LdapFailure> {
        let position = Position { spool: spool.to_owned(), offset };
        serde_json::to_value(position).map(Cursor).map_err(|cause| self.spools.failed(cause))
    }

    /// The spool that a cursor points into.
    fn find(&self, cursor: &Cursor) -> Result<(Spool, u64), LdapFailure> {
        let moved = || LdapFailure::Moved { server: self.address.url.clone() };
        let position: Position = serde_json::from_value(cursor.0.clone()).map_err(|_| moved())?;
        let spool = self.spools.find(&position.spool);
        let spool = spool.filter(|spool| spool.slip.identity == self.identity).ok_or_else(moved)?;
        Ok((spool, position.offset))
    }

    async fn page(&self, cursor: &Cursor) -> Result<SourcePage, LdapFailure> {
        let (spool, offset) = self.find(cursor)?;
        let name = spool.name.clone();
        let read = tokio::task::spawn_blocking(move || spool.page(offset, PAGE)).await;
        let read = read.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)));
        let (lines, next) = read.map_err(|cause| self.spools.failed(cause))?;
        let next = next.map(|offset| self.cursor(&name, offset)).transpose()?;
        let mut page = SourcePage { next, ..SourcePage::default() };
        for line in lines {
            match line {
                Line::Object(object) => page.objects.push(object),
                Line::Present(id) => page.present.push(id),
                Line::Gone(id) => page.gone.push(id),
                Line::Unreadable { place, id, reason } => {
                    page.unreadable.push(Unreadable { place, id, reason });
                }
            }
        }
        Ok(page)
    }

    async fn single(&self, ids: &[Uuid]) -> Result<Vec<SourceObject>, LdapFailure> {
        let (client, server) = self.sign_in().await?;
        let found = self.asked_for(&client, server, ids).await;
        client.unbind().await;
        found
    }

    async fn asked_for(
        &self,
        client: &Client,
        server: Server,
        ids: &[Uuid],
    ) -> Result<Vec<SourceObject>, LdapFailure> {
        let known = self.definitions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let definitions = match known {
            Some(definitions) => definitions,
            None => self.define(client, &server).await?,
        };
        let reader = self.reader(client, server, definitions);
        let mut found = Vec::new();
        for ids in ids.chunks(ASKED_AT_ONCE) {
            let anchors = ids.iter().map(|id| binary::anchor_filter(reader.plan.anchor, *id));
            let filter = format!("(|{})", anchors.collect::<String>());
            for kind in &reader.plan.kinds {
                let mut listing = reader.list(reader.ask(kind, Some(&filter), kind.asked.clone()));
                while let Some(entry) = reader.next(kind, &mut listing).await? {
                    let Ok(id) = convert::anchor(&entry, &reader.plan) else { continue };
                    match convert::object(&entry, id, kind, &reader.plan) {
                        Ok(object) => found.push(object),
                        Err(why) => tracing::warn!(entry = %id, "an entry cannot be understood: {why}"),
                    }
                }
            }
        }
        references::resolve(found, &reader).await
    }
}

/// Of everything that makes another reading: entries that were not selected before would be missed otherwise.
fn identity(config: &LdapConfig, of_users: &Wanted, of_groups: Option<&Wanted>) -> String {
    let LdapConfig { url, bind_dn, users, groups, anchor, enabled, changes, .. } = config;
    let kinds = [ObjectType::User];
    let words = (url, bind_dn, users, groups, anchor, enabled, changes, &of_users.names, kinds);
    let mut parts = vec![serde_json::to_vec(&words).unwrap_or_default()];
    parts.extend(of_groups.map(|groups| serde_json::to_vec(&groups.names).unwrap_or_default()));
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    IdHash(digest16(&parts)).to_string()
}

/// A password that can be signed in with. An empty one would sign nobody in, and the server would say success
/// (RFC 4513 §5.1.2). Files end with a line break more often than not.
fn usable(password: Option<SecretString>, server: &str) -> Result<SecretString, LdapFailure> {
    let missing = || LdapFailure::Credentials {
        server: server.to_owned(),
        problem: "source.ldap.password refers to an empty text; put the account's password there".into(),
    };
    let password = password.ok_or_else(missing)?;
    let bare = password.expose_secret().trim_end_matches(['\r', '\n']);
    match bare.len() {
        0 => Err(missing()),
        whole if whole == password.expose_secret().len() => Ok(password),
        _ => Ok(SecretString::from(bare)),
    }
}

#[async_trait]
impl Source for LdapSource {
    async fn open(
        &self,
        watermark: Option<&Watermark>,
        resume: Option<&Cursor>,
    ) -> Result<Reading, SourceError> {
        let reading = match resume {
            Some(cursor) => self.find(cursor).and_then(|(spool, offset)| self.described(&spool, offset)),
            None => self.begin(watermark).await,
        };
        reading.map_err(SourceError::from)
    }

    async fn read(&self, cursor: &Cursor) -> Result<SourcePage, SourceError> {
        self.page(cursor).await.map_err(SourceError::from)
    }

    async fn get(&self, ids: &[SourceId]) -> Result<Vec<SourceObject>, SourceError> {
        let ids: Vec<Uuid> = ids.iter().filter_map(|id| Uuid::try_parse(id.as_str()).ok()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.single(&ids).await.map_err(SourceError::from)
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

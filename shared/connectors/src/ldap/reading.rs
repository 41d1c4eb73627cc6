//! One reading, from signing in to the spool.
//!
//! In: the last watermark. Out: a [`Reading`] whose pages lie in a private spool.
//!
//! # Guarantees
//! Everyone is read when there is no watermark, when it is another reading's (server, selection, mapping), when the
//! server no longer knows what changed since, and at least every `fullEvery`.

use std::sync::PoisonError;
use std::time::Duration;

use engine::model::Watermark;
use engine::ports::Reading;

use super::changes::{self, Since};
use super::client::{Ask, Client};
use super::config::Changes;
use super::draft::Draft;
use super::error::LdapFailure;
use super::late;
use super::plan::{self, Definitions, Plan};
use super::reader::Reader;
use super::references;
use super::schema::Schema;
use super::server::Server;
use super::source::LdapSource;
use super::verdict::Place;
use super::watermark::Mark;

/// How long a busy server is left alone before the one more attempt.
const BREATH: Duration = Duration::from_secs(5);

/// What of the rootDSE is read.
const ROOT: [&str; 10] = [
    "currentTime",
    "defaultNamingContext",
    "dnsHostName",
    "dsServiceName",
    "highestCommittedUSN",
    "namingContexts",
    "subschemaSubentry",
    "supportedCapabilities",
    "supportedControl",
    "vendorName",
];

impl LdapSource {
    /// Reads everyone, or what changed since the watermark. A server that is busy is asked once more.
    pub(super) async fn begin(&self, watermark: Option<&Watermark>) -> Result<Reading, LdapFailure> {
        match self.attempt(watermark).await {
            Err(LdapFailure::Busy { .. }) => {
                self.clock.sleep(BREATH).await;
                self.attempt(watermark).await
            }
            other => other,
        }
    }

    async fn attempt(&self, watermark: Option<&Watermark>) -> Result<Reading, LdapFailure> {
        let (client, server) = self.sign_in().await?;
        let reading = self.reading(&client, server, watermark).await;
        client.unbind().await;
        if reading.is_err() {
            self.spools.tidy();
        }
        reading
    }

    pub(super) async fn sign_in(&self) -> Result<(Client, Server), LdapFailure> {
        let client = Client::connect(&self.address, &self.password, self.calls.clone()).await?;
        let root = client.entry(&Ask::entry(Place::Server, "", &ROOT)).await?;
        let root = root.ok_or_else(|| client.garbled("no rootDSE"))?;
        Ok((client, Server::of(root)))
    }

    async fn reading(
        &self,
        client: &Client,
        server: Server,
        watermark: Option<&Watermark>,
    ) -> Result<Reading, LdapFailure> {
        let mark = watermark.and_then(|watermark| Mark::of(watermark, &self.identity));
        if let Some(mark) = mark.filter(|mark| !self.is_due(mark))
            && let Some(position) = mark.position.clone()
        {
            let reader = self.reader(client, server.clone(), mark.definitions.clone());
            if let Some(reading) = self.since(&reader, mark, &position).await? {
                return Ok(reading);
            }
        }
        let definitions = self.define(client, &server).await?;
        self.full(&self.reader(client, server, definitions)).await
    }

    fn is_due(&self, mark: &Mark) -> bool {
        let age = self.clock.now().duration_since(mark.full_at);
        // A clock that was set back would otherwise put the next full reading off for as long.
        age.is_negative() || age.unsigned_abs() >= self.config.full_every
    }

    async fn full(&self, reader: &Reader) -> Result<Reading, LdapFailure> {
        let began = self.clock.now();
        let mut draft = Draft::begin(&self.spools, reader.plan.has_references())?;
        let (way, position) = changes::full(self.config.changes, reader, &mut draft).await?;
        let mut mark = Mark::new(self.identity.clone(), way, began, reader.plan.definitions.clone());
        mark.position = position.filter(|_| told_again(way, &draft));
        mark.presence = Some(draft.presence());
        self.keep(draft, reader, false, &mark).await
    }

    /// What changed; `None` when everyone has to be read.
    async fn since(
        &self,
        reader: &Reader,
        mut mark: Mark,
        position: &serde_json::Value,
    ) -> Result<Option<Reading>, LdapFailure> {
        let mut draft = Draft::begin(&self.spools, reader.plan.has_references())?;
        draft.note_people();
        let (delta, position) = match changes::since(&mark, position, reader, &mut draft).await? {
            Since::Lost(why) => {
                tracing::info!(server = reader.client.server(), "everyone is read: {why}");
                return Ok(None);
            }
            Since::Unchanged(position) => {
                self.spools.tidy();
                mark.position = Some(position);
                return Ok(Some(Reading::Unchanged { watermark: Some(mark.stored()) }));
            }
            Since::Delta(position) => (true, position),
            Since::Full(position) => {
                mark.presence = Some(draft.presence());
                (false, position)
            }
        };
        late::take_in(reader, &mut draft).await?;
        let told = delta || told_again(mark.changes, &draft);
        mark.position = Some(position).filter(|_| told);
        if delta && draft.is_empty() {
            self.spools.tidy();
            return Ok(Some(Reading::Unchanged { watermark: Some(mark.stored()) }));
        }
        self.keep(draft, reader, delta, &mark).await.map(Some)
    }

    async fn keep(
        &self,
        draft: Draft,
        reader: &Reader,
        delta: bool,
        mark: &Mark,
    ) -> Result<Reading, LdapFailure> {
        let spool = references::settle(draft, reader, delta, mark).await?;
        self.described(&spool, 0)
    }

    pub(super) fn reader(&self, client: &Client, server: Server, definitions: Definitions) -> Reader {
        *self.definitions.lock().unwrap_or_else(PoisonError::into_inner) = Some(definitions.clone());
        let plan = Plan::new(&self.config, &self.users, self.groups.as_ref(), &server, definitions);
        Reader { client: client.clone(), server, plan }
    }

    pub(super) async fn define(&self, client: &Client, server: &Server) -> Result<Definitions, LdapFailure> {
        let schema = Schema::read(client, server).await?;
        plan::define(&self.config, &self.users, self.groups.as_ref(), server, &schema, client.server())
    }
}

/// Whether those who are gone would be told again. While someone cannot be understood nobody counts as gone, and a
/// feed that names each leaver once would never name them again: then the next reading is a full one, too.
fn told_again(way: Changes, draft: &Draft) -> bool {
    way == Changes::ModifyTimestamp || draft.unreadables() == 0
}

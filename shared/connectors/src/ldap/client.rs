//! The wire: one bound connection.
//!
//! In: the configuration and the password; then searches. Out: their messages in order, and their result.
//!
//! # Guarantees
//! TLS is verified, always. A [`Listing`] ends with `None` only when the server said success after its last page;
//! anything else is an error. Nothing is read ahead of who waits for it. Every step has a time limit. Passwords and values appear in no error.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchStream};
use secrecy::{ExposeSecret, SecretString};

use super::error::LdapFailure;
use super::gate::Keeper;
use super::tls;
use super::verdict::{self, Place};
use super::wire::{self, Entry, Message};

/// Until a connection stands, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// Until a request is answered, and between two messages of an answer.
pub(super) const ANSWER: Duration = Duration::from_secs(60);

/// What a connection needs to know of the document.
#[derive(Debug, Clone)]
pub(super) struct Address {
    /// `ldaps://host:port`.
    pub(super) url: String,
    pub(super) start_tls: bool,
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) bind_dn: String,
    /// Until a request is answered, and between two messages of an answer.
    pub(super) patience: Duration,
}

/// One bound connection.
#[derive(Debug, Clone)]
pub(super) struct Client {
    ldap: Ldap,
    server: Arc<str>,
    calls: Arc<AtomicU64>,
    patience: Duration,
    keeper: Arc<Keeper>,
}

/// One search.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    /// For messages: what of the document it stands for.
    pub(super) place: Place,
    pub(super) base: String,
    pub(super) scope: Scope,
    pub(super) filter: String,
    pub(super) attributes: Vec<String>,
    pub(super) controls: Vec<RawControl>,
}

impl Ask {
    /// One entry by its DN.
    pub(super) fn entry(place: Place, dn: impl Into<String>, attributes: &[&str]) -> Self {
        Self {
            place,
            base: dn.into(),
            scope: Scope::Base,
            filter: "(objectClass=*)".into(),
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
            controls: Vec::new(),
        }
    }
}

impl Client {
    /// Connects and signs in.
    pub(super) async fn connect(
        address: &Address,
        password: &SecretString,
        calls: Arc<AtomicU64>,
    ) -> Result<Self, LdapFailure> {
        let server: Arc<str> = address.url.as_str().into();
        let mut settings = LdapConnSettings::new().set_conn_timeout(CONNECT).set_starttls(address.start_tls);
        if let Some(tls) = &address.tls {
            settings = settings.set_config(tls.clone());
        }
        let connected = LdapConnAsync::with_settings(settings, &address.url).await;
        let (connection, ldap) = connected.map_err(|error| tls::connecting(&server, error))?;
        let keeper = Arc::new(Keeper::default());
        let gate = keeper.gate();
        tokio::spawn(async move {
            if let Err(error) = gate.drive(connection.drive()).await {
                tracing::debug!("the connection to the directory ended: {error}");
            }
        });
        let client = Self { ldap, server, calls, patience: address.patience, keeper };
        client.bind(&address.bind_dn, password).await?;
        Ok(client)
    }

    async fn bind(&self, name: &str, password: &SecretString) -> Result<(), LdapFailure> {
        let mut ldap = self.ldap.clone();
        ldap.with_timeout(self.patience).with_controls(vec![verdict::password_policy()]);
        self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = ldap.simple_bind(name, password.expose_secret());
        // Whoever reads of it looks for the account.
        verdict::of_bind(&self.server, &self.sound(answer).await?).map_err(|failure| match failure {
            LdapFailure::Credentials { server, problem } => {
                LdapFailure::Credentials { server, problem: format!("{problem} (bind as {name})") }
            }
            other => other,
        })
    }

    /// Signs off. Failing is no harm: the server notices the end of the connection.
    pub(super) async fn unbind(self) {
        let mut ldap = self.ldap.clone();
        ldap.with_timeout(CONNECT);
        let _ = self.keeper.open_for(ldap.unbind()).await;
    }

    /// What the server is called in messages.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Begins a search. One operation.
    pub(super) async fn search(&self, ask: &Ask) -> Result<Answer, LdapFailure> {
        let mut ldap = self.ldap.clone();
        ldap.with_timeout(self.patience);
        if !ask.controls.is_empty() {
            ldap.with_controls(ask.controls.clone());
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        let begun = ldap.streaming_search(&ask.base, ask.scope, &ask.filter, ask.attributes.clone());
        let stream = self.keeper.open_for(begun).await.map_err(|error| self.failed(&error))?;
        Ok(Answer { stream, client: self.clone(), ask: ask.clone() })
    }

    /// Begins a search that is read page by page: an operation a page. `page` is the size; none asks for all at once.
    pub(super) fn list(&self, ask: Ask, page: Option<u32>) -> Listing {
        Listing { client: self.clone(), ask, page, cookie: Vec::new(), answer: None, ended: None }
    }

    /// The entries of a search that is short; references and intermediate messages are left out.
    pub(super) async fn entries(&self, ask: &Ask) -> Result<Vec<Entry>, LdapFailure> {
        let mut answer = self.search(ask).await?;
        let mut entries = Vec::new();
        while let Some(message) = answer.next().await? {
            if let Message::Entry(entry) = message {
                entries.push(entry);
            }
        }
        answer.end().await?;
        Ok(entries)
    }

    /// The entry at a DN; `None` when there is none, or none that the account may see.
    pub(super) async fn entry(&self, ask: &Ask) -> Result<Option<Entry>, LdapFailure> {
        match self.entries(ask).await {
            Ok(entries) => Ok(entries.into_iter().next()),
            Err(LdapFailure::Result { code, .. }) if verdict::is_nobody(code) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The library stops where a server's answer is not what it expects; that is an answer, not our end.
    async fn sound<T>(&self, answer: impl Future<Output = Result<T, LdapError>>) -> Result<T, LdapFailure> {
        match std::panic::AssertUnwindSafe(self.keeper.open_for(answer)).catch_unwind().await {
            Ok(result) => result.map_err(|error| self.failed(&error)),
            Err(_) => Err(self.garbled("an answer that is no LDAP message")),
        }
    }

    fn failed(&self, error: &LdapError) -> LdapFailure {
        let problem = match error {
            LdapError::Timeout { .. } => format!("no answer within {} s", self.patience.as_secs()),
            LdapError::FilterParsing => return LdapFailure::Refused("the filter cannot be read".into()),
            LdapError::EndOfStream
            | LdapError::ResultRecv { .. }
            | LdapError::OpSend { .. }
            | LdapError::IdScrubSend { .. } => "the connection broke before the answer was complete".into(),
            other => other.to_string(),
        };
        LdapFailure::Unreachable { server: self.server.to_string(), problem }
    }

    pub(super) fn garbled(&self, problem: &str) -> LdapFailure {
        LdapFailure::Garbled { server: self.server.to_string(), problem: problem.to_owned() }
    }
}

/// One search under way.
pub(super) struct Answer {
    stream: SearchStream<'static, String, Vec<String>>,
    client: Client,
    ask: Ask,
}

impl Answer {
    /// The next message; `None` before the result.
    pub(super) async fn next(&mut self) -> Result<Option<Message>, LdapFailure> {
        match self.client.sound(self.stream.next()).await? {
            Some(raw) => {
                wire::message(raw).map(Some).ok_or_else(|| self.client.garbled("an entry in another shape"))
            }
            None => Ok(None),
        }
    }

    /// The result: its controls, when it is success.
    ///
    /// # Errors
    /// [`LdapFailure::Result`] for results whose meaning depends on what was asked, otherwise the verdict.
    pub(super) async fn end(mut self) -> Result<Vec<RawControl>, LdapFailure> {
        let LdapResult { rc, text, refs, ctrls, .. } = self.stream.finish().await;
        let controls = ctrls.into_iter().map(|control| control.1).collect();
        match rc {
            0 => Ok(controls),
            code => Err(verdict::of_search(&self.client.server, &self.ask, code, &text, &refs)),
        }
    }
}

/// A search page by page.
pub(super) struct Listing {
    client: Client,
    ask: Ask,
    page: Option<u32>,
    cookie: Vec<u8>,
    answer: Option<Answer>,
    ended: Option<Vec<RawControl>>,
}

impl Listing {
    /// The next message of any page; `None` only when the last page ended with success.
    pub(super) async fn next(&mut self) -> Result<Option<Message>, LdapFailure> {
        while self.ended.is_none() {
            let answer = match &mut self.answer {
                Some(answer) => answer,
                empty => empty.insert(self.client.search(&paged(&self.ask, self.page, &self.cookie)).await?),
            };
            if let Some(message) = answer.next().await? {
                return Ok(Some(message));
            }
            let Some(answer) = self.answer.take() else { continue };
            let controls = answer.end().await?;
            // A server that does not know the control answers everything at once, without a cookie.
            self.cookie = wire::page_cookie(&controls).unwrap_or_default();
            if self.page.is_none() || self.cookie.is_empty() {
                self.ended = Some(controls);
            }
        }
        Ok(None)
    }

    /// The controls of the last page's result.
    pub(super) fn controls(&self) -> &[RawControl] {
        self.ended.as_deref().unwrap_or_default()
    }
}

fn paged(ask: &Ask, page: Option<u32>, cookie: &[u8]) -> Ask {
    let mut ask = ask.clone();
    ask.controls.extend(page.map(|size| wire::page_control(size, cookie.to_vec())));
    ask
}

/// Attribute names, each once, whatever their case.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.to_ascii_lowercase())).map(str::to_owned).collect()
}

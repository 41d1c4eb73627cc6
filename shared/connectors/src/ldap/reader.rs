//! One bound connection with its server and plan: what the ways to learn changes are made of.

use std::collections::BTreeMap;

use engine::model::ObjectType;
use futures::{StreamExt as _, stream};
use ldap3::Scope;
use uuid::Uuid;

use super::binary;
use super::client::{Ask, Client, Listing};
use super::convert;
use super::dn;
use super::draft::Draft;
use super::error::LdapFailure;
use super::plan::{Kind, Plan, USER_NAME};
use super::range;
use super::server::{Family, Server};
use super::verdict::{self, Place};
use super::wire::{self, EXTENDED_DN, Entry, Message};

/// Single entries asked for at once.
const LOOKUPS: usize = 16;

/// One bound connection with its server and plan.
pub(super) struct Reader {
    pub(super) client: Client,
    pub(super) server: Server,
    pub(super) plan: Plan,
}

impl Reader {
    /// The search for a kind, with `filter` besides its own and these attributes.
    pub(super) fn ask(&self, kind: &Kind, filter: Option<&str>, attributes: Vec<String>) -> Ask {
        let filter = match filter {
            Some(besides) => format!("(&{}{besides})", kind.filter),
            None => kind.filter.clone(),
        };
        let base = kind.base.clone();
        // Names then come with the GUIDs they stand for, and none has to be looked up.
        let extended = self.plan.has_references() && self.server.offers(EXTENDED_DN);
        let controls = extended.then(wire::extended_dn_control).into_iter().collect();
        Ask { place: kind.place, base, scope: Scope::Subtree, filter, attributes, controls }
    }

    /// Begins a listing, page by page.
    pub(super) fn list(&self, ask: Ask) -> Listing {
        self.client.list(ask, self.plan.page)
    }

    /// The next entry of a listing. References into the listed subtree and unknown messages are errors: part of the
    /// list would be missing.
    pub(super) async fn next(
        &self,
        kind: &Kind,
        listing: &mut Listing,
    ) -> Result<Option<Entry>, LdapFailure> {
        loop {
            let message = listing.next().await;
            match message.map_err(|failure| self.cut(kind, failure))? {
                None => return Ok(None),
                Some(Message::Entry(entry)) => return self.whole(entry).await.map(Some),
                Some(Message::Reference(urls)) => self.reference(kind, &urls)?,
                // Nothing that was asked for is told this way; the ways that do ask read their messages themselves.
                Some(Message::Intermediate { .. }) => {}
            }
        }
    }

    /// Completes attributes that came in part.
    pub(super) async fn whole(&self, mut entry: Entry) -> Result<Entry, LdapFailure> {
        entry.dn = dn::plain(&entry.dn).to_owned();
        range::complete(&self.client, &mut entry).await?;
        Ok(entry)
    }

    /// Reads everyone, every kind after the other. `each` sees each entry that has an anchor.
    pub(super) async fn everyone(
        &self,
        draft: &mut Draft,
        each: &mut (dyn FnMut(&Entry, Uuid) + Send),
    ) -> Result<(), LdapFailure> {
        for kind in &self.plan.kinds {
            self.matching(kind, None, &[], draft, each).await?;
        }
        Ok(())
    }

    /// Reads the entries of a kind that match `filter` besides, and asks for `also` beside the kind's attributes.
    pub(super) async fn matching(
        &self,
        kind: &Kind,
        filter: Option<&str>,
        also: &[&str],
        draft: &mut Draft,
        each: &mut (dyn FnMut(&Entry, Uuid) + Send),
    ) -> Result<(), LdapFailure> {
        let asked = kind.asked.iter().map(String::as_str).chain(also.iter().copied());
        let mut listing = self.list(self.ask(kind, filter, super::client::names(asked)));
        while let Some(entry) = self.next(kind, &mut listing).await? {
            if let Some(id) = draft.entry(&entry, kind, &self.plan)? {
                each(&entry, id);
            }
        }
        Ok(())
    }

    /// Reads who is there, by anchor alone.
    pub(super) async fn presence(&self, draft: &mut Draft) -> Result<(), LdapFailure> {
        for kind in &self.plan.kinds {
            let ask = self.ask(kind, None, vec![self.plan.anchor.attribute().to_owned()]);
            let mut listing = self.list(ask);
            while let Some(entry) = self.next(kind, &mut listing).await? {
                draft.present_entry(&entry, kind, &self.plan)?;
            }
        }
        Ok(())
    }

    /// Those of some anchors that are selected, as users or as groups.
    pub(super) async fn there(&self, ids: &[Uuid]) -> Result<Vec<Uuid>, LdapFailure> {
        let anchors: String = ids.iter().map(|id| binary::anchor_filter(self.plan.anchor, *id)).collect();
        let mut there = Vec::new();
        for kind in &self.plan.kinds {
            let attributes = vec![self.plan.anchor.attribute().to_owned()];
            let mut listing = self.list(self.ask(kind, Some(&format!("(|{anchors})")), attributes));
            while let Some(entry) = self.next(kind, &mut listing).await? {
                there.extend(convert::anchor(&entry, &self.plan));
            }
        }
        Ok(there)
    }

    /// A continuation reference: part of the subtree lies elsewhere.
    pub(super) fn reference(&self, kind: &Kind, urls: &[String]) -> Result<(), LdapFailure> {
        let inside = |url: &String| {
            let path = url::Url::parse(url).ok().map(|url| url.path().trim_start_matches('/').to_owned());
            // A URL without a DN refers to the base itself.
            path.is_none_or(|dn| dn.is_empty() || dn::is_within(&decoded(&dn), &kind.base))
        };
        // A domain controller refers to child domains and DNS zones below its own domain: other domains, always.
        if self.server.family == Family::ActiveDirectory || !urls.iter().any(inside) {
            tracing::debug!(hosts = verdict::hosts(urls), "a reference to another server is not followed");
            return Ok(());
        }
        Err(LdapFailure::Refused(format!(
            "part of '{}' lies on another server ({}), and referrals are not followed, so the list would be incomplete; write a server that holds all of it into source.ldap.url, or a smaller subtree into {}.base",
            kind.base,
            verdict::hosts(urls),
            kind.place
        )))
    }

    /// What it means that a listing ended early.
    pub(super) fn cut(&self, kind: &Kind, failure: LdapFailure) -> LdapFailure {
        match failure {
            LdapFailure::Result { code, .. } => {
                verdict::limit(self.client.server(), kind.place, code).unwrap_or(failure)
            }
            other => other,
        }
    }

    /// The anchors of users by their names (`uid`); those that are not there are absent.
    pub(super) async fn users_named(&self, users: &[String]) -> Result<Vec<(String, Uuid)>, LdapFailure> {
        let mut found = Vec::new();
        let Some(kind) = self.plan.kind_of(ObjectType::User) else { return Ok(found) };
        let anchor = self.plan.anchor.attribute();
        for users in users.chunks(LOOKUPS) {
            let names =
                users.iter().map(|name| format!("({USER_NAME}={})", ldap3::ldap_escape(name.as_str())));
            let filter = format!("(|{})", names.collect::<String>());
            let attributes = vec![USER_NAME.to_owned(), anchor.to_owned()];
            let mut listing = self.list(self.ask(kind, Some(&filter), attributes));
            while let Some(entry) = self.next(kind, &mut listing).await? {
                let id =
                    entry.values(anchor).first().and_then(|value| binary::anchor(self.plan.anchor, value));
                found.extend(entry.text(USER_NAME).map(str::to_owned).zip(id));
            }
        }
        Ok(found)
    }

    /// The anchors of entries by their DNs; those that are not there, or not to be seen, are absent.
    pub(super) async fn anchors(&self, dns: Vec<String>) -> Result<BTreeMap<String, Uuid>, LdapFailure> {
        let anchor = self.plan.anchor.attribute();
        let asks = dns.into_iter().filter(|dn| !dn.trim().is_empty()).map(|dn| async move {
            let entry = self.client.entry(&Ask::entry(Place::Reference, dn.as_str(), &[anchor])).await?;
            let id = entry.and_then(|entry| binary::anchor(self.plan.anchor, entry.values(anchor).first()?));
            Ok::<_, LdapFailure>(id.map(|id| (dn, id)))
        });
        let mut found = BTreeMap::new();
        let mut answers = stream::iter(asks).buffer_unordered(LOOKUPS);
        while let Some(answer) = answers.next().await {
            found.extend(answer?);
        }
        Ok(found)
    }
}

/// A URL's path without percent signs.
fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

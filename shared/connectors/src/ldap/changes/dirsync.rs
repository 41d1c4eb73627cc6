//! Active Directory's DirSync control: a cookie, and which objects of a naming context changed since.
//!
//! The control tells changed attributes only, and not in the selection but in the whole naming context. What it is
//! used for here is the names of those who changed: they are read again by their anchors. Whoever then is not
//! selected is gone.
//!
//! An object counts as changed when one of the attributes did that are asked for: those that people are made of, those
//! the filters compare, its name and place, and whether it is deleted.

use std::collections::{BTreeMap, BTreeSet};

use ldap3::controls::RawControl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::super::binary;
use super::super::config::Anchor;
use super::super::draft::Draft;
use super::super::error::LdapFailure;
use super::super::reader::Reader;
use super::super::wire::{self, Entry, Message};
use super::sync::{bytes, digits};
use super::{Since, domain, untold};

const DIR_SYNC: &str = "1.2.840.113556.1.4.841";

/// The most bytes that an answer shall have.
const ANSWER_BYTES: i64 = 1 << 20;

/// Anchors asked for in one search.
const BATCH: usize = 100;

/// `insufficientAccessRights`.
const NOT_ALLOWED: u32 = 50;

/// Where a reading ended: the cookie of each naming context, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Position {
    cookies: BTreeMap<String, String>,
}

/// What came of asking for changes.
#[derive(Default)]
struct Changed {
    ids: BTreeSet<Uuid>,
    /// An organizational unit was made, renamed or moved: whoever lies below moved with it, untold.
    container: bool,
}

/// Reads everyone; answers where to go on from.
pub(super) async fn full(reader: &Reader, draft: &mut Draft) -> Result<Option<Value>, LdapFailure> {
    let mut position = Position::default();
    for context in domain::contexts(reader) {
        // Asked for little, the server lists little; what matters is the cookie, had before anyone is read.
        let wanted = vec!["isDeleted".to_owned()];
        let cookie = follow(reader, &context, Vec::new(), wanted, &mut Changed::default()).await;
        position
            .cookies
            .insert(context.clone(), digits(&cookie.map_err(|failure| refused(reader, &context, failure))?));
    }
    reader.everyone(draft, &mut |_, _| {}).await?;
    Ok(serde_json::to_value(position).ok().filter(|_| !untold(&reader.plan, "DirSync")))
}

/// Reads what changed since `position`.
pub(super) async fn since(
    reader: &Reader,
    position: &Value,
    draft: &mut Draft,
) -> Result<Since, LdapFailure> {
    let lost = |why: &str| Ok(Since::Lost(why.to_owned()));
    let Ok(old) = serde_json::from_value::<Position>(position.clone()) else {
        return lost("where the last reading ended cannot be understood");
    };
    let (mut next, mut changed) = (Position::default(), Changed::default());
    for context in domain::contexts(reader) {
        let cookie = old.cookies.get(&context).and_then(|cookie| bytes(cookie));
        let Some(cookie) = cookie else { return lost("another naming context was followed last time") };
        match follow(reader, &context, cookie, watched(reader), &mut changed).await {
            Ok(cookie) => next.cookies.insert(context, digits(&cookie)),
            Err(LdapFailure::Result { code, .. }) if code != NOT_ALLOWED => {
                return lost("the domain controller does not accept the DirSync cookie any more");
            }
            Err(failure) => return Err(refused(reader, &context, failure)),
        };
    }
    let Ok(next) = serde_json::to_value(next) else { return lost("where the reading ended cannot be kept") };
    if changed.ids.is_empty() {
        return Ok(Since::Unchanged(next));
    }
    let ids: Vec<Uuid> = changed.ids.into_iter().collect();
    for kind in &reader.plan.kinds {
        for batch in ids.chunks(BATCH) {
            let any: String = batch.iter().map(|id| binary::anchor_filter(Anchor::ObjectGuid, *id)).collect();
            reader.matching(kind, Some(&format!("(|{any})")), &[], draft, &mut |_, _| {}).await?;
        }
    }
    if changed.container || domain::filters_computed(&reader.plan) {
        reader.presence(draft).await?;
        return Ok(Since::Full(next));
    }
    ids.into_iter().for_each(|id| draft.gone(id));
    Ok(Since::Delta(next))
}

/// The attributes whose changes matter.
fn watched(reader: &Reader) -> Vec<String> {
    let mut names: BTreeSet<String> = ["name", "isDeleted"].map(str::to_owned).into();
    for kind in &reader.plan.kinds {
        names.extend(kind.asked.iter().cloned());
        names.extend(domain::filter_attributes(&kind.filter));
    }
    if domain::filters_computed(&reader.plan) {
        names.extend(domain::LINKS.map(str::to_owned));
    }
    super::super::client::names(names.iter().map(String::as_str))
}

/// Takes in what changed since the cookie (everything, without one); the new cookie.
async fn follow(
    reader: &Reader,
    context: &str,
    mut cookie: Vec<u8>,
    attributes: Vec<String>,
    changed: &mut Changed,
) -> Result<Vec<u8>, LdapFailure> {
    loop {
        let mut ask = domain::search(reader, context, "(objectClass=*)".into(), &[]);
        ask.attributes.clone_from(&attributes);
        ask.controls.push(request(&cookie));
        let mut listing = reader.client.list(ask, None);
        while let Some(message) = listing.next().await? {
            if let Message::Entry(entry) = message {
                changed.take(&entry);
            }
        }
        let answer = answer(listing.controls());
        let (more, next) = answer.ok_or_else(|| reader.client.garbled("DirSync without a cookie"))?;
        cookie = next;
        if !more {
            return Ok(cookie);
        }
    }
}

impl Changed {
    fn take(&mut self, entry: &Entry) {
        let id = entry.values(Anchor::ObjectGuid.attribute()).first().and_then(|value| binary::guid(value));
        self.ids.extend(id);
        let unit = entry.dn.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("OU="));
        let moved = !entry.values("name").is_empty() && entry.text("isDeleted") != Some("TRUE");
        self.container |= unit && moved;
    }
}

/// Flags (none), the most bytes, and the cookie.
fn request(cookie: &[u8]) -> RawControl {
    let parts = vec![wire::number(0), wire::number(ANSWER_BYTES), wire::octets(cookie.to_vec())];
    wire::control(DIR_SYNC, true, Some(wire::sequence_of(parts)))
}

/// Whether more is to be had at once, and the cookie.
fn answer(controls: &[RawControl]) -> Option<(bool, Vec<u8>)> {
    let control = controls.iter().find(|control| control.ctype == DIR_SYNC)?;
    let mut parts = wire::sequence(control.val.as_deref()?)?.into_iter();
    let more = wire::integer(parts.next()?)? != 0;
    Some((more, wire::primitive(parts.nth(1)?)?))
}

/// Why DirSync is not to be had.
fn refused(reader: &Reader, context: &str, failure: LdapFailure) -> LdapFailure {
    match failure {
        LdapFailure::Result { code, .. } => LdapFailure::Refused(format!(
            "{} does not let the bind account use DirSync on {context} (result {code}); give it the right \"Replicating Directory Changes\" there, or set source.ldap.changes to usnChanged",
            reader.client.server()
        )),
        other => other,
    }
}

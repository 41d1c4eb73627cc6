//! Active Directory's counter of changes (`uSNChanged`), with deleted objects or a listing for who is gone.
//!
//! Every domain controller counts for itself. Where a reading ended is therefore the counter's value together with the
//! controller's `invocationId`, which is another one on every other controller, and on one restored from a backup.
//! The counter is read before anything is searched for: what changes meanwhile is found once more next time.
//!
//! # Who is gone
//! Whoever changed but is not selected any more (moved away, fallen out of the filter, deleted) is named gone, when
//! the account has been seen to see deleted objects. Otherwise, and where a filter or a moved container makes changes
//! of single objects tell too little, everyone who is there is listed by anchor.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::super::binary;
use super::super::client::Ask;
use super::super::config::Anchor;
use super::super::draft::{Draft, Presence};
use super::super::error::LdapFailure;
use super::super::reader::Reader;
use super::super::verdict::{self, Place};
use super::super::wire::Message;
use super::{Since, domain, untold};

/// Enough to see the folder of deleted objects itself and something in it.
const A_FEW: u32 = 2;

/// Where a reading ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Position {
    /// Of which domain controller, since its last restoration.
    invocation: Uuid,
    /// The highest change that was committed then.
    usn: i64,
}

/// What came of looking for changes.
#[derive(Default)]
struct Changed {
    ids: Vec<Uuid>,
    /// Something changed that others lie below.
    container: bool,
}

/// Reads everyone; answers where to go on from.
pub(super) async fn full(reader: &Reader, draft: &mut Draft) -> Result<Option<Value>, LdapFailure> {
    let untold = untold(&reader.plan, "uSNChanged");
    let position = if untold { None } else { position(reader).await? };
    reader.everyone(draft, &mut |_, _| {}).await?;
    if position.is_none() && !untold {
        let reason = unreadable_position();
        tracing::warn!("changes cannot be followed by uSNChanged, so everyone is read every time: {reason}");
    }
    Ok(position.as_ref().and_then(stored))
}

/// Reads what changed since `position`; `presence` is who was there then.
pub(super) async fn since(
    reader: &Reader,
    position: &Value,
    presence: Option<Presence>,
    draft: &mut Draft,
) -> Result<Since, LdapFailure> {
    let Ok(old) = serde_json::from_value::<Position>(position.clone()) else {
        return Ok(Since::Lost("where the last reading ended cannot be understood".into()));
    };
    let Some(new) = self::position(reader).await? else {
        return Ok(Since::Lost(unreadable_position()));
    };
    if new.invocation != old.invocation || new.usn < old.usn {
        return Ok(Since::Lost(
            "another domain controller answered than last time, or it was restored from a backup".into(),
        ));
    }
    let Some(next) = stored(&new) else {
        return Ok(Since::Lost(unreadable_position()));
    };
    if new.usn == old.usn {
        return Ok(Since::Unchanged(next));
    }
    let filter = format!("(uSNChanged>={})", old.usn.saturating_add(1));
    let changed = changed(reader, &filter).await?;
    for kind in &reader.plan.kinds {
        reader.matching(kind, Some(&filter), &[], draft, &mut |_, _| {}).await?;
    }
    let told = !changed.container && !domain::filters_computed(&reader.plan) && sees_deleted(reader).await?;
    if told {
        changed.ids.into_iter().for_each(|id| draft.gone(id));
        return Ok(if draft.is_empty() { Since::Unchanged(next) } else { Since::Delta(next) });
    }
    let nobody_changed = draft.is_empty();
    reader.presence(draft).await?;
    let same = nobody_changed && draft.unreadables() == 0 && presence == Some(draft.presence());
    Ok(if same { Since::Unchanged(next) } else { Since::Full(next) })
}

fn stored(position: &Position) -> Option<Value> {
    serde_json::to_value(position).ok()
}

fn unreadable_position() -> String {
    "the bind account cannot read highestCommittedUSN of the rootDSE and the invocationId of the domain controller it names; give it read access to CN=Configuration".into()
}

/// Where the domain controller stands; `None` when it does not say. The rootDSE was read when the connection was made,
/// before any search.
async fn position(reader: &Reader) -> Result<Option<Position>, LdapFailure> {
    let root = &reader.server.root;
    let usn = root.text("highestCommittedUSN").and_then(|text| text.parse().ok());
    let (Some(usn), Some(service)) = (usn, root.text("dsServiceName")) else { return Ok(None) };
    let entry = reader.client.entry(&Ask::entry(Place::Server, service, &["invocationId"])).await?;
    let invocation = entry.and_then(|entry| binary::guid(entry.values("invocationId").first()?));
    Ok(invocation.map(|invocation| Position { invocation, usn }))
}

/// Everything that changed in the naming contexts, deleted objects too: people and anything else.
async fn changed(reader: &Reader, filter: &str) -> Result<Changed, LdapFailure> {
    let mut changed = Changed::default();
    let anchor = Anchor::ObjectGuid.attribute();
    for context in domain::contexts(reader) {
        let mut ask =
            domain::search(reader, &context, filter.to_owned(), &[anchor, "objectClass", "isDeleted"]);
        ask.controls.push(domain::show_deleted());
        let mut listing = reader.list(ask);
        while let Some(message) = listing.next().await.map_err(|failure| limited(reader, failure))? {
            let Message::Entry(entry) = message else { continue };
            let guid = entry.values(anchor).first().and_then(|value| binary::guid(value));
            changed.ids.extend(guid);
            changed.container |= domain::holds_others(&entry) && entry.text("isDeleted") != Some("TRUE");
        }
    }
    Ok(changed)
}

/// A limit that the search for changes ran into, in words.
fn limited(reader: &Reader, failure: LdapFailure) -> LdapFailure {
    match failure {
        LdapFailure::Result { code, .. } => {
            verdict::limit(reader.client.server(), Place::Users, code).unwrap_or(failure)
        }
        other => other,
    }
}

/// Whether the account sees deleted objects: known only when it sees one, in each naming context. A plain account does
/// not, and is not told so.
async fn sees_deleted(reader: &Reader) -> Result<bool, LdapFailure> {
    for context in domain::contexts(reader) {
        let folder = format!("CN=Deleted Objects,{context}");
        let mut ask =
            domain::search(reader, &folder, "(isDeleted=TRUE)".into(), &[Anchor::ObjectGuid.attribute()]);
        ask.controls.push(domain::show_deleted());
        let mut listing = reader.client.list(ask, Some(A_FEW));
        let mut seen = false;
        while !seen {
            match listing.next().await {
                Ok(Some(Message::Entry(entry))) => seen = !entry.dn.eq_ignore_ascii_case(&folder),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(LdapFailure::Result { code, .. }) if verdict::is_nobody(code) => break,
                Err(failure) => return Err(failure),
            }
        }
        if !seen {
            tracing::debug!(
                context,
                "the bind account does not see deleted objects, so those who are there are listed"
            );
            return Ok(false);
        }
    }
    Ok(true)
}

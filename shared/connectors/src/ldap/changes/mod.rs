//! The ways to learn what changed.
//!
//! In: a [`Reader`] and where the last reading ended. Out: what changed, in a [`Draft`], and where to go on.
//!
//! | Way | Changed entries | Who is gone |
//! |---|---|---|
//! | `sync` | RFC 4533, by cookie | named, or by absence from a listing that the server sends |
//! | `modify_timestamp` | by time stamp, with an overlap | by absence from a listing of anchors |
//! | `usn` | by Active Directory's counter | deleted objects, and absence |
//! | `dirsync` | by Active Directory's DirSync cookie | named |
//! | none | everyone, every time | by absence |
//!
//! Each file has two functions: `full` reads everyone and answers where to go on from; `since` goes on from there.

mod dirsync;
mod domain;
mod modify_timestamp;
mod sync;
mod usn;

#[cfg(test)]
pub(super) use domain::filter_attributes;
use engine::model::ObjectType;
use serde_json::Value;

use super::config::Changes;
use super::draft::Draft;
use super::error::LdapFailure;
use super::plan::Plan;
use super::reader::Reader;
use super::watermark::Mark;

/// What came of asking for changes.
#[derive(Debug)]
pub(super) enum Since {
    /// Nothing changed. Where to go on.
    Unchanged(Value),
    /// The draft holds what changed and names who is gone. Where to go on.
    Delta(Value),
    /// The draft shows everyone: as objects when they changed, otherwise by anchor. Where to go on.
    Full(Value),
    /// The server does not know any more what changed since, and why: everyone has to be read.
    Lost(String),
}

/// Whether changes of single people do not tell everything, because something is asked for that the server computes
/// from groups; it is said so once a reading. Then everyone has to be read every time. `way` is for the message.
fn untold(plan: &Plan, way: &str) -> bool {
    let computed = |name: &&String| domain::COMPUTED.contains(&name.to_lowercase().as_str());
    let users = plan.kinds.iter().filter(|kind| kind.object_type == ObjectType::User);
    let found = users.flat_map(|kind| &kind.asked).find(computed);
    if let Some(name) = found {
        tracing::warn!(
            "changes cannot be followed by {way}, so everyone is read every time: '{name}' is computed by the server, and its changes are not told"
        );
    }
    found.is_some()
}

/// The way to go, where the document leaves the choice.
pub(super) fn way(wanted: Changes, reader: &Reader) -> Changes {
    match wanted {
        Changes::Auto => reader.server.changes(reader.plan.anchor),
        other => other,
    }
}

/// Reads everyone, in a way that changes can be followed from. Answers the way that was gone in the end (`wanted`
/// tells whether the document leaves the choice), and where to go on; none when the next reading has to be a full
/// one again.
pub(super) async fn full(
    wanted: Changes,
    reader: &Reader,
    draft: &mut Draft,
) -> Result<(Changes, Option<Value>), LdapFailure> {
    let way = way(wanted, reader);
    let position = match way {
        Changes::Sync => return sync::full(wanted, reader, draft).await,
        Changes::ModifyTimestamp => modify_timestamp::full(reader, draft).await?,
        Changes::UsnChanged => usn::full(reader, draft).await?,
        Changes::DirSync => dirsync::full(reader, draft).await?,
        Changes::None | Changes::Auto => {
            reader.everyone(draft, &mut |_, _| {}).await?;
            None
        }
    };
    Ok((way, position))
}

/// Reads what changed since `mark`, whose position is `position`.
pub(super) async fn since(
    mark: &Mark,
    position: &Value,
    reader: &Reader,
    draft: &mut Draft,
) -> Result<Since, LdapFailure> {
    match mark.changes {
        Changes::Sync => sync::since(reader, position, draft).await,
        Changes::ModifyTimestamp => modify_timestamp::since(reader, position, mark.presence, draft).await,
        Changes::UsnChanged => usn::since(reader, position, mark.presence, draft).await,
        Changes::DirSync => dirsync::since(reader, position, draft).await,
        Changes::None | Changes::Auto => Ok(Since::Lost("changes are not followed".into())),
    }
}

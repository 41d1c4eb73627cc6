//! Time stamps: entries whose `modifyTimestamp` is not older than the newest one seen, and a listing of who is there.
//!
//! In: the newest stamp of the last reading. Out: everyone, as objects when their stamp is recent, otherwise by
//! anchor; or that nothing changed.
//!
//! Time is the server's: the newest stamp that it showed. Ours may differ, and few servers tell theirs. From the
//! newest stamp two things are taken off before asking again: how long the listing took, because an entry may have
//! changed after it was listed, and an overlap for servers of one domain whose clocks differ and for several changes
//! within a second. What the overlap shows again is told from changes by a digest.
//!
//! # Assumptions
//! Stamps of changes that arrive from another server are not older than the overlap. Those that are, are seen by the
//! next full reading.

use std::time::Instant;

use engine::ids::digest16;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::draft::{Draft, Presence};
use super::super::error::LdapFailure;
use super::super::reader::Reader;
use super::super::time;
use super::super::wire::Entry;
use super::{Since, untold};

const STAMP: &str = "modifyTimestamp";

/// What is asked for again, in seconds: directories whose clocks differ by more are considered broken by Kerberos,
/// too.
const OVERLAP: i64 = 5 * 60;

/// Where a reading ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    /// What is asked for next time: entries not older than this, in seconds since 1970.
    from: i64,
    /// Entries not older than that, with what they looked like.
    window: Presence,
}

/// The most recent entries that were seen.
#[derive(Debug, Default)]
struct Window {
    /// Stamp and digest of the content.
    seen: Vec<(i64, [u8; 16])>,
    newest: Option<i64>,
    /// Some entry had no stamp, so that nobody can tell whether it changes.
    unstamped: bool,
}

impl Window {
    fn see(&mut self, entry: &Entry) {
        let Some(stamp) = entry.text(STAMP).and_then(time::generalized).map(Timestamp::as_second) else {
            self.unstamped = true;
            return;
        };
        self.newest = self.newest.max(Some(stamp));
        self.seen.push((stamp, content(entry)));
    }

    /// Where to go on; `took` are the seconds that the listing took.
    fn position(&self, took: i64, before: Option<i64>) -> Option<Position> {
        let from = (self.newest? - took - OVERLAP).max(before.unwrap_or(i64::MIN));
        let recent = self.seen.iter().filter(|(stamp, _)| *stamp >= from);
        (!self.unstamped)
            .then(|| Position { from, window: Presence::of_digests(recent.map(|(_, digest)| *digest)) })
    }
}

/// Reads everyone; answers where to go on from, unless some entry has no stamp.
pub(super) async fn full(reader: &Reader, draft: &mut Draft) -> Result<Option<Value>, LdapFailure> {
    let began = Instant::now();
    let mut window = Window::default();
    for kind in &reader.plan.kinds {
        reader.matching(kind, None, &[STAMP], draft, &mut |entry, _| window.see(entry)).await?;
    }
    if window.unstamped {
        tracing::info!(
            server = reader.client.server(),
            "some entries show no modifyTimestamp to the bind account, so the next reading is a full one, too"
        );
    }
    let position = window.position(seconds(began), None).filter(|_| !untold(&reader.plan, STAMP));
    Ok(position.and_then(|position| serde_json::to_value(position).ok()))
}

/// Reads what changed since `position`; `before` tells who was there.
pub(super) async fn since(
    reader: &Reader,
    position: &Value,
    before: Option<Presence>,
    draft: &mut Draft,
) -> Result<Since, LdapFailure> {
    let position = serde_json::from_value::<Position>(position.clone()).ok();
    let asked = position.and_then(|known| Some((Timestamp::from_second(known.from).ok()?, known)));
    let Some((from, known)) = asked else {
        return Ok(Since::Lost("the time stamp is none that this version understands".into()));
    };
    let began = Instant::now();
    let mut window = Window::default();
    let filter = format!("({STAMP}>={})", time::for_filter(from));
    for kind in &reader.plan.kinds {
        reader.matching(kind, Some(&filter), &[STAMP], draft, &mut |entry, _| window.see(entry)).await?;
    }
    if window.unstamped {
        return Ok(Since::Lost("an entry shows no modifyTimestamp to the bind account".into()));
    }
    let took = seconds(began);
    let same = Presence::of_digests(window.seen.iter().map(|(_, digest)| *digest)) == known.window;
    reader.presence(draft).await?;
    // With nobody recent left, the old time is as good as any.
    let next = window.position(took, Some(known.from));
    let next = next.unwrap_or(Position { from: known.from, window: Presence::default() });
    let next = serde_json::to_value(next).unwrap_or_default();
    let unchanged = same && before == Some(draft.presence());
    Ok(if unchanged { Since::Unchanged(next) } else { Since::Full(next) })
}

fn seconds(began: Instant) -> i64 {
    i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX / 4) + 1
}

/// What an entry looks like: two changes within a second have the same stamp.
fn content(entry: &Entry) -> [u8; 16] {
    let mut parts: Vec<&[u8]> = vec![entry.dn.as_bytes()];
    for (name, values) in &entry.attributes {
        parts.push(name.as_bytes());
        parts.extend(values.iter().map(Vec::as_slice));
    }
    digest16(&parts)
}

//! The port: a reading of what was uploaded.
//!
//! # Expected flow
//! `open` looks how far uploads have come. Nothing since the watermark: unchanged. Otherwise a delta of whom the uploads
//! since then changed; a full reading where that is no longer known, or the watermark is not ours.
//!
//! # Guarantees
//! People are read when their page is: one who is uploaded meanwhile may show as by then, and shows again in the next
//! delta, because the watermark is of when the reading began. Nobody shows twice in one reading.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use engine::ids::IdHash;
use engine::model::{Cursor, SourceId, SourceObject, Watermark};
use engine::ports::{Reading, Source, SourceError, SourcePage, StoreError};
use serde::{Deserialize, Serialize};

use super::Uploads;

/// People a page, as with other sources.
const PAGE: usize = 500;

/// Of so many uploads the changes are followed; beyond them everyone is read, which takes about as long and less memory.
/// It is a day's, with some left over.
const MOST_FOLLOWED: u64 = 2_500;

/// Raised when what was uploaded is understood in another way than before, so that everyone is read again.
const VERSION: u32 = 1;

/// What was uploaded, as a source of people.
pub struct InboundSource {
    uploads: Arc<dyn Uploads>,
    calls: AtomicU64,
    /// Whom the delta being read shows.
    changed: Mutex<Option<Arc<Changed>>>,
}

/// A watermark, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    version: u32,
    sequence: u64,
}

/// A cursor, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    /// The last upload when the reading began.
    sequence: u64,
    /// Of a delta: the upload after which it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    /// Who was shown last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<IdHash>,
}

/// Whom uploads changed, in the order in which they are shown.
#[derive(Debug)]
struct Changed {
    since: u64,
    to: u64,
    people: BTreeMap<IdHash, SourceId>,
}

impl InboundSource {
    /// A source over what was uploaded for one job.
    #[must_use]
    pub fn new(uploads: Arc<dyn Uploads>) -> Self {
        Self { uploads, calls: AtomicU64::new(0), changed: Mutex::default() }
    }

    fn asked(&self) -> &dyn Uploads {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.uploads.as_ref()
    }

    async fn begin(&self, watermark: Option<&Watermark>) -> Result<Reading, SourceError> {
        let extent = self.asked().extent().await.map_err(|error| unavailable(&error))?;
        let sequence = extent.sequence;
        let known = watermark.and_then(|mark| serde_json::from_value::<Mark>(mark.0.clone()).ok());
        let known = known.filter(|mark| mark.version == VERSION && mark.sequence <= sequence);
        let watermark = Watermark(stored(&Mark { version: VERSION, sequence })?);
        let followed = match known {
            Some(mark) if mark.sequence == sequence => return Ok(Reading::Unchanged { watermark: None }),
            Some(mark) if sequence - mark.sequence <= MOST_FOLLOWED => {
                self.changed(mark.sequence, sequence).await?
            }
            _ => None,
        };
        match followed {
            Some(changed) if changed.people.is_empty() => {
                Ok(Reading::Unchanged { watermark: Some(watermark) })
            }
            Some(changed) => {
                let cursor = cursor(Place { sequence, since: Some(changed.since), after: None })?;
                Ok(Reading::Delta { cursor, total: Some(changed.people.len() as u64), watermark })
            }
            None => {
                let cursor = cursor(Place { sequence, since: None, after: None })?;
                Ok(Reading::Full { cursor, total: Some(extent.people), attributes: None, watermark })
            }
        }
    }

    async fn resume(&self, cursor: &Cursor) -> Result<Reading, SourceError> {
        let place = place(cursor)?;
        let watermark = Watermark(stored(&Mark { version: VERSION, sequence: place.sequence })?);
        let cursor = cursor.clone();
        match place.since {
            None => Ok(Reading::Full { cursor, total: None, attributes: None, watermark }),
            Some(since) => {
                let changed = self.changed(since, place.sequence).await?.ok_or_else(moved)?;
                Ok(Reading::Delta { cursor, total: Some(changed.people.len() as u64), watermark })
            }
        }
    }

    /// Whom the uploads after `since` changed, up to `to`; `None` when that is no longer known.
    async fn changed(&self, since: u64, to: u64) -> Result<Option<Arc<Changed>>, SourceError> {
        let kept = self.changed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| (kept.since, kept.to) == (since, to)) {
            return Ok(Some(kept));
        }
        let Some(people) = self.asked().changed(since, to).await.map_err(|error| unavailable(&error))? else {
            return Ok(None);
        };
        let people = people.into_iter().map(|id| (IdHash::of(&id), id)).collect();
        let changed = Arc::new(Changed { since, to, people });
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(changed.clone());
        Ok(Some(changed))
    }

    async fn page(&self, place: Place) -> Result<SourcePage, SourceError> {
        let Some(since) = place.since else { return self.page_of_everyone(place).await };
        let changed = self.changed(since, place.sequence).await?.ok_or_else(moved)?;
        let begin = place.after.map_or(Bound::Unbounded, Bound::Excluded);
        let shown: Vec<(&IdHash, &SourceId)> =
            changed.people.range((begin, Bound::Unbounded)).take(PAGE).collect();
        let ids: Vec<SourceId> = shown.iter().map(|(_, id)| (*id).clone()).collect();
        let objects = self.asked().people(&ids).await.map_err(|error| unavailable(&error))?;
        let mut there: Vec<&SourceId> = objects.iter().map(|person| &person.id).collect();
        there.sort();
        let gone = ids.iter().filter(|id| there.binary_search(id).is_err()).cloned().collect();
        let next = full_page(shown.len(), shown.last().map(|(hash, _)| **hash), place)?;
        Ok(SourcePage { objects, gone, next, ..SourcePage::default() })
    }

    async fn page_of_everyone(&self, place: Place) -> Result<SourcePage, SourceError> {
        let objects = self.asked().everyone(place.after, PAGE).await.map_err(|error| unavailable(&error))?;
        let next = full_page(objects.len(), objects.last().map(|last| IdHash::of(&last.id)), place)?;
        Ok(SourcePage { objects, next, ..SourcePage::default() })
    }
}

/// Where to go on after a page, unless it was the last.
fn full_page(shown: usize, last: Option<IdHash>, place: Place) -> Result<Option<Cursor>, SourceError> {
    (shown >= PAGE).then(|| cursor(Place { after: last, ..place })).transpose()
}

fn cursor(place: Place) -> Result<Cursor, SourceError> {
    stored(&place).map(Cursor)
}

fn place(cursor: &Cursor) -> Result<Place, SourceError> {
    serde_json::from_value(cursor.0.clone()).map_err(|_| moved())
}

fn stored(words: &impl Serialize) -> Result<serde_json::Value, SourceError> {
    serde_json::to_value(words).map_err(|error| SourceError::Unavailable(error.to_string()))
}

fn moved() -> SourceError {
    SourceError::Moved("whom the uploads changed is no longer known; everyone uploaded is read".into())
}

fn unavailable(error: &StoreError) -> SourceError {
    SourceError::Unavailable(format!("the uploaded people cannot be read: {error}"))
}

#[async_trait]
impl Source for InboundSource {
    async fn open(
        &self,
        watermark: Option<&Watermark>,
        resume: Option<&Cursor>,
    ) -> Result<Reading, SourceError> {
        match resume {
            Some(cursor) => self.resume(cursor).await,
            None => self.begin(watermark).await,
        }
    }

    async fn read(&self, cursor: &Cursor) -> Result<SourcePage, SourceError> {
        self.page(place(cursor)?).await
    }

    async fn get(&self, ids: &[SourceId]) -> Result<Vec<SourceObject>, SourceError> {
        self.asked().people(ids).await.map_err(|error| unavailable(&error))
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

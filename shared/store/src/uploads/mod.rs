//! People who are uploaded, for jobs whose source is told rather than asked.
//!
//! In: an upload, how some people are now or that they are gone. Out: everyone who is there, and whom the uploads since
//! a number changed.
//!
//! | Row | Says |
//! |---|---|
//! | head | the number of the last upload, how many people there are, how many uploads came today |
//! | person | how one is now; who is gone has none |
//! | log | whom one upload changed: ids only |
//! | receipt | that an upload was staged |
//!
//! # Guarantees
//! * An upload takes effect in one transaction. Its number is one more than the head's, which must not have moved
//!   since: numbers have no gaps, whatever clocks say, and whoever sees a number sees all that it and those before it
//!   wrote.
//! * Staging an upload again, by its id, stages nothing.
//! * Who is uploaded as they were is not written again: an export that sends everyone every night costs little more
//!   than its reading.
//!
//! # Caveats
//! Log and receipts expire. A reader whose number is older reads everyone. An upload in the very instant in which its
//! job is deleted can leave rows behind.

mod stage;

use std::collections::BTreeSet;

use engine::ids::IdHash;
use engine::model::{JobId, SourceId, SourceObject};
use engine::ports::StoreError;
use jiff::civil::Date;

use crate::item::Stored;
use crate::{DynamoStore, keys};

pub use stage::{Staged, UploadError};

const SEQUENCE: &str = "sequence";
const PEOPLE: &str = "people";
const DAY: &str = "day";
const TODAY: &str = "today";
const PERSON: &str = "person";
const CHANGED: &str = "changed";

/// How far the uploads of a job have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UploadExtent {
    /// The number of the last upload; 0 before the first.
    pub sequence: u64,
    /// How many people there are.
    pub people: u64,
}

/// The head, as stored.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    extent: UploadExtent,
    /// The day of the last upload, and how many came on it.
    today: Option<(Date, u32)>,
}

impl Head {
    fn read(stored: &Stored) -> Result<Self, StoreError> {
        let day = stored.text(DAY)?;
        let day = day.parse().map_err(|error| stored.wrong(DAY, format!("is no day: {error}")))?;
        Ok(Self {
            extent: UploadExtent { sequence: stored.number(SEQUENCE)?, people: stored.number(PEOPLE)? },
            today: Some((day, stored.number(TODAY)?)),
        })
    }
}

impl DynamoStore {
    /// How far uploads have come.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn upload_extent(&self, job: &JobId) -> Result<UploadExtent, StoreError> {
        let head = self.state.get(&keys::upload_head(job)).await?;
        Ok(head.as_ref().map(Head::read).transpose()?.unwrap_or_default().extent)
    }

    /// These people as they are now, in no order; who is gone is absent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn uploaded(&self, job: &JobId, ids: &[SourceId]) -> Result<Vec<SourceObject>, StoreError> {
        let distinct: BTreeSet<IdHash> = ids.iter().map(IdHash::of).collect();
        let keys = distinct.into_iter().map(|id| keys::uploaded(job, id)).collect();
        self.state.get_many(keys).await?.iter().map(person).collect()
    }

    /// Everyone who is there, in the order of their id hashes, from the one after `after` on, at most `most`; fewer only
    /// at the end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn uploaded_after(
        &self,
        job: &JobId,
        after: Option<IdHash>,
        most: usize,
    ) -> Result<Vec<SourceObject>, StoreError> {
        let mut found = Vec::new();
        let first = after.map_or(0, keys::bucket);
        for bucket in first..keys::BUCKETS {
            let after = after.filter(|_| bucket == first).map(|after| after.to_string());
            let wanted = most.saturating_sub(found.len());
            for row in self.state.after(&keys::all_uploaded(job, bucket), after.as_deref(), wanted).await? {
                found.push(person(&row)?);
            }
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// Whom the uploads after number `after` changed, up to number `to`; `None` when not all of them are remembered.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn changed_by_uploads(
        &self,
        job: &JobId,
        after: u64,
        to: u64,
    ) -> Result<Option<BTreeSet<SourceId>>, StoreError> {
        let wanted = usize::try_from(to.saturating_sub(after)).unwrap_or(usize::MAX);
        let from = keys::upload_log(job, after);
        let mut changed = BTreeSet::new();
        let rows = self.state.after(&from.pk, Some(&from.sk), wanted).await?;
        // What expires goes in no order, and leaves gaps.
        for (row, number) in rows.iter().zip(after + 1..) {
            if row.number::<u64>(SEQUENCE)? != number {
                return Ok(None);
            }
            changed.extend(row.json::<Vec<SourceId>>(CHANGED)?);
        }
        Ok((rows.len() == wanted).then_some(changed))
    }
}

fn person(stored: &Stored) -> Result<SourceObject, StoreError> {
    let person: SourceObject = stored.packed(PERSON)?;
    if IdHash::of(&person.id).to_string() != stored.key().sk {
        return Err(stored.wrong(PERSON, format!("is '{}', not whom this key is of", person.id)));
    }
    Ok(person)
}

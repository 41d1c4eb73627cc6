//! Escrow: objects that failed, and when they are tried again.
//!
//! In: failures, from the worker; what people decide about them, beside a running cycle. Out: entries with both.
//!
//! A person's word is in attributes of its own: `ignored`, and `retryAt` for "try it now". The worker writes the rest.
//! Each writes on the condition that the other did not meanwhile, or looks again:
//!
//! * An entry put again stays ignored as long as its object is the same; of a changed object it is a new failure, which
//!   nobody has seen yet. Taken out of escrow and put back it is new too: that is for a mapping that changed.
//! * An attempt asked for before the last failure was that attempt; one asked for since is still to come.
//! * What is ignored is not due. Asking for an attempt ends that.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use engine::escrow::EscrowEntry;
use engine::guard::HumanDecision;
use engine::ids::IdHash;
use engine::model::{JobId, SourceId};
use engine::ports::{Lease, StoreError};
use jiff::Timestamp;

use crate::item::{self, Draft, Stored};
use crate::keys::Key;
use crate::table::FENCED;
use crate::{DynamoStore, keys};

const ENTRY: &str = "entry";
const IGNORED: &str = "ignored";
const RETRY_AT: &str = "retryAt";

/// How often a write is tried again because the other side wrote meanwhile: a person, or a worker that tries each object
/// once a cycle.
const ATTEMPTS: u32 = 10;

/// An item: what the worker says, and what people say.
struct Row {
    /// Without what people say.
    entry: EscrowEntry,
    ignored: Option<HumanDecision>,
    retry_at: Option<Timestamp>,
    fence: u64,
}

impl DynamoStore {
    /// See [`engine::ports::Store::put_escrow`]: one request while nobody decided anything. What `entry` says of a
    /// decision is not written: it is as old as its reading.
    pub(crate) async fn write_escrow(&self, lease: &Lease, entry: &EscrowEntry) -> Result<(), StoreError> {
        let entry = EscrowEntry { ignored: None, ..entry.clone() };
        let key = keys::escrow(&lease.job, IdHash::of(&entry.source_id));
        let mut before: Option<Stored> = None;
        for _ in 0..ATTEMPTS {
            let row = match &before {
                None => Row::new(&entry, lease),
                Some(before) => Row::read(before)?.failed_again(&entry, lease)?,
            };
            match self.put_row(row.draft(&lease.job, key.clone())?, before.as_ref(), false).await? {
                Put::Done => return Ok(()),
                Put::Refused(now) => before = now,
            }
        }
        Err(StoreError::unavailable(format!("writing {key}"), "somebody kept changing it"))
    }

    /// See [`engine::ports::Store::delete_escrow`].
    pub(crate) async fn forget_escrow(&self, lease: &Lease, source: &SourceId) -> Result<(), StoreError> {
        self.state.delete_fenced(lease, &keys::escrow(&lease.job, IdHash::of(source))).await
    }

    /// See [`engine::ports::Store::escrows`].
    pub(crate) async fn read_escrows(&self, job: &JobId) -> Result<Vec<EscrowEntry>, StoreError> {
        self.state.list(&keys::escrows(job), "").await?.iter().map(shown).collect()
    }

    /// The escrow of an object; `None` when it is not in escrow.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn escrow(&self, job: &JobId, source: &SourceId) -> Result<Option<EscrowEntry>, StoreError> {
        self.state.get(&keys::escrow(job, IdHash::of(source))).await?.as_ref().map(shown).transpose()
    }

    /// The escrows that are to be tried again at `now`, in no order. Read through an index: what was written within
    /// the last second may be missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn escrows_due(&self, job: &JobId, now: Timestamp) -> Result<Vec<EscrowEntry>, StoreError> {
        let due = self.due(&keys::due_escrows(job), now).await?;
        let mut entries = Vec::with_capacity(due.len());
        for stored in self.state.get_many(due.into_iter().map(|(_, key)| key).collect()).await? {
            let entry = shown(&stored)?;
            // The index lags behind: somebody may have said a moment ago that it is to be ignored.
            if entry.ignored.is_none() {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    /// Has an object tried again in the next cycle, whatever its schedule, and even if it was ignored. False when it is
    /// not in escrow.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn retry_now(
        &self,
        job: &JobId,
        source: &SourceId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.amend(job, source, |row| Row { ignored: None, retry_at: Some(now), ..row }).await
    }

    /// Writes down that an object is not to be tried again until it changes, or the mapping does; `None` takes that back.
    /// False when it is not in escrow.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ignore_escrow(
        &self,
        job: &JobId,
        source: &SourceId,
        decision: Option<&HumanDecision>,
    ) -> Result<bool, StoreError> {
        self.amend(job, source, |row| Row {
            retry_at: row.retry_at.filter(|_| decision.is_none()),
            ignored: decision.cloned(),
            ..row
        })
        .await
    }

    /// A person's change of an entry. False when it is not there.
    async fn amend(
        &self,
        job: &JobId,
        source: &SourceId,
        change: impl Fn(Row) -> Row,
    ) -> Result<bool, StoreError> {
        let key = keys::escrow(job, IdHash::of(source));
        let mut before = self.state.get(&key).await?;
        for _ in 0..ATTEMPTS {
            let Some(stored) = before else { return Ok(false) };
            let row = change(Row::read(&stored)?);
            match self.put_row(row.draft(job, key.clone())?, Some(&stored), true).await? {
                Put::Done => return Ok(true),
                Put::Refused(now) => before = now,
            }
        }
        Err(StoreError::unavailable(format!("writing {key}"), "a cycle kept changing it"))
    }

    /// Writes an item, provided that what people said of it is as it was `before`, and for people also what the worker
    /// said.
    async fn put_row(&self, row: Draft, before: Option<&Stored>, by_person: bool) -> Result<Put, StoreError> {
        let key = row.key().clone();
        let watched: &[&str] = if by_person { &[IGNORED, RETRY_AT, ENTRY] } else { &[IGNORED, RETRY_AT] };
        let mut conditions = Vec::new();
        let mut request = self.state.client.put_item().table_name(&self.state.name);
        for (number, name) in watched.iter().enumerate() {
            request = request.expression_attribute_names(format!("#a{number}"), *name);
            match before.filter(|before| before.has(name)) {
                Some(before) => {
                    conditions.push(format!("#a{number} = :a{number}"));
                    let text = AttributeValue::S(before.text(name)?.to_owned());
                    request = request.expression_attribute_values(format!(":a{number}"), text);
                }
                None => conditions.push(format!("attribute_not_exists(#a{number})")),
            }
        }
        if let Some(fence) = row.value("fence").filter(|_| !by_person) {
            conditions.push(format!("({FENCED})"));
            request = request.expression_attribute_values(":fence", fence.clone());
        }
        let answer = request
            .set_item(Some(row.into_item()))
            .condition_expression(conditions.join(" AND "))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = answer else { return Ok(Put::Done) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                Ok(Put::Refused(refusal.item().cloned().map(Stored::read).transpose()?))
            }
            _ => Err(StoreError::unavailable(format!("writing {key}"), error)),
        }
    }
}

/// What became of a write.
enum Put {
    Done,
    /// Somebody wrote meanwhile: the item as it is now.
    Refused(Option<Stored>),
}

impl Row {
    fn new(entry: &EscrowEntry, lease: &Lease) -> Self {
        Self { entry: entry.clone(), ignored: None, retry_at: None, fence: lease.fence }
    }

    fn read(stored: &Stored) -> Result<Self, StoreError> {
        Ok(Self {
            entry: stored.json(ENTRY)?,
            ignored: stored.json_if_any(IGNORED)?,
            retry_at: stored.has(RETRY_AT).then(|| stored.moment(RETRY_AT)).transpose()?,
            fence: stored.number("fence")?,
        })
    }

    /// The row after the worker failed with the object again.
    fn failed_again(self, entry: &EscrowEntry, lease: &Lease) -> Result<Self, StoreError> {
        if self.fence > lease.fence {
            return Err(StoreError::Fenced(lease.job.clone()));
        }
        let same = self.entry.object == entry.object;
        Ok(Self {
            ignored: self.ignored.filter(|_| same),
            retry_at: self.retry_at.filter(|at| *at > entry.last_failed),
            ..Self::new(entry, lease)
        })
    }

    /// The entry as it is shown.
    fn shown(self) -> EscrowEntry {
        let next_attempt = self.retry_at.or(self.entry.next_attempt);
        EscrowEntry { ignored: self.ignored, next_attempt, ..self.entry }
    }

    fn draft(self, job: &JobId, key: Key) -> Result<Draft, StoreError> {
        let mut draft = Draft::new(key).json(ENTRY, &self.entry)?.number("fence", self.fence);
        if let Some(ignored) = &self.ignored {
            draft = draft.json(IGNORED, ignored)?;
        }
        if let Some(at) = self.retry_at {
            draft = draft.text(RETRY_AT, keys::moment(at));
        }
        let shown = self.shown();
        Ok(match shown.next_attempt.filter(|_| shown.ignored.is_none()) {
            Some(at) => item::due(draft, keys::due_escrows(job), at),
            None => draft,
        })
    }
}

fn shown(stored: &Stored) -> Result<EscrowEntry, StoreError> {
    Row::read(stored).map(Row::shown)
}

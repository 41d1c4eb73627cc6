//! Reading the log, a page at a time, in the order of time.
//!
//! A question becomes *streams*: one query for each shard of an index, or for each person found. Every stream is in the
//! same order, so a page is the first of what they begin with (`streams.rs`). Indexes hold keys only; the records
//! themselves are fetched by key, and checked against the question, since hashes stand for ids in the index.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::ids::{IdHash, digest16, record_id};
use engine::model::{CycleId, JobId, SourceId, TargetId};
use engine::ports::StoreError;
use engine::report::ProvisioningRecord;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::names;
use super::streams::{Stream, Window, of_people, sharded};
use super::write::RECORD;
use crate::DynamoStore;
use crate::item::{Stored, seconds};
use crate::keys;

/// The largest page: DynamoDB fetches a hundred records a request, ten requests are a second at most.
const LARGEST_PAGE: usize = 1_000;

/// The most people whose records are merged into one answer: one query each, for every page.
const MOST_PEOPLE: usize = 100;

/// A question to the log.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordQuery {
    /// Only this job's; all jobs' otherwise.
    pub job: Option<JobId>,
    /// What is known.
    pub by: By,
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
    /// The oldest first; the newest otherwise.
    pub oldest_first: bool,
    /// How many at most, 1 to 1,000.
    pub page_size: usize,
    /// Where the page before ended.
    pub token: Option<String>,
}

/// What is known about the records looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Nothing: all of them.
    All,
    /// The person's id in the source.
    Source(SourceId),
    /// The account's id in the target.
    Target(TargetId),
    /// The id in either system.
    Identity(String),
    /// The cycle.
    Cycle(CycleId),
    /// That they failed.
    Failures,
    /// The beginning of a word of the person's name.
    Person(String),
    /// The beginning of a word of the person's name, or the id in either system.
    Anybody(String),
}

/// A page of records.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordPage {
    /// In the order asked for.
    pub records: Vec<ProvisioningRecord>,
    /// Where the next page begins; `None` when this is the last.
    pub token: Option<String>,
}

/// Why the log could not be searched.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A search by name needs two letters.
    #[error("'{0}' is too short to search for: give at least two letters of a name")]
    ShortName(String),
    /// A search by name found too many people to show their records together.
    #[error("more than {most} people are called '{text}…'; give more letters, or choose one of them by id")]
    ManyPeople {
        /// What was searched for.
        text: String,
        /// How many there may be.
        most: usize,
    },
    /// The continuation belongs to another question.
    #[error("the continuation token does not belong to this search; begin it again without one")]
    ForeignToken,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A continuation: the last position shown, and of which question.
#[derive(Serialize, Deserialize)]
struct Token {
    #[serde(rename = "before")]
    last: String,
    question: IdHash,
}

impl DynamoStore {
    /// A record by its id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn record(&self, id: Uuid) -> Result<Option<ProvisioningRecord>, StoreError> {
        match self.logs.get(&keys::record(id)).await? {
            Some(stored) if self.shows(&stored)? => stored.packed(RECORD).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether a record has not expired.
    fn shows(&self, stored: &Stored) -> Result<bool, StoreError> {
        let Some(now) = self.expiry.now() else { return Ok(true) };
        Ok(stored.number::<i64>(keys::TTL)? > seconds(now) && *stored.text(keys::AT)? >= *self.oldest(now))
    }

    /// Where the log begins: the position before which everything is older than records are kept.
    fn oldest(&self, now: Timestamp) -> String {
        now.checked_sub(self.retention).map_or_else(|_| "0".to_owned(), keys::moment)
    }

    /// The record of a change.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn record_by_change(&self, change: Uuid) -> Result<Option<ProvisioningRecord>, StoreError> {
        self.record(record_id(change)).await
    }

    /// A page of records.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn records(&self, query: &RecordQuery) -> Result<RecordPage, QueryError> {
        let wanted = query.page_size.clamp(1, LARGEST_PAGE);
        let streams = self.streams(query).await?;
        let mut window = Window::of(query)?;
        // Otherwise the first page of the oldest would go through everything that the table did not take away yet.
        let oldest = self.expiry.now().map(|now| self.oldest(now));
        window.low = oldest.into_iter().fold(window.low, Ord::max);
        let mut found: Vec<ProvisioningRecord> = Vec::new();
        let mut shown: Option<String> = None;
        loop {
            let (positions, mut more) = self.positions(&streams, &window, wanted).await?;
            let mut records = self.fetch(&positions).await?;
            for position in positions {
                if found.len() == wanted {
                    more = true;
                    break;
                }
                found.extend(records.remove(&position).filter(|record| query.matches(record)));
                shown = Some(position);
            }
            if let Some(last) = &shown {
                window = window.beyond(last);
            }
            if !more || found.len() == wanted {
                query.refuse_short_name(&found)?;
                let last = shown.filter(|_| more);
                let token = last.map(|last| query.token_after(last)).transpose()?;
                return Ok(RecordPage { records: found, token });
            }
        }
    }

    /// The streams that together hold the answer.
    async fn streams(&self, query: &RecordQuery) -> Result<Vec<Stream>, QueryError> {
        let one = |index, hash: String| vec![Stream { index, hash }];
        Ok(match (&query.by, &query.job) {
            (By::Source(id), _) => one(keys::BY_SOURCE, IdHash::of(id).to_string()),
            (By::Target(id), _) => one(keys::BY_TARGET, keys::target_hash(id).to_string()),
            (By::Identity(id), _) => {
                let mut either = of_people(&BTreeSet::from([SourceId::new(id)]));
                either.extend(one(keys::BY_TARGET, keys::target_hash(&TargetId::new(id)).to_string()));
                either
            }
            (By::Cycle(id), _) => sharded(keys::BY_CYCLE, |shard| keys::cycle_shard(&id.to_string(), shard)),
            (By::All, None) => sharded(keys::ALL, keys::all_shard),
            (By::All, Some(job)) => sharded(keys::BY_JOB, |shard| keys::job_shard(job, shard)),
            (By::Failures, _) => {
                let jobs = self.jobs(query).await?;
                let of = |job: &JobId| sharded(keys::FAILED, |shard| keys::job_shard(job, shard));
                jobs.iter().flat_map(of).collect()
            }
            (By::Person(name), _) => of_people(&self.people(query, name).await?),
            (By::Anybody(text), _) => {
                let mut people = match self.people(query, text).await {
                    // An id may be that short.
                    Err(QueryError::ShortName(_)) => BTreeSet::new(),
                    found => found?,
                };
                people.insert(SourceId::new(text));
                let target = keys::target_hash(&TargetId::new(text)).to_string();
                of_people(&people).into_iter().chain(one(keys::BY_TARGET, target)).collect()
            }
        })
    }

    /// The people of the job asked about, or of all, with such a name.
    async fn people(&self, query: &RecordQuery, name: &str) -> Result<BTreeSet<SourceId>, QueryError> {
        let mut people = BTreeSet::new();
        for job in self.jobs(query).await? {
            let found = self.find_people(&job, name, MOST_PEOPLE).await?;
            people.extend(found.into_iter().map(|person| person.source_id));
            if people.len() > MOST_PEOPLE {
                return Err(QueryError::ManyPeople { text: name.to_owned(), most: MOST_PEOPLE });
            }
        }
        Ok(people)
    }

    /// The job asked about, or all.
    async fn jobs(&self, query: &RecordQuery) -> Result<Vec<JobId>, StoreError> {
        match &query.job {
            Some(job) => Ok(vec![job.clone()]),
            None => Ok(self.applications().await?.into_iter().map(|application| application.job).collect()),
        }
    }

    /// The records at these positions. One that has expired since, or was written again, is left out.
    async fn fetch(&self, positions: &[String]) -> Result<HashMap<String, ProvisioningRecord>, StoreError> {
        let keys = positions.iter().filter_map(|at| keys::record_at(at)).map(keys::record).collect();
        let found = self.logs.get_many(keys).await?;
        let mut records = HashMap::with_capacity(found.len());
        for stored in &found {
            if self.shows(stored)? {
                records.insert(stored.text(keys::AT)?.to_owned(), stored.packed(RECORD)?);
            }
        }
        Ok(records)
    }
}

impl Window {
    fn of(query: &RecordQuery) -> Result<Self, QueryError> {
        // A position is a moment and more, so a moment alone sorts before all positions at it.
        let low = query.since.map_or_else(|| "0".to_owned(), keys::moment);
        let high = query.until.map_or_else(|| "~".to_owned(), keys::moment);
        let window = Self { low, high, oldest_first: query.oldest_first };
        let Some(token) = &query.token else { return Ok(window) };
        let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| QueryError::ForeignToken)?;
        let token: Token = serde_json::from_slice(&json).map_err(|_| QueryError::ForeignToken)?;
        if token.question != query.digest() {
            return Err(QueryError::ForeignToken);
        }
        Ok(window.beyond(&token.last))
    }
}

impl RecordQuery {
    /// Whether a record is what was asked for: an index finds by hash, and some questions have two parts.
    fn matches(&self, record: &ProvisioningRecord) -> bool {
        self.job.as_ref().is_none_or(|job| job.as_str() == record.job_id)
            && match &self.by {
                By::Source(id) => id.as_str() == record.source_identity.id,
                By::Target(id) => id.as_str() == record.target_identity.id,
                By::Identity(id) => *id == record.source_identity.id || *id == record.target_identity.id,
                By::All | By::Cycle(_) | By::Failures | By::Person(_) | By::Anybody(_) => true,
            }
    }

    /// What is too short for a name may be an id. When it is not, nobody found would say nothing.
    fn refuse_short_name(&self, found: &[ProvisioningRecord]) -> Result<(), QueryError> {
        match &self.by {
            By::Anybody(text) if found.is_empty() && self.token.is_none() && names::is_short(text) => {
                Err(QueryError::ShortName(text.clone()))
            }
            _ => Ok(()),
        }
    }

    /// What tells this question from others. Size and window may change from page to page.
    fn digest(&self) -> IdHash {
        let job = self.job.as_ref().map_or("", |job| job.as_str());
        let order: &[u8] = if self.oldest_first { b"asc" } else { b"" };
        IdHash(digest16(&[job.as_bytes(), format!("{:?}", self.by).as_bytes(), order]))
    }

    fn token_after(&self, last: String) -> Result<String, StoreError> {
        let token = Token { last, question: self.digest() };
        let json = serde_json::to_vec(&token)
            .map_err(|error| StoreError::unavailable("writing a continuation token", error))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }
}

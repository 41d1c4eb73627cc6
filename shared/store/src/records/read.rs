//! Reading the log, a page at a time, in the order of time.
//!
//! A question becomes *streams*: one query for each shard of an index, or for each person found. Every stream is
//! in the same order, so a page is the first of what they begin with. Indexes hold keys only; the records
//! themselves are fetched by key, and checked against the question, since hashes stand for ids in the index.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::ids::{IdHash, digest16, record_id};
use engine::model::{CycleId, JobId, SourceId, TargetId};
use engine::ports::StoreError;
use engine::report::ProvisioningRecord;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::names;
use super::write::RECORD;
use crate::DynamoStore;
use crate::item::{Item, Stored, seconds};
use crate::keys::{self, LogIndex, SHARDS};
use crate::table::failed;

/// The largest page: DynamoDB fetches a hundred records a request, ten requests are a second at most.
const LARGEST_PAGE: usize = 1_000;

/// The most people whose records are merged into one answer: one query each, for every page.
const MOST_PEOPLE: usize = 100;

/// Streams asked at once.
const AT_ONCE: usize = 8;

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
    #[error("{people} people are called '{text}…'; give more letters, or choose one of them by id")]
    ManyPeople {
        /// What was searched for.
        text: String,
        /// How many were found.
        people: usize,
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

/// One query in the order of time.
struct Stream {
    index: LogIndex,
    hash: String,
}

/// The stretch of time still to be read: positions from `low` up to `high`, beyond `last`, which was shown.
struct Window {
    low: String,
    high: String,
    last: Option<String>,
    oldest_first: bool,
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
        loop {
            let (positions, mut more) = self.positions(&streams, &window, wanted).await?;
            let mut records = self.fetch(&positions).await?;
            for position in positions {
                if found.len() == wanted {
                    more = true;
                    break;
                }
                found.extend(records.remove(&position).filter(|record| query.matches(record)));
                window.last = Some(position);
            }
            if !more || found.len() == wanted {
                query.refuse_short_name(&found)?;
                let last = window.last.filter(|_| more);
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
            people.extend(self.find_people(&job, name).await?.into_iter().map(|person| person.source_id));
        }
        if people.len() > MOST_PEOPLE {
            return Err(QueryError::ManyPeople { text: name.to_owned(), people: people.len() });
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

    /// The first positions in the window over all streams, at most `wanted`, and whether there are more.
    ///
    /// Each stream is read until it has shown `wanted` positions or its end, so nothing that a stream did not show
    /// yet can belong before the last of them.
    async fn positions(
        &self,
        streams: &[Stream],
        window: &Window,
        wanted: usize,
    ) -> Result<(Vec<String>, bool), StoreError> {
        // Collected first: the compiler cannot see that a closure inside the stream makes a future that is `Send`.
        let heads: Vec<_> = streams.iter().map(|stream| self.head(stream, window, wanted)).collect();
        let heads: Vec<Vec<String>> = stream::iter(heads).buffer_unordered(AT_ONCE).try_collect().await?;
        let more = heads.iter().any(|head| head.len() > wanted);
        let mut positions: Vec<String> = heads.into_iter().flatten().collect();
        positions.sort_unstable();
        positions.dedup();
        if !window.oldest_first {
            positions.reverse();
        }
        let more = more || positions.len() > wanted;
        positions.truncate(wanted);
        Ok((positions, more))
    }

    /// The first positions of one stream: one more than `wanted`, when there are as many.
    async fn head(&self, stream: &Stream, window: &Window, wanted: usize) -> Result<Vec<String>, StoreError> {
        let (mut low, mut high) = (&window.low, &window.high);
        if let Some(last) = &window.last {
            *(if window.oldest_first { &mut low } else { &mut high }) = last;
        }
        if high < low {
            return Ok(Vec::new());
        }
        // One more tells whether there are more; another one may be the position shown last.
        let limit = wanted + 2;
        let mut items = self
            .logs
            .client
            .query()
            .table_name(&self.logs.name)
            .index_name(stream.index.name)
            .key_condition_expression("#hash = :hash AND #at BETWEEN :low AND :high")
            .expression_attribute_names("#hash", stream.index.hash)
            .expression_attribute_names("#at", keys::AT)
            .expression_attribute_values(":hash", AttributeValue::S(stream.hash.clone()))
            .expression_attribute_values(":low", AttributeValue::S(low.clone()))
            .expression_attribute_values(":high", AttributeValue::S(high.clone()))
            .scan_index_forward(window.oldest_first)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .into_paginator()
            .items()
            .send();
        let mut head = Vec::new();
        while head.len() <= wanted {
            let Some(item) = items.next().await else { break };
            let item: Item = item.map_err(failed("searching the log"))?;
            let position = item.get(keys::AT).and_then(|at| at.as_s().ok()).cloned().unwrap_or_default();
            if window.last.as_ref() != Some(&position) {
                head.push(position);
            }
        }
        Ok(head)
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

fn of_people(people: &BTreeSet<SourceId>) -> Vec<Stream> {
    let of = |person| Stream { index: keys::BY_SOURCE, hash: IdHash::of(person).to_string() };
    people.iter().map(of).collect()
}

fn sharded(index: LogIndex, hash: impl Fn(u128) -> String) -> Vec<Stream> {
    (0..SHARDS).map(|shard| Stream { index, hash: hash(shard) }).collect()
}

impl Window {
    fn of(query: &RecordQuery) -> Result<Self, QueryError> {
        // A position is a moment and more, so a moment alone sorts before all positions at it.
        let low = query.since.map_or_else(|| "0".to_owned(), keys::moment);
        let high = query.until.map_or_else(|| "~".to_owned(), keys::moment);
        let window = Self { low, high, last: None, oldest_first: query.oldest_first };
        let Some(token) = &query.token else { return Ok(window) };
        let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| QueryError::ForeignToken)?;
        let token: Token = serde_json::from_slice(&json).map_err(|_| QueryError::ForeignToken)?;
        if token.question != query.digest() {
            return Err(QueryError::ForeignToken);
        }
        Ok(Self { last: Some(token.last), ..window })
    }
}

impl RecordQuery {
    /// Whether a record is what was asked for: an index finds by hash, and some questions have two parts.
    fn matches(&self, record: &ProvisioningRecord) -> bool {
        self.job.as_ref().is_none_or(|job| job.as_str() == record.job_id)
            && match &self.by {
                By::Source(id) => id.as_str() == record.source_identity.id,
                By::Target(id) => id.as_str() == record.target_identity.id,
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

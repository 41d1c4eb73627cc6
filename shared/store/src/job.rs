//! The job item: lease, state and outbox in one item, so that a quiet cycle is a few requests.
//!
//! In: a lease to take, a state to save with the events it tells. Out: the state, and the outbox. Promised: one
//! worker at a time; an event is appended in the same write as the fact it tells, and leaves the outbox only after
//! somebody read it.
//!
//! # Caveats
//! When the answer to a save is lost the SDK sends it again, and its events are in the outbox twice: they are told
//! at least once, with the same id.
//!
//! # The lease
//! Free when it is absent, when its time is over, or when it was taken through an embedded engine of another start
//! than ours. Taking it raises `fence`, which every later write of the holder carries. While a cycle runs the due
//! index holds the lease's end, so that a cycle whose worker died is picked up; otherwise it holds the next due
//! time, or nothing while the job does not run on its schedule. Whichever it holds, it tells jobs that need somebody from
//! the others ([`JobState::attention`]): every write of the state writes that, too.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use engine::job::{Event, JobState};
use engine::model::JobId;
use engine::ports::{Lease, Orders, StoreError};
use jiff::Timestamp;

use crate::item::{self, Draft, Item, Stored, json, key_item};
use crate::table::{failed, fence, key_of, refused};
use crate::{DynamoStore, keys, orders};

const STATE: &str = "state";
const OUTBOX: &str = "outbox";

/// Events taken out of the outbox at once. A hundred paths fit in an expression with room to spare, and a cycle
/// tells a handful.
const OUTBOX_READ: usize = 100;

/// A job as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// Everything that changes while it runs.
    pub state: JobState,
    /// Until when a worker holds it; `None` while nobody does. A time in the past means the worker died.
    pub lease_until: Option<Timestamp>,
    /// Who holds it.
    pub lease_owner: Option<String>,
    /// Events not told yet.
    pub untold: usize,
}

/// Events read from a job's outbox, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbox {
    /// The events.
    pub events: Vec<Event>,
    /// As they are stored: the proof that what is cleared is what was read.
    stored: Vec<String>,
}

impl DynamoStore {
    /// Makes a job. False when it was there already; it is left as it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn create_job(&self, job: &JobId, state: &JobState) -> Result<bool, StoreError> {
        let mut draft = Draft::new(keys::job(job)).json(STATE, state)?.number("fence", 0);
        if let Some((key, at)) = place(state, next_due(state)) {
            draft = item::due(draft, key, at);
        }
        let answer = self
            .state
            .client
            .put_item()
            .table_name(&self.state.name)
            .set_item(Some(draft.into_item()))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if refused(&error) => Ok(false),
            Err(error) => Err(StoreError::unavailable(format!("making job '{job}'"), error)),
        }
    }

    /// A job as it is now.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such job.
    pub async fn job(&self, job: &JobId) -> Result<JobView, StoreError> {
        match self.state.get(&keys::job(job)).await? {
            Some(stored) => view(&stored),
            None => Err(StoreError::Missing(job.clone())),
        }
    }

    /// The jobs that are due at `now`, the longest overdue first. Read from an index: a job saved within the last
    /// second may be missing or too many; taking its lease settles it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn due_jobs(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let (well, unwell) =
            futures::try_join!(self.due(keys::DUE_JOBS, now), self.due(keys::DUE_ATTENTION, now))?;
        let mut due = [well, unwell].concat();
        due.sort();
        Ok(due.iter().filter_map(|(_, key)| keys::job_of(&key.pk)).collect())
    }

    /// The jobs that need somebody, whenever they are due, in the order of their ids. Read from an index: a job saved within
    /// the last second may be missing or too many; its state settles it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn jobs_in_need(&self) -> Result<Vec<JobId>, StoreError> {
        let found = self.due(keys::DUE_ATTENTION, Timestamp::MAX).await?;
        let mut jobs: Vec<JobId> = found.iter().filter_map(|(_, key)| keys::job_of(&key.pk)).collect();
        jobs.sort();
        Ok(jobs)
    }

    /// What the due index holds up to `now` under one key, earliest first, with its time as keys spell it.
    pub(crate) async fn due(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, keys::Key)>, StoreError> {
        let pages = self
            .state
            .client
            .query()
            .table_name(&self.state.name)
            .index_name(keys::DUE)
            .key_condition_expression("dueKey = :key AND dueAt <= :now")
            .expression_attribute_values(":key", AttributeValue::S(key.to_owned()))
            .expression_attribute_values(":now", AttributeValue::S(keys::moment(now)))
            .into_paginator()
            .items()
            .send();
        let items: Vec<Item> =
            pages.collect::<Result<_, _>>().await.map_err(failed("reading what is due"))?;
        let due = |item: &Item| {
            let at = item.get(keys::DUE_AT)?.as_s().ok()?.clone();
            Some((at, key_of(item)?))
        };
        Ok(items.iter().filter_map(due).collect())
    }

    /// Events not told yet, oldest first, at most a hundred at a time.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such job.
    pub async fn outbox(&self, job: &JobId) -> Result<Outbox, StoreError> {
        let Some(stored) = self.state.get(&keys::job(job)).await? else {
            return Err(StoreError::Missing(job.clone()));
        };
        let mut texts = stored.texts(OUTBOX)?;
        texts.truncate(OUTBOX_READ);
        let events = texts
            .iter()
            .map(|text| serde_json::from_str(text).map_err(|error| stored.wrong(OUTBOX, error)))
            .collect::<Result<_, _>>()?;
        Ok(Outbox { events, stored: texts })
    }

    /// Takes events that were told out of the outbox. Those appended meanwhile stay. When somebody else took them
    /// out already, nothing happens.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn clear_outbox(&self, job: &JobId, told: &Outbox) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (told.stored.first(), told.stored.last()) else { return Ok(()) };
        // From the back, so that it does not matter whether an engine counts while it removes.
        let paths: Vec<String> =
            (0..told.stored.len()).rev().map(|index| format!("{OUTBOX}[{index}]")).collect();
        let answer = self
            .state
            .client
            .update_item()
            .table_name(&self.state.name)
            .set_key(Some(key_item(&keys::job(job))))
            .update_expression(format!("REMOVE {}", paths.join(", ")))
            // Events are only appended, and taken away from the front: equal ends mean equal lists.
            .condition_expression(format!(
                "{OUTBOX}[0] = :first AND {OUTBOX}[{}] = :last",
                told.stored.len() - 1
            ))
            .expression_attribute_values(":first", AttributeValue::S(first.clone()))
            .expression_attribute_values(":last", AttributeValue::S(last.clone()))
            .send()
            .await;
        match answer {
            Err(error) if !refused(&error) => {
                Err(StoreError::unavailable(format!("clearing the outbox of job '{job}'"), error))
            }
            _ => Ok(()),
        }
    }

    /// See [`engine::ports::Store::acquire`]: one request.
    pub(crate) async fn take_lease(
        &self,
        job: &JobId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(Lease, JobState), StoreError> {
        let owner = self.next_owner();
        // A lease says nothing about whether somebody is needed: the job stays in its place of the index, if it has one.
        let mut free = "attribute_not_exists(leaseUntil) OR leaseUntil <= :now".to_owned();
        let mut update = "SET fence = if_not_exists(fence, :zero) + :one, leaseOwner = :owner, \
                          leaseUntil = :until, dueKey = if_not_exists(dueKey, :due), dueAt = :until, \
                          v = :format"
            .to_owned();
        let mut request = self.state.client.update_item();
        if let Some(boot) = self.worker.boot {
            free.push_str(" OR (attribute_exists(leaseBoot) AND leaseBoot <> :boot)");
            update.push_str(", leaseBoot = :boot");
            request = request.expression_attribute_values(":boot", AttributeValue::S(boot.to_string()));
        } else {
            update.push_str(" REMOVE leaseBoot");
        }
        let answer = request
            .table_name(&self.state.name)
            .set_key(Some(key_item(&keys::job(job))))
            .condition_expression(format!("attribute_exists(pk) AND ({free})"))
            .update_expression(update)
            .expression_attribute_values(":format", AttributeValue::N(item::FORMAT.to_string()))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":owner", AttributeValue::S(owner.clone()))
            .expression_attribute_values(":now", AttributeValue::S(keys::moment(now)))
            .expression_attribute_values(":until", AttributeValue::S(keys::moment(until)))
            .expression_attribute_values(":due", AttributeValue::S(keys::DUE_JOBS.to_owned()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let item = match answer {
            Ok(answer) => answer.attributes,
            Err(error) => held(job, &owner, until, error)?,
        };
        let stored = Stored::read(item.unwrap_or_default())?;
        let lease = Lease { job: job.clone(), fence: stored.number("fence")?, until };
        Ok((lease, stored.json(STATE)?))
    }

    /// See [`engine::ports::Store::save`]: one request. It answers with the item as it is after it, which costs no unit;
    /// what people asked is in it.
    pub(crate) async fn save_job(
        &self,
        lease: &Lease,
        state: &JobState,
        events: &[Event],
        release: bool,
    ) -> Result<Orders, StoreError> {
        let key = keys::job(&lease.job);
        let mut request = self.state.client.update_item();
        let mut set = vec!["#state = :state"];
        let mut remove = Vec::new();
        let due = place(state, if release { next_due(state) } else { Some(lease.until) });
        if release {
            remove.extend(["leaseOwner", "leaseUntil", "leaseBoot"]);
        } else {
            set.push("leaseUntil = :until");
            request =
                request.expression_attribute_values(":until", AttributeValue::S(keys::moment(lease.until)));
        }
        if let Some((place, due)) = due {
            set.extend(["dueKey = :due", "dueAt = :dueAt"]);
            request = request
                .expression_attribute_values(":due", AttributeValue::S(place.to_owned()))
                .expression_attribute_values(":dueAt", AttributeValue::S(keys::moment(due)));
        } else {
            remove.extend([keys::DUE_KEY, keys::DUE_AT]);
        }
        if !events.is_empty() {
            set.push("outbox = list_append(if_not_exists(outbox, :none), :events)");
            let texts = events.iter().map(|event| json(&key, OUTBOX, event).map(AttributeValue::S));
            request = request
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                .expression_attribute_values(":events", AttributeValue::L(texts.collect::<Result<_, _>>()?));
        }
        let mut update = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            update.push_str(&format!(" REMOVE {}", remove.join(", ")));
        }
        let answer = request
            .table_name(&self.state.name)
            .set_key(Some(key_item(&key)))
            .update_expression(update)
            .condition_expression("fence = :fence")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":fence", fence(lease))
            .expression_attribute_values(":state", AttributeValue::S(json(&key, STATE, state)?))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match answer {
            Ok(answer) => orders::read(&Stored::read(answer.attributes.unwrap_or_default())?),
            Err(error) if refused(&error) => Err(StoreError::Fenced(lease.job.clone())),
            Err(error) => Err(StoreError::unavailable(format!("saving job '{}'", lease.job), error)),
        }
    }
}

/// When the schedule wakes the job next; `None` when it does not run on its schedule.
fn next_due(state: &JobState) -> Option<Timestamp> {
    state.runs().then_some(state.next_due)
}

/// Where the due index holds a job that is due at this time, or not by itself. Whoever must be looked after has a place in
/// any case.
fn place(state: &JobState, due: Option<Timestamp>) -> Option<(&'static str, Timestamp)> {
    match state.attention() {
        Some(_) => Some((keys::DUE_ATTENTION, due.unwrap_or(Timestamp::MAX))),
        None => due.map(|due| (keys::DUE_JOBS, due)),
    }
}

/// A job's item, read.
pub(crate) fn view(stored: &Stored) -> Result<JobView, StoreError> {
    let held = stored.has("leaseUntil");
    Ok(JobView {
        state: stored.json(STATE)?,
        lease_until: held.then(|| stored.moment("leaseUntil")).transpose()?,
        lease_owner: held.then(|| stored.text("leaseOwner").map(str::to_owned)).transpose()?,
        untold: stored.texts(OUTBOX)?.len(),
    })
}

/// A lease that was not given: the item when it is ours all the same, because the SDK repeated a request whose
/// answer was lost.
fn held<R>(
    job: &JobId,
    owner: &str,
    until: Timestamp,
    error: SdkError<UpdateItemError, R>,
) -> Result<Option<Item>, StoreError>
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let item = match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => refusal.item().cloned(),
        _ => return Err(StoreError::unavailable(format!("taking the lease of job '{job}'"), error)),
    };
    let Some(item) = item else { return Err(StoreError::Missing(job.clone())) };
    let stored = Stored::read(item.clone())?;
    if stored.text("leaseOwner")? == owner && stored.text("leaseUntil")? == keys::moment(until) {
        return Ok(Some(item));
    }
    Err(StoreError::Busy { job: job.clone(), until: stored.moment("leaseUntil")? })
}

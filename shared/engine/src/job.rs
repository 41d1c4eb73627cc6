//! A job's own item: status, progress, figures, checkpoint, schedule and the events it tells.
//!
//! One item per job, so that a quiet cycle is a handful of requests. Names and enums of the status are those of
//! Microsoft Graph's `synchronizationStatus`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::days::Days;
use crate::failures::{FailedHours, FailureKinds};
use crate::fingerprint::Seen;
use crate::guard::{RemovedToday, Verdict};
use crate::ids::{self, IdHash};
use crate::model::{Cursor, CycleId, JobId, ObjectType, SourceId, Watermark};

/// The first pass over a source, or one that continues from a watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CycleKind {
    /// Everyone is looked at: the first cycle, and the one after a mapping changed.
    Initial,
    /// Only what changed since the watermark.
    Incremental,
}

impl std::fmt::Display for CycleKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Initial => "initial",
            Self::Incremental => "incremental",
        })
    }
}

/// What a cycle did so far. Saved with the checkpoint, so that a killed cycle counts nothing twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Figures {
    /// Objects read from the source.
    pub imported: u64,
    /// Of those, unchanged since they were last processed.
    pub unchanged: u64,
    /// Accounts created.
    pub created: u64,
    /// Accounts updated; switching one on again is an update.
    pub updated: u64,
    /// Accounts switched off.
    pub disabled: u64,
    /// Accounts deleted.
    pub deleted: u64,
    /// Objects looked at closely with nothing to send.
    pub skipped: u64,
    /// Objects that failed, and rows that could not be read.
    pub failed: u64,
    /// Removals held back, waiting for a person.
    pub held: u64,
    /// Requests to the source.
    pub source_calls: u64,
    /// Requests to the target, repeats included; discovery is not counted.
    pub target_calls: u64,
    /// Provisioning records written.
    pub log_records: u64,
    /// Members put into groups.
    pub members_added: u64,
    /// Members taken out of groups.
    pub members_removed: u64,
    /// References that were met and could not be made good then: a manager or member without an account, a group in a
    /// group that is left out. Those made good later in the cycle count, too.
    pub unresolved: u64,
    /// Accounts read by the drift sweep.
    pub swept: u64,
    /// Of those, accounts that somebody had changed in the target.
    pub drifted: u64,
    /// Milliseconds during which calls were held back because the target throttles.
    pub throttled_milliseconds: u64,
}

impl Figures {
    /// Writes to the target that succeeded.
    #[must_use]
    pub fn exported(&self) -> u64 {
        self.created + self.updated + self.disabled + self.deleted + self.members_added + self.members_removed
    }
}

/// How far the running cycle is, in objects.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Objects done.
    pub completed_units: u64,
    /// Objects in all; grows when leavers are found at the end of a full read.
    pub total_units: u64,
    /// When this was observed.
    pub observed_at: Timestamp,
    /// When the present slice began to count, and from how many objects: what the rate is measured from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<(Timestamp, u64)>,
    /// Calls a second that the target's limiter lets through, while it throttles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<f64>,
    /// Until when the target wants no calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<Timestamp>,
}

impl Progress {
    /// Objects a second since the present slice began; `None` while that says nothing.
    #[must_use]
    pub fn units_per_second(&self) -> Option<f64> {
        let (since, done) = self.since?;
        let seconds = self.observed_at.duration_since(since).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below 2^52")]
        let units = self.completed_units.saturating_sub(done) as f64;
        (seconds >= 1.0 && units > 0.0).then(|| units / seconds)
    }
}

/// Where a cycle stands, from which any worker can go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The cycle.
    pub cycle: CycleId,
    /// Initial or incremental.
    pub kind: CycleKind,
    /// When it began.
    pub began: Timestamp,
    /// How many slices worked on it before this one.
    pub slice: u32,
    /// What is being done.
    pub phase: Phase,
    /// The next page's number; with the cycle it keys intents and fingerprint deltas.
    pub page: u32,
    /// Whether the page `page` may have been begun: its intent is stored.
    pub intent: bool,
    /// Whether the reading lists only what changed: it names who is gone, and nothing is inferred from it.
    #[serde(default)]
    pub delta: bool,
    /// Whom the full read met so far.
    pub seen: Seen,
    /// Why nobody may be inferred gone this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_inference: Option<String>,
    /// Objects that the present reading showed so far.
    #[serde(default)]
    pub read: u64,
    /// What is saved as the watermark when the cycle completes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_watermark: Option<Watermark>,
    /// Objects in the reading, when known.
    pub total: u64,
    /// Objects done.
    pub done: u64,
    /// What was done.
    pub figures: Figures,
    /// What failed, by its code.
    #[serde(default, skip_serializing_if = "FailureKinds::is_empty")]
    pub failures: FailureKinds,
    /// What the guard said, stored before the first removal is executed: one for each kind of removal.
    #[serde(
        default,
        alias = "verdict",
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub verdicts: Vec<Verdict>,
    /// Whether everyone whom the reading does not show is evaluated again from what is stored: the mapping changed.
    #[serde(default)]
    pub from_stored: bool,
    /// The plan that this cycle executes, and nothing but it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Uuid>,
    /// Where the cycle goes on once the references are made good of objects that a person asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aside: Option<Phase>,
    /// Whether the reading showed somebody by id alone, because nothing changed about them.
    #[serde(default)]
    pub presence: bool,
    /// Whether somebody got an account in this cycle, so that pending references may be made good.
    #[serde(default)]
    pub linked_somebody: bool,
    /// Whether groups were noted whose members are to be compared with what they were given.
    #[serde(default)]
    pub unsettled: bool,
    /// Whether a complete listing of the target is kept for the next slice, by type of object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<ObjectType>,
}

/// Reads a list that was one value, or none, in an earlier format.
fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(match Option::deserialize(deserializer)? {
        Some(OneOrMany::Many(many)) => many,
        Some(OneOrMany::One(one)) => vec![one],
        None => Vec::new(),
    })
}

/// The phases of a cycle, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Reading the source page by page; creates and updates are executed, removals staged.
    Pages {
        /// The page to read next; `None` before the source was opened.
        cursor: Option<Cursor>,
    },
    /// Staging those a full read did not meet, in the order of their id hashes.
    Leavers {
        /// Who was staged last.
        after: Option<IdHash>,
    },
    /// Evaluating everyone again from what is stored, in the order of their id hashes: the mapping changed, and the
    /// reading does not show who did not.
    Stored {
        /// Who was evaluated last.
        after: Option<IdHash>,
    },
    /// Trying again what is due in escrow.
    Retries,
    /// Noting all groups to be compared, in the order of their id hashes: the mapping changed.
    Groups {
        /// Who was looked at last.
        after: Option<IdHash>,
    },
    /// Making good pending references, and putting members into groups.
    References,
    /// Executing staged removals, once the guard agreed.
    Removals,
    /// Comparing accounts with what they should hold, as far as this cycle's budget goes.
    Drift {
        /// Accounts that may still be read in this cycle.
        left: u64,
    },
}

/// Graph's `synchronizationStatusCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum StatusCode {
    /// No credentials, never run.
    NotConfigured,
    /// Configured; the first cycle is not complete.
    #[default]
    NotRun,
    /// Running on its schedule.
    Active,
    /// Paused by a person; all state is kept.
    Paused,
    /// Unhealthy, with a reason.
    Quarantine,
}

/// Graph's `quarantineReason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuarantineReason {
    /// Credentials refused, no connection, or not the protocol: set irrespective of counts.
    EncounteredQuarantineException,
    /// Too large a share of all objects failed.
    EncounteredEscrowProportionThreshold,
    /// Too many objects failed, references aside.
    EncounteredBaseEscrowThreshold,
    /// Too many objects failed, references included.
    EncounteredTotalEscrowThreshold,
    /// A person put the job into quarantine.
    QuarantinedOnDemand,
    /// Removals wait for a person.
    TooManyDeletes,
    /// The source could not be read.
    IngestionInterrupted,
    /// Nobody knows.
    Unknown,
}

/// Which side of a job a trouble is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Where people are read.
    Source,
    /// Where accounts are made.
    Target,
}

/// Why a job is unhealthy, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quarantine {
    /// The reason.
    pub reason: QuarantineReason,
    /// Whose trouble it is, where it is one side's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// The exact cause in words, with the next step.
    pub message: String,
    /// When it was last imposed.
    pub current_began: Timestamp,
    /// When this series of impositions began.
    pub series_began: Timestamp,
    /// How often it was imposed again in this series.
    pub series_count: u64,
    /// The exact cause, where it was a call or counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// What exactly put a job into quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cause {
    /// The call that failed: method and path, without values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// HTTP status of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The beginning of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extract: Option<String>,
    /// Whom it was about, when it was about one object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<SourceId>,
    /// How often it was seen in this series.
    pub seen: u64,
    /// When it was seen first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// When it was seen last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Objects in escrow when it was imposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escrowed: Option<u64>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// Graph's `synchronizationTaskExecutionResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CycleResult {
    /// Nothing failed.
    Succeeded,
    /// The cycle stopped before its end.
    Failed,
    /// The cycle reached its end, single objects failed.
    EntryLevelErrors,
}

/// A finished cycle: the row of the history, and the "last run" of the status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CycleReport {
    /// The cycle; provisioning records carry it as `cycleId`.
    pub cycle: CycleId,
    /// Initial or incremental.
    pub kind: CycleKind,
    /// How it ended.
    pub result: CycleResult,
    /// Why it stopped, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What it did.
    pub figures: Figures,
    /// What the guard said, when there were removals: one for each kind of them.
    #[serde(
        default,
        alias = "verdict",
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub verdicts: Vec<Verdict>,
    /// Why nobody was inferred gone, when that was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_inference: Option<String>,
}

/// Standing counts of the groups of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupCounts {
    /// Groups linked now.
    pub linked: u64,
    /// Groups in scope now.
    pub in_scope: u64,
    /// Groups ever linked; never falls.
    pub ever_linked: u64,
    /// Memberships given now, over all groups.
    pub memberships: u64,
}

/// Standing counts of a job, across cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// People's accounts linked now.
    pub linked: u64,
    /// People in scope and active now.
    pub in_scope: u64,
    /// People ever linked; never falls (Graph's `synchronizedEntryCountByType`).
    pub ever_linked: u64,
    /// The same of groups.
    #[serde(skip_serializing_if = "is_nothing")]
    pub groups: GroupCounts,
    /// References that wait for somebody's account, at most: they are counted when they are noted, and a reading of
    /// all of them corrects it.
    pub pending: u64,
    /// Of the objects in escrow, those of which only a reference failed.
    pub escrowed_references: u64,
    /// Objects in escrow now.
    pub escrowed: u64,
    /// Removals staged now.
    pub staged: u64,
    /// Exports since the job was made.
    pub exported: u64,
}

fn is_nothing<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Adds a difference to a count, never below nothing.
#[must_use]
pub fn adjusted(count: u64, difference: i64) -> u64 {
    count.saturating_add_signed(difference)
}

/// Everything about a job that changes while it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobState {
    /// Its health.
    #[serde(default)]
    pub code: StatusCode,
    /// Why it is unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
    /// Cycles that failed outright, in a row.
    #[serde(default)]
    pub successive_failures: u64,
    /// The last cycle, whatever its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<CycleReport>,
    /// The last cycle without any error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_successful: Option<CycleReport>,
    /// The last cycle without any error that wrote something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_successful_with_exports: Option<CycleReport>,
    /// When the initial cycle completed, under the present mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_completed: Option<Timestamp>,
    /// First time nothing was left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_first: Option<Timestamp>,
    /// Most recent such time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_last: Option<Timestamp>,
    /// Live progress; `None` when idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Live figures; `None` when idle. The checkpoint's are the ones that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Figures>,
    /// Standing counts.
    #[serde(default)]
    pub counts: Counts,
    /// What was done day by day.
    #[serde(default, skip_serializing_if = "Days::is_empty")]
    pub days: Days,
    /// What failed within the last day.
    #[serde(default, skip_serializing_if = "FailedHours::is_empty")]
    pub failed_hours: FailedHours,
    /// Where the source was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<Watermark>,
    /// Objects in the last complete reading that leavers were inferred from.
    #[serde(default)]
    pub last_total: u64,
    /// Why the last reading is too small to be believed: nobody is inferred gone until a complete one comes or a
    /// person approves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect_reading: Option<String>,
    /// The mapping under which the watermark was made; another one makes the next cycle initial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_version: Option<String>,
    /// The day on which a mapping that depends on the time looked at everyone last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_on: Option<Date>,
    /// Whether fingerprints were appended that are not folded into the snapshot yet.
    #[serde(default)]
    pub unfolded: bool,
    /// A cycle under way, or cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// Cycles in a row that had nothing to do.
    #[serde(default)]
    pub quiet: u32,
    /// When the next cycle is due.
    pub next_due: Timestamp,
    /// Sequence number of the last event told.
    #[serde(default)]
    pub events_told: u64,
    /// When the job was switched off, because it had been unhealthy for 28 days. A person starts it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Timestamp>,
    /// When source and target last proved that they answer and accept the credentials.
    #[serde(default)]
    pub proofs: Proofs,
    /// Removals executed within the rolling day.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub removed: RemovedToday,
    /// Which announcement of credentials about to expire was made last: the side, and what was said of when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expiry_told: Vec<(Side, Timestamp, u32)>,
    /// The attributes that stored objects hold: those that the mapping read when everyone was looked at last. A
    /// mapping that reads others needs a reading of everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_attributes: Option<BTreeSet<String>>,
    /// Whose account the drift sweep compared last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swept: Option<IdHash>,
    /// How often everyone was to be looked at again, although nothing changed: part of every fingerprint.
    #[serde(default)]
    pub generation: u32,
}

/// When each side of a job last proved its health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Proofs {
    /// The source was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Timestamp>,
    /// A call to the target succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Timestamp>,
}

impl JobState {
    /// When a cycle reached its end last, with or without single objects that failed.
    #[must_use]
    pub fn succeeded(&self) -> Option<Timestamp> {
        let reached = |report: &&CycleReport| report.result != CycleResult::Failed;
        [&self.last, &self.last_successful]
            .into_iter()
            .flatten()
            .filter(reached)
            .map(|report| report.ended)
            .max()
    }

    /// A job that was just made: due at once.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            code: StatusCode::NotRun,
            quarantine: None,
            successive_failures: 0,
            last: None,
            last_successful: None,
            last_successful_with_exports: None,
            days: Days::default(),
            failed_hours: FailedHours::default(),
            initial_completed: None,
            steady_first: None,
            steady_last: None,
            progress: None,
            running: None,
            counts: Counts::default(),
            watermark: None,
            last_total: 0,
            suspect_reading: None,
            mapping_version: None,
            evaluated_on: None,
            unfolded: false,
            checkpoint: None,
            quiet: 0,
            next_due: now,
            events_told: 0,
            disabled: None,
            proofs: Proofs::default(),
            removed: RemovedToday::default(),
            expiry_told: Vec::new(),
            stored_attributes: None,
            swept: None,
            generation: 0,
        }
    }

    /// Numbers an event and counts it as told.
    #[must_use]
    pub fn tell(&mut self, job: &JobId, now: Timestamp, detail: EventDetail) -> Event {
        self.events_told += 1;
        Event {
            id: ids::event_id(job.as_str(), self.events_told),
            sequence: self.events_told,
            job: job.clone(),
            at: now,
            detail,
        }
    }
}

/// Something that happened to a job, told at least once: appended to the job item in the same write as the fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Derived from job and sequence number: telling it twice is telling it once.
    pub id: Uuid,
    /// Grows per job; consumers drop what is older than what they know.
    pub sequence: u64,
    /// The job.
    pub job: JobId,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub detail: EventDetail,
}

/// The kinds of event, with ids, names, figures and reasons; never attribute values or secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "detailType", content = "detail", rename_all_fields = "camelCase")]
pub enum EventDetail {
    /// A slice ended before its cycle did.
    #[serde(rename = "Cycle Continues")]
    CycleContinues {
        /// The cycle.
        cycle: CycleId,
        /// The slice that shall go on.
        slice: u32,
    },
    /// A cycle ended, with or without errors.
    #[serde(rename = "Cycle Completed")]
    CycleCompleted {
        /// The cycle.
        cycle: CycleId,
        /// How it ended.
        result: CycleResult,
        /// What it did.
        figures: Figures,
    },
    /// The job became unhealthy.
    #[serde(rename = "Job Quarantined")]
    JobQuarantined {
        /// Why.
        reason: QuarantineReason,
    },
    /// The job is unhealthy for another reason than before.
    #[serde(rename = "Quarantine Reason Changed")]
    QuarantineReasonChanged {
        /// Why now.
        reason: QuarantineReason,
    },
    /// The job is healthy again.
    #[serde(rename = "Job Recovered")]
    JobRecovered,
    /// Removals wait for a person.
    #[serde(rename = "Removals Held")]
    RemovalsHeld {
        /// How many.
        removals: u64,
        /// Of how many managed objects.
        managed: u64,
    },
    /// The job was unhealthy for 28 days and runs no more until a person starts it.
    #[serde(rename = "Job Disabled")]
    JobDisabled {
        /// Why it was unhealthy.
        reason: QuarantineReason,
    },
    /// A token or password is about to expire.
    #[serde(rename = "Credentials Expiring")]
    CredentialsExpiring {
        /// Whose.
        side: Side,
        /// When.
        expires: Timestamp,
    },
    /// No cycle went through for too long, whatever the reason. Told by who mails it, because nothing may be left that runs
    /// the job.
    #[serde(rename = "Cycle Overdue")]
    CycleOverdue {
        /// When the cycle should have begun that nobody saw the end of.
        due: Timestamp,
        /// When a cycle went through last.
        last: Option<Timestamp>,
    },
}

impl EventDetail {
    /// The event's name on the bus (`detail-type`).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CycleContinues { .. } => "Cycle Continues",
            Self::CycleCompleted { .. } => "Cycle Completed",
            Self::JobQuarantined { .. } => "Job Quarantined",
            Self::QuarantineReasonChanged { .. } => "Quarantine Reason Changed",
            Self::JobRecovered => "Job Recovered",
            Self::RemovalsHeld { .. } => "Removals Held",
            Self::JobDisabled { .. } => "Job Disabled",
            Self::CredentialsExpiring { .. } => "Credentials Expiring",
            Self::CycleOverdue { .. } => "Cycle Overdue",
        }
    }
}

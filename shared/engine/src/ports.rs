//! What the domain needs from the world, as traits that adapters implement.
//!
//! | Port | Adapter |
//! |---|---|
//! | [`Source`] | `connectors`: where people are read from |
//! | [`Target`] | `connectors`: where accounts are made |
//! | [`Store`] | `store`: everything remembered, in DynamoDB |
//! | [`Clock`], [`Ids`] | `runtime`; tests pass their own |
//!
//! Errors are closed lists. What follows from a failure (try again, escrow, stop the cycle) is judged in one
//! place, [`crate::escrow`], never in an adapter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::escrow::EscrowEntry;
use crate::fingerprint::Fingerprint;
use crate::guard::{StagedKey, StagedRemoval};
use crate::ids::IdHash;
use crate::job::{CycleReport, Event, JobState};
use crate::membership::{MemberChange, Membership, PendingReference};
use crate::model::{
    AttributeChange, Attributes, Cursor, CycleId, JobId, Link, ObjectType, SourceId, SourceObject, TargetId,
    TargetObject, Value, Watermark,
};
use crate::report::ProvisioningRecord;

// ---------------------------------------------------------------------------------------------- time and chance

/// Time as a parameter.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time now, UTC.
    fn now(&self) -> Timestamp;

    /// Waits because the work asked for it (`Retry-After`, back-off). A test's clock moves forward by `wait`
    /// and returns at once.
    async fn sleep(&self, wait: Duration);

    /// Waits beside the work, for things done every so often. A test's clock never returns from here unless the
    /// test moves the time.
    async fn tick(&self, every: Duration);
}

/// Chance as a parameter: the few ids that are drawn, not derived.
pub trait Ids: Send + Sync {
    /// A new cycle's id.
    fn cycle_id(&self) -> CycleId;
}

// ------------------------------------------------------------------------------------------------------- source

/// The attribute of a group that lists the anchors of its members.
pub const MEMBERS: &str = "members";

/// Where people are read from.
///
/// # Expected flow
/// 1. [`Source::open`] with the last watermark (or none) and, when a cycle resumes, the cursor it had reached.
/// 2. [`Source::read`] with the cursor it gave, then with each page's `next`, until there is none.
///
/// # Guarantees
/// All pages of one reading show one version of the source. A page that cannot be read is an error, never an
/// empty page. Ids are unique within a reading, over users and groups alike; duplicates are an error of `open`,
/// before anything is exported. Users come before groups, so that members have accounts when their groups are met.
///
/// A group's members stand in its attribute [`MEMBERS`] as a list of anchors. A source that cannot show them leaves
/// the attribute out, which means that nothing is known; an empty list means that there are none.
#[async_trait]
pub trait Source: Send + Sync {
    /// Begins a reading, or continues one that was cut.
    ///
    /// # Errors
    /// [`SourceError::Moved`] when `resume` points into a version that can no longer be read: the caller begins
    /// the reading again with `resume: None`. Any other error fails the slice and removes nobody.
    async fn open(
        &self,
        watermark: Option<&Watermark>,
        resume: Option<&Cursor>,
    ) -> Result<Reading, SourceError>;

    /// Reads the page at `cursor`.
    ///
    /// # Errors
    /// Any error fails the slice; the watermark stays where it was.
    async fn read(&self, cursor: &Cursor) -> Result<SourcePage, SourceError>;

    /// Reads single objects by their anchors, in any order; those that are not there, or not selected, are absent
    /// from the answer. A source without a shorter way reads everything, as here.
    ///
    /// # Errors
    /// See [`SourceError`].
    async fn get(&self, ids: &[SourceId]) -> Result<Vec<SourceObject>, SourceError> {
        let Reading::Full { cursor, .. } = self.open(None, None).await? else { return Ok(Vec::new()) };
        let ids: BTreeSet<&SourceId> = ids.iter().collect();
        let (mut found, mut next) = (Vec::new(), Some(cursor));
        while let Some(cursor) = next {
            let page = self.read(&cursor).await?;
            found.extend(page.objects.into_iter().filter(|object| ids.contains(&object.id)));
            next = page.next;
        }
        Ok(found)
    }

    /// Requests sent (or files opened) so far, for the cycle's figures.
    fn calls(&self) -> u64;
}

/// What [`Source::open`] found.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Nothing changed since the watermark: there are no pages.
    Unchanged {
        /// What to hand in next time, where the source's own counter moved although nothing selected did.
        watermark: Option<Watermark>,
    },
    /// Only what changed since the watermark will be listed. Who is gone is named ([`SourcePage::gone`]); who is
    /// not listed is as before.
    Delta {
        /// Where to read next.
        cursor: Cursor,
        /// Objects changed and gone, when known.
        total: Option<u64>,
        /// What to hand in next time, valid once every page was processed.
        watermark: Watermark,
    },
    /// The whole source will be listed. Who is not listed is gone, provided every row could be read.
    Full {
        /// Where to read next.
        cursor: Cursor,
        /// Objects in this version, when known.
        total: Option<u64>,
        /// The attribute names objects can have, when the source knows them (a CSV header).
        attributes: Option<BTreeSet<String>>,
        /// What to hand in next time, valid once every page was processed.
        watermark: Watermark,
    },
}

/// One page of a reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourcePage {
    /// The objects, in the source's order.
    pub objects: Vec<SourceObject>,
    /// Of a full reading: objects that are there and did not change since the watermark, by id alone.
    pub present: Vec<SourceId>,
    /// Of a delta: objects that are no longer there, or no longer selected.
    pub gone: Vec<SourceId>,
    /// Rows that could not be understood. They fail alone; while there is one, nobody is inferred gone.
    pub unreadable: Vec<Unreadable>,
    /// Where to go on; `None` after the last page.
    pub next: Option<Cursor>,
}

/// A row that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it stands, for a person: `people.csv line 17`.
    pub place: String,
    /// Its id, when that much could be read.
    pub id: Option<SourceId>,
    /// What is wrong and how to mend it.
    pub reason: String,
}

/// Why a source could not be read. `Display` is one sentence that names the place and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The version a cursor points into is no longer there.
    #[error("{0}")]
    Moved(String),
    /// What was read is not what it should be: encoding, header, duplicate ids, a truncated file.
    #[error("{0}")]
    Refused(String),
    /// The source did not accept the credentials.
    #[error("{0}")]
    Credentials(String),
    /// The source could not be reached, or did not answer in time.
    #[error("{0}")]
    Unavailable(String),
}

// ------------------------------------------------------------------------------------------------------- target

/// Where accounts are made.
///
/// The connector alone speaks the wire: it retries what is safe to retry, honours `Retry-After`, and answers
/// with the closed list of [`TargetErrorKind`].
#[async_trait]
pub trait Target: Send + Sync {
    /// Lists accounts, or groups, a page a call. `paths` are the target paths wanted in
    /// [`TargetObject::attributes`]; members of groups are never among them.
    ///
    /// # Errors
    /// See [`TargetErrorKind`]. An unreadable page is an error, never an empty page.
    async fn list(
        &self,
        kind: ObjectType,
        paths: &[String],
        cursor: Option<&Cursor>,
    ) -> Result<TargetPage, TargetError>;

    /// Finds the accounts, or groups, whose `path` equals `value` exactly as the target's schema compares (the
    /// connector checks what a fuzzy target returned).
    ///
    /// # Errors
    /// See [`TargetErrorKind`].
    async fn find(
        &self,
        kind: ObjectType,
        path: &str,
        value: &Value,
        paths: &[String],
    ) -> Result<Vec<TargetObject>, TargetError>;

    /// Reads one account or group; `None` when it is gone.
    ///
    /// # Errors
    /// See [`TargetErrorKind`].
    async fn get(
        &self,
        kind: ObjectType,
        id: &TargetId,
        paths: &[String],
    ) -> Result<Option<TargetObject>, TargetError>;

    /// Reads who is in a group; `None` when the target does not show it. A group that is gone is
    /// [`TargetErrorKind::NotFound`].
    ///
    /// # Errors
    /// See [`TargetErrorKind`].
    async fn members(&self, group: &TargetId) -> Result<Option<BTreeSet<TargetId>>, TargetError>;

    /// How many operations [`Target::execute`] takes in one call: more than 1 where the target offers bulk.
    async fn batch_size(&self) -> usize;

    /// Executes operations, at most [`Target::batch_size`] of them, and answers each in the same order.
    /// Deleting what is gone is a success.
    async fn execute(&self, operations: &[TargetOperation]) -> Vec<Result<TargetId, TargetError>>;

    /// Proves that the target answers and accepts the credentials, without side effects.
    ///
    /// # Errors
    /// See [`TargetErrorKind`].
    async fn probe(&self) -> Result<(), TargetError>;

    /// What the connector prefers: a listing or queries, and how many calls at once.
    fn habits(&self) -> Habits;

    /// Requests sent so far, for the cycle's figures. Discovery and probes are not counted.
    fn calls(&self) -> u64;

    /// How fast the target takes calls at present, and what was lost to its throttling so far.
    fn pace(&self) -> Pace;
}

/// How fast a target takes calls.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Calls a second that the limiter lets through at present; `None` while nothing limits them.
    pub per_second: Option<f64>,
    /// Until when nothing is sent, because the target asked for it (`Retry-After`).
    pub waits_until: Option<Timestamp>,
    /// Answers so far that asked for slower calls (429, 503).
    pub refusals: u64,
    /// Time during which calls were held back so far, because the target throttles; of calls held back at the same
    /// time it counts once.
    pub throttled: Duration,
}

/// What a target can do, as far as the cycle's plan depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habits {
    /// Whether accounts can be listed.
    pub can_list: bool,
    /// Whether accounts can be found by an attribute.
    pub can_find: bool,
    /// How many calls may be under way at once.
    pub concurrency: usize,
    /// How many members one call adds to a group, or removes from it, at the most.
    pub members_per_call: usize,
    /// The longest a single call may take, retries included. No call starts unless the lease outlasts it.
    pub longest_call: Duration,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetPage {
    /// The accounts.
    pub objects: Vec<TargetObject>,
    /// Where to go on; `None` after the last page.
    pub next: Option<Cursor>,
    /// Accounts in all, when the target says.
    pub total: Option<u64>,
}

/// One write to the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetOperation {
    /// Make an account, or a group without members, with these values by target path.
    Create(ObjectType, Attributes),
    /// Change these attributes of an account or group.
    Update(ObjectType, TargetId, Vec<AttributeChange>),
    /// Remove an account or group.
    Delete(ObjectType, TargetId),
    /// Add these accounts or groups to a group, at most [`Habits::members_per_call`]. Who is in it stays.
    AddMembers(TargetId, Vec<TargetId>),
    /// Take these out of a group, at most [`Habits::members_per_call`], and nobody else. Who is not in it is no error.
    RemoveMembers(TargetId, Vec<TargetId>),
}

/// Why a call to the target failed, in words and as a kind that a judgement can be made on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{summary}")]
#[serde(rename_all = "camelCase")]
pub struct TargetError {
    /// What kind of failure.
    pub kind: TargetErrorKind,
    /// One sentence for a person, with the cure where one is known. Never a secret.
    pub summary: String,
    /// The failing request: method and path, without query values.
    pub request: String,
    /// HTTP status, when there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The beginning of the answer's body, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<String>,
}

/// The closed list of target failures (after `ConnId`'s exceptions and RFC 7644 §3.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TargetErrorKind {
    /// 401: the target did not accept the credentials.
    Credentials,
    /// 403: signed in, but not allowed to do this.
    InsufficientRights,
    /// 404 on a collection: the URL is not the target's.
    CollectionMissing,
    /// 404 or 410 on one account: it is gone.
    NotFound,
    /// 409: a unique value is taken.
    Conflict,
    /// 412: the account changed since it was read.
    PreconditionFailed,
    /// 400, 422: the target does not accept a value.
    InvalidValue,
    /// 405, 501: the target does not offer this.
    NotSupported,
    /// 413: too much at once.
    TooLarge,
    /// 429, still after waiting as told.
    Throttled,
    /// 5xx, still after repeating.
    ServerError,
    /// No answer: time-out, refused or broken connection.
    Unreachable,
    /// The write may or may not have happened: the answer was lost.
    Ambiguous,
    /// The answer is not what the protocol says: HTML, a list in the wrong shape, a create without id.
    Incompatible,
}

// -------------------------------------------------------------------------------------------------------- store

/// Everything remembered. Every write names the fence it holds: a worker whose lease was taken over is refused
/// with [`StoreError::Fenced`] and stops.
///
/// # Guarantees
/// Conditional writes for lease, job, links, claims; unconditional batches only for rows with derived keys and
/// true content (records, identities, snapshot deltas).
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes the job's lease until `until`, unless another worker holds it. Raises the fence.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such job; [`StoreError::Busy`] when another worker holds it.
    async fn acquire(
        &self,
        job: &JobId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(Lease, JobState), StoreError>;

    /// Saves the job item (status, progress, checkpoint, schedule), appends `events` to its outbox and prolongs
    /// the lease, in one conditional write. With `release` the lease ends with it.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another worker took over.
    async fn save(
        &self,
        lease: &Lease,
        state: &JobState,
        events: &[Event],
        release: bool,
    ) -> Result<Orders, StoreError>;

    /// Crosses out orders that were carried out; those given meanwhile stay.
    async fn orders_done(&self, job: &JobId, done: &Orders) -> Result<(), StoreError>;

    /// Links by id hash; absent ones are absent from the map.
    async fn links(&self, job: &JobId, ids: &[IdHash]) -> Result<BTreeMap<IdHash, Link>, StoreError>;

    /// Links in the order of their id hashes, from the one after `after` on, at most `most`; fewer only at the end.
    async fn links_after(
        &self,
        job: &JobId,
        after: Option<IdHash>,
        most: usize,
    ) -> Result<Vec<Link>, StoreError>;

    /// Writes a link.
    async fn put_link(&self, lease: &Lease, link: &Link) -> Result<(), StoreError>;

    /// Forgets a link.
    async fn delete_link(&self, lease: &Lease, source: &SourceId) -> Result<(), StoreError>;

    /// Claims an account or group of the target for a source object. Claiming it again for the same object succeeds.
    /// An account and a group may have the same id.
    async fn claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<ClaimOutcome, StoreError>;

    /// Who holds these accounts of the target; free ones are absent from the map.
    async fn owners(
        &self,
        job: &JobId,
        kind: ObjectType,
        targets: &[TargetId],
    ) -> Result<BTreeMap<TargetId, SourceId>, StoreError>;

    /// Gives an account free, provided `source` holds it.
    async fn release_claim(
        &self,
        lease: &Lease,
        kind: ObjectType,
        target: &TargetId,
        source: &SourceId,
    ) -> Result<(), StoreError>;

    /// The fingerprint snapshot of the last full read, sorted by id hash.
    async fn snapshot(&self, job: &JobId) -> Result<Vec<Fingerprint>, StoreError>;

    /// The fingerprints of these objects in that snapshot, sorted by id hash; those that nothing is known of are absent.
    /// A store without a shorter way reads the whole of it, as here.
    async fn fingerprints(&self, job: &JobId, ids: &[IdHash]) -> Result<Vec<Fingerprint>, StoreError> {
        let mut known = self.snapshot(job).await?;
        let ids: BTreeSet<&IdHash> = ids.iter().collect();
        known.retain(|known| ids.contains(&known.id));
        Ok(known)
    }

    /// Writes down what one page learnt, to be folded into the snapshot when the cycle ends. The same page
    /// written again replaces itself.
    async fn append_fingerprints(
        &self,
        lease: &Lease,
        cycle: CycleId,
        page: u32,
        changes: &[FingerprintChange],
    ) -> Result<(), StoreError>;

    /// Folds all that was appended into the snapshot, and clears it. Folding twice is folding once.
    async fn fold_fingerprints(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Stores the intent of the page about to be executed (opaque to the store), replacing the last one.
    async fn put_intent(&self, lease: &Lease, intent: &[u8]) -> Result<(), StoreError>;

    /// The intent stored last.
    async fn intent(&self, job: &JobId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps bytes under a name until they are dropped, replacing what was there; opaque to the store, of any size.
    async fn keep(&self, lease: &Lease, name: Kept, bytes: &[u8]) -> Result<(), StoreError>;

    /// The bytes kept under a name; `None` also when they were kept in part only.
    async fn kept(&self, job: &JobId, name: Kept) -> Result<Option<Vec<u8>>, StoreError>;

    /// Drops what is kept under a name.
    async fn drop_kept(&self, lease: &Lease, name: Kept) -> Result<(), StoreError>;

    /// Stages removals; an object staged again replaces its row, but what a person decided about it meanwhile stays.
    async fn stage(&self, lease: &Lease, removals: &[StagedRemoval]) -> Result<(), StoreError>;

    /// Everything staged.
    async fn staged(&self, job: &JobId) -> Result<Vec<StagedRemoval>, StoreError>;

    /// Takes staged removals away: executed, or cancelled.
    async fn unstage(&self, lease: &Lease, objects: &[StagedKey]) -> Result<(), StoreError>;

    /// Who belongs to a group, and who was put into it. Empty when nothing is known.
    async fn membership(&self, job: &JobId, group: &SourceId) -> Result<Membership, StoreError>;

    /// Changes the membership of a group, in as few writes as the changes touch. Doing it twice is doing it once.
    async fn change_membership(
        &self,
        lease: &Lease,
        group: &SourceId,
        changes: &[MemberChange],
    ) -> Result<(), StoreError>;

    /// Forgets all about the membership of a group.
    async fn forget_membership(&self, lease: &Lease, group: &SourceId) -> Result<(), StoreError>;

    /// Remembers that objects refer to one that has no account yet. Doing it twice is doing it once.
    async fn add_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<(), StoreError>;

    /// Everything that waits for somebody's account.
    async fn pending(&self, job: &JobId) -> Result<Vec<PendingReference>, StoreError>;

    /// Forgets pending references: made good, or no longer wanted.
    async fn remove_pending(&self, lease: &Lease, references: &[PendingReference]) -> Result<(), StoreError>;

    /// Notes groups whose members are to be compared with what they were given, in this cycle.
    async fn mark_unsettled(&self, lease: &Lease, groups: &[SourceId]) -> Result<(), StoreError>;

    /// The groups noted and not settled yet, in a stable order.
    async fn unsettled(&self, job: &JobId) -> Result<Vec<SourceId>, StoreError>;

    /// Crosses a group out.
    async fn settle(&self, lease: &Lease, group: &SourceId) -> Result<(), StoreError>;

    /// Puts an object into escrow, or replaces its entry.
    async fn put_escrow(&self, lease: &Lease, entry: &EscrowEntry) -> Result<(), StoreError>;

    /// Takes an object out of escrow.
    async fn delete_escrow(&self, lease: &Lease, source: &SourceId) -> Result<(), StoreError>;

    /// Everything in escrow.
    async fn escrows(&self, job: &JobId) -> Result<Vec<EscrowEntry>, StoreError>;

    /// Appends provisioning records and the names under which their people are found. Unconditional: keys are
    /// derived and content is true, so writing them again changes nothing.
    async fn append_records(
        &self,
        job: &JobId,
        records: &[ProvisioningRecord],
        names: &[Identity],
    ) -> Result<(), StoreError>;

    /// Writes a finished cycle into the job's history.
    async fn put_cycle(&self, lease: &Lease, report: &CycleReport) -> Result<(), StoreError>;
}

/// What a person asked of the worker of a job while it works, learnt with every save.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Orders {
    /// Stop after the present page and keep the checkpoint: the job was paused.
    pub pause: bool,
    /// Provision these objects now, between two pages.
    pub now: Vec<SourceId>,
}

/// What bytes are kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// The target's listing, for the slices of one cycle.
    Listing(CycleId, ObjectType),
    /// A plan, by its id.
    Plan(uuid::Uuid),
}

/// The right to work on one job, held until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Grows with every acquisition; conditional writes carry it.
    pub fence: u64,
    /// When it ends unless prolonged.
    pub until: Timestamp,
}

/// Who holds an account of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The object that asked.
    Granted,
    /// Another object, which had it first.
    HeldBy(SourceId),
}

/// One entry of a snapshot delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FingerprintChange {
    /// The object was processed in this state.
    Seen(Fingerprint),
    /// The object is gone.
    Gone(IdHash),
}

/// A name under which a person is found in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub source_id: SourceId,
    /// The name: a display name, or a sign-in name.
    pub name: String,
}

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such job.
    #[error("there is no job '{0}'")]
    Missing(JobId),
    /// Another worker holds the job's lease.
    #[error("job '{job}' is being worked on by another process until {until}")]
    Busy {
        /// The job.
        job: JobId,
        /// When its lease ends.
        until: Timestamp,
    },
    /// Another worker took the job over; this one must stop.
    #[error("another process has taken over job '{0}'; this one stops")]
    Fenced(JobId),
    /// An item cannot be read: names key and attribute.
    #[error("the stored item {key} cannot be read: {problem}")]
    Inconsistent {
        /// Which item.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The table did not answer, or refused.
    #[error("{operation} failed")]
    Unavailable {
        /// What was tried.
        operation: String,
        /// Why it failed.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// A failure of the table while trying `operation`.
    pub fn unavailable(
        operation: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { operation: operation.into(), cause: cause.into() }
    }
}

/// Watches a cycle from beside it: the live progress bar.
pub trait Observer: Send + Sync {
    /// Called after every object.
    fn progress(&self, progress: &crate::job::Progress, figures: &crate::job::Figures);
}

/// An observer that looks away.
#[derive(Debug, Default, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn progress(&self, _: &crate::job::Progress, _: &crate::job::Figures) {}
}

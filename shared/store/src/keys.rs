//! The one home of keys: every question the tables must answer, and the key that answers it without a scan.
//!
//! # Questions the keys must answer
//!
//! Two tables. Everything has `pk` and `sk`; *state* adds one sparse index, `due`; *logs* adds six indexes that
//! all end in the same range attribute, `at`. All indexes hold keys only.
//!
//! Words in `<angle brackets>` are values. `<hash>` is 32 hexadecimal digits, a 16-byte SHA-256 of an id of an
//! outside system ([`IdHash`]); the full id is in the item and checked. `<moment>` is RFC 3339 in UTC with
//! milliseconds, always 24 characters, so that text order is time order. Numbers in keys are padded with zeros.
//! Rows marked ○ are designed so that they fit, and not written yet.
//!
//! ## State: `<prefix>-state`
//!
//! | Question | Index | Hash key | Range key |
//! |---|---|---|---|
//! | which tenant is this? | | `TENANT` | `TENANT` |
//! | the application of this name; all applications and jobs | | `NAMES` | `<name in lower case>` |
//! | an application's document now | | `APP#<application>` | `DOCUMENT` |
//! | … and as it was | | `APP#<application>` | `V#<version, 8 digits>` |
//! | what its target was found to have | | `APP#<application>` | `DISCOVERED` |
//! | a job's status, progress, checkpoint, lease, schedule, outbox, removals of the rolling day, what people asked of its worker | | `JOB#<job>` | `JOB` |
//! | the intent of the page being executed | | `JOB#<job>` | `INTENT#<chunk, 4 digits>` |
//! | jobs due now; jobs overdue; leases that ran out | `due` | `dueKey` = `JOBS`, `JOBS#ATTENTION` | `dueAt` = `<moment>` |
//! | jobs that need somebody, due or not | `due` | `dueKey` = `JOBS#ATTENTION` | `dueAt` = `<moment>` |
//! | link of a source id; all links of a job | | `LINK#<job>#<first digit of hash>` | `<hash of source id>` |
//! | who holds this account of the target? all claims of a job | | `CLAIM#<job>#<first digit of hash>` | `<hash of target id>`, of a group `<hash of target id>#group` |
//! | what did the source look like last time? | | `SNAPSHOT#<job>` | `BASE`, `CHUNK#<bits, 2 digits>#<bucket, 6 hex digits>` |
//! | what did this cycle learn on top of it? | | `DELTA#<job>` | `<cycle>#<page, 8 digits>#<part, 4 digits>` |
//! | staged removals of a job; of one object | | `STAGED#<job>` | `<hash of source id>`, of a group's members `<hash of source id>#members` |
//! | escrows of a job; of one object | | `ESCROW#<job>` | `<hash of source id>` |
//! | escrows due now | `due` | `dueKey` = `ESCROW#<job>` | `dueAt` = `<moment>` |
//! | cycle history, newest first | | `CYCLE#<job>` | `<moment it began>#<cycle>` |
//! | who waits for this missing manager or member? all who wait in a job | | `PENDING#<job>#<first digit of hash of missing id>` | `<hash of missing id>#<hash of who refers>#<path>` |
//! | of which groups are members remembered? | | `MEMBERS#<job>` | `<hash of group>` |
//! | who belongs to a group, and who was put into it? | | `MEMBERS#<job>#<hash of group>` | `CHUNK#<digest>#<chunk, 4 digits>`, `HEAD`, `LOG#<number, 10 digits>` |
//! | whose members are to be compared with what they were given? | | `UNSETTLED#<job>` | `<hash of group>` |
//! | the target's listing, for the slices of one cycle | | `KEPT#<job>` | `LISTING#<cycle>#<type>#CHUNK#<digest>#<chunk, 4 digits>`, `LISTING#<cycle>#<type>#HEAD` |
//! | a plan, chunk by chunk | | `KEPT#<job>` | `PLAN#<plan>#CHUNK#<digest>#<chunk, 4 digits>`, `PLAN#<plan>#HEAD` |
//! | is this user assigned, and through what? ○ | | `ASSIGNED#<job>#U#<hash of user>` | `<hash of group>`, or `DIRECT` |
//! | whom does this group's assignment cover? ○ | | `ASSIGNED#<job>#G#<hash of group>` | `<hash of user>` |
//! | how many people were uploaded, in how many uploads? whom did an upload change? was this upload staged? | | `UPLOAD#<job>` | `HEAD`, `LOG#<number, 10 digits>`, `ID#<upload>` |
//! | an uploaded person as they are now; everyone uploaded | | `UPLOADED#<job>#<first digit of hash>` | `<hash of source id>` |
//! | plans of a job, newest first ○ | | `PLANS#<job>` | `<moment made>#<plan>` |
//! | who changed what, newest first | | `AUDIT#<year-month>` | `<moment>#<entry>` |
//! | what was asked of `sync`, and what came of it? | | `OPERATION#<operation>` | `OPERATION` |
//! | when was a mail about this application last claimed, and what waits to be told? | | `MAIL#<application>` | `THROTTLE`; of calls of its webhook `WEBHOOK` |
//! | did mail to this recipient bounce? all whose mail did | | `MAIL#<application>` | `TO#<hash of recipient>` |
//! | when was the last test mail of this application sent? | | `MAIL#<application>` | `TRIAL` |
//!
//! ## Logs: `<prefix>-logs`
//!
//! | Question | Index | Hash key | Range key |
//! |---|---|---|---|
//! | record by id; by change id, from which the record id is derived | | `RECORD#<record>` | `RECORD` |
//! | a job's records in a time window, newest first | `byJob` | `jobKey` = `<job>#<shard>` | `at` = `<moment>#<record>` |
//! | records of a cycle | `byCycle` | `cycleKey` = `<cycle>#<shard>` | `at` |
//! | records of a person, by id in the source | `bySource` | `sourceKey` = `<hash of source id>` | `at` |
//! | records of an account, by id in the target | `byTarget` | `targetKey` = `<hash of target id>` | `at` |
//! | what failed in a job | `failed` | `failedKey` = `<job>#<shard>` | `at` |
//! | all records, newest first | `all` | `allKey` = `<shard>` | `at` |
//! | who is called something that begins like this? | | `NAME#<job>#<first two letters>` | `<folded name from that word on>#<hash of source id>` |
//!
//! # Why they look like this
//!
//! * **A job is one item**, so that a quiet cycle is a few requests. Its intent lies beside it, not in it: it is
//!   large and read only after a crash.
//! * **Jobs that need somebody have a place of their own in the index of due jobs**, written with their state, so that a
//!   page finds them among ten thousand without reading the others. What is due is asked for in both places. A job that
//!   needs somebody and is never due by itself lies at the end of all time.
//! * **Claims are items, not an index**: indexes are eventually consistent, two objects claiming one account in the
//!   same second must not both succeed.
//! * **Links and claims are spread over 16 buckets** so that a first cycle writes to several partitions, and 16
//!   queries list them all: a job can be taken away, or restarted, without a scan.
//! * **Snapshot chunks share one partition key**, so that a source of up to 30,000 people is compared after one
//!   request, and 100,000 after four. The number of hash bits is part of the range key: chunks of two
//!   generations never mix ([`crate::snapshot`]).
//! * **A group's membership has a partition key of its own**, so that one query reads it, and its range keys sort so
//!   that the newest change is the last row: the end of the log is found without reading the rest
//!   ([`crate::membership`]).
//! * **What waits for somebody is keyed by whom it waits for**, and spread like links, so that a first cycle that notes
//!   a manager for everyone does not press on one partition.
//! * **Uploads are numbered, not timed**: clocks differ, and a reader must miss none. Who is there has one row, so that
//!   everyone can be read without reading every upload ([`crate::uploads`]).
//! * **What is kept has the job in its hash key**, and not the plan or the cycle, so that a job can be deleted
//!   without knowing what is kept of it.
//! * **`at` ends in the record's id**, so that positions are unique over all shards and indexes: a page's
//!   continuation is the last position shown, nothing more ([`crate::records`]).
//! * **A person's records are not sharded**: nobody is provisioned a thousand times a second.

use engine::ids::IdHash;
use engine::model::{CycleId, JobId, ObjectType, TargetId};
use engine::ports::Kept;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::mail::Channel;

/// How many shards a job's, a cycle's, and the tenant's records are spread over, by record id.
///
/// A partition of an index takes 1,000 writes a second and pushes back on its table beyond. Four shards carry 4,000
/// records a second: forty jobs exporting at a hundred a second each. Reading asks every shard, so more of
/// them would make each page dearer. Changing the number hides what was written before: it is fixed.
pub(crate) const SHARDS: u128 = 4;

/// The name of the state table's index.
pub(crate) const DUE: &str = "due";
/// Its hash attribute.
pub(crate) const DUE_KEY: &str = "dueKey";
/// Its range attribute.
pub(crate) const DUE_AT: &str = "dueAt";
/// The range attribute of all indexes of the log table.
pub(crate) const AT: &str = "at";
/// The attribute both tables expire items by.
pub(crate) const TTL: &str = "ttl";

/// An index of the log table: which question, by which attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogIndex {
    /// The index.
    pub(crate) name: &'static str,
    /// Its hash attribute.
    pub(crate) hash: &'static str,
}

/// A job's records.
pub(crate) const BY_JOB: LogIndex = LogIndex { name: "byJob", hash: "jobKey" };
/// A cycle's records.
pub(crate) const BY_CYCLE: LogIndex = LogIndex { name: "byCycle", hash: "cycleKey" };
/// A person's records.
pub(crate) const BY_SOURCE: LogIndex = LogIndex { name: "bySource", hash: "sourceKey" };
/// An account's records.
pub(crate) const BY_TARGET: LogIndex = LogIndex { name: "byTarget", hash: "targetKey" };
/// A job's failures.
pub(crate) const FAILED: LogIndex = LogIndex { name: "failed", hash: "failedKey" };
/// Everything.
pub(crate) const ALL: LogIndex = LogIndex { name: "all", hash: "allKey" };

/// The key of one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// Hash key.
    pub(crate) pk: String,
    /// Range key.
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} / {}", self.pk, self.sk)
    }
}

/// A time as keys spell it: 24 characters, milliseconds, `Z`.
pub(crate) fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}

// -------------------------------------------------------------------------------------------------- state

/// The tenant's id.
pub(crate) fn tenant() -> Key {
    Key::new("TENANT", "TENANT")
}

/// Where all names of applications are.
pub(crate) fn names() -> String {
    "NAMES".to_owned()
}

/// The name of one application. Two spellings of a name that differ in case are one name.
pub(crate) fn name(name: &str) -> Key {
    Key::new(names(), name.trim().to_lowercase())
}

/// An application's document as it is now.
pub(crate) fn application(id: &str) -> Key {
    Key::new(format!("APP#{id}"), "DOCUMENT")
}

/// A version of an application's document.
pub(crate) fn application_version(id: &str, version: u32) -> Key {
    Key::new(format!("APP#{id}"), format!("V#{version:08}"))
}

/// What the target of an application was found to have.
pub(crate) fn discovered(application: &str) -> Key {
    Key::new(self::application(application).pk, "DISCOVERED")
}

/// A job's own item.
pub(crate) fn job(job: &JobId) -> Key {
    Key::new(format!("JOB#{job}"), "JOB")
}

/// The job a key belongs to, when it is a job's own.
pub(crate) fn job_of(pk: &str) -> Option<JobId> {
    pk.strip_prefix("JOB#").map(JobId::new)
}

/// The beginning of all chunks of an intent.
pub(crate) const INTENT: &str = "INTENT#";

/// A chunk of a job's intent.
pub(crate) fn intent(job: &JobId, chunk: usize) -> Key {
    Key::new(self::job(job).pk, format!("{INTENT}{chunk:04}"))
}

/// `dueKey` of jobs with which all is well.
pub(crate) const DUE_JOBS: &str = "JOBS";

/// `dueKey` of jobs that need somebody.
pub(crate) const DUE_ATTENTION: &str = "JOBS#ATTENTION";

/// `dueKey` of a job's escrows: their own partition key.
pub(crate) fn due_escrows(job: &JobId) -> String {
    format!("ESCROW#{job}")
}

/// How many buckets links, claims and pending references are spread over: the first hexadecimal digit of their hash.
pub(crate) const BUCKETS: u8 = 16;

/// The bucket of a hash: its first hexadecimal digit.
pub(crate) fn bucket(hash: IdHash) -> u8 {
    hash.0[0] >> 4
}

/// One of the buckets of a job's links.
pub(crate) fn links(job: &JobId, bucket: u8) -> String {
    format!("LINK#{job}#{bucket:x}")
}

/// The link of a source object.
pub(crate) fn link(job: &JobId, source: IdHash) -> Key {
    Key::new(links(job, bucket(source)), source.to_string())
}

/// One of the buckets of a job's claims.
pub(crate) fn claims(job: &JobId, bucket: u8) -> String {
    format!("CLAIM#{job}#{bucket:x}")
}

/// The claim on an account or group of the target, which may have the same id.
pub(crate) fn claim(job: &JobId, kind: ObjectType, target: &TargetId) -> Key {
    let hash = target_hash(target);
    let suffix = match kind {
        ObjectType::User => "",
        ObjectType::Group => "#group",
    };
    Key::new(claims(job, bucket(hash)), format!("{hash}{suffix}"))
}

/// The 16-byte hash of a target id.
pub(crate) fn target_hash(target: &TargetId) -> IdHash {
    IdHash(engine::ids::digest16(&[target.as_str().as_bytes()]))
}

/// Where a job's snapshot is.
pub(crate) fn snapshot(job: &JobId) -> String {
    format!("SNAPSHOT#{job}")
}

/// Which generation of chunks counts. Sorts before the chunks.
pub(crate) fn snapshot_base(job: &JobId) -> Key {
    Key::new(snapshot(job), "BASE")
}

/// The beginning of all chunks of one generation.
pub(crate) fn snapshot_generation(bits: u8) -> String {
    format!("CHUNK#{bits:02}#")
}

/// The chunk of those ids whose first `bits` bits are `bucket`.
pub(crate) fn snapshot_chunk(job: &JobId, bits: u8, bucket: u32) -> Key {
    Key::new(snapshot(job), format!("{}{bucket:06x}", snapshot_generation(bits)))
}

/// Where everything is that was learnt on top of a job's snapshot.
pub(crate) fn deltas(job: &JobId) -> String {
    format!("DELTA#{job}")
}

/// What one page learnt; more parts than one when it is long.
pub(crate) fn delta(job: &JobId, cycle: CycleId, page: u32, part: usize) -> Key {
    Key::new(deltas(job), format!("{cycle}#{page:08}#{part:04}"))
}

/// Where a job's staged removals are.
pub(crate) fn all_staged(job: &JobId) -> String {
    format!("STAGED#{job}")
}

/// The staged removal of an object, or of members of a group.
pub(crate) fn staged(job: &JobId, source: IdHash, members: bool) -> Key {
    Key::new(all_staged(job), format!("{source}{}", if members { "#members" } else { "" }))
}

/// Where a job's escrows are.
pub(crate) fn escrows(job: &JobId) -> String {
    format!("ESCROW#{job}")
}

/// The escrow of an object.
pub(crate) fn escrow(job: &JobId, source: IdHash) -> Key {
    Key::new(escrows(job), source.to_string())
}

/// One of the buckets of a job's pending references: the first digit of the hash of who is missing.
pub(crate) fn all_pending(job: &JobId, bucket: u8) -> String {
    format!("PENDING#{job}#{bucket:x}")
}

/// A reference to somebody who has no account yet.
pub(crate) fn pending(job: &JobId, missing: IdHash, referrer: IdHash, path: &str) -> Key {
    Key::new(all_pending(job, bucket(missing)), format!("{missing}#{referrer}#{path}"))
}

/// Where the groups of a job are of which members are remembered.
pub(crate) fn groups_with_members(job: &JobId) -> String {
    format!("MEMBERS#{job}")
}

/// That members of a group are remembered.
pub(crate) fn group_with_members(job: &JobId, group: IdHash) -> Key {
    Key::new(groups_with_members(job), group.to_string())
}

/// Where the membership of a group is.
pub(crate) fn members(job: &JobId, group: IdHash) -> Place {
    Place { pk: format!("MEMBERS#{job}#{group}"), prefix: String::new() }
}

/// The beginning of all changes of a membership, and of all uploads. Sorts after everything else of them.
pub(crate) const LOG: &str = "LOG#";

/// A change of a membership, by its number.
pub(crate) fn member_log(place: &Place, number: u64) -> Key {
    Key::new(&place.pk, format!("{LOG}{number:010}"))
}

/// The number of a change of a membership; `None` when the key is not one.
pub(crate) fn member_log_number(sk: &str) -> Option<u64> {
    sk.strip_prefix(LOG)?.parse().ok()
}

/// Where a job's unsettled groups are.
pub(crate) fn all_unsettled(job: &JobId) -> String {
    format!("UNSETTLED#{job}")
}

/// An unsettled group.
pub(crate) fn unsettled(job: &JobId, group: IdHash) -> Key {
    Key::new(all_unsettled(job), group.to_string())
}

/// Where everything is that is kept for a job.
pub(crate) fn all_kept(job: &JobId) -> String {
    format!("KEPT#{job}")
}

/// Where the bytes kept under a name are.
pub(crate) fn kept(job: &JobId, name: Kept) -> Place {
    let prefix = match name {
        Kept::Listing(cycle, ObjectType::User) => format!("LISTING#{cycle}#user#"),
        Kept::Listing(cycle, ObjectType::Group) => format!("LISTING#{cycle}#group#"),
        Kept::Plan(plan) => format!("PLAN#{plan}#"),
    };
    Place { pk: all_kept(job), prefix }
}

/// Where bytes of any length lie in chunks ([`crate::blob`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Hash key.
    pub(crate) pk: String,
    /// The beginning of all range keys.
    pub(crate) prefix: String,
}

impl Place {
    /// Which chunks count. Sorts after them.
    pub(crate) fn head(&self) -> Key {
        Key::new(&self.pk, format!("{}HEAD", self.prefix))
    }

    /// The beginning of all chunks of the bytes that have this digest.
    pub(crate) fn chunks(&self, digest: &str) -> String {
        format!("{}CHUNK#{digest}#", self.prefix)
    }

    /// One of these chunks.
    pub(crate) fn chunk(&self, digest: &str, chunk: usize) -> Key {
        Key::new(&self.pk, format!("{}{chunk:04}", self.chunks(digest)))
    }
}

/// Where a job's history is.
pub(crate) fn cycles(job: &JobId) -> String {
    format!("CYCLE#{job}")
}

/// A finished cycle.
pub(crate) fn cycle(job: &JobId, began: Timestamp, cycle: CycleId) -> Key {
    Key::new(cycles(job), format!("{}#{cycle}", moment(began)))
}

/// Where the uploads of a job are.
pub(crate) fn uploads(job: &JobId) -> String {
    format!("UPLOAD#{job}")
}

/// How far the uploads of a job have come.
pub(crate) fn upload_head(job: &JobId) -> Key {
    Key::new(uploads(job), "HEAD")
}

/// Whom an upload changed, by its number.
pub(crate) fn upload_log(job: &JobId, number: u64) -> Key {
    Key::new(uploads(job), format!("{LOG}{number:010}"))
}

/// That an upload was staged, by its id.
pub(crate) fn upload_receipt(job: &JobId, upload: Uuid) -> Key {
    Key::new(uploads(job), format!("ID#{upload}"))
}

/// One of the buckets of the people uploaded for a job.
pub(crate) fn all_uploaded(job: &JobId, bucket: u8) -> String {
    format!("UPLOADED#{job}#{bucket:x}")
}

/// An uploaded person.
pub(crate) fn uploaded(job: &JobId, source: IdHash) -> Key {
    Key::new(all_uploaded(job, bucket(source)), source.to_string())
}

/// What waits to be told about an application, and when it may be.
pub(crate) fn throttle(application: &str, channel: Channel) -> Key {
    let row = match channel {
        Channel::Mail => "THROTTLE",
        Channel::Webhook => "WEBHOOK",
    };
    Key::new(format!("MAIL#{application}"), row)
}

/// When somebody sent a test mail last.
pub(crate) fn trial(application: &str) -> Key {
    Key::new(format!("MAIL#{application}"), "TRIAL")
}

const RECIPIENT: &str = "TO#";

/// What became of mail to a recipient.
pub(crate) fn recipient(application: &str, address: IdHash) -> Key {
    Key::new(format!("MAIL#{application}"), format!("{RECIPIENT}{address}"))
}

/// The same of all of them: a partition key, and how the sort keys begin.
pub(crate) fn recipients(application: &str) -> (String, &'static str) {
    (format!("MAIL#{application}"), RECIPIENT)
}

/// What was asked of `sync`.
pub(crate) fn operation(id: Uuid) -> Key {
    Key::new(format!("OPERATION#{id}"), "OPERATION")
}

/// A month, as keys spell it: its entries' positions begin like this.
pub(crate) fn month(first: Date) -> String {
    format!("{:04}-{:02}", first.year(), first.month())
}

/// Where the audit of a month is.
pub(crate) fn audits(first: Date) -> String {
    format!("AUDIT#{}", month(first))
}

/// An entry of the audit.
pub(crate) fn audit(at: Timestamp, entry: Uuid) -> Key {
    let moment = moment(at);
    Key::new(format!("AUDIT#{}", moment.get(..7).unwrap_or_default()), format!("{moment}#{entry}"))
}

// --------------------------------------------------------------------------------------------------- logs

/// A provisioning record.
pub(crate) fn record(id: Uuid) -> Key {
    Key::new(format!("RECORD#{id}"), "RECORD")
}

/// The record a position points at.
pub(crate) fn record_at(position: &str) -> Option<Uuid> {
    position.split_once('#').and_then(|(_, id)| Uuid::parse_str(id).ok())
}

/// A record's position in time: unique over all records.
pub(crate) fn position(at: Timestamp, record: Uuid) -> String {
    format!("{}#{record}", moment(at))
}

/// The shard of a record.
pub(crate) fn shard_of(record: Uuid) -> u128 {
    record.as_u128() % SHARDS
}

/// `jobKey` and `failedKey`: one shard of a job's records.
pub(crate) fn job_shard(job: &JobId, shard: u128) -> String {
    format!("{job}#{shard}")
}

/// `cycleKey`: one shard of a cycle's records. Cycles are read by the id the record shows.
pub(crate) fn cycle_shard(cycle: &str, shard: u128) -> String {
    format!("{cycle}#{shard}")
}

/// `allKey`: one shard of all records.
pub(crate) fn all_shard(shard: u128) -> String {
    shard.to_string()
}

/// Where names that begin with the same two letters are. `None` when `folded` has no two letters.
pub(crate) fn names_like(job: &JobId, folded: &str) -> Option<String> {
    let mut letters = folded.chars();
    let (first, second) = (letters.next()?, letters.next()?);
    Some(format!("NAME#{job}#{first}{second}"))
}

/// A name of a person, from one of its words on.
pub(crate) fn person(job: &JobId, folded: &str, source: IdHash) -> Option<Key> {
    Some(Key::new(names_like(job, folded)?, format!("{folded}#{source}")))
}

#[cfg(test)]
mod tests {
    use engine::model::SourceId;

    use super::*;

    /// Every key, printed. A difference here means that rows already written are not found any more.
    #[test]
    fn every_key_is_spelled_as_it_always_was() {
        let job_id = JobId::new("scim.t.a");
        let nadia = IdHash::of(&SourceId::new("nadia"));
        let account = TargetId::new("2819c223");
        let cycle_id = CycleId(Uuid::from_u128(7));
        let record_id = Uuid::from_u128(9);
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let printed = [
            tenant().to_string(),
            name(" Ticketing ").to_string(),
            application("a").to_string(),
            application_version("a", 12).to_string(),
            job(&job_id).to_string(),
            intent(&job_id, 3).to_string(),
            format!("{DUE}: {DUE_JOBS} / {}", moment(noon)),
            format!("{DUE}: {DUE_ATTENTION} / {}", moment(Timestamp::MAX)),
            link(&job_id, nadia).to_string(),
            claim(&job_id, ObjectType::User, &account).to_string(),
            snapshot_base(&job_id).to_string(),
            snapshot_chunk(&job_id, 8, 0xfe).to_string(),
            delta(&job_id, cycle_id, 2, 1).to_string(),
            staged(&job_id, nadia, false).to_string(),
            escrow(&job_id, nadia).to_string(),
            format!("{DUE}: {} / {}", due_escrows(&job_id), moment(noon)),
            cycle(&job_id, noon, cycle_id).to_string(),
            throttle("a", Channel::Mail).to_string(),
            record(record_id).to_string(),
            position(noon, record_id),
            job_shard(&job_id, shard_of(record_id)),
            cycle_shard(&cycle_id.to_string(), 3),
            all_shard(0),
            person(&job_id, "el sayed", nadia).unwrap().to_string(),
            claim(&job_id, ObjectType::Group, &account).to_string(),
            staged(&job_id, nadia, true).to_string(),
            pending(&job_id, nadia, nadia, "manager").to_string(),
            group_with_members(&job_id, nadia).to_string(),
            members(&job_id, nadia).head().to_string(),
            members(&job_id, nadia).chunk("0f", 1).to_string(),
            member_log(&members(&job_id, nadia), 12).to_string(),
            unsettled(&job_id, nadia).to_string(),
            kept(&job_id, Kept::Listing(cycle_id, ObjectType::User)).head().to_string(),
            kept(&job_id, Kept::Listing(cycle_id, ObjectType::Group)).chunk("0f", 1).to_string(),
            kept(&job_id, Kept::Plan(record_id)).head().to_string(),
            operation(record_id).to_string(),
            audit(noon, record_id).to_string(),
            upload_head(&job_id).to_string(),
            upload_log(&job_id, 12).to_string(),
            upload_receipt(&job_id, record_id).to_string(),
            uploaded(&job_id, nadia).to_string(),
            discovered("a").to_string(),
        ];
        let golden = include_str!("../tests/fixtures/keys.txt");
        assert_eq!(printed.join("\n"), golden.trim_end());
    }

    #[test]
    fn moments_are_as_wide_as_one_another_and_sort_as_time_does() {
        let times = [0, 1, 999, 1_000, 1_767_225_599_999].map(|ms| Timestamp::from_millisecond(ms).unwrap());
        let spelled = times.map(moment);
        assert!(spelled.iter().all(|text| text.len() == 24), "{spelled:?}");
        assert!(spelled.is_sorted());
    }

    #[test]
    fn the_newest_change_of_a_membership_is_its_last_row() {
        let place = members(&JobId::new("j"), IdHash([7; 16]));
        let rows = [place.chunk("ff", 9), place.head(), member_log(&place, 9), member_log(&place, 10)];
        assert!(rows.is_sorted(), "{rows:?}");
    }

    #[test]
    fn what_a_key_says_can_be_read_back() {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let id = Uuid::from_u128(9);
        assert_eq!(record_at(&position(noon, id)), Some(id));
        assert_eq!(job_of(&job(&JobId::new("j")).pk), Some(JobId::new("j")));
        assert_eq!(job_of("LINK#j#0"), None);
        let log = member_log(&members(&JobId::new("j"), IdHash([7; 16])), 12);
        assert_eq!(member_log_number(&log.sk), Some(12));
        assert_eq!(member_log_number("HEAD"), None);
    }
}

//! Everything Rollcall remembers, in DynamoDB: written once, for the laptop and for the cloud.
//!
//! In: the engine's values, through its port [`engine::ports::Store`], and what the API and the command line read.
//! Out: items in two tables, *state* and *logs*. Promised: the conditional writes that the engine's invariants
//! rest on.
//!
//! ```text
//!  engine ──port──▶ DynamoStore ──aws-sdk-dynamodb──▶ DynamoDB          in the cloud
//!                       ▲                        └──▶ embedded engine   on the laptop, in tests
//!  query, control ──readers
//! ```
//!
//! Read `keys.rs` first: its table says which question is answered by which key, and why. Then one file per entity:
//! `job`, `orders`, `links`, `claims`, `snapshot`, `intent`, `kept`, `staged`, `membership`, `pending`, `unsettled`,
//! `escrow`, `history`, `applications`, `operations`, `audit`, `uploads`, `mail`, `recipients`, `trials`, `tenant`, `records`; `forget` takes a
//! job's rows away again. All of them are made of the few requests in `table` and `batch`, and of the attributes in `item`.
//!
//! # Guarantees
//! * One worker per job: a lease with a fencing number ([`DynamoStore::acquire`](engine::ports::Store::acquire)).
//! * A worker that was overtaken is refused at each item the newer one wrote, with
//!   [`StoreError::Fenced`](engine::ports::StoreError::Fenced).
//! * What people decide while a cycle runs (about a removal, an escrow, the job itself) is in attributes that the worker
//!   does not write: neither takes the other's word away.
//! * An item that cannot be read is an error naming its key and attribute, never a default.
//!
//! # Caveats
//! A fence is checked against the item written, not against the job: a request of an overtaken worker that arrives
//! late still lands on an item nobody newer has touched. What it writes is true, and the newer worker, which finishes
//! the same page, writes it again.

mod applications;
mod audit;
mod batch;
mod blob;
mod claims;
pub mod client;
#[cfg(feature = "embedded")]
pub mod embedded;
mod escrow;
mod forget;
mod history;
mod intent;
mod item;
mod job;
mod kept;
mod keys;
mod links;
mod mail;
mod membership;
mod operations;
mod orders;
mod pack;
mod pending;
mod port;
mod recipients;
mod records;
mod snapshot;
mod staged;
mod table;
pub mod tables;
mod tenant;
mod trials;
mod unsettled;
mod uploads;
pub mod usage;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use engine::ports::Clock;
use engine::report::ProvisioningRecord;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use applications::{ApplicationError, ApplicationName, StoredApplication};
pub use audit::{AuditChange, AuditEntry};
pub use job::{JobView, Outbox};
pub use mail::{Channel, Fact, MailClaim, Mailbox, Told, Undelivered};
pub use operations::{Operation, OperationStatus};
pub use orders::{MOST_ORDERS, OrderError};
pub use recipients::{MarkKind, RecipientMark};
pub use records::{By, Person, QueryError, RecordPage, RecordQuery};
pub use tables::TableNames;
pub use trials::Trial;
pub use uploads::{Staged, UploadError, UploadExtent};

/// How long provisioning records are kept unless the administrator chose otherwise: the vendor's own 30 days.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Who takes leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// A name no other living process has: host and process, or function and request. Shown when a job is busy.
    pub owner: String,
    /// The start of the embedded engine this worker speaks to, when it does. A lease of another start is dead: its
    /// worker's engine died, and the worker with it.
    pub boot: Option<Uuid>,
}

/// The store. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    state: table::Table,
    logs: table::Table,
    worker: Worker,
    retention: SignedDuration,
    /// Records that expired are left out by it.
    expiry: Expiry,
    /// Who is told of records that were written.
    told: Listener,
    /// Leases and claims asked for by this process: their owner is this worker and a number, so that one task's
    /// repeated request is told from another task's.
    asked: Arc<AtomicU64>,
}

impl DynamoStore {
    /// A store over two tables that exist.
    #[must_use]
    pub fn new(client: Client, names: TableNames, worker: Worker) -> Self {
        Self {
            state: table::Table { client: client.clone(), name: names.state },
            logs: table::Table { client, name: names.logs },
            worker,
            retention: RETENTION,
            expiry: Expiry(None),
            told: Listener(Arc::new(|_| {})),
            asked: Arc::default(),
        }
    }

    /// Who asks for the next lease or claim.
    fn next_owner(&self) -> String {
        format!("{}#{}", self.worker.owner, self.asked.fetch_add(1, Ordering::Relaxed))
    }

    /// Keeps provisioning records for another time than [`RETENTION`]. Whoever reads them with a clock is to be given the
    /// same: nothing older is shown.
    #[must_use]
    pub fn with_retention(mut self, retention: SignedDuration) -> Self {
        self.retention = retention;
        self
    }

    /// Leaves records out that expired: the table takes them away when it likes, up to two days late. Without a clock
    /// whatever lies in the table is shown.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.expiry = Expiry(Some(clock));
        self
    }

    /// Tells somebody of provisioning records, once they are written. A page that is repeated after a crash is told again.
    #[must_use]
    pub fn telling(mut self, told: impl Fn(&[ProvisioningRecord]) + Send + Sync + 'static) -> Self {
        self.told = Listener(Arc::new(told));
        self
    }
}

/// Who is told of records.
#[derive(Clone)]
struct Listener(Arc<Tell>);

type Tell = dyn Fn(&[ProvisioningRecord]) + Send + Sync;

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// What time it is, for those to whom it matters.
#[derive(Clone)]
struct Expiry(Option<Arc<dyn Clock>>);

impl Expiry {
    fn now(&self) -> Option<Timestamp> {
        self.0.as_ref().map(|clock| clock.now())
    }
}

impl std::fmt::Debug for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expiry").field(&self.0.is_some()).finish()
    }
}

//! Consequences: what the next cycle would do, found out without doing any of it.
//!
//! In: source, target and store as they are, and the definition that is about to be saved. Out: [`Consequences`],
//! counted with the same fingerprints, links, matching and decisions that a cycle uses.
//!
//! # Expected flow
//! 1. Everyone is read from the source, a page at a time; a page's links are loaded in one batch.
//! 2. Whoever has no account is looked for in the target: in a listing, or by queries where those are fewer.
//! 3. Whoever a complete reading did not show is decided as gone, then what waits (staged, in escrow).
//! 4. The guard judges the total under the thresholds of the definition.
//!
//! # Guarantees
//! Nothing is written: no lease is taken, no claim, no call to the target other than listing and finding. Of people
//! only the names of a few samples are kept; what grows with their number are hashes, and the target's listing.
//!
//! # Caveats
//! What the target will answer to a write is not known before: a create that it refuses, or an account that is no
//! longer there, shows in the cycle only. While a cycle is under way, what it did since its last fold is seen by
//! links alone, so that counts may be off by what it has in hand.

mod accounts;
mod look;
mod person;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::look::Look;
pub use self::person::{Person, person};
use super::{CycleError, Definition, phases};
use crate::decide::Operation;
use crate::escrow::FailureCode;
use crate::job::JobState;
use crate::model::{AttributeChange, SkipReason};
use crate::ports::{Reading, Source, Store, Target};

/// What a preview looks at. Only what reads is called.
pub struct Sight<'a> {
    /// Where people are read from.
    pub source: &'a dyn Source,
    /// Where accounts are. Without it, whoever has no account counts as joining.
    pub target: Option<&'a dyn Target>,
    /// Everything remembered.
    pub store: &'a dyn Store,
    /// The job as it is now; `None` for one that is not made yet.
    pub job: Option<&'a JobState>,
    /// The time that what waits in escrow is judged by.
    pub now: Timestamp,
    /// Told after every page: objects read, and objects in all, when the source knows.
    pub progress: &'a (dyn Fn(u64, Option<u64>) + Sync),
}

/// What the next cycle would do, in people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consequences {
    /// Objects that the source shows and that can be read.
    pub read: u64,
    /// Rows that cannot be read.
    pub unreadable: u64,
    /// Of those read: in scope and active.
    pub in_scope: u64,
    /// In scope now and not when they were last looked at.
    pub into_scope: u64,
    /// In scope when they were last looked at and not any more, the gone ones included.
    pub out_of_scope: u64,
    /// Accounts that would be created.
    pub joining: u64,
    /// Accounts that exist and would be taken over. Those among them that would be changed count as rewritten too.
    pub matched: u64,
    /// Accounts that would be updated.
    pub rewritten: u64,
    /// In how many accounts each target attribute would be written, among those updated or switched off.
    pub attributes: BTreeMap<String, u64>,
    /// Accounts that would be switched off.
    pub switched_off: u64,
    /// Accounts that would be deleted.
    pub deleted: u64,
    /// People for whom nothing would be sent because everything is as it should be.
    pub unchanged: u64,
    /// People for whom nothing would be sent, by the reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// People for whom something cannot be right, by the log's error code.
    pub failed: BTreeMap<FailureCode, u64>,
    /// People who failed before and whose next attempt is not due yet.
    pub waiting: u64,
    /// Why nobody would be taken as gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_inference: Option<String>,
    /// Why the guard would hold what is switched off and deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Whether a cycle is under way, so that counts may be off.
    pub cycle_under_way: bool,
    /// Some names of each kind.
    pub samples: Samples,
}

/// The first names of each kind, at most [`SAMPLES`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Samples {
    /// Would be created.
    pub joining: Vec<String>,
    /// Would be taken over.
    pub matched: Vec<String>,
    /// Would be updated.
    pub rewritten: Vec<String>,
    /// Would be switched off.
    pub switched_off: Vec<String>,
    /// Would be deleted.
    pub deleted: Vec<String>,
    /// Would fail, each with its reason.
    pub failed: Vec<String>,
    /// Rows that cannot be read, each with its reason.
    pub unreadable: Vec<String>,
}

/// How many names of a kind are kept: enough to recognise whom a mistake hits.
pub const SAMPLES: usize = 5;

impl Consequences {
    /// Accounts that people would lose, or lose the use of.
    #[must_use]
    pub fn removals(&self) -> u64 {
        self.switched_off + self.deleted
    }

    /// Whether the next cycle would send anything.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.joining + self.matched + self.rewritten + self.removals() == 0
    }

    fn count(&mut self, operation: &Operation, matched: bool, name: &str) {
        let samples = &mut self.samples;
        let (counter, sample) = match operation {
            Operation::Create(_) => (&mut self.joining, &mut samples.joining),
            Operation::Update(_, changes) => {
                write_down(&mut self.attributes, changes);
                (&mut self.rewritten, &mut samples.rewritten)
            }
            Operation::Disable(_, changes) => {
                write_down(&mut self.attributes, changes);
                (&mut self.switched_off, &mut samples.switched_off)
            }
            Operation::Delete(_) => (&mut self.deleted, &mut samples.deleted),
            Operation::Skip(SkipReason::RedundantExport) => {
                self.unchanged += 1;
                return;
            }
            Operation::Skip(reason) => {
                *self.skipped.entry(*reason).or_default() += 1;
                return;
            }
            Operation::Fail(failure) => {
                *self.failed.entry(failure.code).or_default() += 1;
                keep(&mut samples.failed, &format!("{name}: {}", failure.reason));
                return;
            }
            Operation::Adopt(_) | Operation::Ask(_) | Operation::Choose(_) | Operation::Forget => {
                if matched {
                    self.matched += 1;
                    keep(&mut samples.matched, name);
                }
                return;
            }
        };
        *counter += 1;
        keep(sample, name);
        if matched {
            self.matched += 1;
            keep(&mut samples.matched, name);
        }
    }
}

fn write_down(attributes: &mut BTreeMap<String, u64>, changes: &[AttributeChange]) {
    for change in changes {
        *attributes.entry(change.path.clone()).or_default() += 1;
    }
}

fn keep(samples: &mut Vec<String>, name: &str) {
    if samples.len() < SAMPLES {
        samples.push(name.to_owned());
    }
}

/// Finds out what the next cycle of `definition` would do.
///
/// # Errors
/// [`CycleError`] when source, target or store cannot be read; then nothing is known.
pub async fn preview(sight: &Sight<'_>, definition: &Definition) -> Result<Consequences, CycleError> {
    let reading = sight.source.open(None, None).await.map_err(CycleError::Source)?;
    let (cursor, total) = match reading {
        Reading::Full { cursor, total, attributes, .. } => {
            phases::check_attributes(definition, attributes).map_err(CycleError::Source)?;
            (cursor, total)
        }
        Reading::Delta { cursor, total, .. } => (cursor, total),
        // Nothing was handed in that it could be unchanged since.
        Reading::Unchanged { .. } => return Ok(Consequences::default()),
    };
    let mut look = Look::begin(sight, definition, total).await?;
    let mut next = Some(cursor);
    while let Some(cursor) = next {
        let page = sight.source.read(&cursor).await.map_err(CycleError::Source)?;
        next = page.next.clone();
        look.page(page).await?;
        (sight.progress)(look.done(), total);
    }
    look.leavers().await?;
    look.waiting().await?;
    Ok(look.end())
}

//! What people do beside a running cycle, without its lease.

use engine::guard::{HumanDecision, StagedKey};
use engine::ids::IdHash;
use engine::model::{JobId, SourceId};
use jiff::Timestamp;

use super::MemoryStore;

/// Orders that may wait at once, as in the table.
const MOST_ORDERS: usize = 100;

impl MemoryStore {
    /// Decides about staged removals, or takes a decision back; how many of them are staged.
    pub fn decide(&self, job: &JobId, removals: &[StagedKey], decision: Option<&HumanDecision>) -> usize {
        let keys: std::collections::BTreeSet<&StagedKey> = removals.iter().collect();
        let decided = |key: &&&StagedKey| {
            self.of(job, |job| {
                let removal = job.staged.get_mut(key);
                removal.map(|removal| removal.decision = decision.cloned()).is_some()
            })
        };
        keys.iter().filter(decided).count()
    }

    /// Has an escrow tried again now, also when it was ignored. Whether it was there.
    pub fn retry_now(&self, job: &JobId, source: &SourceId, now: Timestamp) -> bool {
        let hash = IdHash::of(source);
        self.of(job, |job| {
            let Some(entry) = job.escrows.get_mut(&hash) else { return false };
            (entry.next_attempt, entry.ignored) = (Some(now), None);
            job.asked.insert(hash, now);
            true
        })
    }

    /// Has an escrow ignored until its object changes, or no longer. Whether it was there.
    pub fn ignore_escrow(&self, job: &JobId, source: &SourceId, decision: Option<&HumanDecision>) -> bool {
        self.of(job, |job| {
            let entry = job.escrows.get_mut(&IdHash::of(source));
            entry.map(|entry| entry.ignored = decision.cloned()).is_some()
        })
    }

    /// Asks the worker to pause, or takes that back; it learns so with its next save.
    pub fn order_pause(&self, job: &JobId, pause: bool) {
        self.of(job, |job| job.orders.pause = pause);
    }

    /// Asks for objects to be provisioned now. False, and nothing is ordered, when too many would wait.
    pub fn order_now(&self, job: &JobId, objects: &[SourceId]) -> bool {
        self.of(job, |job| {
            let mut now = job.orders.now.clone();
            now.extend(objects.iter().filter(|object| !job.orders.now.contains(object)).cloned());
            let fits = now.len() <= MOST_ORDERS;
            if fits {
                job.orders.now = now;
            }
            fits
        })
    }
}

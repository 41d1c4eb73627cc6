//! How many jobs are overdue, whoever is told of it: an alarm rings by it that needs no mail.
//!
//! In: the index of due jobs. Out: metrics. Promised: while all is well it costs one look at the index.

use engine::ports::StoreError;
use jiff::Timestamp;
use runtime::metrics::{JOBS_OVERDUE, SECONDS_SINCE_SUCCESS};

use crate::overdue::{Patience, overdue};
use crate::{Notifier, TURN};

/// Jobs looked at in a turn. When more are late, nothing runs at all, and one number is as alarming as the other.
const MOST: usize = 100;

impl Notifier {
    /// Tells how many jobs should have begun a cycle long ago.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn measure(&self, now: Timestamp) -> Result<(), StoreError> {
        // No job is overdue that waited for less than a turn.
        let since = now.saturating_sub(TURN).unwrap_or(now);
        let mut late = 0.0;
        for job in self.store.due_jobs(since).await?.iter().take(MOST) {
            let Some(application) = self.known.of(&self.store, job).await? else { continue };
            let Some(stored) = self.store.application(&application.id).await? else { continue };
            let state = self.store.job(job).await?.state;
            let Some(overdue) = overdue(&state, Patience::of(&stored.document), now) else { continue };
            late += 1.0;
            if let Some(last) = overdue.last {
                let seconds = now.duration_since(last).as_secs_f64();
                self.metrics.tell(now, Some(&application.id), &[], &[(SECONDS_SINCE_SUCCESS, seconds)]);
            }
        }
        self.metrics.tell(now, None, &[], &[(JOBS_OVERDUE, late)]);
        Ok(())
    }
}

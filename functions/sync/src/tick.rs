//! A turn of the schedule: which jobs have work now.
//!
//! In: the time. Out: the jobs that shall begin a cycle, or go on with one, the longest overdue first. On the way,
//! events that a slice of theirs could not tell are told.
//!
//! # Guarantees
//! A job that cannot be read is logged and keeps no other job waiting. Nothing is taken or changed: whoever starts
//! a job takes its lease, and asks [`is_due`] again when it was told by an event, which may come twice and late.

use engine::model::JobId;
use engine::ports::StoreError;
use jiff::Timestamp;
use store::JobView;

use crate::context::Context;
use crate::outbox::drain;

/// The jobs that have work now.
///
/// # Errors
/// [`StoreError`] when the index of due jobs does not answer.
pub async fn tick(context: &Context) -> Result<Vec<JobId>, StoreError> {
    let now = context.clock.now();
    let mut due = Vec::new();
    for job in context.store.due_jobs(now).await? {
        match context.store.job(&job).await {
            Ok(view) => {
                if view.untold > 0 {
                    drain(context, &job).await;
                }
                // The index lags behind by a moment.
                if is_due(&view, now) {
                    due.push(job);
                }
            }
            Err(error) => tracing::error!(job.id = %job, "a due job cannot be read: {error}"),
        }
    }
    Ok(due)
}

/// Whether a job has work at `now`: its time has come, or the worker that held it died.
#[must_use]
pub fn is_due(view: &JobView, now: Timestamp) -> bool {
    match view.lease_until {
        Some(until) => until <= now,
        None => view.state.runs() && view.state.next_due <= now,
    }
}

#[cfg(test)]
mod tests {
    use engine::job::{JobState, StatusCode};
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_job_is_due_when_its_time_has_come_or_its_worker_died() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let minutes = |minutes| now + SignedDuration::from_mins(minutes);
        let cases = [
            (StatusCode::NotRun, 0, None, true),
            (StatusCode::Active, -1, None, true),
            (StatusCode::Quarantine, -1, None, true),
            (StatusCode::Active, 1, None, false),
            (StatusCode::Paused, -1, None, false),
            (StatusCode::NotConfigured, -1, None, false),
            // Somebody is at work.
            (StatusCode::Active, -1, Some(1), false),
            // Somebody was, and is not any more.
            (StatusCode::Active, 40, Some(0), true),
            (StatusCode::Active, 40, Some(-1), true),
        ];
        for (code, next_due, lease, expected) in cases {
            let state = JobState { code, next_due: minutes(next_due), ..JobState::new(now) };
            let lease_until = lease.map(minutes);
            let view = JobView { state, lease_until, lease_owner: None, untold: 0 };
            assert_eq!(is_due(&view, now), expected, "{code:?} {next_due} {lease:?}");
        }
    }
}

//! What there is to tell of a job, as it is now.
//!
//! In: what waits to be told and what was told, the job's state, whether it is overdue. Out: the news, or that there is none.
//! An event is a reason to look, never the news itself: one that got lost keeps nothing from being told, and one that comes
//! late tells nothing that is over.

use engine::job::{EventDetail, JobState, Quarantine, Side};
use jiff::Timestamp;
use store::Mailbox;

use crate::overdue::Overdue;

/// The name of the events that announce it.
const EXPIRING: &str = "Credentials Expiring";

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News<'a> {
    pub(crate) subject: Subject<'a>,
    /// Credentials about to end, or ended; those that were renewed the state has forgotten.
    pub(crate) expiring: Vec<(Side, Timestamp)>,
    /// Beside another trouble.
    pub(crate) overdue: Option<Overdue>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    /// The job is in trouble; since when it runs no more because of it.
    Trouble(&'a Quarantine, Option<Timestamp>),
    /// No cycle went through for too long.
    Overdue(Overdue),
    /// A trouble that was told has gone.
    Resolved {
        /// Since when it was there.
        since: Option<Timestamp>,
        /// When it went.
        until: Option<Timestamp>,
    },
    /// Nothing but credentials that are about to end.
    Expiring,
}

/// Whether there is something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look<'a> {
    /// There is.
    Tell(News<'a>),
    /// A trouble that was told is not there any more, and nothing proves yet that the job is well.
    NotYet,
    /// There is not: nobody needs to know of what waits.
    Nothing,
}

impl<'a> Look<'a> {
    /// Looks at a job.
    pub(crate) fn at(seen: &Mailbox, state: &'a JobState, overdue: Option<Overdue>) -> Self {
        // In every mail that is written: whichever event comes first, nothing that follows it is news.
        let expiring: Vec<_> = state.expiry_told.iter().map(|(side, expires, _)| (*side, *expires)).collect();
        let tell = |subject, overdue| Self::Tell(News { subject, expiring: expiring.clone(), overdue });
        if let Some(quarantine) = &state.quarantine {
            // Whoever paused it, or stopped it by hand, knows.
            let rests = !state.runs() && state.disabled.is_none();
            if rests && seen.facts().is_empty() {
                return Self::Nothing;
            }
            return tell(Subject::Trouble(quarantine, state.disabled), overdue);
        }
        if let Some(overdue) = overdue {
            return tell(Subject::Overdue(overdue), None);
        }
        let since = seen.known_trouble();
        let recovered = latest(seen, EventDetail::JobRecovered.name());
        if since.is_none() && latest(seen, EXPIRING).is_some() && !expiring.is_empty() {
            return tell(Subject::Expiring, None);
        }
        if since.is_none() && !(seen.is_unconfirmed() && recovered.is_some()) {
            return Self::Nothing;
        }
        // A person may have started the job anew, which proves nothing.
        let proof = state.succeeded().filter(|ended| seen.claimed_at().is_some_and(|told| *ended > told));
        match recovered.or(proof) {
            None => Self::NotYet,
            until => tell(Subject::Resolved { since, until }, None),
        }
    }
}

/// When the last fact of a kind happened.
fn latest(seen: &Mailbox, kind: &str) -> Option<Timestamp> {
    seen.facts().into_iter().filter(|fact| fact.kind == kind).map(|fact| fact.at).max()
}

impl News<'_> {
    /// That no cycle went through, whether or not it is the worst of it.
    pub(crate) fn overdue(&self) -> Option<&Overdue> {
        match &self.subject {
            Subject::Overdue(overdue) => Some(overdue),
            _ => self.overdue.as_ref(),
        }
    }

    /// Since when the job is in the trouble that is told.
    pub(crate) fn trouble_since(&self) -> Option<Timestamp> {
        match &self.subject {
            Subject::Trouble(quarantine, _) => Some(quarantine.series_began),
            Subject::Overdue(overdue) => Some(overdue.due),
            Subject::Resolved { .. } | Subject::Expiring => None,
        }
    }
}

//! Tells administrators about trouble: at most one mail per application in any 24 hours, with the exact cause.
//!
//! In: events of jobs, which come twice, late and in any order; and a turn every quarter of an hour. Out: mails, through
//! a [`Mailer`].
//!
//! # Expected flow
//! An event that is worth a mail becomes a fact that waits ([`store::Fact`]). Whether there is something to tell, and
//! what, is read from the job's state as it is now: the event is a reason to look, never the news itself, and each turn looks
//! as well. Then the one mail of the next 24 hours is claimed, sent, and confirmed.
//!
//! # Guarantees
//! The newest state is what is told. What comes within the 24 hours waits and goes out in one mail; a trouble that lasts is
//! told again each day; a trouble that came and went meanwhile is told to nobody; a trouble that was told is told as gone. A
//! mail that was claimed counts as sent, and what it told is repeated after the 24 hours unless somebody confirmed that it was
//! taken. Only one that was certainly refused gives its claim back, and is tried again with the next turn.
//!
//! # Errors
//! What an error leaves behind waits for the next turn: neither event nor turn has to be repeated.

mod feedback;
mod folder;
pub mod handler;
mod known;
mod letter;
mod links;
pub mod message;
mod news;
mod overdue;
mod recipients;
mod render;
mod ses;
mod trial;
mod wording;

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use engine::job::{Event, EventDetail, JobState};
use jiff::Timestamp;
use store::{ApplicationName, DynamoStore, Fact, Mailbox, Told};

pub use feedback::{Feedback, learn};
pub use folder::Folder;
pub use letter::{Letter, Mailer, SendError, Sender};
pub use links::Place;
pub use ses::{NoSender, Ses};
pub use trial::InProcess;

use known::Known;
use news::Look;
use overdue::{Patience, overdue};
use wording::Case;

/// Time between two turns of [`Notifier::flush`]: what waits goes out this late at the most.
pub const TURN: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// Who tells. Cloning it is cheap.
#[derive(Clone)]
pub struct Notifier {
    store: DynamoStore,
    mailer: Arc<dyn Mailer>,
    place: Option<Place>,
    known: Known,
}

impl Notifier {
    /// A notifier over a store, that sends so, and links to a place where the console and the API are.
    #[must_use]
    pub fn new(store: DynamoStore, mailer: Arc<dyn Mailer>, place: Option<Place>) -> Self {
        Self { store, mailer, place, known: Known::default() }
    }

    /// Takes note of an event, and mails what there is to tell when the application's 24 hours are over.
    ///
    /// # Errors
    /// When the store or the mailer did not take part.
    pub async fn tell(&self, event: &Event, now: Timestamp) -> anyhow::Result<()> {
        if !is_worth_a_mail(&event.detail) {
            return Ok(());
        }
        let Some(application) = self.known.of(&self.store, &event.job).await? else {
            tracing::warn!(job.id = %event.job, "nobody is told of '{}': the application is gone", event.detail.name());
            return Ok(());
        };
        let fact = Fact {
            event: event.id,
            sequence: event.sequence,
            job: event.job.clone(),
            at: event.at,
            kind: event.detail.name().to_owned(),
        };
        self.store.wait_for_mail(&application.id, &fact).await?;
        self.post(&application, now).await
    }

    /// Mails whatever there is to tell and may be told by now.
    ///
    /// # Errors
    /// The first failure; the other applications had their turn all the same.
    pub async fn flush(&self, now: Timestamp) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for application in self.store.applications().await? {
            let posted = self.post(&application, now).await;
            if let (Err(error), Err(_)) = (&posted, &outcome) {
                tracing::error!(application.id = application.id, "{error:#}");
            }
            outcome = outcome.and(posted);
        }
        outcome
    }

    /// Mails what there is to tell about one application.
    async fn post(&self, application: &ApplicationName, now: Timestamp) -> anyhow::Result<()> {
        let failed = || format!("mail about '{}'", application.name);
        let store = &self.store;
        // Read before the job, so that the job is never older than what waits.
        let seen = store.mailbox(&application.id).await.with_context(failed)?;
        if !seen.is_open(now) {
            return Ok(());
        }
        let Some(stored) = store.application(&application.id).await.with_context(failed)? else {
            return Ok(());
        };
        let all = recipients::of(&stored);
        if all.is_empty() {
            return Ok(());
        }
        let state = store.job(&stored.job).await.with_context(failed)?.state;
        let sequence = last_event(&state, &seen);
        let late = overdue(&state, Patience::of(&stored.document), now);
        let news = match Look::at(&seen, &state, late) {
            Look::Tell(news) => news,
            Look::Nothing if !seen.facts().is_empty() => {
                return store.settle_mail(&seen, sequence).await.with_context(failed);
            }
            Look::Nothing | Look::NotYet => return Ok(()),
        };
        let marks = store.recipient_marks(&application.id, now).await.with_context(failed)?;
        let to = recipients::reached(all, &marks);
        // Worded before it is claimed: after that only sending can fail.
        let place = self.place.as_ref();
        let content = Case { stored: &stored, state: &state, seen: &seen, news: &news, place, now }.content();
        let told = Told { sequence, trouble_since: news.trouble_since() };
        let Some(claim) = store.claim_mail(&seen, now, told).await.with_context(failed)? else {
            return Ok(());
        };
        let letter = render::letter(&content, &stored, claim.id, to, now);
        match self.mailer.send(&letter).await {
            Ok(()) => store.confirm_mail(&application.id, claim.id).await.map(drop).with_context(failed),
            Err(SendError::Refused(why)) => {
                store.release_mail(&claim).await.with_context(failed)?;
                Err(anyhow!("{why}")).with_context(failed)
            }
            Err(error @ SendError::Unanswered(_)) => Err(error).with_context(failed),
        }
    }
}

fn is_worth_a_mail(detail: &EventDetail) -> bool {
    match detail {
        EventDetail::JobQuarantined { .. }
        | EventDetail::QuarantineReasonChanged { .. }
        | EventDetail::RemovalsHeld { .. }
        | EventDetail::JobDisabled { .. }
        | EventDetail::CredentialsExpiring { .. }
        | EventDetail::JobRecovered => true,
        EventDetail::CycleContinues { .. } | EventDetail::CycleCompleted { .. } => false,
    }
}

/// The number of the last event that the state knows of.
fn last_event(state: &JobState, seen: &Mailbox) -> u64 {
    seen.facts().iter().map(|fact| fact.sequence).fold(state.events_told, u64::max)
}

//! Tells administrators about trouble: at most one mail per application in any 24 hours, with the exact cause; and, where there
//! is a webhook, a program, as often.
//!
//! In: events of jobs, which come twice, late and in any order; and a turn every quarter of an hour. Out: mails, through
//! a [`Mailer`], and signed calls, through [`Calls`].
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
//! taken. Only one that was certainly refused gives its claim back, and is tried again with the next turn. Mails and calls have
//! days of their own: where one fails, the other goes its way. A call that was not answered well is repeated with each
//! turn, word for word and under its id, by which its receiver knows it again.
//!
//! # Errors
//! What an error leaves behind waits for the next turn: neither event nor turn has to be repeated.

mod feedback;
mod folder;
pub mod handler;
mod known;
mod late;
mod letter;
mod links;
pub mod message;
mod news;
mod overdue;
mod recipients;
mod render;
mod ses;
mod telling;
mod trial;
mod webhook;
mod wording;

use std::sync::Arc;

use engine::job::{Event, EventDetail};
use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use runtime::bus::{Bus, LogBus};
use runtime::metrics::Metrics;
use store::{ApplicationName, Channel, DynamoStore, Fact};

pub use feedback::{Feedback, learn};
pub use folder::Folder;
pub use letter::{Letter, Mailer, SendError, Sender};
pub use links::Place;
pub use ses::{NoSender, Ses};
pub use trial::InProcess;
pub use webhook::Calls;

use known::Known;

/// Time between two turns of [`Notifier::flush`]: what waits goes out this late at the most.
pub const TURN: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// Calls under way at once in a turn. Each may take [`webhook::PATIENCE`], and a function has three minutes: some five hundred
/// receivers may hang before others wait for the next turn.
const CALLS: usize = 32;

/// Who tells. Cloning it is cheap.
#[derive(Clone)]
pub struct Notifier {
    store: DynamoStore,
    mailer: Arc<dyn Mailer>,
    calls: Calls,
    place: Option<Place>,
    bus: Arc<dyn Bus>,
    metrics: Metrics,
    known: Known,
}

impl Notifier {
    /// A notifier over a store, that sends and calls so, and links to a place where the console and the API are.
    #[must_use]
    pub fn new(store: DynamoStore, mailer: Arc<dyn Mailer>, calls: Calls, place: Option<Place>) -> Self {
        let bus = Arc::new(LogBus);
        Self { store, mailer, calls, place, bus, metrics: Metrics::default(), known: Known::default() }
    }

    /// The same notifier, which says on this bus that a job is overdue, for whoever else wants to hear it.
    #[must_use]
    pub fn announcing(mut self, bus: Arc<dyn Bus>) -> Self {
        self.bus = bus;
        self
    }

    /// The same notifier, which counts overdue jobs.
    #[must_use]
    pub fn measuring(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
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
        self.store.wait_for_mail(&application.id, Channel::Mail, &fact).await?;
        let mailed = self.mail(&application, now).await;
        if !application.webhook {
            return mailed;
        }
        self.store.wait_for_mail(&application.id, Channel::Webhook, &fact).await?;
        mailed.and(self.call(&application, now).await)
    }

    /// Tells whatever there is to tell and may be told by now.
    ///
    /// # Errors
    /// The first failure; the other applications had their turn all the same.
    pub async fn flush(&self, now: Timestamp) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        let all = self.known.renew(&self.store).await?;
        for application in &all {
            outcome = first(outcome, self.mail(application, now).await, application);
        }
        // A receiver that hangs keeps none of the others waiting.
        let calls = all.iter().filter(|application| application.webhook);
        let calls = calls.map(async |application| (application, self.call(application, now).await));
        let mut calls = stream::iter(calls).buffer_unordered(CALLS);
        while let Some((application, called)) = calls.next().await {
            outcome = first(outcome, called, application);
        }
        outcome
    }
}

/// The first failure, which is the outcome; those that follow it are only logged.
fn first(
    outcome: anyhow::Result<()>,
    next: anyhow::Result<()>,
    application: &ApplicationName,
) -> anyhow::Result<()> {
    if let (Err(error), Err(_)) = (&next, &outcome) {
        tracing::error!(application.id = application.id, "{error:#}");
    }
    outcome.and(next)
}

fn is_worth_a_mail(detail: &EventDetail) -> bool {
    match detail {
        EventDetail::JobQuarantined { .. }
        | EventDetail::QuarantineReasonChanged { .. }
        | EventDetail::RemovalsHeld { .. }
        | EventDetail::JobDisabled { .. }
        | EventDetail::CredentialsExpiring { .. }
        | EventDetail::JobRecovered => true,
        // It comes from here.
        EventDetail::CycleContinues { .. }
        | EventDetail::CycleCompleted { .. }
        | EventDetail::CycleOverdue { .. } => false,
    }
}

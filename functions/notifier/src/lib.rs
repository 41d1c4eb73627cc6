//! Tells administrators about trouble: at most one mail per application in any 24 hours, with the exact cause.
//!
//! In: events of jobs, which come twice, late and in any order; and a turn every quarter of an hour. Out: mails, through
//! a [`Mailer`].
//!
//! # Expected flow
//! An event that is worth a mail becomes a fact that waits ([`store::Fact`]). Whether there is something to tell, and
//! what, is read from the job's state as it is now: the event is a reason to look, never the news itself. Then the one
//! mail of the next 24 hours is claimed, sent, and confirmed.
//!
//! # Guarantees
//! The newest state is what is told. What comes within the 24 hours waits and goes out in one mail; a trouble that came
//! and went meanwhile is told to nobody; a trouble that was told is told as gone. A mail that was claimed counts as sent,
//! and what it told is repeated after the 24 hours unless somebody confirmed that it was taken.
//!
//! # Errors
//! What an error leaves behind waits for the next turn: neither event nor turn has to be repeated.

mod folder;
mod letter;

use anyhow::Context as _;
use async_trait::async_trait;
use engine::job::{Event, EventDetail, JobState};
use jiff::Timestamp;
use lettre::Address;
use store::{ApplicationName, DynamoStore, Fact, Mailbox, StoredApplication};

pub use folder::Folder;
pub use letter::Letter;

use letter::News;

/// Time between two turns of [`flush`]: what waits goes out this late at the most.
pub const TURN: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a letter to all of its recipients.
    ///
    /// # Errors
    /// When it was not taken, or nobody knows whether it was.
    async fn send(&self, letter: &Letter) -> anyhow::Result<()>;
}

/// Takes note of an event, and mails what there is to tell when the application's 24 hours are over.
///
/// # Errors
/// When the store or the mailer did not take part.
pub async fn tell(
    store: &DynamoStore,
    mailer: &dyn Mailer,
    event: &Event,
    now: Timestamp,
) -> anyhow::Result<()> {
    if !is_worth_a_mail(&event.detail) {
        return Ok(());
    }
    let known = store.applications().await?;
    let Some(application) = known.into_iter().find(|application| application.job == event.job) else {
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
    store.wait_for_mail(&application.id, &fact).await?;
    post(store, mailer, &application, now).await
}

/// Mails whatever waits and may be told by now.
///
/// # Errors
/// The first failure; the other applications had their turn all the same.
pub async fn flush(store: &DynamoStore, mailer: &dyn Mailer, now: Timestamp) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    for application in store.applications().await? {
        let posted = post(store, mailer, &application, now).await;
        outcome = outcome.and(posted);
    }
    outcome
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

/// Mails what there is to tell about one application.
async fn post(
    store: &DynamoStore,
    mailer: &dyn Mailer,
    application: &ApplicationName,
    now: Timestamp,
) -> anyhow::Result<()> {
    let failed = || format!("mail about '{}'", application.name);
    // Read before the job, so that the job is never older than what waits.
    let seen = store.mailbox(&application.id).await.with_context(failed)?;
    if seen.facts().is_empty() {
        return Ok(());
    }
    let Some(stored) = store.application(&application.id).await.with_context(failed)? else {
        return Ok(());
    };
    let to = recipients(&stored);
    if to.is_empty() {
        return Ok(());
    }
    let state = store.job(&stored.job).await.with_context(failed)?.state;
    let sequence = last_event(&state, &seen);
    let Some(news) = News::of(&seen, &state) else {
        return store.settle_mail(&seen, sequence).await.with_context(failed);
    };
    // Worded before it is claimed: after that only sending can fail.
    let letter = Letter::word(&stored, to, &news, &seen, now);
    let told = store::Told { sequence, trouble_since: news.trouble_since() };
    let Some(claim) = store.claim_mail(&seen, now, told).await.with_context(failed)? else {
        return Ok(());
    };
    mailer.send(&letter).await.with_context(failed)?;
    store.confirm_mail(&claim).await.with_context(failed)
}

/// The number of the last event that the state knows of.
fn last_event(state: &JobState, seen: &Mailbox) -> u64 {
    seen.facts().iter().map(|fact| fact.sequence).fold(state.events_told, u64::max)
}

/// Whom to write to. Of the document nothing else is looked at: that it does not make sense any more may be the very
/// trouble that is told.
fn recipients(stored: &StoredApplication) -> Vec<Address> {
    let to = stored.document["notification"]["to"].as_array().map(Vec::as_slice).unwrap_or_default();
    let addresses: Vec<Address> = to.iter().filter_map(|address| address.as_str()?.parse().ok()).collect();
    if addresses.len() < to.len() {
        let wrong = to.len() - addresses.len();
        tracing::warn!(application.id = %stored.id, "{wrong} entries of notification.to are no addresses; apply the file again");
    }
    addresses
}

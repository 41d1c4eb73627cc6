//! Telling about one application: by mail, and by its webhook.
//!
//! In: what waits and what was told, and the job's state. Out: a mail, or a call, when there is something to tell and its day has
//! come. Promised: worded before it is claimed, so that after the claim only sending can fail.

use anyhow::{Context as _, bail};
use engine::job::{Event, EventDetail, JobState, QuarantineReason};
use jiff::Timestamp;
use store::{ApplicationName, Channel, Mailbox, StoredApplication, Told, Undelivered};
use uuid::Uuid;

use crate::letter::SendError;
use crate::news::{Look, Subject};
use crate::overdue::{Overdue, Patience, overdue};
use crate::webhook::{Endpoint, Kind, message};
use crate::wording::{Case, Content};
use crate::{Notifier, recipients, render};

/// What is to be said.
struct Word {
    content: Content,
    kind: Kind,
    told: Told,
}

impl Notifier {
    /// Mails what there is to tell about one application.
    pub(crate) async fn mail(&self, application: &ApplicationName, now: Timestamp) -> anyhow::Result<()> {
        let mailed = self.mail_about(&application.id, now).await;
        mailed.with_context(|| format!("mail about '{}'", application.name))
    }

    async fn mail_about(&self, id: &str, now: Timestamp) -> anyhow::Result<()> {
        let store = &self.store;
        // Read before the job, so that the job is never older than what waits.
        let seen = store.mailbox(id, Channel::Mail).await?;
        if !seen.is_open(now) {
            return Ok(());
        }
        let Some(stored) = store.application(id).await? else { return Ok(()) };
        let all = recipients::of(&stored);
        if all.is_empty() {
            return Ok(());
        }
        let Some(word) = self.word(&stored, &seen, now).await? else { return Ok(()) };
        let marks = store.recipient_marks(id, now).await?;
        let to = recipients::reached(all, &marks);
        let Some(claim) = store.claim_mail(&seen, now, word.told).await? else { return Ok(()) };
        let letter = render::letter(&word.content, &stored, claim.id, to, now);
        match self.mailer.send(&letter).await {
            Ok(()) => store.confirm_mail(id, Channel::Mail, claim.id).await?,
            Err(SendError::Refused(why)) => {
                store.release_mail(&claim).await?;
                bail!(why);
            }
            Err(error @ SendError::Unanswered(_)) => return Err(error.into()),
        };
        Ok(())
    }

    /// Tells an application's webhook what there is to tell, or once more what it did not take.
    pub(crate) async fn call(&self, application: &ApplicationName, now: Timestamp) -> anyhow::Result<()> {
        let called = self.call_about(&application.id, now).await;
        called.with_context(|| format!("the webhook of '{}'", application.name))
    }

    async fn call_about(&self, id: &str, now: Timestamp) -> anyhow::Result<()> {
        let store = &self.store;
        let seen = store.mailbox(id, Channel::Webhook).await?;
        let again = seen.undelivered().filter(|_| !seen.is_open(now));
        if again.is_none() && !seen.is_open(now) {
            return Ok(());
        }
        let Some(stored) = store.application(id).await? else { return Ok(()) };
        let Some(endpoint) = Endpoint::of(&stored)? else { return Ok(()) };
        let message = match again {
            Some(message) => message,
            None => {
                let Some(message) = self.claim_call(&stored, &seen, now).await? else { return Ok(()) };
                message
            }
        };
        if let Err(problem) = self.calls.make(&endpoint, message.id, &message.body, now).await {
            store.webhook_fails(id, message.id, &problem).await?;
            bail!("{problem}; it is told again with each turn of a day");
        }
        store.confirm_mail(id, Channel::Webhook, message.id).await?;
        Ok(())
    }

    /// The right to make one call, with what it says.
    async fn claim_call(
        &self,
        stored: &StoredApplication,
        seen: &Mailbox,
        now: Timestamp,
    ) -> anyhow::Result<Option<Undelivered>> {
        let Some(word) = self.word(stored, seen, now).await? else { return Ok(None) };
        let body = message(&word.content, word.kind, stored, now);
        let claim = self.store.claim_webhook(seen, now, word.told, body.clone()).await?;
        Ok(claim.map(|claim| Undelivered { id: claim.id, at: now, body }))
    }

    /// What there is to say. What waits and needs nobody to know is forgotten.
    async fn word(
        &self,
        stored: &StoredApplication,
        seen: &Mailbox,
        now: Timestamp,
    ) -> anyhow::Result<Option<Word>> {
        let state = self.store.job(&stored.job).await?.state;
        let sequence = last_event(&state, seen);
        let late = overdue(&state, Patience::of(&stored.document), now);
        match Look::at(seen, &state, late) {
            Look::Tell(news) => {
                if let Some(overdue) = news.overdue() {
                    self.announce(stored, seen, overdue, state.events_told, now).await?;
                }
                let kind = kind_of(&news.subject);
                let place = self.place.as_ref();
                let content = Case { stored, state: &state, seen, news: &news, place, now }.content();
                let told = Told { sequence, trouble_since: news.trouble_since() };
                Ok(Some(Word { content, kind, told }))
            }
            Look::Nothing if !seen.facts().is_empty() => {
                self.store.settle_mail(seen, sequence).await?;
                Ok(None)
            }
            Look::Nothing | Look::NotYet => Ok(None),
        }
    }

    /// Says on the bus that a job is overdue, unless a mail or a call told so before. Twice at the same instant is once: the id
    /// is made of the job and of when it was due.
    async fn announce(
        &self,
        stored: &StoredApplication,
        seen: &Mailbox,
        overdue: &Overdue,
        sequence: u64,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let (due, last) = (overdue.due, overdue.last);
        if seen.known_trouble().is_some_and(|known| known <= due) {
            return Ok(());
        }
        let name = format!("{} overdue {due}", stored.job);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let detail = EventDetail::CycleOverdue { due, last };
        self.bus.put(&[Event { id, sequence, job: stored.job.clone(), at: now, detail }]).await
    }
}

/// The number of the last event that the state knows of.
fn last_event(state: &JobState, seen: &Mailbox) -> u64 {
    seen.facts().iter().map(|fact| fact.sequence).fold(state.events_told, u64::max)
}

fn kind_of(subject: &Subject<'_>) -> Kind {
    match subject {
        Subject::Trouble(_, Some(_)) => Kind::Disabled,
        Subject::Trouble(quarantine, None) if quarantine.reason == QuarantineReason::TooManyDeletes => {
            Kind::RemovalsHeld
        }
        Subject::Trouble(..) => Kind::Quarantined,
        Subject::Overdue(_) => Kind::Overdue,
        Subject::Resolved { .. } => Kind::Recovered,
        Subject::Expiring => Kind::CredentialsExpiring,
    }
}

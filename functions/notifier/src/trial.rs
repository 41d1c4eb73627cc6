//! A mail that somebody sends to see whether mail arrives; and a call of the webhook, where there is one.
//!
//! In: an application. Out: to whom it went, or why it did not. Promised: one in ten minutes for each application, and whatever
//! becomes of it, mails about trouble go their way. It is written to those, too, whose mail failed before: one that arrives
//! takes their mark away.

use async_trait::async_trait;
use engine::ports::StoreError;
use jiff::Timestamp;
use runtime::ask::{Answer, Ask, AskError, Asked, Refusal, Worker};
use runtime::checkup::Finding;
use serde_json::{Value, json};
use store::{Operation, StoredApplication, Trial};

use crate::letter::SendError;
use crate::webhook::{Calls, Endpoint, Kind, message};
use crate::wording::causes::Words;
use crate::wording::{Content, Tone, moment, one_line, plain};
use crate::{Notifier, recipients, render};

/// Webhooks whose keys are looked at: a hundred are read within a few seconds, and a person waits.
const WEBHOOKS: usize = 100;

impl Notifier {
    /// Does what is asked: sends a test mail to all recipients of an application, or looks whether mail would be taken.
    pub async fn answer(&self, asked: &Asked, now: Timestamp) -> Answer {
        let outcome = match asked.ask {
            Ask::TestMail => self.try_out(asked, now).await,
            Ask::CheckMail => Ok(json!(self.look().await)),
            _ => {
                let problem = format!("'{}' is not asked of the notifier", asked.ask.name());
                Err(refused(400, "Request_BadRequest", problem))
            }
        };
        // For whoever could not wait.
        if let Err(error) = self.note(asked, &outcome, now).await {
            tracing::warn!(operation.id = %asked.operation, "how it ended could not be noted: {error}");
        }
        match outcome {
            Ok(told) => Answer::Done(told),
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    async fn note(
        &self,
        asked: &Asked,
        outcome: &Result<Value, Refusal>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let outcome = outcome.clone().map_err(|refusal| json!(refusal));
        let (kind, by) = (asked.ask.name(), asked.caller.clone());
        let ended = Operation::ended(asked.operation, kind, asked.application.clone(), by, outcome, now);
        self.store.end_operation(ended, now).await
    }

    async fn try_out(&self, asked: &Asked, now: Timestamp) -> Result<Value, Refusal> {
        let id = asked.application.as_deref().unwrap_or_default();
        let stored = self.store.application(id).await.map_err(|error| of_store(&error))?;
        let stored =
            stored.ok_or_else(|| refused(404, "Request_ResourceNotFound", "the application is gone"))?;
        let to = recipients::of(&stored);
        let endpoint =
            Endpoint::of(&stored).map_err(|problem| refused(400, "NoRecipients", problem.to_string()))?;
        if to.is_empty() && endpoint.is_none() {
            let problem = "nobody is told: the application names neither recipients nor a webhook, or they are switched off; set notification.to, or SyncNotificationSettings";
            return Err(refused(400, "NoRecipients", problem));
        }
        if let Trial::NotBefore(next) =
            self.store.claim_trial(id, now).await.map_err(|error| of_store(&error))?
        {
            let problem = format!(
                "a test mail was sent less than ten minutes ago; the next one can be from {}",
                moment(next)
            );
            return Err(refused(429, "TooManyRequests", problem));
        }
        let content = self.test_content(&stored, &asked.by, now);
        // Both are tried, so that one problem does not hide the other.
        let mailed =
            if to.is_empty() { None } else { Some(self.mail_test(&content, &stored, to, now).await) };
        let called = match &endpoint {
            None => None,
            Some(endpoint) => Some(self.call_test(&content, &stored, endpoint, now).await),
        };
        match (mailed, called) {
            (Some(Err(mut mail)), Some(Err(call))) => {
                mail.message = format!("{}; and the webhook: {}", mail.message, call.message);
                Err(mail)
            }
            (Some(Err(refusal)), _) | (_, Some(Err(refusal))) => Err(refusal),
            (mailed, called) => {
                let mut told = mailed.and_then(Result::ok).unwrap_or_else(|| json!({ "to": [] }));
                if let Some(Ok(host)) = called {
                    told["webhook"] = json!(host);
                }
                Ok(told)
            }
        }
    }

    /// Whether mail goes out, webhooks can be called, and the bus hears of overdue jobs.
    async fn look(&self) -> Vec<Finding> {
        let (mut found, webhooks, told) =
            tokio::join!(self.mailer.look(), self.look_at_webhooks(), self.bus.try_out());
        found.extend(webhooks);
        if let Err(error) = told {
            let cure = "see what notifier's role may, and deploy the stack again";
            found.push(Finding::problem("events", format!("notifier: {error:#}; {cure}")));
        }
        found
    }

    /// Whether the keys of webhooks are there.
    async fn look_at_webhooks(&self) -> Vec<Finding> {
        let all = match self.store.applications().await {
            Ok(all) => all,
            Err(error) => return vec![Finding::problem("webhooks", format!("notifier: {error}"))],
        };
        let calls = self.calls.afresh();
        let (mut ready, mut found) = (0, Vec::new());
        for named in all.iter().filter(|named| named.webhook).take(WEBHOOKS) {
            match self.is_callable(&calls, &named.id).await {
                Ok(is) => ready += usize::from(is),
                Err(error) => {
                    found.push(Finding::problem("webhooks", format!("{}: {error:#}", named.name)));
                }
            }
        }
        if found.is_empty() && ready > 0 {
            found.push(Finding::good("webhooks", format!("the keys of webhooks are there ({ready})")));
        }
        found
    }

    /// Whether an application has a webhook, and its key is there.
    async fn is_callable(&self, calls: &Calls, application: &str) -> anyhow::Result<bool> {
        let Some(stored) = self.store.application(application).await? else { return Ok(false) };
        let Some(endpoint) = Endpoint::of(&stored)? else { return Ok(false) };
        calls.check(&endpoint).await.map_err(anyhow::Error::msg)?;
        Ok(true)
    }

    async fn mail_test(
        &self,
        content: &Content,
        stored: &StoredApplication,
        to: Vec<lettre::Address>,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let letter = render::letter(content, stored, runtime::clock::new_id(), to, now);
        let to: Vec<String> = letter.to.iter().map(ToString::to_string).collect();
        let told = json!({ "to": to, "subject": letter.subject });
        match self.mailer.send(&letter).await {
            Ok(()) => Ok(told),
            Err(SendError::Refused(why)) => Err(refused(502, "MailRefused", why)),
            Err(error @ SendError::Unanswered(_)) => Err(refused(504, "MailUnanswered", error.to_string())),
        }
    }

    /// Calls the webhook; its host, once it took the call.
    async fn call_test(
        &self,
        content: &Content,
        stored: &StoredApplication,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let body = message(content, Kind::Test, stored, now);
        let called = self.calls.make(endpoint, runtime::clock::new_id(), &body, now).await;
        called.map_err(|problem| refused(502, "WebhookRefused", problem))?;
        Ok(endpoint.host().to_owned())
    }

    fn test_content(&self, stored: &StoredApplication, by: &str, now: Timestamp) -> Content {
        let words = Words {
            headline: "test - mail about trouble arrives here".to_owned(),
            lead: "sends mail about trouble to this address. This is none: somebody wanted to see whether mail arrives.".to_owned(),
            outlook: "There is nothing to do. A test mail never uses up the one mail a day.".to_owned(),
        };
        let mut content = plain(Tone::Good, words, None);
        content.name = one_line(&stored.name);
        content.facts = vec![("Asked for by", one_line(by)), ("Sent", moment(now))];
        let place = self.place.as_ref();
        content.links =
            place.map(|place| ("See the report", place.application(&stored.id))).into_iter().collect();
        content
    }
}

fn refused(status: u16, code: &str, message: impl Into<String>) -> Refusal {
    Refusal { status, code: code.to_owned(), message: message.into() }
}

fn of_store(error: &StoreError) -> Refusal {
    tracing::error!("a test mail could not be sent: {error:#}");
    refused(503, "serviceNotAvailable", "the store did not answer; try again in a moment")
}

/// The notifier in whoever asks' own process.
#[derive(Clone)]
pub struct InProcess {
    /// Who sends.
    pub notifier: Notifier,
    /// The time.
    pub clock: std::sync::Arc<dyn engine::ports::Clock>,
}

#[async_trait]
impl Worker for InProcess {
    async fn ask(&self, asked: Asked) -> Result<Answer, AskError> {
        Ok(self.notifier.answer(&asked, self.clock.now()).await)
    }
}

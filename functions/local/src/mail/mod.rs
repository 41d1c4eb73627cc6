//! Mail of a single process: events go to the notifier, and its mails to a mail server where one is configured, else into
//! the data folder's outbox.
//!
//! In: the events of jobs, and turns of a quarter of an hour. Out: a log line for each event, and mails: files that
//! `rollcall mail` lists, or messages to the server.
//!
//! | Variable | Holds |
//! |---|---|
//! | `ROLLCALL_SMTP_URL` | the mail server: `smtps://user:password@mail.example.com`, or `smtp://mail.example.com:587?tls=required` |
//! | `ROLLCALL_MAIL_FROM` | the address that mails come from; needed with a mail server |
//! | `ROLLCALL_MAIL_REPLY_TO` | the address that answers go to; none when absent |
//! | `ROLLCALL_PUBLIC_URL` | where the console and the API are reached, for links; none when absent |
//!
//! Promised: whatever becomes of a mail, the cycle whose events these are goes its way.

mod outbox;
mod smtp;

use std::path::PathBuf;

use std::sync::Arc;

use async_trait::async_trait;
use engine::job::Event;
use engine::model::JobId;
use engine::ports::{Clock, StoreError};
use jiff::Timestamp;
use lettre::Address;
use notifier::{Calls, Folder, Mailer, Notifier, Place, Sender, TURN};
use runtime::bus::{Bus, LogBus};
use runtime::clock::SystemClock;
use runtime::env;
use runtime::secrets::Secrets;
use store::DynamoStore;

use self::smtp::Smtp;
use crate::exit::Refusal;
use crate::home::Home;

pub(crate) use outbox::{Mail, read_all};

/// The folder of the data folder that mails lie in.
pub(crate) const OUTBOX: &str = "outbox";

/// The bus of a process that mails what it hears.
pub(crate) struct MailBus {
    pub(crate) notifier: Notifier,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The notifier of this process, as the environment says.
pub(crate) fn notifier(store: DynamoStore, outbox: PathBuf) -> anyhow::Result<Notifier> {
    let place = env::optional("ROLLCALL_PUBLIC_URL")?.map(|text| Place::parse(&text)).transpose();
    let place = place.map_err(|problem| Refusal(format!("ROLLCALL_PUBLIC_URL: {problem}")))?;
    let from = address("ROLLCALL_MAIL_FROM")?;
    let reply_to = address("ROLLCALL_MAIL_REPLY_TO")?;
    let mailer: Arc<dyn Mailer> = match (env::optional("ROLLCALL_SMTP_URL")?, from) {
        (None, from) => {
            let from = from.map_or_else(|| Address::new("rollcall", "localhost"), Ok)?;
            Arc::new(Folder::new(outbox, Sender { from, reply_to }))
        }
        (Some(url), Some(from)) => Arc::new(Smtp::new(&url, Sender { from, reply_to })?),
        (Some(_), None) => {
            let problem = "ROLLCALL_SMTP_URL names a mail server, and ROLLCALL_MAIL_FROM no sender; set it to the address that mails shall come from";
            return Err(Refusal(problem.to_owned()).into());
        }
    };
    let calls = Calls::new(Secrets::new(Arc::new(SystemClock)));
    Ok(Notifier::new(store, mailer, calls, place))
}

fn address(name: &str) -> anyhow::Result<Option<Address>> {
    let Some(text) = env::optional(name)? else { return Ok(None) };
    let problem = || Refusal(format!("{name} holds no mail address, such as rollcall@example.com"));
    Ok(Some(text.trim().parse().map_err(|_| problem())?))
}

#[async_trait]
impl Bus for MailBus {
    async fn put(&self, events: &[Event]) -> anyhow::Result<()> {
        LogBus.put(events).await?;
        for event in events {
            match self.notifier.tell(event, self.clock.now()).await {
                Ok(()) => {}
                // The events stay where they are and come again. They cannot pile up: no cycle runs either.
                Err(error) if store_is_away(&error) => return Err(error),
                Err(error) => tracing::warn!(job.id = %event.job, "{error:#}"),
            }
        }
        Ok(())
    }

    async fn wake(&self, jobs: &[JobId], now: Timestamp) -> anyhow::Result<()> {
        LogBus.wake(jobs, now).await
    }
}

fn store_is_away(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Unavailable { .. }))
}

/// Mails what waits, every quarter of an hour, for as long as somebody waits for this.
pub(crate) async fn rounds(home: &Home) {
    let clock = &home.context.clock;
    loop {
        if let Err(error) = home.notifier.flush(clock.now()).await {
            tracing::warn!("{error:#}; it is tried again in {} minutes", TURN.as_secs() / 60);
        }
        clock.tick(TURN).await;
    }
}

//! The mails of an application: what waits to be told, when a mail was claimed last, and what the last one said. The same for
//! calls of its webhook, which have a day of their own.
//!
//! In: facts, told at least once and in no order. Out: the right to send one mail, with what it is about. Promised:
//! however many workers ask at however many instants, one of them gets a claim, and none within 24 hours after it.
//!
//! # Expected flow
//! 1. [`DynamoStore::wait_for_mail`] remembers a fact.
//! 2. [`DynamoStore::mailbox`] reads what waits; whoever read it looks at the job and words a mail.
//! 3. [`DynamoStore::claim_mail`] takes the claim, unless anything was written since the reading; or
//!    [`DynamoStore::settle_mail`] forgets what waits, because nothing is left to tell.
//! 4. The mail is sent. [`DynamoStore::confirm_mail`] says that it was, also later, by the claim's id; and
//!    [`DynamoStore::release_mail`] that it was not, when that is certain.
//!
//! # Guarantees
//! A claim counts as sent, whatever becomes of it: sender or answer may be lost. Until it is confirmed its facts stay
//! *unconfirmed*, and are handed out once more with the next claim. A fact is counted once per event, and not at all
//! when the last mail was worded from a later state of the job. A claim that is released was never taken: what it was
//! about waits again, together with what came meanwhile. The body of a webhook's call stays with its claim until it was taken:
//! it is repeated word for word under the claim's id, by which a receiver knows it again.
//!
//! # Caveats
//! All of it is one item, written as a whole and only when nobody wrote it meanwhile. A mail that is sent long after
//! its claim may come close to the next one: who holds a claim sends at once.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::model::JobId;
use engine::ports::StoreError;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::item::Draft;
use crate::keys::Key;
use crate::table::refused;
use crate::{DynamoStore, keys};

const MAIL: &str = "mail";
const REVISION: &str = "revision";

/// At most one mail in this time, rolling: the administrator's promise.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Facts kept of what waits, and of what is unconfirmed: some 25 KB together. The oldest make room, because the job's
/// state tells the newest anyhow.
const FACTS: usize = 50;

/// How often a write is tried when others write the same item: they are as many as workers that tell one
/// application's events within the same milliseconds.
const ATTEMPTS: usize = 16;

/// A way on which people are told. Each has a claim of its own: where one fails, the other goes its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// To the recipients.
    Mail,
    /// To the address of a program.
    Webhook,
}

/// Something that happened to an application's job, as small as it can be told; never a value of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// The event that told it.
    pub event: Uuid,
    /// The event's number, growing per job.
    pub sequence: u64,
    /// The job.
    pub job: JobId,
    /// When it happened.
    pub at: Timestamp,
    /// The event's name on the bus.
    pub kind: String,
}

/// What the last mail, or its absence, settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The number of the job's last event when the mail was worded: what came before is told.
    pub sequence: u64,
    /// Since when the job is in the trouble that a mail told of; `None` when it told of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Contents {
    /// The last claim's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_at: Option<Timestamp>,
    told: Told,
    /// What was told for certain, while nobody knows whether the last mail arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    told_before: Option<Told>,
    /// In the order of their numbers.
    waiting: Vec<Fact>,
    unconfirmed: Vec<Fact>,
    /// What the last claim tells, for as long as it can be repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Why it was not taken yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// What a webhook was not told yet, although its claim was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The claim's id.
    pub id: Uuid,
    /// When it was claimed.
    pub at: Timestamp,
    /// What is said.
    pub body: String,
}

/// An application's mails, as they were when they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    key: Key,
    /// `None` before the first write.
    revision: Option<u64>,
    contents: Contents,
}

impl Mailbox {
    /// What is to be told, oldest first: facts that wait, and before them those of a mail that may not have arrived.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let Contents { unconfirmed, waiting, .. } = &self.contents;
        let all: Vec<Fact> = unconfirmed.iter().chain(waiting).cloned().collect();
        all[all.len().saturating_sub(FACTS)..].to_vec()
    }

    /// Whether older facts than these may have made room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.facts().len() == FACTS
    }

    /// Whether the last mail may not have arrived.
    #[must_use]
    pub fn is_unconfirmed(&self) -> bool {
        self.contents.is_unconfirmed()
    }

    /// What the last mail said.
    #[must_use]
    pub fn told(&self) -> Told {
        self.contents.told
    }

    /// Since when the job is in the trouble that recipients know of; of a mail that may not have arrived they may know
    /// what it said, or what was told before.
    #[must_use]
    pub fn known_trouble(&self) -> Option<Timestamp> {
        let before = self.contents.told_before.and_then(|before| before.trouble_since);
        self.contents.told.trouble_since.or(before)
    }

    /// When the last mail was claimed.
    #[must_use]
    pub fn claimed_at(&self) -> Option<Timestamp> {
        self.contents.claimed_at
    }

    /// What the last claim was taken for, and nobody took yet.
    #[must_use]
    pub fn undelivered(&self) -> Option<Undelivered> {
        let Contents { claim, claimed_at, body, .. } = &self.contents;
        let id = Uuid::parse_str(claim.as_deref()?).ok()?;
        Some(Undelivered { id, at: (*claimed_at)?, body: body.clone()? })
    }

    /// Why it was not taken.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.contents.problem.as_deref()
    }

    /// Whether a mail may be claimed at `now`, as far as the last claim goes. A claim that lies more than a day ahead was
    /// made by a clock that has been put back since: [`DynamoStore::claim_mail`] sees to it.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        let closed =
            |last: Timestamp| now.duration_since(last) < WINDOW && last.duration_since(now) <= WINDOW;
        !self.contents.claimed_at.is_some_and(closed)
    }
}

/// The right to send one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailClaim {
    key: Key,
    /// An id that no other claim has: a mail service may carry it, and name it when it tells what became of the mail.
    pub id: Uuid,
    /// When it was taken.
    pub at: Timestamp,
    /// The mailbox without it.
    before: Contents,
}

impl Contents {
    /// With one fact more, in its place. `None` when it is there, or told.
    fn with(mut self, fact: &Fact) -> Option<Self> {
        let known = self.waiting.iter().any(|waiting| waiting.event == fact.event);
        if known || fact.sequence <= self.told.sequence {
            return None;
        }
        let place = self.waiting.partition_point(|waiting| waiting.sequence < fact.sequence);
        self.waiting.insert(place, fact.clone());
        if self.waiting.len() > FACTS {
            self.waiting.remove(0);
        }
        Some(self)
    }

    fn is_unconfirmed(&self) -> bool {
        self.told_before.is_some() || !self.unconfirmed.is_empty()
    }

    /// Whether the last claim has this id.
    fn is_claimed_by(&self, id: Uuid) -> bool {
        self.claim.as_deref() == Some(id.to_string().as_str())
    }

    /// As if the last claim had not been taken: `before`, and what has come since.
    fn without_claim(self, before: &Self) -> Self {
        let mut waiting = [before.waiting.as_slice(), self.waiting.as_slice()].concat();
        let too_many = waiting.len().saturating_sub(FACTS);
        waiting.drain(..too_many);
        Self { waiting, ..before.clone() }
    }
}

impl DynamoStore {
    /// Remembers a fact that an application's recipients are to be told. False when it waits already, or was told.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn wait_for_mail(
        &self,
        application: &str,
        channel: Channel,
        fact: &Fact,
    ) -> Result<bool, StoreError> {
        self.change_mailbox(keys::throttle(application, channel), |contents| contents.with(fact)).await
    }

    /// What waits to be told about an application, and what was told.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn mailbox(&self, application: &str, channel: Channel) -> Result<Mailbox, StoreError> {
        self.read_mailbox(keys::throttle(application, channel)).await
    }

    /// Claims the one mail of the next 24 hours, about all that `seen` holds; the mail says what `told` says. `None`
    /// when the last claim is younger than that, or when anything was written since `seen` was read: another worker
    /// has the claim, or looks at what it just added itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn claim_mail(
        &self,
        seen: &Mailbox,
        now: Timestamp,
        told: Told,
    ) -> Result<Option<MailClaim>, StoreError> {
        self.claim_telling(seen, now, told, None).await
    }

    /// Claims the one call of a webhook in 24 hours, like [`Self::claim_mail`]. What it says stays with the claim until
    /// it is confirmed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn claim_webhook(
        &self,
        seen: &Mailbox,
        now: Timestamp,
        told: Told,
        body: String,
    ) -> Result<Option<MailClaim>, StoreError> {
        self.claim_telling(seen, now, told, Some(body)).await
    }

    async fn claim_telling(
        &self,
        seen: &Mailbox,
        now: Timestamp,
        told: Told,
        body: Option<String>,
    ) -> Result<Option<MailClaim>, StoreError> {
        let mut contents = Contents { claimed_at: Some(now), ..seen.contents.clone() };
        if let Some(last) = seen.contents.claimed_at
            && now.duration_since(last) < WINDOW
        {
            // A claim more than a day ahead was made by a clock that has been put back since: nobody is to wait
            // until it is right again, but the day that was promised passes from now on.
            if last.duration_since(now) > WINDOW {
                self.write_mailbox(seen, &contents).await?;
            }
            return Ok(None);
        }
        let id = Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("{} {} {now}", seen.key, self.next_owner()).as_bytes(),
        );
        contents.claim = Some(id.to_string());
        contents.told = Told { sequence: told.sequence.max(seen.contents.told.sequence), ..told };
        contents.told_before = Some(seen.contents.told_before.unwrap_or(seen.contents.told));
        contents.unconfirmed = seen.facts();
        contents.waiting = Vec::new();
        contents.body = body;
        contents.problem = None;
        let mine = MailClaim { key: seen.key.clone(), id, at: now, before: seen.contents.clone() };
        if self.write_mailbox(seen, &contents).await? || self.holds(&mine).await? {
            return Ok(Some(mine));
        }
        Ok(None)
    }

    /// Whether a refused claim was taken all the same: the SDK repeats a request whose answer was lost.
    async fn holds(&self, mine: &MailClaim) -> Result<bool, StoreError> {
        Ok(self.read_mailbox(mine.key.clone()).await?.contents.is_claimed_by(mine.id))
    }

    /// Forgets what waits and what was never confirmed, because nothing of it is left to tell at `sequence`, the number of
    /// the job's last event. Nothing happens when anything was written since `seen` was read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn settle_mail(&self, seen: &Mailbox, sequence: u64) -> Result<(), StoreError> {
        let mut contents = Contents {
            waiting: Vec::new(),
            unconfirmed: Vec::new(),
            told_before: None,
            body: None,
            problem: None,
            ..seen.contents.clone()
        };
        contents.told.sequence = contents.told.sequence.max(sequence);
        self.write_mailbox(seen, &contents).await.map(drop)
    }

    /// Says that the mail of an application's claim was sent. False when nothing is changed by that: a later claim
    /// repeats it already, or it was said before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn confirm_mail(
        &self,
        application: &str,
        channel: Channel,
        claim: Uuid,
    ) -> Result<bool, StoreError> {
        let confirmed = |contents: Contents| {
            let news = contents.is_claimed_by(claim) && contents.is_unconfirmed();
            news.then(|| Contents {
                unconfirmed: Vec::new(),
                told_before: None,
                body: None,
                problem: None,
                ..contents
            })
        };
        self.change_mailbox(keys::throttle(application, channel), confirmed).await
    }

    /// Says why the webhook of an application was not told yet what it was claimed for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn webhook_fails(
        &self,
        application: &str,
        claim: Uuid,
        problem: &str,
    ) -> Result<(), StoreError> {
        let failed = |contents: Contents| {
            let news = contents.is_claimed_by(claim)
                && contents.body.is_some()
                && contents.problem.as_deref() != Some(problem);
            news.then(|| Contents { problem: Some(problem.to_owned()), ..contents })
        };
        self.change_mailbox(keys::throttle(application, Channel::Webhook), failed).await.map(drop)
    }

    /// Gives a claim back whose mail was certainly not sent: another may be claimed at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`]: then it counts as sent.
    pub async fn release_mail(&self, claim: &MailClaim) -> Result<(), StoreError> {
        let released = |contents: Contents| {
            contents.is_claimed_by(claim.id).then(|| contents.without_claim(&claim.before))
        };
        self.change_mailbox(claim.key.clone(), released).await.map(drop)
    }

    async fn read_mailbox(&self, key: Key) -> Result<Mailbox, StoreError> {
        let Some(stored) = self.state.get(&key).await? else {
            return Ok(Mailbox { key, revision: None, contents: Contents::default() });
        };
        Ok(Mailbox { revision: Some(stored.number(REVISION)?), contents: stored.json(MAIL)?, key })
    }

    /// Changes a mailbox as it is now; false when `change` finds nothing to do.
    async fn change_mailbox(
        &self,
        key: Key,
        change: impl Fn(Contents) -> Option<Contents>,
    ) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            let seen = self.read_mailbox(key.clone()).await?;
            let Some(contents) = change(seen.contents.clone()) else { return Ok(false) };
            if self.write_mailbox(&seen, &contents).await? {
                return Ok(true);
            }
        }
        Err(StoreError::unavailable(format!("writing {key}"), "others kept writing it"))
    }

    /// Writes a mailbox, unless it was written since `seen` was read: then false.
    async fn write_mailbox(&self, seen: &Mailbox, contents: &Contents) -> Result<bool, StoreError> {
        let revision = seen.revision.map_or(1, |revision| revision + 1);
        let draft = Draft::new(seen.key.clone()).number(REVISION, revision).json(MAIL, contents)?;
        let request =
            self.state.client.put_item().table_name(&self.state.name).set_item(Some(draft.into_item()));
        let request = match seen.revision {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(before) => request
                .condition_expression("#revision = :before")
                .expression_attribute_names("#revision", REVISION)
                .expression_attribute_values(":before", AttributeValue::N(before.to_string())),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if refused(&error) => Ok(false),
            Err(error) => Err(StoreError::unavailable(format!("writing {}", seen.key), error)),
        }
    }
}

//! What became of mail at its recipients: whose mail came back, and who does not want any.
//!
//! In: words of a mail service about an address of an application. Out: the marks of an application's recipients. Promised:
//! a mark is taken away by a mail that arrives, or by time.

use engine::ids::IdHash;
use engine::model::SourceId;
use engine::ports::StoreError;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{Draft, key_item, seconds};
use crate::keys::Key;
use crate::table::failed;
use crate::{DynamoStore, keys};

const MARK: &str = "mark";

/// How long a mark counts: a quarter of a year, after which an address deserves another mail.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What can become of mail that does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MarkKind {
    /// Their mail server refused it for good.
    Bounced,
    /// It was tried for a while, and could not be delivered this time.
    Undelivered,
    /// They called it unwanted.
    Complained,
}

impl MarkKind {
    /// Whether the next mail would fare the same.
    #[must_use]
    pub fn lasts(self) -> bool {
        self != Self::Undelivered
    }
}

/// What became of mail to a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecipientMark {
    /// The address.
    pub address: String,
    /// What happened.
    pub kind: MarkKind,
    /// When.
    pub at: Timestamp,
    /// What the mail server said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Mail systems tell addresses apart by the letters of the domain in either case, and in practice by none of them.
fn key(application: &str, address: &str) -> Key {
    keys::recipient(application, IdHash::of(&SourceId::new(address.to_lowercase())))
}

impl DynamoStore {
    /// Remembers what became of mail to a recipient.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn mark_recipient(&self, application: &str, mark: &RecipientMark) -> Result<(), StoreError> {
        let gone = mark.at.saturating_add(KEPT).unwrap_or(mark.at);
        let draft =
            Draft::new(key(application, &mark.address)).json(MARK, mark)?.number(keys::TTL, seconds(gone));
        let request = self.state.client.put_item().table_name(&self.state.name);
        request.set_item(Some(draft.into_item())).send().await.map_err(failed("marking a recipient"))?;
        Ok(())
    }

    /// Forgets what became of earlier mail to a recipient: this one arrived.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn unmark_recipient(&self, application: &str, address: &str) -> Result<(), StoreError> {
        let request = self.state.client.delete_item().table_name(&self.state.name);
        let key = key_item(&key(application, address));
        request.set_key(Some(key)).send().await.map_err(failed("unmarking a recipient"))?;
        Ok(())
    }

    /// The marks of an application's recipients.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn recipient_marks(
        &self,
        application: &str,
        now: Timestamp,
    ) -> Result<Vec<RecipientMark>, StoreError> {
        let (place, prefix) = keys::recipients(application);
        let mut marks = Vec::new();
        for stored in self.state.list(&place, prefix).await? {
            // The table takes expired rows away when it likes.
            if stored.number::<i64>(keys::TTL)? > seconds(now) {
                marks.push(stored.json(MARK)?);
            }
        }
        Ok(marks)
    }
}

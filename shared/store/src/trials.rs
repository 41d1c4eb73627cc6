//! Mails that somebody sends to see whether mail arrives.
//!
//! In: an application and the time. Out: whether one more may be sent. Promised: however many ask, one in ten minutes; and
//! nothing about the mails that tell of trouble is touched by it.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::StoreError;
use jiff::{SignedDuration, Timestamp};

use crate::item::{Draft, seconds};
use crate::table::refused;
use crate::{DynamoStore, keys};

const SENT: &str = "sent";

/// Time between two of them: somebody who corrects an address waits no longer than for a coffee, and nobody can fill a
/// distribution list's mailboxes.
const GAP: SignedDuration = SignedDuration::from_mins(10);

impl DynamoStore {
    /// Claims the one test mail of the next ten minutes. `None` when another was claimed within the last ten: from when on
    /// it can be had is told instead.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Inconsistent`].
    pub async fn claim_trial(&self, application: &str, now: Timestamp) -> Result<Trial, StoreError> {
        let key = keys::trial(application);
        let unavailable =
            |error| StoreError::unavailable(format!("writing {}", keys::trial(application)), error);
        let gone = now.saturating_add(GAP).unwrap_or(now);
        let draft = Draft::new(key.clone()).number(SENT, seconds(now)).number(keys::TTL, seconds(gone));
        let before = now.saturating_sub(GAP).unwrap_or(now);
        let request = self.state.client.put_item().table_name(&self.state.name);
        // One that lies ahead was claimed by a clock that has been put back since.
        let answer = request
            .set_item(Some(draft.into_item()))
            .condition_expression("attribute_not_exists(pk) OR sent <= :before OR sent > :now")
            .expression_attribute_values(":before", AttributeValue::N(seconds(before).to_string()))
            .expression_attribute_values(":now", AttributeValue::N(seconds(now).to_string()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Trial::Granted),
            Err(error) if refused(&error) => {
                let Some(stored) = self.state.get(&key).await? else { return Ok(Trial::NotBefore(now)) };
                let last = Timestamp::from_second(stored.number(SENT)?)
                    .map_err(|error| stored.wrong(SENT, error))?;
                Ok(Trial::NotBefore(last.saturating_add(GAP).unwrap_or(now)))
            }
            Err(error) => Err(unavailable(error)),
        }
    }
}

/// Whether a test mail may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// It may.
    Granted,
    /// Not yet; from then on.
    NotBefore(Timestamp),
}

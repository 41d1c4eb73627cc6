//! What a mail service tells of a mail later: that it was sent, arrived, came back, was not wanted.
//!
//! In: an event of SES, as its configuration set puts it on the account's default bus. Out: claims that are settled, and marks
//! of recipients. Events come twice, late, in any order, and of mails that are none of ours.

use jiff::Timestamp;
use serde::Deserialize;
use store::{Channel, DynamoStore, MarkKind, RecipientMark};
use uuid::Uuid;

/// The tag with a mail's claim.
pub(crate) const CLAIM: &str = "rollcall-claim";

/// The tag with the application's id.
pub(crate) const APPLICATION: &str = "rollcall-application";

/// The longest word of a mail server that is kept: a screen line or two.
const LONGEST: usize = 300;

/// An event's detail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    event_type: String,
    mail: Mail,
    #[serde(default)]
    bounce: Option<Bounce>,
    #[serde(default)]
    complaint: Option<Complaint>,
    #[serde(default)]
    delivery: Option<Delivery>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Mail {
    #[serde(default)]
    tags: std::collections::BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
    #[serde(default)]
    complaint_feedback_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Delivery {
    recipients: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    #[serde(default)]
    diagnostic_code: Option<String>,
}

impl Feedback {
    fn tag(&self, name: &str) -> Option<&str> {
        self.mail.tags.get(name)?.first().map(String::as_str)
    }

    /// Whose mail failed, and how.
    fn marks(&self, at: Timestamp) -> Vec<RecipientMark> {
        let bounced = self.bounce.iter().flat_map(|bounce| {
            let kind = match bounce.bounce_type.as_str() {
                "Permanent" => MarkKind::Bounced,
                _ => MarkKind::Undelivered,
            };
            bounce.bounced_recipients.iter().map(move |one| (one, kind, one.diagnostic_code.as_deref()))
        });
        let complained = self.complaint.iter().flat_map(|complaint| {
            let words = complaint.complaint_feedback_type.as_deref();
            complaint.complained_recipients.iter().map(move |one| (one, MarkKind::Complained, words))
        });
        let mark = |(recipient, kind, reason): (&Recipient, MarkKind, Option<&str>)| RecipientMark {
            address: recipient.email_address.clone(),
            kind,
            at,
            reason: reason.map(|words| crate::wording::one_line(words).chars().take(LONGEST).collect()),
        };
        bounced.chain(complained).map(mark).collect()
    }
}

/// Takes note of what became of a mail. True when it was one of ours.
///
/// # Errors
/// When the store does not answer.
pub async fn learn(store: &DynamoStore, feedback: &Feedback, now: Timestamp) -> anyhow::Result<bool> {
    let Some(application) = feedback.tag(APPLICATION) else { return Ok(false) };
    // Whatever came of it later, it was sent.
    let was_sent = feedback.event_type != "Reject" && feedback.event_type != "Rendering Failure";
    if was_sent && let Some(claim) = feedback.tag(CLAIM).and_then(|claim| claim.parse::<Uuid>().ok()) {
        store.confirm_mail(application, Channel::Mail, claim).await?;
    }
    for mark in feedback.marks(now) {
        tracing::warn!(application.id = application, mail.outcome = ?mark.kind, "a recipient's mail failed");
        store.mark_recipient(application, &mark).await?;
    }
    for address in feedback.delivery.iter().flat_map(|delivery| &delivery.recipients) {
        store.unmark_recipient(application, address).await?;
    }
    Ok(true)
}

//! A mail on its way, and whoever takes it there.

use async_trait::async_trait;
use jiff::Timestamp;
use lettre::Address;
use runtime::checkup::Finding;
use uuid::Uuid;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The claim that it was written under: no other mail has it.
    pub id: Uuid,
    /// When it was written.
    pub at: Timestamp,
    /// The application's id.
    pub about: String,
    /// The application's name.
    pub application: String,
    /// Whom it is for.
    pub to: Vec<Address>,
    /// One line.
    pub subject: String,
    /// What it says, in plain text.
    pub text: String,
    /// The same as a page.
    pub html: String,
}

/// Whom mails come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The address they come from.
    pub from: Address,
    /// The address that answers go to.
    pub reply_to: Option<Address>,
}

impl Sender {
    /// The name beside the address.
    pub const NAME: &str = "Rollcall";
}

/// Why a mail is not known to be sent. The words say what was wrong, and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It was certainly not sent.
    #[error("{0}")]
    Refused(String),
    /// It was sent, or it was not.
    #[error("{0}; nobody knows whether it was sent")]
    Unanswered(String),
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a letter to all of its recipients, once: whatever fails is not repeated here.
    ///
    /// # Errors
    /// [`SendError`]. Only what certainly was not sent is [`SendError::Refused`].
    async fn send(&self, letter: &Letter) -> Result<(), SendError>;

    /// Whether mail would be taken, as far as that can be known without sending one.
    async fn look(&self) -> Vec<Finding> {
        Vec::new()
    }
}

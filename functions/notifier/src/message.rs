//! A letter as RFC 5322 wants it: text and page as alternatives.
//!
//! In: a letter and whom it comes from. Out: a message. Promised: whatever stands in a letter, its headers are the ones
//! written here.

use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::letter::{Letter, Sender};

/// Keeps automatic answers away: RFC 3834 §5.
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// The message of a letter.
///
/// # Errors
/// When an address cannot be written in a header, which none does that [`lettre::Address`] took.
pub fn message(letter: &Letter, sender: &Sender) -> Result<Message, lettre::error::Error> {
    let mut message = Message::builder()
        .from(Mailbox::new(Some(Sender::NAME.to_owned()), sender.from.clone()))
        .date(SystemTime::from(letter.at))
        .message_id(Some(format!("<{}@rollcall>", letter.id)))
        .subject(&letter.subject)
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()));
    for to in &letter.to {
        message = message.to(Mailbox::new(None, to.clone()));
    }
    if let Some(to) = &sender.reply_to {
        message = message.reply_to(Mailbox::new(None, to.clone()));
    }
    // The boundary is the letter's own, so that the same letter is the same file.
    let parts = MultiPart::alternative().boundary(format!("part-{}", letter.id.simple()));
    let text = lettre::message::SinglePart::plain(letter.text.clone());
    let page = lettre::message::SinglePart::html(letter.html.clone());
    message.multipart(parts.singlepart(text).singlepart(page))
}

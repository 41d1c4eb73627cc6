//! What a page says of the form that led to it. It stands in the address as a word that we know: nobody else's words come on
//! a page that way.

use serde::Deserialize;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    Started,
    Paused,
    Restarted,
    CredentialsWork,
    CredentialsSaved,
    NotTriedYet,
    Approved,
    Rejected,
    Reconsidered,
    Retried,
    Ignored,
    Saved,
}

impl Notice {
    const ALL: [(Self, &'static str, &'static str); 12] = [
        (Self::Started, "started", "The job is started. Its next cycle comes at once."),
        (Self::Paused, "paused", "The job is paused; a cycle under way stops after its page."),
        (Self::Restarted, "restarted", "The job begins again. Its next cycle comes at once."),
        (Self::CredentialsWork, "credentials-work", "Source and target take the saved credentials."),
        (
            Self::CredentialsSaved,
            "credentials-saved",
            "Saved. A job in quarantine makes its next attempt at once when it is started.",
        ),
        (
            Self::NotTriedYet,
            "not-tried",
            "The app takes long to answer, so that nothing was saved. Try again, or save without trying.",
        ),
        (Self::Approved, "approved", "Approved. The next cycle carries it out."),
        (
            Self::Rejected,
            "rejected",
            "Rejected. Those accounts stay as they are until the source changes them.",
        ),
        (Self::Reconsidered, "reconsidered", "The decision is taken back. They wait again."),
        (Self::Retried, "retried", "They are tried again in the next cycle, which comes at once."),
        (Self::Ignored, "ignored", "They are left alone until they change in the source."),
        (Self::Saved, "saved", "Saved."),
    ];

    /// In an address.
    pub(crate) fn code(self) -> &'static str {
        Self::ALL.iter().find(|(notice, ..)| *notice == self).map_or("", |(_, code, _)| code)
    }
}

/// The part of an address that says what was done.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Done {
    done: Option<String>,
}

impl Done {
    /// The sentence for it; `None` also for a word that we do not know.
    pub(crate) fn sentence(&self) -> Option<&'static str> {
        let done = self.done.as_deref()?;
        Notice::ALL.iter().find(|(_, code, _)| *code == done).map(|(_, _, sentence)| *sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_is_said_in_its_own_words_and_no_other_words_are() {
        for (notice, code, sentence) in Notice::ALL {
            assert_eq!(notice.code(), code);
            assert_eq!(Done { done: Some(code.to_owned()) }.sentence(), Some(sentence));
        }
        for other in [None, Some("Call 555 to keep your account".to_owned())] {
            assert_eq!(Done { done: other }.sentence(), None);
        }
    }
}

//! The exact cause of a trouble: the failing call, or the failure that most objects share.

use std::collections::BTreeMap;

use super::Trouble;
use crate::escrow::{EscrowEntry, Failure, FailureCode};
use crate::job::{Cause, QuarantineReason, Side};
use crate::ports::{SourceError, TargetError};

/// What to do where a failure passes by itself.
const WAIT: &str = "Nothing, if the app is down for a while: it is asked again, and the cycle goes on where it stopped. If it stays so, check the app's status page and its address in the application's file";

impl From<&TargetError> for Trouble {
    /// The target as a whole did not do its part.
    fn from(error: &TargetError) -> Self {
        let failure = Failure::from(error);
        Self {
            reason: QuarantineReason::EncounteredQuarantineException,
            side: Some(Side::Target),
            message: format!("{error} ({})", error.request),
            cause: Cause { advice: Some(advice(failure.code).to_owned()), ..of_call(&failure) },
        }
    }
}

impl From<&SourceError> for Trouble {
    /// Refused credentials have a reason of their own, whichever side refused them.
    fn from(error: &SourceError) -> Self {
        let (reason, advice) = match error {
            SourceError::Credentials(_) => (
                QuarantineReason::EncounteredQuarantineException,
                "Renew the source's credentials, put them where the application's file points, and run a cycle",
            ),
            SourceError::Refused(_) => (
                QuarantineReason::IngestionInterrupted,
                "Correct the source as the message says; nobody is changed or removed until it can be read",
            ),
            SourceError::Moved(_) | SourceError::Unavailable(_) => (
                QuarantineReason::IngestionInterrupted,
                "Nothing, if the source is away for a while: it is read again. If it stays so, check its address and the network",
            ),
        };
        let cause = Cause { advice: Some(advice.to_owned()), ..Cause::default() };
        Self { reason, side: Some(Side::Source), message: error.to_string(), cause }
    }
}

impl Trouble {
    /// Too many objects failed: what most of them share, and one of them as an example.
    #[must_use]
    pub fn of_failures(reason: QuarantineReason, message: &str, entries: &[EscrowEntry]) -> Self {
        let cause = Cause { escrowed: Some(entries.len() as u64), ..Cause::default() };
        let Some((code, count, example)) = most_frequent(entries) else {
            return Self { reason, side: None, message: message.to_owned(), cause };
        };
        Self {
            reason,
            side: None,
            message: format!("{message}; most often with {code} ({count} of {})", entries.len()),
            cause: Cause {
                object: Some(example.source_id.clone()),
                escrowed: cause.escrowed,
                advice: Some(advice(code).to_owned()),
                ..of_call(&example.failure)
            },
        }
    }
}

/// The code that most entries share, how many do, and the one of them that failed last.
fn most_frequent(entries: &[EscrowEntry]) -> Option<(FailureCode, usize, &EscrowEntry)> {
    let mut codes: BTreeMap<FailureCode, Vec<&EscrowEntry>> = BTreeMap::new();
    for entry in entries {
        codes.entry(entry.failure.code).or_default().push(entry);
    }
    let (code, sharing) = codes.into_iter().max_by_key(|(_, sharing)| sharing.len())?;
    let example = sharing.iter().max_by_key(|entry| (entry.last_failed, &entry.source_id))?;
    Some((code, sharing.len(), example))
}

fn of_call(failure: &Failure) -> Cause {
    Cause {
        request: failure.request.clone(),
        status: failure.status,
        extract: failure.extract.clone(),
        ..Cause::default()
    }
}

fn advice(code: FailureCode) -> &'static str {
    code.recommended_action().unwrap_or(WAIT)
}

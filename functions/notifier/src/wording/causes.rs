//! What each trouble is called, in a few words and in a sentence, and what comes of it.

use engine::job::{Quarantine, QuarantineReason, Side};
use jiff::Timestamp;

use super::{long, moment};
use crate::overdue::Overdue;

/// A trouble in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// The state, as a subject has room for it.
    pub(crate) headline: String,
    /// A sentence that begins with the application's name, which it leaves out.
    pub(crate) lead: String,
    /// What comes of it.
    pub(crate) outlook: String,
}

fn words(headline: &str, lead: &str, outlook: impl Into<String>) -> Words {
    Words { headline: headline.to_owned(), lead: lead.to_owned(), outlook: outlook.into() }
}

const GOES_ON: &str = "Remove the cause. Until then no account changes; then the cycle goes on by itself.";

const ASKS: &str =
    "Remove the cause. Each cycle asks the app once, and goes on where it stopped as soon as that succeeds.";

const FAILING: &str = "The others are provisioned all the same, in cycles that come less often the longer this lasts. Mend what most of them share; who is mended is tried again by itself.";

/// A quarantine in words.
pub(super) fn of_trouble(quarantine: &Quarantine, named: &str) -> Words {
    match (quarantine.reason, quarantine.side) {
        (QuarantineReason::TooManyDeletes, _) => words(
            "removals held - a person has to decide",
            "would remove more people than it may without asking.",
            format!(
                "Nobody loses an account until you decide. If the removals are right, approve them once with: rollcall cycle {named} --allow-removals. If they are not, correct the source."
            ),
        ),
        (QuarantineReason::IngestionInterrupted, _) => {
            words("quarantined - the source cannot be read", "cannot read its source.", GOES_ON)
        }
        (QuarantineReason::EncounteredQuarantineException, Some(Side::Source)) => words(
            "quarantined - the source refused the credentials",
            "cannot read its source: the credentials were refused.",
            GOES_ON,
        ),
        (QuarantineReason::EncounteredQuarantineException, Some(Side::Target)) => of_target(quarantine),
        (QuarantineReason::EncounteredQuarantineException, None) => words(
            "quarantined - a cycle cannot begin",
            "cannot begin a cycle.",
            "Mend the application's file and apply it again, or put the secret where the file says.",
        ),
        (QuarantineReason::EncounteredEscrowProportionThreshold, _) => words(
            "quarantined - a large share of all objects fails",
            "fails for a large share of all objects.",
            FAILING,
        ),
        (
            QuarantineReason::EncounteredBaseEscrowThreshold
            | QuarantineReason::EncounteredTotalEscrowThreshold,
            _,
        ) => words("quarantined - too many objects fail", "fails for too many objects.", FAILING),
        (QuarantineReason::QuarantinedOnDemand, _) => words(
            "quarantined - by hand",
            "was stopped by a person.",
            format!("No cycle runs until a person starts it again: rollcall start {named}"),
        ),
        (QuarantineReason::Unknown, _) => {
            words("quarantined - the reason is not known", "is in trouble for an unknown reason.", GOES_ON)
        }
    }
}

/// What the app answered says what is wrong with it.
fn of_target(quarantine: &Quarantine) -> Words {
    let cause = quarantine.cause.as_ref();
    let status = cause.and_then(|cause| cause.status);
    match (status, cause.and_then(|cause| cause.request.as_ref())) {
        (Some(401), _) => words(
            "quarantined - the app refused the credentials",
            "cannot work on its app: the credentials were refused.",
            ASKS,
        ),
        (Some(403), _) => words(
            "quarantined - the app refused access",
            "cannot work on its app: the credentials are known, and may not do this.",
            ASKS,
        ),
        (None, Some(_)) => {
            words("quarantined - the app does not answer", "does not get an answer of its app.", ASKS)
        }
        _ => words(
            "quarantined - the app refuses Rollcall or does not answer",
            "cannot work on its app.",
            ASKS,
        ),
    }
}

/// A job that was given up, in words.
pub(super) fn of_disabled(since: Timestamp, named: &str) -> Words {
    words(
        "switched off - a person has to start it again",
        "was in trouble for 28 days and runs no more.",
        format!(
            "It has not run since {}. Remove the cause, then start it again: rollcall start {named}",
            moment(since)
        ),
    )
}

/// A job that does not succeed in time, in words.
pub(super) fn of_overdue(overdue: &Overdue, now: Timestamp) -> Words {
    let since = overdue.last.unwrap_or(overdue.due);
    let headline = format!("overdue - no cycle has gone through for {}", long(now.duration_since(since)));
    let outlook = match overdue.began {
        Some(_) => {
            "Either the work is more than one cycle should have, or it dies again and again. The log of sync says which; the cycle goes on where it stood."
        }
        None => {
            "Nothing starts the jobs, or what is started dies before it can say why. On AWS, look at sync's schedule, its log and its dead letters; elsewhere, whether rollcall serve runs. Nobody's account changes meanwhile."
        }
    };
    Words {
        headline,
        lead: "should have completed a cycle by now, and has not.".to_owned(),
        outlook: outlook.into(),
    }
}

/// What an event on the bus says.
pub(super) fn of_event(kind: &str) -> &'static str {
    match kind {
        "Job Quarantined" => "fell into trouble",
        "Quarantine Reason Changed" => "fell into another trouble",
        "Job Recovered" => "was healthy again",
        "Removals Held" => "held removals back",
        "Job Disabled" => "was switched off",
        "Credentials Expiring" => "credentials were about to end",
        _ => "something else happened",
    }
}

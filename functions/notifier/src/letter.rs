//! The words of a mail: what happened, since when, why exactly, and what to do.

use engine::job::{EventDetail, JobState, Quarantine, QuarantineReason, Side};
use jiff::Timestamp;
use lettre::Address;
use store::{Mailbox, StoredApplication};
use uuid::Uuid;

/// A mail in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Derived from application and time.
    pub id: Uuid,
    /// When it was written.
    pub at: Timestamp,
    /// The application's name.
    pub application: String,
    /// Whom it is for.
    pub to: Vec<Address>,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News<'a> {
    /// The job is in trouble.
    Trouble(&'a Quarantine),
    /// A trouble that was told has gone.
    Resolved {
        /// Since when it was there.
        since: Option<Timestamp>,
        /// When it went.
        until: Option<Timestamp>,
    },
}

impl<'a> News<'a> {
    /// What is to be told of a job as it is now; `None` when nobody needs to know.
    pub(crate) fn of(seen: &Mailbox, state: &'a JobState) -> Option<Self> {
        if let Some(quarantine) = &state.quarantine {
            return Some(Self::Trouble(quarantine));
        }
        let since = seen.told().trouble_since;
        if since.is_none() && !seen.is_unconfirmed() {
            return None;
        }
        let recovered = seen.facts().into_iter().filter(|fact| fact.kind == EventDetail::JobRecovered.name());
        Some(Self::Resolved { since, until: recovered.map(|fact| fact.at).max() })
    }

    /// Since when the job is in the trouble that is told.
    pub(crate) fn trouble_since(&self) -> Option<Timestamp> {
        match self {
            Self::Trouble(quarantine) => Some(quarantine.series_began),
            Self::Resolved { .. } => None,
        }
    }
}

impl Letter {
    /// Words a mail.
    pub(crate) fn word(
        stored: &StoredApplication,
        to: Vec<Address>,
        news: &News<'_>,
        seen: &Mailbox,
        now: Timestamp,
    ) -> Self {
        let name = one_line(&stored.name);
        let (headline, body) = match news {
            News::Trouble(quarantine) => trouble(&name, quarantine),
            News::Resolved { since, until } => resolved(&name, *since, *until),
        };
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{} {now}", stored.id).as_bytes()),
            at: now,
            to,
            subject: format!("[Rollcall] {name}: {headline}"),
            text: format!("{body}{}", footer(seen)),
            application: name,
        }
    }
}

fn trouble(name: &str, quarantine: &Quarantine) -> (String, String) {
    let (headline, advice) = match (quarantine.reason, quarantine.side) {
        (QuarantineReason::TooManyDeletes, _) => (
            "removals held - a person has to decide",
            format!(
                "Nobody loses an account until you decide. If the removals are right, approve them once:\n\n  rollcall cycle {name} --allow-removals\n\nIf they are not, correct the source."
            ),
        ),
        (QuarantineReason::IngestionInterrupted, _) => (
            "quarantined - the source cannot be read",
            "Remove the cause. Until then no account changes; then the cycle goes on by itself.".to_owned(),
        ),
        (QuarantineReason::EncounteredQuarantineException, Some(Side::Source)) => (
            "quarantined - the source refused the credentials",
            "Remove the cause. Until then no account changes; then the cycle goes on by itself.".to_owned(),
        ),
        (QuarantineReason::EncounteredQuarantineException, Some(Side::Target)) => (
            "quarantined - the app refuses Rollcall or does not answer",
            "Remove the cause. Each cycle asks the app once, and goes on where it stopped as soon as that succeeds."
                .to_owned(),
        ),
        (QuarantineReason::EncounteredQuarantineException, None) => (
            "quarantined - a cycle cannot begin",
            "Mend the application's file and apply it again, or put the secret where the file says.".to_owned(),
        ),
    };
    let cause = one_line(&quarantine.message);
    let since = moment(quarantine.series_began);
    let body = format!(
        "{name}: {headline}.\n\nCause: {cause}\nSince: {since}\n\n{advice}\n\nTo see more:\n\n  rollcall status {name}\n  rollcall logs {name} --status failure\n"
    );
    (headline.to_owned(), body)
}

fn resolved(name: &str, since: Option<Timestamp>, until: Option<Timestamp>) -> (String, String) {
    let was = since.map(|since| format!("In trouble since: {}\n", moment(since))).unwrap_or_default();
    let is = until.map(|until| format!("Healthy since:    {}\n", moment(until))).unwrap_or_default();
    let body = format!(
        "{name} is healthy again: a cycle went through, and there is nothing to do.\n\n{was}{is}\nTo see more:\n\n  rollcall status {name}\n"
    );
    ("recovered - cycles run again".to_owned(), body)
}

fn footer(seen: &Mailbox) -> String {
    let mut lines = Vec::new();
    if seen.is_unconfirmed() {
        lines.push("An earlier mail may not have reached you; this one takes its place.".to_owned());
    }
    let further = seen.facts().len().saturating_sub(1);
    if further > 0 {
        let more = if seen.is_full() { " or more" } else { "" };
        let events = if further == 1 { "event was" } else { "events were" };
        lines.push(format!("{further}{more} further {events} merged into this mail."));
    }
    lines.push("At most one mail about an application is written in 24 hours.".to_owned());
    format!("\n{}\n", lines.join("\n"))
}

/// Text of others on one line: nothing in it moves a cursor or begins a line.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    plain.trim().to_owned()
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

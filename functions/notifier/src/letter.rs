//! The words of a mail: what happened, since when, why exactly, and what to do.

use engine::job::{Cause, EventDetail, JobState, Quarantine, QuarantineReason, Side};
use jiff::Timestamp;
use lettre::Address;
use store::{Mailbox, StoredApplication};
use uuid::Uuid;

/// The name of the events that announce it.
const EXPIRING: &str = "Credentials Expiring";

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
pub(crate) struct News<'a> {
    subject: Subject<'a>,
    /// Credentials about to end, or ended; those that were renewed the state has forgotten.
    expiring: Vec<(Side, Timestamp)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject<'a> {
    /// The job is in trouble; since when it runs no more because of it.
    Trouble(&'a Quarantine, Option<Timestamp>),
    /// A trouble that was told has gone.
    Resolved {
        /// Since when it was there.
        since: Option<Timestamp>,
        /// When it went.
        until: Option<Timestamp>,
    },
    /// Nothing but credentials that are about to end.
    Expiring,
}

impl<'a> News<'a> {
    /// What is to be told of a job as it is now; `None` when nobody needs to know.
    pub(crate) fn of(seen: &Mailbox, state: &'a JobState) -> Option<Self> {
        // In every mail that is written: whichever event comes first, nothing that follows it is news.
        let expiring: Vec<_> = state.expiry_told.iter().map(|(side, expires, _)| (*side, *expires)).collect();
        if let Some(quarantine) = &state.quarantine {
            return Some(Self { subject: Subject::Trouble(quarantine, state.disabled), expiring });
        }
        let since = seen.told().trouble_since;
        let is_announced = seen.facts().iter().any(|fact| fact.kind == EXPIRING);
        if since.is_none() && is_announced && !expiring.is_empty() {
            return Some(Self { subject: Subject::Expiring, expiring });
        }
        if since.is_none() && !seen.is_unconfirmed() {
            return None;
        }
        let recovered = seen.facts().into_iter().filter(|fact| fact.kind == EventDetail::JobRecovered.name());
        let until = recovered.map(|fact| fact.at).max();
        Some(Self { subject: Subject::Resolved { since, until }, expiring })
    }

    /// Since when the job is in the trouble that is told.
    pub(crate) fn trouble_since(&self) -> Option<Timestamp> {
        match self.subject {
            Subject::Trouble(quarantine, _) => Some(quarantine.series_began),
            Subject::Resolved { .. } | Subject::Expiring => None,
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
        let (headline, body) = match &news.subject {
            Subject::Trouble(quarantine, disabled) => trouble(&name, quarantine, *disabled),
            Subject::Resolved { since, until } => resolved(&name, *since, *until),
            Subject::Expiring => expiry(&name, &news.expiring, now),
        };
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{} {now}", stored.id).as_bytes()),
            at: now,
            to,
            subject: format!("[Rollcall] {name}: {headline}"),
            text: format!("{body}{}{}", besides(news, now), footer(seen)),
            application: name,
        }
    }
}

fn trouble(name: &str, quarantine: &Quarantine, disabled: Option<Timestamp>) -> (String, String) {
    let (headline, advice) = match disabled {
        None => words(name, quarantine),
        Some(since) => (
            "switched off - a person has to start it again",
            format!(
                "It was in trouble for 28 days and has not run since {}. Remove the cause, then start it again:\n\n  rollcall start {name}",
                moment(since)
            ),
        ),
    };
    let message = one_line(&quarantine.message);
    let since = moment(quarantine.series_began);
    let cause = quarantine.cause.as_ref().map(facts).unwrap_or_default();
    let body = format!(
        "{name}: {headline}.\n\nCause: {message}\nSince: {since}\n{cause}\n{advice}\n\nTo see more:\n\n  rollcall status {name}\n  rollcall logs {name} --status failure\n"
    );
    (headline.to_owned(), body)
}

/// A trouble in a few words, and what comes of it.
fn words(name: &str, quarantine: &Quarantine) -> (&'static str, String) {
    let goes_on = "Remove the cause. Until then no account changes; then the cycle goes on by itself.";
    let failing = "The others are provisioned all the same, in cycles that come less often the longer this lasts. Mend what most of them share; who is mended is tried again by itself.";
    match (quarantine.reason, quarantine.side) {
        (QuarantineReason::TooManyDeletes, _) => (
            "removals held - a person has to decide",
            format!(
                "Nobody loses an account until you decide. If the removals are right, approve them once:\n\n  rollcall cycle {name} --allow-removals\n\nIf they are not, correct the source."
            ),
        ),
        (QuarantineReason::IngestionInterrupted, _) => {
            ("quarantined - the source cannot be read", goes_on.to_owned())
        }
        (QuarantineReason::EncounteredQuarantineException, Some(Side::Source)) => {
            ("quarantined - the source refused the credentials", goes_on.to_owned())
        }
        (QuarantineReason::EncounteredQuarantineException, Some(Side::Target)) => (
            "quarantined - the app refuses Rollcall or does not answer",
            "Remove the cause. Each cycle asks the app once, and goes on where it stopped as soon as that succeeds."
                .to_owned(),
        ),
        (QuarantineReason::EncounteredQuarantineException, None) => (
            "quarantined - a cycle cannot begin",
            "Mend the application's file and apply it again, or put the secret where the file says.".to_owned(),
        ),
        (QuarantineReason::EncounteredEscrowProportionThreshold, _) => {
            ("quarantined - a large share of all objects fails", failing.to_owned())
        }
        (
            QuarantineReason::EncounteredBaseEscrowThreshold | QuarantineReason::EncounteredTotalEscrowThreshold,
            _,
        ) => ("quarantined - too many objects fail", failing.to_owned()),
        (QuarantineReason::QuarantinedOnDemand, _) => (
            "quarantined - by hand",
            format!(
                "A person stopped it; no cycle runs until a person starts it again:\n\n  rollcall start {name}"
            ),
        ),
        (QuarantineReason::Unknown, _) => ("quarantined - the reason is not known", goes_on.to_owned()),
    }
}

/// What is known of a cause beyond its words, a line each.
fn facts(cause: &Cause) -> String {
    let mut lines = Vec::new();
    if let (true, Some(last)) = (cause.seen > 1, cause.last) {
        lines.push(format!("Seen:  {} times, the last time at {}", cause.seen, moment(last)));
    }
    if let Some(request) = &cause.request {
        let answer = cause.status.map(|status| format!(", answered with {status}")).unwrap_or_default();
        lines.push(format!("Call:  {}{answer}", one_line(request)));
    }
    if let Some(object) = &cause.object {
        lines.push(format!("Whom:  {}, for example", one_line(object.as_str())));
    }
    if let Some(advice) = &cause.advice {
        lines.push(format!("To do: {}", one_line(advice)));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn expiry(name: &str, expiring: &[(Side, Timestamp)], now: Timestamp) -> (String, String) {
    let is_over = expiring.iter().any(|(_, expires)| *expires <= now);
    let headline =
        if is_over { "credentials have ended - renew them" } else { "credentials end soon - renew them" };
    let body = format!(
        "{name}: {headline}.\n\n{}\nPut the new ones where the application's file points; nothing else has to be done.\n\nTo see more:\n\n  rollcall status {name}\n",
        ends(expiring, now)
    );
    (headline.to_owned(), body)
}

/// Credentials about to end, where a mail is about something else.
fn besides(news: &News<'_>, now: Timestamp) -> String {
    match news.subject {
        Subject::Expiring => String::new(),
        Subject::Trouble(..) | Subject::Resolved { .. } if news.expiring.is_empty() => String::new(),
        Subject::Trouble(..) | Subject::Resolved { .. } => {
            format!("\nBesides:\n{}", ends(&news.expiring, now))
        }
    }
}

/// A line for each credential.
fn ends(expiring: &[(Side, Timestamp)], now: Timestamp) -> String {
    let line = |(side, expires): &(Side, Timestamp)| {
        let whose = match side {
            Side::Source => "The source's credentials",
            Side::Target => "The app's credentials",
        };
        let when = if *expires <= now { "ended" } else { "end" };
        format!("{whose} {when} on {}\n", moment(*expires))
    };
    expiring.iter().map(line).collect()
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

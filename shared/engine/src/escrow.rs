//! Escrow: one bad record never stops the rest. What failed is kept and tried again with growing gaps.
//!
//! In: a failure, its history, the time. Out: what follows from it, as pure functions. One page, one table of
//! test cases, so that nobody has to search adapters for a retry rule.
//!
//! An entry is never dropped because it is old: after 28 days it stays listed, and is tried again when the object or the
//! mapping changes, or a person asks for it. One that a person ignores is not tried either, and does not count against
//! the job's health.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::guard::HumanDecision;
use crate::model::{ObjectType, SourceId, SourceObject};
use crate::ports::{TargetError, TargetErrorKind};

/// An object that failed and waits to be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EscrowEntry {
    /// Who.
    pub source_id: SourceId,
    /// The object as it was when it failed; the retry starts from it. Absent when it was a removal of someone
    /// already gone from the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<SourceObject>,
    /// What went wrong the last time.
    pub failure: Failure,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed first.
    pub first_failed: Timestamp,
    /// When it failed last.
    pub last_failed: Timestamp,
    /// When it is tried again; `None` when 28 days of trying are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Timestamp>,
    /// The change that failed last.
    pub change_id: Uuid,
    /// What it is.
    #[serde(default)]
    pub object_type: ObjectType,
    /// Whether only a reference failed (a manager, a member), while the object itself is as it should be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reference: bool,
    /// Whether the target may have done what it was asked and did not answer: the account is read before anything else is
    /// decided about it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
    /// Who said that it is not to be tried again until the object or the mapping changes, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<HumanDecision>,
}

impl EscrowEntry {
    /// The entry of an object that just failed, given the one it had before: attempts and time go on, unless the object
    /// changed meanwhile, and the next attempt follows. The last failure says that it was the last. A doubt stays until
    /// something succeeds.
    #[must_use]
    pub fn after(self, before: Option<&Self>) -> Self {
        let (attempts, first_failed) = before
            .filter(|before| before.object == self.object)
            .map_or((self.attempts, self.first_failed), |before| (before.attempts + 1, before.first_failed));
        let next_attempt = next_attempt(self.failure.code, attempts, first_failed, self.last_failed);
        let failure = if next_attempt.is_none() { given_up(self.failure) } else { self.failure };
        let doubtful = failure.code.is_unanswered() || before.is_some_and(|before| before.doubtful);
        Self { attempts, first_failed, next_attempt, failure, doubtful, ..self }
    }
}

fn given_up(failure: Failure) -> Failure {
    let reason = format!(
        "{}. It failed for 28 days and is tried again only when it or the mapping changes, or a person asks for it",
        failure.reason.trim_end_matches('.')
    );
    Failure { reason, ..failure }
}

/// Why an object failed, in the words of the provisioning log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The log's error code.
    pub code: FailureCode,
    /// What happened, for a person.
    pub reason: String,
    /// The call that failed, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// HTTP status of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The beginning of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<String>,
}

/// The vendor's error codes that Rollcall uses, spelled as the log shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FailureCode {
    /// A unique value is taken by an account that does not match.
    EntryConflict,
    /// The target is throttling.
    TooManyRequests,
    /// The target answered 5xx.
    InternalServerError,
    /// Not allowed to do this.
    InsufficientRights,
    /// The credentials were refused.
    Unauthorized,
    /// The target does not accept a value.
    UnprocessableEntity,
    /// The connection broke.
    WebExceptionProtocolError,
    /// A linked account is gone.
    InvalidAnchor,
    /// The target does not offer this operation.
    NotImplemented,
    /// A required value is absent.
    MissingValues,
    /// A value cannot be converted to the type of its target attribute.
    AttributeValidationFailed,
    /// No answer in time.
    Timeout,
    /// More than one account matches.
    DuplicateTargetEntries,
    /// More than one person matches one account.
    DuplicateSourceEntries,
    /// Something changed after a plan was made, which is therefore not executed.
    PlanOutdated,
    /// The object could not be read.
    ImportSkipped,
    /// The answer could not be understood.
    SystemForCrossDomainIdentityManagementServiceIncompatible,
}

impl FailureCode {
    /// What to do about it; `None` when it cures itself.
    #[must_use]
    pub fn recommended_action(self) -> Option<&'static str> {
        match self {
            Self::EntryConflict => Some(
                "Change the clashing value in the source or in the target; if the existing account is this person's, match on an attribute both sides share",
            ),
            Self::InsufficientRights => {
                Some("Grant the service account the rights to read and write users, as the app's guide says")
            }
            Self::Unauthorized => Some(
                "Renew the token, put it where the application's token reference points, and run a cycle",
            ),
            Self::UnprocessableEntity => {
                Some("Correct the value in the source, or map another attribute to the one the app refused")
            }
            Self::InvalidAnchor => Some("The account will be matched or created again in the next cycle"),
            Self::NotImplemented => Some("Check which SCIM operations the app offers"),
            Self::MissingValues => {
                Some("Fill the attribute in the source, or give its mapping a default value")
            }
            Self::AttributeValidationFailed => {
                Some("Correct the value in the source, or map an attribute of the right type")
            }
            Self::DuplicateTargetEntries => Some(
                "Remove the duplicate account in the target, or match on an attribute that is unique there",
            ),
            Self::DuplicateSourceEntries => Some(
                "Two people in the source claim one account; correct the matching attribute of the one who does not own it",
            ),
            Self::ImportSkipped => Some("Correct the row in the source"),
            Self::SystemForCrossDomainIdentityManagementServiceIncompatible => Some(
                "Check that the tenant URL is the app's SCIM endpoint, and that nothing answers in its place",
            ),
            Self::TooManyRequests
            | Self::InternalServerError
            | Self::WebExceptionProtocolError
            | Self::PlanOutdated
            | Self::Timeout => None,
        }
    }

    /// Whether the target may have done it all the same: no answer came, or none that says what became of the request.
    #[must_use]
    pub fn is_unanswered(self) -> bool {
        matches!(
            self,
            Self::InternalServerError
                | Self::WebExceptionProtocolError
                | Self::Timeout
                | Self::SystemForCrossDomainIdentityManagementServiceIncompatible
        )
    }

    /// Whether waiting alone may cure it.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::TooManyRequests
                | Self::InternalServerError
                | Self::WebExceptionProtocolError
                | Self::Timeout
                | Self::InvalidAnchor
                | Self::PlanOutdated
                // A page of a firewall or of maintenance instead of the app's answer.
                | Self::SystemForCrossDomainIdentityManagementServiceIncompatible
        )
    }
}

impl std::fmt::Display for FailureCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl Failure {
    /// A failure that no call caused.
    pub fn new(code: FailureCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), request: None, status: None, extract: None }
    }
}

impl From<&TargetError> for Failure {
    fn from(error: &TargetError) -> Self {
        let code = match error.kind {
            TargetErrorKind::Credentials => FailureCode::Unauthorized,
            TargetErrorKind::InsufficientRights => FailureCode::InsufficientRights,
            TargetErrorKind::NotFound => FailureCode::InvalidAnchor,
            TargetErrorKind::Conflict | TargetErrorKind::PreconditionFailed => FailureCode::EntryConflict,
            TargetErrorKind::InvalidValue | TargetErrorKind::TooLarge => FailureCode::UnprocessableEntity,
            TargetErrorKind::NotSupported => FailureCode::NotImplemented,
            TargetErrorKind::Throttled => FailureCode::TooManyRequests,
            TargetErrorKind::ServerError => FailureCode::InternalServerError,
            TargetErrorKind::Unreachable => FailureCode::WebExceptionProtocolError,
            TargetErrorKind::Ambiguous => FailureCode::Timeout,
            TargetErrorKind::CollectionMissing | TargetErrorKind::Incompatible => {
                FailureCode::SystemForCrossDomainIdentityManagementServiceIncompatible
            }
        };
        Self {
            code,
            reason: error.summary.clone(),
            request: Some(error.request.clone()),
            status: error.status,
            extract: error.extract.clone(),
        }
    }
}

/// What a failed call means for the cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// This object goes into escrow, the rest goes on.
    Escrow,
    /// The whole target is unwell (or the whole job misconfigured): stop the cycle, keep the checkpoint.
    StopCycle,
}

/// How many calls in a row may find the target unreachable or failing before the cycle stops. Ten: enough that
/// a restart of one of the target's instances passes, few enough that a dead target costs seconds, not a call
/// and its repeats for every person.
pub const UNWELL_CALLS: u32 = 10;

/// Judges a failed call. `in_a_row` counts this and the failures of the target's own making just before it.
#[must_use]
pub fn judge(kind: TargetErrorKind, in_a_row: u32) -> Consequence {
    match kind {
        TargetErrorKind::Credentials | TargetErrorKind::CollectionMissing => Consequence::StopCycle,
        _ if is_targets_fault(kind) && in_a_row >= UNWELL_CALLS => Consequence::StopCycle,
        _ => Consequence::Escrow,
    }
}

/// Whether the failure speaks of the target as a whole rather than of one account.
#[must_use]
pub fn is_targets_fault(kind: TargetErrorKind) -> bool {
    matches!(
        kind,
        TargetErrorKind::Throttled
            | TargetErrorKind::ServerError
            | TargetErrorKind::Unreachable
            | TargetErrorKind::Ambiguous
            | TargetErrorKind::Incompatible
    )
}

/// How long an object stays in escrow before Rollcall stops trying.
const LAST_ATTEMPT: SignedDuration = SignedDuration::from_hours(28 * 24);

/// When to try again.
///
/// Transient failures: in the next cycle, then 6 h, 12 h, 24 h after the first failure, then daily to 28 days.
/// Permanent ones join the long schedule at once. A change of the object or of the mapping is tried immediately,
/// whatever this says. `attempts` counts the one that just failed. `None` when the 28 days are over.
#[must_use]
pub fn next_attempt(
    code: FailureCode,
    attempts: u32,
    first_failed: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    if code.is_transient() && attempts <= 1 {
        return Some(now);
    }
    let elapsed = now.duration_since(first_failed);
    let hours = [6, 12, 24].into_iter().chain((2..=28).map(|day| day * 24));
    hours
        .map(SignedDuration::from_hours)
        .find(|gap| *gap > elapsed && *gap <= LAST_ATTEMPT)
        .and_then(|gap| first_failed.checked_add(gap).ok())
}

#[cfg(test)]
mod tests;

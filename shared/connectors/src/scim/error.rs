//! Judging what went wrong: from a status and a body to the engine's closed list of target failures.
//!
//! In: which request, its answer (or the lack of one). Out: a [`Refusal`] with a sentence that names the cure.
//! Promises: pure; no query value, no token and no hidden value in it, even where the target echoes them.

use engine::model::ObjectType;
use engine::ports::{TargetError, TargetErrorKind};
use serde_json::Value as Json;

use super::convert::answer::{self, ErrorBody};
use super::kind::noun;
use super::mask::Mask;

/// What a request is about: the same status means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Reading the collection of users.
    List,
    /// Reading the collection of groups.
    Groups,
    /// Making a user.
    Create,
    /// Making a group.
    CreateGroup,
    /// Reading, changing or removing one user.
    Account,
    /// Reading, changing or removing one group.
    Group,
    /// Several operations in one request.
    Bulk,
    /// What the target offers.
    Discovery,
}

impl About {
    /// Reading a collection.
    pub(super) fn list(kind: ObjectType) -> Self {
        if kind == ObjectType::Group { Self::Groups } else { Self::List }
    }

    /// Making one.
    pub(super) fn create(kind: ObjectType) -> Self {
        if kind == ObjectType::Group { Self::CreateGroup } else { Self::Create }
    }

    /// Reading, changing or removing one.
    pub(super) fn one(kind: ObjectType) -> Self {
        if kind == ObjectType::Group { Self::Group } else { Self::Account }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Groups | Self::CreateGroup | Self::Group => noun(ObjectType::Group),
            Self::List | Self::Create | Self::Account | Self::Bulk | Self::Discovery => {
                noun(ObjectType::User)
            }
        }
    }

    /// Whether sending the request twice has the effect of sending it once (RFC 9110 §9.2.2). A PATCH of ours
    /// sets and removes values, and adds such as are not added twice (RFC 7644 §3.5.2.1), so it counts; a create or
    /// a bulk does not.
    pub(super) fn is_repeatable(self) -> bool {
        !matches!(self, Self::Create | Self::CreateGroup | Self::Bulk)
    }
}

/// A failed request: what the engine is told, and what the connector needs to decide on a second try.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    /// What the engine is told.
    pub(super) error: TargetError,
    /// The target's own words.
    pub(super) said: ErrorBody,
}

/// What the target missed in a PATCH that it could not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missed {
    /// The element that a path selects.
    NoTarget,
    /// The understanding of such a path at all.
    NoValuePath,
}

impl From<TargetError> for Box<Refusal> {
    fn from(error: TargetError) -> Self {
        Self::new(Refusal { error, said: ErrorBody::default() })
    }
}

impl Refusal {
    /// Whether another spelling of the same PATCH may succeed.
    pub(super) fn asks_for_another_dialect(&self) -> Option<Missed> {
        if self.error.status != Some(400) {
            return None;
        }
        match self.said.scim_type.as_deref() {
            Some("noTarget") => Some(Missed::NoTarget),
            Some("invalidPath" | "invalidSyntax") => Some(Missed::NoValuePath),
            Some(_) => None,
            // Servers that name no keyword often say it in words.
            None => {
                let detail = self.said.detail.as_deref()?.to_lowercase();
                (detail.contains("path") || detail.contains("filter")).then_some(Missed::NoValuePath)
            }
        }
    }
}

/// 500 characters: enough for an error body or the title of a login page, little enough for a log record.
const EXTRACT: usize = 500;

/// 160 characters of the target's own words in a sentence of ours.
const QUOTE: usize = 160;

/// Judges an answer that is no success.
pub(super) fn refused(about: About, request: String, status: u16, body: &[u8], mask: &Mask) -> Box<Refusal> {
    let body = mask.body(body);
    let said = serde_json::from_str::<Json>(&body).map(|json| answer::error(&json)).unwrap_or_default();
    let kind = kind(about, status, said.scim_type.as_deref());
    let error = TargetError {
        kind,
        summary: summary(about, kind, status, &said),
        request,
        status: Some(status),
        extract: Some(body.chars().take(EXTRACT).collect::<String>()).filter(|extract| !extract.is_empty()),
    };
    Box::new(Refusal { error, said })
}

/// A failure without an answer, or with one that cannot be understood.
pub(super) fn failed(kind: TargetErrorKind, request: String, summary: impl Into<String>) -> Box<Refusal> {
    let error = TargetError { kind, summary: summary.into(), request, status: None, extract: None };
    Box::new(Refusal { error, said: ErrorBody::default() })
}

/// An answer that says success and is not what the protocol says.
pub(super) fn incompatible(
    request: String,
    status: u16,
    body: &[u8],
    why: &str,
    mask: &Mask,
) -> Box<Refusal> {
    let body = mask.body(body);
    let looks =
        if body.trim_start().starts_with('<') { "a web page, perhaps of a login or a firewall" } else { why };
    let error = TargetError {
        kind: TargetErrorKind::Incompatible,
        summary: format!(
            "The target's answer is not SCIM: {looks}; check that url is the app's SCIM endpoint and that nothing answers in its place"
        ),
        request,
        status: Some(status),
        extract: Some(body.chars().take(EXTRACT).collect::<String>()).filter(|extract| !extract.is_empty()),
    };
    Box::new(Refusal { error, said: ErrorBody::default() })
}

fn kind(about: About, status: u16, scim_type: Option<&str>) -> TargetErrorKind {
    match (status, scim_type) {
        (401, _) => TargetErrorKind::Credentials,
        (403, _) => TargetErrorKind::InsufficientRights,
        (404 | 410, _) => match about {
            About::List | About::Groups | About::Create | About::CreateGroup => {
                TargetErrorKind::CollectionMissing
            }
            About::Account | About::Group => TargetErrorKind::NotFound,
            About::Bulk | About::Discovery => TargetErrorKind::NotSupported,
        },
        (405 | 501, _) | (400, Some("invalidFilter" | "tooMany")) => TargetErrorKind::NotSupported,
        (408, _) => TargetErrorKind::Unreachable,
        (409, _) | (400, Some("uniqueness")) => TargetErrorKind::Conflict,
        (412, _) => TargetErrorKind::PreconditionFailed,
        (413, _) => TargetErrorKind::TooLarge,
        (429, _) => TargetErrorKind::Throttled,
        (400..=499, _) => TargetErrorKind::InvalidValue,
        // 503 says that the request was not handled. After any other failure a create may have happened.
        (503, _) => TargetErrorKind::ServerError,
        (500..=599, _) if !about.is_repeatable() => TargetErrorKind::Ambiguous,
        (500..=599, _) => TargetErrorKind::ServerError,
        _ => TargetErrorKind::Incompatible,
    }
}

/// One sentence: what happened, what the target said, what to do.
fn summary(about: About, kind: TargetErrorKind, status: u16, said: &ErrorBody) -> String {
    let noun = about.noun();
    let (what, cure) = match (kind, said.scim_type.as_deref()) {
        // Whoever asks is waiting: nobody asks again for them.
        (TargetErrorKind::ServerError, _) if about == About::Discovery => {
            ("The target failed", "try again later")
        }
        (TargetErrorKind::NotSupported | TargetErrorKind::InvalidValue | TargetErrorKind::TooLarge, _)
            if about == About::Discovery =>
        {
            (
                "The target does not describe itself",
                "nothing can be discovered; map its attributes by the names that the app documents",
            )
        }
        (TargetErrorKind::Credentials, _) => (
            "The target did not accept the token",
            "renew it and put it where the application's token reference points",
        ),
        (TargetErrorKind::InsufficientRights, _) => {
            ("The token is valid, but may not do this", "grant its owner the right to read and write {noun}s")
        }
        (TargetErrorKind::CollectionMissing, _) if matches!(about, About::Groups | About::CreateGroup) => (
            "There are no groups at this address",
            "check that the app offers groups, and provision users alone where it does not",
        ),
        (TargetErrorKind::CollectionMissing, _) => {
            ("There are no users at this address", "check that url is the app's SCIM endpoint")
        }
        (TargetErrorKind::NotFound, _) => {
            ("The {noun} is gone from the target", "it will be matched or created again")
        }
        (TargetErrorKind::Conflict, _) => (
            "Another {noun} in the target has a value that must be unique",
            "change the clashing value on one side, or match on an attribute both sides share",
        ),
        (TargetErrorKind::PreconditionFailed, _) => {
            ("The {noun} changed while it was being written", "it will be tried again")
        }
        (TargetErrorKind::NotSupported, Some("invalidFilter")) => (
            "The target cannot be asked for {noun}s by this attribute",
            "match by another attribute, or set matchBy: list",
        ),
        (TargetErrorKind::NotSupported, Some("tooMany")) => {
            ("The target refuses to list so many {noun}s", "set matchBy: filter, or a smaller pageSize")
        }
        (TargetErrorKind::NotSupported, _) => {
            ("The target does not offer this operation", "check which SCIM operations the app documents")
        }
        (TargetErrorKind::TooLarge, _) => {
            ("The request is too large for the target", "map fewer or shorter values")
        }
        (TargetErrorKind::Throttled, _) => (
            "The target still throttles after waiting as told",
            "it will be tried again later; lower concurrency",
        ),
        (TargetErrorKind::InvalidValue, Some("mutability")) => (
            "The target does not let this attribute be changed",
            "remove its mapping, or let it flow on create only with flowType: ObjectAddOnly",
        ),
        (TargetErrorKind::InvalidValue, _) => (
            "The target does not accept a value",
            "correct it in the source, or map another attribute to the one it refused",
        ),
        (TargetErrorKind::Ambiguous, _) => (
            "The target failed while creating, and the {noun} may exist nevertheless",
            "it will be looked for before the next try",
        ),
        (TargetErrorKind::ServerError, _) => ("The target failed", "it will be tried again"),
        (TargetErrorKind::Unreachable, _) => {
            ("The target gave up waiting for the request", "it will be tried again")
        }
        (TargetErrorKind::Incompatible, _) => {
            ("The target's answer is not SCIM", "check that url is the app's SCIM endpoint")
        }
    };
    let [what, cure] = [what, cure].map(|text| text.replace("{noun}", noun));
    format!("{what} ({status}{}); {cure}", quoted(said))
}

fn quoted(said: &ErrorBody) -> String {
    match &said.detail {
        Some(detail) => {
            let shown: String = detail.chars().take(QUOTE).collect();
            let more = if detail.chars().count() > QUOTE { "…" } else { "" };
            format!(": \"{shown}{more}\"")
        }
        None => String::new(),
    }
}

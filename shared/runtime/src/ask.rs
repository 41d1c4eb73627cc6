//! What `control` asks of `sync`: everything that takes a job's lease or speaks to an outside system.
//!
//! In: who asks, about which application, and what. Out: an [`Answer`], or that it takes longer than a request may: then
//! it is remembered as an operation, and read later.
//!
//! # Guarantees
//! Credentials that are only to be tried travel in the request, and nowhere else: they are not remembered with the
//! operation, and do not show when an ask is printed.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use engine::guard::StagedKey;
use engine::model::SourceId;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

/// How long a caller waits for an answer. API Gateway gives up after 30 seconds.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(25);

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Its id, under which it is remembered.
    pub operation: Uuid,
    /// The application it is about, by its id; `None` when it is about all of them.
    pub application: Option<String>,
    /// Who asks, as the log and the audit call them.
    pub by: String,
    /// Who asks, by the id of whoever issued their token.
    #[serde(default)]
    pub caller: String,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Ask {
    /// The job goes on, at once.
    Start,
    /// The job stops after its page.
    Pause,
    /// The job forgets what the scope says, and is due at once.
    Restart {
        /// Graph's `resetScope`.
        scope: String,
    },
    /// The job and everything remembered of it are forgotten. The accounts in the target stay.
    Delete {
        /// Whether the application goes, too. Otherwise its job is as new, and waits to be started.
        application: bool,
    },
    /// The job is looked at again at once, because its document changed.
    Due,
    /// Whether both systems take their credentials.
    ValidateCredentials {
        /// Those to try instead of the saved ones, by Graph's keys.
        #[serde(skip_serializing_if = "Option::is_none")]
        credentials: Option<BTreeMap<String, Credential>>,
    },
    /// Objects are provisioned now.
    ProvisionOnDemand {
        /// Their ids in the source.
        objects: Vec<SourceId>,
    },
    /// Removals that wait are approved or rejected.
    DecideRemovals {
        /// Which; when there are none, all on which nobody has decided yet, or, to take decisions back, all on which somebody
        /// has.
        keys: Vec<StagedKey>,
        /// Of all, those that waited at this moment already: somebody looked at them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staged_before: Option<Timestamp>,
        /// `None` takes a decision back.
        approved: Option<bool>,
    },
    /// What is in escrow is tried again at once, or left alone until it changes.
    DecideEscrows {
        /// Their ids in the source; all that wait when there are none.
        objects: Vec<SourceId>,
        /// Whether they are left alone.
        ignore: bool,
    },
    /// The link between a source object and its account is forgotten.
    DeleteLink {
        /// The id of the object in the source.
        object: SourceId,
    },
    /// The target is asked what it can hold, and that is kept.
    Discover,
    /// What another document would do, were it saved. Nothing is.
    Preview {
        /// The document, checked.
        document: Value,
    },
    /// What the next cycle would do.
    Plan,
    /// A plan is executed.
    ApplyPlan {
        /// The plan.
        plan: Uuid,
    },
    /// Records of the log become a file.
    Export(Export),
    /// The application's recipients get a mail, to see whether it arrives. Asked of `notifier`.
    TestMail,
    /// What `sync` may do and whom it reaches.
    CheckUp,
    /// The same of `notifier`.
    CheckMail,
}

/// Which records become which file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// `$filter`, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// `$search`, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// `csv`, `json` or `ndjson`.
    pub format: String,
    /// The jobs whose records may be in it; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<String>>,
}

impl Ask {
    /// Its name, as operations and the audit show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Restart { .. } => "restart",
            Self::Delete { .. } => "delete",
            Self::Due => "due",
            Self::ValidateCredentials { .. } => "validateCredentials",
            Self::ProvisionOnDemand { .. } => "provisionOnDemand",
            Self::DecideRemovals { .. } => "decideRemovals",
            Self::DecideEscrows { .. } => "decideEscrows",
            Self::DeleteLink { .. } => "deleteObjectConnection",
            Self::Discover => "discover",
            Self::Preview { .. } => "preview",
            Self::Plan => "plan",
            Self::ApplyPlan { .. } => "applyPlan",
            Self::Export(_) => "export",
            Self::TestMail => "testMail",
            Self::CheckUp => "checkUp",
            Self::CheckMail => "checkMail",
        }
    }

    /// Whether it is asked of `notifier`.
    #[must_use]
    pub fn is_for_notifier(&self) -> bool {
        matches!(self, Self::TestMail | Self::CheckMail)
    }
}

/// A credential on its way to whoever tries it.
#[derive(Clone)]
pub struct Credential(pub SecretString);

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(SecretString::from(String::deserialize(deserializer)?)))
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// It is done; what there is to tell of it, `null` when nothing.
    Done(Value),
    /// It is not.
    Refused(Refusal),
}

/// Why something was not done, in the words of Graph's errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The HTTP status of the answer.
    pub status: u16,
    /// For programs.
    pub code: String,
    /// For people: what is wrong, and the cure.
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It takes longer than [`PATIENCE`], and goes on.
    #[error("it takes longer; the operation tells what came of it")]
    StillAtIt,
    /// Whoever does it could not be asked, or died over it.
    #[error("sync did not answer: {0}")]
    Failed(String),
}

/// Whoever does what is asked: the function `sync`, or the same code in this process.
#[async_trait]
pub trait Worker: Send + Sync {
    /// Asks, and waits for the answer up to [`PATIENCE`].
    ///
    /// # Errors
    /// [`AskError`].
    async fn ask(&self, asked: Asked) -> Result<Answer, AskError>;
}

//! The document of one application: where people are read, where accounts are made, and by which rules.
//!
//! In: YAML as an administrator wrote it, or the JSON it was stored as. Out: an [`Application`], and after
//! [`Application::check`] a [`CheckedApplication`] that a cycle can run with. Nothing here does I/O except the
//! factories, which look at no file and call nobody either.
//!
//! ```yaml
//! application: Ledgerly
//! source:
//!   file: { path: people.csv, id: employeeId, enabled: accountEnabled }
//! target:
//!   scim: { url: "https://ledgerly.example/scim/v2", token: "env:LEDGERLY_TOKEN" }
//! users:
//!   actions: [create, update, delete]
//!   attributes:
//!     - { target: userName, source: mail, matchingPriority: 1 }
//!     - { target: active, expression: "Not([IsSoftDeleted])" }
//! groups: {}
//! schedule: { interval: 40m }
//! removals: { maximum: 500, percent: 10, atLeast: 5, protected: [admin@tessera.example] }
//! notification: { to: [it-ops@tessera.example] }
//! owners: [5f1c2a9e-0b64-4f0e-9d0e-6a2f4c7b8d10]
//! ```
//!
//! # Guarantees
//! Unknown fields are refused where they stand. A token written into the document is refused and appears in no
//! message. Stored documents of every earlier format still load (`fixtures/`).

pub mod assignments;
mod check;
pub mod differences;
mod draft;
pub mod exchange;
mod factory;
mod notification;
mod schema;
pub mod secret_ref;
pub mod settings;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::Path;
use std::time::Duration;

use engine::cadence::Cadence;
use engine::cycle::Nested;
use engine::drift::DriftSweep;
use engine::guard::{Protected, Thresholds};
use engine::job::Side;
use engine::mapping::ObjectMapping;
use engine::quarantine::HealthThresholds;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use crate::file::FileConfig;
use crate::inbound::InboundConfig;
use crate::ldap::LdapConfig;
use crate::scim::ScimConfig;

pub use check::{CheckedApplication, Problem};
pub use draft::{TEMPLATES, draft, filled};
pub use factory::{DescribeError, Surroundings, connect_source, connect_target, describe_target};
pub use notification::Notification;
pub(crate) use schema::Humane;
pub use schema::schema;
pub use secret_ref::{SecretRef, SecretRefError};
pub use yaml::{ApplicationError, as_yaml, users_section};

/// One source, one target, and the rules between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// Its name, unique in this installation whatever its case.
    #[serde(rename = "application")]
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))]
    pub name: String,
    /// Where people are read.
    pub source: SourceConfig,
    /// Where accounts are made.
    pub target: TargetConfig,
    /// How a person becomes an account.
    pub users: ObjectMapping,
    /// How a group becomes a group, with its members; without it groups are not provisioned. Without `attributes` the
    /// target's default mapping of groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<ObjectMapping>,
    /// What becomes of a group that is a member of another group.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nested_groups: Nested,
    /// When cycles run.
    #[serde(default)]
    pub schedule: Schedule,
    /// When removals wait for a person, and who is never removed.
    #[serde(default)]
    pub removals: Removals,
    /// From how many failures on the job counts as unhealthy.
    #[serde(default, skip_serializing_if = "is_default")]
    pub health: HealthThresholds,
    /// Whether accounts are compared with what they should hold, a few in every cycle and everyone within a day.
    #[serde(default, skip_serializing_if = "is_default")]
    pub drift: DriftSweep,
    /// When the credentials end, where neither system says so itself: it is announced before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub credentials: Credentials,
    /// Who is written to when something is wrong; without it nobody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Notification")]
    pub notification: Option<Notification>,
    /// Who may see and change this application over the API, and no other, without a permission for all of them: their
    /// ids, as in the claim `oid`, `sub` or `client_id` of their tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(regex(pattern = r"^\S{1,255}$")))]
    pub owners: Vec<String>,
}

/// The system people are read from: exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SourceConfig {
    /// A CSV file.
    File(FileConfig),
    /// An LDAP directory: OpenLDAP and its relatives, Active Directory.
    Ldap(LdapConfig),
    /// Whoever uploads people: a script, an HR export.
    Inbound(InboundConfig),
}

impl SourceConfig {
    /// Where the secret lies that the source is opened with, for a source that needs one.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::File(_) | Self::Inbound(_) => None,
            Self::Ldap(ldap) => Some(&ldap.password),
        }
    }

    /// Whether it says where groups are.
    #[must_use]
    pub fn shows_groups(&self) -> bool {
        match self {
            Self::File(file) => file.groups.is_some(),
            Self::Ldap(ldap) => ldap.groups.is_some(),
            Self::Inbound(_) => false,
        }
    }

    /// What the source is called in the log: a file's name, a directory's host, the way people are uploaded.
    #[must_use]
    pub fn display_name(&self) -> String {
        match self {
            Self::File(file) => Path::new(&file.path)
                .file_name()
                .map_or_else(|| file.path.clone(), |name| name.to_string_lossy().into()),
            Self::Ldap(ldap) => ldap.host(),
            Self::Inbound(_) => "bulkUpload".to_owned(),
        }
    }
}

/// The system accounts are made in: exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TargetConfig {
    /// A SCIM 2.0 service.
    Scim(ScimConfig),
}

impl TargetConfig {
    /// Where the target is.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Scim(scim) => &scim.url,
        }
    }

    /// Where the secret lies that the target is called with.
    #[must_use]
    pub fn secret(&self) -> &str {
        match self {
            Self::Scim(scim) => &scim.token,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// When removals wait for a person, and who is never removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Removals {
    /// Held when more than this many objects would be removed, in one cycle or within 24 hours. The vendor's own figure.
    pub maximum: u64,
    /// Held when more than this share of the managed objects would be removed, in percent.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub percent: f64,
    /// The share counts only above this many removals: in a company of twenty, two leavers are 10 %.
    pub at_least: u64,
    /// Whose accounts are neither switched off nor deleted, whatever the source says: the id in the source, or a value
    /// that matches accounts, such as a sign-in name; `*` at either end stands for anything. Groups by their name.
    #[serde(skip_serializing_if = "Protected::is_nobody")]
    pub protected: Protected,
}

impl Default for Removals {
    fn default() -> Self {
        let Thresholds { maximum, percent, at_least } = Thresholds::default();
        Self { maximum, percent, at_least, protected: Protected::default() }
    }
}

impl Removals {
    /// The thresholds in the engine's terms.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { maximum: self.maximum, percent: self.percent, at_least: self.at_least }
    }
}

/// When the credentials end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Credentials {
    /// The day on which the source's password ends, such as 2027-03-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("pattern" = r"^\d{4}-\d{2}-\d{2}$"))]
    pub source_expires: Option<Date>,
    /// The day on which the target's token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("pattern" = r"^\d{4}-\d{2}-\d{2}$"))]
    pub target_expires: Option<Date>,
}

impl Credentials {
    /// The ends of both days, in UTC.
    #[must_use]
    pub fn expiries(&self) -> Vec<(Side, Timestamp)> {
        let days = [(Side::Source, self.source_expires), (Side::Target, self.target_expires)];
        let end = |day: Date| Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
        days.into_iter().filter_map(|(side, day)| Some((side, end(day?)?))).collect()
    }
}

/// When cycles run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// From the beginning of one cycle to the beginning of the next: `40m`, `2h`, `1h 30m`. Without it cycles run
    /// every 20 to 40 minutes, sooner after changes and later while nothing happens.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional::serialize",
        deserialize_with = "humane"
    )]
    #[schemars(with = "Option<Humane>")]
    pub interval: Option<Duration>,
}

impl Schedule {
    /// The schedule in the engine's terms.
    #[must_use]
    pub fn cadence(&self) -> Cadence {
        self.interval.map_or(Cadence::Adaptive, Cadence::Every)
    }
}

/// Reads a duration as people write it; jiff's own message speaks of its grammar.
fn humane<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    jiff::fmt::serde::unsigned_duration::friendly::compact::optional::deserialize(deserializer)
        .map_err(|_| D::Error::custom("write a number with its unit, such as 40m, 2h or 1h 30m"))
}

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
//! schedule: { interval: 40m }
//! removals: { maximum: 500, percent: 10, atLeast: 5 }
//! ```
//!
//! # Guarantees
//! Unknown fields are refused where they stand. A token written into the document is refused and appears in no
//! message. Stored documents of every earlier format still load (`fixtures/`).

mod check;
mod factory;
pub mod secret_ref;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::Path;
use std::time::Duration;

use engine::guard::Thresholds;
use engine::mapping::ObjectMapping;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use crate::file::FileConfig;
use crate::scim::ScimConfig;

pub use check::{CheckedApplication, Problem};
pub use factory::{Surroundings, connect_source, connect_target};
pub use secret_ref::{SecretRef, SecretRefError};
pub use yaml::ApplicationError;

/// One source, one target, and the rules between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// Its name, unique in this installation.
    #[serde(rename = "application")]
    pub name: String,
    /// Where people are read.
    pub source: SourceConfig,
    /// Where accounts are made.
    pub target: TargetConfig,
    /// How a person becomes an account.
    pub users: ObjectMapping,
    /// When cycles run.
    #[serde(default)]
    pub schedule: Schedule,
    /// When removals wait for a person.
    #[serde(default)]
    pub removals: Thresholds,
}

/// The system people are read from: exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SourceConfig {
    /// A CSV file.
    File(FileConfig),
}

impl SourceConfig {
    /// Where the secret lies that the source is opened with, for a source that needs one.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
        }
    }

    /// What the source is called in the log: a file's name, a directory's host.
    #[must_use]
    pub fn display_name(&self) -> String {
        match self {
            Self::File(file) => Path::new(&file.path)
                .file_name()
                .map_or_else(|| file.path.clone(), |name| name.to_string_lossy().into()),
        }
    }
}

/// The system accounts are made in: exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetConfig {
    /// A SCIM 2.0 service.
    Scim(ScimConfig),
}

impl TargetConfig {
    /// Where the secret lies that the target is called with.
    #[must_use]
    pub fn secret(&self) -> &str {
        match self {
            Self::Scim(scim) => &scim.token,
        }
    }
}

/// Time between the beginnings of two cycles unless the document says otherwise: what administrators know from
/// Entra ID.
const INTERVAL: Duration = Duration::from_secs(40 * 60);

/// When cycles run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// From the beginning of one cycle to the beginning of the next: `40m`, `2h`, `1h 30m`.
    #[serde(
        serialize_with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required::serialize",
        deserialize_with = "humane"
    )]
    pub interval: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { interval: INTERVAL }
    }
}

/// Reads a duration as people write it; jiff's own message speaks of its grammar.
fn humane<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    jiff::fmt::serde::unsigned_duration::friendly::compact::required::deserialize(deserializer)
        .map_err(|_| D::Error::custom("write a number with its unit, such as 40m, 2h or 1h 30m"))
}

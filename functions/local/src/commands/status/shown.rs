//! What is shown of a job's status, out of the API's JSON. Words that a later version adds are shown as they are.

use engine::job::{Counts, Figures};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::client::ClientError;

/// One job's status.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    pub(super) application: String,
    pub(super) job_id: String,
    pub(super) code: String,
    pub(super) quarantine: Option<Quarantine>,
    pub(super) running: bool,
    pub(super) progress: Vec<Progress>,
    pub(super) figures: Option<Figures>,
    pub(super) initial_cycle_completed: bool,
    pub(super) counts: Counts,
    pub(super) last_execution: Option<Execution>,
    pub(super) next_due: Timestamp,
}

/// Why it is unhealthy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quarantine {
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) series_began: Timestamp,
    #[serde(default)]
    pub(super) cause: Option<Cause>,
}

/// The call that failed, and what to do.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Cause {
    #[serde(default)]
    pub(super) request: Option<String>,
    #[serde(default)]
    pub(super) advice: Option<String>,
}

/// How far the cycle under way is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Progress {
    pub(super) completed_units: u64,
    pub(super) total_units: u64,
    #[serde(default)]
    pub(super) units_per_second: Option<f64>,
    #[serde(default)]
    pub(super) seconds_left: Option<u64>,
    #[serde(default)]
    pub(super) calls_per_second: Option<f64>,
}

/// A cycle that ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Execution {
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) error: Option<Stopped>,
    pub(super) time_ended: Timestamp,
    pub(super) figures: Figures,
    pub(super) no_inference: Option<String>,
}

/// Why it stopped.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Stopped {
    pub(super) message: String,
}

impl Shown {
    pub(super) fn read(status: &Value) -> Result<Self, ClientError> {
        Self::deserialize(status).map_err(|error| ClientError::unreadable("a status", &error))
    }
}

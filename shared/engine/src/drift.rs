//! The drift sweep: comparing accounts with what they should hold, a few in every cycle.
//!
//! In: what the document says, how many accounts there are, how often cycles run. Out: how many may be read in one
//! cycle, so that everyone is looked at within a day.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether and how accounts are compared with what they should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DriftSweep {
    /// Not at all.
    #[default]
    #[serde(rename = "none")]
    Off,
    /// What somebody changed in the target is told in the provisioning log, and left.
    Report,
    /// It is told, and put right.
    Repair,
}

/// How many accounts are read in one cycle, of `linked` ones and with `gap` between two cycles: as many as it takes to
/// come round within a day.
#[must_use]
pub fn budget(linked: u64, gap: Duration) -> u64 {
    let day = 24 * 60 * 60;
    linked.saturating_mul(gap.as_secs().clamp(1, day)).div_ceil(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_looked_at_within_a_day() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let cases =
            [(0, 39, 0), (1, 39, 1), (36, 40, 1), (100_000, 39, 2_709), (100, 1_440, 100), (100, 9_999, 100)];
        for (linked, gap, expected) in cases {
            assert_eq!(budget(linked, minutes(gap)), expected, "{linked} every {gap} minutes");
        }
    }
}

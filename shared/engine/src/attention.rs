//! Whether a job needs somebody, and what for.
//!
//! In: a job's state. Out: the one thing that must be looked at first, or nothing. The store keeps those that need somebody
//! apart, so that they are found without reading all jobs; the API and the console tell it.

use serde::{Deserialize, Serialize};

use crate::job::{JobState, StatusCode};

/// What somebody must look at, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Attention {
    /// It was switched off, because it had been unhealthy for four weeks.
    Disabled,
    /// It is unhealthy.
    Quarantined,
    /// Removals wait for the guard or for a person.
    Held,
    /// Objects failed, and wait to be tried again.
    Failing,
}

impl JobState {
    /// What somebody must look at; `None` when nothing is, and when a person paused the job or never started it.
    #[must_use]
    pub fn attention(&self) -> Option<Attention> {
        match self.code {
            _ if self.disabled.is_some() => Some(Attention::Disabled),
            StatusCode::Quarantine => Some(Attention::Quarantined),
            StatusCode::NotConfigured | StatusCode::Paused => None,
            // Removals wait in every cycle until it has seen everybody.
            _ if self.counts.staged > 0 && self.progress.is_none() => Some(Attention::Held),
            _ if self.counts.escrowed > 0 => Some(Attention::Failing),
            StatusCode::NotRun | StatusCode::Active => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::job::Progress;

    type Change<'a> = &'a dyn Fn(&mut JobState);

    #[test]
    fn the_most_urgent_is_told_and_what_a_person_stopped_is_left_alone() {
        let now = Timestamp::UNIX_EPOCH;
        let at_work = Progress {
            completed_units: 1,
            total_units: 2,
            observed_at: now,
            since: None,
            calls_per_second: None,
            waits_until: None,
        };
        let state = |code, change: Change<'_>| {
            let mut state = JobState { code, ..JobState::new(now) };
            change(&mut state);
            state.attention()
        };
        let nothing = |_: &mut JobState| {};
        let failing = |state: &mut JobState| state.counts.escrowed = 1;
        let held = |state: &mut JobState| (state.counts.staged, state.counts.escrowed) = (1, 1);
        let staging = |state: &mut JobState| {
            state.counts.staged = 1;
            state.progress = Some(at_work);
        };
        let disabled = |state: &mut JobState| state.disabled = Some(now);
        let cases: [(StatusCode, Change<'_>, Option<Attention>); 9] = [
            (StatusCode::NotRun, &nothing, None),
            (StatusCode::Active, &nothing, None),
            (StatusCode::Active, &staging, None),
            (StatusCode::Active, &failing, Some(Attention::Failing)),
            (StatusCode::Active, &held, Some(Attention::Held)),
            (StatusCode::Paused, &held, None),
            (StatusCode::NotConfigured, &failing, None),
            (StatusCode::Quarantine, &held, Some(Attention::Quarantined)),
            (StatusCode::Quarantine, &disabled, Some(Attention::Disabled)),
        ];
        for (number, (code, change, expected)) in cases.into_iter().enumerate() {
            assert_eq!(state(code, change), expected, "case {number}");
        }
    }
}

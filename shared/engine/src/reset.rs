//! Starting, pausing and restarting a job: what becomes of its state.
//!
//! In: the state, and what shall be forgotten (Graph's `resetScope`). Out: the state after it. Pure; the rows beside the
//! job item (links, escrows) are forgotten by whoever holds the lease, before the state is saved.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::job::{Counts, JobState, QuarantineReason, StatusCode};

/// One flag of Graph's `resetScope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reset {
    /// Nothing; use start instead.
    None,
    /// Links, claims, memberships: who has which account is found out anew by matching.
    ConnectorDataStore,
    /// What failed and waits.
    Escrows,
    /// Where the source was left: everyone is looked at again.
    Watermark,
    /// That the job is unhealthy.
    QuarantineState,
    /// All of the above.
    Full,
    /// Removals that are held are allowed.
    ForceDeletes,
}

impl Reset {
    const ALL: [(&'static str, Self); 7] = [
        ("None", Self::None),
        ("ConnectorDataStore", Self::ConnectorDataStore),
        ("Escrows", Self::Escrows),
        ("Watermark", Self::Watermark),
        ("QuarantineState", Self::QuarantineState),
        ("Full", Self::Full),
        ("ForceDeletes", Self::ForceDeletes),
    ];
}

/// What a restart forgets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResetScope(BTreeSet<Reset>);

impl Default for ResetScope {
    /// As an empty `resetScope`: watermark, escrows, quarantine; links are kept.
    fn default() -> Self {
        Self([Reset::Watermark, Reset::Escrows, Reset::QuarantineState].into())
    }
}

impl FromStr for ResetScope {
    type Err = String;

    /// Flags, separated by commas, in any case.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut flags = BTreeSet::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let known = Reset::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
            let Some((_, flag)) = known else {
                let names: Vec<&str> = Reset::ALL.iter().map(|(name, _)| *name).collect();
                return Err(format!("'{word}' is no scope of a reset; write some of {}", names.join(", ")));
            };
            flags.insert(*flag);
        }
        Ok(if flags.is_empty() { Self::default() } else { Self(flags) })
    }
}

impl ResetScope {
    /// Whether something is forgotten.
    #[must_use]
    pub fn has(&self, flag: Reset) -> bool {
        let in_full = !matches!(flag, Reset::None | Reset::ForceDeletes);
        self.0.contains(&flag) || (in_full && self.0.contains(&Reset::Full))
    }
}

impl JobState {
    /// A job that nobody configured yet: it waits for a person to start it.
    #[must_use]
    pub fn unconfigured(now: Timestamp) -> Self {
        Self { code: StatusCode::NotConfigured, ..Self::new(now) }
    }

    /// Starts the job: it goes on where it stopped, at once. That it was unhealthy or switched off is forgotten.
    pub fn start(&mut self, now: Timestamp) {
        self.quarantine = None;
        self.disabled = None;
        self.successive_failures = 0;
        self.code = if self.initial_completed.is_some() { StatusCode::Active } else { StatusCode::NotRun };
        self.next_due = now;
    }

    /// Whether it runs on its schedule: nobody paused it, put it into quarantine by hand, or switched it off because it had
    /// been unhealthy for four weeks.
    #[must_use]
    pub fn runs(&self) -> bool {
        let by_hand =
            self.quarantine.as_ref().is_some_and(|now| now.reason == QuarantineReason::QuarantinedOnDemand);
        let rests = matches!(self.code, StatusCode::Paused | StatusCode::NotConfigured);
        self.disabled.is_none() && !by_hand && !rests
    }

    /// Pauses the job: no cycle begins or goes on until it is started.
    pub fn pause(&mut self) {
        self.code = StatusCode::Paused;
    }

    /// Forgets what the scope says, and makes the job due at once.
    pub fn restart(&mut self, scope: &ResetScope, now: Timestamp) {
        if scope.has(Reset::Watermark) {
            // Another generation: nobody counts as unchanged, and who is gone is still known.
            self.generation += 1;
            self.watermark = None;
            self.initial_completed = None;
            self.checkpoint = None;
            self.suspect_reading = None;
        }
        if scope.has(Reset::Escrows) {
            self.counts.escrowed = 0;
            self.counts.escrowed_references = 0;
        }
        if scope.has(Reset::ConnectorDataStore) {
            let exported = self.counts.exported;
            self.counts = Counts { exported, ..Counts::default() };
            self.unfolded = false;
            self.checkpoint = None;
            self.swept = None;
        }
        let unhealthy = (self.quarantine.clone(), self.disabled, self.successive_failures);
        self.start(now);
        if !scope.has(Reset::QuarantineState) && unhealthy.0.is_some() {
            (self.quarantine, self.disabled, self.successive_failures) = unhealthy;
            self.code = StatusCode::Quarantine;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Quarantine;
    use crate::model::Watermark;

    fn unhealthy() -> JobState {
        let now = Timestamp::UNIX_EPOCH;
        let quarantine = Quarantine {
            reason: QuarantineReason::IngestionInterrupted,
            side: None,
            message: String::new(),
            current_began: now,
            series_began: now,
            series_count: 3,
            cause: None,
        };
        JobState {
            code: StatusCode::Quarantine,
            quarantine: Some(quarantine),
            watermark: Some(Watermark(serde_json::json!(7))),
            initial_completed: Some(now),
            counts: Counts { linked: 9, escrowed: 2, exported: 50, ..Counts::default() },
            ..JobState::new(now)
        }
    }

    #[test]
    fn a_reset_forgets_what_its_scope_says_and_nothing_else() {
        let cases = [
            // (scope, watermark, escrows, quarantine, links are kept)
            ("", false, false, false, true),
            ("Full", false, false, false, false),
            ("watermark", false, true, true, true),
            ("Escrows, QuarantineState", true, false, false, true),
            ("ConnectorDataStore", true, false, true, false),
            ("ForceDeletes", true, true, true, true),
            ("None", true, true, true, true),
        ];
        for (scope, watermark, escrows, quarantine, links) in cases {
            let mut state = unhealthy();
            state.restart(&scope.parse().unwrap(), Timestamp::UNIX_EPOCH);
            let kept = (
                state.watermark.is_some(),
                state.counts.escrowed > 0,
                state.quarantine.is_some(),
                state.counts.linked > 0,
            );
            assert_eq!(kept, (watermark, escrows, quarantine, links), "'{scope}'");
            assert_eq!(state.counts.exported, 50, "what was done stays counted");
        }
    }

    #[test]
    fn an_unknown_scope_is_named_with_those_that_there_are() {
        let error = "Full, Everything".parse::<ResetScope>().unwrap_err();
        assert!(error.contains("'Everything'") && error.contains("ForceDeletes"), "{error}");
    }

    #[test]
    fn who_starts_a_job_that_was_given_up_starts_it_for_good() {
        let mut state = JobState { disabled: Some(Timestamp::UNIX_EPOCH), ..unhealthy() };
        state.start(Timestamp::UNIX_EPOCH);
        assert_eq!((state.code, state.disabled, state.quarantine), (StatusCode::Active, None, None));
    }
}

//! A job as the API tells of it, and what that means: is it healthy, and why not.

use std::collections::BTreeMap;

use api::access::{Permission, SignedIn};
use engine::attention::Attention;
use engine::days::Days;
use jiff::Timestamp;
use serde::Deserialize;

use crate::asking::step;
use crate::times::{Moment, count, lasting};

/// As much of Graph's `servicePrincipal` as is shown.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) display_name: String,
    #[serde(default)]
    owners: Vec<String>,
    synchronization: Synchronization,
}

#[derive(Debug, Deserialize)]
struct Synchronization {
    jobs: [Job; 1],
}

/// As much of a job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) status: Status,
}

/// As much of its status.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    code: String,
    pub(crate) running: bool,
    pub(crate) quarantine: Option<Quarantine>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) initial_cycle_completed: bool,
    pub(crate) counts: Counts,
    pub(crate) last_execution: Option<Execution>,
    pub(crate) next_due: Timestamp,
    #[serde(default)]
    pub(crate) days: Days,
    #[serde(default)]
    pub(crate) failed_within_a_day: u64,
    attention: Option<Attention>,
    pub(crate) disabled: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quarantine {
    pub(crate) reason: String,
    pub(crate) message: String,
    series_began: Timestamp,
    next_attempt: Timestamp,
    pub(crate) cause: Option<Cause>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cause {
    pub(crate) request: Option<String>,
    pub(crate) advice: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    completed_units: u64,
    total_units: u64,
    units_per_second: Option<f64>,
    seconds_left: Option<i64>,
    calls_per_second: Option<f64>,
    waits_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(crate) in_scope: u64,
    pub(crate) linked: u64,
    pub(crate) escrowed: u64,
    pub(crate) staged: u64,
    #[serde(default)]
    pub(crate) groups: GroupCounts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupCounts {
    pub(crate) in_scope: u64,
    pub(crate) linked: u64,
}

/// A finished cycle.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Execution {
    /// The cycle's id.
    activity_identifier: String,
    pub(crate) kind: String,
    state: String,
    pub(crate) error: Option<Failure>,
    time_began: Timestamp,
    time_ended: Timestamp,
    pub(crate) figures: BTreeMap<String, serde_json::Value>,
    pub(crate) no_inference: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) message: String,
}

/// How a job is, in the order in which somebody must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    Disabled,
    Quarantined,
    Held,
    Failing,
    NotStarted,
    Paused,
    Running,
    Healthy,
}

impl Application {
    pub(crate) fn job(&self) -> &Job {
        let [job] = &self.synchronization.jobs;
        job
    }

    /// Whether somebody may change it: the API refuses others, who need not be shown what they may not do.
    pub(crate) fn may_be_changed_by(&self, person: &SignedIn) -> bool {
        person.may(Permission::WriteJobs) || self.owners.contains(&person.id)
    }
}

impl Status {
    pub(crate) fn health(&self) -> Health {
        match (self.attention, self.code.as_str()) {
            (Some(Attention::Disabled), _) => Health::Disabled,
            (Some(Attention::Quarantined), _) => Health::Quarantined,
            (Some(Attention::Held), _) => Health::Held,
            (Some(Attention::Failing), _) => Health::Failing,
            (None, "NotConfigured") => Health::NotStarted,
            (None, "Paused") => Health::Paused,
            (None, _) if self.is_at_work() => Health::Running,
            (None, "NotRun") => Health::NotStarted,
            (None, _) => Health::Healthy,
        }
    }

    /// Whether a cycle is under way, perhaps between two slices.
    pub(crate) fn is_at_work(&self) -> bool {
        self.running || !self.progress.is_empty()
    }

    /// The last cycle, when it reached its end and no other one began.
    pub(crate) fn just_completed(&self) -> Option<&Execution> {
        self.last_execution.as_ref().filter(|last| !self.is_at_work() && last.state != "Failed")
    }

    pub(crate) fn due(&self) -> Moment {
        Moment::of(self.next_due)
    }

    /// Whether the next cycle comes by itself.
    pub(crate) fn goes_on(&self) -> bool {
        self.disabled.is_none() && !matches!(self.code.as_str(), "NotConfigured" | "Paused")
    }
}

impl Health {
    /// In one or two words.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Disabled => "Switched off",
            Self::Quarantined => "In quarantine",
            Self::Held => "Removals wait",
            Self::Failing => "Some failed",
            Self::NotStarted => "Not started",
            Self::Paused => "Paused",
            Self::Running => "Healthy, at work",
            Self::Healthy => "Healthy",
        }
    }

    pub(crate) fn needs_somebody(self) -> bool {
        matches!(self.class(), "bad" | "warn")
    }

    /// The style's name for it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Disabled | Self::Quarantined => "bad",
            Self::Held | Self::Failing => "warn",
            Self::NotStarted | Self::Paused => "idle",
            Self::Running | Self::Healthy => "good",
        }
    }
}

impl Quarantine {
    /// Whether it is none of the job's health: removals wait for a person.
    pub(crate) fn holds_removals(&self) -> bool {
        self.reason == "TooManyDeletes"
    }

    /// The beginning of the cause.
    pub(crate) fn brief(&self, most: usize) -> String {
        match self.message.char_indices().nth(most) {
            Some((end, _)) => format!("{}…", self.message.get(..end).unwrap_or_default()),
            None => self.message.clone(),
        }
    }

    pub(crate) fn since(&self) -> Moment {
        Moment::of(self.series_began)
    }

    pub(crate) fn next(&self) -> Moment {
        Moment::of(self.next_attempt)
    }
}

impl Progress {
    /// At most all of it: a source may show more than it announced.
    pub(crate) fn done(&self) -> u64 {
        self.completed_units.min(self.total())
    }

    pub(crate) fn total(&self) -> u64 {
        self.total_units.max(1)
    }

    /// How far, how fast, how long.
    pub(crate) fn words(&self) -> String {
        let share = 100 * u128::from(self.done()) / u128::from(self.total());
        let mut words =
            vec![format!("{share} %: {} of {} objects", count(&self.done()), count(&self.total_units))];
        if let Some(rate) = self.units_per_second {
            words.push(format!("{rate:.0} a second"));
        }
        if let Some(left) = self.seconds_left {
            words.push(format!("about {} to go", lasting(jiff::SignedDuration::from_secs(left))));
        }
        if let Some(rate) = self.calls_per_second {
            words.push(format!("the app takes {rate:.0} calls a second"));
        }
        if let Some(until) = self.waits_until {
            words.push(format!("the app wants no calls until {}", Moment::of(until).shown));
        }
        words.join(", ")
    }
}

impl Execution {
    pub(crate) fn began(&self) -> Moment {
        Moment::of(self.time_began)
    }

    pub(crate) fn ended(&self) -> Moment {
        Moment::of(self.time_ended)
    }

    pub(crate) fn lasted(&self) -> String {
        lasting(self.time_ended.duration_since(self.time_began))
    }

    pub(crate) fn milliseconds(&self) -> i128 {
        self.time_ended.duration_since(self.time_began).as_millis().max(0)
    }

    pub(crate) fn figure(&self, name: &str) -> u64 {
        self.figures.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default()
    }

    /// Its records.
    pub(crate) fn records(&self) -> String {
        format!("/logs?cycle={}", step(&self.activity_identifier))
    }

    /// Whether there are any.
    pub(crate) fn did_something(&self) -> bool {
        self.figure("logRecords") > 0
    }

    /// How it ended, in a word.
    pub(crate) fn result(&self) -> &str {
        match self.state.as_str() {
            "Succeeded" => "complete",
            "EntryLevelErrors" => "complete, some failed",
            "Failed" => "stopped",
            other => other,
        }
    }

    /// What it did, the usual zeros left out.
    pub(crate) fn did(&self) -> String {
        let kinds = ["created", "updated", "disabled", "deleted", "failed", "held"];
        let some = kinds.iter().map(|kind| (kind, self.figure(kind))).filter(|(_, number)| *number > 0);
        let words: Vec<String> = some.map(|(kind, number)| format!("{} {kind}", count(&number))).collect();
        if words.is_empty() { "nothing to do".to_owned() } else { words.join(", ") }
    }
}

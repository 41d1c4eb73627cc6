//! Metrics, as CloudWatch reads them out of log lines: its embedded metric format, version 0
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//!
//! In: values, and what they are about. Out: one JSON line each. Promised: nothing is called, so a metric costs a function no time;
//! and nothing personal is among them.
//!
//! # Dimensions
//! `Stack` always, so that several share an account; and, unless there are too many applications to pay for, each value is told
//! once more with `Application`.

use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::env::{self, EnvError};

/// Where they are found in CloudWatch.
pub const NAMESPACE: &str = "Rollcall";

/// What a value counts, by the names of CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// How long.
    Milliseconds,
    /// How long.
    Seconds,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

/// A metric's name, and what it counts.
pub type Metric = (&'static str, Unit);

/// Provisioning records written, by `Action` and `Status`.
pub const RECORDS: Metric = ("Records", Unit::Count);
/// From the beginning of a cycle to its end, over all its slices.
pub const CYCLE_DURATION: Metric = ("CycleDuration", Unit::Milliseconds);
/// Cycles that came to their end.
pub const CYCLES_COMPLETED: Metric = ("CyclesCompleted", Unit::Count);
/// Objects that wait to be tried again.
pub const ESCROWS: Metric = ("Escrows", Unit::Count);
/// Since a cycle came to its end last.
pub const SECONDS_SINCE_SUCCESS: Metric = ("SecondsSinceSuccess", Unit::Seconds);
/// Requests to targets.
pub const TARGET_CALLS: Metric = ("TargetCalls", Unit::Count);
/// Time during which requests were held back because a target throttles.
pub const TARGET_THROTTLED: Metric = ("TargetThrottled", Unit::Milliseconds);
/// Turns of the schedule: when there are none, nothing runs.
pub const TURNS: Metric = ("Turns", Unit::Count);
/// Jobs whose cycle should have begun long ago.
pub const JOBS_OVERDUE: Metric = ("JobsOverdue", Unit::Count);
/// Faults of ours that ended an invocation, by `Function`.
pub const PANICS: Metric = ("Panics", Unit::Count);

/// Tells metrics. Cloning it is cheap.
#[derive(Clone, Default)]
pub struct Metrics(Option<Arc<Told>>);

struct Told {
    stack: String,
    /// Whether each application has metrics of its own.
    by_application: bool,
    /// Takes lines.
    out: Box<dyn Fn(&str) + Send + Sync>,
}

impl Metrics {
    /// On standard output, as the environment says: `ROLLCALL_STACK` is the stack's name, without which none are told;
    /// `ROLLCALL_METRICS` is `application`, or `stack` for none of single applications.
    ///
    /// # Errors
    /// [`EnvError`], with the variable's name.
    pub fn from_env() -> Result<Self, EnvError> {
        let by_application = match env::optional("ROLLCALL_METRICS")?.as_deref() {
            None | Some("application") => true,
            Some("stack") => false,
            Some(_) => return Err(EnvError::NotOneOf("ROLLCALL_METRICS".to_owned(), "application or stack")),
        };
        Ok(env::optional("ROLLCALL_STACK")?.map_or_else(Self::default, |stack| {
            Self::new(stack, by_application, |line| {
                // Output that nobody takes is no reason to stop.
                let _ = writeln!(std::io::stdout().lock(), "{line}");
            })
        }))
    }

    /// Of a stack, told to whoever takes lines.
    pub fn new(stack: String, by_application: bool, out: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Told { stack, by_application, out: Box::new(out) })))
    }

    /// Tells values at once, all about the same: an application by its id, and further dimensions.
    pub fn tell(
        &self,
        at: Timestamp,
        application: Option<&str>,
        dimensions: &[(&'static str, &str)],
        values: &[(Metric, f64)],
    ) {
        let Some(told) = &self.0 else { return };
        (told.out)(&told.line(at, application, dimensions, values).to_string());
    }
}

impl Told {
    fn line(
        &self,
        at: Timestamp,
        application: Option<&str>,
        dimensions: &[(&'static str, &str)],
        values: &[(Metric, f64)],
    ) -> Value {
        let application = application.filter(|_| self.by_application);
        let more: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
        let set = |first: &[&'static str]| [first, &more].concat();
        let mut sets = vec![set(&["Stack"])];
        sets.extend(application.map(|_| set(&["Stack", "Application"])));
        let metrics = values.iter().map(|((name, unit), _)| json!({ "Name": name, "Unit": unit.name() }));
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": at.as_millisecond(),
                "CloudWatchMetrics": [
                    { "Namespace": NAMESPACE, "Dimensions": sets, "Metrics": Value::from_iter(metrics) },
                ],
            }),
        );
        let whose = [("Stack", self.stack.as_str())].into_iter();
        let whose = whose.chain(application.map(|id| ("Application", id))).chain(dimensions.iter().copied());
        line.extend(whose.map(|(name, value)| (name.to_owned(), json!(value))));
        line.extend(values.iter().map(|((name, _), value)| ((*name).to_owned(), json!(value))));
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// The lines that are told.
    fn lines(by_application: bool, tell: impl FnOnce(&Metrics)) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = lines.clone();
        let out = move |line: &str| kept.lock().unwrap().push(serde_json::from_str(line).unwrap());
        tell(&Metrics::new("rollcall-prod".to_owned(), by_application, out));
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    fn noon() -> Timestamp {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_value_is_told_of_the_stack_and_of_its_application() {
        let about = [("Action", "Create"), ("Status", "success")];
        let told = lines(true, |metrics| metrics.tell(noon(), Some("0b9c3f2e"), &about, &[(RECORDS, 12.0)]));
        let expected = json!({
            "_aws": {
                "Timestamp": 1_772_452_800_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Rollcall",
                    "Dimensions": [["Stack", "Action", "Status"], ["Stack", "Application", "Action", "Status"]],
                    "Metrics": [{ "Name": "Records", "Unit": "Count" }],
                }],
            },
            "Stack": "rollcall-prod", "Application": "0b9c3f2e", "Action": "Create", "Status": "success",
            "Records": 12.0,
        });
        assert_eq!(told, [expected]);
    }

    #[test]
    fn applications_have_none_of_their_own_where_that_costs_too_much() {
        let told = lines(false, |metrics| metrics.tell(noon(), Some("0b9c3f2e"), &[], &[(ESCROWS, 3.0)]));
        assert_eq!(told[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack"]]));
        assert_eq!(told[0].get("Application"), None);
    }

    #[test]
    fn every_dimension_and_metric_of_a_line_has_its_value_and_no_line_has_too_many() {
        let values = [(TARGET_CALLS, 11.0), (TARGET_THROTTLED, 250.0), (CYCLE_DURATION, 35_300.0)];
        let told = lines(true, |metrics| metrics.tell(noon(), Some("a"), &[("Function", "sync")], &values));
        let directive = &told[0]["_aws"]["CloudWatchMetrics"][0];
        for set in directive["Dimensions"].as_array().unwrap() {
            let set = set.as_array().unwrap();
            assert!(set.len() <= 30, "CloudWatch takes 30");
            assert!(set.iter().all(|name| told[0][name.as_str().unwrap()].is_string()), "{told:?}");
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!(metrics.len() <= 100, "CloudWatch takes 100");
        assert!(
            metrics.iter().all(|metric| told[0][metric["Name"].as_str().unwrap()].is_number()),
            "{told:?}"
        );
    }

    #[test]
    fn on_a_laptop_nothing_is_told() {
        Metrics::default().tell(noon(), None, &[], &[(TURNS, 1.0)]);
    }
}

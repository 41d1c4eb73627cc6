//! Figures with their bounds, for people and for programs.

use serde::{Serialize, Serializer};

use super::Scenario;
use crate::limit::Limit;
use crate::report;

/// What a scenario measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(super) scenario: Scenario,
    /// What was done, in one line.
    pub(super) what: String,
    pub(super) facts: Vec<Fact>,
    /// Everything that was counted, for whoever wants to know why.
    pub(super) details: serde_json::Value,
}

/// One figure, and its bound when it has one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fact {
    figure: String,
    measured: f64,
    unit: Unit,
    #[serde(serialize_with = "as_text")]
    bound: Option<Limit<f64>>,
    met: Option<bool>,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Unit {
    Count,
    Seconds,
    /// A million bytes.
    Megabytes,
    Percent,
    PerSecond,
}

impl Fact {
    /// A figure that is counted.
    pub(crate) fn count(figure: impl Into<String>, measured: u64) -> Self {
        Self::of(figure, number(measured), Unit::Count)
    }

    pub(crate) fn seconds(figure: impl Into<String>, measured: f64) -> Self {
        Self::of(figure, measured, Unit::Seconds)
    }

    /// Memory; what is not known is no number, and keeps no bound.
    pub(crate) fn memory(figure: impl Into<String>, bytes: Option<u64>) -> Self {
        Self::of(figure, bytes.map_or(f64::NAN, number) / 1e6, Unit::Megabytes)
    }

    pub(crate) fn of(figure: impl Into<String>, measured: f64, unit: Unit) -> Self {
        Self { figure: figure.into(), measured, unit, bound: None, met: None }
    }

    /// The same with a bound.
    pub(crate) fn within(self, bound: Limit<f64>) -> Self {
        Self { met: Some(bound.allows(&self.measured)), bound: Some(bound), ..self }
    }

    pub(crate) fn at_most(self, most: u64) -> Self {
        self.within(Limit::AtMost(number(most)))
    }

    pub(crate) fn exactly(self, wanted: u64) -> Self {
        self.within(Limit::Exactly(number(wanted)))
    }

    fn shown(&self) -> String {
        let Self { measured, unit, .. } = self;
        match unit {
            _ if measured.is_nan() => "?".to_owned(),
            Unit::Count => format!("{measured:.0}"),
            Unit::Seconds => format!("{measured:.1} s"),
            Unit::Megabytes => format!("{measured:.1} MB"),
            Unit::Percent => format!("{measured:.2} %"),
            Unit::PerSecond => format!("{measured:.1} /s"),
        }
    }
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "counts and bytes stay far below 2^52")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

fn as_text<S: Serializer>(bound: &Option<Limit<f64>>, serializer: S) -> Result<S::Ok, S::Error> {
    match bound {
        Some(bound) => serializer.collect_str(bound),
        None => serializer.serialize_none(),
    }
}

/// Whether every bound was kept.
pub(crate) fn met(outcomes: &[Outcome]) -> bool {
    outcomes.iter().flat_map(|outcome| &outcome.facts).all(|fact| fact.met != Some(false))
}

/// One table on standard output.
pub(crate) fn print(outcomes: &[Outcome]) {
    let mut table = report::table(&["scenario", "figure", "measured", "bound", "met"]);
    for outcome in outcomes {
        println!("{}: {}", outcome.scenario.name(), outcome.what);
        for (row, fact) in outcome.facts.iter().enumerate() {
            table.add_row([
                if row == 0 { outcome.scenario.name() } else { String::new() },
                fact.figure.clone(),
                fact.shown(),
                fact.bound.map_or_else(String::new, |bound| bound.to_string()),
                fact.met.map_or_else(String::new, |met| if met { "yes" } else { "NO" }.to_owned()),
            ]);
        }
    }
    println!("{table}");
    println!("{}", if met(outcomes) { "Every bound is kept." } else { "Some bound is not kept." });
}

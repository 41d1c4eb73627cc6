//! What requests cost, added up.

use std::time::Duration;

use serde::Serialize;

/// Requests of one run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) times: Vec<Duration>,
    /// Records returned.
    pub(super) returned: u64,
    /// Entries that queries went through.
    pub(super) examined: u64,
    /// Records fetched by their keys.
    pub(super) fetched: u64,
    /// Requests to DynamoDB.
    pub(super) requests: u64,
}

/// A question over all runs on one log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Costs {
    pub(super) records: u64,
    /// For each record returned.
    pub(super) entries: f64,
    /// For each record returned.
    pub(super) fetches: f64,
    /// To DynamoDB, for each page.
    pub(super) requests: f64,
    /// Of each run, in milliseconds.
    pub(super) medians: Vec<f64>,
    /// Of each run, in milliseconds.
    pub(super) p99s: Vec<f64>,
    /// The median of the runs' 99th percentiles, in milliseconds.
    pub(super) p99: f64,
}

impl Costs {
    pub(super) fn of(records: u64, runs: &[Tally]) -> Self {
        let sum = |read: fn(&Tally) -> u64| number(runs.iter().map(read).sum());
        let returned = sum(|run| run.returned);
        let pages = sum(|run| run.times.len() as u64);
        let each =
            |permille| -> Vec<f64> { runs.iter().map(|run| percentile(&run.times, permille)).collect() };
        let p99s = each(990);
        Self {
            records,
            entries: sum(|run| run.examined) / returned,
            fetches: sum(|run| run.fetched) / returned,
            requests: sum(|run| run.requests) / pages,
            medians: each(500),
            p99: median(&p99s),
            p99s,
        }
    }
}

/// Milliseconds within which so many of a thousand requests were answered.
pub(super) fn percentile(times: &[Duration], permille: usize) -> f64 {
    let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect();
    times.sort_by(f64::total_cmp);
    let rank = (times.len() * permille).div_ceil(1_000).max(1);
    times.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// The middle one; of an even number the smaller of the two.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_within_which_so_many_were_answered() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        for (permille, expected) in [(990, 198.0), (500, 100.0), (1_000, 200.0), (1, 1.0)] {
            assert!((percentile(&times, permille) - expected).abs() < 1e-9, "{permille}");
        }
        assert!(percentile(&[], 990).is_nan());
    }

    #[test]
    fn one_slow_run_of_three_does_not_count() {
        assert!((median(&[9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        let run = |ms, examined| Tally {
            times: vec![Duration::from_millis(ms); 4],
            returned: 40,
            examined,
            fetched: 40,
            requests: 8,
        };
        let costs = Costs::of(10, &[run(3, 60), run(90, 60), run(4, 30)]);
        assert!((costs.p99 - 4.0).abs() < 1e-9);
        assert!((costs.entries - 1.25).abs() < 1e-9);
        assert!((costs.requests - 2.0).abs() < 1e-9);
    }
}

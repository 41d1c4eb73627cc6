//! `rollcall jobs`: which jobs there are, and when they run.

use comfy_table::Table;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::cli::Cli;
use crate::client::{Client, ClientError, Known};
use crate::exit::Exit;
use crate::output;

/// What is shown of a job, out of Graph's `synchronizationJob`.
#[derive(Debug, Deserialize)]
struct Job {
    schedule: Schedule,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Schedule {
    interval: String,
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    code: String,
    next_due: Timestamp,
}

pub(crate) async fn run(cli: &Cli) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.applications().await?;
    if cli.json {
        let jobs: Vec<_> = known.iter().map(|known| &known.job).collect();
        output::json(&jobs)?;
    } else if known.is_empty() {
        output::line("There is no job yet.")?;
    } else {
        output::line(table(&known)?)?;
    }
    Ok(Exit::Done)
}

fn table(all: &[Known]) -> Result<Table, ClientError> {
    let mut table = output::table(&["application", "job id", "state", "schedule", "next run (UTC)"]);
    for known in all {
        let Job { schedule, status } =
            Job::deserialize(&known.job).map_err(|error| ClientError::unreadable("a job", &error))?;
        // What waits for a person has a schedule, and no next time.
        let runs = schedule.state == "Active";
        let next = if runs { output::moment(status.next_due) } else { "once it is started".to_owned() };
        table.add_row([known.name.clone(), known.job_id().to_owned(), status.code, every(&schedule), next]);
    }
    Ok(table)
}

/// The interval as people write it: `every 40m`, of ISO 8601's `PT40M`.
fn every(schedule: &Schedule) -> String {
    if schedule.state == "Disabled" {
        return "none".to_owned();
    }
    let interval = schedule.interval.parse::<SignedDuration>();
    interval.map_or_else(|_| schedule.interval.clone(), |interval| format!("every {interval:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_said_as_people_write_it() {
        let cases = [
            ("PT40M", "Active", "every 40m"),
            ("PT1H30M", "Paused", "every 1h 30m"),
            ("P10675199DT2H48M5.4775807S", "Disabled", "none"),
            ("whenever", "Active", "whenever"),
        ];
        for (interval, state, expected) in cases {
            let schedule = Schedule { interval: interval.to_owned(), state: state.to_owned() };
            assert_eq!(every(&schedule), expected);
        }
    }
}

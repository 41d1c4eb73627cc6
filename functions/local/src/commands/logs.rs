//! `rollcall logs`: what happened to whom, and why.

use comfy_table::Table;
use engine::model::{SourceId, TargetId};
use engine::report::{Outcome, ProvisioningRecord};
use jiff::{SignedDuration, Timestamp};
use logs::{csv, search, word};
use store::{By, QueryError, RecordQuery};

use crate::cli::{Cli, Format, Logs, Status};
use crate::exit::{Exit, Refusal};
use crate::home::Home;
use crate::output;

/// Records asked of the store at once.
const PAGE: usize = 100;

pub(crate) async fn run(cli: &Cli, logs: &Logs) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let since = logs.since.as_deref().map(|text| moment(text, home.context.clock.now())).transpose()?;
    let job = match &logs.job {
        Some(job) => Some(home.application(job).await?.job),
        None => None,
    };
    let query = RecordQuery {
        job,
        by: by(logs),
        since,
        until: None,
        oldest_first: false,
        page_size: PAGE,
        token: None,
    };
    let found = search(&home.context.store, query, logs.status.map(outcome), logs.limit).await;
    let found = found.map_err(|error| match error {
        QueryError::ShortName(_) | QueryError::ManyPeople { .. } => Refusal(error.to_string()).into(),
        other => anyhow::Error::from(other),
    })?;
    match (cli.json, logs.format) {
        (true, _) | (_, Format::Json) => output::json(&found)?,
        (_, Format::Table) if found.is_empty() => output::line("Nothing found.")?,
        (_, Format::Csv) => csv::write(&found, std::io::stdout().lock())?,
        (_, Format::Table) => output::line(table(&found))?,
    }
    Ok(Exit::Done)
}

fn by(logs: &Logs) -> By {
    match (&logs.name, &logs.source_id, &logs.target_id) {
        (Some(name), ..) => By::Person(name.clone()),
        (_, Some(id), _) => By::Source(SourceId::new(id.clone())),
        (_, _, Some(id)) => By::Target(TargetId::new(id.clone())),
        _ if logs.status == Some(Status::Failure) => By::Failures,
        _ => By::All,
    }
}

fn outcome(status: Status) -> Outcome {
    match status {
        Status::Success => Outcome::Success,
        Status::Failure => Outcome::Failure,
        Status::Skipped => Outcome::Skipped,
        Status::Warning => Outcome::Warning,
    }
}

/// A time, or an age such as `2h` or `7d`.
fn moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let days = text.strip_suffix('d').and_then(|days| days.trim().parse::<i64>().ok());
    let age = days
        .and_then(|days| days.checked_mul(24))
        .map(SignedDuration::from_hours)
        .or_else(|| text.parse::<SignedDuration>().ok());
    age.and_then(|age| now.checked_sub(age.abs()).ok()).ok_or_else(|| {
        Refusal(format!(
            "--since '{text}' is neither a time such as 2026-03-01T08:00:00Z nor an age such as 2h or 7d"
        ))
        .into()
    })
}

fn table(records: &[ProvisioningRecord]) -> Table {
    let mut table =
        output::table(&["time (UTC)", "who", "source id", "target id", "action", "status", "what and why"]);
    for record in records {
        let source = &record.source_identity;
        table.add_row([
            output::moment(record.activity_date_time),
            source.display_name.clone(),
            source.id.clone(),
            record.target_identity.id.clone(),
            word(record.provisioning_action),
            word(record.provisioning_status_info.status),
            sentence(record),
        ]);
    }
    table
}

/// What happened in one sentence: the failure's reason, else what changed, else the last step.
fn sentence(record: &ProvisioningRecord) -> String {
    if let Some(error) = &record.provisioning_status_info.error_information {
        let cure = error.recommended_action.as_deref().unwrap_or("It is tried again");
        return format!("{}: {}. {cure}.", error.error_code, error.reason);
    }
    let changes: Vec<String> = record
        .modified_properties
        .iter()
        .filter(|property| property.old_value.is_some())
        .map(|property| {
            let [old, new] =
                [&property.old_value, &property.new_value].map(|v| v.as_deref().unwrap_or("nothing"));
            format!("{}: {old} → {new}", property.display_name)
        })
        .collect();
    match (changes.is_empty(), record.provisioning_steps.last()) {
        (true, Some(step)) => step.description.clone(),
        (true, None) => String::new(),
        (false, _) => changes.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_a_time_or_an_age() {
        let now: Timestamp = "2026-03-08T12:00:00Z".parse().unwrap();
        let cases = [
            ("2026-03-01T08:00:00Z", Some("2026-03-01T08:00:00Z")),
            ("2h", Some("2026-03-08T10:00:00Z")),
            ("7d", Some("2026-03-01T12:00:00Z")),
            ("1h 30m", Some("2026-03-08T10:30:00Z")),
            ("yesterday", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|time| time.parse::<Timestamp>().unwrap());
            assert_eq!(moment(text, now).ok(), expected, "{text}");
        }
    }
}

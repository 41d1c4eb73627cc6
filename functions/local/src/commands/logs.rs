//! `rollcall logs`: what happened to whom, and why.

use comfy_table::Table;
use engine::report::ProvisioningRecord;
use jiff::{SignedDuration, Timestamp};
use logs::{csv, word};
use serde::Deserialize as _;
use serde_json::Value;
use url::form_urlencoded;

use crate::cli::{Cli, Format, Logs, Status};
use crate::client::{Client, ClientError};
use crate::exit::{Exit, Refusal};
use crate::output;

/// Records of a page, at the most: the API's own limit.
const LARGEST_PAGE: usize = 1_000;

pub(crate) async fn run(cli: &Cli, logs: &Logs) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let since = logs.since.as_deref().map(|text| moment(text, client.now())).transpose()?;
    let job = match &logs.job {
        Some(job) => Some(client.application(job).await?.job_id().to_owned()),
        None => None,
    };
    let found = client.list(&question(logs, job.as_deref(), since), logs.limit).await?;
    match (cli.json, logs.format) {
        (true, _) | (_, Format::Json) => output::json(&found)?,
        (_, Format::Table) if found.is_empty() => output::line("Nothing found.")?,
        (_, Format::Csv) => csv::write(&records(&found)?, std::io::stdout().lock())?,
        (_, Format::Table) => output::line(table(&records(&found)?))?,
    }
    Ok(Exit::Done)
}

/// What is asked of the API: the newest first, as it gives them.
fn question(logs: &Logs, job: Option<&str>, since: Option<Timestamp>) -> String {
    let is = |property: &str, value: &str| format!("{property} eq '{}'", value.replace('\'', "''"));
    let conditions = [
        job.map(|job| is("jobId", job)),
        logs.source_id.as_ref().map(|id| is("sourceIdentity/id", id)),
        logs.target_id.as_ref().map(|id| is("targetIdentity/id", id)),
        logs.status.map(|status| is("provisioningStatusInfo/status", outcome(status))),
        since.map(|since| format!("activityDateTime ge {since}")),
    ];
    let conditions: Vec<String> = conditions.into_iter().flatten().collect();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("$top", &logs.limit.clamp(1, LARGEST_PAGE).to_string());
    if !conditions.is_empty() {
        query.append_pair("$filter", &conditions.join(" and "));
    }
    if let Some(name) = &logs.name {
        query.append_pair("$search", name);
    }
    format!("/auditLogs/provisioning?{}", query.finish())
}

/// The API's words.
fn outcome(status: Status) -> &'static str {
    match status {
        Status::Success => "success",
        Status::Failure => "failure",
        Status::Skipped => "skipped",
        Status::Warning => "warning",
    }
}

fn records(found: &[Value]) -> Result<Vec<ProvisioningRecord>, ClientError> {
    let read = |record| {
        ProvisioningRecord::deserialize(record).map_err(|error| ClientError::unreadable("a record", &error))
    };
    found.iter().map(read).collect()
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

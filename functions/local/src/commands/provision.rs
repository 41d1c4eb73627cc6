//! `rollcall provision`: people or groups now, with every step.
//!
//! Over the data folder all that was done is told, together. A service elsewhere tells it in Graph's pair, of one after the
//! other.

use engine::cycle::Request;
use engine::cycle::on_demand::Provisioned;
use engine::model::SourceId;
use engine::report::{Outcome, ProvisioningRecord};
use reqwest::Method;
use serde::Deserialize as _;
use serde_json::{Value, json};
use sync::control::{Now, provision};

use super::control::person;
use crate::cli::Cli;
use crate::client::{Client, ClientError, Known};
use crate::exit::{Exit, Refusal};
use crate::home::Home;
use crate::output;

pub(crate) async fn run(cli: &Cli, job: &str, ids: &[String]) -> anyhow::Result<Exit> {
    if cli.address()?.is_some() {
        return there(cli, job, ids).await;
    }
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    let ids: Vec<SourceId> = ids.iter().map(SourceId::new).collect();
    let request = Request { asked_by: Some(person()), ..Request::default() };
    let beside = home.context.beside("provision");
    match provision(&beside.context, &stored, &ids, &request).await? {
        Now::Asked => asked(cli),
        Now::Done(provisioned) => told(cli, &provisioned),
    }
}

fn asked(cli: &Cli) -> anyhow::Result<Exit> {
    if cli.json {
        output::json(&json!({ "outcome": "asked" }))?;
    } else {
        output::line("A cycle runs, and was asked to do it between two pages; see rollcall logs.")?;
    }
    Ok(Exit::Done)
}

fn told(cli: &Cli, Provisioned { records, unknown, held }: &Provisioned) -> anyhow::Result<Exit> {
    if let Some(id) = unknown.first() {
        let problem =
            format!("neither the source nor anything remembered knows '{id}'; ids are those of the source");
        return Err(Refusal(problem).into());
    }
    if cli.json {
        output::json(&json!({ "records": records, "held": held }))?;
    } else {
        records.iter().try_for_each(steps)?;
        if records.is_empty() {
            output::line("Everything is as it should be; nothing was sent.")?;
        }
        if let Some(held) = held {
            output::line(format_args!("A removal waits: {held}. Approve it with rollcall removals."))?;
        }
    }
    let failed = records.iter().any(|record| record.provisioning_status_info.status == Outcome::Failure);
    Ok(match (held, failed) {
        (Some(_), _) => Exit::RemovalsHeld,
        (None, true) => Exit::ObjectsFailed,
        (None, false) => Exit::Done,
    })
}

/// One record, step by step, with what was written.
fn steps(record: &ProvisioningRecord) -> std::io::Result<()> {
    let (who, action) = (&record.source_identity.display_name, record.provisioning_action);
    output::line(format_args!("{who}: {action:?}, {:?}", record.provisioning_status_info.status))?;
    for step in &record.provisioning_steps {
        output::line(format_args!("  {:?}: {}", step.provisioning_step_type, step.description))?;
    }
    for change in &record.modified_properties {
        let (old, new) = (change.old_value.as_deref(), change.new_value.as_deref());
        let (old, new) = (old.unwrap_or("nothing"), new.unwrap_or("nothing"));
        output::line(format_args!("    {}: {old} → {new}", change.display_name))?;
    }
    if let Some(error) = &record.provisioning_status_info.error_information {
        output::line(format_args!("  {}: {}", error.error_code, error.reason))?;
    }
    Ok(())
}

/// Asks a service for one after the other.
async fn there(cli: &Cli, job: &str, ids: &[String]) -> anyhow::Result<Exit> {
    let client = Client::open(cli).await?;
    let known = client.application(job).await?;
    let mut worst = Exit::Done;
    for id in ids {
        let exit = one(cli, &client, &known, id).await?;
        worst = if worst as u8 >= exit as u8 { worst } else { exit };
    }
    Ok(worst)
}

async fn one(cli: &Cli, client: &Client, known: &Known, id: &str) -> anyhow::Result<Exit> {
    let subject = json!({ "objectId": id, "objectTypeName": "User" });
    let body = json!({ "parameters": [{ "subjects": [subject] }] });
    let told = client.change(Method::POST, &known.at_job("/provisionOnDemand"), Some(&body)).await?;
    // What took longer is told as it is remembered, and not as a pair.
    if told["outcome"] == "asked" {
        return asked(cli);
    }
    if told["records"].is_array() {
        let unreadable = |error| ClientError::unreadable("what was provisioned", &error);
        let provisioned = Provisioned {
            records: Vec::deserialize(&told["records"]).map_err(unreadable)?,
            unknown: Vec::deserialize(&told["unknown"]).map_err(unreadable)?,
            held: Option::deserialize(&told["held"]).map_err(unreadable)?,
        };
        return self::told(cli, &provisioned);
    }
    pair(cli, id, &told)
}

/// Graph's pair: two documents as text.
fn pair(cli: &Cli, id: &str, told: &Value) -> anyhow::Result<Exit> {
    let document = |name: &str| serde_json::from_str(told[name].as_str().unwrap_or_default());
    let unreadable = |error| ClientError::unreadable("what was provisioned", &error);
    let key: Value = document("key").map_err(unreadable)?;
    let value: Value = document("value").map_err(unreadable)?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let (code, message) = (text(&key["details"]["errorCode"]), text(&key["details"]["errorMessage"]));
    let exit = match (key["result"].as_str(), &code, &message) {
        (Some("Failure"), ..) => Exit::ObjectsFailed,
        // Only what is held has a message without a code.
        (_, None, Some(_)) => Exit::RemovalsHeld,
        _ => Exit::Done,
    };
    if cli.json {
        output::json(&json!({ "sourceId": id, "key": key, "value": value }))?;
    } else if code.as_deref() == Some("CycleAtWork") {
        return asked(cli);
    } else {
        for line in lines(&value) {
            output::line(line)?;
        }
        match (code, message) {
            (Some(code), Some(message)) => output::line(format_args!("  {code}: {message}"))?,
            (None, Some(held)) => {
                output::line(format_args!("A removal waits: {held}. Approve it with rollcall removals."))?;
            }
            _ => {}
        }
    }
    Ok(exit)
}

/// What was done to one object, as [`steps`] says it of a record.
fn lines(value: &Value) -> Vec<String> {
    let word = |value: &Value, otherwise: &str| value.as_str().unwrap_or(otherwise).to_owned();
    let all = |name: &str| value[name].as_array().cloned().unwrap_or_default();
    let Some(who) = value["reportableIdentifier"].as_str() else { return Vec::new() };
    let mut lines =
        vec![format!("{who}: {}, {}", word(&value["action"], ""), word(&value["statusInfo"]["status"], ""))];
    let steps = all("provisioningSteps");
    lines.extend(
        steps.iter().map(|step| format!("  {}: {}", word(&step["type"], ""), word(&step["description"], ""))),
    );
    lines.extend(all("modifiedProperties").iter().map(|change| {
        let [old, new] = ["oldValue", "newValue"].map(|name| word(&change[name], "nothing"));
        format!("    {}: {old} → {new}", word(&change["displayName"], ""))
    }));
    lines
}

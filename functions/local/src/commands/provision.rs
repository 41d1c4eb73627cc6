//! `rollcall provision`: people or groups now, with every step.

use engine::cycle::Request;
use engine::cycle::on_demand::Provisioned;
use engine::model::SourceId;
use engine::report::{Outcome, ProvisioningRecord};
use serde_json::json;
use sync::control::{Now, provision};

use super::control::person;
use crate::cli::Cli;
use crate::exit::{Exit, Refusal};
use crate::home::Home;
use crate::output;

pub(crate) async fn run(cli: &Cli, job: &str, ids: &[String]) -> anyhow::Result<Exit> {
    let home = Home::open(cli).await?;
    let stored = home.application(job).await?;
    let ids: Vec<SourceId> = ids.iter().map(SourceId::new).collect();
    let request = Request { asked_by: Some(person()), ..Request::default() };
    let beside = home.beside();
    match provision(&beside.context, &stored, &ids, &request).await? {
        Now::Asked => {
            if cli.json {
                output::json(&json!({ "outcome": "asked" }))?;
            } else {
                output::line("A cycle runs, and was asked to do it between two pages; see rollcall logs.")?;
            }
            Ok(Exit::Done)
        }
        Now::Done(provisioned) => told(cli, &provisioned),
    }
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

//! `rollcall apply`: check application files, then save them.
//!
//! All files are checked before the first one is saved. Relative paths become absolute: a cycle may run from
//! anywhere.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use connectors::application::{Application, CheckedApplication, SourceConfig, TargetConfig};
use engine::job::JobState;
use engine::model::JobId;
use engine::ports::StoreError;
use serde::Serialize;
use store::{DynamoStore, StoredApplication};

use crate::cli::Cli;
use crate::exit::{Exit, Refusal};
use crate::home::Home;
use crate::output;

/// What became of one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Applied {
    application: String,
    job_id: String,
    version: u32,
    outcome: &'static str,
}

pub(crate) async fn run(cli: &Cli, files: &[PathBuf]) -> anyhow::Result<Exit> {
    let checked = files.iter().map(|file| read(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let home = Home::open(cli).await?;
    let mut applied = Vec::new();
    for application in checked {
        applied.push(save(&home, &application).await?);
    }
    if cli.json {
        output::json(&applied)?;
    } else {
        for Applied { application, version, outcome, .. } in &applied {
            output::line(format_args!("{application}: {outcome}, version {version}"))?;
        }
        if let Some(first) = applied.first() {
            output::line(format_args!("Run a cycle with: rollcall cycle {}", first.application))?;
        }
    }
    Ok(Exit::Done)
}

/// Reads and checks one file.
fn read(file: &Path) -> anyhow::Result<CheckedApplication> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let mut application = Application::from_yaml(&text, &name).map_err(|error| Refusal(error.to_string()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let folder = folder.canonicalize().or_else(|_| std::env::current_dir())?;
    make_absolute(&mut application, &folder);
    application.check().map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("{name}: {problem}")).collect();
        Refusal(lines.join("\nrollcall: ")).into()
    })
}

fn make_absolute(application: &mut Application, folder: &Path) {
    let SourceConfig::File(file) = &mut application.source;
    if file.s3().is_none() {
        file.path = folder.join(&file.path).to_string_lossy().into_owned();
    }
    let TargetConfig::Scim(scim) = &mut application.target;
    if let Some(path) = scim.token.strip_prefix("file:") {
        scim.token = format!("file:{}", folder.join(path).display());
    }
}

/// Saves one application: a new one with its job, or the next version of a known one.
pub(crate) async fn save(home: &Home, checked: &CheckedApplication) -> anyhow::Result<Applied> {
    let store = &home.context.store;
    let application = &checked.application;
    let document = serde_json::to_value(application)?;
    let known = store.application_by_name(&application.name).await?;
    let expected = known.as_ref().map(|known| known.version);
    let (stored, outcome) = match known {
        Some(known) if known.document == document => (known, "unchanged"),
        Some(known) => {
            let version = known.version + 1;
            (StoredApplication { name: application.name.clone(), version, document, ..known }, "changed")
        }
        None => (first_version(home, application.name.clone(), document), "added"),
    };
    let now = home.context.clock.now();
    // The job comes first: an application without one could not be run, a job without one is nobody's.
    store.create_job(&stored.job, &JobState::new(application.schedule.interval, now)).await?;
    if outcome != "unchanged" {
        store.save_application(&stored, expected).await?;
        reschedule(store, home, &stored, checked).await?;
    }
    Ok(Applied { application: stored.name, job_id: stored.job.to_string(), version: stored.version, outcome })
}

fn first_version(home: &Home, name: String, document: serde_json::Value) -> StoredApplication {
    let id = runtime::clock::new_id();
    let job = JobId::new(format!("scim.{}.{id}", home.context.tenant.simple()));
    StoredApplication { id: id.to_string(), name, version: 1, document, job }
}

/// Takes a changed interval over, unless a cycle is running: the job item is its worker's.
async fn reschedule(
    store: &DynamoStore,
    home: &Home,
    stored: &StoredApplication,
    checked: &CheckedApplication,
) -> anyhow::Result<()> {
    use engine::ports::Store as _;
    let clock = &home.context.clock;
    let now = clock.now();
    let until = now.saturating_add(jiff::SignedDuration::from_secs(10))?;
    match store.acquire(&stored.job, now, until).await {
        Ok((lease, mut state)) => {
            state.interval = checked.application.schedule.interval;
            store.save(&lease, &state, &[], true).await?;
            Ok(())
        }
        Err(StoreError::Busy { .. }) => {
            tracing::warn!("a cycle is running; the new interval counts from the next apply");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

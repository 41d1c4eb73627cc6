//! Saving applications: a new one with its job, or the next version of a known one.

use connectors::application::CheckedApplication;
use engine::job::JobState;
use engine::model::JobId;
use serde::Serialize;
use serde_json::Value;
use store::StoredApplication;
use sync::cycle::make_due;

use crate::home::Home;

/// What an application is to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    Added,
    Changed,
    Unchanged,
}

/// An application as it would be saved, beside what the store has of it.
pub(super) struct Draft {
    pub(super) stored: StoredApplication,
    pub(super) outcome: Outcome,
    /// The document as it is now, and its version: whoever changed it meanwhile is not overwritten.
    pub(super) before: Option<(Value, u32)>,
}

impl Draft {
    /// Compares an application with what is stored under its name.
    pub(super) async fn of(home: &Home, checked: &CheckedApplication) -> anyhow::Result<Self> {
        let application = &checked.application;
        let document = serde_json::to_value(application)?;
        let name = application.name.clone();
        let known = home.context.store.application_by_name(&name).await?;
        let before = known.as_ref().map(|known| (known.document.clone(), known.version));
        let (stored, outcome) = match known {
            Some(known) if known.document == document => (known, Outcome::Unchanged),
            Some(known) => {
                let version = known.version + 1;
                (StoredApplication { name, version, document, ..known }, Outcome::Changed)
            }
            None => (first_version(home, name, document), Outcome::Added),
        };
        Ok(Self { stored, outcome, before })
    }

    /// Saves it, unless it is unchanged, and makes sure that its job is there.
    pub(super) async fn save(&self, home: &Home) -> anyhow::Result<()> {
        let store = &home.context.store;
        let now = home.context.clock.now();
        // The job comes first: an application without one could not be run, a job without one is nobody's.
        store.create_job(&self.stored.job, &JobState::new(now)).await?;
        if self.outcome != Outcome::Unchanged {
            let expected = self.before.as_ref().map(|(_, version)| *version);
            store.save_application(&self.stored, expected).await?;
            // A changed document is due at once; `serve` sees one that changes while its cycle runs.
            make_due(&home.context, &self.stored.job).await?;
        }
        Ok(())
    }
}

fn first_version(home: &Home, name: String, document: Value) -> StoredApplication {
    let id = runtime::clock::new_id();
    let job = JobId::new(format!("scim.{}.{id}", home.context.tenant.simple()));
    StoredApplication { id: id.to_string(), name, version: 1, document, job }
}

//! One slice of a cycle, with a source and a target of its own, as a process of its own would have.
//!
//! In: a checked application, a job, a store. Out: how the slice ended.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use connectors::application::{
    Application, CheckedApplication, Surroundings, connect_source, connect_target,
};
use engine::cycle::{Definition, Ending, GroupRules, Naming, Ports, Request};
use engine::model::JobId;
use engine::ports::{Observer, Source};
use jiff::Timestamp;
use runtime::clock::{SystemClock, SystemIds};
use secrecy::SecretString;
use store::DynamoStore;

/// What a slice needs.
pub(crate) struct Work<'a> {
    pub(crate) checked: &'a CheckedApplication,
    pub(crate) job: JobId,
    /// Where private copies of the source's files are kept, a folder for each job.
    pub(crate) folder: &'a Path,
    pub(crate) token: SecretString,
    pub(crate) store: &'a DynamoStore,
    pub(crate) observer: &'a dyn Observer,
    /// Stop between two pages once this time has come.
    pub(crate) deadline: Option<Timestamp>,
}

impl Work<'_> {
    /// Runs the slice over the source of the application.
    pub(crate) async fn run(&self) -> anyhow::Result<Ending> {
        let surroundings = Surroundings {
            base: self.folder,
            work: &self.folder.join(self.job.as_str()),
            s3: None,
            secret: None,
            uploads: None,
            mapping: &self.checked.mapping,
            groups: self.checked.groups.as_ref(),
            clock: Arc::new(SystemClock),
        };
        let source = connect_source(&self.checked.application.source, surroundings)?;
        self.run_over(source.as_ref()).await
    }

    /// Runs the slice over another source.
    pub(crate) async fn run_over(&self, source: &dyn Source) -> anyhow::Result<Ending> {
        let CheckedApplication { application, mapping, groups, .. } = self.checked;
        let clock = Arc::new(SystemClock);
        let target = connect_target(&application.target, self.token.clone(), groups.is_some(), clock)?;
        let ports = Ports {
            source,
            target: target.as_ref(),
            store: self.store,
            clock: &SystemClock,
            ids: &SystemIds,
            observer: self.observer,
        };
        let key = engine::ids::Key::new([7; 32]);
        let nested = application.nested_groups;
        let definition = Definition {
            groups: groups.clone().map(|mapping| GroupRules { mapping, nested }),
            thresholds: application.removals.thresholds(),
            cadence: application.schedule.cadence(),
            ..Definition::new(self.job.clone(), mapping.clone(), naming(), key)
        };
        let request = Request { deadline: self.deadline, ..Request::default() };
        let ending = engine::cycle::run(&ports, &definition, &request).await;
        ending.with_context(|| format!("the cycle of {} stopped", self.job.as_str()))
    }
}

/// The document of the bench's app.
pub(crate) struct Document<'a> {
    /// The file with the people.
    pub(crate) csv: &'a Path,
    /// The app.
    pub(crate) url: &'a str,
    /// Whether operations may travel in bulk requests.
    pub(crate) bulk: bool,
    /// Accounts asked for per page.
    pub(crate) page: u32,
    /// Whether the groups in `groups.csv` are provisioned too.
    pub(crate) groups: bool,
}

impl Document<'_> {
    /// As an administrator would write it.
    pub(crate) fn yaml(&self) -> String {
        let yaml = include_str!("application.yaml")
            .replace("{csv}", &self.csv.to_string_lossy())
            .replace("{url}", self.url)
            .replace("{bulk}", if self.bulk { "auto" } else { "never" })
            .replace("{page}", &self.page.to_string());
        if self.groups { yaml + "\ngroups: {}\n" } else { yaml }
    }
}

/// A document, checked.
pub(crate) fn checked(yaml: &str) -> anyhow::Result<CheckedApplication> {
    let application = Application::from_yaml(yaml, "application.yaml")?;
    application.check().map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("application.yaml: {}", problems.join("; "))
    })
}

fn naming() -> Naming {
    Naming {
        tenant_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a01".to_owned(),
        application_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a02".to_owned(),
        application_name: "Bench".to_owned(),
        source_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a03".to_owned(),
        source_name: "people.csv".to_owned(),
        target_id: "7c1f3a52-0f0c-4c43-9d6e-6d2f1f0b8a04".to_owned(),
    }
}

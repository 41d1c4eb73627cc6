//! What the pages of one application share: whose they are, and where the others are.

use super::health::Application;
use crate::Console;
use crate::asking::{Refusal, job_path, step};
use crate::session::Session;

/// The application that a page is about.
pub(crate) struct Subject {
    pub(crate) id: String,
    /// Empty where only its id is known.
    pub(crate) name: String,
    pub(crate) job: String,
    pub(crate) may_change: bool,
    /// Which of its pages this is.
    here: &'static str,
}

/// Its pages: below its address, and what they are called.
const PAGES: [(&str, &str); 6] = [
    ("", "Status"),
    ("/figures", "Figures"),
    ("/waiting", "What waits"),
    ("/provision", "Provision on demand"),
    ("/configuration", "Configuration"),
    ("/expression", "Expressions"),
];

impl Subject {
    /// The application of a path, for one of its pages.
    pub(crate) async fn read(
        console: &Console,
        session: &Session,
        id: &str,
        here: &'static str,
    ) -> Result<Self, Refusal> {
        Ok(Self::of(&application(console, session, id).await?, session, here))
    }

    pub(crate) fn of(application: &Application, session: &Session, here: &'static str) -> Self {
        Self {
            id: application.id.clone(),
            name: application.display_name.clone(),
            job: application.job().id.clone(),
            may_change: application.may_be_changed_by(&session.person),
            here,
        }
    }

    /// Where a form was sent from, which is all that is known of it.
    pub(crate) fn named(id: String, job: String, here: &'static str) -> Self {
        Self { id, name: String::new(), job, may_change: true, here }
    }

    /// The address of a page of it.
    pub(crate) fn page(&self, below: &str) -> String {
        format!("/applications/{}{below}", step(&self.id))
    }

    /// Where the API has its job, below `/v1.0/`.
    pub(crate) fn job_path(&self) -> String {
        job_path(&self.id, &self.job)
    }

    /// Where a form of it leads.
    pub(crate) fn form(&self, action: &str) -> String {
        format!("/forms/applications/{}/{action}", step(&self.id))
    }

    /// Where a form of its job leads.
    pub(crate) fn job_form(&self, action: &str) -> String {
        self.form(&format!("jobs/{}/{action}", step(&self.job)))
    }

    /// The menu: address, name, whether it is this page.
    pub(crate) fn menu(&self) -> impl Iterator<Item = (String, &'static str, bool)> + '_ {
        PAGES.iter().map(|(below, name)| (self.page(below), *name, *below == self.here))
    }
}

/// The application of a path, with its job.
pub(crate) async fn application(
    console: &Console,
    session: &Session,
    application: &str,
) -> Result<Application, Refusal> {
    console.api.get(&session.person, &format!("servicePrincipals/{}", step(application))).await
}

//! A folder as an administrator has it: a directory of people as CSV, an application file, Rollcall's data.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::command::{Said, command};

/// The columns of `people.csv`.
pub(crate) const HEADER: &str =
    "employeeId,accountEnabled,displayName,givenName,surname,mail,department,jobTitle";

/// One row of the directory.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) enabled: bool,
    pub(crate) given: String,
    pub(crate) surname: String,
    pub(crate) mail: String,
    pub(crate) department: String,
    pub(crate) title: String,
}

impl Person {
    pub(crate) fn named(id: &str, given: &str, surname: &str) -> Self {
        Self {
            id: id.into(),
            enabled: true,
            given: given.into(),
            surname: surname.into(),
            mail: format!("{}.{}@tessera.example", given.to_lowercase(), surname.to_lowercase()),
            department: "Treasury".into(),
            title: "Analyst".into(),
        }
    }

    /// So many people, one like the other.
    pub(crate) fn many(count: usize) -> Vec<Self> {
        (1..=count)
            .map(|number| Self::named(&format!("E{number:04}"), "Kim", &format!("No{number}")))
            .collect()
    }

    pub(crate) fn row(&self) -> String {
        let Self { id, enabled, given, surname, mail, department, title } = self;
        format!("{id},{enabled},{given} {surname},{given},{surname},{mail},{department},{title}")
    }
}

/// The application file of the tests, for a target. `TOKEN` in the environment holds its token.
pub(crate) fn application(url: &str) -> String {
    format!(
        r#"application: Ledgerly
source:
  file: {{ path: people.csv, id: employeeId, enabled: accountEnabled }}
target:
  scim: {{ url: "{url}", token: "env:TOKEN" }}
users:
  actions: [create, update, delete]
  attributes:
    - {{ target: userName, source: mail, matchingPriority: 1 }}
    - {{ target: externalId, source: employeeId }}
    - {{ target: active, expression: "Not([IsSoftDeleted])" }}
    - {{ target: displayName, source: displayName }}
    - {{ target: name.givenName, source: givenName }}
    - {{ target: name.familyName, source: surname }}
    - {{ target: 'emails[type eq "work"].value', source: mail }}
    - {{ target: title, source: jobTitle }}
    - {{ target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', source: department }}
"#
    )
}

/// The folder.
pub(crate) struct Office {
    folder: TempDir,
    /// The token in the environment of the command.
    pub(crate) token: RefCell<String>,
    /// What else is there.
    pub(crate) environment: RefCell<Vec<(&'static str, String)>>,
}

impl Office {
    /// A folder with an application file for a target, and nobody in the directory.
    pub(crate) fn with_app(url: &str, token: &str) -> Self {
        let office = Self::with_document(&application(url), token);
        office.people(&[]);
        office
    }

    /// A folder with an application file, and the token of its target.
    pub(crate) fn with_document(document: &str, token: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let office = Self { folder, token: RefCell::new(token.to_owned()), environment: RefCell::default() };
        office.write("ledgerly.yaml", document);
        office
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("a file can be written");
    }

    /// Writes the directory anew.
    pub(crate) fn people(&self, people: &[Person]) {
        let rows: String = people.iter().map(|person| person.row() + "\n").collect();
        self.write("people.csv", format!("{HEADER}\n{rows}"));
    }

    /// A command over this folder, to be run as it is or with more said about it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command.current_dir(self.folder.path()).env("TOKEN", &*self.token.borrow());
        command.envs(self.environment.borrow().iter().map(|(name, value)| (name, value)));
        command.arg("--data-dir").arg(self.path("data")).args(arguments);
        command
    }

    pub(crate) fn rollcall(&self, arguments: &[&str]) -> Said {
        Said::by(&mut self.command(arguments))
    }

    #[track_caller]
    pub(crate) fn apply(&self) {
        self.rollcall(&["apply", "ledgerly.yaml"]).exits(0);
    }

    /// Saved without a look at source and app, for a story in which one of them cannot be read.
    #[track_caller]
    pub(crate) fn apply_offline(&self) {
        self.rollcall(&["apply", "--offline", "ledgerly.yaml"]).exits(0);
    }

    /// A cycle that is expected to succeed; its figures.
    #[track_caller]
    pub(crate) fn cycle(&self) -> Value {
        self.rollcall(&["cycle", "Ledgerly", "--json"]).exits(0).json()["figures"].clone()
    }

    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        self.rollcall(&["status", "Ledgerly", "--json"]).exits(0).json()
    }

    /// Provisioning records, newest first.
    #[track_caller]
    pub(crate) fn logs(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments = [&["logs", "--format", "json", "--limit", "1000"], arguments].concat();
        let found = self.rollcall(&arguments).exits(0).json();
        found.as_array().expect("records are a list").clone()
    }
}

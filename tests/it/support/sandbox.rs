//! The sandbox app inside the test process, so that a test can look into it and spoil it.

use serde_json::Value;
use testkit::sandbox::{Sandbox, Settings};
use tokio::runtime::Runtime;

use super::office::{Office, Person};

/// A running sandbox and the threads it runs on.
pub(crate) struct App {
    pub(crate) sandbox: Sandbox,
    _threads: Runtime,
}

impl App {
    pub(crate) fn start() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let threads = Runtime::new().expect("threads can be started");
        let sandbox = threads.block_on(Sandbox::start(settings)).expect("a port is free");
        Self { sandbox, _threads: threads }
    }

    /// An office whose people have their accounts: applied, and one cycle run. Counters begin at zero.
    #[track_caller]
    pub(crate) fn with_accounts(&self, people: &[Person]) -> Office {
        let office = self.office();
        office.people(people);
        office.apply();
        assert_eq!(office.cycle()["created"], people.len());
        self.sandbox.reset_counters();
        office
    }

    /// An office with an application file for this app, not yet applied.
    pub(crate) fn office(&self) -> Office {
        Office::with_app(&self.sandbox.base_url(), self.sandbox.token())
    }

    /// Who has an account, and which are switched on, in the order of their names.
    pub(crate) fn accounts(&self) -> Vec<(String, bool)> {
        let account = |user: &Value| {
            (user["userName"].as_str().unwrap_or_default().to_owned(), user["active"] == Value::Bool(true))
        };
        let mut accounts: Vec<_> = self.sandbox.users().iter().map(account).collect();
        accounts.sort();
        accounts
    }
}

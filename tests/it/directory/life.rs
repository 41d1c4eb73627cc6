//! One person's life as it shows: in the app, and in the log.

use serde_json::{Value, json};

use super::world::World;

pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What stays the same all along: whose life it is, and in which account.
pub(super) struct Life<'a, D> {
    world: &'a World<D>,
    number: &'a str,
    /// What the directory calls the person, for good.
    source: String,
    /// What the app calls the account.
    pub(super) account: String,
}

impl<'a, D> Life<'a, D> {
    /// The life of whoever has an employee number, and an account.
    #[track_caller]
    pub(super) fn of(world: &'a World<D>, number: &'a str, source: String) -> Self {
        let account = world.account(number).expect("there is an account");
        let account = account["id"].as_str().expect("an account has an id").to_owned();
        Self { world, number, source, account }
    }

    /// The account, as the app shows it.
    #[track_caller]
    pub(super) fn now(&self) -> Value {
        self.world.account(self.number).expect("there is an account")
    }

    /// Runs a cycle, and ends the test unless it did this one thing and changed what is expected, and nothing else.
    #[track_caller]
    pub(super) fn goes_on(&self, figure: &str, expected: impl FnOnce(&mut Value)) {
        let mut wanted = content(self.now());
        expected(&mut wanted);
        let figures = self.world.office.cycle();
        assert_eq!([&figures[figure], &figures["targetCalls"]], [&json!(1), &json!(1)], "{figures:#}");
        assert_eq!(content(self.now()), wanted);
        assert_eq!(wanted["id"], self.account);
    }

    /// Ends the test unless the log tells this life, whichever way it is asked.
    #[track_caller]
    pub(super) fn is_told_as(&self, actions: &[&str], names: &[&str]) {
        let told = self.is_told_by_ids_as(actions);
        for name in names {
            assert_eq!(self.world.office.logs(&["--name", name]), told, "--name {name}");
        }
    }

    /// The same, asked by the person's id and by the account's. Returns the records, newest first.
    #[track_caller]
    pub(super) fn is_told_by_ids_as(&self, actions: &[&str]) -> Vec<Value> {
        let office = &self.world.office;
        let told = office.logs(&["--source-id", &self.source]);
        let done: Vec<_> = told.iter().rev().map(|record| &record["provisioningAction"]).collect();
        assert_eq!(done, actions);
        for record in &told {
            assert_eq!(record["provisioningStatusInfo"]["status"], "success");
            assert_eq!(record["sourceIdentity"]["id"], self.source);
            assert_eq!(record["targetIdentity"]["id"], self.account);
        }
        assert_eq!(office.logs(&["--target-id", &self.account]), told);
        told
    }
}

/// An account without what the server itself writes into it.
pub(super) fn content(mut account: Value) -> Value {
    account.as_object_mut().expect("an account is an object").remove("meta");
    account
}

//! Bad input: files that are broken, cut or misspelled, and apps that do not answer as they should.
//!
//! Whatever it is, one message names the place and the cure, nothing changes that should not, and nobody is removed.

mod app;
mod document;
mod file;

use serde_json::{Value, json};
use testkit::sandbox::Counters;

use crate::support::{App, Office, Person, Said};

fn three() -> Vec<Person> {
    vec![
        Person::named("E1", "Nadia", "Okoye"),
        Person::named("E2", "Omar", "Berg"),
        Person::named("E3", "Lena", "Moreau"),
    ]
}

fn cycle(office: &Office) -> Said {
    office.rollcall(&["cycle", "Ledgerly"])
}

/// The source is refused: usage error, the app hears nothing, everyone keeps the account, and the status says why.
#[track_caller]
fn refuses(app: &App, office: &Office, file: impl AsRef<[u8]>, words: &[&str]) {
    let before = app.sandbox.users();
    office.write("people.csv", file);
    let said = cycle(office).exits(2).says(words).says(&["people.csv"]);
    assert_eq!(app.sandbox.users(), before);
    assert_eq!(app.sandbox.counters(), Counters::default(), "the app hears nothing");
    let status = office.status();
    assert_eq!(status["code"], "Quarantine");
    assert_eq!(status["quarantine"]["reason"], "IngestionInterrupted");
    assert_eq!(status["quarantine"]["message"], said.message(), "the status says the same");
    assert_eq!(status["counts"]["linked"], before.len());
    assert_eq!(status["counts"]["staged"], 0);
}

/// Once the file is whole again, so is the job; and nobody was lost on the way.
#[track_caller]
fn recovers(app: &App, office: &Office, people: &[Person]) {
    let before = app.accounts();
    office.people(people);
    let figures = office.cycle();
    assert_eq!([&figures["created"], &figures["deleted"], &figures["disabled"]], [0, 0, 0], "{figures}");
    assert_eq!(app.accounts(), before);
    let status = office.status();
    assert_eq!([&status["code"], &status["quarantine"]], [&json!("Active"), &Value::Null]);
}

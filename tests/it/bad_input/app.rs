//! Apps that do not answer as they should.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::sandbox::{Counters, Does, Fault, Faults, Kind, Quirks, Settings};

use super::{cycle, three};
use crate::support::{App, Person, Said};

/// The app as a whole does not do its part: the cycle stops, the job is in quarantine with the sentence that the
/// command said, everyone keeps the account; and when the app is well again, so is the job.
#[track_caller]
fn stops_and_recovers(faults: Faults, words: &[&str]) {
    let app = App::start();
    let office = app.with_accounts(&three());
    let before = app.sandbox.users();
    app.sandbox.set_faults(faults);
    let kofi = Person::named("E4", "Kofi", "Mensah");
    let now = [&three()[..2], &[kofi]].concat();
    office.people(&now);
    let said = cycle(&office).exits(1).says(words);
    assert!(!said.err.contains(app.sandbox.token()), "{}", said.err);
    assert_eq!(app.sandbox.users(), before);
    let status = office.status();
    assert_eq!([&status["code"], &status["running"]], [&json!("Quarantine"), &json!(false)]);
    assert_eq!(status["quarantine"]["reason"], "EncounteredQuarantineException");
    for words in words {
        assert!(status["quarantine"]["message"].as_str().unwrap().contains(words), "{status}");
    }
    // Again, and still nobody is lost.
    cycle(&office).exits(1);
    assert_eq!(app.sandbox.users(), before);

    app.sandbox.set_faults(Faults::default());
    let told = Said::by(office.command(&["cycle", "Ledgerly"]).env("ROLLCALL_LOG", "info"));
    assert!(told.err.contains("Job Recovered"), "{told:?}");
    // The cycle that was stopped ends first; what had failed in it is tried again in the one after.
    office.cycle();
    assert_eq!(office.status()["quarantine"], Value::Null);
    let names: Vec<String> = app.accounts().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["kofi.mensah@tessera.example", "nadia.okoye@tessera.example", "omar.berg@tessera.example"]
    );
}

#[test]
fn an_app_without_users_at_its_address_stops_the_cycle() {
    let missing = Faults { collection_missing: true, ..Faults::default() };
    stops_and_recovers(missing, &["no users at this address", "404", "SCIM endpoint"]);
}

#[test]
fn an_app_that_answers_with_a_web_page_stops_the_cycle() {
    let html = Faults { html: true, ..Faults::default() };
    stops_and_recovers(html, &["not SCIM", "web page", "check that url"]);
}

#[test]
fn a_token_that_is_refused_stops_the_cycle() {
    let refused = Faults { unauthorized: true, ..Faults::default() };
    stops_and_recovers(refused, &["did not accept the token", "401", "renew it"]);
}

#[test]
fn an_app_that_is_empty_handed_at_the_first_cycle_makes_nobody() {
    for faults in [
        Faults { collection_missing: true, ..Faults::default() },
        Faults { html: true, ..Faults::default() },
        Faults { unauthorized: true, ..Faults::default() },
    ] {
        let app = App::with(Settings { faults, ..Settings::default() });
        let office = app.office();
        office.people(&three());
        office.apply_offline();
        cycle(&office).exits(1);
        assert!(app.sandbox.users().is_empty());
        let status = office.status();
        assert_eq!(status["quarantine"]["reason"], "EncounteredQuarantineException");
        assert_eq!(status["initialCycleCompleted"], false);
        assert!(office.logs(&["--status", "success"]).is_empty());
        app.sandbox.set_faults(Faults::default());
        assert_eq!(office.cycle()["created"], 3);
        assert_eq!(office.status()["code"], "Active");
    }
}

#[test]
fn a_wrong_token_is_cured_by_the_right_one_in_its_place() {
    let app = App::start();
    let office = app.office();
    office.people(&three());
    office.apply();
    office.token.replace("wrong-token".into());
    let said = cycle(&office).exits(1).says(&["did not accept the token", "401"]);
    assert!(!said.err.contains("wrong-token"), "{}", said.err);
    assert_eq!(office.status()["quarantine"]["reason"], "EncounteredQuarantineException");
    office.token.replace(app.sandbox.token().to_owned());
    let told = Said::by(office.command(&["cycle", "Ledgerly"]).env("ROLLCALL_LOG", "info")).exits(0);
    assert!(told.err.contains("Job Recovered"), "{}", told.err);
    assert_eq!(app.accounts().len(), 3);
}

#[test]
fn a_token_that_is_not_there_is_asked_for_by_the_name_of_its_variable() {
    let app = App::start();
    let office = app.with_accounts(&three());
    Said::by(office.command(&["cycle", "Ledgerly"]).env_remove("TOKEN"))
        .exits(1)
        .says(&["env:TOKEN", "is not set"]);
    assert_eq!(app.sandbox.counters(), Counters::default());
    // Whoever was not watching finds it in the status, until a cycle with the token proves the app's health.
    let status = office.status();
    assert_eq!(status["quarantine"]["reason"], "EncounteredQuarantineException");
    assert!(status["quarantine"]["message"].as_str().unwrap().contains("env:TOKEN"), "{status}");
    office.cycle();
    assert_eq!(office.status()["code"], "Active");
}

#[test]
fn an_app_that_nobody_answers_for_stops_the_cycle_with_its_address() {
    let app = App::start();
    let office = app.with_accounts(&three());
    let address = app.sandbox.base_url();
    drop(app);
    office.people(&three()[..2]);
    let host = address.trim_start_matches("http://").trim_end_matches("/scim/v2").to_owned();
    let said = cycle(&office).exits(1);
    let message = office.status()["quarantine"]["message"].clone();
    assert!(message.as_str().unwrap().contains("/Users"), "{message} of {host}");
    assert!(
        said.message().contains("could not be reached") || said.message().contains("refused"),
        "{said:?}"
    );
    assert_eq!(office.status()["counts"]["linked"], 3);
}

#[test]
fn lists_that_spell_their_names_and_numbers_in_another_way_are_read() {
    let quirks = Quirks { lowercase_resources: true, total_results_as_text: true, ..Quirks::default() };
    let app = App::with(Settings { quirks, ..Settings::default() });
    app.sandbox.seed(vec![json!({ "userName": "nadia.okoye@tessera.example", "active": true })]).unwrap();
    let office = app.office();
    office.people(&three());
    office.apply();
    let figures = office.cycle();
    assert_eq!([&figures["created"], &figures["updated"], &figures["failed"]], [2, 1, 0], "{figures}");
    assert_eq!(app.accounts().len(), 3);
}

#[test]
fn an_answer_that_gets_lost_makes_nobody_twice() {
    let app =
        App::with(Settings { quirks: Quirks { no_bulk: true, ..Quirks::default() }, ..Settings::default() });
    let lost = vec![Fault { on: Kind::Create, does: Does::DropAnswer }];
    app.sandbox.set_faults(Faults { next: lost, timeout_millis: 500, ..Faults::default() });
    let office = app.office();
    office.people(&three());
    office.apply();
    let said = cycle(&office);
    assert!(matches!(said.code, Some(0 | 3)), "{said:?}");
    assert_eq!(app.accounts().len(), 3, "the account whose creation got no answer is there once");
}

#[test]
fn an_app_that_throttles_is_waited_for_as_long_as_it_asks() {
    let app =
        App::with(Settings { quirks: Quirks { no_bulk: true, ..Quirks::default() }, ..Settings::default() });
    let next = vec![Fault { on: Kind::Create, does: Does::RetryAfter(1) }];
    app.sandbox.set_faults(Faults { next, ..Faults::default() });
    let office = app.office();
    office.people(&three());
    office.apply();
    let before = std::time::Instant::now();
    assert_eq!(office.cycle()["created"], 3);
    assert!(before.elapsed() >= Duration::from_secs(1));
    assert_eq!(app.sandbox.counters().throttled, 1);
}

//! Application files that are misspelled, unsafe or impossible.

use serde_json::json;
use testkit::sandbox::Counters;

use super::three;
use crate::support::{App, Said, application};

/// An application file is refused: usage error, one message with these words, nothing saved, nobody called.
#[track_caller]
fn is_not_saved(from: &str, to: &str, words: &[&str]) -> Said {
    let app = App::start();
    let office = app.office();
    let sound = application(&app.sandbox.base_url());
    assert!(sound.contains(from), "{from}");
    office.write("ledgerly.yaml", sound.replace(from, to));
    let said = office.rollcall(&["apply", "ledgerly.yaml"]).exits(2).says(words).says(&["ledgerly.yaml"]);
    assert_eq!(office.rollcall(&["status", "--json"]).exits(0).json(), json!([]));
    assert_eq!(app.sandbox.counters(), Counters::default());
    said
}

#[test]
fn a_key_that_is_not_known_is_refused_where_it_stands() {
    is_not_saved(
        "path: people.csv",
        "pth: people.csv",
        &["line 3", "'pth' is not known", "path, id, enabled"],
    );
    is_not_saved("users:", "people:", &["line 6", "'people' is not known", "users"]);
}

#[test]
fn a_mapping_to_an_attribute_that_only_the_app_may_write_is_refused() {
    is_not_saved("target: title,", "target: id,", &["users.attributes[7]", "'id'"]);
    is_not_saved("target: title,", "target: meta.created,", &["users.attributes[7]", "meta"]);
}

#[test]
fn a_mapping_to_an_attribute_that_does_not_exist_is_refused_with_a_suggestion() {
    is_not_saved(
        "target: title,",
        "target: titles,",
        &["users.attributes[7]", "'titles'", "did you mean 'title'?"],
    );
}

#[test]
fn a_token_in_the_file_is_refused_and_not_repeated() {
    for token in ["hunter2", "Bearer hunter2", "env:hunter2-with-dashes"] {
        let said = is_not_saved("env:TOKEN", token, &["target.scim.token"]);
        assert!(!said.err.contains("hunter2") && !said.out.contains("hunter2"), "{said:?}");
    }
}

#[test]
fn a_source_system_that_is_not_known_is_refused_with_those_that_are() {
    is_not_saved("file: {", "vault: {", &["line 3", "'vault' is not known", "accepted: file"]);
}

#[test]
fn an_address_without_encryption_outside_this_machine_is_refused() {
    is_not_saved("http://127.0.0.1", "http://ledgerly.example", &["target.scim.url", "https"]);
}

#[test]
fn a_file_that_is_no_yaml_or_not_there_is_refused() {
    is_not_saved("users:", "users: [", &["line"]);
    let app = App::start();
    let office = app.office();
    let said = office.rollcall(&["apply", "ledgrly.yaml"]);
    assert!(matches!(said.code, Some(1 | 2)), "{said:?}");
    said.says(&["cannot read ledgrly.yaml"]);
}

#[test]
fn of_two_files_one_of_which_is_bad_none_is_saved() {
    let app = App::start();
    let office = app.office();
    let sound = application(&app.sandbox.base_url());
    office
        .write("second.yaml", sound.replace("Ledgerly", "Second").replace("jobTitle", "jobTitle, sauce: x"));
    for files in [["ledgerly.yaml", "second.yaml"], ["second.yaml", "ledgerly.yaml"]] {
        office.rollcall(&["apply", files[0], files[1]]).exits(2).says(&["second.yaml", "'sauce'"]);
        assert_eq!(office.rollcall(&["status", "--json"]).exits(0).json(), json!([]));
    }
    office.write("second.yaml", sound.replace("Ledgerly", "Second"));
    office.rollcall(&["apply", "ledgerly.yaml", "second.yaml"]).exits(0);
    assert_eq!(office.rollcall(&["status", "--json"]).json().as_array().unwrap().len(), 2);
}

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let app = App::start();
    let office = app.office();
    let sound = application(&app.sandbox.base_url());
    office.write(
        "ledgerly.yaml",
        sound.replace("target: title,", "target: titel,").replace("env:TOKEN", "hunter2"),
    );
    let said = office.rollcall(&["apply", "ledgerly.yaml"]).exits(2);
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(lines.len(), 2, "{said:?}");
    assert!(lines.iter().all(|line| line.starts_with("rollcall: ledgerly.yaml: ")), "{said:?}");
}

#[test]
fn a_changed_file_that_is_bad_leaves_the_saved_one_at_work() {
    let app = App::start();
    let office = app.with_accounts(&three());
    office
        .write("ledgerly.yaml", application(&app.sandbox.base_url()).replace("matchingPriority", "priority"));
    office.rollcall(&["apply", "ledgerly.yaml"]).exits(2).says(&["'priority'", "matchingPriority"]);
    office.people(&three()[..2]);
    assert_eq!(office.cycle()["deleted"], 1);
}

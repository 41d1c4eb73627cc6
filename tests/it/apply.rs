//! `rollcall apply`: what would happen is shown before anything is saved, and who may say yes.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use testkit::sandbox::{Counters, Faults};

use crate::support::{App, Office, Person, Said, application};

fn two() -> Vec<Person> {
    vec![Person::named("E1", "Nadia", "Okoye"), Person::named("E2", "Omar", "Berg")]
}

fn apply(office: &Office, flags: &[&str]) -> Said {
    office.rollcall(&[&["apply", "ledgerly.yaml"], flags].concat())
}

/// Writes the application file with one thing replaced by another.
#[track_caller]
fn edit(app: &App, office: &Office, from: &str, to: &str) {
    let sound = application(&app.sandbox.base_url());
    assert!(sound.contains(from), "{from}");
    office.write("ledgerly.yaml", sound.replace(from, to));
}

fn saved(office: &Office) -> usize {
    office.rollcall(&["status", "--json"]).exits(0).json().as_array().expect("a list").len()
}

/// Whether the version that is saved is this one: applying the file again says so.
#[track_caller]
fn version(office: &Office) -> Value {
    apply(office, &["--dry-run", "--json"]).exits(0).json()[0]["version"].clone()
}

#[track_caller]
fn holds(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "'{words}' should be in:\n{text}");
    }
}

#[test]
fn a_new_application_says_whom_it_would_create_and_take_over_before_it_is_saved() {
    let app = App::start();
    app.sandbox.seed(vec![json!({ "userName": "OMAR.BERG@tessera.example" })]).unwrap();
    let office = app.office();
    office.people(&two());

    let said = apply(&office, &[]).exits(0);

    holds(&said.out, &["Ledgerly is new.", "reads 2 people, 2 of them in scope"]);
    holds(&said.out, &["created: Nadia Okoye", "taken over: Omar Berg", "updated: Omar Berg"]);
    holds(&said.out, &["Nobody would lose an account.", "Ledgerly: added, version 1"]);
    let asked = app.sandbox.counters();
    assert_eq!((asked.total, asked.list), (1, 1), "one listing, and nothing else: {asked:?}");
    assert_eq!(office.cycle()["created"], 1);
    let left = std::fs::read_dir(office.path("data").join("work")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        left.iter().all(|name| !name.contains("preview")),
        "no copy of the people stays behind: {left:?}"
    );
}

#[test]
fn a_dry_run_shows_the_same_and_saves_nothing() {
    let app = App::start();
    let office = app.office();
    office.people(&two());
    let said = apply(&office, &["--dry-run"]).exits(0);
    holds(&said.out, &["created: Nadia Okoye, Omar Berg", "Nothing was saved."]);
    let json = apply(&office, &["--dry-run", "--json"]).exits(0).json();
    assert_eq!([&json[0]["saved"], &json[0]["outcome"]], [&json!(false), &json!("added")]);
    assert_eq!(json[0]["consequences"]["joining"], 2);
    assert_eq!(saved(&office), 0);
    apply(&office, &["--dry-run", "--yes"]).exits(2);
}

#[test]
fn a_changed_mapping_shows_what_differs_and_which_attributes_it_rewrites() {
    let app = App::start();
    let office = app.with_accounts(&two());
    edit(&app, &office, "target: title, source: jobTitle", "target: title, source: department");

    let said = apply(&office, &[]).exits(0);

    holds(&said.out, &["users.attributes[title].source: jobTitle → department", "updated: Nadia Okoye"]);
    let row = said.out.lines().find(|line| line.starts_with("│ title")).unwrap_or_default();
    assert!(row.contains("┆ 2"), "{}", said.out);
    assert_eq!(app.sandbox.counters().patch, 0);
    assert_eq!(office.cycle()["updated"], 2);
    assert_eq!(app.sandbox.counters().patch + app.sandbox.counters().bulk_operations, 2);
}

#[test]
fn where_nobody_can_be_asked_nobody_loses_an_account_without_yes() {
    let app = App::start();
    let office = app.with_accounts(&two());
    let mut people = two();
    people[1].enabled = false;
    office.people(&people[..]);
    edit(&app, &office, "target: title, source: jobTitle", "target: title, source: department");

    let said = apply(&office, &[]).exits(4).says(&[
        "the next cycle of Ledgerly would switch off 1 and delete 0 of its accounts",
        "Nothing was saved; --yes",
    ]);
    holds(&said.out, &["switched off: Omar Berg", "1 person would lose the account"]);
    let said = apply(&office, &["--json"]).exits(4);
    assert_eq!(said.json()[0]["saved"], false);
    assert_eq!(said.json()[0]["consequences"]["samples"]["switchedOff"], json!(["Omar Berg"]));
    assert!(serde_json::from_str::<Value>(&said.err).unwrap()["error"]["message"].is_string());
    assert_eq!(version(&office), 2, "still the next one to come");

    holds(&apply(&office, &["--yes"]).exits(0).out, &["Ledgerly: changed, version 2"]);
    holds(&apply(&office, &[]).exits(0).out, &["Ledgerly: unchanged, version 2"]);
    assert_eq!(office.cycle()["disabled"], 1);
}

#[test]
fn what_the_guard_would_hold_is_said_before() {
    let app = App::start();
    let office = app.with_accounts(&Person::many(12));
    let mut people = Person::many(12);
    people[..3].iter_mut().for_each(|person| person.enabled = false);
    office.people(&people);
    let sound = application(&app.sandbox.base_url());
    office.write("ledgerly.yaml", sound + "removals: { atLeast: 2 }\n");
    let said = apply(&office, &["--yes"]).exits(0);
    holds(
        &said.out,
        &["The guard would hold", "rollcall cycle Ledgerly --allow-removals", "3 removals are 25 %"],
    );
    office.rollcall(&["cycle", "Ledgerly"]).exits(4);
}

#[test]
fn what_cannot_be_looked_at_is_not_saved_unless_nobody_looks() {
    let app = App::start();
    let office = app.office();
    office.people(&two());
    let refused = |code: i32, words: &[&str]| {
        apply(&office, &[]).exits(code).says(words).says(&["Nothing was saved", "--offline"]);
        assert_eq!(saved(&office), 0);
    };
    app.sandbox.set_faults(Faults { unauthorized: true, ..Faults::default() });
    refused(1, &["Ledgerly", "the target did not accept", "401"]);
    app.sandbox.set_faults(Faults::default());
    office.write("people.csv", "employeeId,accountEnabled,mail\nE1,true,a@tessera.example\n");
    refused(2, &["people.csv", "the mapping reads"]);
    std::fs::remove_file(office.path("people.csv")).unwrap();
    refused(1, &["people.csv"]);
    let said = Said::by(office.command(&["apply", "ledgerly.yaml"]).env_remove("TOKEN")).exits(1);
    said.says(&["env:TOKEN", "--offline"]);

    app.sandbox.reset_counters();
    let said = apply(&office, &["--offline"]).exits(0);
    holds(&said.out, &["Nothing was looked at", "Ledgerly: added, version 1"]);
    assert_eq!(app.sandbox.counters(), Counters::default());
}

#[test]
fn a_document_that_says_the_same_or_only_when_costs_no_reading() {
    let app = App::start();
    let office = app.with_accounts(&two());
    std::fs::remove_file(office.path("people.csv")).unwrap();
    holds(&apply(&office, &[]).exits(0).out, &["Ledgerly: unchanged, version 1"]);
    let sound = application(&app.sandbox.base_url());
    office.write("ledgerly.yaml", sound + "schedule: { interval: 2h }\n");
    let said = apply(&office, &[]).exits(0);
    holds(
        &said.out,
        &["schedule.interval: nothing → 2h", "changes nothing for anybody", "changed, version 2"],
    );
    assert_eq!(app.sandbox.counters(), Counters::default());
}

#[test]
fn two_files_of_one_application_are_refused() {
    let app = App::start();
    let office = app.office();
    office.write("second.yaml", application(&app.sandbox.base_url()).replace("Ledgerly", "LEDGERLY"));
    let said = office.rollcall(&["apply", "ledgerly.yaml", "second.yaml"]).exits(2);
    said.says(&["second.yaml", "'LEDGERLY' is described by another of these files"]);
    assert_eq!(saved(&office), 0);
}

/// Runs a command on a terminal of its own, and answers its question.
const TERMINAL: &str = "
import os, pty, sys
answer = sys.argv[1].encode() + b'\\n'
process, terminal = pty.fork()
if process == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown = b''
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    if b'[y/N] ' in shown and answer:
        os.write(terminal, answer)
        answer = b''
_, status = os.waitpid(process, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
";

#[track_caller]
fn answering(office: &Office, answer: &str) -> Said {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python");
    let asked = office.command(&["apply", "ledgerly.yaml"]);
    let mut terminal = Command::new(python);
    terminal.args(["-c", TERMINAL, answer]).arg(asked.get_program()).args(asked.get_args());
    terminal.current_dir(asked.get_current_dir().expect("an office has a folder"));
    for (name, value) in asked.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    Said::by(&mut terminal)
}

#[test]
fn on_a_terminal_a_person_decides_and_only_a_yes_is_one() {
    let app = App::start();
    let office = app.office();
    office.people(&two());
    for answer in ["n", "", "perhaps"] {
        let said = answering(&office, answer).exits(2);
        holds(&said.out, &["created: Nadia Okoye, Omar Berg", "Save? [y/N]", "Nothing was saved."]);
        assert_eq!(saved(&office), 0);
    }
    holds(&answering(&office, "Yes").exits(0).out, &["Ledgerly: added, version 1"]);
    let again = answering(&office, "n").exits(0);
    assert!(!again.out.contains("Save?"), "there is nothing to ask: {}", again.out);
}

//! The command line itself: what it teaches, how it ends, and what it writes for programs.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::sandbox::{Quirks, Settings};

use crate::support::{App, Office, Person, Said, command};

/// An office without an app: nothing in it is ever called.
fn idle() -> Office {
    Office::with_app("http://127.0.0.1:9/scim/v2", "token")
}

#[test]
fn help_teaches_the_commands_and_what_to_try_first() {
    let help = Said::by(command().arg("--help")).exits(0);
    assert!(help.err.is_empty());
    insta::assert_snapshot!(help.out);
}

#[test]
fn every_command_explains_itself() {
    for name in [
        "demo", "apply", "cycle", "status", "logs", "jobs", "doctor", "login", "explain", "expr", "import",
        "mail", "schema", "sandbox",
    ] {
        let long = Said::by(command().args([name, "--help"])).exits(0);
        assert!(long.out.contains(&format!("Usage: rollcall {name}")), "{}", long.out);
        let first = long.out.lines().next().unwrap_or_default();
        assert!(first.len() > 15, "{name} says what it does: {first}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_possible() {
    let unknown = Said::by(command().arg("aply")).exits(2);
    assert!(unknown.err.contains("'apply'"), "{}", unknown.err);
    let none = Said::by(&mut command()).exits(2);
    assert!(none.err.contains("Commands:"), "{}", none.err);
    let both = idle().rollcall(&["logs", "--name", "nadia", "--source-id", "E1"]).exits(2);
    assert!(both.err.contains("cannot be used with"), "{}", both.err);
}

#[test]
fn a_job_that_is_not_there_is_answered_with_those_that_are() {
    let office = idle();
    for arguments in [["cycle", "Ledgrly"], ["status", "Ledgrly"], ["logs", "Ledgrly"]] {
        office.rollcall(&arguments).exits(2).says(&["'Ledgrly'", "there is none yet", "rollcall apply FILE"]);
    }
    office.apply();
    for arguments in [["cycle", "Ledgrly"], ["status", "Ledgrly"], ["logs", "Ledgrly"]] {
        office.rollcall(&arguments).exits(2).says(&["'Ledgrly'", "known are Ledgerly"]);
    }
}

#[test]
fn a_job_answers_to_the_name_of_its_application_and_to_its_id() {
    let office = idle();
    office.apply();
    let status = office.status();
    let id = status["jobId"].as_str().unwrap();
    assert_eq!(office.rollcall(&["status", id, "--json"]).exits(0).json(), status);
    assert_eq!([&status["code"], &status["application"]], [&json!("NotRun"), &json!("Ledgerly")]);
}

#[test]
fn a_folder_where_nothing_was_saved_says_what_to_do_first() {
    let office = idle();
    assert!(office.rollcall(&["status"]).exits(0).out.contains("rollcall apply FILE"));
    assert_eq!(office.rollcall(&["status", "--json"]).exits(0).json(), json!([]));
    assert!(office.rollcall(&["logs"]).exits(0).out.contains("Nothing found"));
    assert!(office.logs(&[]).is_empty());
}

#[test]
fn applying_says_what_it_did() {
    let office = idle();
    let apply = || office.rollcall(&["apply", "ledgerly.yaml"]).exits(0).out;
    assert!(apply().contains("Ledgerly: added, version 1"));
    assert!(apply().contains("Ledgerly: unchanged, version 1"));
    let text = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    office.write("ledgerly.yaml", text + "schedule: { interval: 2h }\n");
    assert!(apply().contains("Ledgerly: changed, version 2"));
    let json = office.rollcall(&["apply", "ledgerly.yaml", "--json"]).exits(0).json();
    assert_eq!([&json[0]["outcome"], &json[0]["version"]], [&json!("unchanged"), &json!(2)]);
}

#[test]
fn errors_for_programs_are_json_too() {
    let said = idle().rollcall(&["cycle", "Ledgerly", "--json"]).exits(2);
    let error: Value = serde_json::from_str(&said.err).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("'Ledgerly'"), "{error}");
    assert!(said.out.is_empty());
}

#[test]
fn since_takes_times_and_ages_and_explains_itself_otherwise() {
    let app = App::start();
    let office = app.with_accounts(&Person::many(2));
    for since in ["1h", "7d", "30m", "2000-01-01T00:00:00Z"] {
        assert_eq!(office.logs(&["--since", since]).len(), 2, "{since}");
    }
    assert!(office.logs(&["--since", "2999-01-01T00:00:00Z"]).is_empty());
    for since in ["yesterday", "7", "", "7 fortnights", "99999999999999d"] {
        let said = office.rollcall(&["logs", "--since", since]).exits(2);
        said.says(&[&format!("--since '{since}'"), "2026-03-01T08:00:00Z", "2h or 7d"]);
    }
}

#[test]
fn a_name_too_short_or_too_common_to_look_for_is_refused_with_what_to_give_instead() {
    let app = App::start();
    let office = app.with_accounts(&Person::many(150));
    office.rollcall(&["logs", "--name", "k"]).exits(2).says(&["'k' is too short", "at least two letters"]);
    office
        .rollcall(&["logs", "--name", "kim"])
        .exits(2)
        .says(&["people are called 'kim…'", "give more letters"]);
    assert_eq!(office.logs(&["--name", "no77"]).len(), 1);
}

#[test]
fn csv_has_a_row_for_each_record_and_28_columns() {
    let app = App::start();
    let mut people = Person::many(3);
    people[1].surname = "Okoye \"the \u{2014} first\"".into();
    people[1].mail = "okoye@tessera.example".into();
    let office = app.office();
    let rows: Vec<String> =
        people.iter().map(|person| person.row().replace("Okoye \"the", "Okoye the")).collect();
    office.write("people.csv", format!("{}\n{}\n", crate::support::HEADER, rows.join("\n")));
    office.apply();
    office.rollcall(&["cycle", "Ledgerly"]);
    let csv = office.rollcall(&["logs", "--format", "csv"]).exits(0).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.len(), 28);
    assert_eq!([&header[0], &header[6], &header[27]], ["id", "action", "initiatorName"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let records = office.logs(&[]);
    assert_eq!(rows.len(), records.len());
    for (row, record) in rows.iter().zip(&records) {
        assert_eq!(row.len(), 28);
        assert_eq!(row[0], *record["id"].as_str().unwrap());
        assert_eq!(row[19], *record["sourceIdentity"]["id"].as_str().unwrap());
        assert_eq!(row[21], *record["sourceIdentity"]["displayName"].as_str().unwrap());
    }
}

#[test]
fn a_name_that_a_spreadsheet_would_run_is_made_harmless_in_csv_and_left_alone_elsewhere() {
    let app = App::start();
    let office = app.office();
    let names = ["=HYPERLINK(1)", "+49", "-1", "@SUM"];
    let people: Vec<Person> = names
        .iter()
        .enumerate()
        .map(|(number, name)| Person {
            mail: format!("p{number}@tessera.example"),
            ..Person::named(&format!("E{number}"), name, "X")
        })
        .collect();
    office.people(&people);
    office.apply();
    assert_eq!(office.cycle()["created"], 4);
    let csv = office.rollcall(&["logs", "--format", "csv"]).exits(0).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut shown: Vec<String> = reader.records().map(|row| row.unwrap()[21].to_owned()).collect();
    shown.sort();
    assert_eq!(shown, ["'+49 X", "'-1 X", "'=HYPERLINK(1) X", "'@SUM X"]);
    assert_eq!(app.sandbox.user_by_name("p0@tessera.example").unwrap()["displayName"], "=HYPERLINK(1) X");
}

#[test]
fn names_are_found_without_regard_to_case_and_accents() {
    let app = App::start();
    let office = app.office();
    let mut tomas = Person::named("E1", "Tomás", "Søndergaard-Yılmaz");
    tomas.mail = "tomas@tessera.example".into();
    office.people(&[tomas, Person::named("E2", "Omar", "Berg")]);
    office.apply();
    office.cycle();
    for name in ["tomas", "TOMÁS", "tom", "yılmaz", "tomás s"] {
        let found = office.logs(&["--name", name]);
        assert_eq!(found.len(), 1, "--name {name}");
        assert_eq!(found[0]["sourceIdentity"]["id"], "E1");
    }
    assert!(office.logs(&["--name", "mas"]).is_empty(), "words are found by their beginnings");
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let app = App::start();
    let office = app.with_accounts(&Person::many(150));
    // More than a pipe holds; the reader takes a line and goes, as `head -1` does.
    let mut child = office.command(&["logs", "--format", "json", "--limit", "1000"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    child.wait().unwrap();
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn a_second_cycle_beside_a_running_one_is_told_to_wait() {
    let quirks = Quirks { no_bulk: true, ..Quirks::default() };
    let app = App::with(Settings { latency: Duration::from_millis(200), quirks, ..Settings::default() });
    let office = app.office();
    office.people(&Person::many(120));
    office.apply();
    let first = office.command(&["cycle", "Ledgerly", "--json"]).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while app.sandbox.counters().create == 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let running = office.status();
    assert_eq!(running["running"], true);
    assert_eq!(
        [&running["progress"][0]["totalUnits"], &running["progress"][0]["units"]],
        [&json!(120), &json!("objects")]
    );
    let second = office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    assert!(second.message().contains("until"), "{}", second.message());
    let first = Said::of("cycle".into(), first.wait_with_output().unwrap()).exits(0).json();
    assert_eq!(first["figures"]["created"], 120);
    assert_eq!(app.sandbox.counters().create, 120, "nobody was created by the second");
    assert_eq!(office.status()["running"], false);
}

#[test]
fn a_cycle_whose_process_was_killed_is_finished_by_the_next_one() {
    let quirks = Quirks { no_bulk: true, ..Quirks::default() };
    let app = App::with(Settings { latency: Duration::from_millis(50), quirks, ..Settings::default() });
    let office = app.office();
    office.people(&Person::many(300));
    office.apply();
    let mut killed = office.command(&["cycle", "Ledgerly"]).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while app.accounts().len() < 20 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!((20..300).contains(&app.accounts().len()), "it was killed half way");
    let figures = office.cycle();
    assert_eq!([&figures["created"], &figures["failed"]], [300, 0], "{figures}");
    assert_eq!(app.accounts().len(), 300);
    let mut told: Vec<String> =
        office.logs(&[]).iter().map(|r| r["sourceIdentity"]["id"].to_string()).collect();
    told.sort();
    told.dedup();
    assert_eq!([told.len(), office.logs(&[]).len()], [300, 300], "one record for each");
    assert_eq!(office.status()["counts"]["linked"], 300);
    assert_eq!(office.cycle()["targetCalls"], 0);
}

#[test]
fn an_endpoint_that_is_none_is_refused() {
    idle().rollcall(&["--endpoint", "dynamo", "status"]).exits(2).says(&[
        "--endpoint 'dynamo'",
        "http://127.0.0.1:8000",
        "aws",
    ]);
}

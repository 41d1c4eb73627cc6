//! Files that are broken, cut or half-written, and rows that make no sense.

use serde_json::{Value, json};
use testkit::sandbox::{Counters, Faults};

use super::{cycle, recovers, refuses, three};
use crate::support::{App, HEADER, Person, application};

#[test]
fn a_header_that_cannot_be_right_is_refused_before_anyone_is_looked_at() {
    let app = App::start();
    let office = app.with_accounts(&three());
    let row = three()[0].row();
    let renamed = HEADER.replace("employeeId", "number");
    refuses(
        &app,
        &office,
        format!("{renamed}\n{row}\n"),
        &["no column 'employeeId'", "number", "source.file.id"],
    );
    let twice = HEADER.replace("jobTitle", "mail");
    refuses(&app, &office, format!("{twice}\n{row}\n"), &["names column 'mail' twice", "rename one of them"]);
    let without = HEADER.replace("accountEnabled", "enabled");
    refuses(
        &app,
        &office,
        format!("{without}\n{row}\n"),
        &["no column 'accountEnabled'", "source.file.enabled", "its columns are"],
    );
    let unnamed = HEADER.replace("department", "");
    refuses(&app, &office, format!("{unnamed}\n{row}\n"), &["no name for column 7", "name it in the header"]);
    recovers(&app, &office, &three());
}

#[test]
fn a_mapping_that_reads_a_column_which_is_not_there_is_refused_and_both_are_named() {
    let app = App::start();
    let office = app.with_accounts(&three());
    let row = three()[0].row();
    let renamed = HEADER.replace("jobTitle", "position");
    refuses(
        &app,
        &office,
        format!("{renamed}\n{row}\n"),
        &["the mapping reads 'jobTitle'", "position", "Correct the mapping or the source"],
    );
    recovers(&app, &office, &three());
}

#[test]
fn a_file_that_is_empty_or_no_text_is_refused() {
    let app = App::start();
    let office = app.with_accounts(&three());
    refuses(&app, &office, "", &["is empty", "export it again"]);
    refuses(&app, &office, "\n\n", &["no header"]);
    refuses(&app, &office, b"PK\x03\x04\x14\x00\x06\x00workbook", &["no text", "export it as CSV"]);
    let cut = format!("{HEADER}\n{}\nE2,true,\"Omar", three()[0].row());
    refuses(&app, &office, cut, &["line 3", "quotation mark", "truncated"]);
    recovers(&app, &office, &three());
}

#[test]
fn a_file_in_mixed_or_wrong_encodings_is_refused_with_its_line() {
    let app = App::start();
    let office = app.with_accounts(&three());
    let mut mixed = format!("{HEADER}\n{}\n", three()[0].row().replace("Okoye", "Okoyé")).into_bytes();
    mixed.extend(b"E2,true,Bj\xf6rn Berg,Bj\xf6rn,Berg,omar.berg@tessera.example,Treasury,Analyst\n");
    refuses(&app, &office, &mixed, &["mixes encodings", "line 3", "source.file.encoding"]);
    office.write(
        "ledgerly.yaml",
        application(&app.sandbox.base_url()).replace("id: employeeId,", "id: employeeId, encoding: utf-8,"),
    );
    office.apply_offline();
    let latin = b"E2,true,Bj\xf6rn Berg,Bj\xf6rn,Berg,omar.berg@tessera.example,Treasury,Analyst\n";
    let latin = [HEADER.as_bytes(), b"\n", latin].concat();
    refuses(&app, &office, latin, &["line 2", "not UTF-8", "source.file.encoding"]);
    recovers(&app, &office, &three());
}

#[test]
fn a_file_in_the_encoding_of_an_old_spreadsheet_is_read() {
    let app = App::start();
    let office = app.with_accounts(&three());
    let rows: Vec<String> = three().iter().map(Person::row).collect();
    let text = format!("{HEADER}\r\n{}\r\n", rows.join("\r\n").replace("Lena Moreau", "Léna Moreau"))
        .replace(',', ";");
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    office.write("people.csv", latin);
    assert_eq!(office.cycle()["updated"], 1);
    let lena = app.sandbox.user_by_name("lena.moreau@tessera.example").unwrap();
    assert_eq!(lena["displayName"], "Léna Moreau");
}

#[test]
fn ids_that_repeat_are_found_before_the_first_person_is_exported() {
    let app = App::start();
    let office = app.office();
    let mut people = Person::many(40);
    people[39].id = people[3].id.clone();
    office.people(&people);
    office.apply_offline();
    cycle(&office).exits(2).says(&[
        "people.csv",
        "repeats ids in column 'employeeId'",
        "E0004",
        "remove the repeated rows",
    ]);
    assert_eq!(app.sandbox.counters(), Counters::default());
    assert!(app.sandbox.users().is_empty());
    assert!(office.logs(&[]).is_empty());
}

#[test]
fn a_row_that_cannot_be_read_fails_alone_and_that_cycle_takes_nobody_as_gone() {
    let app = App::start();
    let office = app.with_accounts(&three());
    let nadia = three()[0].clone();
    let promoted = Person { title: "Controller".into(), ..nadia };
    let joiner = Person::named("E4", "Kofi", "Mensah");
    // Omar's row has a cell too many; Lena's is missing altogether.
    let omar = format!("{},surplus", three()[1].row());
    office.write("people.csv", format!("{HEADER}\n{}\n{omar}\n{}\n", promoted.row(), joiner.row()));
    let report = office.rollcall(&["cycle", "Ledgerly", "--json"]).exits(3).json();
    let figures = &report["figures"];
    assert_eq!([&figures["created"], &figures["updated"], &figures["failed"]], [1, 1, 1], "{figures}");
    assert_eq!([&figures["deleted"], &figures["disabled"], &figures["held"]], [0, 0, 0], "{figures}");
    assert!(report["noInference"].as_str().unwrap().contains("people.csv line 3"), "{report}");
    assert_eq!(app.accounts().len(), 4);
    assert!(app.accounts().iter().all(|(_, active)| *active));

    // The log names the row, and the person on call finds it among the failures.
    let failures = office.logs(&["--status", "failure"]);
    assert_eq!(failures.len(), 1);
    let error = &failures[0]["provisioningStatusInfo"]["errorInformation"];
    assert!(error["reason"].as_str().unwrap().contains("people.csv line 3"), "{error}");
    assert_eq!(error["recommendedAction"], "Correct the row in the source");
    let shown = office.rollcall(&["status", "Ledgerly"]).exits(0);
    assert!(shown.out.contains("nobody taken as gone") && shown.out.contains("line 3"), "{}", shown.out);

    // With the row mended Lena's leaving counts.
    office.people(&[promoted, three()[1].clone(), joiner]);
    assert_eq!(office.cycle()["deleted"], 1);
    assert_eq!(app.sandbox.user_by_name("lena.moreau@tessera.example"), None);
}

#[test]
fn a_file_half_the_size_of_the_last_one_removes_nobody_until_a_person_approves() {
    let app = App::start();
    let people = Person::many(20);
    let office = app.with_accounts(&people);
    office.people(&people[..10]);
    for _ in 0..2 {
        let said = cycle(&office).exits(4);
        assert!(said.out.contains("10 objects where it showed 20 last time"), "{}", said.out);
        assert!(said.out.contains("approve those that are meant"), "{}", said.out);
        assert_eq!(app.sandbox.counters(), Counters::default(), "the app hears nothing");
        let status = office.status();
        assert_eq!(status["quarantine"]["reason"], "TooManyDeletes");
        assert!(status["quarantine"]["message"].as_str().unwrap().contains("10 objects where it showed 20"));
        assert_eq!(status["counts"]["linked"], 20);
    }
    let approved = office.rollcall(&["cycle", "Ledgerly", "--allow-removals", "--json"]).exits(0).json();
    assert_eq!(approved["figures"]["deleted"], 10);
    assert_eq!(app.accounts().len(), 10);
    let status = office.status();
    assert_eq!([&status["code"], &status["quarantine"]], [&json!("Active"), &Value::Null]);
    assert_eq!(office.cycle()["targetCalls"], 0);
}

#[test]
fn a_file_with_a_header_and_nobody_below_it_removes_nobody_however_few_there_were() {
    for count in [1, 3, 9] {
        let app = App::start();
        let people = Person::many(count);
        let office = app.with_accounts(&people);
        office.people(&[]);
        cycle(&office).exits(4);
        assert_eq!(app.accounts().len(), count);
        assert_eq!(office.status()["quarantine"]["reason"], "TooManyDeletes");
        recovers(&app, &office, &people);
        assert_eq!(app.sandbox.counters(), Counters::default());
    }
}

#[test]
fn a_shrunken_file_that_is_whole_again_the_next_time_was_no_harm() {
    let app = App::start();
    let people = Person::many(20);
    let office = app.with_accounts(&people);
    office.people(&people[..3]);
    cycle(&office).exits(4);
    recovers(&app, &office, &people);
    assert_eq!(app.sandbox.counters(), Counters::default());
}

#[test]
fn more_leavers_than_the_threshold_are_held_while_creates_and_updates_go_on() {
    let app = App::start();
    let people = Person::many(40);
    let office = app.with_accounts(&people);
    let mut now = people[6..].to_vec();
    now[0].title = "Controller".into();
    now.push(Person::named("E9", "Kofi", "Mensah"));
    office.people(&now);
    let report = office.rollcall(&["cycle", "Ledgerly", "--json"]).exits(4).json();
    let figures = &report["figures"];
    let names = ["created", "updated", "deleted", "held"];
    assert_eq!(names.map(|name| figures[name].as_u64().unwrap()), [1, 1, 0, 6], "{figures}");
    assert_eq!(app.accounts().len(), 41);
    let status = office.status();
    assert_eq!(
        [&status["quarantine"]["reason"], &status["counts"]["staged"]],
        [&json!("TooManyDeletes"), &json!(6)]
    );
    assert_eq!(office.logs(&["--status", "skipped"]).len(), 6, "each held removal is told once");
    cycle(&office).exits(4);
    assert_eq!(office.logs(&["--status", "skipped"]).len(), 6, "and once only");
    let approved = office.rollcall(&["cycle", "Ledgerly", "--allow-removals", "--json"]).exits(0).json();
    assert_eq!(approved["figures"]["deleted"], 6);
    assert_eq!(app.accounts().len(), 35);
}

#[test]
fn a_file_that_is_not_there_removes_nobody_and_says_where_it_was_looked_for() {
    let app = App::start();
    let office = app.with_accounts(&three());
    std::fs::remove_file(office.path("people.csv")).unwrap();
    cycle(&office).exits(1).says(&["people.csv does not exist", "source.file.path"]);
    assert_eq!(app.sandbox.counters(), Counters::default());
    assert_eq!(office.status()["quarantine"]["reason"], "IngestionInterrupted");
    recovers(&app, &office, &three());
}

#[test]
fn a_person_whom_the_app_refuses_fails_alone() {
    let app = App::start();
    let office = app.office();
    let poisoned = Some("omar.berg@tessera.example".to_owned());
    app.sandbox.set_faults(Faults { poisoned_user: poisoned, ..Faults::default() });
    office.people(&three());
    office.apply();
    let said = cycle(&office).exits(3);
    assert!(said.out.contains("rollcall logs Ledgerly --status failure"), "{}", said.out);
    assert_eq!(app.accounts().len(), 2);
    let status = office.status();
    assert_eq!([&status["code"], &status["counts"]["escrowed"]], [&json!("Active"), &json!(1)]);
    let failures = office.logs(&["--status", "failure"]);
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0]["sourceIdentity"]["id"], "E2");
    let error = &failures[0]["provisioningStatusInfo"]["errorInformation"];
    assert_eq!(error["errorCode"], "UnprocessableEntity");
    assert!(error["reason"].as_str().unwrap().contains("does not accept a value"), "{error}");
}

//! Bad input: files that are broken, cut or misspelled, and apps that do not answer as they should.
//!
//! Whatever it is, one message names the place and the cure, nothing changes that should not, and nobody is removed.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::sandbox::{Counters, Does, Fault, Faults, Kind, Quirks, Settings};

use crate::support::{App, HEADER, Office, Person, Said, application};

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

// ------------------------------------------------------------------------------------------------------ the file

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
    office.apply();
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
    office.apply();
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
        assert!(said.out.contains("--allow-removals"), "{}", said.out);
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

// ------------------------------------------------------------------------------------------------------- the app

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
        office.apply();
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

// ----------------------------------------------------------------------------------------- the application file

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
    is_not_saved("file: {", "ldap: {", &["line 3", "'ldap' is not known", "accepted: file"]);
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

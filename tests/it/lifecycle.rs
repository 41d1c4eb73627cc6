//! The life of an account, from the first day to the last, in SCIM servers that others wrote.
//!
//! `rollcall apply` and `rollcall cycle` run as an administrator runs them; the directory is a CSV file that is
//! rewritten in between. What became of the accounts is asked of the server itself.
//!
//! Groups and managers live in the module `groups`.

use serde_json::{Value, json};

use crate::support::{AppServer, Make, Office, Person};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Tells each story in each of the servers.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => {
        mod in_scim2_server {
            $(#[test] fn $story() { super::$story(super::Make::Scim2Server); })+
        }
        mod in_scimmy {
            $(#[test] fn $story() { super::$story(super::Make::Scimmy); })+
        }
    };
}

mod groups;

stories! {
    a_joiner_gets_an_account_with_every_mapped_attribute,
    a_new_name_follows_the_person_into_the_same_account,
    a_move_changes_what_moved_and_nothing_else,
    a_value_that_is_gone_from_the_directory_stays_in_the_account,
    whoever_is_switched_off_keeps_an_account_that_is_switched_off,
    whoever_comes_back_finds_the_same_account_switched_on,
    whoever_leaves_the_directory_loses_the_account_and_colleagues_keep_theirs,
    whoever_was_deleted_and_is_hired_again_gets_a_new_account,
    an_account_that_was_there_before_is_brought_up_to_date_and_not_doubled,
    a_changed_mapping_is_applied_to_those_who_are_there_already,
    a_cycle_on_an_unchanged_world_calls_nobody_and_writes_nothing,
    a_row_with_the_same_values_spelled_another_way_is_no_change,
    the_log_tells_the_whole_life_whichever_way_it_is_asked,
}

fn nadia() -> Person {
    Person::named("E1", "Nadia", "Okoye")
}

fn omar() -> Person {
    Person::named("E2", "Omar", "Berg")
}

/// Nadia works here and has her account.
fn with_nadia(make: Make) -> (AppServer, Office, Value) {
    let server = AppServer::start(make);
    let office = server.office(&[nadia()]);
    office.cycle();
    let account = server.only_user();
    (server, office, account)
}

/// The figures that are not nothing, those of reading aside.
fn done(figures: &Value) -> Value {
    let reading = ["imported", "unchanged", "sourceCalls", "targetCalls", "logRecords"];
    let figures = figures.as_object().unwrap().iter();
    figures
        .filter(|(name, figure)| !reading.contains(&name.as_str()) && **figure != json!(0))
        .map(|(name, figure)| (name.clone(), figure.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// An account without what the server itself writes into it.
fn content(account: &Value) -> Value {
    let mut account = account.clone();
    account.as_object_mut().unwrap().remove("meta");
    account
}

fn a_joiner_gets_an_account_with_every_mapped_attribute(make: Make) {
    let (_server, office, account) = with_nadia(make);
    assert_eq!(account["userName"], "nadia.okoye@tessera.example");
    assert_eq!(account["externalId"], "E1");
    assert_eq!(account["active"], true);
    assert_eq!(account["displayName"], "Nadia Okoye");
    assert_eq!(account["name"]["givenName"], "Nadia");
    assert_eq!(account["name"]["familyName"], "Okoye");
    assert_eq!(account["emails"][0]["type"], "work");
    assert_eq!(account["emails"][0]["value"], "nadia.okoye@tessera.example");
    assert_eq!(account["title"], "Analyst");
    assert_eq!(account[ENTERPRISE]["department"], "Treasury");
    assert_eq!(office.status()["counts"]["linked"], 1);
}

fn a_new_name_follows_the_person_into_the_same_account(make: Make) {
    let (server, office, before) = with_nadia(make);
    office.people(&[Person {
        mail: "nadia.haddad@tessera.example".into(),
        ..Person::named("E1", "Nadia", "Haddad")
    }]);
    assert_eq!(done(&office.cycle()), json!({ "updated": 1 }));
    let after = server.only_user();
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["userName"], "nadia.haddad@tessera.example");
    assert_eq!(after["displayName"], "Nadia Haddad");
    assert_eq!(after["name"]["familyName"], "Haddad");
    assert_eq!(after["emails"].as_array().unwrap().len(), 1, "the address is replaced, not added");
    assert_eq!(after["emails"][0]["value"], "nadia.haddad@tessera.example");
}

fn a_move_changes_what_moved_and_nothing_else(make: Make) {
    let (server, office, before) = with_nadia(make);
    office.people(&[Person { department: "Sales".into(), title: "Controller".into(), ..nadia() }]);
    assert_eq!(done(&office.cycle()), json!({ "updated": 1 }));
    let mut expected = content(&before);
    expected["title"] = json!("Controller");
    expected[ENTERPRISE]["department"] = json!("Sales");
    assert_eq!(content(&server.only_user()), expected);
    let changed: Vec<Value> =
        office.logs(&["--source-id", "E1"])[0]["modifiedProperties"].as_array().unwrap().clone();
    let changed: Vec<_> = changed.iter().map(|change| (&change["oldValue"], &change["newValue"])).collect();
    assert_eq!(changed, [(&json!("Analyst"), &json!("Controller")), (&json!("Treasury"), &json!("Sales"))]);
}

fn a_value_that_is_gone_from_the_directory_stays_in_the_account(make: Make) {
    let (server, office, before) = with_nadia(make);
    office.people(&[Person { title: String::new(), ..nadia() }]);
    let figures = office.cycle();
    assert_eq!(done(&figures), json!({ "skipped": 1 }));
    assert_eq!(figures["targetCalls"], 0);
    assert_eq!(server.only_user(), before);
}

fn whoever_is_switched_off_keeps_an_account_that_is_switched_off(make: Make) {
    let (server, office, before) = with_nadia(make);
    office.people(&[Person { enabled: false, ..nadia() }]);
    assert_eq!(done(&office.cycle()), json!({ "disabled": 1 }));
    let mut expected = content(&before);
    expected["active"] = json!(false);
    assert_eq!(content(&server.only_user()), expected);
    assert_eq!(office.logs(&["--source-id", "E1"])[0]["provisioningAction"], "disable");
}

fn whoever_comes_back_finds_the_same_account_switched_on(make: Make) {
    let (server, office, before) = with_nadia(make);
    office.people(&[Person { enabled: false, ..nadia() }]);
    office.cycle();
    office.people(&[nadia()]);
    assert_eq!(done(&office.cycle()), json!({ "updated": 1 }));
    assert_eq!(content(&server.only_user()), content(&before));
}

fn whoever_leaves_the_directory_loses_the_account_and_colleagues_keep_theirs(make: Make) {
    let (server, office, _) = with_nadia(make);
    office.people(&[nadia(), omar()]);
    office.cycle();
    office.people(&[omar()]);
    assert_eq!(done(&office.cycle()), json!({ "deleted": 1 }));
    assert_eq!(server.only_user()["userName"], "omar.berg@tessera.example");
    let counts = office.status()["counts"].clone();
    assert_eq!([&counts["linked"], &counts["everLinked"]], [&json!(1), &json!(2)]);
}

fn whoever_was_deleted_and_is_hired_again_gets_a_new_account(make: Make) {
    let (server, office, before) = with_nadia(make);
    office.people(&[omar()]);
    office.cycle();
    office.people(&[omar(), nadia()]);
    assert_eq!(done(&office.cycle()), json!({ "created": 1 }));
    let users = server.users();
    assert_eq!(users.len(), 2);
    assert_ne!(users[0]["id"], before["id"]);
}

fn an_account_that_was_there_before_is_brought_up_to_date_and_not_doubled(make: Make) {
    let server = AppServer::start(make);
    let there = server.create(&json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "Nadia.Okoye@Tessera.example",
        "displayName": "N. Okoye",
        "nickName": "Nad",
        "active": true,
    }));
    let office = server.office(&[nadia(), omar()]);
    let figures = done(&office.cycle());
    assert_eq!(figures, json!({ "created": 1, "updated": 1 }));
    let users = server.users();
    assert_eq!(users.len(), 2);
    let nadia = users.iter().find(|user| user["id"] == there["id"]).unwrap();
    assert_eq!(nadia["displayName"], "Nadia Okoye");
    assert_eq!(nadia["externalId"], "E1");
    assert_eq!(nadia["nickName"], "Nad", "what is not mapped is nobody's business");
    // From now on the link counts, not the name.
    office.people(&[Person { mail: "nadia@tessera.example".into(), ..self::nadia() }, omar()]);
    assert_eq!(done(&office.cycle()), json!({ "updated": 1 }));
    assert!(
        server
            .users()
            .iter()
            .any(|user| user["id"] == there["id"] && user["userName"] == "nadia@tessera.example")
    );
}

fn a_changed_mapping_is_applied_to_those_who_are_there_already(make: Make) {
    let (server, office, before) = with_nadia(make);
    let text = std::fs::read_to_string(office.path("ledgerly.yaml")).unwrap();
    let more = "    - { target: nickName, source: givenName }\n";
    let fewer: String =
        text.lines().filter(|line| !line.contains("title")).map(|line| format!("{line}\n")).collect();
    office.write("ledgerly.yaml", fewer + more);
    office.apply();
    let report = office.rollcall(&["cycle", "Ledgerly", "--json"]).exits(0).json();
    assert_eq!([&report["kind"], &done(&report["figures"])], [&json!("initial"), &json!({ "updated": 1 })]);
    let mut expected = content(&before);
    expected["nickName"] = json!("Nadia");
    assert_eq!(content(&server.only_user()), expected, "what is no longer mapped stays as it is");
}

fn a_cycle_on_an_unchanged_world_calls_nobody_and_writes_nothing(make: Make) {
    let (server, office, _) = with_nadia(make);
    let people = [nadia(), omar()];
    office.people(&people);
    office.cycle();
    let (asked, told) = (server.heard(), office.logs(&[]));
    // The same file; the same rows written again; the same rows in another order.
    for people in [None, Some(people.to_vec()), Some(people.iter().cloned().rev().collect())] {
        if let Some(people) = people {
            office.people(&people);
        }
        let figures = office.cycle();
        assert_eq!(done(&figures), json!({}));
        assert_eq!([&figures["targetCalls"], &figures["logRecords"]], [&json!(0), &json!(0)]);
        assert_eq!(server.heard(), asked, "the server heard nothing");
        assert_eq!(office.logs(&[]), told);
    }
}

fn a_row_with_the_same_values_spelled_another_way_is_no_change(make: Make) {
    let (server, office, _) = with_nadia(make);
    let asked = server.heard();
    // Quoted cells, another line end, a byte order mark, another word for true, columns in another order.
    let rows = "\u{feff}\"surname\",employeeId,accountEnabled,displayName,givenName,mail,department,jobTitle\r\n\
                \"Okoye\",E1,YES,\"Nadia Okoye\",Nadia,nadia.okoye@tessera.example,Treasury,Analyst\r\n";
    office.write("people.csv", rows);
    let figures = office.cycle();
    assert_eq!(done(&figures), json!({}));
    assert_eq!([&figures["targetCalls"], &figures["logRecords"]], [&json!(0), &json!(0)]);
    assert_eq!(server.heard(), asked);
}

fn the_log_tells_the_whole_life_whichever_way_it_is_asked(make: Make) {
    let (server, office, account) = with_nadia(make);
    let named = Person::named("E1", "Nadia", "Haddad");
    let moved = Person { department: "Sales".into(), ..named.clone() };
    let off = Person { enabled: false, ..moved.clone() };
    let mut cycles = Vec::new();
    for stage in [&named, &moved, &off, &moved] {
        office.people(&[stage.clone(), omar()]);
        office.cycle();
        cycles.push(office.status()["lastExecution"].clone());
    }
    office.people(&[omar()]);
    office.cycle();
    assert_eq!(server.only_user()["userName"], "omar.berg@tessera.example");

    let by_source = office.logs(&["--source-id", "E1"]);
    let actions: Vec<&str> =
        by_source.iter().rev().map(|record| record["provisioningAction"].as_str().unwrap()).collect();
    assert_eq!(actions, ["create", "update", "update", "disable", "update", "delete"]);
    assert!(by_source.iter().all(|record| record["provisioningStatusInfo"]["status"] == "success"));
    assert!(by_source.iter().all(|record| record["targetIdentity"]["id"] == account["id"]), "{by_source:#?}");

    // By the id in the app, by each part of each name she ever had, in any case, and by all of them together.
    let id = account["id"].as_str().unwrap();
    assert_eq!(office.logs(&["--target-id", id]), by_source);
    for name in ["nadia", "NADIA", "okoye", "haddad", "hadd"] {
        assert_eq!(office.logs(&["--name", name]), by_source, "--name {name}");
    }
    assert_eq!(office.logs(&["Ledgerly", "--source-id", "E1"]), by_source);
    let everything = office.logs(&[]);
    assert_eq!(everything.len(), by_source.len() + 1, "and Omar's creation");
    assert_eq!(office.logs(&["--name", "omar"]).len(), 1);
    assert!(office.logs(&["--name", "nobody"]).is_empty());
    assert!(office.logs(&["--status", "failure"]).is_empty());
    let newest = office.rollcall(&["logs", "--source-id", "E1", "--limit", "2", "--json"]).exits(0).json();
    assert_eq!(newest, json!(by_source[..2]));

    // The status tells the same: each cycle's id is in the records that it wrote, its figures are their count.
    for (cycle, record) in cycles.iter().zip(by_source.iter().rev().skip(1)) {
        assert_eq!(cycle["activityIdentifier"], record["cycleId"]);
        assert_eq!(cycle["state"], "Succeeded");
        let written = everything.iter().filter(|other| other["cycleId"] == record["cycleId"]).count();
        assert_eq!(cycle["countExported"], written);
        assert_eq!(cycle["figures"]["logRecords"], written);
    }
    let status = office.status();
    assert_eq!([&status["code"], &status["running"]], [&json!("Active"), &json!(false)]);
    assert_eq!(status["counts"]["exported"], everything.len());
    assert_eq!(status["lastExecution"]["figures"]["deleted"], 1);
    assert_eq!(status["synchronizedEntryCountByType"][0]["value"], 2);
}

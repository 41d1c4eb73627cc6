//! What a person does to a job from the command line: look before the cycle, do it, hold it up, decide, start over.

use serde_json::json;

use crate::support::{App, Office, Person, application};

/// An office with groups: everybody of `people` is in one.
fn office(app: &App, people: &[Person]) -> Office {
    let office = app.office();
    office.people(people);
    let document = application(&app.sandbox.base_url());
    let document = document.replace(
        "enabled: accountEnabled",
        "enabled: accountEnabled, groups: { path: groups.csv, id: groupId }",
    );
    office.write("ledgerly.yaml", format!("{document}groups: {{}}\n"));
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    office.write("groups.csv", format!("groupId,displayName,members\nG1,Finance,{}\n", ids.join(";")));
    office
}

fn people(count: usize) -> Vec<Person> {
    Person::many(count)
}

#[test]
fn a_plan_shows_what_would_happen_and_apply_plan_does_exactly_that() {
    let app = App::start();
    let office = office(&app, &people(3));
    office.rollcall(&["apply", "ledgerly.yaml", "--yes"]).exits(0);

    let plan = office.rollcall(&["plan", "Ledgerly", "--json"]).exits(0).json();

    assert_eq!(plan["matching"]["wouldCreate"], 4, "three people and a group");
    assert!(app.accounts().is_empty(), "nothing was written");
    let shown = office.rollcall(&["plan", "Ledgerly"]).exits(0);
    for words in ["Group Finance", "4 created", "nothing was written", "apply-plan Ledgerly"] {
        assert!(shown.out.contains(words), "'{words}' in:\n{}", shown.out);
    }
    let id = plan["id"].as_str().expect("a plan has an id");
    let report = office.rollcall(&["apply-plan", "Ledgerly", id, "--json"]).exits(0).json();
    assert_eq!((&report["figures"]["created"], &report["figures"]["membersAdded"]), (&json!(4), &json!(3)));
    assert_eq!(app.sandbox.memberships()["Finance"].len(), 3);
    let unknown = "00000000-0000-0000-0000-000000000000";
    office.rollcall(&["apply-plan", "Ledgerly", unknown]).exits(2).says(&["there is no plan"]);
}

#[test]
fn removals_that_are_held_are_listed_approved_and_rejected_one_by_one() {
    let app = App::start();
    let office = office(&app, &people(20));
    office.rollcall(&["apply", "ledgerly.yaml", "--yes"]).exits(0);
    office.cycle();
    office.people(&people(12));

    office.rollcall(&["cycle", "Ledgerly"]).exits(4);

    let waiting = office.rollcall(&["removals", "Ledgerly", "--json"]).exits(0).json();
    let of_people: Vec<&str> = waiting
        .as_array()
        .expect("a list")
        .iter()
        .filter(|row| row["removed"] == "users")
        .filter_map(|row| row["sourceId"].as_str())
        .collect();
    assert_eq!(of_people.len(), 8, "{waiting}");
    office.rollcall(&["removals", "Ledgerly", "--approve", "nobody"]).exits(2).says(&["'nobody'"]);
    let (first, second) = (of_people[0], of_people[1]);
    office.rollcall(&["removals", "Ledgerly", "--approve", first, "--reject", second]).exits(0);
    office.rollcall(&["cycle", "Ledgerly"]).exits(4);
    assert_eq!(app.accounts().len(), 19, "one of them was approved");
    office.rollcall(&["removals", "Ledgerly", "--approve", "all"]).exits(0);
    office.rollcall(&["cycle", "Ledgerly"]).exits(0);
    assert_eq!(app.accounts().len(), 13, "whoever was rejected keeps the account");
}

#[test]
fn a_job_is_paused_started_restarted_and_deleted_and_its_accounts_stay() {
    let app = App::start();
    let office = office(&app, &people(2));
    office.rollcall(&["apply", "ledgerly.yaml", "--yes"]).exits(0);
    office.cycle();

    office.rollcall(&["pause", "Ledgerly"]).exits(0);
    assert_eq!(office.status()["code"], "Paused");
    office.rollcall(&["start", "Ledgerly"]).exits(0);
    assert_eq!(office.status()["code"], "Active");
    office.rollcall(&["restart", "Ledgerly", "--reset-scope", "Full"]).exits(0);
    let again = office.cycle();
    assert_eq!(
        (&again["created"], &again["updated"]),
        (&json!(0), &json!(0)),
        "everyone is matched again: {again}"
    );
    office.rollcall(&["escrow", "Ledgerly", "--retry", "nobody"]).exits(2);
    office.rollcall(&["delete", "Ledgerly"]).exits(4);
    office.rollcall(&["delete", "Ledgerly", "--yes"]).exits(0);
    assert_eq!(office.rollcall(&["status", "--json"]).exits(0).json(), json!([]));
    assert_eq!(app.accounts().len(), 2);
}

#[test]
fn somebody_is_provisioned_now_with_every_step() {
    let app = App::start();
    let everyone = people(3);
    let office = office(&app, &everyone[..2]);
    office.rollcall(&["apply", "ledgerly.yaml", "--yes"]).exits(0);
    office.cycle();
    office.people(&everyone);

    let said = office.rollcall(&["provision", "Ledgerly", &everyone[2].id]).exits(0);

    assert!(said.out.contains("Create, Success") && said.out.contains("userName: nothing →"), "{}", said.out);
    assert_eq!(app.accounts().len(), 3);
    office.rollcall(&["provision", "Ledgerly", "E9999"]).exits(2).says(&["'E9999'"]);
}

//! A company of three hundred people: someone joins, marries, moves, goes on leave, comes back, and is gone.

use serde_json::json;

use super::life::{ENTERPRISE, Life};
use super::world::{World, dn, mail};
use crate::support::{Make, Serve};

/// Those who only work.
const COLLEAGUES: usize = 300;

/// Nadia's employee number.
const NADIA: &str = "7000";

#[test]
fn three_hundred_people_and_the_life_of_one_of_them_in_scim2_server() {
    the_life_of_nadia(Make::Scim2Server);
}

#[test]
fn three_hundred_people_and_the_life_of_one_of_them_in_scimmy() {
    the_life_of_nadia(Make::Scimmy);
}

fn the_life_of_nadia(make: Make) {
    let world = World::with(make, COLLEAGUES, "");
    let mut serve = Serve::start(&world.office);
    world.everyone_has_an_account(COLLEAGUES);
    let colleagues = world.app.users();

    // She joins.
    let at = dn("nadia.okoye", "treasury");
    world.add("nadia.okoye", "treasury", "Nadia", "Okoye", NADIA);
    assert_eq!(world.office.cycle()["created"], 1);
    let life = Life::of(&world, NADIA, world.source_id(&at));
    let joined = life.now();
    assert_eq!(joined["userName"], mail("Nadia", "Okoye"));
    assert_eq!(joined["displayName"], "Nadia Okoye");
    assert_eq!(joined["active"], true);
    assert_eq!(joined[ENTERPRISE]["department"], "treasury");
    life.is_told_as(&["create"], &["nadia", "okoye"]);

    // She has another name: in her entry, in the entry's own name, and in her address.
    let directory = world.directory.directory();
    directory.rename(&at, "uid=nadia.haddad", None).unwrap();
    let at = dn("nadia.haddad", "treasury");
    let address = mail("Nadia", "Haddad");
    for (attribute, value) in
        [("sn", "Haddad"), ("cn", "Nadia Haddad"), ("displayName", "Nadia Haddad"), ("mail", &*address)]
    {
        world.set(&at, attribute, value);
    }
    life.goes_on("updated", |account| {
        account["userName"] = json!(address);
        account["displayName"] = json!("Nadia Haddad");
        account["name"]["familyName"] = json!("Haddad");
        account["emails"][0]["value"] = json!(address);
    });
    life.is_told_as(&["create", "update"], &["nadia", "okoye", "haddad"]);

    // She moves to another part of the tree.
    directory.rename(&at, "uid=nadia.haddad", Some(dn("", "sales").trim_start_matches("uid=,"))).unwrap();
    let at = dn("nadia.haddad", "sales");
    world.set(&at, "departmentNumber", "sales");
    life.goes_on("updated", |account| account[ENTERPRISE]["department"] = json!("sales"));
    life.is_told_as(&["create", "update", "update"], &["nadia", "haddad"]);

    // She goes on leave, and comes back to the same account.
    world.set(&at, "employeeType", "suspended");
    life.goes_on("disabled", |account| account["active"] = json!(false));
    life.is_told_as(&["create", "update", "update", "disable"], &["nadia", "haddad"]);
    world.set(&at, "employeeType", "employee");
    life.goes_on("updated", |account| account["active"] = json!(true));
    life.is_told_as(&["create", "update", "update", "disable", "update"], &["nadia", "haddad"]);

    // She is gone. Whoever is hired under her name is somebody else.
    directory.delete(&at).unwrap();
    assert_eq!(world.office.cycle()["deleted"], 1);
    assert_eq!(world.account(NADIA), None);
    let whole = ["create", "update", "update", "disable", "update", "delete"];
    life.is_told_as(&whole, &["nadia", "okoye", "haddad"]);
    world.add("nadia.haddad", "sales", "Nadia", "Haddad", NADIA);
    assert_eq!(world.office.cycle()["created"], 1);
    let second = Life::of(&world, NADIA, world.source_id(&at));
    assert_ne!(second.account, life.account);
    second.is_told_by_ids_as(&["create"]);
    life.is_told_by_ids_as(&whole);
    directory.delete(&at).unwrap();
    assert_eq!(world.office.cycle()["deleted"], 1);

    assert_eq!(world.app.users(), colleagues, "nobody touched anybody else");
    let quiet = world.office.cycle();
    assert_eq!([&quiet["targetCalls"], &quiet["logRecords"]], [&json!(0), &json!(0)]);
    serve.still_runs();
}

//! `serve` is killed while it writes, and started again: the app ends as if nothing had happened.
//!
//! The app is stopped (SIGSTOP) once it holds some of the accounts, so that the kill always falls into the middle,
//! and into a call: one whose answer nobody will ever hear, though the app carries it out when it goes on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::servers::slapd::{Slapd, person};

use super::life::content;
use super::world::{World, running};
use crate::support::{Make, Serve, eventually};

const PEOPLE: usize = 300;

/// An account a call, two calls at once: slow enough that there is a middle.
const SLOWLY: &str = ", bulk: never, concurrency: 2";

#[test]
fn serve_killed_amid_creating_and_updating_goes_on_where_it_stood_in_scim2_server() {
    killed_twice(Make::Scim2Server);
}

#[test]
fn serve_killed_amid_creating_and_updating_goes_on_where_it_stood_in_scimmy() {
    killed_twice(Make::Scimmy);
}

fn killed_twice(make: Make) {
    let world = World::with(make, PEOPLE, SLOWLY);
    killed_when(&world, |users| users.len() >= 5);
    assert!(world.app.users().len() < PEOPLE, "it was killed in the middle");
    let serve = Serve::start(&world.office);
    world.everyone_has_an_account(PEOPLE);
    serve.cut();
    let created = world.app.users();
    let names: BTreeSet<_> = created.iter().map(|user| user["userName"].as_str().unwrap()).collect();
    assert_eq!(names.len(), PEOPLE);
    let creates = world.app.heard().iter().filter(|line| line.contains("POST")).count();
    // The app may not log a call whose caller is dead when it answers.
    assert!((PEOPLE - 2..=PEOPLE).contains(&creates), "{creates} creates for {PEOPLE} people");
    everyone_is_told_once(&world, "create", PEOPLE);

    let moved = 200;
    let ldif: Vec<_> = (0..moved)
        .map(|number| {
            let dn = person(&format!("p{number:04}"));
            format!("dn: {dn}\nchangetype: modify\nreplace: title\ntitle: Controller\n-\n\n")
        })
        .collect();
    world.directory.directory().apply(&ldif.concat()).unwrap();
    let controllers = |users: &[Value]| users.iter().filter(|user| user["title"] == "Controller").count();
    killed_in_a_cycle_when(&world, |users| controllers(users) >= 5);
    assert!(controllers(&world.app.users()) < moved, "it was killed in the middle");
    let _serve = Serve::start(&world.office);
    eventually("everybody's title is right", || {
        controllers(&world.app.users()) == moved && !running(&world.office)
    });
    let expected: Vec<_> = created.into_iter().map(|user| with_title(user, moved)).collect();
    let users: Vec<_> = world.app.users().into_iter().map(content).collect();
    assert_eq!(users, expected);
    everyone_is_told_once(&world, "update", moved);
    assert_eq!(world.office.cycle()["targetCalls"], 0, "nothing is left to do");
}

/// Runs `serve` until the app's users are so, then kills it within a call.
fn killed_when(world: &World<Slapd>, are_so: impl Fn(&[Value]) -> bool) {
    let serve = Serve::start(&world.office);
    eventually("some of it is done", || are_so(&world.app.users()));
    world.app.stop();
    serve.cut();
    world.app.go_on();
}

/// The same for a cycle that is asked for, beside a `serve` whose next one is minutes away. Both are killed.
fn killed_in_a_cycle_when(world: &World<Slapd>, are_so: impl Fn(&[Value]) -> bool) {
    let serve = Serve::start(&world.office);
    eventually("serve answers", || !running(&world.office));
    let mut cycle = world.office.command(&["cycle", "Ledgerly"]).spawn().unwrap();
    eventually("some of it is done", || are_so(&world.app.users()));
    world.app.stop();
    serve.cut();
    cycle.kill().unwrap();
    cycle.wait().unwrap();
    world.app.go_on();
}

/// Each of them has exactly one record of an action, and it succeeded.
#[track_caller]
fn everyone_is_told_once(world: &World<Slapd>, action: &str, people: usize) {
    let mut told = BTreeMap::new();
    for record in world.office.logs(&[]) {
        if record["provisioningAction"] == action {
            assert_eq!(record["provisioningStatusInfo"]["status"], "success", "{record:#}");
            *told.entry(record["sourceIdentity"]["id"].to_string()).or_insert(0) += 1;
        }
    }
    assert_eq!(told.len(), people);
    assert!(told.values().all(|times| *times == 1), "{told:?}");
}

fn with_title(user: Value, moved: usize) -> Value {
    let mut user = content(user);
    let number: usize = user["externalId"].as_str().unwrap().parse().unwrap();
    if number < moved {
        user["title"] = "Controller".into();
    }
    user
}

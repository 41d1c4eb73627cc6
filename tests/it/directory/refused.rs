//! What an administrator gets wrong with `serve`: two of them on one folder, a password the directory refuses.

use testkit::servers::slapd::{SERVICE_DN, SERVICE_PASSWORD, person};

use super::world::{PASSWORD_FILE, World, running};
use crate::support::{Make, Serve, eventually};

const PEOPLE: usize = 12;

#[test]
fn a_second_serve_on_one_folder_is_refused_and_the_first_goes_on() {
    let world = World::with(Make::Scimmy, PEOPLE, "");
    let mut first = Serve::start(&world.office);
    world.everyone_has_an_account(PEOPLE);
    let folder = world.office.path("data").canonicalize().unwrap();
    let holder = format!("process {}", first.id());
    let second = world.office.rollcall(&["serve"]).exits(2);
    second.says(&[folder.to_str().unwrap(), &holder, "already", "--data-dir"]);
    first.still_runs();
    world.set(&person("p0003"), "title", "Controller");
    assert_eq!(world.office.cycle()["updated"], 1, "commands still join the first");
}

#[test]
fn a_directory_that_refuses_the_password_removes_nobody_and_is_told_of_until_it_is_put_right() {
    let world = World::with(Make::Scimmy, PEOPLE, "");
    let mut serve = Serve::start(&world.office);
    world.everyone_has_an_account(PEOPLE);
    let accounts = world.app.users();

    // Somebody changes the password in the directory and forgets Rollcall.
    world.directory.directory().set(SERVICE_DN, "userPassword", &["another"]).unwrap();
    world.directory.directory().delete(&person("p0003")).unwrap();
    let refused = world.office.rollcall(&["cycle", "Ledgerly"]).exits(1);
    assert!(!refused.err.contains(SERVICE_PASSWORD), "{}", refused.err);
    let status = world.office.status();
    assert_eq!(status["code"], "Quarantine");
    let message = status["quarantine"]["message"].as_str().unwrap();
    for words in [&*world.directory.url(), "source.ldap.bindDn", "source.ldap.password"] {
        assert!(message.contains(words), "'{words}' should be in: {message}");
    }
    assert!(!message.contains(SERVICE_PASSWORD), "{message}");
    assert_eq!(world.app.users(), accounts, "nobody was removed");
    serve.still_runs();

    // The file is put right while `serve` runs; nothing is applied or started again.
    world.office.write(PASSWORD_FILE, "another");
    assert_eq!(world.office.cycle()["deleted"], 1);
    let status = world.office.status();
    assert_eq!(status["code"], "Active");
    assert!(status["quarantine"].is_null(), "{status:#}");
    assert_eq!(world.app.users().len(), PEOPLE - 1);
    serve.still_runs();
}

#[test]
fn serve_that_begins_with_a_wrong_password_runs_on_and_brings_everyone_once_it_is_right() {
    let world = World::with(Make::Scimmy, PEOPLE, "");
    world.office.write(PASSWORD_FILE, "never-was");
    let mut serve = Serve::start(&world.office);
    eventually("serve tells of the refusal", || world.office.status()["code"] == "Quarantine");
    serve.still_runs();
    assert!(world.app.users().is_empty());
    world.office.write(PASSWORD_FILE, SERVICE_PASSWORD);
    eventually("no cycle is under way", || !running(&world.office));
    assert_eq!(world.office.cycle()["created"], PEOPLE);
    assert_eq!(world.app.users().len(), PEOPLE);
}

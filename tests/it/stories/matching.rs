//! Whose account is whose: matching, links, claims.

use engine::job::CycleResult;
use serde_json::json;
use store::By;
use testkit::sandbox::Quirks;

use super::{NAMES, expression, id, provisioned, use_mapping};
use crate::world::{ONE_BY_ONE, World, approved, person, set};

#[tokio::test]
async fn an_account_that_exists_already_is_taken_over_and_never_made_twice() {
    let world = World::new().await;
    world
        .app
        .seed(vec![json!({ "userName": "ADA@tessera.example", "title": "Boss", "active": true })])
        .unwrap();
    world.directory.put(person("01", "Ada", "Clerk"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.updated), (0, 1));
    assert_eq!(world.accounts().len(), 1);
    assert_eq!(world.account("ada")["title"], "Clerk");
}

#[tokio::test]
async fn an_account_that_is_as_it_should_be_is_linked_without_a_write() {
    let world = provisioned(2).await;
    let other = World::new().await;
    other.app.seed(world.app.users()).unwrap();
    for (position, name) in NAMES.iter().take(2).enumerate() {
        other.directory.put(person(&id(position), name, "Clerk"));
    }
    let report = other.cycle().await.unwrap();
    assert_eq!((report.figures.skipped, report.figures.exported(), report.figures.target_calls), (2, 0, 1));
    assert!(other.link("01").await.unwrap().target_id.is_some());
}

#[tokio::test]
async fn whoever_stands_on_a_later_page_of_the_apps_listing_is_found_too() {
    // The app shows a hundred accounts a page.
    let people = 120;
    let world = World::with(ONE_BY_ONE, people).await;
    for number in 0..people {
        let name = format!("Person {number}");
        let user_name = format!("person.{number}@tessera.example");
        world.app.seed(vec![json!({ "userName": user_name, "displayName": name, "active": true })]).unwrap();
        if number >= 100 {
            world.directory.put(person(&format!("{number}"), &name, "Clerk"));
        }
    }

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.updated), (0, 20));
    assert_eq!((world.accounts().len(), world.app.counters().list), (people, 2));
}

#[tokio::test]
async fn a_recycled_address_does_not_inherit_the_earlier_persons_account() {
    let world = provisioned(2).await;
    let mut second = person("99", "Ada Second", "Clerk");
    set(&mut second, "upn", "ada@tessera.example");
    world.directory.put(second);

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.failed, report.result), (1, CycleResult::EntryLevelErrors));
    let failure = world.records(By::Failures).await.pop().unwrap();
    let error = failure.provisioning_status_info.error_information.unwrap();
    assert_eq!(error.error_code, "DuplicateSourceEntries");
    assert!(error.reason.contains("01"), "{}", error.reason);
    assert_eq!(world.account("ada")["displayName"], "Ada");
}

#[tokio::test]
async fn two_new_people_with_one_sign_in_name_get_one_account_and_one_clear_failure() {
    let world = World::new().await;
    let twin = |id: &str| {
        let mut twin = person(id, "Ada", "Clerk");
        set(&mut twin, "number", id);
        twin
    };
    world.directory.put(twin("01"));
    world.directory.put(twin("02"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.failed), (1, 1));
    assert_eq!(world.accounts().len(), 1);
    let failure = world.records(By::Failures).await.pop().unwrap();
    assert_eq!(failure.source_identity.id, "02");
}

#[tokio::test]
async fn two_accounts_that_match_one_person_are_left_for_a_person_to_decide() {
    let world = World::new().await;
    world.app.set_quirks(Quirks { case_sensitive_user_name: true, ..Quirks::default() });
    world.directory.put(person("01", "Ada", "Clerk"));
    world.directory.put(person("02", "Bo", "Clerk"));
    world.cycle().await.unwrap();
    // A second account whose external id is Ada's cannot be told from hers by it, so nothing is guessed.
    let mut world = world;
    let mut mapping = crate::world::mapping(json!(["create", "update", "delete"]));
    mapping.attributes[0].matching_priority = None;
    mapping.attributes[2].matching_priority = Some(1);
    world.definition.mapping =
        engine::mapping::Mapping::check(&mapping, &connectors::scim::ScimSchema).unwrap();
    world
        .app
        .seed(vec![
            json!({ "userName": "x1", "displayName": "Zoe" }),
            json!({ "userName": "x2", "displayName": "Zoe" }),
        ])
        .unwrap();
    world.directory.put(person("03", "Zoe", "Clerk"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.failed), (0, 1));
    let failure = world.records(By::Failures).await.pop().unwrap();
    let error = failure.provisioning_status_info.error_information.unwrap();
    assert_eq!(error.error_code, "DuplicateTargetEntries");
}

#[tokio::test]
async fn an_account_that_vanished_from_the_target_is_made_again() {
    let world = provisioned(3).await;
    world.app.clear();
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.failed), (1, 0));
    assert_eq!(world.account("ada")["title"], "Treasurer");
}

#[tokio::test]
async fn switching_off_someone_whose_account_vanished_makes_no_account() {
    let world = provisioned(3).await;
    world.app.clear();
    world.directory.edit("01", |ada| ada.enabled = false);

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.skipped, report.figures.created), (1, 0));
    assert!(world.accounts().is_empty());
}

#[tokio::test]
async fn an_account_that_turns_up_in_place_of_a_vanished_one_is_switched_off_only_after_the_guard() {
    let mut world = World::new().await;
    let active = r#"Switch([status], "True", "leave", "False")"#;
    use_mapping(&mut world, |mapping| mapping.attributes[4] = expression("active", active));
    let mut ada = person("01", "Ada", "Clerk");
    set(&mut ada, "status", "leave");
    world.directory.put(ada);
    world.cycle().await.unwrap();
    assert_eq!(world.account("ada")["active"], false);
    world.app.clear();
    world.app.seed(vec![json!({ "userName": "ada@tessera.example", "active": true })]).unwrap();
    world.definition.thresholds.maximum = 0;

    // The link's account was off; the one that matches now is on.
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Boss"));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.disabled, report.figures.failed), (0, 1));
    assert_eq!(world.account("ada")["active"], true);

    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.disabled, report.figures.held, report.figures.failed), (0, 1, 0));
    let report = world.cycle_as(&approved()).await.unwrap();
    assert_eq!((report.figures.disabled, report.figures.failed), (1, 0));
    assert_eq!(
        (&world.account("ada")["active"], &world.account("ada")["title"]),
        (&json!(false), &json!("Boss"))
    );
    assert_eq!(world.state().await.counts.escrowed, 0);
}

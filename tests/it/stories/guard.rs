//! Removals one by one, and over a day: what a person decides about single ones, whom nobody may remove.

use engine::guard::{HumanDecision, Protected, StagedKey, Thresholds};
use engine::job::StatusCode;
use engine::model::SourceId;
use engine::ports::Clock;
use engine::report::{Action, ProvisioningRecord};
use jiff::SignedDuration;
use serde_json::json;
use store::By;

use super::{NAMES, id, provisioned};
use crate::world::{World, approved, person, set};

/// At most so many pass, whatever share they are.
fn at_most(maximum: u64) -> Thresholds {
    Thresholds { maximum, percent: 100.0, at_least: 0 }
}

/// What a person says about a staged removal.
async fn decide(world: &World, id: &str, is_approved: bool) {
    let decision = HumanDecision { approved: is_approved, by: "Grace".to_owned(), at: world.clock.now() };
    let key = StagedKey { source_id: SourceId::new(id), members: false };
    let decided = world.store.decide_removals(&world.definition.job, &[key], Some(&decision)).await.unwrap();
    assert_eq!(decided, 1, "{id} is not staged");
}

fn switch_off(world: &World, positions: std::ops::Range<usize>) {
    for position in positions {
        world.directory.edit(&id(position), |person| person.enabled = false);
    }
}

/// The last step of the newest record about somebody.
async fn last_word(world: &World, id: &str) -> (ProvisioningRecord, String, String) {
    let mut records = world.records(By::All).await;
    records.retain(|record| record.source_identity.id == id);
    let record = records.pop().unwrap();
    let step = record.provisioning_steps.last().unwrap();
    let reason = step.details.get("SkipReason").cloned().unwrap_or_default();
    (record.clone(), step.description.clone(), reason)
}

#[tokio::test]
async fn removals_that_are_few_in_each_cycle_are_held_once_they_are_many_within_a_day() {
    let mut world = provisioned(12).await;
    world.definition.thresholds = at_most(3);
    switch_off(&world, 0..2);
    assert_eq!(world.cycle().await.unwrap().figures.disabled, 2);

    switch_off(&world, 2..4);
    let held = world.cycle().await.unwrap();

    assert_eq!((held.figures.disabled, held.figures.held), (0, 2));
    assert_eq!((held.verdicts[0].removals, held.verdicts[0].today), (2, 2));
    let message = world.state().await.quarantine.unwrap().message;
    assert!(message.contains("2 removals, with 2 in the day before them"), "{message}");

    // A day later they are two of two.
    world.clock.advance(SignedDuration::from_hours(24));
    let later = world.cycle().await.unwrap();
    assert_eq!((later.figures.disabled, later.verdicts[0].today), (2, 0));
    assert_eq!(world.state().await.code, StatusCode::Active);
}

#[tokio::test]
async fn one_of_those_that_a_cycle_held_is_not_let_through_because_somebody_asks_for_it_alone() {
    let mut world = provisioned(12).await;
    world.definition.thresholds = at_most(3);
    switch_off(&world, 0..4);
    assert_eq!(world.cycle().await.unwrap().figures.held, 4);
    let first = id(0);

    let asked = world.provision(&[&first]).await.unwrap();
    assert!(asked.held.is_some_and(|why| why.contains("4 removals")), "they are told why");
    assert!(asked.records.iter().all(|record| record.provisioning_action != Action::Disable));

    decide(&world, &first, true).await;
    let asked = world.provision(&[&first]).await.unwrap();
    assert_eq!(asked.held, None);
    assert_eq!(asked.records.len(), 1);
    assert_eq!(asked.records[0].provisioning_action, Action::Disable);
}

#[tokio::test]
async fn what_a_person_approved_does_not_count_towards_the_day() {
    let mut world = provisioned(12).await;
    world.definition.thresholds = at_most(3);
    switch_off(&world, 0..4);
    assert_eq!(world.cycle_as(&approved()).await.unwrap().figures.disabled, 4);

    switch_off(&world, 4..7);
    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.disabled, report.verdicts[0].today), (3, 0));
}

#[tokio::test]
async fn a_person_decides_about_single_removals_and_the_rest_goes_on_waiting() {
    let mut world = provisioned(12).await;
    world.definition.thresholds = at_most(1);
    switch_off(&world, 0..3);
    assert_eq!(world.cycle().await.unwrap().figures.held, 3);

    decide(&world, "01", true).await;
    decide(&world, "02", false).await;
    world.definition.thresholds = at_most(0);
    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.disabled, report.figures.held), (1, 1));
    assert_eq!(report.verdicts[0].removals, 1, "what was decided is not judged");
    let actives = ["ada", "bo", "cleo"].map(|name| world.account(name)["active"].clone());
    assert_eq!(actives, [json!(false), json!(true), json!(true)]);
    let (record, ..) = last_word(&world, "01").await;
    assert_eq!(record.provisioning_action, Action::Disable);
    assert_eq!(record.provisioning_steps.last().unwrap().details["ApprovedBy"], "Grace");
    let (_, description, reason) = last_word(&world, "02").await;
    assert_eq!(reason, "RemovalRejected");
    assert!(description.starts_with("Grace rejected this removal on 2026-03-02 "), "{description}");

    // Told once, and asked no more.
    let again = world.cycle().await.unwrap();
    assert_eq!((again.figures.log_records, again.figures.target_calls, again.figures.held), (0, 0, 1));
    assert_eq!(world.state().await.counts.staged, 2);
}

#[tokio::test]
async fn a_rejected_removal_is_over_when_the_person_comes_back_and_asked_again_when_they_leave_again() {
    let mut world = provisioned(12).await;
    world.definition.thresholds = at_most(0);
    world.directory.remove("01");
    world.cycle().await.unwrap();
    decide(&world, "01", false).await;
    world.cycle().await.unwrap();
    // Whatever else is read meanwhile: nobody asks again.
    world.directory.edit("05", |eve| set(eve, "jobTitle", "Treasurer"));
    let meanwhile = world.cycle().await.unwrap();
    assert_eq!((meanwhile.figures.held, meanwhile.figures.updated, meanwhile.figures.log_records), (0, 1, 1));
    assert_eq!((world.state().await.code, world.accounts().len()), (StatusCode::Active, 12));

    world.directory.put(person("01", NAMES[0], "Clerk"));
    world.cycle().await.unwrap();
    assert_eq!(world.state().await.counts.staged, 0);

    world.directory.remove("01");
    assert_eq!(world.cycle().await.unwrap().figures.held, 1);
}

#[tokio::test]
async fn who_is_protected_is_neither_switched_off_nor_deleted_and_that_is_told_once() {
    let mut world = provisioned(12).await;
    world.definition.protected = Protected(vec!["ADA@*".to_owned(), "03".to_owned()]);
    switch_off(&world, 0..2);
    world.directory.remove("03");

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.disabled, report.figures.deleted, report.figures.held), (1, 0, 0));
    assert_eq!((world.account("ada")["active"].clone(), world.accounts().len()), (json!(true), 12));
    for id in ["01", "03"] {
        assert_eq!(last_word(&world, id).await.2, "Protected", "{id}");
    }
    world.directory.touch();
    let again = world.cycle().await.unwrap();
    assert_eq!((again.figures.log_records, again.figures.target_calls), (0, 0));

    // The protection ends, and what it kept back is made good.
    world.definition.protected = Protected::default();
    let ended = world.cycle().await.unwrap();
    assert_eq!((ended.figures.disabled, ended.figures.deleted), (1, 1));
}

#[tokio::test]
async fn a_removal_that_was_held_is_dropped_when_its_account_becomes_protected() {
    let mut world = provisioned(12).await;
    world.definition.thresholds = at_most(0);
    switch_off(&world, 0..1);
    assert_eq!(world.cycle().await.unwrap().figures.held, 1);

    world.definition.protected = Protected(vec!["ada@tessera.example".to_owned()]);
    let report = world.cycle_as(&approved()).await.unwrap();

    assert_eq!((report.figures.disabled, world.state().await.counts.staged), (0, 0));
    assert_eq!(world.account("ada")["active"], true);
}

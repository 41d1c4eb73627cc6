//! Who is in scope, who drops out, who comes back.

use engine::cycle::Request;
use engine::escrow::FailureCode;
use engine::model::{SkipReason, SourceId, SourceObject, Value};
use engine::ports::Source as _;
use engine::report::Action;
use engine::scoping::{Assignment, Scope};
use serde_json::json;
use store::By;

use super::{provisioned, use_mapping};
use crate::world::{World, person, set};

fn only_titled(title: &str) -> Scope {
    let filter = json!({ "filter": [{ "name": "by title", "clauses": [
        { "attribute": "jobTitle", "operator": "EQUALS", "value": title },
    ] }] });
    serde_json::from_value(filter).unwrap()
}

fn scoped(world: &mut World, scope: &Scope) {
    use_mapping(world, |mapping| mapping.scope = scope.clone());
}

#[tokio::test]
async fn who_is_not_admitted_gets_no_account_and_the_log_says_by_which_clause() {
    let mut world = World::new().await;
    scoped(&mut world, &only_titled("Clerk"));
    world.directory.put(person("1", "Nadia Okoye", "Clerk"));
    world.directory.put(person("2", "Omar Vogel", "Boss"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.skipped), (1, 1));
    assert_eq!(world.link("2").await.unwrap().skipped, Some(SkipReason::NotInScope));
    assert_eq!(world.state().await.counts.in_scope, 1);
    let record = world.records(By::Source(SourceId::new("2"))).await.pop().unwrap();
    let scoping =
        record.provisioning_steps.iter().find(|step| step.name == "EntrySynchronizationScoping").unwrap();
    assert_eq!(scoping.details["Scoping filter evaluation passed"], "False");
    assert!(
        scoping
            .details
            .iter()
            .any(|(clause, holds)| clause.contains("jobTitle EQUALS 'Clerk'") && holds.contains("False")),
        "{:?}",
        scoping.details
    );
    let skipped = record.provisioning_steps.last().unwrap();
    assert_eq!(skipped.details["SkipReason"], "NotEffectivelyEntitled");
}

#[tokio::test]
async fn who_drops_out_is_switched_off_is_no_longer_managed_and_comes_back_to_the_same_account() {
    let mut world = provisioned(3).await;
    scoped(&mut world, &only_titled("Clerk"));
    let account = world.account("bo")["id"].clone();
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Boss"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.disabled, report.figures.updated), (1, 0));
    assert_eq!(world.account("bo")["active"], false);
    assert!(world.link("02").await.unwrap().unmanaged);
    let record = world.records(By::Source(SourceId::new("02"))).await.pop().unwrap();
    let said = |step: &engine::report::Step| step.description.contains("no longer in scope");
    assert!(record.provisioning_steps.iter().any(said), "{:?}", record.provisioning_steps);
    // Nothing more is sent for her, whatever becomes of her.
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Chair"));
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
    world.directory.remove("02");
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.deleted, report.figures.target_calls), (0, 0));
    assert_eq!(world.account("bo")["id"], account);

    world.directory.put(person("02", "Bo", "Clerk"));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.updated), (0, 1));
    let bo = world.account("bo");
    assert_eq!((&bo["id"], &bo["active"]), (&account, &json!(true)));
}

#[tokio::test]
async fn who_drops_out_while_switched_off_is_not_managed_either_until_they_are_back_in_scope() {
    let mut world = provisioned(3).await;
    scoped(&mut world, &only_titled("Clerk"));
    let bo = |edit: fn(&mut SourceObject)| world.directory.edit("02", edit);
    bo(|bo| bo.enabled = false);
    assert_eq!(world.cycle().await.unwrap().figures.disabled, 1);
    bo(|bo| set(bo, "jobTitle", "Boss"));
    world.cycle().await.unwrap();
    bo(|bo| set(bo, "jobTitle", "Chair"));
    world.cycle().await.unwrap();
    assert!(world.link("02").await.unwrap().unmanaged);
    let mark = world.directory.get(&[SourceId::new("02")]).await.unwrap().remove(0);
    world.directory.remove("02");
    assert_eq!(world.cycle().await.unwrap().figures.deleted, 0, "a deletion sends nothing more");

    world.directory.put(mark);
    bo(|bo| set(bo, "jobTitle", "Clerk"));
    world.cycle().await.unwrap();
    assert!(!world.link("02").await.unwrap().unmanaged, "back in scope, although switched off");
    world.directory.remove("02");
    assert_eq!(world.cycle().await.unwrap().figures.deleted, 1);
}

#[tokio::test]
async fn who_is_as_they_should_be_and_drops_out_while_switched_off_is_not_managed_any_more() {
    let mut world = World::new().await;
    let mut scope = only_titled("Clerk");
    scope.filter[0].clauses[0].attribute = "branch".to_owned();
    scoped(&mut world, &scope);
    for (id, name) in [("01", "Ada"), ("02", "Bo")] {
        let mut one = person(id, name, "Clerk");
        set(&mut one, "branch", "Clerk");
        world.directory.put(one);
    }
    world.cycle().await.unwrap();
    world.directory.edit("02", |bo| bo.enabled = false);
    world.cycle().await.unwrap();

    // Nothing that is mapped differs, and nothing is sent.
    world.directory.edit("02", |bo| set(bo, "branch", "elsewhere"));
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
    assert!(world.link("02").await.unwrap().unmanaged);
    world.directory.edit("02", |bo| set(bo, "branch", "Clerk"));
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
    assert!(!world.link("02").await.unwrap().unmanaged, "whoever is back is managed again");
    world.directory.edit("02", |bo| set(bo, "branch", "elsewhere"));
    world.cycle().await.unwrap();
    world.directory.remove("02");
    assert_eq!(world.cycle().await.unwrap().figures.deleted, 0);
}

#[tokio::test]
async fn with_the_skip_flag_who_drops_out_keeps_the_account_as_it_is() {
    let mut world = provisioned(2).await;
    scoped(&mut world, &Scope { skip_out_of_scope_deletions: true, ..only_titled("Clerk") });
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Boss"));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.disabled, report.figures.updated, report.figures.target_calls), (0, 0, 0));
    assert_eq!(
        (&world.account("bo")["active"], &world.account("bo")["title"]),
        (&json!(true), &json!("Clerk"))
    );
    world.directory.remove("02");
    assert_eq!(world.cycle().await.unwrap().figures.deleted, 0);
}

#[tokio::test]
async fn a_filter_that_hits_many_waits_for_a_person() {
    let mut world = provisioned(12).await;
    scoped(&mut world, &only_titled("Nobody"));
    let said = world.preview().await.unwrap();
    assert_eq!((said.switched_off, said.held.is_some()), (12, true));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.disabled, report.figures.held), (0, 12));
    scoped(&mut world, &Scope::default());
    let report = world.cycle().await.unwrap();
    assert_eq!(
        (report.figures.disabled, report.figures.held),
        (0, 0),
        "the filter was mended before anybody lost it"
    );
}

#[tokio::test]
async fn who_cannot_be_judged_is_neither_let_in_nor_put_out() {
    let mut world = provisioned(2).await;
    scoped(&mut world, &only_titled("Clerk"));
    world.cycle().await.unwrap();
    let several = Value::List(vec![Value::text("Clerk"), Value::text("Boss")]);
    world.directory.edit("02", |bo| drop(bo.attributes.insert("jobTitle".to_owned(), several)));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.disabled, report.figures.failed), (0, 1));
    assert_eq!(world.account("bo")["active"], true);
    let record = world.records(By::Source(SourceId::new("02"))).await.pop().unwrap();
    assert_eq!(record.provisioning_action, Action::Update);
    let error = record.provisioning_status_info.error_information.unwrap();
    assert_eq!(error.error_code, FailureCode::AttributeValidationFailed.to_string());
}

#[tokio::test]
async fn only_who_is_assigned_is_in_scope_when_that_is_asked_for() {
    let mut world = World::new().await;
    let assigned = Assignment {
        users: vec!["1".to_owned()],
        groups: vec!["Finance".to_owned()],
        member_of: Some("groups".to_owned()),
    };
    scoped(&mut world, &Scope { assigned: Some(assigned), ..Scope::default() });
    let member = |id: &str, name: &str, groups: &[&str]| {
        let mut one = person(id, name, "Clerk");
        let groups = groups.iter().map(|group| Value::text(*group)).collect();
        one.attributes.insert("groups".to_owned(), Value::List(groups));
        one
    };
    world.directory.put(person("1", "Ada", "Clerk"));
    world.directory.put(member("2", "Bo", &["Sales", "Finance"]));
    world.directory.put(member("3", "Cleo", &["Sales"]));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.skipped), (2, 1));
    assert_eq!(world.account("cleo"), serde_json::Value::Null);
    // Losing the membership is leaving.
    world.directory.put(member("2", "Bo", &["Sales"]));
    let report = world.cycle_as(&Request::default()).await.unwrap();
    assert_eq!(report.figures.disabled, 1);
}

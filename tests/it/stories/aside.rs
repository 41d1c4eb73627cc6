//! Beside the schedule: somebody provisioned now, a job paused and started, everyone evaluated again from what is stored,
//! accounts that somebody changed in the app.

use engine::cycle::{Ending, Request};
use engine::drift::DriftSweep;
use engine::job::{CycleKind, StatusCode};
use engine::model::{AttributeChange, ObjectType, Value};
use engine::ports::{Clock, Store, TargetOperation};
use engine::report::{Action, Outcome};
use store::By;
use testkit::kill::Moment;
use testkit::source::Manner;

use super::{NAMES, expression, id, provisioned, use_mapping};
use crate::world::{World, person, set};

// ------------------------------------------------------------------------------------------------------- on demand

#[tokio::test]
async fn somebody_is_provisioned_now_with_every_step_and_the_next_cycle_has_nothing_to_add() {
    let world = provisioned(3).await;
    world.directory.put(person("04", "Dan", "Clerk"));
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));

    let provisioned = world.provision(&["04"]).await.unwrap();

    assert_eq!(provisioned.records.len(), 1);
    let record = &provisioned.records[0];
    assert_eq!((record.provisioning_action, record.source_identity.id.as_str()), (Action::Create, "04"));
    assert!(record.provisioning_steps.len() >= 3, "{:?}", record.provisioning_steps);
    assert!(!world.account("dan").is_null());
    assert_eq!(world.account("ada")["title"], "Clerk", "nobody else was touched");

    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.updated), (0, 1), "{report:?}");
}

#[tokio::test]
async fn who_is_gone_from_the_source_is_deleted_on_demand_too() {
    let world = provisioned(3).await;
    world.directory.remove("02");

    let provisioned = world.provision(&["02"]).await.unwrap();

    assert_eq!(provisioned.held, None);
    assert!(world.account("bo").is_null());
    assert_eq!(world.state().await.counts.linked, 2);
    assert_eq!(world.cycle().await.unwrap().figures.deleted, 0);
}

#[tokio::test]
async fn who_nobody_knows_is_named_and_nothing_happens() {
    let world = provisioned(1).await;
    let provisioned = world.provision(&["77"]).await.unwrap();
    assert_eq!(provisioned.unknown.len(), 1);
    assert!(provisioned.records.is_empty());
}

#[tokio::test]
async fn a_cycle_that_was_cut_goes_on_where_it_stood_after_somebody_was_provisioned_aside() {
    let world = World::new().await;
    for (position, name) in NAMES.iter().enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    let (killed, _) = world.cycle_killed_at(Some(Moment::Before(25))).await;
    assert!(killed.is_none());
    let cut = world.state().await.checkpoint.expect("it was cut");
    assert!(world.account("lou").is_null());
    world.clock.advance(jiff::SignedDuration::from_mins(10));

    world.provision(&["12"]).await.unwrap();

    assert!(!world.account("lou").is_null());
    assert_eq!(world.state().await.checkpoint.map(|checkpoint| checkpoint.cycle), Some(cut.cycle));
    let report = world.cycle().await.unwrap();
    assert_eq!((report.cycle, report.figures.created, report.figures.failed), (cut.cycle, 12, 0));
    assert_eq!(world.accounts().len(), 12);
}

#[tokio::test]
async fn a_mapping_that_changed_is_still_news_for_everyone_else_after_somebody_was_provisioned() {
    let mut world = provisioned(3).await;
    use_mapping(&mut world, |mapping| mapping.attributes.push(expression("nickName", "[displayName]")));

    world.provision(&["01"]).await.unwrap();
    assert_eq!(world.account("ada")["nickName"], "Ada");
    assert!(world.account("bo")["nickName"].is_null());

    world.cycle().await.unwrap();
    assert_eq!(world.account("bo")["nickName"], "Bo");
}

// ------------------------------------------------------------------------------------------------- pause and start

#[tokio::test]
async fn a_paused_job_stops_after_its_page_and_goes_on_with_the_same_cycle_when_it_is_started() {
    let world = World::new().await;
    for (position, name) in NAMES.iter().enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    let job = &world.definition.job;
    world.store.order(job, true).await.unwrap();

    let ending = world.slice(&Request::default()).await.unwrap();

    assert_eq!(ending, Ending::Paused);
    let state = world.state().await;
    assert_eq!(state.code, StatusCode::Paused);
    let checkpoint = state.checkpoint.expect("everything is kept");
    assert!(world.accounts().len() < 12);

    world.store.order(job, false).await.unwrap();
    let now = world.clock.now();
    let (lease, mut state) =
        world.store.acquire(job, now, now + jiff::SignedDuration::from_secs(5)).await.unwrap();
    state.start(now);
    world.store.save(&lease, &state, &[], true).await.unwrap();
    let report = world.cycle().await.unwrap();
    assert_eq!((report.cycle, world.accounts().len()), (checkpoint.cycle, 12));
}

// ------------------------------------------------------------------------------------------- evaluated from stored

#[tokio::test]
async fn an_edit_of_the_mapping_evaluates_everyone_again_without_reading_anyone_from_a_directory_of_changes()
{
    let mut world = provisioned(7).await;
    world.directory.set_manner(Manner::Changes);
    let calls = engine::ports::Source::calls(&world.directory);
    use_mapping(&mut world, |mapping| {
        mapping.attributes.push(expression("nickName", "ToUpper([displayName])"));
    });

    let report = world.cycle().await.unwrap();

    assert_eq!((report.kind, report.figures.updated), (CycleKind::Initial, 7));
    assert_eq!(world.account("gia")["nickName"], "GIA");
    assert_eq!(engine::ports::Source::calls(&world.directory) - calls, 1, "it was asked once what changed");
    let again = world.cycle().await.unwrap();
    assert_eq!((again.figures.target_calls, again.figures.log_records), (0, 0));
}

#[tokio::test]
async fn an_edit_that_reads_an_attribute_nobody_kept_reads_everyone_from_the_source() {
    let mut world = provisioned(3).await;
    world.directory.set_manner(Manner::Changes);
    use_mapping(&mut world, |mapping| {
        mapping.attributes.push(expression("nickName", "[number]"));
        mapping.attributes.push(expression("userType", "[costCenter]"));
    });
    world.directory.edit("02", |bo| set(bo, "costCenter", "R&D"));

    world.cycle().await.unwrap();

    assert_eq!(world.account("bo")["userType"], "R&D");
    assert_eq!(world.account("ada")["nickName"], "01");
}

#[tokio::test]
async fn who_left_and_is_held_is_not_brought_back_by_an_edit_of_the_mapping() {
    let mut world = provisioned(12).await;
    world.directory.set_manner(Manner::Changes);
    for position in 0..6 {
        world.directory.remove(&id(position));
    }
    assert_eq!(world.cycle().await.unwrap().figures.held, 6);
    use_mapping(&mut world, |mapping| {
        mapping.attributes.push(expression("nickName", "ToUpper([displayName])"));
    });

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.held, report.figures.updated), (6, 6), "{report:?}");
    assert!(world.account("ada")["nickName"].is_null());
    assert_eq!(world.state().await.counts.staged, 6);
}

// ----------------------------------------------------------------------------------------------------------- drift

/// Somebody changes an account in the app itself.
async fn in_the_app(world: &World, id: &str, title: &str) {
    let account = world.link(id).await.unwrap().target_id.unwrap();
    let new = Some(Value::text(title));
    let change = AttributeChange { path: "title".to_owned(), old: None, new, adds: false };
    world.meddle(TargetOperation::Update(ObjectType::User, account, vec![change])).await;
}

#[tokio::test]
async fn what_somebody_changed_in_the_app_is_told_once_and_left() {
    let mut world = provisioned(3).await;
    world.definition.drift = DriftSweep::Report;
    in_the_app(&world, "02", "Boss").await;

    let told = sweep(&world).await;

    assert_eq!(told, [("02".to_owned(), Outcome::Warning)]);
    assert_eq!(world.account("bo")["title"], "Boss");
    assert_eq!(sweep(&world).await.len(), 0, "it was told");
}

#[tokio::test]
async fn what_somebody_changed_in_the_app_is_put_right() {
    let mut world = provisioned(3).await;
    world.definition.drift = DriftSweep::Repair;
    in_the_app(&world, "02", "Boss").await;

    let told = sweep(&world).await;

    assert_eq!(told, [("02".to_owned(), Outcome::Success)]);
    assert_eq!(world.account("bo")["title"], "Clerk");
    assert_eq!(sweep(&world).await.len(), 0);
}

#[tokio::test]
async fn an_account_that_somebody_deleted_in_the_app_is_created_again() {
    let mut world = provisioned(3).await;
    world.definition.drift = DriftSweep::Repair;
    let account = world.link("02").await.unwrap().target_id.unwrap();
    world.meddle(TargetOperation::Delete(ObjectType::User, account)).await;

    sweep(&world).await;

    assert_eq!(world.accounts().len(), 3);
    assert_eq!(world.state().await.counts.linked, 3);
    assert_eq!(sweep(&world).await.len(), 0);
}

/// A day of cycles; what their sweeps told.
async fn sweep(world: &World) -> Vec<(String, Outcome)> {
    let before = world.records(By::All).await.len();
    let mut swept = 0;
    for _ in 0..37 {
        swept += world.cycle().await.unwrap().figures.swept;
    }
    assert!(swept >= 3, "everyone is looked at within a day");
    let records = world.records(By::All).await.split_off(before);
    let told =
        records.into_iter().map(|record| (record.source_identity.id, record.provisioning_status_info.status));
    told.collect()
}

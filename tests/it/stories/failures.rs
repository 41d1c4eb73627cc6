//! What fails, and what is done about it: escrow, quarantine, lost answers.

use engine::attention::Attention;
use engine::cycle::CycleError;
use engine::job::{QuarantineReason, StatusCode};
use engine::ports::{Clock, Store};
use jiff::SignedDuration;
use store::By;
use testkit::sandbox::{Does, Fault, Faults, Kind};

use super::{NAMES, id, provisioned};
use crate::world::{ONE_BY_ONE, World, person, set};

#[tokio::test]
async fn one_bad_record_never_stops_the_rest_and_is_tried_again_with_growing_gaps() {
    let world = World::new().await;
    world
        .app
        .set_faults(Faults { poisoned_user: Some("bo@tessera.example".to_owned()), ..Faults::default() });
    for (position, name) in NAMES.iter().take(3).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }

    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.failed), (2, 1));
    let failure = world.records(By::Failures).await.pop().unwrap();
    let error = failure.provisioning_status_info.error_information.unwrap();
    assert_eq!(error.error_code, "UnprocessableEntity");
    assert!(error.additional_details.unwrap().contains("POST /Users"));
    let state = world.state().await;
    assert_eq!((state.counts.escrowed, state.attention()), (1, Some(Attention::Failing)));
    assert_eq!(state.days.0[0].failures.most_frequent(), [("UnprocessableEntity", 1)]);
    assert_eq!(state.failed_hours.within_a_day(world.clock.now()), 1);

    // A refused value waits six hours; cycles meanwhile leave it alone.
    let meanwhile = world.cycle().await.unwrap();
    assert_eq!((meanwhile.figures.failed, meanwhile.figures.target_calls), (0, 0));

    world.app.set_faults(Faults::default());
    world.clock.advance(SignedDuration::from_hours(6));
    let cured = world.cycle().await.unwrap();
    let state = world.state().await;
    assert_eq!((cured.figures.created, state.counts.escrowed, state.attention()), (1, 0, None));
    world.clock.advance(SignedDuration::from_hours(20));
    assert_eq!(state.failed_hours.within_a_day(world.clock.now()), 0, "that was yesterday");
}

#[tokio::test]
async fn a_failed_object_is_tried_at_once_when_it_changes() {
    let world = World::new().await;
    world
        .app
        .set_faults(Faults { poisoned_user: Some("bo@tessera.example".to_owned()), ..Faults::default() });
    world.directory.put(person("02", "Bo", "Clerk"));
    world.cycle().await.unwrap();

    world.directory.edit("02", |bo| set(bo, "upn", "bo.w@tessera.example"));
    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, world.state().await.counts.escrowed), (1, 0));
}

#[tokio::test]
async fn someone_who_failed_and_then_left_is_not_created_by_the_retry() {
    let world = provisioned(3).await;
    world
        .app
        .set_faults(Faults { poisoned_user: Some("dan@tessera.example".to_owned()), ..Faults::default() });
    world.directory.put(person("04", "Dan", "Clerk"));
    world.cycle().await.unwrap();
    world.app.set_faults(Faults::default());
    world.directory.remove("04");
    world.clock.advance(SignedDuration::from_hours(48));

    world.cycle().await.unwrap();

    assert_eq!(world.accounts().len(), 3);
    assert_eq!(world.state().await.counts.escrowed, 0);
}

#[tokio::test]
async fn bad_credentials_stop_the_cycle_at_once_and_a_good_call_lifts_the_quarantine() {
    let world = provisioned(3).await;
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));
    world.app.set_faults(Faults { unauthorized: true, ..Faults::default() });

    let error = world.cycle().await.unwrap_err();
    assert!(matches!(error, CycleError::Target(_)));
    let quarantine = world.state().await.quarantine.unwrap();
    assert_eq!(quarantine.reason, QuarantineReason::EncounteredQuarantineException);
    // While they stay bad, a cycle is one probe.
    let before = world.app.counters().total;
    world.cycle().await.unwrap_err();
    assert_eq!(world.app.counters().total, before + 1);
    assert_eq!(world.state().await.quarantine.unwrap().series_count, 1);

    world.app.set_faults(Faults::default());
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.updated, world.state().await.code), (1, StatusCode::Active));
}

#[tokio::test]
async fn a_dead_target_stops_the_cycle_instead_of_failing_everyone() {
    let world = World::with(ONE_BY_ONE, 100).await;
    for number in 0..40 {
        world.directory.put(person(&format!("{number:03}"), &format!("Person {number}"), "Clerk"));
    }
    world.app.set_faults(Faults {
        error_every: Some(testkit::sandbox::ErrorEvery { every: 1, status: 503 }),
        only: Some(vec![Kind::Create]),
        ..Faults::default()
    });

    world.cycle().await.unwrap_err();
    assert!(world.app.counters().create < 100, "{:?}", world.app.counters());

    world.app.set_faults(Faults::default());
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.failed, world.accounts().len()), (40, 0, 40));
}

#[tokio::test]
async fn a_dead_target_is_noticed_in_the_smallest_cycle_and_nobody_counts_as_tried() {
    let world = provisioned(3).await;
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));
    world.directory.put(person("04", "Dan", "Clerk"));
    world.app.set_faults(Faults { html: true, ..Faults::default() });

    world.cycle().await.unwrap_err();
    let state = world.state().await;
    assert_eq!(state.quarantine.unwrap().reason, QuarantineReason::EncounteredQuarantineException);
    assert_eq!(state.counts.escrowed, 0);

    world.app.set_faults(Faults::default());
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.updated, report.figures.failed), (1, 1, 0));
    let escrows = world.store.escrows(&world.definition.job).await.unwrap();
    assert!(escrows.is_empty(), "{escrows:?}");
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_and_not_repeated() {
    let world = World::new().await;
    world.directory.put(person("01", "Ada", "Clerk"));
    world.app.set_faults(Faults {
        next: vec![Fault { on: Kind::Create, does: Does::DropAnswer }],
        ..Faults::default()
    });

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.created, report.figures.failed), (1, 0));
    assert_eq!(world.accounts().len(), 1);
    assert!(world.link("01").await.unwrap().target_id.is_some());
}

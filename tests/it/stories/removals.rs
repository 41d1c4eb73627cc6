//! Who is removed, who is not, and who decides: the guard and what is taken for a leaver.

use engine::cycle::CycleError;
use engine::job::{QuarantineReason, StatusCode};
use engine::ports::Unreadable;
use engine::report::{Action, Outcome};
use serde_json::json;
use store::By;

use super::{NAMES, id, provisioned};
use crate::world::{approved, person, set};

#[tokio::test]
async fn a_page_that_cannot_be_read_fails_the_slice_and_removes_nobody() {
    let world = provisioned(7).await;
    let watermark = world.state().await.watermark;
    world.directory.touch();
    world.directory.set_failing_page(Some(1));

    let error = world.cycle().await.unwrap_err();

    assert!(matches!(error, CycleError::Source(_)));
    let state = world.state().await;
    assert_eq!(state.watermark, watermark);
    assert_eq!(state.quarantine.unwrap().reason, QuarantineReason::IngestionInterrupted);
    assert_eq!(world.accounts().len(), 7);

    world.directory.set_failing_page(None);
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.deleted, report.figures.held), (0, 0));
    assert_eq!(world.state().await.code, StatusCode::Active);
}

#[tokio::test]
async fn while_a_row_cannot_be_read_nobody_is_taken_as_gone() {
    let world = provisioned(5).await;
    world.directory.remove("05");
    world.directory.put(person("06", "Finn", "Clerk"));
    world.directory.set_unreadable(vec![Unreadable {
        place: "people.csv line 6".to_owned(),
        id: None,
        reason: "7 cells where the header has 8".to_owned(),
    }]);

    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.created, report.figures.failed, report.figures.deleted), (1, 1, 0));
    assert!(report.no_inference.unwrap().contains("line 6"));

    world.directory.set_unreadable(Vec::new());
    let report = world.cycle().await.unwrap();
    assert_eq!((report.figures.deleted, world.accounts().len()), (1, 5));
}

#[tokio::test]
async fn a_source_half_its_size_is_held_until_it_is_whole_again() {
    let world = provisioned(12).await;
    for position in 0..6 {
        world.directory.remove(&id(position));
    }

    let report = world.cycle().await.unwrap();

    assert_eq!(report.figures.deleted, 0);
    assert!(report.no_inference.unwrap().contains("6 objects where it showed 12"));
    let quarantine = world.state().await.quarantine.unwrap();
    assert_eq!(quarantine.reason, QuarantineReason::TooManyDeletes);
    // Still held in the next cycle, although the source did not change again.
    world.cycle().await.unwrap();
    assert_eq!(world.accounts().len(), 12);
    assert_eq!(world.state().await.code, StatusCode::Quarantine);

    for (position, name) in NAMES.iter().take(6).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    let whole = world.cycle().await.unwrap();
    assert_eq!((whole.figures.deleted, world.state().await.code), (0, StatusCode::Active));
}

#[tokio::test]
async fn a_person_may_approve_a_source_half_its_size() {
    let world = provisioned(12).await;
    for position in 0..6 {
        world.directory.remove(&id(position));
    }
    world.cycle().await.unwrap();

    let report = world.cycle_as(&approved()).await.unwrap();

    assert_eq!(report.figures.deleted, 6);
    assert_eq!(report.verdicts[0].approved_by.as_deref(), Some("ada"));
    assert_eq!(world.state().await.code, StatusCode::Active);
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

#[tokio::test]
async fn too_many_removals_wait_for_a_person_while_everything_else_goes_on() {
    let mut world = provisioned(12).await;
    world.definition.thresholds.at_least = 2;
    for position in [0, 1] {
        world.directory.edit(&id(position), |person| person.enabled = false);
    }
    world.directory.remove("03");
    world.directory.put(person("20", "Zoe", "Clerk"));
    world.directory.edit("05", |eve| set(eve, "jobTitle", "Treasurer"));

    let held = world.cycle().await.unwrap();

    assert_eq!((held.figures.held, held.figures.disabled, held.figures.deleted), (3, 0, 0));
    assert_eq!((held.figures.created, held.figures.updated), (1, 1));
    assert_eq!(world.account("ada")["active"], true);
    let staged: Vec<_> = world
        .records(By::All)
        .await
        .into_iter()
        .filter(|record| record.provisioning_action == Action::StagedDelete)
        .collect();
    assert_eq!(staged.len(), 3);
    assert!(staged.iter().all(|record| record.provisioning_status_info.status == Outcome::Skipped));
    // Held once, told once, however many cycles pass.
    let again = world.cycle().await.unwrap();
    assert_eq!((again.figures.held, again.figures.log_records, again.figures.target_calls), (3, 0, 0));

    let allowed = world.cycle_as(&approved()).await.unwrap();
    assert_eq!((allowed.figures.disabled, allowed.figures.deleted), (2, 1));
    let state = world.state().await;
    assert_eq!((state.counts.staged, state.code), (0, StatusCode::Active));
}

#[tokio::test]
async fn a_held_removal_is_cancelled_when_the_person_comes_back() {
    let mut world = provisioned(12).await;
    world.definition.thresholds.at_least = 1;
    world.directory.remove("01");
    world.directory.edit("02", |bo| bo.enabled = false);
    world.cycle().await.unwrap();
    assert_eq!(world.state().await.counts.staged, 2);

    world.directory.put(person("01", "Ada", "Clerk"));
    world.directory.edit("02", |bo| bo.enabled = true);
    let report = world.cycle_as(&approved()).await.unwrap();

    assert_eq!((report.figures.deleted, report.figures.disabled, report.figures.held), (0, 0, 0));
    assert_eq!(world.state().await.counts.staged, 0);
    assert_eq!((world.accounts().len(), &world.account("bo")["active"]), (12, &json!(true)));
}

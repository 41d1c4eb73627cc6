//! A directory that says what changed, or who is still there, is not read whole; the people fare the same.

use engine::guard::Thresholds;
use jiff::SignedDuration;
use testkit::sandbox::Faults;
use testkit::source::Manner;

use super::provisioned;
use crate::world::{World, person, set};

async fn told_by(manner: Manner) -> World {
    let world = provisioned(7).await;
    world.directory.set_manner(manner);
    world
}

/// Somebody joins, somebody moves, somebody is switched off, somebody is deleted.
fn a_busy_day(world: &World) {
    world.directory.put(person("08", "Hal", "Clerk"));
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Lead"));
    world.directory.edit("03", |cleo| cleo.enabled = false);
    world.directory.remove("05");
}

#[tokio::test]
async fn people_fare_the_same_however_the_source_tells_of_them() {
    for manner in [Manner::Everyone, Manner::Changes, Manner::Presence] {
        let world = told_by(manner).await;
        a_busy_day(&world);

        let figures = world.cycle().await.unwrap().figures;

        assert_eq!(
            (figures.created, figures.updated, figures.disabled, figures.deleted, figures.failed),
            (1, 1, 1, 1, 0),
            "{manner:?}"
        );
        assert_eq!(world.accounts().len(), 7, "{manner:?}");
        assert_eq!(world.account("bo")["title"], "Lead");
        assert_eq!(world.account("cleo")["active"], false);
        assert!(world.account("eve").is_null());
        let again = world.cycle().await.unwrap().figures;
        assert_eq!((again.exported(), again.log_records, again.imported), (0, 0, 0), "{manner:?}");
    }
}

#[tokio::test]
async fn who_is_not_named_by_a_delta_is_not_gone() {
    let world = told_by(Manner::Changes).await;
    world.directory.edit("02", |bo| set(bo, "jobTitle", "Lead"));

    let report = world.cycle().await.unwrap();

    assert_eq!((report.figures.imported, report.figures.updated, report.figures.target_calls), (1, 1, 1));
    assert_eq!(world.accounts().len(), 7);
    assert_eq!(world.state().await.last_total, 7, "a delta says nothing about the whole");
}

#[tokio::test]
async fn a_stranger_that_a_delta_names_as_gone_is_nobodys_business() {
    let world = told_by(Manner::Changes).await;
    world.directory.put(person("99", "Zoe", "Guest"));
    world.directory.remove("99");

    let figures = world.cycle().await.unwrap().figures;

    assert_eq!((figures.exported(), figures.failed, figures.log_records), (0, 0, 0));
}

#[tokio::test]
async fn somebody_who_is_there_without_ever_having_changed_is_read_by_id() {
    let world = told_by(Manner::Presence).await;
    world.directory.put_unnoticed(person("09", "Ida", "Clerk"));

    let figures = world.cycle().await.unwrap().figures;

    assert_eq!((figures.created, figures.unchanged), (1, 7));
    assert_eq!(world.account("ida")["active"], true);
}

#[tokio::test]
async fn who_comes_back_before_being_removed_stays_however_the_source_tells_it() {
    for manner in [Manner::Changes, Manner::Presence] {
        let mut world = told_by(manner).await;
        world.definition.thresholds = Thresholds { maximum: 0, percent: 1.0, at_least: 0 };
        world.directory.edit("03", |cleo| cleo.enabled = false);
        assert_eq!(world.cycle().await.unwrap().figures.held, 1, "{manner:?}");
        world.directory.edit("03", |cleo| cleo.enabled = true);

        let figures = world.cycle().await.unwrap().figures;

        assert_eq!((figures.held, figures.disabled), (0, 0), "{manner:?}");
        assert_eq!(world.account("cleo")["active"], true);
        assert_eq!(world.state().await.counts.staged, 0);
    }
}

#[tokio::test]
async fn somebody_in_escrow_is_tried_again_although_the_delta_does_not_name_them() {
    let world = told_by(Manner::Changes).await;
    world.directory.put(person("08", "Hal", "Clerk"));
    world
        .app
        .set_faults(Faults { poisoned_user: Some("hal@tessera.example".to_owned()), ..Faults::default() });
    assert_eq!(world.cycle().await.unwrap().figures.failed, 1);
    world.app.set_faults(Faults::default());
    world.clock.advance(SignedDuration::from_hours(6));

    let figures = world.cycle().await.unwrap().figures;

    assert_eq!((figures.created, figures.failed), (1, 0));
}

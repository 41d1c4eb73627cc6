//! Members that are refused, groups that are gone, targets that are unwell.

use engine::cycle::CycleError;
use engine::model::ObjectType;
use engine::ports::TargetErrorKind;
use testkit::memory::{Fault, Faults, TargetSettings};

use crate::world::{World, settings};

/// A world in which Bo's account was deleted by somebody else before he is put into the group.
async fn with_a_bad_member(settings: TargetSettings) -> World {
    let mut world = World::with(settings);
    world.people("ada bo cleo dan eve");
    world.cycle().await;
    world.target.forget(ObjectType::User, &world.account("bo"));
    world.group("staff", "ada bo cleo dan eve");
    world
}

#[tokio::test]
async fn one_member_that_the_target_refuses_does_not_keep_the_others_out() {
    for unknown_member in [TargetErrorKind::InvalidValue, TargetErrorKind::NotFound] {
        let mut world = with_a_bad_member(TargetSettings { unknown_member, ..settings() }).await;
        let figures = world.cycle().await;
        assert_eq!(world.members("staff"), "ada cleo dan eve");
        assert_eq!((figures.members_added, figures.failed), (4, 1));
        let escrows = world.store.all_escrows(&world.definition.job);
        assert!(escrows[0].reference && escrows[0].failure.reason.contains("'bo'"), "{escrows:?}");
        // Bo's account is made again when he changes; the group is found, and no longer in escrow.
        world.person("bo", Some("ada"));
        world.cycle().await;
        assert_eq!(world.members("staff"), "ada bo cleo dan eve");
        assert_eq!(world.state().counts.escrowed, 0);
        world.is_at_rest().await;
    }
}

#[tokio::test]
async fn a_member_that_failed_is_tried_again_when_it_is_due() {
    let mut world = World::new();
    world.people("ada");
    world.cycle().await;
    world.group("staff", "ada");
    let broken = Fault::Refused(TargetErrorKind::InvalidValue);
    // The question for the group, its create, then the member.
    world.target.set_faults(Faults::at(3, broken));
    let figures = world.cycle().await;
    assert_eq!((figures.failed, world.members("staff")), (1, String::new()));
    world.clock.advance(jiff::SignedDuration::from_hours(7));
    let figures = world.cycle().await;
    assert_eq!((figures.members_added, world.members("staff")), (1, "ada".into()));
    assert_eq!((world.state().counts.escrowed, world.state().counts.escrowed_references), (0, 0));
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_group_that_is_gone_from_the_target_is_made_again_with_its_members() {
    let mut world = World::new();
    world.people("ada bo cleo");
    world.group("staff", "ada bo");
    world.cycle().await;
    world.target.forget(ObjectType::Group, &world.group_id("staff"));
    world.group("staff", "ada bo cleo");
    world.cycle().await;
    assert_eq!(world.state().counts.groups.memberships, 0);
    world.cycle().await;
    assert_eq!(world.members("staff"), "ada bo cleo");
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_target_that_is_down_stops_the_cycle_and_the_next_one_goes_on() {
    let mut world = World::new();
    world.people("ada");
    world.cycle().await;
    world.group("staff", "ada");
    world.target.set_faults(Faults::often(1_000, vec![Fault::Refused(TargetErrorKind::Unreachable)]));
    let stopped = world.try_cycle(&Default::default()).await;
    assert!(matches!(stopped, Err(CycleError::Target(_))), "{stopped:?}");
    world.target.set_faults(Faults::none());
    world.cycle().await;
    assert_eq!(world.members("staff"), "ada");
    world.is_at_rest().await;
}

#[tokio::test]
async fn an_app_with_bulk_gets_the_same_members() {
    let mut world = World::with(TargetSettings { batch: 4, concurrency: 3, ..settings() });
    let names: Vec<String> = (0..40).map(|number| format!("p{number:02}")).collect();
    world.people(&names.join(" "));
    world.group("all", &names.join(" "));
    world.group("some", &names[..7].join(" "));
    world.cycle().await;
    assert_eq!((world.members("all"), world.members("some")), (names.join(" "), names[..7].join(" ")));
    world.is_at_rest().await;
}

#[tokio::test]
async fn what_failed_and_changed_since_is_not_put_back_by_its_retry() {
    let mut world = World::new();
    world.people("ada bo");
    world.cycle().await;
    world.person("ada", Some("bo"));
    world.target.set_faults(Faults::at(1, Fault::Refused(TargetErrorKind::InvalidValue)));
    assert_eq!(world.cycle().await.failed, 1);
    world.person("ada", Some("ada"));
    world.cycle().await;
    assert_eq!(world.manager("ada"), Some("ada".into()));
    world.is_at_rest().await;
}

#[tokio::test]
async fn pages_without_anybody_are_not_the_end_and_make_nobody_a_leaver() {
    let mut world = World::new();
    world.people("ada bo cleo dan eve");
    world.group("staff", "ada eve");
    world.cycle().await;
    world.directory.set_gaps();
    world.people("finn");
    world.directory.remove("bo");
    let figures = world.cycle().await;
    assert_eq!((figures.imported, figures.created, figures.deleted), (6, 1, 1));
    assert_eq!((world.state().counts.linked, world.members("staff")), (5, "ada eve".into()));
    world.is_at_rest().await;
}

//! Managers: named in the create when they have an account, and by one update once they get one.

use engine::model::ObjectType;
use testkit::memory::{Fault, Faults};

use crate::world::World;

#[tokio::test]
async fn a_manager_who_has_an_account_is_named_when_the_account_is_made() {
    let mut world = World::new();
    world.people("ada bo cleo dan");
    world.person("eve", Some("ada"));
    let figures = world.cycle().await;
    assert_eq!((figures.created, figures.updated), (5, 0));
    assert_eq!(world.manager("eve"), Some("ada".into()));
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_manager_who_comes_later_is_named_by_one_update_without_a_restart() {
    let mut world = World::new();
    world.person("ada", Some("zoe"));
    world.person("bo", Some("zoe"));
    let figures = world.cycle().await;
    assert_eq!((world.manager("ada"), figures.unresolved), (None, 2));
    world.is_at_rest().await;
    world.people("zoe");
    world.target.keep_journal();
    let figures = world.cycle().await;
    assert_eq!((world.manager("ada"), world.manager("bo")), (Some("zoe".into()), Some("zoe".into())));
    assert_eq!((figures.created, figures.updated, figures.log_records), (1, 2, 3));
    assert!(world.store.all_pending(&world.definition.job).is_empty());
    world.is_at_rest().await;
}

#[tokio::test]
async fn within_one_cycle_managers_are_named_whatever_order_people_come_in() {
    let mut world = World::new();
    for (person, manager) in [("ada", "bo"), ("bo", "cleo"), ("cleo", "ada"), ("dan", "dan")] {
        world.person(person, Some(manager));
    }
    world.cycle().await;
    for (person, manager) in [("ada", "bo"), ("bo", "cleo"), ("cleo", "ada"), ("dan", "dan")] {
        assert_eq!(world.manager(person).as_deref(), Some(manager), "{person}");
    }
    world.is_at_rest().await;
}

#[tokio::test]
async fn whose_manager_changed_meanwhile_waits_for_the_new_one_only() {
    let mut world = World::new();
    world.person("ada", Some("yan"));
    world.cycle().await;
    world.person("ada", Some("zoe"));
    world.cycle().await;
    world.people("yan");
    world.cycle().await;
    assert_eq!(world.manager("ada"), None);
    world.people("zoe");
    world.cycle().await;
    assert_eq!(world.manager("ada"), Some("zoe".into()));
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_reference_that_fails_is_in_escrow_as_a_reference_and_tried_again() {
    let mut world = World::new();
    world.person("ada", Some("zoe"));
    world.cycle().await;
    world.people("zoe");
    // The listing or question, the create, then the reference.
    world.target.set_faults(Faults::at(3, Fault::Refused(engine::ports::TargetErrorKind::ServerError)));
    let figures = world.cycle().await;
    let escrows = world.store.all_escrows(&world.definition.job);
    assert_eq!((figures.failed, escrows.len(), escrows[0].reference), (1, 1, true));
    assert_eq!(world.state().counts.escrowed_references, 1);
    let figures = world.cycle().await;
    assert_eq!((figures.updated, world.manager("ada")), (1, Some("zoe".into())));
    assert_eq!((world.state().counts.escrowed, world.state().counts.escrowed_references), (0, 0));
    world.is_at_rest().await;
}

#[tokio::test]
async fn who_got_another_account_is_named_and_a_member_under_the_new_one() {
    let mut world = World::new();
    world.people("ada bo");
    world.person("cleo", Some("ada"));
    world.group("staff", "ada bo");
    world.cycle().await;
    world.target.forget(ObjectType::User, &world.account("ada"));
    world.person("ada", Some("bo"));
    world.cycle().await;
    assert_eq!((world.members("staff"), world.manager("cleo")), ("ada bo".into(), Some("ada".into())));
    world.is_at_rest().await;
}

#[tokio::test]
async fn who_was_deleted_and_comes_back_is_in_their_groups_again_although_these_never_changed() {
    let mut world = World::new();
    world.people("ada bo cleo");
    world.group("staff", "ada bo");
    world.cycle().await;
    world.directory.remove("ada");
    world.cycle().await;
    assert_eq!(world.members("staff"), "bo");
    world.people("ada");
    world.cycle().await;
    assert_eq!(world.members("staff"), "ada bo");
    world.is_at_rest().await;
}

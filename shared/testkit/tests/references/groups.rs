//! Who is put into which group, and who is taken out again.

use engine::guard::Removed;
use engine::membership::PendingReference;
use engine::model::{ObjectType, SourceId, Value};
use testkit::memory::TargetSettings;

use crate::world::{World, approved, settings};

#[tokio::test]
async fn a_group_is_made_without_members_and_gets_them_in_calls_as_large_as_the_target_takes() {
    let mut world = World::new();
    world.people("ada bo cleo dan");
    world.group("staff", "ada bo cleo dan");
    world.target.keep_journal();
    let figures = world.cycle().await;
    assert_eq!(world.members("staff"), "ada bo cleo dan");
    let adding = world.journal().iter().filter(|call| call.contains(" + ")).count();
    assert_eq!((adding, figures.members_added, figures.created), (2, 4, 5));
    assert_eq!(figures.log_records, 6);
    world.is_at_rest().await;
}

#[tokio::test]
async fn who_comes_is_added_at_once_and_who_goes_leaves_after_the_guard() {
    let mut world = World::new();
    world.people("ada bo cleo");
    world.group("staff", "ada bo");
    world.cycle().await;
    world.group("staff", "bo cleo");
    let figures = world.cycle().await;
    assert_eq!(world.members("staff"), "bo cleo");
    assert_eq!((figures.members_added, figures.members_removed, figures.log_records), (1, 1, 2));
    assert!(world.store.all_staged(&world.definition.job).is_empty());
    world.is_at_rest().await;
}

#[tokio::test]
async fn whom_somebody_else_put_into_a_group_stays() {
    let mut world = World::new();
    world.people("ada bo");
    world.group("staff", "ada bo");
    world.cycle().await;
    let stranger = world.target.seed(ObjectType::User, [("userName".into(), Value::text("stranger"))].into());
    world.target.meddle(&world.group_id("staff"), &stranger, true);
    world.group("staff", "");
    world.cycle().await;
    assert_eq!(world.members("staff"), "stranger");
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_target_that_hides_its_members_loses_the_right_ones_all_the_same() {
    let mut world = World::with(TargetSettings { hides_members: true, ..settings() });
    world.people("ada bo cleo");
    world.target.seed(ObjectType::Group, [("displayName".into(), Value::text("staff"))].into());
    world.group("staff", "ada bo cleo");
    world.cycle().await;
    world.group("staff", "ada cleo");
    world.cycle().await;
    assert_eq!(world.members("staff"), "ada cleo");
    world.is_at_rest().await;
}

#[tokio::test]
async fn of_a_group_that_was_there_the_members_are_read_once_and_ours_are_put_right() {
    let mut world = World::new();
    world.people("ada bo cleo");
    world.cycle().await;
    let group = world.target.seed(ObjectType::Group, [("displayName".into(), Value::text("staff"))].into());
    let stranger = world.target.seed(ObjectType::User, [("userName".into(), Value::text("stranger"))].into());
    for member in [world.account("ada"), world.account("bo"), stranger] {
        world.target.meddle(&group, &member, true);
    }
    world.group("staff", "ada cleo");
    world.target.keep_journal();
    let figures = world.cycle().await;
    assert_eq!(world.members("staff"), "ada cleo stranger");
    assert_eq!((figures.members_added, figures.members_removed), (1, 1));
    assert_eq!(world.journal().iter().filter(|call| call.contains("attributes=members")).count(), 1);
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_member_without_an_account_is_told_of_once_and_joins_when_they_have_one() {
    let mut world = World::new();
    world.people("ada");
    world.group("staff", "ada bo");
    let figures = world.cycle().await;
    assert_eq!((world.members("staff"), figures.unresolved), ("ada".into(), 1));
    let job = world.definition.job.clone();
    let waits = PendingReference::member(SourceId::new("bo"), SourceId::new("z-staff"));
    assert_eq!(world.store.all_pending(&job), [waits]);
    world.is_at_rest().await;
    world.people("bo");
    let figures = world.cycle().await;
    assert_eq!((world.members("staff"), figures.unresolved, figures.members_added), ("ada bo".into(), 0, 1));
    assert!(world.store.all_pending(&job).is_empty());
    world.is_at_rest().await;
}

#[tokio::test]
async fn who_no_longer_belongs_is_waited_for_no_longer() {
    let mut world = World::new();
    world.people("ada");
    world.group("staff", "ada bo");
    world.cycle().await;
    world.group("staff", "ada");
    world.cycle().await;
    assert!(world.store.all_pending(&world.definition.job).is_empty());
    world.is_at_rest().await;
}

#[tokio::test]
async fn members_who_leave_are_held_when_they_are_too_many_and_told_of_once() {
    let mut world = World::new();
    world.definition.thresholds.maximum = 1;
    world.people("ada bo cleo dan");
    world.group("staff", "ada bo cleo dan");
    world.cycle().await;
    world.group("staff", "ada");
    let figures = world.cycle().await;
    assert_eq!((figures.held, figures.members_removed, figures.log_records), (3, 0, 1));
    assert_eq!(world.members("staff"), "ada bo cleo dan");
    world.directory.touch();
    let figures = world.cycle().await;
    assert_eq!((figures.held, figures.log_records, figures.target_calls), (3, 0, 0));
    world.directory.touch();
    let report = world.cycle_as(&approved()).await;
    assert_eq!((report.figures.members_removed, world.members("staff")), (3, "ada".into()));
    assert_eq!(
        report.verdicts.iter().map(|verdict| (verdict.removed, verdict.removals)).next_back(),
        Some((Removed::Memberships, 3))
    );
    world.is_at_rest().await;
}

#[tokio::test]
async fn whoever_comes_back_while_their_leaving_is_held_stays() {
    let mut world = World::new();
    world.definition.thresholds.maximum = 0;
    world.people("ada bo");
    world.group("staff", "ada bo");
    world.cycle().await;
    world.group("staff", "ada");
    world.cycle().await;
    world.group("staff", "ada bo");
    let figures = world.cycle().await;
    assert_eq!((figures.held, world.members("staff")), (0, "ada bo".into()));
    assert!(world.store.all_staged(&world.definition.job).is_empty());
    world.is_at_rest().await;
}

#[tokio::test]
async fn all_that_is_remembered_of_a_group_goes_with_it() {
    let mut world = World::new();
    world.people("ada bo");
    world.group("staff", "ada bo nobody");
    world.group("other", "ada");
    world.cycle().await;
    world.directory.remove("z-staff");
    world.cycle_as(&approved()).await;
    let job = world.definition.job.clone();
    assert_eq!(world.store.memberships(&job).into_keys().collect::<Vec<_>>(), [SourceId::new("z-other")]);
    assert!(world.store.all_pending(&job).is_empty());
    assert_eq!(world.state().counts.groups.memberships, 1);
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_large_group_is_filled_in_parts_and_only_what_changed_is_sent_later() {
    let mut world = World::new();
    let names: Vec<String> = (0..200).map(|number| format!("p{number:03}")).collect();
    world.people(&names.join(" "));
    world.group("all", &names.join(" "));
    let figures = world.cycle().await;
    assert_eq!(figures.members_added, 200);
    assert_eq!(world.members("all").split(' ').count(), 200);
    world.group("all", &names[1..].join(" "));
    world.target.keep_journal();
    let figures = world.cycle().await;
    assert_eq!((figures.members_added, figures.members_removed, figures.target_calls), (0, 1, 1));
    world.is_at_rest().await;
}

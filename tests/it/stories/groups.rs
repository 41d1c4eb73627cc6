//! Groups and their members in a real app's terms: over HTTP, with everything remembered in the real tables.

use connectors::scim::ScimSchema;
use engine::guard::Removed;
use engine::mapping::Mapping;
use serde_json::json;

use crate::world::{World, approved, direct, group_rules, mapping, person, set};

/// Three people and a group of the first two.
async fn staff() -> World {
    let world = World::with_groups().await;
    for (id, name) in [("01", "Ada"), ("02", "Bo"), ("03", "Cleo")] {
        world.directory.put(person(id, name, "Clerk"));
    }
    world.group("Staff", &["01", "02"]);
    world.cycle().await.unwrap();
    world
}

#[tokio::test]
async fn members_follow_the_directory_in_both_directions() {
    let world = staff().await;
    assert_eq!(world.members("Staff"), ["Ada", "Bo"]);
    // A difference by union would never see that Ada left.
    world.group("Staff", &["02", "03"]);
    let report = world.cycle().await.unwrap();
    assert_eq!(world.members("Staff"), ["Bo", "Cleo"]);
    assert_eq!((report.figures.members_added, report.figures.members_removed), (1, 1));
    world.directory.touch();
    let quiet = world.cycle().await.unwrap();
    assert_eq!((quiet.figures.target_calls, quiet.figures.log_records), (0, 0));
}

#[tokio::test]
async fn a_member_and_a_manager_who_come_later_are_noticed_without_a_restart() {
    let mut world = staff().await;
    world.map_managers();
    world.group("Staff", &["01", "02", "09"]);
    world.directory.edit("01", |ada| set(ada, "boss", "09"));
    world.cycle().await.unwrap();
    assert_eq!((world.members("Staff").len(), world.state().await.counts.pending), (2, 2));

    world.directory.put(person("09", "Nadia", "Head"));
    let report = world.cycle().await.unwrap();

    assert_eq!(world.members("Staff"), ["Ada", "Bo", "Nadia"]);
    let nadia = world.account("nadia")["id"].clone();
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(world.account("ada")[enterprise]["manager"]["value"], nadia);
    assert_eq!((report.figures.created, report.figures.updated, report.figures.members_added), (1, 1, 1));
    assert_eq!(world.state().await.counts.pending, 0);
}

#[tokio::test]
async fn too_many_who_leave_a_group_wait_for_a_person_while_others_join() {
    let mut world = staff().await;
    world.definition.thresholds.maximum = 1;
    world.group("Staff", &["03"]);
    let held = world.cycle().await.unwrap();
    assert_eq!(world.members("Staff"), ["Ada", "Bo", "Cleo"]);
    assert_eq!((held.figures.held, held.figures.members_added), (2, 1));
    assert!(held.verdicts.iter().any(|verdict| verdict.removed == Removed::Memberships));
    world.cycle_as(&approved()).await.unwrap();
    assert_eq!(world.members("Staff"), ["Cleo"]);
}

#[tokio::test]
async fn a_group_that_is_gone_is_deleted_and_nobody_is_taken_out_of_it_first() {
    let world = staff().await;
    world.directory.remove("z-Staff");
    let report = world.cycle().await.unwrap();
    assert!(world.app.groups().is_empty());
    assert_eq!((report.figures.deleted, report.figures.members_removed), (1, 0));
    assert_eq!(world.state().await.counts.groups.memberships, 0);
}

#[tokio::test]
async fn a_mapping_without_members_leaves_the_members_alone() {
    let mut world = World::with_groups().await;
    world.definition.groups = Some(group_rules(vec![direct("displayName", "name", Some(1))]));
    world.definition.mapping = Mapping::check(&mapping(json!(["create"])), &ScimSchema).unwrap();
    world.directory.put(person("01", "Ada", "Clerk"));
    world.group("Staff", &["01"]);
    world.cycle().await.unwrap();
    assert!(world.members("Staff").is_empty());
}

//! What somebody did to the members of a group in the app itself.

use engine::drift::DriftSweep;
use engine::model::ObjectType;
use engine::report::{Action, Outcome};
use testkit::memory::TargetSettings;

use crate::world::{World, settings};

/// A group of three, into which somebody put Dan, and out of which somebody took Bo.
async fn meddled(drift: DriftSweep) -> World {
    meddled_in(World::new(), drift).await
}

async fn meddled_in(mut world: World, drift: DriftSweep) -> World {
    world.people("ada bo cleo dan");
    world.group("staff", "ada bo cleo");
    world.cycle().await;
    let staff = world.group_id("staff");
    world.target.meddle(&staff, &world.account("dan"), true);
    world.target.meddle(&staff, &world.account("bo"), false);
    world.definition.drift = drift;
    world
}

/// A day of cycles; how many accounts were found changed.
async fn sweep(world: &mut World) -> u64 {
    let mut drifted = 0;
    for _ in 0..37 {
        drifted += world.cycle().await.drifted;
    }
    drifted
}

/// Records beyond the first ones: what of whom, how it ended, and the members told.
fn told(world: &World, before: usize) -> Vec<(Action, Outcome, String)> {
    let records = world.store.records(&world.definition.job).split_off(before);
    let of = |record: &engine::report::ProvisioningRecord| {
        let members = record.modified_properties.iter().filter(|one| one.display_name == "members");
        let members = members.map(|one| {
            format!("{}>{}", one.old_value.as_deref().unwrap_or(""), one.new_value.as_deref().unwrap_or(""))
        });
        members.collect::<Vec<_>>().join(" ")
    };
    records.iter().map(|r| (r.provisioning_action, r.provisioning_status_info.status, of(r))).collect()
}

#[tokio::test]
async fn it_is_told_once_and_left() {
    let mut world = meddled(DriftSweep::Report).await;
    let before = world.store.records(&world.definition.job).len();
    assert!(sweep(&mut world).await >= 1);
    assert_eq!(told(&world, before), [(Action::Other, Outcome::Warning, "bo>dan".to_owned())]);
    assert_eq!(world.members("staff"), "ada cleo dan");
    sweep(&mut world).await;
    assert_eq!(told(&world, before).len(), 1);
}

#[tokio::test]
async fn it_is_put_right_and_who_was_put_in_leaves_by_the_guard() {
    let mut world = meddled(DriftSweep::Repair).await;
    assert_eq!(sweep(&mut world).await, 1);
    assert_eq!(world.members("staff"), "ada bo cleo");
    assert_eq!(
        world
            .state()
            .removed
            .within(engine::ports::Clock::now(&world.clock), engine::guard::Removed::Memberships),
        1
    );
    assert_eq!(sweep(&mut world).await, 0);
}

#[tokio::test]
async fn many_who_were_put_in_wait_for_a_person() {
    let mut world = World::new();
    world.definition.thresholds.maximum = 3;
    world.definition.thresholds.percent = 1.0;
    let people: Vec<String> = (0..12).map(|number| format!("p{number:02}")).collect();
    world.people(&people.join(" "));
    world.group("admins", "p00");
    world.group("staff", &people.join(" "));
    world.cycle().await;
    let admins = world.group_id("admins");
    people[1..].iter().for_each(|person| world.target.meddle(&admins, &world.account(person), true));
    world.definition.drift = DriftSweep::Repair;
    sweep(&mut world).await;
    assert_eq!(world.members("admins"), people.join(" "));
    assert_eq!(world.state().counts.staged, 1, "it waits");
}

#[tokio::test]
async fn an_account_of_nobody_we_know_is_left_where_it_is() {
    let mut world = World::new();
    world.people("ada");
    world.group("staff", "ada");
    world.cycle().await;
    let robot = world
        .target
        .seed(ObjectType::User, [("userName".into(), engine::model::Value::text("robot"))].into());
    world.target.meddle(&world.group_id("staff"), &robot, true);
    world.definition.drift = DriftSweep::Repair;
    assert_eq!(sweep(&mut world).await, 0);
    assert!(world.members("staff").contains("robot"));
}

#[tokio::test]
async fn a_target_that_hides_members_is_believed() {
    let hiding = TargetSettings { hides_members: true, ..settings() };
    let mut world = meddled_in(World::with(hiding), DriftSweep::Repair).await;
    assert_eq!(sweep(&mut world).await, 0);
}

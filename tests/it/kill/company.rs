//! A company with groups and managers, killed at every call.
//!
//! A dozen people, three groups, two who manage others; some wait for whoever is not there yet, one is refused by the app.

use engine::model::{Attributes, ObjectType, TargetId, Value};
use engine::ports::TargetOperation;
use serde_json::json;
use testkit::sandbox::Faults;
use testkit::source::Manner;

use super::kill_everywhere;
use crate::world::{ONE_BY_ONE, Target, World, person, set};

const NAMES: [&str; 12] =
    ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hal", "Ida", "Jo", "Kai", "Lou"];

/// Bo manages the treasury, Gia sales. The app refuses Lou, and knows a group Sales with somebody else in it.
async fn company(target: Target) -> World {
    let mut world = World::with_groups_in(target, 5).await;
    world.map_managers();
    for (position, name) in NAMES.iter().enumerate() {
        let mut one = person(&format!("{:02}", position + 1), name, "Clerk");
        match position {
            0 | 2 => set(&mut one, "boss", "02"),
            // Whose manager is not there yet.
            3 => set(&mut one, "boss", "14"),
            4 | 7 => set(&mut one, "boss", "07"),
            _ => {}
        }
        world.directory.put(one);
    }
    world.group("Treasury", &["01", "02", "03", "04", "06", "13"]);
    world.group("Sales", &["05", "07", "08", "12"]);
    world.group("Alumni", &["09", "10"]);
    let stranger = json!({ "userName": "xenia", "displayName": "Xenia", "active": true });
    world.app.seed(vec![stranger]).unwrap();
    let name = Attributes::from([("displayName".to_owned(), Value::text("Sales"))]);
    world.meddle(TargetOperation::Create(ObjectType::Group, name)).await;
    world.meddle(TargetOperation::AddMembers(id(&world.app.groups()), vec![id(&world.app.users())])).await;
    let poisoned_user = Some("lou@tessera.example".to_owned());
    world.app.set_faults(Faults { poisoned_user, ..Faults::default() });
    world
}

/// The id of the only one.
fn id(all: &[serde_json::Value]) -> TargetId {
    TargetId::new(all[0]["id"].as_str().unwrap())
}

/// After its first cycle everything happens to the company that groups and managers know.
pub(super) async fn moving(target: Target) -> World {
    let world = company(target).await;
    world.cycle().await.unwrap();
    // Whom a group and Dan waited for; Mo's manager has an account.
    let mut mo = person("13", "Mo", "Clerk");
    set(&mut mo, "boss", "02");
    world.directory.put(mo);
    world.directory.put(person("14", "Nia", "Head"));
    // Another manager, a new name, a leave, a departure.
    world.directory.edit("03", |cleo| set(cleo, "boss", "07"));
    world.directory.edit("02", |bo| set(bo, "upn", "bo.whitlock@tessera.example"));
    world.directory.edit("08", |hal| hal.enabled = false);
    world.directory.remove("06");
    // Finn is gone, Ada moves to the group with a new name, one group ends, another begins.
    world.group("Treasury", &["02", "03", "04", "13"]);
    world.group_named("Sales", "Commerce", &["01", "05", "07", "08", "12"]);
    world.directory.remove("z-Alumni");
    world.group("Board", &["02", "07", "14", "99"]);
    world
}

async fn moving_told_by(manner: Manner, target: Target) -> World {
    let world = moving(target).await;
    world.directory.set_manner(manner);
    world
}

/// Kills at some calls, or at all of them: the same company is killed at every call in memory, in `testkit`'s tests of
/// references. Here it is HTTP and the tables.
async fn survives<P>(target: Target, first: u64, step: u64, prepare: P)
where
    P: AsyncFn(Target) -> World,
{
    let (first, step) = if super::is_full() { (0, 1) } else { (first, step) };
    kill_everywhere(target, first, step, prepare).await;
}

#[tokio::test]
async fn a_first_cycle_with_groups_and_managers_survives_kills_too() {
    survives(ONE_BY_ONE, 0, 47, company).await;
}

#[tokio::test]
async fn a_cycle_of_moves_between_groups_survives_kills_too() {
    survives(ONE_BY_ONE, 3, 51, moving).await;
}

#[tokio::test]
async fn groups_that_a_delta_tells_of_survive_kills_too() {
    survives(ONE_BY_ONE, 60, 67, async |target| moving_told_by(Manner::Changes, target).await).await;
}

#[tokio::test]
async fn groups_that_are_filled_side_by_side_and_in_bulk_survive_kills_too() {
    survives(Target { concurrency: 4, bulk: true }, 70, 67, moving).await;
}

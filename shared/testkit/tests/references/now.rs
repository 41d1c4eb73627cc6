//! A group provisioned now, for somebody who asked.

use engine::cycle::on_demand::{Provisioned, provision};
use engine::cycle::{Ports, Request};
use engine::model::SourceId;
use engine::ports::Unobserved;
use testkit::time::CountedIds;

use crate::world::{World, approved};

async fn now(world: &World, request: &Request) -> Provisioned {
    let ids = CountedIds::default();
    for _ in 0..100 {
        engine::ports::Ids::cycle_id(&ids);
    }
    let ports = Ports {
        source: &world.directory,
        target: &world.target,
        store: &world.store,
        clock: &world.clock,
        ids: &ids,
        observer: &Unobserved,
    };
    provision(&ports, &world.definition, request, &[SourceId::new("z-staff")]).await.unwrap()
}

#[tokio::test]
async fn who_comes_is_put_in_and_who_went_is_taken_out_at_once() {
    let mut world = World::new();
    world.people("ada bo cleo dan eve");
    world.group("staff", "ada bo cleo dan");
    world.group("other", "ada bo");
    world.cycle().await;
    world.group("staff", "cleo eve");
    world.group("other", "bo");
    let told = now(&world, &Request::default()).await;
    assert_eq!((world.members("staff"), world.members("other")), ("cleo eve".into(), "ada bo".into()));
    assert_eq!((told.records.len(), told.held), (2, None));
    // The cycle finds the other group, and nothing left to do of this one.
    let figures = world.cycle().await;
    assert_eq!((figures.members_added, figures.members_removed), (0, 1));
    world.is_at_rest().await;
}

#[tokio::test]
async fn who_went_stays_while_they_are_more_than_the_guard_lets_pass() {
    let mut world = World::new();
    world.people("ada bo cleo dan eve");
    world.group("staff", "ada bo cleo dan");
    world.cycle().await;
    world.definition.thresholds.maximum = 1;
    world.group("staff", "cleo eve");
    let told = now(&world, &Request::default()).await;
    assert_eq!(world.members("staff"), "ada bo cleo dan eve");
    let reason = told.held.unwrap();
    assert!(reason.contains("3 removals of memberships are more than the 1"), "{reason}");
    // With a person's word they go, and do not count towards the day.
    let told = now(&world, &approved()).await;
    assert_eq!((world.members("staff"), told.held), ("cleo eve".into(), None));
    let today = world.state().removed;
    assert_eq!(today, Default::default());
    world.is_at_rest().await;
}

#[tokio::test]
async fn beside_a_cycle_that_was_cut_who_went_is_taken_out_and_the_cycle_goes_on_where_it_stood() {
    let mut world = World::new();
    world.people("ada bo cleo dan eve finn gus hal");
    world.group("staff", "ada bo cleo dan");
    world.cycle().await;
    for person in "ada bo cleo dan eve finn gus hal".split(' ') {
        world.person(person, Some("hal"));
    }
    let deadline = Some(engine::ports::Clock::now(&world.clock));
    world.slice(None, &Request { deadline, ..Request::default() }).await;
    let stood = world.state().checkpoint.unwrap().phase;
    world.group("staff", "ada");
    now(&world, &Request::default()).await;
    assert_eq!(world.members("staff"), "ada");
    assert_eq!(world.state().checkpoint.unwrap().phase, stood);
    let figures = world.cycle().await;
    assert_eq!((figures.updated, world.manager("ada")), (8, Some("hal".into())));
    world.is_at_rest().await;
}

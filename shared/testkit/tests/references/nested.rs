//! Groups in groups.

use engine::cycle::{Ending, Nested, Request};
use engine::ports::Clock;
use testkit::source::MemorySource;

use crate::world::World;

#[tokio::test]
async fn groups_in_groups_are_left_out_unless_asked_for_and_told_of_once() {
    let mut world = World::new();
    world.people("ada bo");
    world.group("inner", "bo");
    world.group("outer", "ada z-inner z-outer");
    let figures = world.cycle().await;
    assert_eq!((world.members("outer"), figures.unresolved), ("ada".into(), 1));
    world.is_at_rest().await;
}

#[tokio::test]
async fn a_group_becomes_a_member_as_the_group_it_is_in_the_target() {
    let mut world = World::new().nesting(Nested::Member);
    world.people("ada bo");
    world.group("a-outer", "ada z-inner");
    world.group("inner", "bo");
    world.cycle().await;
    assert_eq!(world.members("a-outer"), "ada inner");
    world.group("a-outer", "ada");
    world.cycle().await;
    assert_eq!(world.members("a-outer"), "ada");
    world.is_at_rest().await;
}

#[tokio::test]
async fn the_members_of_inner_groups_become_members_and_follow_every_change() {
    let mut world = World::new().nesting(Nested::Expand);
    world.people("ada bo cleo");
    world.group("outer", "ada z-middle");
    world.group("middle", "z-inner");
    world.group("inner", "bo z-outer");
    world.cycle().await;
    assert_eq!(world.members("outer"), "ada bo");
    assert_eq!(world.members("inner"), "ada bo");
    world.is_at_rest().await;
    world.group("inner", "cleo");
    world.cycle().await;
    assert_eq!((world.members("outer"), world.members("middle")), ("ada cleo".into(), "cleo".into()));
    world.is_at_rest().await;
}

#[tokio::test]
async fn what_becomes_of_inner_groups_can_be_changed_at_any_time() {
    let mut world = World::new();
    world.people("ada bo");
    world.group("inner", "bo");
    world.group("outer", "ada z-inner");
    world.cycle().await;
    for (nested, members) in
        [(Nested::Expand, "ada bo"), (Nested::Member, "ada inner"), (Nested::Skip, "ada")]
    {
        world = world.nesting(nested);
        world.cycle().await;
        assert_eq!(world.members("outer"), members, "{nested:?}");
        world.is_at_rest().await;
    }
}

#[tokio::test]
async fn slices_without_any_time_compare_all_groups_again_in_the_end() {
    let world = World::new();
    let names: Vec<String> = (0..600).map(|number| format!("p{number:03}")).collect();
    let mut world = world.fork(MemorySource::with_pages_of(300));
    world.people(&names.join(" "));
    world.group("inner", &names.join(" "));
    world.group("outer", "z-inner");
    world.cycle().await;
    world = world.nesting(Nested::Expand);
    let mut slices = 0;
    loop {
        slices += 1;
        let deadline = Some(Clock::now(&world.clock));
        let (ending, _) = world.slice(None, &Request { deadline, ..Request::default() }).await;
        match ending.unwrap().unwrap() {
            Ending::Completed(_) => break,
            _ => assert!(slices < 100, "it does not end: {:?}", world.state().checkpoint.map(|at| at.phase)),
        }
    }
    assert_eq!(world.members("outer"), names.join(" "));
    world.is_at_rest().await;
}

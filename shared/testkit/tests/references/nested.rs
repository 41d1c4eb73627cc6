//! Groups in groups.

use engine::cycle::Nested;

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

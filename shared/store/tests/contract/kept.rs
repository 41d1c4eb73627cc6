//! Kept bytes: cut anywhere, and no garbage.

use engine::ports::{Kept, Store};
use uuid::Uuid;

use crate::samples::job;
use crate::world::World;

const PLAN: Kept = Kept::Plan(Uuid::nil());

async fn rows(world: &World) -> usize {
    world.keys().await.iter().filter(|(pk, _)| pk.starts_with("KEPT#")).count()
}

#[tokio::test]
async fn bytes_kept_in_part_are_none_or_those_before_and_the_next_ones_leave_no_garbage() {
    let [old, new] = [1, 2].map(|byte| vec![byte; 1_000_000]);
    for replaces in [false, true] {
        for writes in [0, 1, 3, 4, 6] {
            let (world, lease) = World::working().await;
            if replaces {
                world.store.keep(&lease, PLAN, &old).await.unwrap();
            }
            let (dying, death) = world.dying_after(writes);
            assert_eq!(dying.keep(&lease, PLAN, &new).await.is_err(), death.struck());
            let kept = world.store.kept(&job(), PLAN).await.unwrap();
            let before = replaces.then_some(&old);
            // Three chunks and the head.
            assert!(kept.as_ref() == if writes < 4 { before } else { Some(&new) }, "after {writes} writes");

            world.store.keep(&lease, PLAN, b"short").await.unwrap();
            assert_eq!(rows(&world).await, 2, "after {writes} writes");
            world.store.drop_kept(&lease, PLAN).await.unwrap();
            assert_eq!(rows(&world).await, 0);
        }
    }
}

#[tokio::test]
async fn bytes_that_lost_a_chunk_are_none() {
    let (world, lease) = World::working().await;
    world.store.keep(&lease, PLAN, &vec![1; 1_000_000]).await.unwrap();
    let keys = world.keys().await;
    let (pk, sk) = keys.iter().find(|(_, sk)| sk.ends_with("#0001")).unwrap();
    world.lose(pk, sk).await;
    assert_eq!(world.store.kept(&job(), PLAN).await.unwrap(), None);
}

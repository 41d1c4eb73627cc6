//! Memberships: any changes, and cuts.

use std::sync::atomic::{AtomicU32, Ordering};

use engine::membership::{MemberChange, Membership};
use engine::model::SourceId;
use engine::ports::{Store, StoreError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use testkit::contract::memberships::model;

use crate::samples::{account, job, source};
use crate::world::World;

fn change() -> impl Strategy<Value = MemberChange> {
    let member = (0..30_u8).prop_map(|number| source(&format!("person-{number}")));
    (member, 0..4_u8, 0..3_u8).prop_map(|(member, what, number)| match what {
        0 => MemberChange::Wanted(member),
        1 => MemberChange::Unwanted(member),
        2 => MemberChange::Given(member, account(&format!("account-{number}"))),
        _ => MemberChange::Taken(member),
    })
}

#[test]
fn any_calls_lead_where_the_model_leads_and_each_again_changes_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (world, lease) = runtime.block_on(World::working());
    let calls = prop::collection::vec(prop::collection::vec(change(), 0..60), 1..12);
    let groups = AtomicU32::new(0);
    TestRunner::new(Config { cases: 24, ..Config::default() })
        .run(&calls, |calls| {
            let group = source(&format!("group-{}", groups.fetch_add(1, Ordering::Relaxed)));
            runtime.block_on(async {
                let mut all = Vec::new();
                for changes in calls {
                    all.extend(changes.clone());
                    for _ in 0..2 {
                        world.store.change_membership(&lease, &group, &changes).await.unwrap();
                        prop_assert_eq!(world.store.membership(&job(), &group).await.unwrap(), model(&all));
                    }
                }
                Ok(())
            })
        })
        .unwrap();
}

/// Members with long ids that cannot be deflated: forty fill the 32 KB after which a log is folded.
fn wanted(numbers: std::ops::Range<u32>) -> Vec<MemberChange> {
    numbers
        .map(|number| {
            let hash = |part: u32| engine::ids::digest16(&[&number.to_be_bytes(), &part.to_be_bytes()]);
            let noise: Vec<u8> = (0..64).flat_map(hash).collect();
            let id = noise.iter().map(|byte| char::from(33 + byte % 90)).collect::<String>();
            MemberChange::Wanted(SourceId::new(id))
        })
        .collect()
}

#[tokio::test]
async fn a_fold_that_was_cut_anywhere_loses_nothing_and_leaves_no_garbage() {
    let (first, second, third) = (wanted(0..45), wanted(45..90), wanted(90..135));
    let all = model(&[first.clone(), second.clone(), third.clone()].concat());
    let mut finished = false;
    for writes in 0.. {
        let (world, lease) = World::working().await;
        let group = source("sales");
        world.store.change_membership(&lease, &group, &first).await.unwrap();
        let (dying, death) = world.dying_after(writes);
        let answer = dying.change_membership(&lease, &group, &second).await;
        assert_eq!(answer.is_err(), death.struck());
        // Nothing of a change that was cut, or all of it.
        let membership = world.store.membership(&job(), &group).await.unwrap();
        let both = model(&[first.clone(), second.clone()].concat());
        assert_eq!(membership, if writes == 0 { model(&first) } else { both }, "after {writes} writes");

        world.store.change_membership(&lease, &group, &second).await.unwrap();
        world.store.change_membership(&lease, &group, &third).await.unwrap();
        assert_eq!(world.store.membership(&job(), &group).await.unwrap(), all, "after {writes} writes");
        world.store.forget_membership(&lease, &group).await.unwrap();
        assert!(world.keys().await.iter().all(|(pk, _)| !pk.starts_with("MEMBERS#")));
        finished = !death.struck();
        if finished {
            break;
        }
    }
    assert!(finished);
}

#[tokio::test]
async fn a_base_that_lost_a_chunk_is_noticed() {
    let (world, lease) = World::working().await;
    let group = source("sales");
    world.store.change_membership(&lease, &group, &wanted(0..50)).await.unwrap();
    let keys = world.keys().await;
    let (pk, sk) =
        keys.iter().find(|(pk, sk)| pk.starts_with("MEMBERS#") && sk.starts_with("CHUNK#")).unwrap();
    world.lose(pk, sk).await;
    let answer = world.store.membership(&job(), &group).await;
    assert!(matches!(answer, Err(StoreError::Inconsistent { .. })), "{answer:?}");
}

#[tokio::test]
async fn of_two_workers_who_change_a_group_at_once_the_older_is_refused_or_its_change_is_there() {
    for _ in 0..10 {
        let (world, old) = World::working().await;
        let new = world.lease(11).await;
        let (group, mine, theirs) = (source("sales"), wanted(0..1), wanted(1..2));
        let (late, timely) = futures::future::join(
            world.store.change_membership(&old, &group, &mine),
            world.store.change_membership(&new, &group, &theirs),
        )
        .await;
        timely.unwrap();
        let Membership { members } = world.store.membership(&job(), &group).await.unwrap();
        assert_eq!(members.len(), if late.is_ok() { 2 } else { 1 }, "{late:?}");
    }
}

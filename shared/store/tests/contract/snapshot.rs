//! The fingerprint snapshot: appending, folding, and folding again after being killed.

use std::collections::BTreeMap;

use engine::fingerprint::Fingerprint;
use engine::ids::IdHash;
use engine::ports::{FingerprintChange, Lease, Store};
use store::usage::Counter;

use crate::samples::{cycle, fingerprint, gone, job, seen};
use crate::world::World;

/// What a snapshot must be after these pages.
fn expected(pages: &[Vec<FingerprintChange>]) -> Vec<Fingerprint> {
    let mut entries: BTreeMap<IdHash, [u8; 16]> = BTreeMap::new();
    for change in pages.iter().flatten() {
        match change {
            FingerprintChange::Seen(seen) => drop(entries.insert(seen.id, seen.digest)),
            FingerprintChange::Gone(id) => drop(entries.remove(id)),
        }
    }
    entries.into_iter().map(|(id, digest)| Fingerprint { id, digest }).collect()
}

async fn append(world: &World, lease: &Lease, number: u128, pages: &[Vec<FingerprintChange>]) {
    for (page, changes) in (0..).zip(pages) {
        world.store.append_fingerprints(lease, cycle(number), page, changes).await.unwrap();
    }
}

#[tokio::test]
async fn a_snapshot_shows_what_was_folded_and_nothing_else() {
    let (world, lease) = World::working().await;
    assert_eq!(world.store.snapshot(&job()).await.unwrap(), []);
    let first = vec![vec![seen(1, 1), seen(2, 1)], vec![seen(3, 1)]];
    append(&world, &lease, 1, &first).await;
    assert_eq!(world.store.snapshot(&job()).await.unwrap(), []);
    world.store.fold_fingerprints(&lease).await.unwrap();
    assert_eq!(world.store.snapshot(&job()).await.unwrap(), expected(&first));

    let mut pages = first;
    let second = vec![vec![seen(2, 2), gone(3)], vec![seen(4, 2)]];
    append(&world, &lease, 2, &second).await;
    assert_eq!(world.store.snapshot(&job()).await.unwrap(), expected(&pages));
    pages.extend(second);
    for _ in 0..2 {
        world.store.fold_fingerprints(&lease).await.unwrap();
        assert_eq!(world.store.snapshot(&job()).await.unwrap(), expected(&pages));
    }
}

#[tokio::test]
async fn some_fingerprints_are_those_of_the_snapshot_and_cost_two_requests() {
    let (world, lease) = World::working().await;
    let pages = vec![(0..2_000).map(|number| seen(number, 1)).collect::<Vec<_>>()];
    let whole = expected(&pages);
    let wanted: Vec<Fingerprint> = whole.iter().step_by(40).copied().collect();
    let mut ids: Vec<IdHash> = wanted.iter().rev().map(|known| known.id).collect();
    ids.push(fingerprint(5_000, 1).id);
    assert_eq!(world.store.fingerprints(&job(), &ids).await.unwrap(), [], "nothing was folded yet");
    append(&world, &lease, 1, &pages).await;
    world.store.fold_fingerprints(&lease).await.unwrap();
    let counter = Counter::default();
    let counted = world.through(counter.watch(&world.client));
    assert_eq!(counted.fingerprints(&job(), &ids).await.unwrap(), wanted);
    assert_eq!(counter.take().total_requests(), 2);
    assert_eq!(world.store.fingerprints(&job(), &[]).await.unwrap(), []);
}

#[tokio::test]
async fn everyone_may_leave_and_come_back() {
    let (world, lease) = World::working().await;
    for pages in [vec![vec![seen(1, 1)]], vec![vec![gone(1)]], vec![vec![seen(1, 2)]]] {
        append(&world, &lease, 1, &pages).await;
        world.store.fold_fingerprints(&lease).await.unwrap();
        assert_eq!(world.store.snapshot(&job()).await.unwrap(), expected(&pages));
    }
}

#[tokio::test]
async fn later_pages_and_later_workers_overrule_earlier_ones() {
    let (world, old) = World::working().await;
    append(&world, &old, 9, &[vec![seen(1, 1)], vec![seen(1, 2)]]).await;
    // A cycle that was given up, then one whose id sorts before it.
    let new = world.lease(11).await;
    append(&world, &new, 2, &[vec![seen(1, 3)]]).await;
    world.store.fold_fingerprints(&new).await.unwrap();
    assert_eq!(world.store.snapshot(&job()).await.unwrap(), [fingerprint(1, 3)]);
}

#[tokio::test]
async fn a_page_written_again_replaces_itself_also_when_it_is_shorter() {
    let (world, lease) = World::working().await;
    let long: Vec<_> = (0..10_500).map(|number| seen(number, 1)).collect();
    world.store.append_fingerprints(&lease, cycle(1), 0, &long).await.unwrap();
    world.store.append_fingerprints(&lease, cycle(1), 0, &long[..10]).await.unwrap();
    world.store.fold_fingerprints(&lease).await.unwrap();
    assert_eq!(world.store.snapshot(&job()).await.unwrap(), expected(&[long[..10].to_vec()]));
}

#[tokio::test]
async fn a_growing_source_moves_to_more_chunks() {
    let (world, lease) = World::working().await;
    let mut pages: Vec<Vec<FingerprintChange>> = Vec::new();
    for (number, count) in [(1, 300), (2, 700), (3, 2_500), (4, 6_000)] {
        let page: Vec<_> = (0..count).map(|person| seen(person, number)).collect();
        append(&world, &lease, u128::from(number), std::slice::from_ref(&page)).await;
        world.store.fold_fingerprints(&lease).await.unwrap();
        pages.push(page);
        assert_eq!(world.store.snapshot(&job()).await.unwrap(), expected(&pages), "{count} people");
    }
}

/// Kills the fold before each of its writes in turn, and begins it again.
async fn killed_anywhere(before: &[Vec<FingerprintChange>], pages: &[Vec<FingerprintChange>]) -> i64 {
    let whole = [before, pages].concat();
    for writes in 0.. {
        let (world, lease) = World::working().await;
        append(&world, &lease, 1, before).await;
        world.store.fold_fingerprints(&lease).await.unwrap();
        append(&world, &lease, 2, pages).await;

        let (dying, death) = world.dying_after(writes);
        let answer = dying.fold_fingerprints(&lease).await;
        assert_eq!(answer.is_err(), death.struck(), "after {writes} writes: {answer:?}");
        let between = world.store.snapshot(&job()).await.unwrap();
        assert!(between.is_sorted_by(|a, b| a.id < b.id));

        let next = world.lease(11).await;
        world.store.fold_fingerprints(&next).await.unwrap();
        assert_eq!(world.store.snapshot(&job()).await.unwrap(), expected(&whole), "after {writes} writes");
        assert_eq!(world.leftovers().await, [] as [String; 0], "after {writes} writes");
        if !death.struck() {
            return writes;
        }
    }
    unreachable!()
}

impl World {
    /// Deltas, and chunks of generations that do not count.
    async fn leftovers(&self) -> Vec<String> {
        let items = self.client.scan().table_name(&self.names.state).into_paginator().items().send();
        let items: Vec<_> = items.collect::<Result<_, _>>().await.unwrap();
        let keys: Vec<(String, String)> = items
            .iter()
            .map(|item| (item["pk"].as_s().unwrap().clone(), item["sk"].as_s().unwrap().clone()))
            .collect();
        let base = items.iter().find(|item| item["sk"].as_s().unwrap() == "BASE").unwrap();
        let generation = format!("CHUNK#{:0>2}#", base["bits"].as_n().unwrap());
        assert!(!base.contains_key("other"), "{base:?}");
        keys.into_iter()
            .filter(|(pk, sk)| {
                pk.starts_with("DELTA#") || (sk.starts_with("CHUNK#") && !sk.starts_with(&generation))
            })
            .map(|(pk, sk)| format!("{pk} / {sk}"))
            .collect()
    }
}

#[tokio::test]
async fn a_first_fold_killed_before_any_of_its_writes_ends_the_same() {
    let page = |from: u64, to: u64| (from..to).map(|number| seen(number, 1)).collect::<Vec<_>>();
    let writes = killed_anywhere(&[], &[page(0, 600), page(600, 1_000)]).await;
    assert!(writes >= 6, "{writes}");
}

#[tokio::test]
async fn a_fold_killed_before_any_of_its_writes_ends_the_same() {
    let before: Vec<_> = (0..1_100).map(|number| seen(number, 1)).collect();
    let pages = [vec![seen(3, 2), gone(4), seen(5, 2)], vec![gone(3), seen(4, 3), seen(2_000, 1)]];
    let writes = killed_anywhere(&[before], &pages).await;
    assert!(writes >= 3, "{writes}");
}

#[tokio::test]
async fn a_move_to_more_chunks_killed_before_any_of_its_writes_ends_the_same() {
    let page = |from: u64, to: u64| (from..to).map(|number| seen(number, 1)).collect::<Vec<_>>();
    let pages = [page(256, 700), vec![seen(7, 2), gone(8)]];
    let writes = killed_anywhere(&[page(0, 256)], &pages).await;
    assert!(writes >= 8, "{writes}");
}

//! Restart and deletion: nothing is left, wherever it was cut.

use engine::guard::Removed;
use engine::membership::MemberChange;
use engine::model::ObjectType::{Group, User};
use engine::ports::{Kept, Lease, Store, StoreError};
use testkit::contract::samples;
use uuid::Uuid;

use crate::samples::{account, cycle, escrow, job, link, object, record, report, seen, source, state};
use crate::world::{World, after};

/// Some rows of every kind.
async fn fill(world: &World, lease: &Lease) {
    let (store, sales) = (&world.store, source("sales"));
    for number in 0..5 {
        let id = format!("person-{number}");
        store.put_link(lease, &link(&id)).await.unwrap();
        store.claim(lease, User, &account(&id), &source(&id)).await.unwrap();
    }
    store.claim(lease, Group, &account("7"), &sales).await.unwrap();
    store.append_fingerprints(lease, cycle(1), 0, &[seen(1, 1)]).await.unwrap();
    store.fold_fingerprints(lease).await.unwrap();
    store.append_fingerprints(lease, cycle(2), 0, &[seen(2, 1)]).await.unwrap();
    store.put_intent(lease, b"intent").await.unwrap();
    store.keep(lease, Kept::Plan(Uuid::nil()), b"plan").await.unwrap();
    let removals =
        [Removed::Groups, Removed::Memberships].map(|removed| samples::removal("sales", removed, 1));
    store.stage(lease, &removals).await.unwrap();
    store.change_membership(lease, &sales, &[MemberChange::Wanted(source("ann"))]).await.unwrap();
    store.add_pending(lease, &[samples::reference("boss", "ann", "manager")]).await.unwrap();
    store.mark_unsettled(lease, &[sales]).await.unwrap();
    store.put_escrow(lease, &escrow("cas", Some(after(60)))).await.unwrap();
    store.put_cycle(lease, &report(1, after(0))).await.unwrap();
    let uploaded = [(source("ann"), Some(object("ann")))].into();
    store.stage_upload(&job(), Uuid::nil(), &uploaded, after(0), 1).await.unwrap();
}

async fn kinds(world: &World) -> Vec<String> {
    let keys = world.keys().await;
    let mut kinds: Vec<String> =
        keys.iter().map(|(pk, _)| pk.split('#').next().unwrap_or_default().to_owned()).collect();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn each_part_of_a_restart_forgets_its_own_and_no_more() {
    let (world, lease) = World::working().await;
    fill(&world, &lease).await;
    let all = [
        "CLAIM", "CYCLE", "DELTA", "ESCROW", "JOB", "KEPT", "LINK", "MEMBERS", "PENDING", "SNAPSHOT",
        "STAGED",
    ]
    .into_iter()
    .chain(["UNSETTLED", "UPLOAD", "UPLOADED"])
    .collect::<Vec<_>>();
    assert_eq!(kinds(&world).await, all);
    let without = |gone: &[&str]| all.iter().filter(|kind| !gone.contains(kind)).copied().collect::<Vec<_>>();

    world.store.forget_escrows(&lease).await.unwrap();
    assert_eq!(kinds(&world).await, without(&["ESCROW"]));
    world.store.forget_snapshot(&lease).await.unwrap();
    assert_eq!(kinds(&world).await, without(&["ESCROW", "SNAPSHOT", "DELTA"]));
    world.store.forget_links(&lease).await.unwrap();
    assert_eq!(
        kinds(&world).await,
        ["CYCLE", "JOB", "KEPT", "UPLOAD", "UPLOADED"],
        "with the links goes all that rests on them"
    );
    world.store.forget_everything(&lease).await.unwrap();
    assert_eq!(kinds(&world).await, ["JOB"]);
    assert_eq!(world.store.job(&job()).await.unwrap().state, state());
}

#[tokio::test]
async fn a_deletion_that_was_cut_anywhere_is_finished_by_the_next() {
    for writes in (0..).step_by(5) {
        let (world, lease) = World::working().await;
        fill(&world, &lease).await;
        let (dying, death) = world.dying_after(writes);
        assert_eq!(dying.delete_job(&lease).await.is_err(), death.struck());
        if death.struck() {
            // Whoever reads meanwhile finds less, but nothing broken.
            world.store.job(&job()).await.unwrap();
            world.store.snapshot(&job()).await.unwrap();
            world.store.membership(&job(), &source("sales")).await.unwrap();
        }
        world.store.delete_job(&lease).await.unwrap();
        assert_eq!(world.keys().await, [], "after {writes} writes");
        if !death.struck() {
            break;
        }
    }
}

#[tokio::test]
async fn many_rows_go_and_the_log_stays() {
    let (world, lease) = World::working().await;
    let references: Vec<_> =
        (0..1_200).map(|number| samples::reference("boss", &format!("person-{number}"), "manager")).collect();
    world.store.add_pending(&lease, &references).await.unwrap();
    let done = record("ann", cycle(1), after(0), engine::report::Outcome::Success);
    world.store.append_records(&job(), std::slice::from_ref(&done), &[]).await.unwrap();
    world.store.delete_job(&lease).await.unwrap();
    assert_eq!(world.keys().await, []);
    assert_eq!(world.store.record(done.id).await.unwrap(), Some(done));
}

#[tokio::test]
async fn a_worker_that_was_overtaken_forgets_nothing() {
    let (world, old) = World::working().await;
    fill(&world, &old).await;
    world.lease(11).await;
    let (store, before) = (&world.store, world.keys().await);
    let answers = [
        store.forget_links(&old).await,
        store.forget_escrows(&old).await,
        store.forget_snapshot(&old).await,
        store.forget_everything(&old).await,
        store.delete_job(&old).await,
    ];
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::Fenced(_))), "{answer:?}");
    }
    assert_eq!(world.keys().await, before);
}

//! The lease, the state and the outbox.

use engine::job::{JobState, StatusCode};
use engine::model::JobId;
use engine::model::ObjectType::User;
use engine::ports::{Lease, Store, StoreError};
use store::{DynamoStore, Worker};
use uuid::Uuid;

use crate::samples::{account, cycle, escrow, event, job, link, removal, report, seen, source, state};
use crate::world::{World, after, worker};

#[tokio::test]
async fn a_job_that_was_never_made_is_missing() {
    let world = World::empty().await;
    let answer = world.store.acquire(&job(), after(0), after(10)).await;
    assert!(matches!(answer, Err(StoreError::Missing(missing)) if missing == job()));
    assert!(matches!(world.store.job(&job()).await, Err(StoreError::Missing(_))));
}

#[tokio::test]
async fn a_job_is_made_once() {
    let world = World::with_job().await;
    let mut other = state();
    other.code = StatusCode::Paused;
    assert!(!world.store.create_job(&job(), &other).await.unwrap());
    assert_eq!(world.store.job(&job()).await.unwrap().state, state());
}

#[tokio::test]
async fn a_lease_keeps_others_out_until_it_ends() {
    let (world, lease) = World::working().await;
    assert_eq!((lease.fence, lease.until), (1, after(10)));
    let other = world.of(worker("two"));
    match other.acquire(&job(), after(9), after(19)).await {
        Err(StoreError::Busy { until, .. }) => assert_eq!(until, after(10)),
        answer => panic!("{answer:?}"),
    }
    let (lease, read) = other.acquire(&job(), after(10), after(20)).await.unwrap();
    assert_eq!((lease.fence, read), (2, state()));
}

#[tokio::test]
async fn another_task_of_the_same_process_is_kept_out_too() {
    let (world, _) = World::working().await;
    let answer = world.store.acquire(&job(), after(0), after(10)).await;
    assert!(matches!(answer, Err(StoreError::Busy { .. })));
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_gets_the_lease() {
    let world = World::with_job().await;
    let asked = (0..8).map(|number| {
        let store = world.of(worker(&number.to_string()));
        async move { store.acquire(&job(), after(0), after(10)).await.is_ok() }
    });
    let given = futures::future::join_all(asked).await;
    assert_eq!(given.into_iter().filter(|given| *given).count(), 1);
}

#[tokio::test]
async fn a_lease_of_an_earlier_start_of_the_embedded_engine_is_dead() {
    let world = World::with_job().await;
    let booted = |boot: u128| world.of(Worker { owner: "laptop".into(), boot: Some(Uuid::from_u128(boot)) });
    booted(1).acquire(&job(), after(0), after(10)).await.unwrap();
    assert!(matches!(booted(1).acquire(&job(), after(1), after(11)).await, Err(StoreError::Busy { .. })));
    let (lease, _) = booted(2).acquire(&job(), after(1), after(11)).await.unwrap();
    assert_eq!(lease.fence, 2);
    // A worker that knows of no engine waits for its time.
    let cloud = world.of(worker("cloud"));
    assert!(matches!(cloud.acquire(&job(), after(2), after(12)).await, Err(StoreError::Busy { .. })));
    // And its lease counts for all.
    cloud.acquire(&job(), after(11), after(21)).await.unwrap();
    assert!(matches!(booted(3).acquire(&job(), after(12), after(22)).await, Err(StoreError::Busy { .. })));
}

#[tokio::test]
async fn saving_prolongs_the_lease_and_releasing_ends_it() {
    let (world, mut lease) = World::working().await;
    let mut state = state();
    state.successive_failures = 3;
    lease.until = after(15);
    world.store.save(&lease, &state, &[], false).await.unwrap();
    let view = world.store.job(&job()).await.unwrap();
    assert_eq!((view.state.successive_failures, view.lease_until), (3, Some(after(15))));
    assert!(view.lease_owner.unwrap().starts_with("one"));

    world.store.save(&lease, &state, &[], true).await.unwrap();
    let view = world.store.job(&job()).await.unwrap();
    assert_eq!((view.lease_until, view.lease_owner), (None, None));
    world.lease(0).await;
}

#[tokio::test]
async fn a_worker_that_was_overtaken_is_refused_at_every_conditional_write() {
    let (world, old) = World::working().await;
    let new = world.lease(11).await;
    let (store, sam) = (&world.store, source("sam"));
    let target = account("account-sam");
    write_everything(store, &new).await.unwrap();

    let refusals = [
        ("save", store.save(&old, &state(), &[], false).await.map(drop)),
        ("put_link", store.put_link(&old, &link("sam")).await),
        ("delete_link", store.delete_link(&old, &sam).await),
        ("claim", store.claim(&old, User, &target, &sam).await.map(drop)),
        ("claim of another", store.claim(&old, User, &target, &source("ann")).await.map(drop)),
        ("release_claim", store.release_claim(&old, User, &target, &sam).await),
        ("append_fingerprints", store.append_fingerprints(&old, cycle(1), 0, &[seen(1, 1)]).await),
        ("fold_fingerprints", store.fold_fingerprints(&old).await),
        ("put_intent", store.put_intent(&old, b"old").await),
        ("stage", store.stage(&old, &[removal("sam")]).await),
        ("unstage", store.unstage(&old, &[removal("sam").key()]).await),
        ("put_escrow", store.put_escrow(&old, &escrow("sam", None)).await),
        ("delete_escrow", store.delete_escrow(&old, &sam).await),
        ("put_cycle", store.put_cycle(&old, &report(1, after(0))).await),
    ];
    for (write, answer) in refusals {
        assert!(
            matches!(&answer, Err(StoreError::Fenced(fenced)) if *fenced == job()),
            "{write}: {answer:?}"
        );
    }
    write_everything(store, &new).await.unwrap();
}

async fn write_everything(store: &DynamoStore, lease: &Lease) -> Result<(), StoreError> {
    store.save(lease, &state(), &[], false).await?;
    store.put_link(lease, &link("sam")).await?;
    store.claim(lease, User, &account("account-sam"), &source("sam")).await?;
    store.append_fingerprints(lease, cycle(1), 0, &[seen(1, 1)]).await?;
    store.put_intent(lease, b"new").await?;
    store.stage(lease, &[removal("sam")]).await?;
    store.put_escrow(lease, &escrow("sam", None)).await?;
    store.put_cycle(lease, &report(1, after(0))).await
}

#[tokio::test]
async fn events_stay_in_the_outbox_until_they_were_read_and_cleared() {
    let (world, lease) = World::working().await;
    let store = &world.store;
    store.save(&lease, &state(), &[event(1), event(2)], false).await.unwrap();
    let read = store.outbox(&job()).await.unwrap();
    assert_eq!(read.events, [event(1), event(2)]);

    // One more is told between reading and clearing: it stays.
    store.save(&lease, &state(), &[event(3)], true).await.unwrap();
    store.clear_outbox(&job(), &read).await.unwrap();
    assert_eq!(store.outbox(&job()).await.unwrap().events, [event(3)]);

    // Clearing the same again takes nothing that was not read.
    store.clear_outbox(&job(), &read).await.unwrap();
    assert_eq!(store.outbox(&job()).await.unwrap().events, [event(3)]);
    assert_eq!(store.job(&job()).await.unwrap().untold, 1);
}

#[tokio::test]
async fn a_long_outbox_is_read_a_hundred_at_a_time() {
    let (world, lease) = World::working().await;
    let events: Vec<_> = (1..=250).map(event).collect();
    world.store.save(&lease, &state(), &events, false).await.unwrap();
    let mut told = Vec::new();
    loop {
        let outbox = world.store.outbox(&job()).await.unwrap();
        if outbox.events.is_empty() {
            break;
        }
        world.store.clear_outbox(&job(), &outbox).await.unwrap();
        told.extend(outbox.events);
    }
    assert_eq!(told, events);
}

#[tokio::test]
async fn a_job_is_due_at_its_time_or_when_its_worker_died() {
    let world = World::with_job().await;
    let store = &world.store;
    assert_eq!(store.due_jobs(after(-1)).await.unwrap(), []);
    assert_eq!(store.due_jobs(after(0)).await.unwrap(), [job()]);

    let lease = world.lease(0).await;
    assert_eq!(store.due_jobs(after(9)).await.unwrap(), []);
    assert_eq!(store.due_jobs(after(10)).await.unwrap(), [job()]);

    let mut next = state();
    next.next_due = after(40);
    store.save(&lease, &next, &[], true).await.unwrap();
    assert_eq!(store.due_jobs(after(39)).await.unwrap(), []);
    assert_eq!(store.due_jobs(after(40)).await.unwrap(), [job()]);

    let lease = world.lease(40).await;
    next.code = StatusCode::Paused;
    store.save(&lease, &next, &[], true).await.unwrap();
    assert_eq!(store.due_jobs(after(100_000)).await.unwrap(), []);
}

/// What happens to a job, and whether it needs somebody afterwards.
type Turn = (&'static str, fn(&mut JobState), bool);

#[tokio::test]
async fn a_job_that_needs_somebody_is_found_without_reading_the_others_however_it_came_to_it() {
    let world = World::with_job().await;
    let other = JobId::new("scim.tenant.other");
    world.store.create_job(&other, &state()).await.unwrap();
    let mut state = state();
    let turns: [Turn; 11] = [
        ("a cycle ends", |state| state.code = StatusCode::Active, false),
        ("somebody failed", |state| state.counts.escrowed = 2, true),
        ("they were mended", |state| state.counts.escrowed = 0, false),
        ("removals are held", |state| state.counts.staged = 7, true),
        ("they were approved", |state| state.counts.staged = 0, false),
        ("the app answers 401", |state| state.code = StatusCode::Quarantine, true),
        ("a person pauses it", JobState::pause, false),
        ("a person starts it", |state| state.start(after(0)), false),
        (
            "it was unhealthy for four weeks",
            |state| {
                state.code = StatusCode::Quarantine;
                state.disabled = Some(after(0));
            },
            true,
        ),
        ("a person starts it again", |state| state.start(after(0)), false),
        ("it is deleted, and as new", |state| *state = JobState::new(after(0)), false),
    ];
    for (number, (what, change, needs)) in (0..).zip(turns) {
        let lease = world.lease(number * 20).await;
        let found = world.store.jobs_in_need().await.unwrap();
        assert_eq!(found.contains(&job()), state.attention().is_some(), "{what}: a lease changes nothing");
        change(&mut state);
        state.next_due = after(number * 20);
        for release in [false, true] {
            world.store.save(&lease, &state, &[], release).await.unwrap();
            let expected = if needs { vec![job()] } else { Vec::new() };
            assert_eq!(world.store.jobs_in_need().await.unwrap(), expected, "{what}, release: {release}");
        }
        let due = world.store.due_jobs(after(number * 20)).await.unwrap();
        assert_eq!(due.contains(&job()), state.runs(), "{what}: it is due all the same");
    }
}

#[tokio::test]
async fn a_job_that_is_made_in_need_is_found_and_the_longest_overdue_comes_first() {
    let world = World::empty().await;
    let overdue = |minutes, escrowed| {
        let mut state = JobState { code: StatusCode::Active, ..JobState::new(after(minutes)) };
        state.counts.escrowed = escrowed;
        state
    };
    for (id, minutes, escrowed) in [("b", 2, 0), ("c", 1, 1), ("a", 3, 1), ("d", 0, 0), ("e", 90, 1)] {
        world.store.create_job(&JobId::new(id), &overdue(minutes, escrowed)).await.unwrap();
    }
    let ids = |jobs: Vec<JobId>| jobs.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(ids(world.store.due_jobs(after(5)).await.unwrap()), ["d", "c", "b", "a"]);
    assert_eq!(ids(world.store.jobs_in_need().await.unwrap()), ["a", "c", "e"]);
}

#[tokio::test]
async fn the_tenant_is_fixed_by_whoever_comes_first() {
    let world = World::empty().await;
    let asked = (1..=8).map(|number| world.store.tenant(Uuid::from_u128(number)));
    let told: Vec<Uuid> = futures::future::join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert!(told.iter().all(|id| *id == told[0]), "{told:?}");
    assert_eq!(world.store.tenant(Uuid::from_u128(99)).await.unwrap(), told[0]);
}

#[tokio::test]
async fn the_key_of_tokens_is_fixed_once_and_the_tenant_stays() {
    let world = World::empty().await;
    let store = &world.store;
    assert_eq!(store.token_key().await.unwrap(), None);
    assert!(store.fix_token_key([1; 32]).await.is_err(), "the tenant comes first");
    let tenant = store.tenant(Uuid::from_u128(1)).await.unwrap();
    assert_eq!(store.token_key().await.unwrap(), None);
    let (one, other) = futures::join!(store.fix_token_key([1; 32]), store.fix_token_key([2; 32]));
    one.and(other).unwrap();
    let fixed = store.token_key().await.unwrap().unwrap();
    assert!([[1; 32], [2; 32]].contains(&fixed));
    store.fix_token_key([3; 32]).await.unwrap();
    assert_eq!(store.token_key().await.unwrap(), Some(fixed));
    assert_eq!(store.tenant(Uuid::from_u128(99)).await.unwrap(), tenant);
}

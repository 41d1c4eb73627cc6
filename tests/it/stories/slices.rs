//! One cycle in several slices, one job and several workers.

use engine::cycle::{CycleError, Ending, Request};
use engine::ports::{Store, StoreError};
use jiff::SignedDuration;

use super::{NAMES, id, provisioned};
use crate::world::{ONE_BY_ONE, Target, World, person};

#[tokio::test]
async fn a_slice_that_meets_its_deadline_hands_over_and_the_next_one_goes_on() {
    let world = provisioned(0).await;
    for (position, name) in NAMES.iter().enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    let now = engine::ports::Clock::now(world.clock.as_ref());
    let over = Request { deadline: Some(now), ..Request::default() };
    assert_eq!(world.slice(&over).await.unwrap(), Ending::Continues);
    assert!(world.accounts().is_empty());
    let told = world.store.outbox(&world.definition.job).await.unwrap().events;
    assert_eq!(told.last().unwrap().detail.name(), "Cycle Continues");
    let checkpoint = world.state().await.checkpoint.unwrap();

    let report = world.cycle().await.unwrap();

    assert_eq!((report.cycle, report.figures.created), (checkpoint.cycle, 12));
}

#[tokio::test]
async fn a_reading_that_moved_on_between_two_slices_begins_again_and_loses_nobody() {
    let world = World::new().await;
    for (position, name) in NAMES.iter().take(7).enumerate() {
        world.directory.put(person(&id(position), name, "Clerk"));
    }
    let (killed, _) = world.cycle_killed_at(Some(testkit::kill::Moment::Before(25))).await;
    assert!(killed.is_none() && !world.accounts().is_empty());
    world.directory.put(person("00", "Zoe", "Clerk"));
    world.directory.remove("07");

    let report = world.cycle().await.unwrap();

    assert_eq!(report.figures.failed, 0);
    assert_eq!(world.accounts().len(), 7);
    assert!(world.account("gia").is_null() && !world.account("zoe").is_null());
}

#[tokio::test]
async fn two_workers_never_work_on_one_job_and_a_stale_one_is_refused() {
    let world = provisioned(2).await;
    let job = &world.definition.job;
    let now = engine::ports::Clock::now(world.clock.as_ref());
    let until = now.checked_add(SignedDuration::from_secs(60)).unwrap();
    let (stale, state) = world.store.acquire(job, now, until).await.unwrap();

    assert!(matches!(
        world.slice(&Request::default()).await.unwrap_err(),
        CycleError::Store(StoreError::Busy { .. })
    ));
    world.clock.advance(SignedDuration::from_mins(10));
    world.slice(&Request::default()).await.unwrap();

    assert!(matches!(world.store.save(&stale, &state, &[], false).await, Err(StoreError::Fenced(_))));
}

#[tokio::test]
async fn a_heartbeat_that_never_rests_neither_stops_the_work_nor_undoes_it() {
    let world = World::with(Target { concurrency: 4, bulk: false }, 5).await;
    for number in 0..40 {
        world.directory.put(person(&format!("{number:02}"), &format!("Person {number}"), "Clerk"));
    }
    let restless = testkit::time::Restless(&world.clock);

    let request = Request::default();
    let cycle = world.slice_by(&restless, &request);
    let ending = tokio::time::timeout(std::time::Duration::from_secs(60), cycle).await.expect("it goes on");

    let Ending::Completed(report) = ending.unwrap() else { panic!("no deadline was given") };
    assert_eq!((report.figures.created, report.figures.log_records), (40, 40));
    let state = world.state().await;
    assert_eq!((state.counts.linked, state.checkpoint, state.progress), (40, None, None));
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

#[tokio::test]
async fn progress_counts_people_and_is_saved_in_the_middle_of_a_page() {
    let world = World::with(ONE_BY_ONE, 60).await;
    for number in 0..60 {
        world.directory.put(person(&format!("{number:02}"), &format!("Person {number}"), "Clerk"));
    }
    let (restless, request) = (testkit::time::Restless(&world.clock), Request::default());
    let half_way = async {
        loop {
            let state = world.state().await;
            if let Some(progress) =
                state.progress.filter(|progress| (1..60).contains(&progress.completed_units))
            {
                return (progress, state.running.unwrap());
            }
        }
    };

    let (progress, figures) = tokio::select! {
        seen = half_way => seen,
        ending = world.slice_by(&restless, &request) => panic!("nothing was saved before {ending:?}"),
    };

    assert_eq!(progress.total_units, 60);
    assert_eq!(figures.created, progress.completed_units);
}

#[tokio::test]
async fn of_two_workers_who_begin_at_the_same_instant_one_does_everything_and_the_other_nothing() {
    let world = World::new().await;
    for round in 0..5 {
        for (position, name) in NAMES.iter().enumerate() {
            let number = format!("{round}{position:02}");
            world.directory.put(person(&number, &format!("{name} {round}"), "Clerk"));
        }
        let created = world.app.counters().create;

        let endings = world.race().await;

        let [one, other] = match endings {
            [first @ Ok(_), second] => [first, second],
            [first, second] => [second, first],
        };
        let Ok(Ending::Completed(report)) = one else { panic!("nobody got the job: {one:?}") };
        assert_eq!((report.figures.created, world.app.counters().create - created), (12, 12));
        assert!(matches!(other, Err(CycleError::Store(StoreError::Busy { .. }))), "{other:?}");
        assert_eq!(world.records(store::By::All).await.len(), 12 * (round + 1));
    }
    assert_eq!(world.cycle().await.unwrap().figures.target_calls, 0);
}

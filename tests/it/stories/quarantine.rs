//! When a job counts as unhealthy: by what, since when, how often it is tried, and what lifts it.

use engine::job::{Cause, EventDetail, QuarantineReason, Side, StatusCode};
use engine::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use testkit::sandbox::{ErrorEvery, Faults, Kind};

use super::provisioned;
use crate::world::{World, person, set};

fn unauthorized() -> Faults {
    Faults { unauthorized: true, ..Faults::default() }
}

async fn cause(world: &World) -> Cause {
    world.state().await.quarantine.unwrap().cause.unwrap()
}

/// What was told so far, but for cycles that completed.
async fn told(world: &World) -> Vec<EventDetail> {
    let outbox = world.store.outbox(&world.definition.job).await.unwrap();
    let details = outbox.events.into_iter().map(|event| event.detail);
    details.filter(|detail| !matches!(detail, EventDetail::CycleCompleted { .. })).collect()
}

#[tokio::test]
async fn too_large_a_share_of_failures_is_a_quarantine_that_says_what_most_of_them_share() {
    let mut world = provisioned(3).await;
    world.definition.health.at_least = Some(3);
    world.app.set_faults(Faults {
        error_every: Some(ErrorEvery { every: 1, status: 400 }),
        only: Some(vec![Kind::Create]),
        ..Faults::default()
    });
    for number in 10..14 {
        world.directory.put(person(&number.to_string(), &format!("Person {number}"), "Clerk"));
    }

    let report = world.cycle().await.unwrap();

    assert_eq!(report.figures.failed, 4);
    let quarantine = world.state().await.quarantine.unwrap();
    assert_eq!(quarantine.reason, QuarantineReason::EncounteredEscrowProportionThreshold);
    assert!(quarantine.message.starts_with("4 of 7 objects failed"), "{}", quarantine.message);
    let cause = cause(&world).await;
    assert_eq!((cause.escrowed, cause.status), (Some(4), Some(400)));
    assert!(cause.request.unwrap().contains("/Users"));
    assert!(cause.object.is_some() && cause.advice.is_some());

    // The others go on; the next cycle finds the same.
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));
    assert_eq!(world.cycle().await.unwrap().figures.updated, 1);
    let quarantine = world.state().await.quarantine.unwrap();
    assert_eq!((quarantine.series_count, quarantine.cause.unwrap().seen), (1, 2));

    // Mended and tried again, they lift it.
    world.app.set_faults(Faults::default());
    world.clock.advance(SignedDuration::from_hours(6));
    assert_eq!(world.cycle().await.unwrap().figures.created, 4);
    assert_eq!(world.state().await.code, StatusCode::Active);
}

#[tokio::test]
async fn a_quiet_job_asks_its_target_once_a_day_whether_it_is_well() {
    let world = provisioned(3).await;
    let mut before = world.app.counters().total;
    let mut asked = |world: &World| {
        let now = world.app.counters().total;
        let asked = now - before;
        before = now;
        asked
    };
    world.cycle().await.unwrap();
    assert_eq!(asked(&world), 0, "the first cycle is the proof");
    world.clock.advance(SignedDuration::from_hours(24));
    world.cycle().await.unwrap();
    assert_eq!(asked(&world), 1);
    world.cycle().await.unwrap();
    assert_eq!(asked(&world), 0);
    let proofs = world.state().await.proofs;
    assert!(proofs.target.is_some() && proofs.source == Some(world.clock.now()), "{proofs:?}");
}

#[tokio::test]
async fn a_quiet_job_with_dead_credentials_does_not_look_healthy_for_more_than_a_day() {
    let world = provisioned(3).await;
    world.app.set_faults(unauthorized());
    world.cycle().await.unwrap();
    assert_eq!(world.state().await.code, StatusCode::Active);

    world.clock.advance(SignedDuration::from_hours(24));
    world.cycle().await.unwrap_err();

    let quarantine = world.state().await.quarantine.unwrap();
    assert_eq!(quarantine.reason, QuarantineReason::EncounteredQuarantineException);
    assert_eq!(quarantine.side, Some(Side::Target));
    let cause = cause(&world).await;
    assert_eq!((cause.status, cause.seen), (Some(401), 1));
    assert!(cause.request.is_some());
    assert!(cause.advice.unwrap().contains("Renew the token"));

    world.app.set_faults(Faults::default());
    world.cycle().await.unwrap();
    assert_eq!(world.state().await.code, StatusCode::Active);
}

#[tokio::test]
async fn an_unhealthy_job_is_tried_less_and_less_and_is_given_up_after_28_days() {
    let world = provisioned(3).await;
    world.directory.edit("01", |ada| set(ada, "jobTitle", "Treasurer"));
    world.app.set_faults(unauthorized());
    world.cycle().await.unwrap_err();
    let began = world.clock.now();
    let after = |hours: i64| -> Timestamp { began + SignedDuration::from_hours(hours) };
    assert!(world.state().await.next_due <= began + SignedDuration::from_mins(40));

    // Every cycle comes forty minutes after the time that is set.
    for (at, expected) in [(6, 12), (12, 24), (24, 48), (48, 72), (27 * 24, 28 * 24)] {
        world.clock.advance(after(at).duration_since(world.clock.now()) - SignedDuration::from_mins(40));
        world.cycle().await.unwrap_err();
        assert_eq!(world.state().await.next_due, after(expected), "{at} hours later");
    }
    assert_eq!(world.state().await.disabled, None);
    let first = cause(&world).await;
    assert_eq!((first.first, first.seen), (Some(began), 6));

    world.clock.advance(SignedDuration::from_hours(24));
    world.cycle().await.unwrap_err();
    assert_eq!(world.state().await.disabled, Some(world.clock.now()));
    let reason = QuarantineReason::EncounteredQuarantineException;
    assert_eq!(
        told(&world).await,
        [EventDetail::JobQuarantined { reason }, EventDetail::JobDisabled { reason }]
    );

    // Run by hand, it shows that it is well again.
    world.app.set_faults(Faults::default());
    assert_eq!(world.cycle().await.unwrap().figures.updated, 1);
    let state = world.state().await;
    assert_eq!((state.code, state.disabled, state.successive_failures), (StatusCode::Active, None, 0));
}

#[tokio::test]
async fn removals_that_wait_for_a_person_neither_slow_the_job_nor_end_it() {
    let mut world = provisioned(12).await;
    world.definition.thresholds.maximum = 0;
    world.directory.remove("01");
    world.cycle().await.unwrap();
    world.clock.advance(SignedDuration::from_hours(40 * 24));
    world.cycle().await.unwrap();

    let state = world.state().await;
    assert_eq!(state.quarantine.unwrap().reason, QuarantineReason::TooManyDeletes);
    assert_eq!(state.disabled, None);
    assert!(state.next_due <= world.clock.now() + SignedDuration::from_mins(40));
}

#[tokio::test]
async fn credentials_that_are_about_to_end_are_announced_once_at_each_mark() {
    let mut world = provisioned(1).await;
    let expires = world.clock.now() + SignedDuration::from_hours(10 * 24);
    world.definition.expiries = vec![(Side::Target, expires)];
    let announced = EventDetail::CredentialsExpiring { side: Side::Target, expires };

    world.cycle().await.unwrap();
    world.cycle().await.unwrap();
    assert_eq!(told(&world).await, std::slice::from_ref(&announced));

    world.clock.advance(SignedDuration::from_hours(4 * 24));
    world.cycle().await.unwrap();
    assert_eq!(told(&world).await, [announced.clone(), announced]);

    // Renewed, they are nobody's concern.
    world.definition.expiries = vec![(Side::Target, expires + SignedDuration::from_hours(90 * 24))];
    world.cycle().await.unwrap();
    assert_eq!((told(&world).await.len(), world.state().await.expiry_told.len()), (2, 0));
}

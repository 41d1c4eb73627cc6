//! Limits that appear, change and go away, and limits that are known beforehand.

use std::time::Duration;

use super::super::Limiter;
use super::at;
use super::world::{Limit, World};

fn after(limits: &[(Limit, u64)], then: Limit, seconds: u64) -> World {
    let mut world = World::new(Limit::None, 8, 20);
    for (limit, seconds) in limits {
        world.limits(*limit);
        world.run(*seconds);
    }
    world.limits(then);
    world.run(seconds);
    world
}

#[test]
fn a_limit_that_appears_or_changes_is_found() {
    for burst in [1.0, 25.0] {
        let bucket = |rate| Limit::Bucket(rate, burst);
        let cases = [
            ("appears", vec![(Limit::None, 20)], 25.0, 40),
            ("falls", vec![(bucket(25.0), 60)], 5.0, 40),
            ("rises", vec![(bucket(25.0), 60), (bucket(5.0), 80)], 50.0, 120),
        ];
        for (what, before, rate, within) in cases {
            let minute = after(&before, bucket(rate), within).run(60);
            assert!(minute.per_second() >= rate * 0.9, "{what}, burst {burst}: {minute:?}");
            assert!(minute.refused_share() < 0.02, "{what}, burst {burst}: {minute:?}");
        }
    }
}

#[test]
fn a_limit_that_goes_away_is_forgotten_within_two_minutes() {
    for burst in [1.0, 25.0] {
        let minute = after(&[(Limit::Bucket(25.0, burst), 60)], Limit::None, 120).run(60);
        assert!(minute.per_second() >= 390.0, "burst {burst}: {minute:?}");
    }
}

#[test]
fn one_stray_refusal_is_made_up_for_within_seconds() {
    let mut world = after(&[(Limit::None, 30)], Limit::Bucket(25.0, 1.0), 0);
    world.run_until_refused();
    world.limits(Limit::None);
    world.run(10);
    let count = world.run(10);
    assert!(count.per_second() >= 390.0, "{count:?}");
}

#[test]
fn a_preset_that_is_right_is_never_refused_and_nothing_is_lost_to_throttling() {
    let mut world = World::new(Limit::Bucket(25.0, 5.0), 8, 20);
    world.limiter = Limiter::new(Some(24.5));
    let count = world.run(120);
    assert_eq!(count.refused, 0);
    assert!(count.per_second() >= 24.4, "{count:?}");
    let now = world.time();
    assert_eq!(world.limiter.pace(now).throttled, Duration::ZERO);
    assert_eq!(world.limiter.pace(now).per_second, Some(24.5));
}

#[test]
fn a_preset_that_is_too_high_is_learnt_from_and_reached_again_when_the_limit_goes_away() {
    let mut world = World::new(Limit::Bucket(10.0, 10.0), 8, 20);
    world.limiter = Limiter::new(Some(40.0));
    world.run(30);
    let limited = world.run(60);
    assert!((9.0..=10.0).contains(&limited.per_second()), "{limited:?}");
    world.limits(Limit::None);
    world.run(120);
    let free = world.run(60);
    assert!((39.5..=40.1).contains(&free.per_second()), "{free:?}");
    let now = world.time();
    assert_eq!(world.limiter.pace(now).per_second, Some(40.0));
}

#[test]
fn refusals_of_calls_that_were_under_way_together_are_one_event() {
    let mut limiter = Limiter::new(None);
    let permits: Vec<_> = (0..32).map(|_| limiter.start(at(0), false)).collect();
    let mut rates = Vec::new();
    for (place, permit) in permits.iter().enumerate().skip(20) {
        limiter.refused(permit, Duration::from_secs(2), at(100 + i64::try_from(place).unwrap()));
        rates.push(limiter.pace(at(100)).per_second.unwrap());
    }
    assert!(rates.iter().all(|rate| *rate == rates[0]), "{rates:?}");
    let pace = limiter.pace(at(131));
    assert_eq!((pace.refusals, pace.waits_until), (12, Some(at(2131))), "the last one told it latest");
    assert_eq!(limiter.wait(at(131)), Duration::from_secs(2));
}

#[test]
fn time_is_lost_to_throttling_while_anyone_waits_for_it_and_counts_once() {
    let mut limiter = Limiter::new(None);
    let permit = limiter.start(at(0), false);
    limiter.refused(&permit, Duration::from_secs(4), at(1000));
    let throttled = |limiter: &mut Limiter, millis| limiter.pace(at(millis)).throttled.as_millis();
    assert_eq!(throttled(&mut limiter, 2000), 0, "nobody waits");
    limiter.joins(at(2000));
    limiter.joins(at(3000));
    assert_eq!(throttled(&mut limiter, 3500), 1500);
    limiter.leaves(at(4000));
    limiter.leaves(at(6000));
    assert_eq!(throttled(&mut limiter, 9000), 4000);
}

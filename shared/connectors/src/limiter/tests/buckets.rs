//! Minutes before token buckets and windows: how much of the limit is used, and how many calls are refused.

use super::world::{Limit, World};

/// Callers at once, and how long an answer takes in milliseconds.
const CALLERS: [(usize, u64); 8] =
    [(8, 5), (8, 20), (8, 100), (8, 300), (32, 5), (32, 20), (32, 100), (32, 300)];

/// Runs a world per burst, callers and latency that could use more than the rate.
fn each_world(rate: f64, bursts: &[f64], mut test: impl FnMut(World, String)) {
    for burst in bursts {
        for (callers, latency) in CALLERS {
            if callers as f64 * 1000.0 / latency as f64 > rate {
                let what = format!("{rate}/s, burst {burst}, {callers} callers, {latency} ms");
                let world = || World::new(Limit::Bucket(rate, *burst), callers, latency);
                test(world(), format!("{what}, told when to come back"));
                test(world().silent(), what);
            }
        }
    }
}

#[test]
fn a_target_without_a_limit_is_not_slowed() {
    for (callers, latency) in CALLERS {
        let count = World::new(Limit::None, callers, latency).run(60);
        let most = callers as f64 * 1000.0 / latency as f64;
        assert!(count.per_second() > most * 0.99, "{callers} callers, {latency} ms: {count:?} of {most}");
    }
}

#[test]
fn a_bucket_is_used_to_nine_tenths_and_hardly_refuses_from_ten_seconds_after_its_first_refusal() {
    for rate in [5.0, 25.0, 200.0] {
        each_world(rate, &[1.0, 25.0, 100.0], |mut world, what| {
            world.run_until_refused();
            world.run(10);
            let minute = world.run(60);
            assert!(minute.per_second() >= rate * 0.9, "{what}: {minute:?}");
            assert!(minute.refused_share() < 0.01, "{what}: {minute:?}");
        });
    }
}

#[test]
fn a_bucket_that_is_known_is_used_still_better() {
    for rate in [5.0, 25.0] {
        each_world(rate, &[1.0, 5.0, 25.0], |mut world, what| {
            world.run(100);
            let later = world.run(200);
            assert!(later.per_second() >= rate * 0.93, "{what}: {later:?}");
            assert!(later.refused_share() < 0.007, "{what}: {later:?}");
        });
    }
}

#[test]
fn a_bucket_of_one_call_a_second_takes_longer_to_know() {
    each_world(1.0, &[1.0, 25.0, 100.0], |mut world, what| {
        world.run_until_refused();
        world.run(10);
        let minute = world.run(60);
        assert!(minute.per_second() >= 0.75, "{what}: {minute:?}");
        assert!(minute.refused <= 10, "{what}: {minute:?}");
        let later = world.run(600);
        assert!(later.per_second() >= 0.9, "{what}, later: {later:?}");
        assert!(later.refused_share() < 0.05, "{what}, later: {later:?}");
    });
}

/// What such a bucket saves up during a pause is neither nothing nor all, so that neither bound of a bracket is true.
#[test]
fn a_bucket_that_is_full_before_the_pause_is_over_takes_a_minute_to_know() {
    for rate in [5.0, 13.0, 50.0] {
        each_world(rate, &[2.0, 5.0, 10.0], |mut world, what| {
            world.run_until_refused();
            world.run(10);
            let minute = world.run(60);
            assert!(minute.per_second() >= rate * 0.75, "{what}: {minute:?}");
            assert!(minute.refused_share() < 0.04, "{what}: {minute:?}");
        });
    }
}

/// A bucket of one call refuses whatever comes a little early. Larger ones even that out.
#[test]
fn calls_that_overtake_each_other_cost_little_where_there_is_a_burst() {
    for rate in [5.0, 25.0] {
        each_world(rate, &[25.0, 100.0], |world, what| {
            let mut world = world.jitter(0.5);
            world.run_until_refused();
            world.run(10);
            let minute = world.run(60);
            assert!(minute.per_second() >= rate * 0.85, "{what}: {minute:?}");
            assert!(minute.refused_share() < 0.02, "{what}: {minute:?}");
        });
    }
}

#[test]
fn a_window_that_says_when_to_come_back_is_used_evenly_after_a_few_turns() {
    for (calls, seconds) in [(20, 60), (100, 60), (600, 60), (1000, 60), (100, 10), (50, 1)] {
        for callers in [8, 32] {
            let mut world = World::new(Limit::Window(calls, seconds), callers, 50);
            world.run(300);
            let count = world.run(1200);
            let use_of_it = count.per_second() * seconds as f64 / calls as f64;
            let what = format!("{calls} in {seconds} s, {callers} callers: {count:?}");
            assert!(use_of_it >= 0.85, "{what}");
            // Of windows this small, one refusal a minute is much.
            let most = if calls <= 100 && seconds == 60 { 0.11 } else { 0.01 };
            assert!(count.refused_share() < most, "{what}");
        }
    }
}

#[test]
fn a_window_that_does_not_say_when_to_come_back_is_used_by_half_at_least() {
    for (calls, seconds) in [(20, 60), (100, 60), (600, 60), (1000, 60), (100, 10), (50, 1)] {
        for callers in [8, 32] {
            let mut world = World::new(Limit::Window(calls, seconds), callers, 50).silent();
            world.run(300);
            let count = world.run(1200);
            let use_of_it = count.per_second() * seconds as f64 / calls as f64;
            assert!(use_of_it >= 0.5, "{calls} in {seconds} s, {callers} callers: {count:?}");
            assert!(count.refused_share() < 0.15, "{calls} in {seconds} s, {callers} callers: {count:?}");
        }
    }
}

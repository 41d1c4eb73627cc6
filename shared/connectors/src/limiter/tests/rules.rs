//! Rules that hold whatever callers, target and clock do.

use std::time::Duration;

use proptest::prelude::*;

use super::super::rate::{FASTEST, SLOWEST};
use super::super::{LATENESS, LONGEST_PAUSE, Limiter, Permit, SET_BACK};
use super::at;

/// One thing that happens to a limiter.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A caller waits for its turn and starts.
    Start,
    /// The n-th of the calls under way is taken.
    Taken(usize),
    /// The n-th of the calls under way is refused for so many milliseconds.
    Refused(usize, u64),
    /// The clock goes forward, or back.
    Passes(i64),
}

fn step(back: i64) -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Start),
        8 => (0_usize..64).prop_map(Step::Taken),
        1 => (0_usize..64, prop_oneof![0_u64..5_000, 0_u64..100_000_000]).prop_map(|(n, wait)| Step::Refused(n, wait)),
        4 => prop_oneof![0_i64..500, -back..=60_000].prop_map(Step::Passes),
    ]
}

struct Run {
    limiter: Limiter,
    now: i64,
    under_way: Vec<Permit>,
    starts: Vec<i64>,
}

impl Run {
    fn new(preset: Option<f64>) -> Self {
        Self { limiter: Limiter::new(preset), now: 0, under_way: Vec::new(), starts: Vec::new() }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Start => {
                let wait = self.limiter.wait(at(self.now));
                self.now += i64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap();
                self.under_way.push(self.limiter.start(at(self.now), !wait.is_zero()));
                self.starts.push(self.now);
            }
            Step::Taken(_) | Step::Refused(..) if self.under_way.is_empty() => {}
            Step::Taken(n) => {
                let permit = self.under_way.remove(n % self.under_way.len());
                self.limiter.taken(&permit, at(self.now));
            }
            Step::Refused(n, wait) => {
                let permit = self.under_way.remove(n % self.under_way.len());
                self.limiter.refused(&permit, Duration::from_millis(wait), at(self.now));
            }
            Step::Passes(millis) => self.now += millis,
        }
    }
}

/// The longest that the first in the queue can have to wait: a pause, or a turn at the slowest rate.
fn longest_wait() -> Duration {
    LONGEST_PAUSE + Duration::from_secs_f64(1.0 / SLOWEST) + SET_BACK
}

proptest! {
    #[test]
    fn nobody_waits_for_ever_and_the_rate_stays_within_bounds(
        preset in proptest::option::of(0.1_f64..1000.0),
        steps in proptest::collection::vec(step(100_000_000), 1..400),
    ) {
        let mut run = Run::new(preset);
        for step in steps {
            run.step(step);
            let pace = run.limiter.pace(at(run.now));
            prop_assert_eq!(preset.is_some() && pace.per_second.is_none(), false);
            if let Some(rate) = pace.per_second {
                prop_assert!((SLOWEST..=preset.unwrap_or(FASTEST)).contains(&rate), "{rate}");
            }
            prop_assert!(run.limiter.wait(at(run.now)) <= longest_wait());
        }
    }

    #[test]
    fn the_preset_is_never_exceeded(
        preset in 0.1_f64..200.0,
        steps in proptest::collection::vec(step(0), 1..400),
    ) {
        let mut run = Run::new(Some(preset));
        steps.into_iter().for_each(|step| run.step(step));
        for (place, first) in run.starts.iter().enumerate() {
            for (calls, last) in run.starts.iter().skip(place).enumerate() {
                let seconds = Duration::from_millis(u64::try_from(last - first).unwrap()) + LATENESS;
                let most = preset * seconds.as_secs_f64() + 1e-6;
                prop_assert!(calls as f64 <= most, "{calls} more within {seconds:?}");
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_longer(
        steps in proptest::collection::vec(step(0), 1..200),
        back in 1_001_i64..100_000_000,
    ) {
        let mut run = Run::new(None);
        steps.into_iter().for_each(|step| run.step(step));
        let before = run.limiter.wait(at(run.now));
        prop_assert_eq!(run.limiter.wait(at(run.now - back)), before);
    }

    #[test]
    fn after_any_refusals_a_target_that_takes_everything_is_soon_called_freely(
        steps in proptest::collection::vec(step(0), 1..200),
    ) {
        let mut run = Run::new(None);
        steps.into_iter().for_each(|step| run.step(step));
        let begun = run.now;
        run.step(Step::Start);
        while run.limiter.pace(at(run.now)).per_second.is_some_and(|rate| rate < 200.0) {
            run.step(Step::Taken(run.under_way.len() - 1));
            run.step(Step::Start);
            let minutes = (run.now - begun) / 60_000 - 60;
            prop_assert!(minutes < 10, "{:?} still", run.limiter.pace(at(run.now)));
        }
    }
}

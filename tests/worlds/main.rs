//! Ten thousand invented worlds: whatever happens to a company, its directory, its app and the worker between them, the
//! target ends as the rules say, and once it has, another cycle does nothing.
//!
//! Each world is made from a number: twenty to forty people and three to six groups, who join, move, take other names,
//! leave, come back and change groups; an app with limits and habits; workers that are killed, overtaken, cut short and
//! refused, at least once in every world. What the target must hold is told by a [`model`] that knows nothing of the
//! engine. A world that fails prints its number; `ROLLCALL_WORLD=<number>` lives through it again and tells its story.
#![cfg(test)]

mod check;
mod directory;
mod life;
mod model;
mod setup;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use directory::Features;
use life::Failure;

/// What happens in these worlds.
const FEATURES: Features = Features { groups: true, managers: true };

/// Worlds in one run: two or three minutes of two cores. Bugs that one world in two thousand shows were found by as many.
const WORLDS: u64 = 10_000;

/// Failures that are told in one run: whoever mends the first one usually mends most.
const TOLD: usize = 3;

#[test]
fn whatever_happens_the_target_ends_as_the_model_says() {
    if let Some(seed) = number("ROLLCALL_WORLD") {
        let story = told(seed);
        assert!(story.is_none(), "{}", story.unwrap_or_default());
        return;
    }
    let (first, worlds) =
        (number("ROLLCALL_FIRST").unwrap_or(1), number("ROLLCALL_WORLDS").unwrap_or(WORLDS));
    let failed = failing(first..first.saturating_add(worlds));
    let stories: Vec<String> = failed.iter().take(TOLD).filter_map(|seed| told(*seed)).collect();
    assert!(
        failed.is_empty(),
        "{} of {worlds} worlds fail: {:?}\n\n{}",
        failed.len(),
        &failed[..failed.len().min(300)],
        stories.join("\n\n")
    );
}

/// The worlds that fail, lowest first; all cores live through them side by side.
fn failing(seeds: std::ops::Range<u64>) -> Vec<u64> {
    let next = AtomicU64::new(seeds.start);
    let failed = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if lived(seed, false).is_err() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort_unstable();
    failed
}

/// The story of a world that fails.
fn told(seed: u64) -> Option<String> {
    let Failure { what, history } = lived(seed, true).err()?;
    Some(format!("ROLLCALL_WORLD={seed}\n{}\n\n{what}", history.join("\n")))
}

fn lived(seed: u64, told: bool) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let world = AssertUnwindSafe(|| runtime.block_on(life::live(seed, FEATURES, told)));
    catch_unwind(world).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure { what: format!("a panic: {}", text.unwrap_or_default()), history: Vec::new() })
    })
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is '{text}'; give it a whole number")))
}

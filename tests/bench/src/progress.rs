//! Signs of life on standard error, for runs that take minutes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::job::{Figures, Progress};
use engine::ports::Observer;

/// Between two lines. A run of a thousand people shows none.
const EVERY: Duration = Duration::from_secs(5);

/// Watches one cycle.
pub(crate) struct Watcher {
    cycle: &'static str,
    shown: Mutex<Instant>,
}

impl Watcher {
    pub(crate) fn new(cycle: &'static str) -> Self {
        Self { cycle, shown: Mutex::new(Instant::now()) }
    }
}

impl Observer for Watcher {
    fn progress(&self, progress: &Progress, _: &Figures) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.elapsed() >= EVERY {
            eprintln!("{}: {} of {} people", self.cycle, progress.completed_units, progress.total_units);
            *shown = Instant::now();
        }
    }
}

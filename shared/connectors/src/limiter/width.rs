//! How many calls are under way at once: as many as the target answers well.
//!
//! In: whether calls were answered, refused or lost. Out: a width between 1 and the widest. It begins at the preset of
//! the connector and grows by one with every round of answers as good as all of it, as a connection's window does while
//! nothing is lost; a refusal or a lost call halves it. A width that an administrator set stays as it is.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The widest that is tried on its own: at 50 ms an answer these are 640 calls a second, more than apps take.
const WIDEST: usize = 32;

/// How many calls may be under way at once.
#[derive(Debug)]
pub(crate) struct Width {
    widest: usize,
    /// `None` for a width that was set.
    found: Option<Mutex<Found>>,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    now: usize,
    /// Good answers since the width changed.
    good: usize,
    /// Refusals that are still to come from calls that were under way when it was halved: they say nothing new.
    stale: usize,
}

impl Width {
    /// A width that finds out what is good.
    pub(crate) fn from_preset(preset: usize) -> Self {
        let found = Found { now: preset.max(1), good: 0, stale: 0 };
        Self { widest: preset.max(WIDEST), found: Some(Mutex::new(found)) }
    }

    /// A width that somebody set.
    pub(crate) fn fixed(width: usize) -> Self {
        Self { widest: width.max(1), found: None }
    }

    /// The most calls that will ever be under way at once.
    pub(crate) fn widest(&self) -> usize {
        self.widest
    }

    /// How many calls may be under way now.
    pub(crate) fn now(&self) -> usize {
        self.found.as_ref().map_or(self.widest, |found| locked(found).now)
    }

    /// A call was answered, whatever the answer says of its object.
    pub(crate) fn answered(&self) {
        let Some(mut found) = self.found.as_ref().map(locked) else { return };
        found.stale = found.stale.saturating_sub(1);
        found.good += 1;
        if found.good >= found.now && found.now < self.widest {
            found.now += 1;
            found.good = 0;
        }
    }

    /// A call was refused because there are too many, failed in the target, or was lost.
    pub(crate) fn refused(&self) {
        let Some(mut found) = self.found.as_ref().map(locked) else { return };
        found.good = 0;
        if found.stale > 0 {
            found.stale -= 1;
        } else {
            found.stale = found.now;
            found.now = (found.now / 2).max(1);
        }
    }
}

fn locked(found: &Mutex<Found>) -> MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_by_one_a_round_and_never_beyond_the_widest() {
        let width = Width::from_preset(8);
        (0..8).for_each(|_| width.answered());
        assert_eq!(width.now(), 9);
        (0..10_000).for_each(|_| width.answered());
        assert_eq!(width.now(), WIDEST);
    }

    #[test]
    fn refusals_of_calls_that_were_under_way_together_halve_it_once() {
        let width = Width::from_preset(16);
        (0..16).for_each(|_| width.refused());
        assert_eq!(width.now(), 8);
        (0..200).for_each(|_| width.refused());
        assert_eq!(width.now(), 1, "it never stops");
    }

    #[test]
    fn one_that_was_set_stays() {
        let width = Width::fixed(4);
        (0..100).for_each(|_| width.answered());
        width.refused();
        assert_eq!((width.now(), width.widest()), (4, 4));
    }
}

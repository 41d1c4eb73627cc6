//! Chance from a seed: the same in every run and on every machine.

/// A stream of numbers that look drawn (`SplitMix64`). Good enough to vary tests with, and to nothing else.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 when that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        // The remainder prefers small numbers by one in 2^50 for anything a test draws from.
        usize::try_from(self.draw() % limit.max(1) as u64).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// True so often in a thousand.
    pub fn in_thousand(&mut self, often: usize) -> bool {
        self.below(1_000) < often
    }

    /// One of them; `None` when there is none.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }

    /// A stream of its own for another purpose, so that one may draw more without changing the other.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self::of(self.draw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_one_others() {
        let numbers = |seed| {
            let mut chance = Chance::of(seed);
            [chance.draw(), chance.draw(), chance.draw()]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn every_choice_comes_up_and_none_beyond() {
        let mut chance = Chance::of(1);
        let mut met = [0; 5];
        for _ in 0..1_000 {
            met[chance.between(2, 4)] += 1;
        }
        assert_eq!(&met[..2], &[0, 0]);
        assert!(met[2..].iter().all(|times| *times > 250), "{met:?}");
        assert_eq!(chance.one_of::<u8>(&[]), None);
    }
}

//! Drawing from a seed.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::ids::keyed;

/// A source of draws.
pub(super) struct Chance(ChaCha20Rng);

impl Chance {
    /// What a call of a function at a place of an expression draws from.
    pub(super) fn of(seed: &[u8; 32], function: &str, place: usize) -> Self {
        Self(ChaCha20Rng::from_seed(keyed(seed, format!("{function}\n{place}").as_bytes())))
    }

    /// Sixteen bytes.
    pub(super) fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `bound`, each equally likely; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        // The largest multiple of `bound`: what lies above it would make small numbers likelier.
        let Some(fair) = u32::MAX.checked_rem(bound).map(|rest| u32::MAX - rest) else { return 0 };
        loop {
            let drawn = self.0.next_u32();
            if drawn < fair {
                return drawn % bound;
            }
        }
    }

    /// One of these; none of none.
    pub(super) fn one_of(&mut self, choices: &[char]) -> Option<char> {
        let bound = u32::try_from(choices.len()).ok()?;
        let at = self.below(bound);
        choices.get(usize::try_from(at).ok()?).copied()
    }

    /// Puts them in any order (Fisher and Yates).
    pub(super) fn shuffle(&mut self, characters: &mut [char]) {
        for last in (1..characters.len()).rev() {
            let bound = u32::try_from(last + 1).unwrap_or(u32::MAX);
            let other = usize::try_from(self.below(bound)).unwrap_or(last);
            characters.swap(last, other.min(last));
        }
    }
}

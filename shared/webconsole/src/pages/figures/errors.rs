//! What failed most within the month.

use engine::days::Day;
use engine::failures::{FailureKinds, OTHERS};

/// Kinds that are shown: what somebody would look after first.
const KINDS: usize = 8;

/// One kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) code: String,
    pub(crate) count: u64,
    /// Of a hundred, which the most frequent has.
    pub(crate) width: u64,
}

/// The kinds, the most frequent first.
pub(crate) struct Errors(pub(crate) Vec<Kind>);

impl Errors {
    pub(crate) fn of(days: &[(u64, &Day)]) -> Self {
        let mut sum = FailureKinds::default();
        for (_, day) in days {
            sum.add(&day.failures);
            // Days that an earlier version wrote have no kinds.
            let told = day.failures.0.values().copied().fold(0, u64::saturating_add);
            let untold = day.failed.saturating_sub(told);
            if untold > 0 {
                sum.add(&FailureKinds([(OTHERS.to_owned(), untold)].into()));
            }
        }
        sum.keep(KINDS);
        let kinds = sum.most_frequent();
        let most = kinds.iter().map(|(_, count)| *count).max().unwrap_or_default().max(1);
        let kind = |(code, count): (&str, u64)| {
            let width = u64::try_from(u128::from(count) * 100 / u128::from(most)).unwrap_or(100).max(1);
            let code = if code == OTHERS { "other kinds" } else { code };
            Kind { code: code.to_owned(), count, width }
        };
        Self(kinds.into_iter().map(kind).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_added_up_over_days_and_what_was_not_told_apart_is_not_lost() {
        let day = |failed, kinds: &[(&str, u64)]| {
            let failures = kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
            Day { failed, failures: FailureKinds(failures), ..Day::of("2026-03-01".parse().unwrap()) }
        };
        let days = [
            day(3, &[("Timeout", 2), (OTHERS, 1)]),
            day(9, &[("EntryConflict", 8), ("Timeout", 1)]),
            day(300, &[]),
        ];
        let placed: Vec<(u64, &Day)> = days.iter().map(|day| (0, day)).collect();
        let kind = |code: &str, count, width| Kind { code: code.to_owned(), count, width };
        let expected = [kind("EntryConflict", 8, 2), kind("Timeout", 3, 1), kind("other kinds", 301, 100)];
        assert_eq!(Errors::of(&placed).0, expected);
        assert!(Errors::of(&[]).is_empty());
    }
}

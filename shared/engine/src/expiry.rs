//! Credentials that are about to end, announced before they do.
//!
//! In: when each credential ends, and what was announced of it. Out: what is to be announced now, once at each of a few
//! marks. Pure. A renewed credential ends at another time, and with it everything begins anew.

use jiff::{SignedDuration, Timestamp};

use crate::job::Side;

/// What was announced last: of whose credential that ends when, and at which mark.
pub type Announced = (Side, Timestamp, u32);

/// Days before the end at which it is announced: a month is enough to order a new certificate, the last day is for who
/// did not read the mails before; 0 says that it is over.
const MARKS: [u32; 6] = [0, 1, 3, 7, 14, 30];

/// The credentials to announce now. `told` is brought up to date: it holds what still is configured, and nothing else.
pub fn announce(
    expiries: &[(Side, Timestamp)],
    told: &mut Vec<Announced>,
    now: Timestamp,
) -> Vec<(Side, Timestamp)> {
    told.retain(|(side, expires, _)| expiries.contains(&(*side, *expires)));
    let mut news = Vec::new();
    for &(side, expires) in expiries {
        let Some(mark) = mark(expires, now) else { continue };
        match told.iter_mut().find(|told| (told.0, told.1) == (side, expires)) {
            Some((.., last)) if *last <= mark => continue,
            Some((.., last)) => *last = mark,
            None => told.push((side, expires, mark)),
        }
        news.push((side, expires));
    }
    news
}

/// The nearest mark that is reached.
fn mark(expires: Timestamp, now: Timestamp) -> Option<u32> {
    let left = expires.duration_since(now);
    MARKS.into_iter().find(|days| left <= SignedDuration::from_hours(i64::from(*days) * 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + days * 86_400).unwrap()
    }

    #[test]
    fn an_end_is_announced_once_at_each_mark_and_once_when_it_is_there() {
        let expiries = [(Side::Target, day(40))];
        let mut told = Vec::new();
        let announced: Vec<i64> =
            (0..60).filter(|today| !announce(&expiries, &mut told, day(*today)).is_empty()).collect();
        assert_eq!(announced, [10, 26, 33, 37, 39, 40]);
        assert_eq!(told, [(Side::Target, day(40), 0)]);
    }

    #[test]
    fn who_looks_late_hears_of_it_once_not_once_for_every_mark() {
        let expiries = [(Side::Target, day(2)), (Side::Source, day(90))];
        let mut told = Vec::new();
        assert_eq!(announce(&expiries, &mut told, day(0)), [(Side::Target, day(2))]);
        assert_eq!(announce(&expiries, &mut told, day(0)), []);
        assert_eq!(told, [(Side::Target, day(2), 3)]);
    }

    #[test]
    fn a_renewed_credential_begins_anew_and_the_old_one_is_forgotten() {
        let mut told = vec![(Side::Target, day(1), 1), (Side::Source, day(3), 3)];
        let expiries = [(Side::Target, day(31)), (Side::Source, day(3))];
        assert_eq!(announce(&expiries, &mut told, day(0)), []);
        assert_eq!(told, [(Side::Source, day(3), 3)]);
        assert_eq!(announce(&expiries, &mut told, day(1)), [(Side::Target, day(31))]);
        assert_eq!(announce(&[], &mut told, day(1)), []);
        assert_eq!(told, []);
    }

    #[test]
    fn a_clock_that_is_put_back_announces_nothing_twice() {
        let expiries = [(Side::Source, day(10))];
        let mut told = Vec::new();
        announce(&expiries, &mut told, day(9));
        assert_eq!(announce(&expiries, &mut told, day(2)), []);
        assert_eq!(announce(&expiries, &mut told, day(9)), []);
    }
}

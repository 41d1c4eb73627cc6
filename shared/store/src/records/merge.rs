//! Several streams in one order, each read no further than a page needs.
//!
//! In: what each stream showed so far. Out: which of them to ask for how much more, and in the end the first positions
//! of all.
//!
//! Records are spread evenly over the shards of an index. So each is asked for its share and half as much again first,
//! which mostly is enough: of four shards that is one and a half positions for each that is shown. People's records
//! come as they come: each is asked for its share first, and what is asked ahead later is no more than has proved to
//! belong to the page. So where they come in a row, each in its turn is read, not all of them.

/// What one stream showed so far.
#[derive(Debug, Default, Clone)]
struct Head {
    positions: Vec<String>,
    ended: bool,
}

/// What all streams showed so far, for a page.
#[derive(Debug)]
pub(super) struct Heads {
    heads: Vec<Head>,
    wanted: usize,
    /// For the first round.
    asked_first: usize,
    oldest_first: bool,
}

/// A question to a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// The stream's place.
    pub(super) stream: usize,
    /// The position after which it goes on; `None` from its beginning.
    pub(super) after: Option<String>,
    /// How many positions.
    pub(super) count: usize,
}

impl Heads {
    /// So many streams, none of which was asked yet, for the first `wanted` of their positions. `even`: each holds
    /// about as many of them.
    pub(super) fn new(streams: usize, wanted: usize, even: bool, oldest_first: bool) -> Self {
        let asked_first = if even { wanted + wanted / 2 } else { wanted };
        Self { heads: vec![Head::default(); streams], wanted, asked_first, oldest_first }
    }

    /// What to ask next. Nothing when it is known which positions come first.
    pub(super) fn asks(&self) -> Vec<Ask> {
        let merged = self.merged();
        let end = merged.get(self.wanted.saturating_sub(1)).copied();
        let is_open = |head: &Head| {
            !head.ended && end.is_none_or(|end| head.last().is_none_or(|last| self.comes_before(last, end)))
        };
        let mut open: Vec<(usize, &Head)> =
            self.heads.iter().enumerate().filter(|(_, head)| is_open(head)).collect();
        if open.is_empty() {
            return Vec::new();
        }
        // Whoever holds up the others first.
        open.sort_by(|(_, one), (_, other)| one.last().cmp(&other.last()));
        if !self.oldest_first {
            open.reverse();
        }
        let first = open.first().and_then(|(_, head)| head.last());
        let (count, ahead) = match first {
            None => (self.asked_first / open.len(), usize::MAX),
            Some(first) => {
                let settled =
                    merged.iter().take_while(|position| !self.comes_before(first, position)).count();
                (self.wanted.saturating_sub(settled).div_ceil(open.len()), settled)
            }
        };
        let count = count.clamp(1, self.wanted.max(1));
        let ask =
            |(stream, head): (usize, &Head)| Ask { stream, after: head.last().map(str::to_owned), count };
        open.into_iter().take((ahead / count).max(1)).map(ask).collect()
    }

    /// Adds what a stream showed, and whether that was its end.
    pub(super) fn add(&mut self, stream: usize, positions: Vec<String>, ended: bool) {
        if let Some(head) = self.heads.get_mut(stream) {
            // What shows nothing has nothing more, or it would be asked for ever.
            head.ended = ended || positions.is_empty();
            head.positions.extend(positions);
        }
    }

    /// The first positions of all.
    pub(super) fn first(&self) -> Vec<String> {
        self.merged().into_iter().take(self.wanted).map(str::to_owned).collect()
    }

    /// What was shown, each position once: two streams may hold the same record.
    fn merged(&self) -> Vec<&str> {
        let mut merged: Vec<&str> =
            self.heads.iter().flat_map(|head| &head.positions).map(String::as_str).collect();
        merged.sort_unstable();
        merged.dedup();
        if !self.oldest_first {
            merged.reverse();
        }
        merged
    }

    fn comes_before(&self, one: &str, other: &str) -> bool {
        if self.oldest_first { one < other } else { one > other }
    }
}

impl Head {
    fn last(&self) -> Option<&str> {
        self.positions.last().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Goes through streams as the store does; the positions found, how many were read, and in how many rounds.
    fn read(
        streams: &[Vec<String>],
        wanted: usize,
        even: bool,
        oldest_first: bool,
    ) -> (Vec<String>, usize, usize) {
        let mut heads = Heads::new(streams.len(), wanted, even, oldest_first);
        let (mut examined, mut rounds) = (0, 0);
        loop {
            let asks = heads.asks();
            if asks.is_empty() {
                return (heads.first(), examined, rounds);
            }
            rounds += 1;
            for Ask { stream, after, count } in asks {
                let mut all = streams[stream].clone();
                all.sort();
                if !oldest_first {
                    all.reverse();
                }
                let from = after.map_or(0, |after| all.iter().position(|one| *one == after).unwrap() + 1);
                let shown: Vec<String> = all[from..].iter().take(count).cloned().collect();
                examined += shown.len();
                // As in DynamoDB a stream that showed as many as it was asked for may be at its end without knowing it.
                let ended = shown.len() < count;
                heads.add(stream, shown, ended);
            }
        }
    }

    /// Numbers spread over so many streams as record ids are over shards.
    fn shards(numbers: u64, shards: usize) -> Vec<Vec<String>> {
        let mut streams = vec![Vec::new(); shards];
        for number in 0..numbers {
            let spread = number
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(29)
                .wrapping_mul(0xBF58_476D_1CE4_E5B9);
            streams[usize::try_from(spread >> 40).unwrap() % shards].push(format!("{number:05}"));
        }
        streams
    }

    #[test]
    fn four_shards_cost_less_than_two_positions_for_each_shown() {
        for (page, most_rounds) in [(10, 4), (100, 3), (500, 3), (1_000, 3)] {
            let (found, examined, rounds) = read(&shards(5_000, 4), page + 1, true, false);
            assert_eq!(found.len(), page + 1);
            assert!(examined <= 2 * page, "{examined} positions for a page of {page}");
            assert!(rounds <= most_rounds, "{rounds} rounds for a page of {page}");
        }
    }

    #[test]
    fn one_stream_is_asked_for_what_is_wanted_and_no_more() {
        let (found, examined, rounds) = read(&shards(50, 1), 11, true, false);
        assert_eq!((found.len(), examined, rounds), (11, 11, 1));
    }

    #[test]
    fn where_one_stream_holds_everything_the_others_cost_nothing() {
        let streams = [vec![], shards(500, 1).remove(0), vec![], vec![]];
        let (found, examined, _) = read(&streams, 101, true, true);
        assert_eq!((found.len(), examined), (101, 101));
    }

    #[test]
    fn without_streams_there_is_nothing() {
        assert_eq!(read(&[], 11, true, false), (vec![], 0, 0));
    }

    #[test]
    fn ten_people_cost_about_two_positions_for_each_shown_even_where_their_records_come_in_a_row() {
        let row = |person: usize| (0..40).map(|number| format!("{:05}", person * 40 + number)).collect();
        let in_a_row: Vec<Vec<String>> = (0..10).map(row).collect();
        for (streams, most_rounds) in [(in_a_row, 12), (shards(1_200, 10), 5)] {
            let (found, examined, rounds) = read(&streams, 101, false, true);
            assert_eq!(found.len(), 101);
            assert!(examined <= 210, "{examined} positions");
            assert!(rounds <= most_rounds, "{rounds} rounds");
        }
    }

    proptest! {
        #[test]
        fn the_first_of_all_are_found_and_no_stream_is_read_far(
            streams in prop::collection::vec(prop::collection::btree_set(0_u16..300, 0..40), 0..9),
            wanted in 1_usize..40,
            even: bool,
            oldest_first: bool,
        ) {
            let streams: Vec<Vec<String>> =
                streams.iter().map(|stream| stream.iter().map(|number| format!("{number:03}")).collect()).collect();
            let mut all: Vec<String> = streams.concat();
            all.sort();
            all.dedup();
            if !oldest_first {
                all.reverse();
            }
            all.truncate(wanted);
            let (found, examined, _) = read(&streams, wanted, even, oldest_first);
            prop_assert_eq!(found, all);
            prop_assert!(examined <= streams.len() * wanted);
        }
    }
}

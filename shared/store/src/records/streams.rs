//! Streams of positions: what the indexes are asked, and no further than a page needs.
//!
//! In: streams and a stretch of time. Out: the first positions of all streams in it. Which stream is asked for how much
//! is in `merge.rs`.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ids::IdHash;
use engine::model::SourceId;
use engine::ports::StoreError;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::merge::{Ask, Heads};
use crate::DynamoStore;
use crate::item::Item;
use crate::keys::{self, LogIndex, SHARDS};
use crate::table::failed;

/// Streams asked at once.
const AT_ONCE: usize = 8;

/// One query in the order of time.
pub(super) struct Stream {
    pub(super) index: LogIndex,
    pub(super) hash: String,
}

/// What a stream showed.
struct Answer {
    stream: usize,
    positions: Vec<String>,
    ended: bool,
}

/// The stretch of time still to be read: positions from `low` up to `high`.
#[derive(Clone)]
pub(super) struct Window {
    pub(super) low: String,
    pub(super) high: String,
    pub(super) oldest_first: bool,
}

impl DynamoStore {
    /// The first positions in the window over all streams, at most `wanted`, and whether there are more.
    pub(super) async fn positions(
        &self,
        streams: &[Stream],
        window: &Window,
        wanted: usize,
    ) -> Result<(Vec<String>, bool), StoreError> {
        // One more tells whether there are more.
        let even = streams.iter().all(|stream| stream.index.name != keys::BY_SOURCE.name);
        let mut heads = Heads::new(streams.len(), wanted + 1, even, window.oldest_first);
        loop {
            let asks = heads.asks();
            // Collected first: the compiler cannot see that a closure inside the stream makes a future that is `Send`.
            let answers: Vec<_> = asks.iter().map(|ask| self.ask(streams, window, ask)).collect();
            if answers.is_empty() {
                break;
            }
            let answers: Vec<Answer> = stream::iter(answers).buffer_unordered(AT_ONCE).try_collect().await?;
            for Answer { stream, positions, ended } in answers {
                heads.add(stream, positions, ended);
            }
        }
        let mut positions = heads.first();
        let more = positions.len() > wanted;
        positions.truncate(wanted);
        Ok((positions, more))
    }

    /// Some positions of one stream.
    async fn ask(&self, streams: &[Stream], window: &Window, ask: &Ask) -> Result<Answer, StoreError> {
        let window = ask.after.as_ref().map(|after| window.beyond(after)).unwrap_or_else(|| window.clone());
        let nothing = Answer { stream: ask.stream, positions: Vec::new(), ended: true };
        let Some(stream) = streams.get(ask.stream).filter(|_| window.low <= window.high) else {
            return Ok(nothing);
        };
        let answer = self
            .logs
            .client
            .query()
            .table_name(&self.logs.name)
            .index_name(stream.index.name)
            .key_condition_expression("#hash = :hash AND #at BETWEEN :low AND :high")
            .expression_attribute_names("#hash", stream.index.hash)
            .expression_attribute_names("#at", keys::AT)
            .expression_attribute_values(":hash", AttributeValue::S(stream.hash.clone()))
            .expression_attribute_values(":low", AttributeValue::S(window.low))
            .expression_attribute_values(":high", AttributeValue::S(window.high))
            .scan_index_forward(window.oldest_first)
            .limit(i32::try_from(ask.count).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(failed("searching the log"))?;
        let position = |item: Item| item.get(keys::AT).and_then(|at| at.as_s().ok()).cloned();
        let ended = answer.last_evaluated_key.is_none();
        let positions = answer.items.unwrap_or_default().into_iter().filter_map(position).collect();
        Ok(Answer { positions, ended, ..nothing })
    }
}

impl Window {
    /// What is left once `shown` was shown. The bounds of an index's query are included, so the new one lies next to
    /// it.
    pub(super) fn beyond(&self, shown: &str) -> Self {
        let (mut low, mut high) = (self.low.clone(), self.high.clone());
        if self.oldest_first {
            low = low.max(format!("{shown}~"));
        } else {
            high = high.min(just_before(shown));
        }
        Self { low, high, oldest_first: self.oldest_first }
    }
}

/// A text after all positions before this one, and before it. All are equally long, and made of what sorts before `~`.
fn just_before(position: &str) -> String {
    let mut letters = position.chars();
    let before = letters.next_back().and_then(|last| char::from_u32(u32::from(last).checked_sub(1)?));
    before.map_or_else(String::new, |before| format!("{}{before}~", letters.as_str()))
}

/// A stream for each person.
pub(super) fn of_people(people: &BTreeSet<SourceId>) -> Vec<Stream> {
    let of = |person| Stream { index: keys::BY_SOURCE, hash: IdHash::of(person).to_string() };
    people.iter().map(of).collect()
}

/// A stream for each shard.
pub(super) fn sharded(index: LogIndex, hash: impl Fn(u128) -> String) -> Vec<Stream> {
    (0..SHARDS).map(|shard| Stream { index, hash: hash(shard) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_shown_is_beyond_neither_bound_and_everything_else_is(
            shown in "[0-9a-f]{3}", other in "[0-9a-f]{3}", oldest_first: bool,
        ) {
            let window = Window { low: "0".to_owned(), high: "~".to_owned(), oldest_first }.beyond(&shown);
            let left = window.low <= other && other <= window.high;
            prop_assert_eq!(left, if oldest_first { other > shown } else { other < shown });
        }
    }
}

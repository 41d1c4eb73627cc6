//! Provisioning records in a log group of their own, which keeps them for longer than the table, and finds, counts and archives
//! them.
//!
//! In: records that were written to the table. Out: a line each in the group, by `PutLogEvents`. Promised: no line is lost as long
//! as the process lives: what the group does not take goes to standard output, as all do where there is no group.
//!
//! # Expected flow
//! [`Records::take`] as records are written; [`Records::flush`] before an invocation ends. A batch that is full is sent meanwhile.
//!
//! # Caveats
//! A process that is killed loses the lines that wait, and a page that is repeated has its lines twice. The table is the truth.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::DisplayErrorContext;
use aws_sdk_cloudwatchlogs::operation::create_log_stream::CreateLogStreamError;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use engine::report::ProvisioningRecord;
use jiff::Timestamp;

/// What `PutLogEvents` takes at once: 1,048,576 bytes, an event counting 26 more than its line, and 10,000 events.
const BATCH: usize = 1_048_576;
const BESIDE: usize = 26;
const EVENTS: usize = 10_000;

/// The longest line that is sent: what one event may hold, in the regions where that is least.
const LONGEST: usize = 256 * 1024 - BESIDE;

/// What may wait: eight batches. More comes only when the group does not answer.
const WAITING: usize = 8 * BATCH;

/// A line, with when it was written in milliseconds.
type Line = (i64, String);

/// Where records are told. Cloning it is cheap.
#[derive(Clone)]
pub struct Records(Option<Arc<Group>>);

struct Group {
    client: Client,
    name: String,
    stream: String,
    waiting: Mutex<Vec<Line>>,
    /// Whether the stream is there; held by whoever sends, so that lines stay in their order.
    sending: tokio::sync::Mutex<bool>,
}

impl Records {
    /// On standard output.
    #[must_use]
    pub fn printed() -> Self {
        Self(None)
    }

    /// In a group, in a stream of this process's own.
    #[must_use]
    pub fn in_group(client: Client, name: String) -> Self {
        let stream = format!("sync/{}", runtime::clock::new_id());
        let (waiting, sending) = (Mutex::default(), tokio::sync::Mutex::new(false));
        Self(Some(Arc::new(Group { client, name, stream, waiting, sending })))
    }

    /// Takes records, written just now.
    pub fn take(&self, records: &[ProvisioningRecord], now: Timestamp) {
        let Some(group) = &self.0 else { return logs::print(records) };
        let lines = records.iter().filter_map(|record| logs::line(record).ok());
        let (lines, long): (Vec<_>, Vec<_>) = lines.partition(|line| line.len() <= LONGEST);
        print(long);
        let full = {
            let mut waiting = group.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if size(&waiting) > WAITING {
                return print(lines);
            }
            waiting.extend(lines.into_iter().map(|line| (now.as_millisecond(), line)));
            size(&waiting) > BATCH
        };
        if full {
            let all = self.clone();
            tokio::spawn(async move { all.flush().await });
        }
    }

    /// Makes the stream that lines go into, to see whether that works; standard output always does.
    ///
    /// # Errors
    /// Why the group has none.
    pub async fn try_out(&self) -> Result<(), String> {
        let Some(group) = &self.0 else { return Ok(()) };
        let mut ready = group.sending.lock().await;
        group.prepare(&mut ready).await.map_err(|why| format!("log group '{}': {why}", group.name))
    }

    /// Sends all that waits.
    pub async fn flush(&self) {
        let Some(group) = &self.0 else { return };
        let mut ready = group.sending.lock().await;
        let waiting = std::mem::take(&mut *group.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for batch in batches(waiting) {
            if let Err(why) = group.send(&batch, &mut ready).await {
                tracing::warn!("records are told here and not in the log group '{}': {why}", group.name);
                print(batch.into_iter().map(|(_, line)| line));
            }
        }
    }
}

impl Group {
    /// Sees to it that the stream is there.
    async fn prepare(&self, ready: &mut bool) -> Result<(), String> {
        if *ready {
            return Ok(());
        }
        let made = self.client.create_log_stream().log_group_name(&self.name).log_stream_name(&self.stream);
        let made = made.send().await;
        // It is there when the answer to an earlier try was lost.
        let is_there = |error: &CreateLogStreamError| error.is_resource_already_exists_exception();
        if let Err(error) = made
            && !error.as_service_error().is_some_and(is_there)
        {
            return Err(DisplayErrorContext(&error).to_string());
        }
        *ready = true;
        Ok(())
    }

    async fn send(&self, batch: &[Line], ready: &mut bool) -> Result<(), String> {
        self.prepare(ready).await?;
        let event = |(at, line): &Line| InputLogEvent::builder().timestamp(*at).message(line).build();
        let events: Result<Vec<_>, _> = batch.iter().map(event).collect();
        let put = self.client.put_log_events().log_group_name(&self.name).log_stream_name(&self.stream);
        let put = put.set_log_events(Some(events.map_err(|error| error.to_string())?));
        let answer = put.send().await.map_err(|error| DisplayErrorContext(&error).to_string())?;
        // By their times, which are the moment's: all of them, or none.
        match answer.rejected_log_events_info() {
            Some(rejected) => Err(format!("it rejects them: {rejected:?}")),
            None => Ok(()),
        }
    }
}

fn size(lines: &[Line]) -> usize {
    lines.iter().map(|(_, line)| line.len() + BESIDE).sum()
}

/// Lines as they may be sent together, in their order: times that went back, as clocks do, begin another batch.
fn batches(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut batches: Vec<Vec<Line>> = Vec::new();
    let mut room = 0;
    for line in lines {
        let bytes = line.1.len() + BESIDE;
        match batches.last_mut() {
            Some(last)
                if bytes <= room
                    && last.len() < EVENTS
                    && last.last().is_none_or(|(at, _)| *at <= line.0) =>
            {
                room -= bytes;
                last.push(line);
            }
            _ => {
                room = BATCH - bytes;
                batches.push(vec![line]);
            }
        }
    }
    batches
}

fn print(lines: impl IntoIterator<Item = String>) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    for line in lines {
        // Output that nobody takes is no reason to stop: the table has them.
        let _ = writeln!(out, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many lines each batch has.
    fn lengths(lines: Vec<Line>) -> Vec<usize> {
        let all = lines.clone();
        let batches = batches(lines);
        assert_eq!(batches.concat(), all, "none is lost, and they keep their order");
        batches.iter().for_each(|batch| assert!(size(batch) <= BATCH));
        batches.iter().map(Vec::len).collect()
    }

    fn line(bytes: usize) -> Line {
        (7, "a".repeat(bytes))
    }

    #[test]
    fn batches_are_as_large_as_they_may_be_and_no_larger() {
        assert_eq!(lengths(Vec::new()), [0; 0]);
        assert_eq!(lengths(vec![line(1); EVENTS]), [EVENTS]);
        assert_eq!(lengths(vec![line(1); EVENTS + 1]), [EVENTS, 1]);
        assert_eq!(lengths(vec![line(BATCH / 4 - BESIDE); 4]), [4]);
        assert_eq!(lengths(vec![line(BATCH / 4 - BESIDE + 1); 4]), [3, 1]);
        assert_eq!(lengths(vec![line(LONGEST); 9]), [4, 4, 1]);
    }

    #[test]
    fn a_clock_that_went_back_begins_another_batch() {
        let at = |time: i64| (time, "a".to_owned());
        assert_eq!(lengths(vec![at(1), at(2), at(2), at(1), at(3)]), [3, 2]);
    }
}

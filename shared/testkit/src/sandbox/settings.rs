//! How a sandbox is set up.
//!
//! In: nothing. Out: [`Settings`] with defaults that make a correct, quick server. Promise: two sandboxes with the
//! same settings that get the same requests give the same answers, apart from times and ports.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::faults::Faults;
use super::quirks::Quirks;

/// What a sandbox is started with.
#[derive(Clone)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// The bearer token that requests must carry. Default `sandbox`.
    pub token: String,
    /// How long each SCIM answer is held back. Default none.
    pub latency: Duration,
    /// The most resources a page holds, whatever `count` asks for. Default 100.
    pub page_cap: usize,
    /// How many requests are taken; beyond that they answer 429 with `Retry-After`. Default no limit.
    pub rate: Option<RateLimit>,
    /// Deviations from the RFC to imitate.
    pub quirks: Quirks,
    /// Faults that are on from the start.
    pub faults: Faults,
    /// Where `meta.created` and `meta.lastModified` come from. Default the system's clock.
    pub now: fn() -> jiff::Timestamp,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            token: "sandbox".to_owned(),
            latency: Duration::ZERO,
            page_cap: 100,
            rate: None,
            quirks: Quirks::default(),
            faults: Faults::default(),
            now: system_time,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a server that stands in for a real one has a clock of its own"
)]
fn system_time() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A token bucket: `burst` requests at once, `per_second` in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Requests per second in the long run.
    pub per_second: f64,
    /// Requests that may come at once after a pause.
    pub burst: u32,
}

/// A token bucket in use.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: RateLimit,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(limit: RateLimit, now: Instant) -> Self {
        Self { limit, tokens: f64::from(limit.burst), filled: now }
    }

    /// Takes a token, or says how many whole seconds from now there will be one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), u64> {
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        let capacity = f64::from(self.limit.burst).max(1.0);
        self.tokens = (self.tokens + since * self.limit.per_second).min(capacity);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = Duration::try_from_secs_f64((1.0 - self.tokens) / self.limit.per_second);
        Err(wait.map_or(3600, |wait| wait.as_secs() + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(RateLimit { per_second: 0.5, burst: 2 }, start);
        let taken = [0, 0, 0, 1, 2, 3].map(|second| bucket.take(start + Duration::from_secs(second)));
        assert_eq!(taken, [Ok(()), Ok(()), Err(3), Err(2), Ok(()), Err(2)]);
    }
}

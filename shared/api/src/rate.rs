//! How often one caller may ask.
//!
//! In: a request whose caller is known. Out: the request goes on, or 429 with the seconds after which it will. Put below
//! [`crate::access`], which says who it is; whoever has no token is refused there and counts nowhere.
//!
//! # Caveats
//! It is counted in memory, by each process for itself. In the cloud every instance of a function has a count of its own:
//! a caller who asks one question after the other mostly meets one instance, and one who asks hundreds at once meets
//! several, up to the function's reserved concurrency.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use engine::ports::Clock;
use governor::clock::Clock as Time;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::{ApiError, Caller};

/// So many requests a caller may make at once, and so many more in each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// At once, after a pause.
    pub burst: u32,
    /// In each second, for as long as they like.
    pub per_second: u32,
}

/// Questions about the log. The management API allows 5 in 10 seconds, of a service that all its customers share. Here one
/// company asks its own table: a page looks at 2,000 records at the most, some 1,000 units of reading, and a table takes
/// 12,000 in a second before it throttles. Ten in a second let a script that follows next links run as quickly as it is
/// answered; fifty at once are a page with many widgets, or a person who searches and opens what was found.
pub const LOGS: Limit = Limit { burst: 50, per_second: 10 };

/// Questions about applications and jobs: a few reads each. A screen that shows a hundred jobs asks for each of them, and
/// again soon after.
pub const JOBS: Limit = Limit { burst: 200, per_second: 20 };

/// Callers that are counted one by one, some 100 bytes each. When more ask within a minute, the newest share one count.
const CALLERS: usize = 10_000;

/// Whom those are counted as that are too many. No issuer has such an id.
const CROWD: &str = "\n";

type Buckets = RateLimiter<String, HashMapStateStore<String>, Ours, NoOpMiddleware<Nanos>>;

/// Counts the requests of each caller.
#[derive(Clone)]
pub struct Rate(Option<Arc<Buckets>>);

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rate").field(&self.0.as_ref().map(|buckets| buckets.len())).finish()
    }
}

/// The engine's clock, as the crate wants one.
#[derive(Clone)]
struct Ours(Arc<dyn Clock>);

impl Time for Ours {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(u64::try_from(self.0.now().as_nanosecond()).unwrap_or_default())
    }
}

impl Rate {
    /// At most that often.
    #[must_use]
    pub fn limited(limit: Limit, clock: Arc<dyn Clock>) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(limit.per_second)).allow_burst(at_least_one(limit.burst));
        Self(Some(Arc::new(RateLimiter::hashmap_with_clock(quota, Ours(clock)))))
    }

    /// As often as they like: on loopback, where the caller and the machine are one.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn take(&self, caller: &str) -> Result<(), Duration> {
        let Some(buckets) = &self.0 else { return Ok(()) };
        if buckets.len() >= CALLERS {
            buckets.retain_recent();
        }
        let caller = if buckets.len() >= CALLERS { CROWD } else { caller };
        let now = buckets.clock().now();
        buckets.check_key(&caller.to_owned()).map_err(|refusal| refusal.wait_time_from(now))
    }
}

/// Lets a request through, unless its caller asked too often.
///
/// # Errors
/// 429.
pub async fn check(State(rate): State<Rate>, request: Request, next: Next) -> Result<Response, ApiError> {
    let caller = request.extensions().get::<Caller>().map_or("", |caller| &*caller.id);
    rate.take(caller).map_err(ApiError::too_many_requests)?;
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use testkit::time::TestClock;

    use super::*;

    const LIMIT: Limit = Limit { burst: 3, per_second: 2 };

    fn rate() -> (Rate, Arc<TestClock>) {
        let clock = Arc::new(TestClock::at("2026-03-02T12:00:00Z".parse::<Timestamp>().unwrap()));
        (Rate::limited(LIMIT, clock.clone()), clock)
    }

    #[test]
    fn after_a_burst_one_waits_until_the_next_request_is_due() {
        let (rate, clock) = rate();
        assert_eq!([(); 3].map(|()| rate.take("ada")), [Ok(()); 3]);
        assert_eq!(rate.take("ada"), Err(Duration::from_millis(500)));
        clock.advance(SignedDuration::from_millis(499));
        assert!(rate.take("ada").is_err(), "a refused request does not count, and does not help");
        clock.advance(SignedDuration::from_millis(1));
        assert_eq!(rate.take("ada"), Ok(()));
        assert!(rate.take("ada").is_err());
        clock.advance(SignedDuration::from_secs(60));
        assert_eq!([(); 3].map(|()| rate.take("ada")), [Ok(()); 3]);
        assert!(rate.take("ada").is_err(), "no more are saved up than a burst");
    }

    #[test]
    fn callers_do_not_count_for_one_another() {
        let (rate, _) = rate();
        assert_eq!([(); 3].map(|()| rate.take("ada")), [Ok(()); 3]);
        assert!(rate.take("ada").is_err());
        assert_eq!(rate.take("kim"), Ok(()));
    }

    #[test]
    fn however_many_callers_there_are_they_take_no_more_room() {
        let (rate, clock) = rate();
        let buckets = rate.0.clone().unwrap();
        for number in 0..CALLERS + 3 {
            assert_eq!(rate.take(&format!("caller {number}")), Ok(()));
        }
        assert_eq!(buckets.len(), CALLERS + 1);
        assert!(rate.take("one more").is_err(), "the newest share one count");
        clock.advance(SignedDuration::from_secs(60));
        assert_eq!(rate.take("one more"), Ok(()));
        assert!(buckets.len() < 3, "who did not ask lately is forgotten");
    }

    #[test]
    fn on_loopback_nobody_waits() {
        let rate = Rate::unlimited();
        assert!((0..1_000).all(|_| rate.take("local").is_ok()));
    }
}

//! Whether to send a request again, and when. Pure.
//!
//! In: what became of a try, what became of those before. Out: a [`Next`]. Promises: what throttles is waited
//! for as told (RFC 9110 §10.2.3); what broke is repeated only when repeating is harmless; both end.

use std::time::Duration;

use jiff::Timestamp;

use super::error::About;

/// What became of one try.
#[derive(Debug)]
pub(super) enum Outcome {
    /// There was an answer.
    Answered(Raw),
    /// It never left: no connection.
    NotSent(String),
    /// It left, and the answer was lost: time-out, reset.
    Lost(String),
    /// There was an answer that cannot be used, whatever its status; why.
    Unusable(u16, String),
}

/// An answer before it is understood.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// How often a request was tried in vain.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tries {
    /// Because the target throttled.
    pub(super) throttled: u32,
    /// Because it failed or did not answer.
    pub(super) failed: u32,
}

/// What to do after a try.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Take the outcome as it is.
    Settle,
    /// Send it again after this while.
    Repeat(Duration),
    /// Let the whole connection wait this long, then send it again: the limit is the tenant's, not the
    /// object's.
    SlowDown(Duration),
}

/// 6 requests: with back-off alone that is half a minute of waiting, after which others may have more luck.
const THROTTLED_TRIES: u32 = 6;

/// 3 requests: a restarting instance behind a load balancer fails one or two.
const FAILED_TRIES: u32 = 3;

/// 1 s doubling to 60 s, where the target does not say how long. No jitter: one connection has one turnstile, so its
/// requests do not storm back together, and a test sees the same waits each time.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Judges a try and counts it.
pub(super) fn after(outcome: &Outcome, about: About, tries: &mut Tries, now: Timestamp) -> Next {
    if let Some(wait) = pause(outcome, *tries, now) {
        tries.throttled += 1;
        return if tries.throttled < THROTTLED_TRIES { Next::SlowDown(wait) } else { Next::Settle };
    }
    match outcome {
        Outcome::Answered(Raw { status: 408 | 500 | 502..=599, .. }) | Outcome::Lost(_) => {
            tries.failed += 1;
            repeat_if(about.is_repeatable() && tries.failed < FAILED_TRIES, *tries)
        }
        // What never left may always be sent again.
        Outcome::NotSent(_) => {
            tries.failed += 1;
            repeat_if(tries.failed < FAILED_TRIES, *tries)
        }
        Outcome::Answered(_) | Outcome::Unusable(..) => Next::Settle,
    }
}

/// How long the connection has to wait after an answer that throttles; `None` after any other outcome.
pub(super) fn pause(outcome: &Outcome, before: Tries, now: Timestamp) -> Option<Duration> {
    let Outcome::Answered(raw) = outcome else { return None };
    let told = raw.retry_after.as_deref().and_then(|text| retry_after(text, now));
    // "Come back now" is what was just done.
    let told = told.filter(|wait| !wait.is_zero());
    is_throttling(raw).then(|| told.unwrap_or_else(|| back_off(before.throttled + 1)))
}

fn repeat_if(harmless: bool, tries: Tries) -> Next {
    if harmless { Next::Repeat(back_off(tries.failed)) } else { Next::Settle }
}

fn back_off(tries: u32) -> Duration {
    let (first, longest) = BACK_OFF;
    first.saturating_mul(1 << tries.saturating_sub(1).min(6)).min(longest)
}

/// 429; 503 that says when to come back; and the 403 with which some servers throttle.
pub(super) fn is_throttling(raw: &Raw) -> bool {
    match raw.status {
        429 => true,
        503 => raw.retry_after.is_some(),
        403 => raw.retry_after.is_some() || speaks_of_limits(&raw.body),
        _ => false,
    }
}

fn speaks_of_limits(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body).to_lowercase();
    ["ratelimit", "rate limit", "rate_limit", "too many requests", "quota exceeded", "quotaexceeded"]
        .iter()
        .any(|words| body.contains(words))
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). A date that has passed means now.
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

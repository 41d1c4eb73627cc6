//! The adaptive limiter: how fast a target may be called, learnt from what it refuses.
//!
//! In: when calls start, and what became of them: taken, or refused with a time to wait. Out: how long the next call
//! has to wait. One limiter stands for one connection; the [`Turnstile`] lets callers through it one by one.
//!
//! # What is promised
//! * A target that refuses nothing is not slowed: no call waits before the first 429, unless there is a preset.
//! * The rate is never above the preset, and a pause that the target asks for is kept, up to an hour.
//! * First come, first served. No call waits beyond the time by which it must start; if the pause outlasts that, it is
//!   told at once.
//! * From ten seconds after it first refuses, a token bucket of 5 calls a second or more is used to 90 %, and refuses
//!   less than 1 % of the calls. `tests/buckets.rs` has the table, and what can be had elsewhere.
//! * A clock that is set back makes nobody wait longer.
//!
//! # How the rate is learnt
//!
//! Halving at each refusal and climbing again, as is common, would meet dozens of refusals, each of which costs a pause
//! (`Retry-After` is at least a second), and would on average leave a quarter of the rate unused. But refusals tell
//! more than that. Most limits are token buckets, and when a bucket refuses it is empty: **what was taken between two
//! refusals is what flowed in**, the pause included. That amount is the rate at once, however large the bucket.
//!
//! A small bucket overflows during the pause, so that the amount is too low. But then it has saved up nothing, and the
//! **pace at which it refused** is the rate. Either way the sustained rate lies between amount and pace:
//!
//! ```text
//!         amount                                  pace
//! ──────────┼───────────────────────────────────────┼──────────▶ calls a second
//!   surely  │  a large bucket's rate ◀─ ? ─▶ a small │  surely
//!   taken   │                             bucket's   │  refused
//! ```
//!
//! Each refusal gives such a bracket. A narrow one is the answer. Otherwise the **bound that repeats** is: amounts that
//! are the same over different times, or paces that are the same. Until one does, the search goes on from the amount
//! upwards, more slowly each time, so that more time passes between refusals, and the pause weighs less: that alone
//! makes the bracket narrow in the end, whatever kind of limit it is (windows, leaky buckets, someone else who uses up
//! half).
//!
//! | Stage | After | Climbs |
//! |---|---|---|
//! | search | a bracket that tells nothing | e-fold a second through half of it, then 5 % a second; each time half as far and as fast |
//! | confirm | an amount that repeated | 2 % a second, then faster |
//! | hold | a narrow bracket, a pace that repeated, a second confirmation | 0.05 % a second, then faster |
//!
//! All climbing is done by calls that had to wait and were taken; a rate that nobody waits for is not put to the test.
//! It quickens with the square of the quiet time, so that the rate follows a cubic, as beyond the plateau of TCP CUBIC
//! (RFC 9438); and a quarter above the last refusal it hurries: the limit is gone, or another one. At
//! [`rate::FASTEST`] it is forgotten.
//!
//! What is refused while a refusal is on its way belongs to the same event: it prolongs the pause, and that is all.

mod rate;
#[cfg(test)]
mod tests;
mod turnstile;
mod width;

use std::time::Duration;

use engine::ports::Pace;
use jiff::Timestamp;

use rate::Rate;
pub(crate) use turnstile::{TooLate, Turnstile};
pub(crate) use width::Width;

/// An hour: no server throttles longer for good reason, and a mistaken date must not silence a connection.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// 20 ms: timers wake late by that much on a busy machine. That is made up for by the next calls; more is not.
const LATENESS: Duration = Duration::from_millis(20);

/// 1 ms, as fine as timers are: so much closer may calls follow each other to make up for lateness. Two in quick
/// succession would be refused where no burst is allowed. Of more than 50 calls a second no timer keeps two apart.
const CATCH_UP: Duration = Duration::from_millis(1);

/// 5 s without a call: the target has saved up since, so that the measuring begins anew.
const IDLE: Duration = Duration::from_secs(5);

/// 1 s: what is taken in less time tells of a target's burst, not of its rate.
const SHORTEST_MEASUREMENT: Duration = Duration::from_secs(1);

/// 1 s: a clock that goes back less far is not set back, but read out of turn.
const SET_BACK: Duration = Duration::from_secs(1);

/// The leave to start one call, to be handed back with what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Permit {
    /// Calls started before it.
    number: u64,
    started: Timestamp,
    /// The rate that kept it apart from the call before.
    pace: Option<f64>,
    /// Whether it had to wait.
    waited: bool,
}

/// Where the measuring of the amount began.
#[derive(Debug, Clone, Copy)]
struct Beginning {
    number: u64,
    at: Timestamp,
    /// Whether the target had nothing left then, because it had just refused.
    empty: bool,
}

/// The state of one connection's limit. Pure: the time is handed in.
#[derive(Debug)]
pub(crate) struct Limiter {
    rate: Rate,
    /// The latest time that was handed in.
    now: Timestamp,
    /// When the next call may start, as far as the rate goes.
    turn: Timestamp,
    /// When it would start if no timer had been late.
    due: Timestamp,
    /// The rate that `turn` was reckoned with.
    pace: Option<f64>,
    /// Until when the target wants no calls.
    pause: Timestamp,
    /// Calls started so far.
    started: u64,
    last_start: Timestamp,
    beginning: Beginning,
    /// Calls started before this one were under way at the last event: their refusals belong to it.
    event: u64,
    /// Callers that wait.
    waiting: u32,
    refusals: u64,
    throttled: Duration,
}

impl Limiter {
    /// A limiter that starts at `preset` calls a second and never exceeds it, or without any limit.
    pub(crate) fn new(preset: Option<f64>) -> Self {
        let rate = Rate::new(preset);
        Self {
            pace: rate.per_second(),
            rate,
            now: Timestamp::MIN,
            turn: Timestamp::MIN,
            due: Timestamp::MIN,
            pause: Timestamp::MIN,
            started: 0,
            last_start: Timestamp::MIN,
            beginning: Beginning { number: 0, at: Timestamp::MIN, empty: false },
            event: 0,
            waiting: 0,
            refusals: 0,
            throttled: Duration::ZERO,
        }
    }

    /// How long the first in the queue has to wait.
    pub(crate) fn wait(&mut self, now: Timestamp) -> Duration {
        self.advance(now);
        between(self.now, self.turn.max(self.pause))
    }

    /// A caller joins the queue.
    pub(crate) fn joins(&mut self, now: Timestamp) {
        self.advance(now);
        self.waiting += 1;
    }

    /// A caller leaves the queue, with or without a permit.
    pub(crate) fn leaves(&mut self, now: Timestamp) {
        self.advance(now);
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// Starts a call. The caller has waited as told, and says whether that was any time at all.
    pub(crate) fn start(&mut self, now: Timestamp, waited: bool) -> Permit {
        self.advance(now);
        if self.started == 0 || between(self.last_start.max(self.pause), self.now) > IDLE {
            self.beginning = Beginning { number: self.started, at: self.now, empty: false };
        }
        let permit = Permit { number: self.started, started: self.now, pace: self.pace, waited };
        let interval = self.interval();
        let due = if between(self.due, self.now) <= LATENESS { self.due } else { self.now };
        self.due = after(due, interval);
        let apart = if interval > LATENESS { interval.saturating_sub(CATCH_UP) } else { Duration::ZERO };
        self.turn = self.due.max(after(self.now, apart));
        self.pace = self.rate.per_second();
        self.last_start = self.now;
        self.started += 1;
        permit
    }

    /// The target took the call, whatever it answered. A call that had not waited says nothing about the rate, nor
    /// does one from before the last refusal.
    pub(crate) fn taken(&mut self, permit: &Permit, now: Timestamp) {
        self.advance(now);
        if permit.waited && permit.number >= self.event {
            self.rate.taken();
        }
    }

    /// The target refused the call because there were too many, and wants none for `wait`.
    pub(crate) fn refused(&mut self, permit: &Permit, wait: Duration, now: Timestamp) {
        self.advance(now);
        self.refusals += 1;
        let wait = wait.min(LONGEST_PAUSE);
        self.pause = self.pause.max(after(self.now, wait));
        if permit.number < self.event {
            return;
        }
        // Calls are counted where they start: answers of those that are taken come later than refusals.
        let calls = permit.number.saturating_sub(self.beginning.number).max(1);
        let measured = between(self.beginning.at, permit.started);
        // The first time there is no pause behind it; the one ahead is what it costs to take as much again.
        let measured = if self.beginning.empty { measured } else { measured.saturating_add(wait) };
        let seconds = measured.max(SHORTEST_MEASUREMENT).as_secs_f64();
        self.rate.refused(permit.pace, calls as f64, seconds);
        self.event = self.started;
        self.beginning = Beginning { number: self.started, at: self.now, empty: true };
    }

    /// What the status shows.
    pub(crate) fn pace(&mut self, now: Timestamp) -> Pace {
        self.advance(now);
        Pace {
            per_second: self.rate.per_second(),
            waits_until: Some(self.pause).filter(|pause| *pause > self.now),
            refusals: self.refusals,
            throttled: self.throttled,
        }
    }

    /// The least time between two starts.
    fn interval(&self) -> Duration {
        let seconds = self.rate.per_second().map_or(0.0, f64::recip);
        Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_PAUSE)
    }

    /// Lets the time go by until `now`, and counts it as throttled if callers waited for the target's sake.
    fn advance(&mut self, now: Timestamp) {
        let back = between(now, self.now);
        if back > SET_BACK {
            let moved = |time: Timestamp| time.checked_sub(back).unwrap_or(Timestamp::MIN);
            for time in
                [&mut self.turn, &mut self.due, &mut self.pause, &mut self.last_start, &mut self.beginning.at]
            {
                *time = moved(*time);
            }
            self.now = now;
            return;
        }
        let now = self.now.max(now);
        if self.waiting > 0 {
            let throttled = if self.rate.is_learnt() { now } else { self.pause.min(now) };
            self.throttled = self.throttled.saturating_add(between(self.now, throttled));
        }
        self.now = now;
    }
}

fn after(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// From one time to a later one; nothing if it is not later.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

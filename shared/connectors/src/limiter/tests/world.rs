//! A target that throttles, callers that call it without end, and time that jumps from one event to the next.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::super::{Limiter, Permit};

/// Microseconds since the world began.
type Micros = u64;

const SECOND: Micros = 1_000_000;

/// How a target throttles.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    None,
    /// A token bucket: calls a second, and how many at once.
    Bucket(f64, f64),
    /// A sliding window: so many calls in any span of so many seconds.
    Window(usize, u64),
}

struct Server {
    limit: Limit,
    tokens: f64,
    filled: Micros,
    taken: VecDeque<Micros>,
}

impl Server {
    /// Takes a call, or says how many whole seconds to wait.
    fn call(&mut self, now: Micros) -> Result<(), u64> {
        match self.limit {
            Limit::None => Ok(()),
            Limit::Bucket(rate, burst) => {
                let since = (now - self.filled) as f64 / SECOND as f64;
                self.tokens = (self.tokens + since * rate).min(burst);
                self.filled = now;
                if self.tokens >= 1.0 {
                    self.tokens -= 1.0;
                    return Ok(());
                }
                Err(((1.0 - self.tokens) / rate) as u64 + 1)
            }
            Limit::Window(calls, seconds) => {
                let span = seconds * SECOND;
                while self.taken.front().is_some_and(|taken| *taken + span <= now) {
                    self.taken.pop_front();
                }
                if self.taken.len() < calls {
                    self.taken.push_back(now);
                    return Ok(());
                }
                Err((self.taken[0] + span - now) / SECOND + 1)
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrives(usize),
    Answers(usize, Result<(), u64>),
    /// The first in the queue looks again.
    Turn,
}

#[derive(Debug, Default, Clone)]
struct Caller {
    permit: Option<Permit>,
    /// When it joined the queue.
    queued: Micros,
    /// How often it was refused since it was last taken.
    refused: u32,
}

/// What the target took and refused in a span of time.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count {
    pub(super) taken: u64,
    pub(super) refused: u64,
    seconds: u64,
}

impl Count {
    pub(super) fn per_second(&self) -> f64 {
        self.taken as f64 / self.seconds as f64
    }

    /// The share of calls that were refused.
    pub(super) fn refused_share(&self) -> f64 {
        self.refused as f64 / (self.taken + self.refused).max(1) as f64
    }
}

/// Everything, in one hand.
pub(super) struct World {
    pub(super) limiter: Limiter,
    server: Server,
    now: Micros,
    events: BinaryHeap<Reverse<(Micros, Happens)>>,
    callers: Vec<Caller>,
    queue: VecDeque<usize>,
    /// When the first in the queue looks again.
    alarm: Micros,
    latency: Micros,
    jitter: f64,
    /// Whether the target says when to come back.
    tells: bool,
    chance: u64,
    count: Count,
}

impl World {
    pub(super) fn new(limit: Limit, callers: usize, latency_millis: u64) -> Self {
        let mut world = Self {
            limiter: Limiter::new(None),
            server: Server { limit, tokens: 0.0, filled: 0, taken: VecDeque::new() },
            now: 0,
            events: BinaryHeap::from([Reverse((0, Happens::Turn))]),
            callers: vec![Caller::default(); callers],
            queue: (0..callers).collect(),
            alarm: 0,
            latency: latency_millis * 1000,
            jitter: 0.0,
            tells: true,
            chance: 7,
            count: Count::default(),
        };
        world.limits(limit);
        world
    }

    /// The target does not say when to come back.
    pub(super) fn silent(self) -> Self {
        Self { tells: false, ..self }
    }

    /// Calls and answers are under way for longer or shorter, by up to this share.
    pub(super) fn jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// The target has this limit from now on.
    pub(super) fn limits(&mut self, limit: Limit) {
        if let Limit::Bucket(_, burst) = limit {
            self.server.tokens = burst;
            self.server.filled = self.now;
        }
        self.server.limit = limit;
    }

    pub(super) fn time(&self) -> Timestamp {
        super::at(0) + Duration::from_micros(self.now)
    }

    /// Lets the time go by.
    pub(super) fn run(&mut self, seconds: u64) -> Count {
        let end = self.now + seconds * SECOND;
        self.count = Count { seconds, ..Count::default() };
        while self.events.peek().is_some_and(|Reverse((at, _))| *at <= end) {
            let Reverse((at, happens)) = self.events.pop().unwrap();
            self.now = at;
            match happens {
                Happens::Arrives(caller) => self.arrives(caller),
                Happens::Answers(caller, answer) => self.answers(caller, answer),
                Happens::Turn => {}
            }
            self.turn();
        }
        self.now = end;
        self.count
    }

    /// Lets the time go by until something is refused.
    pub(super) fn run_until_refused(&mut self) {
        while self.run(1).refused == 0 {}
    }

    /// The way of a call, or of an answer.
    fn way(&mut self) -> Micros {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = (self.chance >> 33) as f64 / (1_u64 << 31) as f64;
        (self.latency as f64 / 2.0 * (1.0 + self.jitter * (2.0 * chance - 1.0))) as Micros
    }

    fn arrives(&mut self, caller: usize) {
        let answer = self.server.call(self.now);
        match answer {
            Ok(()) => self.count.taken += 1,
            Err(_) => self.count.refused += 1,
        }
        let at = self.now + self.way();
        self.events.push(Reverse((at, Happens::Answers(caller, answer))));
    }

    fn answers(&mut self, place: usize, answer: Result<(), u64>) {
        let now = self.time();
        let caller = &mut self.callers[place];
        let permit = caller.permit.take().unwrap();
        caller.queued = self.now;
        match answer {
            Ok(()) => {
                caller.refused = 0;
                self.limiter.taken(&permit, now);
            }
            Err(seconds) => {
                let back_off = 1 << caller.refused.min(5);
                caller.refused += 1;
                let wait = if self.tells { seconds } else { back_off };
                self.limiter.refused(&permit, Duration::from_secs(wait), now);
            }
        }
        self.queue.push_back(place);
    }

    /// First come first served, as the turnstile does it.
    fn turn(&mut self) {
        while let Some(place) = self.queue.front().copied() {
            let now = self.time();
            let wait = self.limiter.wait(now);
            if !wait.is_zero() {
                let at = self.now + u64::try_from(wait.as_nanos().div_ceil(1000)).unwrap();
                if self.alarm <= self.now || at < self.alarm {
                    self.alarm = at;
                    self.events.push(Reverse((at, Happens::Turn)));
                }
                return;
            }
            self.queue.pop_front();
            let waited = self.now > self.callers[place].queued;
            self.callers[place].permit = Some(self.limiter.start(now, waited));
            let at = self.now + self.way();
            self.events.push(Reverse((at, Happens::Arrives(place))));
        }
    }
}

//! The queue before a [`Limiter`]: callers wait, and pass one by one.
//!
//! In: the time by which a call must start. Out: a [`Permit`], or [`TooLate`]. Promises: first come, first served; all
//! waiting goes through the [`Clock`]; a caller that is dropped while it waits holds up nobody.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::ports::{Clock, Pace};
use jiff::Timestamp;
use tokio::sync::MutexGuard;

use super::{Limiter, Permit, after, between};

/// Why a call cannot start in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TooLate {
    /// It is too late already.
    Already,
    /// The target wants no calls for so long.
    Paused(Duration),
    /// Its turn would come too late, at so many calls a second.
    Queued(f64),
}

/// Lets calls through at the pace of one [`Limiter`].
pub(crate) struct Turnstile {
    limiter: Mutex<Limiter>,
    /// Held by the first in the queue while it waits. Tokio hands it on in the order in which it was asked for.
    first: tokio::sync::Mutex<()>,
    clock: Arc<dyn Clock>,
}

impl Turnstile {
    /// A turnstile that starts at `preset` calls a second and never exceeds it, or without any limit.
    pub(crate) fn new(preset: Option<f64>, clock: Arc<dyn Clock>) -> Self {
        Self { limiter: Mutex::new(Limiter::new(preset)), first: tokio::sync::Mutex::new(()), clock }
    }

    /// Waits until a call may start, but not beyond `latest`.
    pub(crate) async fn pass(&self, latest: Timestamp) -> Result<Permit, TooLate> {
        if let Some(permit) = self.with(|limiter, now| pass_at_once(limiter, now, latest))? {
            return Ok(permit);
        }
        let _queued = Queued::join(self);
        let _first = self.first_in_the_queue(latest).await?;
        loop {
            match self.with(|limiter, now| pass_first(limiter, now, latest))? {
                Turn::Now(permit) => return Ok(permit),
                Turn::In(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    /// The target took the call, whatever it answered.
    pub(crate) fn taken(&self, permit: &Permit) {
        self.with(|limiter, now| limiter.taken(permit, now));
    }

    /// The target refused the call because there were too many, and wants none for `wait`.
    pub(crate) fn refused(&self, permit: &Permit, wait: Duration) {
        self.with(|limiter, now| limiter.refused(permit, wait, now));
    }

    /// What the status shows.
    pub(crate) fn pace(&self) -> Pace {
        self.with(Limiter::pace)
    }

    /// Waits for those in front. They may be more patient than this caller.
    async fn first_in_the_queue(&self, latest: Timestamp) -> Result<MutexGuard<'_, ()>, TooLate> {
        let mut first = pin!(self.first.lock());
        loop {
            let now = self.clock.now();
            tokio::select! {
                biased;
                first = &mut first => return Ok(first),
                () = self.clock.tick(between(now, latest)) => self.with(|limiter, now| match now < latest {
                    true => Ok(()),
                    false => Err(late(limiter, now, latest, true)),
                })?,
            }
        }
    }

    /// The time is read under the lock, so that the limiter sees it in order.
    fn with<T>(&self, act: impl FnOnce(&mut Limiter, Timestamp) -> T) -> T {
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut limiter, self.clock.now())
    }
}

/// When the first in the queue may pass.
enum Turn {
    Now(Permit),
    In(Duration),
}

/// A permit where nobody waits and nothing limits; none where the caller has to join the queue.
fn pass_at_once(limiter: &mut Limiter, now: Timestamp, latest: Timestamp) -> Result<Option<Permit>, TooLate> {
    let wait = limiter.wait(now);
    if after(now, wait) > latest {
        return Err(late(limiter, now, latest, !wait.is_zero()));
    }
    Ok((wait.is_zero() && limiter.waiting == 0).then(|| limiter.start(now, false)))
}

fn pass_first(limiter: &mut Limiter, now: Timestamp, latest: Timestamp) -> Result<Turn, TooLate> {
    let wait = limiter.wait(now);
    if after(now, wait) > latest {
        return Err(late(limiter, now, latest, true));
    }
    Ok(if wait.is_zero() { Turn::Now(limiter.start(now, true)) } else { Turn::In(wait) })
}

fn late(limiter: &Limiter, now: Timestamp, latest: Timestamp, has_to_wait: bool) -> TooLate {
    let pause = between(now, limiter.pause);
    match limiter.rate.per_second() {
        _ if !pause.is_zero() && after(now, pause) > latest => TooLate::Paused(pause),
        Some(rate) if has_to_wait => TooLate::Queued(rate),
        _ => TooLate::Already,
    }
}

/// A place in the queue, given up however the waiting ends.
struct Queued<'t>(&'t Turnstile);

impl<'t> Queued<'t> {
    fn join(turnstile: &'t Turnstile) -> Self {
        turnstile.with(Limiter::joins);
        Self(turnstile)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.with(Limiter::leaves);
    }
}

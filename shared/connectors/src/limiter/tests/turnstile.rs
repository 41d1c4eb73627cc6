//! The queue: order, deadlines, callers that give up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::ports::Clock;
use futures::FutureExt;
use futures::future::join_all;
use jiff::Timestamp;
use testkit::time::TestClock;
use tokio::sync::Notify;

use super::super::{TooLate, Turnstile};
use super::at;

const SECOND: Duration = Duration::from_secs(1);

/// A clock on which waits end only when the test moves the time.
#[derive(Default)]
struct Hand {
    millis: Mutex<i64>,
    moved: Notify,
}

impl Hand {
    async fn moves_to(&self, millis: i64) {
        *self.millis.lock().unwrap() = millis;
        self.moved.notify_waiters();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    async fn wait_until(&self, until: Timestamp) {
        loop {
            let moved = self.moved.notified();
            if self.now() >= until {
                return;
            }
            moved.await;
        }
    }
}

#[async_trait::async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(*self.millis.lock().unwrap())
    }

    async fn sleep(&self, wait: Duration) {
        self.wait_until(self.now() + wait).await;
    }

    async fn tick(&self, every: Duration) {
        self.wait_until(self.now() + every).await;
    }
}

#[tokio::test]
async fn without_a_limit_nobody_waits() {
    let turnstile = Turnstile::new(None, Arc::new(Hand::default()));
    for _ in 0..1000 {
        assert!(turnstile.pass(at(0)).now_or_never().unwrap().is_ok());
    }
}

#[tokio::test]
async fn callers_pass_in_the_order_in_which_they_came() {
    let turnstile = Turnstile::new(Some(10.0), Arc::new(TestClock::at(at(0))));
    let order = Mutex::new(Vec::new());
    let passes = (0..20).map(|caller| {
        let (turnstile, order) = (&turnstile, &order);
        async move {
            let permit = turnstile.pass(at(60_000)).await.unwrap();
            order.lock().unwrap().push((caller, permit.number, permit.started));
        }
    });
    join_all(passes).await;
    let expected: Vec<_> = (0..20).map(|n| (n, n, at(i64::try_from(n).unwrap() * 100))).collect();
    assert_eq!(*order.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_call_that_cannot_start_in_time_is_told_at_once_and_why() {
    let clock = Arc::new(Hand::default());
    let turnstile = Turnstile::new(None, Arc::<Hand>::clone(&clock));
    let permit = turnstile.pass(at(0)).await.unwrap();
    turnstile.refused(&permit, 10 * SECOND);
    assert_eq!(turnstile.pass(at(9_999)).now_or_never(), Some(Err(TooLate::Paused(10 * SECOND))));
    assert_eq!(turnstile.pace().waits_until, Some(at(10_000)));

    clock.moves_to(10_000).await;
    turnstile.pass(at(10_000)).await.unwrap();
    assert_eq!(turnstile.pass(at(10_500)).now_or_never(), Some(Err(TooLate::Queued(0.1))));
    assert_eq!(turnstile.pass(at(9_999)).now_or_never(), Some(Err(TooLate::Queued(0.1))));

    let free = Turnstile::new(None, clock);
    assert_eq!(free.pass(at(9_999)).now_or_never(), Some(Err(TooLate::Already)));
}

#[tokio::test]
async fn a_hasty_caller_behind_a_patient_one_is_told_when_its_time_is_over() {
    let clock = Arc::new(Hand::default());
    let turnstile = Arc::new(Turnstile::new(None, Arc::<Hand>::clone(&clock)));
    let permit = turnstile.pass(at(0)).await.unwrap();
    turnstile.refused(&permit, SECOND);
    let pass = |latest: i64| {
        let turnstile = Arc::clone(&turnstile);
        tokio::spawn(async move { turnstile.pass(at(latest)).await })
    };
    let (patient, hasty) = (pass(100_000), pass(2_000));
    clock.moves_to(500).await;
    // Another refusal, of a call that was under way: the first in the queue sleeps on, and so do the others.
    turnstile.refused(&permit, 50 * SECOND);
    clock.moves_to(2_000).await;
    assert_eq!(hasty.now_or_never().unwrap().unwrap(), Err(TooLate::Paused(Duration::from_millis(48_500))));
    clock.moves_to(50_500).await;
    assert!(patient.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_caller_that_gives_up_holds_up_nobody() {
    let hand = Arc::new(Hand::default());
    let slow = Turnstile::new(Some(10.0), Arc::<Hand>::clone(&hand));
    slow.pass(at(0)).await.unwrap();
    let mut first = Box::pin(slow.pass(at(60_000)));
    let mut second = Box::pin(slow.pass(at(60_000)));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    hand.moves_to(100).await;
    assert_eq!(second.await.unwrap().started, at(100));
    hand.moves_to(200).await;
    assert!(slow.pass(at(200)).now_or_never().unwrap().is_ok(), "nobody is left in the queue");
}

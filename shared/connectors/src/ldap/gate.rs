//! Keeps a connection from reading ahead.
//!
//! In: the library's future that reads from the socket and puts messages into a queue without a bound. Out: the same
//! future, polled only while someone waits for a message. Without it a search of a large directory would be in memory
//! as a whole whenever the server is quicker than we are.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use futures::task::AtomicWaker;
use tokio::task::coop::{consume_budget, unconstrained};

/// Of tokio's budget for one step, 128 reads, what is used up before the connection gets its turn: with eight reads of
/// up to a hundred kilobytes it brings a thousand entries, not twenty thousand.
const SPENT: usize = 120;

/// Open while someone waits, and for good once nobody is left.
#[derive(Debug, Default)]
pub(super) struct Gate {
    waiting: AtomicUsize,
    left: AtomicBool,
    driver: AtomicWaker,
}

/// Held by whoever uses the connection: with the last one the gate opens for good, so that the connection can end.
#[derive(Debug, Default)]
pub(super) struct Keeper(Arc<Gate>);

impl Keeper {
    /// The gate itself, for the connection.
    pub(super) fn gate(&self) -> Arc<Gate> {
        self.0.clone()
    }

    /// Waits for `answer` with the gate open. Others have their turn before: were it during the wait, the connection
    /// would read on although messages are left.
    pub(super) async fn open_for<T>(&self, answer: impl Future<Output = T>) -> T {
        consume_budget().await;
        let _open = Open::new(&self.0);
        unconstrained(answer).await
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.left.store(true, Ordering::Release);
        self.0.driver.wake();
    }
}

/// One who waits.
struct Open<'a>(&'a Gate);

impl<'a> Open<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.waiting.fetch_add(1, Ordering::AcqRel);
        gate.driver.wake();
        Self(gate)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Gate {
    /// Runs a connection as long as the gate lets it.
    pub(super) async fn drive<T>(&self, connection: impl Future<Output = T>) -> T {
        let mut connection = pin!(connection);
        poll_fn(|context| {
            // Registered before looking, so that no opening is missed.
            self.driver.register(context.waker());
            let open = self.waiting.load(Ordering::Acquire) > 0 || self.left.load(Ordering::Acquire);
            if !open {
                return Poll::Pending;
            }
            for _ in 0..SPENT {
                let _ = pin!(consume_budget()).poll(context);
            }
            connection.as_mut().poll(context)
        })
        .await
    }
}

//! The gate: a connection reads only while someone waits.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::super::gate::Keeper;

/// A connection that always has one more message, and counts them. It ends when asked to.
async fn endless(read: Arc<AtomicUsize>, until: usize) {
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if read.fetch_add(1, Ordering::Relaxed) + 1 >= until { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Lets other tasks run.
async fn others() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nothing_is_read_before_someone_waits_and_after_they_have_what_they_wanted() {
    let (keeper, read) = (Keeper::default(), Arc::new(AtomicUsize::new(0)));
    let (gate, counted) = (keeper.gate(), read.clone());
    tokio::spawn(async move { gate.drive(endless(counted, usize::MAX)).await });
    others().await;
    assert_eq!(read.load(Ordering::Relaxed), 0);
    keeper.open_for(others()).await;
    let after = read.load(Ordering::Relaxed);
    assert!(after > 10, "read {after} while someone waited");
    others().await;
    assert_eq!(read.load(Ordering::Relaxed), after);
}

#[tokio::test]
async fn who_stops_waiting_closes_the_gate_too() {
    let (keeper, read) = (Keeper::default(), Arc::new(AtomicUsize::new(0)));
    let (gate, counted) = (keeper.gate(), read.clone());
    tokio::spawn(async move { gate.drive(endless(counted, usize::MAX)).await });
    tokio::select! {
        () = keeper.open_for(pending::<()>()) => {}
        () = others() => {}
    }
    let after = read.load(Ordering::Relaxed);
    assert!(after > 0);
    others().await;
    assert!(read.load(Ordering::Relaxed) <= after + 1);
}

#[tokio::test]
async fn a_connection_ends_when_nobody_uses_it_any_more() {
    let (keeper, read) = (Keeper::default(), Arc::new(AtomicUsize::new(0)));
    let (gate, counted) = (keeper.gate(), read.clone());
    let connection = tokio::spawn(async move { gate.drive(endless(counted, 5)).await });
    others().await;
    assert!(!connection.is_finished());
    drop(keeper);
    connection.await.unwrap();
}

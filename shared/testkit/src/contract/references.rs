//! Pending references.

use engine::membership::PendingReference;

use super::samples::reference;
use super::{Subject, lease};

async fn pending(subject: &impl Subject) -> Vec<PendingReference> {
    let mut pending = subject.store().pending(&subject.job()).await.unwrap();
    pending.sort();
    pending
}

/// Who is missing, who refers and by which path: all three tell references apart.
pub async fn pending_references_are_noted_once_and_forgotten_one_by_one(subject: &impl Subject) {
    let (store, lease) = (subject.store(), lease(subject, 0).await);
    let references = [
        reference("boss", "ann", "assistant"),
        reference("boss", "ann", "manager"),
        reference("boss", "ben", "manager"),
        reference("chief", "ann", "manager"),
    ];
    for _ in 0..2 {
        store.add_pending(&lease, &references).await.unwrap();
    }
    assert_eq!(pending(subject).await, references);
    for _ in 0..2 {
        store.remove_pending(&lease, &references[1..2]).await.unwrap();
    }
    assert_eq!(pending(subject).await, [&references[..1], &references[2..]].concat());
    store.remove_pending(&lease, &references).await.unwrap();
    assert_eq!(pending(subject).await, []);
    store.add_pending(&lease, &[]).await.unwrap();
    store.remove_pending(&lease, &[]).await.unwrap();
}

/// Many at once, and the same one twice in a call.
pub async fn many_pending_references_come_back_whole(subject: &impl Subject) {
    let (store, lease) = (subject.store(), lease(subject, 0).await);
    let mut references: Vec<PendingReference> = (0..260)
        .map(|number| reference(&format!("boss-{}", number % 50), &format!("person-{number}"), "manager"))
        .collect();
    references.push(reference("boss-0", "person-0", "manager"));
    store.add_pending(&lease, &references).await.unwrap();
    references.sort();
    references.dedup();
    assert_eq!(pending(subject).await, references);
    store.remove_pending(&lease, &references[10..]).await.unwrap();
    assert_eq!(pending(subject).await, references[..10]);
}

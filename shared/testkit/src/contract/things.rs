//! Kept bytes, and escrows as the worker alone writes them.

use engine::escrow::EscrowEntry;
use engine::model::{ObjectType, SourceId};
use engine::ports::Kept;
use uuid::Uuid;

use super::samples::{cycle, escrow};
use super::{Subject, lease};

/// Longer and shorter ones replace one another whole.
pub async fn bytes_of_any_length_are_kept_under_their_name(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let name = Kept::Plan(Uuid::from_u128(5));
    assert_eq!(store.kept(&job, name).await.unwrap(), None);
    let long: Vec<u8> = (0..1_500_000_u32).map(|number| (number % 251) as u8).collect();
    for bytes in [b"short".as_slice(), &long, &long, b"", &long[..700_000], b"short"] {
        store.keep(&lease, name, bytes).await.unwrap();
        let kept = store.kept(&job, name).await.unwrap();
        assert!(kept.as_deref() == Some(bytes), "{} bytes", bytes.len());
    }
}

/// Every name is its own: cycle, type and plan.
pub async fn what_is_dropped_is_gone_and_nothing_else(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let names = [
        Kept::Listing(cycle(1), ObjectType::User),
        Kept::Listing(cycle(1), ObjectType::Group),
        Kept::Listing(cycle(2), ObjectType::User),
        Kept::Plan(Uuid::from_u128(1)),
        Kept::Plan(Uuid::from_u128(2)),
    ];
    for name in names {
        store.keep(&lease, name, format!("{name:?}").as_bytes()).await.unwrap();
    }
    for _ in 0..2 {
        store.drop_kept(&lease, names[0]).await.unwrap();
    }
    for name in names {
        let expected = (name != names[0]).then(|| format!("{name:?}").into_bytes());
        assert_eq!(store.kept(&job, name).await.unwrap(), expected, "{name:?}");
    }
}

/// One entry for each object.
pub async fn an_escrow_put_again_replaces_the_one_before(subject: &impl Subject) {
    let (store, job, lease) = (subject.store(), subject.job(), lease(subject, 0).await);
    let again = EscrowEntry { attempts: 2, next_attempt: None, ..escrow("ann", "Sales", 40) };
    for entry in [&escrow("ann", "Sales", 0), &escrow("ben", "Sales", 0), &again] {
        store.put_escrow(&lease, entry).await.unwrap();
    }
    let mut escrows = store.escrows(&job).await.unwrap();
    escrows.sort_by_key(|entry| entry.source_id.clone());
    assert_eq!(escrows, [again, escrow("ben", "Sales", 0)]);
    for _ in 0..2 {
        store.delete_escrow(&lease, &SourceId::new("ann")).await.unwrap();
    }
    assert_eq!(store.escrows(&job).await.unwrap(), [escrow("ben", "Sales", 0)]);
}

//! Workers that were overtaken.

use engine::guard::Removed;
use engine::job::JobState;
use engine::membership::MemberChange;
use engine::model::{ObjectType, SourceId, TargetId};
use engine::ports::{Kept, Lease, Store, StoreError};
use uuid::Uuid;

use super::samples::{escrow, link, removal};
use super::{Subject, lease, noon};

const PLAN: Kept = Kept::Plan(Uuid::nil());

/// Each conditional write of the older worker is refused once the newer one wrote the same, and changes nothing.
pub async fn an_overtaken_worker_is_refused(subject: &impl Subject) {
    let (store, job) = (subject.store(), subject.job());
    let (old, new) = (lease(subject, 0).await, lease(subject, 1).await);
    write_everything(store, &new).await.unwrap();

    let (sam, sales, account) = (SourceId::new("sam"), SourceId::new("sales"), TargetId::new("7"));
    let user = ObjectType::User;
    let refusals = [
        ("save", store.save(&old, &JobState::new(noon()), &[], false).await.map(drop)),
        ("put_link", store.put_link(&old, &link("sam")).await),
        ("delete_link", store.delete_link(&old, &sam).await),
        ("claim", store.claim(&old, user, &account, &sam).await.map(drop)),
        ("release_claim", store.release_claim(&old, user, &account, &sam).await),
        ("put_intent", store.put_intent(&old, b"old").await),
        ("keep", store.keep(&old, PLAN, b"old").await),
        ("drop_kept", store.drop_kept(&old, PLAN).await),
        ("stage", store.stage(&old, &[removal("sam", Removed::Users, 1)]).await),
        ("unstage", store.unstage(&old, &[removal("sam", Removed::Users, 1).key()]).await),
        (
            "change_membership",
            store.change_membership(&old, &sales, &[MemberChange::Taken(sam.clone())]).await,
        ),
        ("forget_membership", store.forget_membership(&old, &sales).await),
        ("settle", store.settle(&old, &sales).await),
        ("put_escrow", store.put_escrow(&old, &escrow("sam", "Sales", 0)).await),
        ("delete_escrow", store.delete_escrow(&old, &sam).await),
    ];
    for (write, answer) in refusals {
        assert!(matches!(&answer, Err(StoreError::Fenced(fenced)) if *fenced == job), "{write}: {answer:?}");
    }
    assert_eq!(store.kept(&job, PLAN).await.unwrap().as_deref(), Some(&b"new"[..]));
    assert_eq!(store.membership(&job, &sales).await.unwrap().members.len(), 1);
    assert_eq!(store.unsettled(&job).await.unwrap(), [sales]);
    write_everything(store, &new).await.unwrap();
}

async fn write_everything(store: &dyn Store, lease: &Lease) -> Result<(), StoreError> {
    let (sam, sales, account) = (SourceId::new("sam"), SourceId::new("sales"), TargetId::new("7"));
    store.save(lease, &JobState::new(noon()), &[], false).await?;
    store.put_link(lease, &link("sam")).await?;
    store.claim(lease, ObjectType::User, &account, &sam).await?;
    store.put_intent(lease, b"new").await?;
    store.keep(lease, PLAN, b"new").await?;
    store.stage(lease, &[removal("sam", Removed::Users, 1)]).await?;
    store.change_membership(lease, &sales, &[MemberChange::Given(sam, account)]).await?;
    store.mark_unsettled(lease, &[sales]).await?;
    store.put_escrow(lease, &escrow("sam", "Sales", 0)).await
}
